package web_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kinpict/internal/lang"
	"kinpict/internal/theme"
	"kinpict/internal/web"
)

// custom writes an operator's folder.
func custom(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// themed is a site with a theme. How the product puts it together is tested in
// package app: this must only come to the same.
func themed(t *testing.T, set theme.Settings) func(*web.Site) {
	t.Helper()
	set.Languages = lang.Known()
	look, err := theme.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	var over []fs.FS
	if look.Name() != theme.Ours {
		renamed, err := lang.Renamed(theme.Ours, look.Name())
		if err != nil {
			t.Fatal(err)
		}
		over = append(over, renamed)
	}
	if own, err := look.Messages(); err != nil {
		t.Fatal(err)
	} else if own != nil {
		over = append(over, own)
	}
	said, err := lang.New(nil, over...)
	if err != nil {
		t.Fatal(err)
	}
	return func(s *web.Site) { s.Look, s.Languages, s.People.Languages = look, said, said }
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"><rect width="30" height="20" fill="#1a4fb4"/></svg>`

func TestSiteWearsItsOperatorsLooks(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo, []byte(drawing), 0o600); err != nil {
		t.Fatal(err)
	}
	icons := custom(t, map[string]string{"img/icon-192.png": "another icon"})
	dir := custom(t, map[string]string{
		"templates/scenarios.html": `{{define "page"}}<h1>{{t "Scenarios"}}, as we like them</h1>{{range .Scenes}}<p>{{.Title}}</p>{{end}}{{end}}`,
		"css/90-own.css":           ".ours{color:teal}",
		"img/snap-dog.webp":        "another dog",
		"img/touch-180.png":        "another icon",
		"messages/de/own.yaml":     `"Pricing": "Was es kostet"`,
	})
	plain := open(t).browser()
	b := open(t, themed(t, theme.Settings{Name: "Müller & Söhne", Accent: "#1a4fb4,#8fb8ff", Logo: logo, Dir: dir})).browser()

	sheet := regexp.MustCompile(`/a/[0-9a-f]{12}/app\.css`)
	was, is := sheet.FindString(plain.get("/").text), sheet.FindString(b.get("/").text)
	if was == is || is == "" {
		t.Errorf("the style sheet lies at %q, and at %q without a theme", is, was)
	}
	css := b.get(is).want(t, 200, "--brand:light-dark(#1a4fb4,#8fb8ff)", ".ours{color:teal}")
	if strings.LastIndex(css.text, "--brand:") != strings.Index(css.text, "--brand:light-dark(#1a4fb4") {
		t.Error("the accent is not the last word on its colour")
	}
	at := strings.TrimSuffix(is, "app.css")
	b.get(at+"img/snap-dog.webp").want(t, 200, "another dog")
	b.get(at+"touch-180.png").want(t, 200, "another icon")

	for _, path := range []string{"/", "/pricing", "/create", "/sign-in", "/scenarios", "/scenarios/gallery", "/policies/terms", "/policies/privacy", "/verify", "/offline", "/nowhere"} {
		p := b.get(path)
		if !strings.Contains(p.text, "Müller & Söhne") || strings.Contains(p.text, "Kinpict") {
			t.Errorf("%s is not of Müller & Söhne alone: %s", path, regexp.MustCompile(`.{60}Kinpict.{60}`).FindString(p.text))
		}
		if strings.Contains(p.text, `viewBox="0 0 30 20"`) || !strings.Contains(p.text, `src="`+at+`logo.svg" width="480" height="320" alt=""`) {
			t.Errorf("%s does not show the logo as a picture", path)
		}
	}
	b.get("/scenarios").want(t, 200, "as we like them")
	p := b.get(at+"logo.svg").want(t, 200)
	if p.text != drawing || p.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || p.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("the logo is sent with %v", p.Header)
	}
	var m struct {
		Name  string
		Icons []struct{ Src string }
	}
	if err := json.Unmarshal([]byte(b.get("/manifest.webmanifest").want(t, 200).text), &m); err != nil || m.Name != "Müller & Söhne" || len(m.Icons) != 1 || m.Icons[0].Src != at+"logo.svg" {
		t.Errorf("the manifest says %+v, %v", m, err)
	}
	if p := open(t, themed(t, theme.Settings{Logo: logo, Dir: icons})).browser().get("/manifest.webmanifest"); strings.Contains(p.text, "logo.svg") || !strings.Contains(p.text, "maskable-512.png") {
		t.Errorf("with icons of its own the manifest says %s", p.text)
	}
	if worker := b.get("/sw.js").text; strings.Contains(worker, strings.TrimSuffix(was, "app.css")) || !strings.Contains(worker, at) {
		t.Error("the worker keeps other files than the site has")
	}
	b.post("/sign-in", map[string][]string{"email": {"ann@example.com"}}).want(t, 200)
	b.get("/outbox").want(t, 200, "Your sign-in link for Müller & Söhne")
	b.post("/prefs/language", map[string][]string{"language": {"de"}})
	b.get("/").want(t, 200, "Was es kostet")
	plain.get("/scenarios").want(t, 200, "Kinpict")
}

// A template that would show somebody a broken page never starts; the refusal
// says where the mistake is.
func TestBrokenTemplatesRefuseToStart(t *testing.T) {
	base, err := os.ReadFile("templates/base.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file, text string
		says             []string
	}{
		{"a brace that is not closed", "home.html", "{{define \"page\"}}<h1>\n{{.Title}</h1>{{end}}", []string{"home.html:2", "bad character"}},
		{"no end", "home.html", "{{define \"page\"}}\n{{if .Signed}}", []string{"home.html:2", "unexpected EOF"}},
		{"a function nobody wrote", "home.html", "{{define \"page\"}}\n\n{{shout .Title}}{{end}}", []string{"home.html:3", `function "shout" not defined`}},
		{"a field the page is not given", "pricing.html", "{{define \"page\"}}\n{{.Prize}}{{end}}", []string{"pricing.html:2", "Prize"}},
		{"one inside a list", "scenarios.html", "{{define \"page\"}}{{range .Scenes}}\n{{.Titel}}{{end}}{{end}}", []string{"scenarios.html:2", "Titel"}},
		{"one for the signed in", "base.html", strings.Replace(string(base), "<body>", "<body>{{if .Signed}}{{.Purse}}{{end}}", 1), []string{"base.html:", "Purse"}},
		{"one for guests", "base.html", strings.Replace(string(base), "<body>", "<body>{{if not .Signed}}{{.Purse}}{{end}}", 1), []string{"base.html:", "Purse"}},
		{"a picture that is not there", "home.html", "{{define \"page\"}}\n{{asset \"img/gone.webp\"}}{{end}}", []string{"home.html:2", "img/gone.webp"}},
		{"an icon that is not there", "home.html", "{{define \"page\"}}\n{{icon \"rocket\"}}{{end}}", []string{"home.html:2", "rocket"}},
		{"a part that is not there", "home.html", "{{define \"page\"}}\n{{template \"hero\"}}{{end}}", []string{"home.html:2", "hero"}},
		{"a tag that is not closed", "home.html", "{{define \"page\"}}<a href={{.Title}}`>\n{{end}}", []string{"render home", "tried in English", "unquoted"}},
		{"a page that does not exist", "hone.html", "", []string{"templates/hone.html takes the place of no page", "home.html"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			look, err := theme.Load(theme.Settings{Dir: custom(t, map[string]string{"templates/" + c.file: c.text})})
			if err != nil {
				t.Fatal(err)
			}
			_, err = web.New(web.Site{Look: look})
			if err == nil {
				t.Fatal("it starts")
			}
			for _, want := range append(c.says, "KINPICT_CUSTOM_DIR: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
}
