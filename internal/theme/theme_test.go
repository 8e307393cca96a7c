package theme

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The contrasts of our palette as another program computed them, to two places.
func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		what, a, b string
		want       float64
	}{
		{"black on white", "#000", "#fff", 21}, {"one colour", "#1d4a3d", "#1d4a3d", 1},
		{"ink on paper, light", "#1b221e", "#f5f4ef", 14.73}, {"ink on paper, dark", "#f4ece0", "#161210", 15.89},
		{"ink on mat, light", "#1b221e", "#ffffff", 16.23}, {"ink on mat, dark", "#f4ece0", "#211b17", 14.53},
		{"ink-2 on sunk, light", "#4b544e", "#eae9e2", 6.44}, {"ink-2 on sunk, dark", "#c6baa9", "#0f0c0a", 10.21},
		{"ink-3 on paper, light", "#646c66", "#f5f4ef", 4.92}, {"ink-3 on paper, dark", "#a29684", "#161210", 6.41},
		{"on-brand on brand, light", "#ffffff", "#1d4a3d", 10.00}, {"on-brand on brand, dark", "#22160a", "#f0b35a", 9.52},
		{"on-brand on brand-hi, light", "#ffffff", "#123329", 13.71}, {"on-brand on brand-hi, dark", "#22160a", "#ffc97c", 11.71},
		{"brand-ink on paper, light", "#1d4a3d", "#f5f4ef", 9.08}, {"brand-ink on paper, dark", "#f5c47d", "#161210", 11.59},
		{"brand-ink on brand-tint, light", "#1d4a3d", "#e0ebe5", 8.19}, {"brand-ink on brand-tint, dark", "#f5c47d", "#33271a", 9.04},
		{"rust on rust-tint, light", "#a5341f", "#fae7e1", 5.65}, {"edge on paper, light", "#848b85", "#f5f4ef", 3.17},
		{"brand on sunk, light", "#1d4a3d", "#eae9e2", 8.22}, {"brand on sunk, dark", "#f0b35a", "#0f0c0a", 10.49},
	} {
		a, b := must(c.a), must(c.b)
		if got := Contrast(a, b); math.Abs(got-c.want) > 0.0051 || Contrast(b, a) != got {
			t.Errorf("%s: %.3f, want %.2f either way round", c.what, got, c.want)
		}
	}
}

func TestColoursAreRead(t *testing.T) {
	for in, want := range map[string]string{"#1d4a3d": "#1d4a3d", " #FFF ": "#ffffff", "#Ab9": "#aabb99",
		"1d4a3d": "", "#1d4a3": "", "#1d4a3dff": "", "#ggg": "", "red": "", "": "", "#": ""} {
		c, err := Parse(in)
		if got := c.String(); want == "" && err == nil || want != "" && (err != nil || got != want) {
			t.Errorf("%q: %s, %v; want %q", in, got, err, want)
		}
	}
}

// The grounds are the colours pages really have.
func TestGroundsAreOurTokens(t *testing.T) {
	b, err := os.ReadFile("../web/assets/css/00-tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	for token, of := range map[string]func(ground) Colour{
		"paper": func(g ground) Colour { return g.paper }, "mat": func(g ground) Colour { return g.mat }, "ink-2": func(g ground) Colour { return g.faint },
		"on-brand": func(g ground) Colour { return g.label },
	} {
		want := fmt.Sprintf("--%s:light-dark(%s,%s)", token, of(grounds[0]), of(grounds[1]))
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the style sheet has no %s", want)
		}
	}
}

func TestAccentsAreReadableOrRefused(t *testing.T) {
	for _, c := range []struct {
		name, in string
		says     []string // of the refusal; none: it is fine
	}{
		{"ours", "#1d4a3d,#f0b35a", nil},
		{"blue", "#1a4fb4, #8fb8ff", nil},
		{"the darkest and the lightest", "#000,#fff", nil},
		{"a light one by day", "#f0b35a,#f0b35a", []string{"#f0b35a is too hard to read in the light theme", "on the page #f5f4ef", "on cards #ffffff", "on its label #ffffff", "4.5 is the least", "nearest"}},
		{"a dark one by night", "#1d4a3d,#1d4a3d", []string{"#1d4a3d is too hard to read in the dark theme", "on its label #22160a", "nearest"}},
		{"both wrong", "#ffff00,#000080", []string{"light theme", "dark theme"}},
		{"just under, on the page alone", "#757575,#f0b35a", []string{"4.18 on the page", "4.61 on cards"}},
		{"one colour", "#1d4a3d", []string{"is not a pair"}},
		{"three", "#1d4a3d,#f0b35a,#fff", []string{"is not a pair"}},
		{"no colours", "green,gold", []string{`"green" is not a colour`, `"gold" is not a colour`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := parseAccent(c.in)
			if (err == nil) != (c.says == nil) {
				t.Fatalf("%v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if err != nil {
				return
			}
			for i, g := range grounds {
				r := a.Roles(i)
				for what, pair := range map[string][2]Colour{"label": {r.Label, r.Brand}, "label on hover": {r.Label, r.Hover}, "link on the page": {r.Link, g.paper},
					"link on cards": {r.Link, g.mat}, "link on tint": {r.Link, r.Tint}, "quiet text on tint": {g.faint, r.Tint}} {
					if n := Contrast(pair[0], pair[1]); n < least {
						t.Errorf("%s theme, %s: %.2f", g.name, what, n)
					}
				}
			}
		})
	}
}

// What a refusal offers is accepted, and nothing nearer is.
func TestTheNearestColourWorks(t *testing.T) {
	for i, g := range grounds {
		for r := 0; r < 256; r += 51 {
			for gr := 0; gr < 256; gr += 51 {
				for b := 0; b < 256; b += 51 {
					c := Colour{uint8(r), uint8(gr), uint8(b)}
					near := g.nearest(c)
					if !g.reads(near) {
						t.Errorf("%s: %s is offered for %s and does not read", g.name, near, c)
					}
					if g.reads(c) && near != c {
						t.Errorf("%s: %s reads, and %s is offered", g.name, c, near)
					}
					pair := Accent{must("#1d4a3d"), must("#f0b35a")}
					pair[i] = near
					if rol := pair.Roles(i); Contrast(rol.Link, rol.Tint) < least || Contrast(g.faint, rol.Tint) < least {
						t.Errorf("%s: what follows from %s is %v", g.name, near, rol)
					}
				}
			}
		}
	}
}

func TestAccentIsAStyleSheet(t *testing.T) {
	a, err := parseAccent("#1a4fb4,#8fb8ff")
	if err != nil {
		t.Fatal(err)
	}
	css := string(a.CSS())
	if !regexp.MustCompile(`^@layer tokens\{:root\{(--[a-z-]+:light-dark\(#[0-9a-f]{6},#[0-9a-f]{6}\);?){5}\}\}\n$`).MatchString(css) || !strings.Contains(css, "--brand:light-dark(#1a4fb4,#8fb8ff)") {
		t.Errorf("it is %s", css)
	}
}

func pngOf(w, h int) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return b.String()
}

func TestLogos(t *testing.T) {
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 32">`
	for _, c := range []struct {
		name, data string
		kind       string // of an accepted one
		says       string
	}{
		{"a drawing", svg + `<path d="M0 0"/></svg>`, "image/svg+xml", ""},
		{"a drawing with a preamble", `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "a" "b">` + svg + `<use href="#a"/></svg>`, "image/svg+xml", ""},
		{"a drawing by width and height", `<svg xmlns="x" width="64px" height="32"></svg>`, "image/svg+xml", ""},
		{"a picture", pngOf(256, 128), "image/png", ""},
		{"a script", svg + `<script>alert(1)</script></svg>`, "", "<script>"},
		{"a script in capitals", svg + `<SCRIPT/></svg>`, "", "<SCRIPT>"},
		{"a page inside", svg + `<foreignObject/></svg>`, "", "<foreignObject>"},
		{"a handler", `<svg viewBox="0 0 1 1" onload="x()"></svg>`, "", "onload"},
		{"something from elsewhere", svg + `<image href="https://elsewhere.example/x.png"/></svg>`, "", "elsewhere.example"},
		{"something from elsewhere, the old way", svg + `<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="//elsewhere.example/x.png"/></svg>`, "", "elsewhere.example"},
		{"entities", `<!DOCTYPE svg [<!ENTITY a "b">]>` + svg + `</svg>`, "", "entities"},
		{"no shape", `<svg xmlns="x"></svg>`, "", "shape is not known"},
		{"a page", `<html><body></body></html>`, "", "begins with <html>"},
		{"broken", svg + `<path`, "", "can be read"},
		{"nothing", "", "", "neither a PNG nor an SVG"},
		{"a photo", "\xff\xd8\xff\xe0JFIF", "", "neither a PNG nor an SVG"},
		{"too large a drawing", svg + strings.Repeat(" ", maxSVG) + `</svg>`, "", "larger than 64 KiB"},
		{"too large a picture", pngOf(64, 64) + strings.Repeat("x", maxPNG), "", "larger than 256 KiB"},
		{"too small a picture", pngOf(16, 16), "", "each side must be 32 to 2048"},
		{"a huge picture", pngOf(3000, 64), "", "each side must be 32 to 2048"},
		{"half a picture", pngOf(256, 128)[:60], "", "damaged PNG"},
		{"a ribbon", `<svg viewBox="0 0 900 100"></svg>`, "", "no shape for a header"},
		{"a tower", `<svg viewBox="0 0 100 300"></svg>`, "", "no shape for a header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "logo")
			if err := os.WriteFile(file, []byte(c.data), 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := loadLogo(file)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), file) {
					t.Errorf("%v does not name the file and %q", err, c.says)
				}
				return
			}
			if err != nil || l.Type != c.kind || l.Width != 2*l.Height {
				t.Errorf("%+v, %v", l, err)
			}
		})
	}
}

func TestLoadNamesEverySettingAtFault(t *testing.T) {
	dir := func(files map[string]string) string {
		d := t.TempDir()
		for name, data := range files {
			file := filepath.Join(d, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	good := dir(map[string]string{"templates/home.html": "x", "css/90-own.css": "a{}", "img/icon-192.png": "p", "messages/de/own.yaml": "a: b", "README.md": "notes",
		"css/.DS_Store": "", ".gitignore": "", ".git/HEAD": "ref", ".git/objects/ab/cd": "x", "css/.idea/x.xml": "x"})
	spoken := []string{"en", "de"}
	for _, c := range []struct {
		name string
		s    Settings
		says []string
	}{
		{"nothing", Settings{}, nil},
		{"our own name", Settings{Name: "Kinpict"}, nil},
		{"everything", Settings{Name: "Müller & Söhne", Accent: "#1a4fb4,#8fb8ff", Dir: good, Languages: spoken}, nil},
		{"a long name", Settings{Name: strings.Repeat("n", 41)}, []string{"KINPICT_BRAND_NAME: has 41 characters"}},
		{"markup for a name", Settings{Name: "<b>Us</b>"}, []string{"KINPICT_BRAND_NAME"}},
		{"a verb for a name", Settings{Name: "100%d"}, []string{"KINPICT_BRAND_NAME"}},
		{"two lines for a name", Settings{Name: "a\nb"}, []string{"KINPICT_BRAND_NAME"}},
		{"all wrong", Settings{Name: "a\x00", Accent: "red", Logo: "/no/such/file", Dir: "/no/such/folder"},
			[]string{"KINPICT_BRAND_NAME: ", "KINPICT_BRAND_ACCENT: ", "KINPICT_BRAND_LOGO: ", "KINPICT_CUSTOM_DIR: "}},
		{"a folder nobody reads", Settings{Dir: dir(map[string]string{"tmpl/home.html": "x"})}, []string{"tmpl/home.html lies in none of templates, css, img and messages"}},
		{"a page beside the folders", Settings{Dir: dir(map[string]string{"home.html": "x"})}, []string{"home.html lies in none"}},
		{"a style sheet beside the folders", Settings{Dir: dir(map[string]string{"90-own.css": "a{}"})}, []string{"90-own.css lies in none"}},
		{"words beside the folders", Settings{Dir: dir(map[string]string{"own.yaml": "a: b"})}, []string{"own.yaml lies in none"}},
		{"words of no language", Settings{Dir: dir(map[string]string{"messages/own.yaml": "a: b"}), Languages: spoken}, []string{"messages/own.yaml lies in no language"}},
		{"words too deep", Settings{Dir: dir(map[string]string{"messages/de/pages/own.yaml": "a: b"}), Languages: spoken}, []string{"own.yaml lies in no language"}},
		{"words nobody reads", Settings{Dir: dir(map[string]string{"messages/fr/own.yaml": "a: b"}), Languages: spoken}, []string{`no messages of "fr", only of en, de`}},
		{"a script", Settings{Dir: dir(map[string]string{"img/x.js": "x"})}, []string{"img/x.js: files of img end in .svg or .png or .webp"}},
		{"a huge file", Settings{Dir: dir(map[string]string{"css/x.css": strings.Repeat("x", maxFile+1)})}, []string{"css/x.css is larger than 1024 KiB"}},
		{"a file for a folder", Settings{Dir: filepath.Join(good, "README.md")}, []string{"is no folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := Load(c.s)
			if (err == nil) != (c.says == nil) {
				t.Fatalf("%v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if err == nil && l.Changes() != (c.name == "everything") {
				t.Errorf("changes something: %v", l.Changes())
			}
		})
	}
	l, err := Load(Settings{Accent: "#1a4fb4,#8fb8ff", Dir: good, Languages: spoken})
	if err != nil {
		t.Fatal(err)
	}
	if f := l.Files(); len(f) != 3 || f["css/90-own.css"] == nil || f["img/icon-192.png"] == nil || string(f["css/~accent.css"]) != string(l.Accent.CSS()) {
		t.Errorf("laid over ours: %v", f)
	}
	if m, err := l.Messages(); m == nil || err != nil {
		t.Errorf("messages: %v, %v", m, err)
	}
}

// A theme is a folder, and nothing outside of it gets onto the site by a link.
func TestLinksLeadOutOfNoTheme(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.css")
	large := filepath.Join(t.TempDir(), "large.css")
	for file, size := range map[string]int{outside: 10, large: maxFile + 1} {
		if err := os.WriteFile(file, bytes.Repeat([]byte("a"), size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, link, to string
		says           string // "" if it is fine
	}{
		{"to a file of the folder, as a volume has them", "css/own.css", "../..data/own.css", ""},
		{"to a file elsewhere", "css/own.css", outside, "css/own.css"},
		{"to a file above", "css/own.css", "../../x/own.css", "css/own.css"},
		{"by a link to a folder elsewhere", "css", filepath.Dir(outside), "css"},
		{"to nothing", "css/own.css", "gone.css", "css/own.css"},
		{"to a folder", "css/own.css", "../..data", "css/own.css is no file"},
		{"to a large file of the folder", "css/own.css", "../..data/large.css", "css/own.css is larger than 1024 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for file, size := range map[string]int{"..data/own.css": 10, "..data/large.css": maxFile + 1} {
				file = filepath.Join(dir, file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, bytes.Repeat([]byte("b"), size), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			link := filepath.Join(dir, c.link)
			if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o700), os.Symlink(c.to, link)); err != nil {
				t.Fatal(err)
			}
			th, err := Load(Settings{Dir: dir})
			if c.says == "" && (err != nil || string(th.Files()["css/own.css"]) != "bbbbbbbbbb") || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}
