package cli

import (
	"bytes"
	"image"
	"image/jpeg"
	"log/slog"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"kinpict"
	"kinpict/internal/app"
)

func TestHoldsByCommand(t *testing.T) {
	dir := t.TempDir()
	data, on := "--data="+dir, "--safety-hold=on"
	run(t, 0, "account", "create", "ann@example.org", data)
	run(t, 0, "credits", "grant", "ann@example.org", "80", "--reason=test", data)
	says(t, run(t, 0, "hold", "list", data), "There are none.")

	// ann asks for two pictures, as the site would for her.
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"version", data, on}); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), &c.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	acc, err := a.People.Account(t.Context(), "ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	ann := kinpict.Caller{AccountID: acc.ID}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 400, 400)), nil); err != nil {
		t.Fatal(err)
	}
	p, err := a.Intake.Add(t.Context(), ann, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, words := range []string{"Grandpa and the coffin he built", "A sarg made of snow"} {
		req := kinpict.Request{Quality: kinpict.Standard, Scenario: a.Scenarios.All()[0].ID, Instruction: words, Photos: []kinpict.PhotoUse{{ID: p.ID, Role: "grandparent", Label: "Ned"}}}
		_, err := a.Studio.Accept(t.Context(), ann, kinpict.Intent{Route: "x", Key: string(rune('a' + i)), Hash: []byte{1}}, req)
		if kinpict.CodeOf(err) != kinpict.HeldForReview {
			t.Fatalf("%s: %v", words, err)
		}
	}
	list, err := a.Studio.Waiting(t.Context(), ann)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d wait, %v", len(list), err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	one, two := list[0].ID, list[1].ID
	all := run(t, 0, "hold", "list", data)
	says(t, all, one, two, "waiting", "coffin", "sarg")
	says(t, run(t, 0, "hold", "list", "-n1", "--json", data), `"instruction":"Grandpa and the coffin he built"`, `"label":"Ned"`, `"state":"waiting"`)
	shown := run(t, 0, "hold", "show", one, data)
	says(t, shown, "Grandpa and the coffin he built", "grandparent Ned", `"coffin" in instruction`, acc.ID)
	for _, private := range []string{p.ID, "ann@example.org"} {
		if strings.Contains(shown+all, private) {
			t.Errorf("staff are shown %s:\n%s", private, shown)
		}
	}
	says(t, run(t, 1, "hold", "show", "hld_x", data), "no such request to read", "hold list shows those that wait")
	says(t, run(t, 0, "hold", "approve", one, data), "approved by command line")
	says(t, run(t, 1, "hold", "refuse", one, "--note=No", data), "command line", "approved this request before")
	says(t, run(t, 1, "hold", "refuse", two, "--note="+strings.Repeat("x", 501), data), "at most 500 fit")
	says(t, run(t, 0, "hold", "refuse", two, "--note=Better without", data), "refused by command line", "Better without")
	says(t, run(t, 0, "hold", "list", data), "There are none.")
	says(t, run(t, 0, "hold", "list", "--state=refused", data), two, "refused")
	says(t, run(t, 0, "mail", data), "To: ann@example.org", "/held/"+one, "/held/"+two)
	says(t, run(t, 0, "account", "show", "ann@example.org", data), "80")
	says(t, run(t, 0, "audit", data), "The books balance.")
}
