package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"kinpict/internal/scenario"
)

// Budgets in bytes as they travel.
const (
	scriptBudget = 6 << 10
	styleBudget  = 12 << 10
	pageBudget   = 200 << 10
)

func TestAssetsStayWithinTheirBudgets(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for name, f := range d.assets.files {
		if path.Ext(name) == ".js" {
			scripts += len(f.brotli())
		}
	}
	if scripts > scriptBudget {
		t.Errorf("the scripts take %d bytes, at most %d", scripts, scriptBudget)
	}
	if n := len(d.assets.files["app.css"].brotli()); n > styleBudget {
		t.Errorf("the style sheet takes %d bytes, at most %d", n, styleBudget)
	}
	t.Logf("scripts %d, style sheet %d bytes", scripts, len(d.assets.files["app.css"].brotli()))
}

// A page is weighed with all it loads at the smaller size of each picture.
func TestPagesStayWithinTheirBudget(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	fonts := len(d.assets.files["fonts/besley.woff2"].plain) + len(d.assets.files["fonts/figtree.woff2"].plain)
	most, heaviest := 0, ""
	for name, s := range specimens(d) {
		page, err := d.render(s.page, s.view)
		if err != nil {
			t.Fatal(err)
		}
		n := len(squeeze(page, 5)) + len(d.assets.files["app.css"].brotli()) + fonts + scriptBudget
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(`<img [^>]*>`).FindAllString(string(page), -1) {
			src := regexp.MustCompile(`/a/[0-9a-f]+/([^" ]+-360\.webp)`).FindStringSubmatch(m)
			if src == nil {
				src = regexp.MustCompile(` src="/a/[0-9a-f]+/([^"]+)"`).FindStringSubmatch(m)
			}
			if src != nil && !seen[src[1]] {
				seen[src[1]] = true
				n += len(d.assets.files[src[1]].plain)
			}
		}
		if n > pageBudget {
			t.Errorf("%s takes %d bytes, at most %d", name, n, pageBudget)
		}
		if n > most {
			most, heaviest = n, name
		}
	}
	t.Logf("the heaviest is %q with %d bytes", heaviest, most)
}

func TestEveryScenarioHasItsArtwork(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenario.Builtin().All() {
		if v := d.scene(english, s.ID, s); !strings.Contains(v.Small, s.ID) || !strings.Contains(v.Large, s.ID) {
			t.Errorf("%s is shown with %s and %s", s.ID, v.Small, v.Large)
		}
	}
}

func TestAssetsTravelAsTheClientWants(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /a/{hash}/{path...}", d.assets)
	get := func(url, accept string) *http.Response {
		r := httptest.NewRequest("GET", url, nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	sheet := d.assets.url("app.css")
	for _, c := range []struct{ accept, coding string }{
		{"gzip, deflate, br, zstd", "br"}, {"gzip", "gzip"}, {"GZIP;q=0.5", "gzip"}, {"", ""}, {"identity", ""},
		{"br;q=0, gzip", "gzip"}, {"br; q=0.0, gzip; q=0", ""}, {"brotli", ""},
	} {
		res := get(sheet, c.accept)
		if got := res.Header.Get("Content-Encoding"); got != c.coding {
			t.Errorf("to %q it came as %q, want %q", c.accept, got, c.coding)
			continue
		}
		var body io.Reader = res.Body
		switch c.coding {
		case "br":
			body = brotli.NewReader(res.Body)
		case "gzip":
			z, err := gzip.NewReader(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, d.assets.files["app.css"].plain) {
			t.Errorf("to %q other bytes came (%v)", c.accept, err)
		}
		if res.Header.Get("Vary") != "Accept-Encoding" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("to %q the caches are told %v", c.accept, res.Header)
		}
	}
	for _, url := range []string{"/a/000000000000/app.css", sheet + "x", strings.Replace(sheet, "app.css", "fonts/OFL-besley.txt", 1),
		strings.Replace(sheet, "app.css", "../templates/base.html", 1)} {
		if res := get(url, ""); res.StatusCode == http.StatusOK {
			t.Errorf("%s was served", url)
		}
	}
}

// A page in Arabic is laid out from right to left by the same style sheet.
func TestTheStyleSheetKnowsNoLeftAndRight(t *testing.T) {
	physical := regexp.MustCompile(`[\w-]+-(?:left|right)[\w-]*\s*:|[{;\s](?:left|right)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)|translateX|\b(?:at|to) (?:left|right)\b`)
	// Of four values the second is the right one and the fourth the left.
	sides := regexp.MustCompile(`[{;\s](?:margin|padding|inset|border-width|scroll-margin|scroll-padding)\s*:([^;}]+)`)
	brackets := regexp.MustCompile(`\([^()]*\)`)
	dir, err := fs.Sub(embedded, "assets/css")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(dir, "*.css")
	if err != nil || len(files) == 0 {
		t.Fatalf("no style sheets: %v", err)
	}
	for _, name := range files {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			found := physical.FindAllString(line, -1)
			for _, m := range sides.FindAllStringSubmatch(line, -1) {
				value := m[1]
				for brackets.MatchString(value) {
					value = brackets.ReplaceAllString(value, "x")
				}
				if v := strings.Fields(value); len(v) == 4 && v[1] != v[3] {
					found = append(found, m[0])
				}
			}
			for _, m := range found {
				t.Errorf("%s:%d: %q is a side of the screen; say start or end", name, i+1, m)
			}
		}
	}
}
