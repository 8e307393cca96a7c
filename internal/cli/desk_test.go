package cli

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/receipt"
	"kinpict/internal/support"
)

// run is a command with its exit status and all it said.
func run(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if got := Main(context.Background(), args, strings.NewReader(""), &out, &out); got != want {
		t.Fatalf("kinpict %s: exit status %d, want %d\n%s", strings.Join(args, " "), got, want, &out)
	}
	return out.String()
}

func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

func TestReviewsByCommand(t *testing.T) {
	dir := t.TempDir()
	data := "--data=" + dir
	run(t, 0, "account", "create", "ann@example.org", data)
	says(t, run(t, 0, "review", "list", data), "There are none.")

	// ann files one, as the site would for her.
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"version", data}); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), &c.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ann, err := a.People.Account(t.Context(), "ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	f, err := a.Support.File(t.Context(), kinpict.Caller{AccountID: ann.ID}, kinpict.Intent{}, support.Report{Message: "Four are missing\nsince May"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	id := f.Review.ID
	says(t, run(t, 0, "review", "list", data), id, "Four are missing")
	says(t, run(t, 0, "review", "list", "--json", data), `"status":"open"`)
	says(t, run(t, 0, "review", "show", id, data), "since May", `"format": "kinpict-review/1"`, f.Review.SHA256)
	says(t, run(t, 1, "review", "show", "rev_x", data), "no such review")
	says(t, run(t, 1, "review", "answer", id, "--text=Here", "--credits=4", data), "Credits need a reason")
	says(t, run(t, 1, "review", "answer", id, "--text=Here", "--credits=1001", "--reason=lost", data), "second person")
	says(t, run(t, 0, "review", "answer", id, "--text=Here they are", "--credits=4", "--reason=lost", data), "answered", "4 credits: lost", "by command line")
	says(t, run(t, 1, "review", "answer", id, "--text=Again", data), "answered or closed before")
	says(t, run(t, 0, "account", "show", "ann@example.org", data), "adjust  +4  4 left")
	says(t, run(t, 0, "mail", data), "To: ann@example.org", "Here they are", "/help/balance/"+id)
	says(t, run(t, 0, "review", "close", id, "--reason=Done", data), "closed")
	says(t, run(t, 0, "audit", data), "The books balance.")
}

func TestVerifyReceipt(t *testing.T) {
	dir := t.TempDir()
	data := "--data=" + dir
	write := func(name string, text []byte) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	says(t, run(t, 2, "verify-receipt", write("r.json", []byte("{}")), data), "no installation here")

	keys := run(t, 0, "receipt-keys", data)
	secret, err := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewSigner(bytes.TrimSpace(secret))
	if err != nil {
		t.Fatal(err)
	}
	says(t, keys, signer.Key().ID)
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	file, err := signer.Sign(kinpict.Receipt{Issuer: "https://kinpict.example", Kind: kinpict.ReceiptPurchase, ID: "pur_1", State: "paid", Test: true, Subject: "credits-80",
		Credits: 80, Payment: &kinpict.Paid{Currency: "usd", Price: 1200, Provider: "sandbox", Reference: "pay_1", At: day}, CatalogVersion: 1, CreatedAt: day, AsOf: day,
		Transactions: []kinpict.ReceiptEntry{}})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := receipt.NewSigner([]byte("somebody else"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := receipt.Publish("https://other.example", []receipt.Key{stranger.Key()})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != receipt.WellKnown {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, keys)
	}))
	defer site.Close()
	none := "--data=" + t.TempDir()
	good, known, other := write("receipt.json", file), write("keys.json", []byte(keys)), write("other.json", theirs)
	cheap := write("cheap.json", regexp.MustCompile(`:1200\b`).ReplaceAll(file, []byte(":1100")))
	for _, c := range []struct {
		name   string
		status int
		says   string
		args   []string
	}{
		{"by this installation", 0, "Genuine: purchase pur_1", []string{good, data}},
		{"by a file of keys", 0, "no real money moved", []string{good, "--key", known, none}},
		{"by a file that an issuer gave", 0, "Genuine", []string{good, "--issuer", known, none}},
		{"by a site", 0, "Genuine", []string{good, "--issuer", site.URL + "/", none}},
		{"as JSON", 0, `"id":"pur_1"`, []string{good, "--json", "--key", known, none}},
		{"altered", 1, "not, byte for byte", []string{cheap, "--key", known, none}},
		{"no receipt", 1, "not, byte for byte", []string{known, "--key", known, none}},
		{"of an unknown signer", 1, "not among those given", []string{good, "--key", other, none}},
		{"no such file", 2, "no such file", []string{good + "x", "--key", known, none}},
		{"keys that are none", 2, "read keys", []string{good, "--key", good, none}},
		{"a site without keys", 2, "404", []string{good, "--issuer", site.URL + "/elsewhere", none}},
		{"two sources", 2, "not both", []string{good, "--key", known, "--issuer", known, none}},
	} {
		t.Run(c.name, func(t *testing.T) {
			says(t, run(t, c.status, append([]string{"verify-receipt"}, c.args...)...), c.says)
		})
	}
}
