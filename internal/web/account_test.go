package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/httpd"
	"kinpict/internal/keeping"
	"kinpict/internal/lang"
	"kinpict/internal/people"
	"kinpict/internal/support"
	"kinpict/internal/web"
)

// kept is a site with the use case of what is kept. How the product puts it
// together is tested end to end: this must only come to the same.
func kept(t *testing.T) *house {
	tongues, err := lang.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, func(s *web.Site) {
		s.Exports = &httpd.Slots{All: 2, Each: 1}
		s.Keeping = &keeping.Keeper{DB: s.Intake.DB, Blobs: s.Intake.Blobs, IDs: s.IDs, Now: s.Now, Log: slog.New(slog.DiscardHandler), Languages: tongues, Version: "1", Redact: support.Redact,
			Statement: func(ctx context.Context, c kinpict.Caller, cursor string, limit int) ([]kinpict.Transaction, string, error) {
				return s.Shop.Statement(ctx, c, billing.Filter{}, cursor, limit)
			},
			Receipt: func(ctx context.Context, c kinpict.Caller, id string) ([]byte, error) {
				r, err := s.Support.PurchaseReceipt(ctx, c, id)
				if err != nil {
					return nil, err
				}
				return r.File, nil
			}}
	})
}

// action is the address of the n-th form of the page that begins so.
func (p page) action(t *testing.T, begin string, n int) string {
	t.Helper()
	all := regexp.MustCompile(`action="(`+begin+`[^"]*)"`).FindAllStringSubmatch(p.text, -1)
	if len(all) <= n {
		t.Fatalf("the page has %d forms to %s: %s", len(all), begin, p.text)
	}
	return all[n][1]
}

// archive downloads everything.
func (b *browser) archive() (*http.Response, *zip.Reader) {
	b.Helper()
	r, err := b.http.Get(b.url + "/account/export")
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatalf("%s: %v", r.Status, err)
	}
	return r, z
}

func TestTheAccountIsForItsOwner(t *testing.T) {
	h := kept(t)
	guest := h.browser()
	for _, path := range []string{"/account", "/account/export", "/account/delete"} {
		if to := guest.get(path).to(t, "/sign-in"); to != "/sign-in?next="+url.QueryEscape(path) {
			t.Errorf("%s of a guest leads to %s", path, to)
		}
	}
	for _, path := range []string{"/account/delete", "/account/tokens", "/account/sign-ins/ses_1/end", "/account/sign-ins/end-others", "/account/tokens/tok_1/revoke"} {
		if p := guest.post(path, url.Values{"name": {"x"}, "agree": {"yes"}, "credits": {"0"}}); p.StatusCode != 401 {
			t.Errorf("a guest's press on %s is answered %d", path, p.StatusCode)
		}
	}
	guest.get("/account/deleted/del_0").want(t, 404)
}

func TestSignInsAreSeenAndEnded(t *testing.T) {
	h := kept(t)
	ann, phone, tablet := h.browser(), h.browser(), h.browser()
	for _, b := range []*browser{phone, tablet, ann} {
		b.signIn("ann@example.com")
		h.clock.Advance(time.Minute)
	}
	p := ann.get("/account").want(t, 200, "ann@example.com", "This browser", "End all others", "A browser that does not say which")
	if n := strings.Count(p.text, "Signed in"); n != 3 {
		t.Errorf("%d sign-ins are listed, want 3", n)
	}
	end := p.action(t, "/account/sign-ins/ses_", 0) // the newest of the others: the tablet
	ann.post(end, nil).to(t, "/account")
	ann.post(end, nil).to(t, "/account") // a second press finds what it wanted
	tablet.get("/account").to(t, "/sign-in")
	phone.get("/account").want(t, 200)
	ann.post("/account/sign-ins/end-others", nil).to(t, "/account")
	phone.get("/account").to(t, "/sign-in")
	if p := ann.get("/account").want(t, 200, "This browser"); strings.Contains(p.text, "End all others") {
		t.Error("there are none to end, and the button is there")
	}
}

func TestATokenIsShownOnce(t *testing.T) {
	h := kept(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.post("/account/tokens", url.Values{"name": {" "}}).want(t, 422, "Problem:", "A token needs a name", `aria-invalid="true"`)
	p := ann.post("/account/tokens", url.Values{"name": {`frame <b>"1"</b>`}}).want(t, 201, "Your new token", "frame", "never used")
	secret := regexp.MustCompile(`kp_[\w-]{43}`).FindString(p.text)
	if secret == "" || p.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the token is %q, kept by %q", secret, p.Header.Get("Cache-Control"))
	}
	again := ann.get("/account").want(t, 200, "never used")
	if strings.Contains(again.text, "kp_") {
		t.Error("the token is shown a second time")
	}
	ann.post(again.action(t, "/account/tokens/tok_", 0), nil).to(t, "/account")
	if p := ann.get("/account"); strings.Contains(p.text, "never used") {
		t.Error("a revoked token is still listed")
	}
	// A sign-in that somebody may have found open makes none.
	h.clock.Advance(kinpict.FreshSignIn)
	if p := ann.get("/account").want(t, 200, "sign in once more", `value="/account#tokens"`); strings.Contains(p.text, "Make a token") {
		t.Error("a token is offered that is then refused")
	}
	ann.post("/account/tokens", url.Values{"name": {"frame"}}).want(t, 403, "Problem:", "Making a token needs a fresh sign-in")
}

func TestEverythingIsTakenAlong(t *testing.T) {
	h := kept(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("")
	p, z := ann.archive()
	if p.StatusCode != 200 || p.Header.Get("Content-Type") != "application/zip" || !strings.Contains(p.Header.Get("Content-Disposition"), `attachment; filename="kinpict-2026-03-01.zip"`) {
		t.Fatalf("the archive is %d %v", p.StatusCode, p.Header)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, "README.txt") || names[len(names)-1] != "manifest.json" || !slices.ContainsFunc(names, func(s string) bool { return strings.HasPrefix(s, "receipts/pur_") }) {
		t.Errorf("the archive holds %v", names)
	}
}

func TestLeaving(t *testing.T) {
	h := kept(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("")
	h.clock.Advance(kinpict.FreshSignIn)

	// Who signed in a while ago signs in once more, by a link that leads back here.
	p := ann.get("/account/delete").want(t, 200, "80 credits are given up", "Sign in once more first", `name="next" value="/account/delete"`)
	if strings.Contains(p.text, `action="/account/delete"`) {
		t.Error("an old sign-in gets the button")
	}
	yes := url.Values{"agree": {"yes"}, "credits": {"80"}}
	ann.post("/account/delete", yes).want(t, 403, "needs a fresh sign-in")
	ann.signIn("ann@example.com")

	ann.get("/account/delete").want(t, 200, `action="/account/delete"`, `name="credits" value="80"`)
	ann.post("/account/delete", url.Values{"credits": {"80"}}).want(t, 422, "Problem:", "confirm that you want this")
	ann.post("/account/delete", url.Values{"agree": {"yes"}, "credits": {"many"}}).want(t, 422)
	ann.post("/account/delete", url.Values{"agree": {"yes"}, "credits": {"79"}}).want(t, 409, "80 credits would be given up")
	ann.get("/account").want(t, 200, "ann@example.com")

	gone := ann.post("/account/delete", yes)
	to := gone.to(t, "/account/deleted/del_")
	if got := gone.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %s", got)
	}
	if c := gone.Header.Get("Set-Cookie"); !strings.Contains(c, "kp_s=;") || !strings.Contains(c, "Max-Age=0") {
		t.Errorf("the session's cookie is set to %q", c)
	}
	receipt := ann.get(to).want(t, 200, "Your account is deleted", "All files are gone", "80 credits were given up", "Purchases: 1")
	if strings.Contains(receipt.text, "ann@example.com") {
		t.Error("the receipt names her")
	}
	h.browser().get(to).want(t, 200, "Your account is deleted")
	ann.get("/account").to(t, "/sign-in")
	if p := ann.post("/account/delete", yes); p.StatusCode != 401 {
		t.Errorf("a second press is answered %d", p.StatusCode)
	}
	ann.signIn("ann@example.com")
	if p := ann.get("/account").want(t, 200); strings.Contains(p.text, "/purchases\">Purchases</a></th><td>1") {
		t.Error("the new account has the old purchases")
	}
}

// A language that is chosen holds for mail as well.
func TestTheLanguageIsTheAccounts(t *testing.T) {
	h := kept(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.post("/prefs/language", url.Values{"language": {"de"}, "back": {"/account"}}).to(t, "/account")
	ann.get("/account").want(t, 200, "Dein Konto")
	_, z := ann.archive()
	f, err := z.Open("README.txt")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(b); !strings.Contains(s, "Alles, was Kinpict von dir aufbewahrt") {
		t.Errorf("the archive says %.80q", s)
	}
}

// What a person confirmed goes along from the guest they were, in the words they read.
func TestConsentIsKeptInItsWords(t *testing.T) {
	h := kept(t)
	ann := h.browser()
	ann.post("/prefs/language", url.Values{"language": {"de"}, "back": {"/create"}}).to(t, "/create")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("do", "preview")
	ann.upload("/create", f).to(t, "/generations/")
	ann.post("/prefs/language", url.Values{"language": {"en"}, "back": {"/create"}}).to(t, "/create")
	ann.signIn("ann@example.com")
	_, z := ann.archive()
	in, err := z.Open("consents.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"wording": "Alle auf diesen Fotos`); n != 1 {
		t.Errorf("the consents are %s", text)
	}
}

// Whoever asks for many links in ann's name keeps her out of no browser that she
// used before. The others hear when to come back.
func TestABrowserThatSignedInBeforeGetsItsLink(t *testing.T) {
	h := kept(t)
	ann, evil := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	ann.post("/sign-out", nil).to(t, "/")
	name := url.Values{"email": {"ann@example.com"}}
	for range people.LinksHere - 1 { // ann's was the first
		evil.post("/sign-in", name).want(t, 200)
	}
	if p := evil.post("/sign-in", name).want(t, 429, "Too many sign-in links", "in 60 minutes"); p.Header.Get("Retry-After") != "3600" {
		t.Errorf("Retry-After is %q, want an hour", p.Header.Get("Retry-After"))
	}
	h.clock.Advance(time.Second) // the newest link is the one
	ann.signIn("ann@example.com")
	h.clock.Advance(time.Second)
	ann.signIn("ann@example.com")
	if p := ann.get("/account").want(t, 200); strings.Count(p.text, "Signed in") != 1 {
		t.Error("signing in again left a sign-in behind")
	}
}
