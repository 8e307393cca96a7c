// Package web is the site people see: pages rendered on the server, which are
// whole without JavaScript, and the few scripts that make waiting and uploading
// pleasanter.
//
// A page is a template of its own name inside base.html, fed with a view that
// begins with a Page. It is rendered into a buffer first, so that a mistake in a
// template is an error page and never half a page. Every number about credits
// and prices comes from the catalog in force; every word of an answer to a
// person's press comes from here, and what may happen from the use cases.
package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/theme"
)

//go:embed templates
var templates embed.FS

// A Page is what every view begins with.
type Page struct {
	Title       string
	Description string // of this page for search engines and previews of links; empty: the site's
	Public      string // the site's address, without a slash at its end
	Art         string // path of the picture a preview of a link shows
	Path        string
	Theme       string // "", "light" or "dark"
	Signed      bool
	Email       string
	Available   kinpict.Credits
	Sandbox     bool            // no real money moves
	Outbox      bool            // /outbox is there to be read
	Generative  bool            // a trained model redraws people; false for the built-in studio
	Private     bool            // not for search engines
	Refresh     int             // seconds after which a browser without scripts asks again; 0: never
	Operator    Operator        // who runs the site
	Previews    int             // free previews of a guest, by the catalog
	Languages   []*lang.Printer // to choose from; a single one needs no choice

	say *lang.Printer // the language of the page, English if nobody said
}

// language is what the page is written in.
func (p Page) language() *lang.Printer {
	if p.say == nil {
		return lang.English()
	}
	return p.say
}

// Lang and Dir are the language of the page and the direction of its writing.
func (p Page) Lang() string { return p.language().Code }
func (p Page) Dir() string  { return p.language().Dir }

// PreviewWords is the number of free previews in a sentence.
func (p Page) PreviewWords() string { return p.language().Say("%d free previews", p.Previews) }

// A Problem is something a person can put right, at a field of the page.
type Problem struct{ Field, Message string }

// problem is what a use case said, at a field of the page.
func problem(say *lang.Printer, e *kinpict.Error, field string) Problem {
	return Problem{field, sentences(say, e.Message, e.Hint)}
}

// troubled names what is wrong first, for those who hear the title of a page
// before anything else of it.
func (p *Page) troubled() { p.Title = p.language().Say("Problem: %s", p.Title) }

// Faults are the problems of a form.
type Faults struct{ Problems []Problem }

// Fault is what is wrong at a field, or "".
func (f Faults) Fault(field string) string {
	for _, p := range f.Problems {
		if p.Field == field {
			return p.Message
		}
	}
	return ""
}

// dressing is what all pages are made with: the assets and the templates, parsed
// once for each language.
type dressing struct {
	assets *assets
	skin   *theme.Theme // nil for ours
	worker *asset
	pages  map[string]map[string]*template.Template // by language and name
}

// dress is what a site without a theme is made with that offers every language.
// It is the same in every process, so it is done once.
var dress = sync.OnceValues(func() (*dressing, error) { return dressAs(nil, lang.Default()) })

// dressAs reads what is embedded and what a theme lays over it. Pages are parsed
// for every language that is offered, and for English, which pages without a
// language are in.
func dressAs(look *theme.Theme, said *lang.Set) (*dressing, error) {
	dir, err := fs.Sub(embedded, "assets")
	if err != nil {
		return nil, err
	}
	d := &dressing{skin: look, pages: map[string]map[string]*template.Template{}}
	if d.assets, err = newAssets(dir, look.Files()); err != nil {
		return nil, err
	}
	files, err := pageFiles(look)
	if err != nil {
		return nil, err
	}
	printers := said.All()
	if english := lang.English(); said.Find(english.Code) == nil {
		printers = append(slices.Clip(printers), english)
	}
	for _, p := range printers {
		if d.pages[p.Code], err = d.parse(files, p); err != nil {
			return nil, err
		}
	}
	if d.worker, err = newWorker(d, printers); err != nil {
		return nil, err
	}
	return d, nil
}

// pageFiles are the templates by their file names. One of an operator's that
// takes no other's place would never be shown.
func pageFiles(look *theme.Theme) (map[string]string, error) {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	files := make(map[string]string, len(names))
	for _, n := range names {
		b, err := fs.ReadFile(templates, n)
		if err != nil {
			return nil, err
		}
		files[path.Base(n)] = string(b)
	}
	for n, b := range look.Templates() {
		if _, ours := files[n]; !ours {
			return nil, fmt.Errorf("templates/%s takes the place of no page; there are: %s", n, strings.Join(slices.Sorted(maps.Keys(files)), ", "))
		}
		files[n] = string(b)
	}
	return files, nil
}

// parse makes the pages with the functions that say things in a language:
// t says a text, h one that holds markup.
func (d *dressing) parse(files map[string]string, p *lang.Printer) (map[string]*template.Template, error) {
	return d.parsed(files, p, len(d.skin.Templates()) == 0)
}

// constant are the functions whose answers to words of a template are the same on
// every page, see fold. What fails is left for the page to fail with.
func (d *dressing) constant(p *lang.Printer) map[string]func(words ...string) (string, bool) {
	return map[string]func(words ...string) (string, bool){
		"t": func(words ...string) (string, bool) {
			if len(words) == 0 {
				return "", false
			}
			args := make([]any, len(words)-1)
			for i, w := range words[1:] {
				args[i] = w
			}
			return template.HTMLEscapeString(p.Say(words[0], args...)), true
		},
		"asset": func(words ...string) (string, bool) {
			if len(words) != 1 || d.assets.files[words[0]] == nil {
				return "", false
			}
			return template.HTMLEscapeString(d.assets.url(words[0])), true
		},
		"icon": func(words ...string) (string, bool) {
			if len(words) != 1 || icons[words[0]] == "" {
				return "", false
			}
			return string(icon(words[0])), true
		},
		"mark":  func(words ...string) (string, bool) { return string(d.mark()), len(words) == 0 },
		"brand": func(words ...string) (string, bool) { return template.HTMLEscapeString(d.skin.Name()), len(words) == 0 },
	}
}

func (d *dressing) parsed(files map[string]string, p *lang.Printer, folded bool) (map[string]*template.Template, error) {
	a := d.assets
	base, err := template.New("base.html").Option("missingkey=error").Funcs(template.FuncMap{
		"asset": a.url, "icon": icon, "mark": d.mark, "brand": d.skin.Name, "favicon": d.favicon,
		"t": p.Say, "h": p.Rich, "told": p.Told,
		"credits": p.Credits, "signed": p.Signed, "money": p.Money, "date": p.Date, "moment": p.Moment, "clock": p.Clock, "iso": iso,
		"role":  func(r kinpict.Role) string { return p.Told(roleNames[r]) },
		"short": short, "roles": func() []kinpict.Role { return kinpict.Roles },
		"kinds": func() []Note { return []Note{{Kind: "refused"}, {Kind: "warning"}, {Kind: "info"}} },
		"num": func(n any) (string, error) {
			switch n := n.(type) {
			case int:
				return p.Number(int64(n)), nil
			case int64:
				return p.Number(n), nil
			case kinpict.Credits:
				return p.Number(int64(n)), nil
			}
			return "", fmt.Errorf("%T is no number", n)
		},
	}).Parse(files["base.html"])
	if err != nil {
		return nil, err
	}
	if folded {
		fold(base, d.constant(p))
	}
	pages := make(map[string]*template.Template, len(files))
	for _, n := range slices.Sorted(maps.Keys(files)) {
		if n == "base.html" {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if _, err := t.New(n).Parse(files[n]); err != nil {
			return nil, err
		}
		if folded {
			fold(t, d.constant(p))
		}
		pages[strings.TrimSuffix(n, ".html")] = t
	}
	return pages, nil
}

// spoken is the language of a view.
func spoken(view any) *lang.Printer {
	if v, ok := view.(interface{ language() *lang.Printer }); ok {
		return v.language()
	}
	return lang.English()
}

// render makes a page of its view, in the language the view names.
func (d *dressing) render(name string, view any) ([]byte, error) {
	return d.renderIn(spoken(view), name, view)
}

func (d *dressing) renderIn(p *lang.Printer, name string, view any) ([]byte, error) {
	var b bytes.Buffer
	err := d.renderTo(&b, p, name, view)
	return b.Bytes(), err
}

func (d *dressing) renderTo(b *bytes.Buffer, p *lang.Printer, name string, view any) error {
	t := d.pages[p.Code][name]
	if t == nil {
		return fmt.Errorf("there is no page %q", name)
	}
	if err := t.ExecuteTemplate(b, "base", view); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return nil
}

// Sheets are what a page is made on. A compressor alone is most of a megabyte, so
// they are used again.
type sheets struct {
	plain, small bytes.Buffer
	zip          *gzip.Writer
}

// pageEffort is how hard a page is compressed: more costs more time than it saves.
const pageEffort = 5

var spare = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, pageEffort)
	if err != nil {
		panic("web: " + err.Error()) // a level that does not exist
	}
	return &sheets{zip: z}
}}

// back keeps sheets for the next page, unless a page of rare length made them large.
func (s *sheets) back() {
	if s.plain.Cap() <= 1<<20 {
		spare.Put(s)
	}
}

// send answers with a page.
func (d *dressing) send(w http.ResponseWriter, r *http.Request, status int, name string, view any) error {
	s := spare.Get().(*sheets)
	defer s.back()
	s.plain.Reset()
	if err := d.renderTo(&s.plain, spoken(view), name, view); err != nil {
		return err
	}
	body := s.plain.Bytes()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", spoken(view).Code)
	h.Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if accepts(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		s.small.Reset()
		s.zip.Reset(&s.small)
		s.zip.Write(body) // a buffer takes everything
		s.zip.Close()
		body = s.small.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body) // which keeps nothing of it
	return err
}
