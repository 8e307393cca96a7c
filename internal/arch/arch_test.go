package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which of our packages each of our packages may import, beyond
// what its tests need. A package that is not listed may import nothing of ours,
// so a new one fails here until somebody decides. An entry ending in /... stands
// for everything below it.
var mayImport = map[string][]string{
	"": {}, // the vocabulary

	"internal/lang":       {""},
	"internal/ledger":     {""},
	"internal/receipt":    {""},
	"internal/photo":      {"", "internal/photo/heif", "internal/srgb"},
	"internal/srgb":       {},
	"internal/provenance": {},
	"internal/print":      {"internal/srgb"},
	"internal/scenario":   {""},
	"internal/wording":    {""},
	"internal/blob":       {""},
	"internal/config":     {""},
	"internal/theme":      {},
	"internal/httpd":      {""},
	"client":              {""},

	"internal/photo/heif":          {},
	"internal/photo/heif/heiftest": {},

	"internal/blob/disk":     {"", "internal/blob"},
	"internal/blob/blobtest": {"", "internal/blob"},

	"internal/engine":            {"", "internal/scenario"},
	"internal/engine/enginetest": {"", "internal/scenario", "internal/engine"},
	"internal/engine/openai":     {"", "internal/scenario", "internal/engine"},
	"internal/engine/fake":       {"", "internal/engine"},
	"internal/engine/studio":     {"", "internal/scenario", "internal/srgb", "internal/engine", "internal/engine/studio/..."},

	"internal/store":             {"", "internal/ledger"},
	"internal/store/storetest":   {"", "internal/store"},
	"internal/ledger/ledgertest": {"", "internal/ledger"},

	// Use cases know the store and the pure packages, and not one another.
	"internal/generation": {"", "internal/lang", "internal/wording", "internal/store", "internal/blob", "internal/engine", "internal/print", "internal/provenance", "internal/scenario"},
	"internal/billing":    {"", "internal/store"},
	"internal/people":     {"", "internal/lang", "internal/store"},
	"internal/support":    {"", "internal/lang", "internal/store", "internal/receipt"},
	"internal/mail":       {"", "internal/store"},
	"internal/mail/smtp":  {"", "internal/mail"},
	"internal/intake":     {"", "internal/store", "internal/blob", "internal/photo"},
	"internal/keeping":    {"", "internal/lang", "internal/store", "internal/blob"},
	"internal/staff":      {"", "internal/store"},

	"internal/billing/billingtest": {"", "internal/billing", "internal/store"},
	"internal/billing/sandbox":     {"", "internal/billing", "internal/store"},
	"internal/billing/stripe":      {"", "internal/billing"},

	"internal/billing/stripe/stripetest": {"", "internal/billing"},

	// Surfaces know use cases and never the store, the ledger or a provider.
	"internal/api": {"", "internal/lang", "internal/wording", "internal/receipt", "internal/support", "client", "internal/provenance", "internal/httpd", "internal/print", "internal/scenario", "internal/generation", "internal/billing", "internal/intake", "internal/keeping"},
	"internal/web": {"", "internal/theme", "internal/lang", "internal/wording", "internal/support", "internal/provenance", "internal/httpd", "internal/print", "internal/scenario", "internal/generation", "internal/billing", "internal/people", "internal/intake", "internal/keeping", "internal/mail"},

	"internal/console": {"", "internal/lang", "internal/httpd", "internal/billing", "internal/generation", "internal/people", "internal/staff", "internal/support"},

	"internal/app": {"", "client", "internal/..."},
	"internal/cli": {"", "internal/receipt", "internal/support", "internal/wording", "client", "internal/generation", "internal/provenance", "internal/app", "internal/config", "internal/store", "internal/billing", "internal/engine", "internal/engine/fake",
		"internal/engine/studio", "internal/lang", "internal/photo", "internal/scenario"},
	"cmd/kinpict": {"internal/cli"},
}

// only says who alone may import a module of others.
var only = map[string][]string{
	"github.com/jackc/pgx/v5":          {"internal/store", "internal/store/storetest"},
	"modernc.org/sqlite":               {"internal/store"},
	"github.com/alecthomas/kong":       {"internal/cli"},
	"github.com/tetratelabs/wazero":    {"internal/photo/heif"},
	"golang.org/x/image":               {"internal/photo", "internal/engine", "internal/engine/enginetest", "internal/engine/fake", "internal/engine/studio/..."},
	"github.com/wneessen/go-mail":      {"internal/mail/smtp"},
	"codeberg.org/go-pdf/fpdf":         {"internal/print"},
	"github.com/stripe/stripe-go/v85":  {"internal/billing/stripe"},
	"github.com/tdewolff/minify/v2":    {"internal/web"},
	"github.com/andybalholm/brotli":    {"internal/web"},
	"github.com/fxamacker/cbor/v2":     {"internal/provenance"},
	"github.com/veraison/go-cose":      {"internal/provenance"},
	"github.com/chromedp/chromedp":     {},
	"github.com/rogpeppe/go-internal":  {},
	"github.com/go-playground/locales": {"internal/lang"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "kinpict/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	n := 0
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		n++
		check(t, p)
	}
	if n < 20 {
		t.Errorf("only %d packages were looked at", n)
	}
}

func check(t *testing.T, p listed) {
	name := short(p.ImportPath)
	rules, known := mayImport[name]
	if strings.HasPrefix(name, "internal/engine/studio/") {
		// The rooms of the studio engine may use one another; Go forbids cycles.
		rules, known = []string{"", "internal/scenario", "internal/engine/studio/..."}, true
	}
	if !known && len(p.Imports) > 0 {
		t.Errorf("package %s is not in the table of who may import whom", name)
	}
	for _, imp := range p.Imports {
		if imp == "kinpict" || strings.HasPrefix(imp, "kinpict/") {
			if !matches(rules, short(imp)) {
				t.Errorf("%s imports %s, which the table does not allow", name, short(imp))
			}
			continue
		}
		for module, who := range only {
			if (imp == module || strings.HasPrefix(imp, module+"/")) && !matches(who, name) {
				t.Errorf("%s imports %s, which only %v may", name, imp, who)
			}
		}
	}
}

func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "kinpict"), "/")
}

func matches(rules []string, name string) bool {
	return slices.ContainsFunc(rules, func(r string) bool {
		if below, ok := strings.CutSuffix(r, "..."); ok {
			return strings.HasPrefix(name, below) || name == strings.TrimSuffix(below, "/")
		}
		return r == name
	})
}
