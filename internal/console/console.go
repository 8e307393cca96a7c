// Package console is the operators' pages at /console: how the house stands,
// what waits for a person, requests, people, the books, what is configured.
//
// It has routes and a cookie of its own. Whoever is not staff reads there what
// they read at any address where nothing is; staff show the code of their second
// factor first. Looking never changes anything: what does is a POST, decided in
// one statement by the use case that owns it, and stands in the trail of staff.
//
// The pages are in English, for the few who work here. They need no script.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
	"kinpict/internal/people"
	"kinpict/internal/staff"
	"kinpict/internal/support"
)

// Path is where the console begins.
const Path = "/console"

//go:embed templates assets
var files embed.FS

// A Console is the pages. All fields but Test are required.
type Console struct {
	Office   *staff.Office
	People   *people.People
	Support  *support.Desk
	Studio   *generation.Studio
	Shop     *billing.Shop
	Identity *httpd.Identity
	Now      func() time.Time
	Dress    Dress
	// Services are the picture services as this process knows them.
	Services func() []Service
	// Settings are those in force, secrets hidden.
	Settings []Setting
	// Payments says what money moves through.
	Payments Payments
	// Test is whether no real money moves, which a bar says on every page.
	Test bool

	pages map[string]*template.Template
	sheet []byte
	style string // the address of the style sheet
}

// Dress is what the pages share with the site.
type Dress interface {
	Asset(name string) string
	Icon(name string) template.HTML
	Mark() template.HTML
	Brand() string
	Theme(r *http.Request) string
}

// A Service is a picture service as an operator sees it.
type Service struct {
	Name       string
	Generative bool
	Preview    bool // draws the guests' previews
	Only       bool // draws nothing else
	MaxPhotos  int
	Timeout    time.Duration
	Condition  string // as the breaker has it
	Ready      bool
	Failures   int       // lately
	Until      time.Time // when it is tried again, zero when ready
	Last       string    // the last failure
	Verified   string
}

// A Setting is one setting with the value in force.
type Setting struct{ Env, Value, Help string }

// Payments is what money moves through.
type Payments struct {
	Provider string
	Live     bool
	Tax      bool
}

// New parses the templates.
func New(c Console) (*Console, error) {
	sheet, err := fs.ReadFile(files, "assets/console.css")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(sheet)
	c.sheet, c.style = sheet, Path+"/style/"+hex.EncodeToString(sum[:6])+".css"
	say := lang.English()
	base, err := template.New("base.html").Option("missingkey=error").Funcs(template.FuncMap{
		"asset": c.Dress.Asset, "icon": c.Dress.Icon, "mark": c.Dress.Mark, "brand": c.Dress.Brand,
		"credits": say.Credits, "signed": say.Signed, "money": say.Money, "date": say.Date, "moment": say.Moment, "iso": iso, "num": number,
		"percent": percent, "lasted": lasted, "words": words, "short": short, "shown": shown, "about": about, "menu": func() []Tab { return menu }, "style": func() string { return c.style },
	}).ParseFS(files, "templates/base.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	c.pages = map[string]*template.Template{}
	for _, n := range names {
		if path.Base(n) == "base.html" {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if _, err := t.ParseFS(files, n); err != nil {
			return nil, err
		}
		c.pages[strings.TrimSuffix(path.Base(n), ".html")] = t
	}
	return &c, nil
}

// Room is the console as a part of the site.
func (c *Console) Room() httpd.Room {
	mux := http.NewServeMux()
	handle := func(pattern string, h httpd.Handler) { mux.Handle(pattern, httpd.Fields(h).Or(c.fail)) }
	handle("GET "+c.style, c.serveStyle)
	handle("POST "+Path+"/enter", c.enter)
	handle("POST "+Path+"/leave", c.leave)
	for pattern, h := range map[string]func(*visit) error{
		"GET " + Path:                           c.overview,
		"GET " + Path + "/queue":                c.queue,
		"GET " + Path + "/reviews/{id}":         c.review,
		"POST " + Path + "/reviews/{id}/answer": c.answerReview,
		"POST " + Path + "/reviews/{id}/close":  c.closeReview,
		"GET " + Path + "/holds/{id}":           c.hold,
		"POST " + Path + "/holds/{id}/approve":  c.decide(kinpict.HoldApproved),
		"POST " + Path + "/holds/{id}/refuse":   c.decide(kinpict.HoldRefused),
		"GET " + Path + "/requests":             c.requests,
		"GET " + Path + "/requests/{id}":        c.request,
		"GET " + Path + "/people":               c.people,
		"POST " + Path + "/people":              c.find,
		"GET " + Path + "/people/{id}":          c.person,
		"POST " + Path + "/people/{id}/address": c.showAddress,
		"GET " + Path + "/ledger":               c.ledger,
		"POST " + Path + "/ledger/audit":        c.audit,
		"GET " + Path + "/providers":            c.providers,
		"GET " + Path + "/settings":             c.settings,
		"GET " + Path + "/trail":                c.trail,
	} {
		handle(pattern, c.inside(h))
	}
	return httpd.Room{Prefix: Path, Mux: mux, Enter: c.known}
}

// known reports whether the sender works for the house. An API token opens no
// console, and a database that does not answer vouches for nobody.
func (c *Console) known(r *http.Request) bool {
	if len(r.Header.Values("Authorization")) > 0 || c.Identity.Cookies.Value(r, c.Identity.Cookies.Session()) == "" {
		return false
	}
	caller, err := c.Identity.Caller(r)
	if err != nil {
		httpd.Log(r.Context()).Error("nobody is let into the console", "err", err)
	}
	return err == nil && people.MayConsole(caller.Role)
}

// cookie names the console's own cookie.
func (c *Console) cookie() string { return c.Identity.Cookies.Name("kp_c") }

// A visit is one request of somebody inside.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	caller kinpict.Caller
	page   Page
}

// A Page is what every view begins with.
type Page struct {
	Title string
	Path  string
	Theme string // "", "light" or "dark"
	Email string
	Role  kinpict.AccountRole
	Test  bool // no real money moves
	In    bool // the second factor was shown
	Now   time.Time
}

// menu is what leads through the console.
var menu = []Tab{{Path, "Overview", false}, {Path + "/queue", "Queue", false}, {Path + "/requests", "Requests", false}, {Path + "/people", "People", false},
	{Path + "/ledger", "Ledger", false}, {Path + "/providers", "Providers", false}, {Path + "/settings", "Settings", false}, {Path + "/trail", "Trail", false}}

// Here reports whether the page is one of those under an entry of the menu.
func (p Page) Here(entry string) bool {
	if entry == Path+"/queue" && (strings.HasPrefix(p.Path, Path+"/reviews/") || strings.HasPrefix(p.Path, Path+"/holds/")) {
		return true
	}
	return p.Path == entry || entry != Path && strings.HasPrefix(p.Path, entry+"/")
}

func (c *Console) blank(r *http.Request, caller kinpict.Caller) Page {
	return Page{Path: r.URL.Path, Theme: c.Dress.Theme(r), Email: caller.Email, Role: caller.Role, Test: c.Test, Now: c.Now()}
}

// inside lets h answer who has shown their second factor; others are asked for it.
func (c *Console) inside(h func(*visit) error) httpd.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := c.Identity.Caller(r)
		if err != nil {
			return err
		}
		in, err := c.People.InConsole(r.Context(), caller, c.signIn(r), c.Identity.Cookies.Value(r, c.cookie()))
		if err != nil {
			return err
		}
		if !in {
			return c.ask(w, r, caller, http.StatusUnauthorized, "")
		}
		v := &visit{w: w, r: r, caller: caller, page: c.blank(r, caller)}
		v.page.In = true
		return h(v)
	}
}

// signIn is the site's session of the sender.
func (c *Console) signIn(r *http.Request) string {
	return c.Identity.Cookies.Value(r, c.Identity.Cookies.Session())
}

// titled is the visit's page under a title.
func (v *visit) titled(t string) Page {
	p := v.page
	p.Title = t
	return p
}

// send answers with a page.
func (c *Console) send(w http.ResponseWriter, r *http.Request, status int, name string, view any) error {
	body, err := c.render(name, view)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", "en")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = w.Write(body)
	return err
}

func (c *Console) render(name string, view any) ([]byte, error) {
	t := c.pages[name]
	if t == nil {
		return nil, fmt.Errorf("console: there is no page %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "base", view); err != nil {
		return nil, fmt.Errorf("console: render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// serveStyle answers the console's own style sheet. It is kept by nobody but
// the browser: that there is one is nobody else's business.
func (c *Console) serveStyle(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(c.sheet)))
	_, err := w.Write(c.sheet)
	return err
}

// A FailView feeds error.html.
type FailView struct {
	Page
	Status        int
	Message, Hint string
	Words         []Words
}

// Words are a text that was sent and not kept, to be copied.
type Words struct{ Label, Text string }

// texts are the fields whose loss would hurt, by their names in forms.
var texts = []struct{ field, label string }{{"text", "Your answer"}, {"reason", "Your reason"}, {"note", "Your note"}}

func typed(r *http.Request) (out []Words) {
	for _, t := range texts {
		if v := strings.TrimSpace(r.PostForm.Get(t.field)); v != "" {
			out = append(out, Words{t.label, v})
		}
	}
	return out
}

// fail answers an error with a page.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := httpd.Explain(r, err)
	status := httpd.Means(e.Code).Status
	httpd.FailureHeader(w.Header(), e)
	httpd.CloseUnread(w.Header(), r, status)
	w.Header().Del("WWW-Authenticate")
	caller, _ := c.Identity.Caller(r) // who it is, if that is known now
	v := FailView{Page: c.blank(r, caller), Status: status, Message: e.Message, Hint: e.Hint, Words: typed(r)}
	v.Title = http.StatusText(status)
	if err := c.send(w, r, status, "error", v); err != nil {
		httpd.Log(r.Context()).Error("an error has no page", "err", err)
		http.Error(w, e.Message, status)
	}
}
