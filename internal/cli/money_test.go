package cli

import (
	"archive/zip"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/billing"
)

// opened is the product on a data folder, for what a person would do on the site.
func opened(t *testing.T, data string, f func(a *app.App) error) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"version", data}); err != nil {
		t.Fatal(err)
	}
	c.Config.Listen = "localhost:1" // nobody serves there
	a, err := app.Open(t.Context(), &c.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f(a), a.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestMoneyByCommand(t *testing.T) {
	dir := t.TempDir()
	data := "--data=" + dir
	run(t, 0, "account", "create", "ann@example.org", data)
	says(t, run(t, 0, "purchase", "list", data), "There are none.")
	says(t, run(t, 0, "reconcile", data), "Payments agree: 0 looked at")

	var p *kinpict.Purchase
	opened(t, data, func(a *app.App) error {
		ann, err := a.People.Account(t.Context(), "ann@example.org")
		if err != nil {
			return err
		}
		words := func(any, error) (int, []byte) { return 201, []byte("{}") }
		o, err := a.Shop.Checkout(t.Context(), kinpict.Caller{AccountID: ann.ID, Email: ann.Email}, kinpict.Intent{Route: "test", Key: "one", Hash: []byte("one"), Answer: words}, billing.Choice{Pack: "credits-80"})
		if err != nil {
			return err
		}
		p = o.Purchase
		// No server runs, so its webhook is lost.
		return a.Sandbox.Outcome(t.Context(), p.SessionID, "paid")
	})
	says(t, run(t, 0, "reconcile", data), "Repaired "+p.ID+": open here and paid at the provider; now it is paid", "Payments agree: 1 looked at")
	says(t, run(t, 0, "reconcile", "--json", "--since=1h", data), `"findings":[]`, `"repaired":[]`, `"payments":1`)
	says(t, run(t, 2, "reconcile", "--since=-1h", data), "--since")

	says(t, run(t, 0, "purchase", "list", data), p.ID, "paid", "ann@example.org", "80 credits", "1200 usd")
	says(t, run(t, 0, "purchase", "list", "--attention", data), "There are none.")
	says(t, run(t, 0, "purchase", "show", p.ID, data), p.SessionID, "pay_", "sandbox, test", "credits-80, 80 credits")
	says(t, run(t, 1, "purchase", "show", "pur_x", data), "no such purchase", "kinpict purchase list")
	says(t, run(t, 1, "refund", "pur_x", "--reason=x", data), "no such purchase", "kinpict purchase list")

	says(t, run(t, 1, "refund", p.ID, "--amount=1201", "--reason=asked", data), "Only 1200 usd are left")
	says(t, run(t, 2, "refund", p.ID, "--amount=5", "--unused", "--reason=asked", data), "--unused")
	says(t, run(t, 0, "refund", p.ID, "--amount=300", "--reason=asked", data), "300 usd went back", "partially_refunded", "60 credits")
	says(t, run(t, 1, "refund", p.ID, "--amount=300", "--reason=asked", data), "The same amount of this purchase went back")
	says(t, run(t, 0, "refund", p.ID, "--unused", "--reason=the rest", data), "900 usd went back", "0 credits")
	says(t, run(t, 1, "refund", p.ID, "--reason=once more", data), "went back already")

	opened(t, data, func(a *app.App) error { return a.Sandbox.Outcome(t.Context(), p.SessionID, "refund_failed") })
	says(t, run(t, 1, "reconcile", data), "Repaired "+p.ID, "failed pay_", "did not arrive")
	says(t, run(t, 0, "purchase", "list", "--attention", data), p.ID, "refund failed")
	says(t, run(t, 0, "purchase", "show", p.ID, data), "finding", "the rest")

	folder, file := filepath.Join(dir, "evidence"), filepath.Join(dir, "evidence.zip")
	says(t, run(t, 0, "evidence", p.ID, "-o", folder, data), "summary.txt", "evidence.json", "receipt.json")
	says(t, run(t, 2, "evidence", p.ID, "-o", folder, data), "exists")
	says(t, run(t, 0, "evidence", p.ID, "-o", file, data), "summary.txt")
	says(t, run(t, 2, "evidence", p.ID, "-o", file, data), "exists")
	says(t, run(t, 0, "verify-receipt", filepath.Join(folder, "receipt.json"), data), "Genuine")
	summary, err := os.ReadFile(filepath.Join(folder, "summary.txt"))
	if err != nil || !strings.Contains(string(summary), "Sold: 80 credits") {
		t.Errorf("the summary says %q, %v", summary, err)
	}
	z, err := zip.OpenReader(file)
	if err != nil || len(z.File) != 3 {
		t.Fatalf("the zip file: %v", err)
	}
	for _, f := range z.File {
		if f.Modified.Year() < 2020 {
			t.Errorf("%s is dated %s", f.Name, f.Modified)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}

	says(t, run(t, 0, "refund", p.ID, "--amount=900", "--reason=again", "--again", data), "0 credits")
	says(t, run(t, 0, "reconcile", data), "Payments agree")
	says(t, run(t, 0, "audit", data), "The books balance.")
}
