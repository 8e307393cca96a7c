package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/keeping"
	"kinpict/internal/lang"
	"kinpict/internal/mail"
	"kinpict/internal/people"
	"kinpict/internal/scenario"
	"kinpict/internal/support"
	"kinpict/internal/theme"
)

// A Site is the pages. The fields before Languages are required; what it is to
// leave one of the others out is said beside it.
type Site struct {
	Studio    *generation.Studio
	Shop      *billing.Shop
	People    *people.People
	Intake    *intake.Intake
	Support   *support.Desk
	Keeping   *keeping.Keeper
	Exports   *httpd.Slots // places for those who take everything with them, shared with the API
	Scenarios *scenario.Set
	Identity  *httpd.Identity
	IDs       kinpict.IDs // makes the idempotency keys of forms
	Now       func() time.Time
	PublicURL string                    // the site's address, without a slash at its end
	ShareURL  func(token string) string // address of the page a private link leads to

	// Languages are those the site is offered in; nil means all there are.
	Languages *lang.Set
	// Look is what the operator changed about the pages, nil for nothing.
	Look *theme.Theme
	// Operator is who runs the site; without a name no page tells of it.
	Operator Operator
	// Generative is whether any engine in use redraws people; false for the
	// built-in studio.
	Generative bool
	// Sandbox is the provider that moves no money, nil with a real one. With it
	// comes its page.
	Sandbox Sandbox
	// Test is whether no real money moves, which a bar says on every page.
	Test bool
	// Outbox is whose mail /outbox shows, sign-in links among it, to browsers on
	// this machine: right only where nobody else reaches the site. Nil shows none.
	Outbox *mail.Post
	// KeepsMail is whether mail stays here, because no server sends it.
	KeepsMail bool

	*dressing
	// Whoever sends a file is counted while it arrives, and takes a place among
	// those below when it is there.
	arrivals        *httpd.Arrivals
	uploads, checks *httpd.Slots
	streams         *httpd.Slots
	liveEvery       time.Duration
}

// Sandbox is the sandbox provider as its page needs it.
type Sandbox interface {
	Session(ctx context.Context, id string) (*billing.SandboxSession, error)
	Outcome(ctx context.Context, id, outcome string) error
}

// New prepares the assets and templates.
func New(s Site) (*Site, error) {
	if s.Languages == nil {
		s.Languages = lang.Default()
	}
	d, err := s.dressed()
	if err != nil {
		return nil, err
	}
	s.dressing = d
	s.arrivals = httpd.NewArrivals(512, 64, 1<<30, 320<<20)
	if s.uploads == nil {
		s.uploads = &httpd.Slots{All: 16, Each: 4}
	}
	s.checks = &httpd.Slots{All: 4, Each: 2}
	s.streams = &httpd.Slots{All: allStreams, Each: eachStreams}
	s.liveEvery = cmp.Or(s.liveEvery, liveEvery)
	return &s, nil
}

// Sample is the address of a scenario's sample artwork.
func (s *Site) Sample(id string) string { return s.show(lang.English(), id).Large }

// Routes adds the pages to mux.
func (s *Site) Routes(mux *http.ServeMux) {
	mux.Handle("GET /a/{hash}/{path...}", s.assets)
	for pattern, h := range map[string]httpd.Handler{
		"GET /{$}":                            s.home,
		"GET /scenarios":                      s.scenarios,
		"GET /scenarios/{slug}":               s.scenario,
		"GET /scenarios/{slug}/sample":        s.sample,
		"GET /pricing":                        s.pricing,
		"GET /create":                         s.create,
		"POST /create":                        s.press,
		"POST /create/fresh":                  s.startFresh,
		"GET /create/draft":                   s.draftState,
		"POST /create/draft":                  s.worded(s.saveDraft),
		"POST /create/photos":                 s.worded(s.addPhotos),
		"POST /create/photos/{id}/delete":     s.worded(s.deletePhoto),
		"GET /generations":                    s.generations,
		"GET /generations/{id}":               s.generation,
		"GET /generations/{id}/progress":      s.progress,
		"POST /generations/{id}/cancel":       s.cancel,
		"POST /generations/{id}/retry":        s.retry,
		"POST /generations/{id}/favourite":    s.favour,
		"POST /generations/{id}/notify":       s.notify,
		"POST /generations/{id}/delete":       s.deletePicture,
		"GET /generations/{id}/compare":       s.compare,
		"POST /generations/{id}/shares":       s.share,
		"POST /shares/{id}/revoke":            s.revoke,
		"GET /s/{token}":                      s.shared,
		"GET /s/{token}/picture":              s.sharedPicture,
		"GET /credits":                        s.credits,
		"GET /account":                        s.account,
		"GET /account/export":                 s.export,
		"GET /account/delete":                 s.farewell,
		"POST /account/delete":                s.leave,
		"GET /account/deleted/{id}":           s.left,
		"POST /account/sign-ins/{id}/end":     s.endSignIn,
		"POST /account/sign-ins/end-others":   s.endOtherSignIns,
		"POST /account/tokens":                s.makeToken,
		"POST /account/tokens/{id}/revoke":    s.revokeToken,
		"GET /credits/books":                  s.books,
		"POST /credits/books":                 s.checkBooks,
		"GET /verify":                         s.verifyPage,
		"POST /verify":                        s.verify,
		"GET /.well-known/kinpict-issuer.pem": s.issuer,
		"GET /purchases":                      s.purchases,
		"GET /purchases/{id}":                 s.purchase,
		"GET /pricing/history":                s.history,
		"GET /help/balance":                   s.help,
		"POST /help/balance":                  s.report,
		"GET /help/balance/{id}":              s.review,
		"GET /policies/{name}":                s.policy,
		"GET /sign-in":                        s.signIn,
		"POST /sign-in":                       s.requestLink,
		"GET /sign-in/confirm":                s.confirm,
		"POST /sign-in/confirm":               s.enter,
		"POST /sign-out":                      s.signOut,
		"POST /checkout":                      s.checkout,
		"GET /checkout/return":                s.returned,
		"GET /held/{id}":                      s.held,
		"POST /held/{id}":                     s.resume,
		"POST /held/{id}/withdraw":            s.withdraw,
		"POST /prefs/theme":                   s.chooseTheme,
		"POST /prefs/language":                s.chooseLanguage,
		"GET /robots.txt":                     s.robots,
		"GET /sitemap.xml":                    s.sitemap,
		"GET /manifest.webmanifest":           s.manifest,
		"GET /sw.js":                          s.serveWorker,
		"GET /offline":                        s.offline,
		"POST " + SharePath:                   s.takeShared,
	} {
		mux.Handle(pattern, httpd.Fields(h).Or(s.Fail))
	}
	// The statement as a table is the API's; a link cannot ask for a type, so it has an address here.
	mux.HandleFunc("GET /credits/statement.csv", func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.URL.Path = "/api/v1/credits/transactions"
		r.Header.Set("Accept", "text/csv")
		mux.ServeHTTP(w, r)
	})
	if s.Outbox != nil {
		mux.Handle("GET /outbox", httpd.Handler(s.outbox).Or(s.Fail))
	}
	if s.Sandbox != nil {
		mux.Handle("GET /sandbox/checkout/{id}", httpd.Handler(s.sandboxPage).Or(s.Fail))
		mux.Handle("POST /sandbox/checkout/{id}", httpd.Fields(s.sandboxPress).Or(s.Fail))
	}
}

// A visit is one request with what every page needs to know.
type visit struct {
	caller  kinpict.Caller
	catalog *kinpict.Catalog
	balance kinpict.Balance
	page    Page
}

// visit looks up who asks and what is on sale.
func (s *Site) visit(r *http.Request) (*visit, error) {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return nil, err
	}
	return s.visitBy(r, c)
}

func (s *Site) visitBy(r *http.Request, c kinpict.Caller) (*visit, error) {
	v := &visit{caller: c, page: s.blank(r)}
	var err error
	if v.catalog, err = s.Shop.Catalog(r.Context()); err != nil {
		return nil, err
	}
	v.page.Previews = v.catalog.Guest.Previews
	if c.AccountID != "" {
		if v.balance, err = s.Shop.Balance(r.Context(), c); err != nil {
			return nil, err
		}
		v.page.Signed, v.page.Email, v.page.Available = true, c.Email, v.balance.Available
	}
	return v, nil
}

// blank is a page for a visitor nothing is known about.
func (s *Site) blank(r *http.Request) Page {
	p := Page{Path: r.URL.Path, Public: s.PublicURL, Art: s.art(), Sandbox: s.Test || s.Sandbox != nil, Outbox: s.opensOutbox(r), Generative: s.Generative, Operator: s.Operator, Languages: s.Languages.All(), say: s.printer(r)}
	switch t := s.Identity.Cookies.Value(r, s.Identity.Cookies.Name(themeCookie)); t {
	case "light", "dark":
		p.Theme = t
	}
	return p
}

// say is the language of the visit's page.
func (v *visit) say() *lang.Printer { return v.page.language() }

// titled is the visit's page under a title.
func (v *visit) titled(t string) Page {
	p := v.page
	p.Title = t
	return p
}

// private is a page for one person's eyes.
func (v *visit) private(t string) Page {
	p := v.titled(t)
	p.Private = true
	return p
}

// key makes an idempotency key for one rendered form.
func (s *Site) key() string { return s.IDs.New("key_") }

func speaksJSON(r *http.Request) bool {
	for _, prefix := range []string{"/api/", "/webhooks/", "/healthz", "/readyz", "/openapi.json"} {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return true
		}
	}
	return wantsJSON(r)
}

// wantsJSON reports whether a script of ours asks.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// as finds the error a person may see in err.
func as(err error) (*kinpict.Error, bool) {
	var e *kinpict.Error
	return e, errors.As(err, &e)
}

// local returns next where it leads to a page of ours, else "".
func local(next string) string {
	if kinpict.LocalPath(next) {
		return next
	}
	return ""
}
