package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/blob/disk"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/mail"
	"kinpict/internal/people"
	"kinpict/internal/photo"
	"kinpict/internal/scenario"
	"kinpict/internal/store/storetest"
	"kinpict/internal/support"
	"kinpict/internal/web"
)

// A house is the site with everything behind it but an engine that draws.
type house struct {
	*testing.T
	url     string
	clock   *storetest.Clock
	shop    *billing.Shop
	support *support.Desk
	studio  *generation.Studio
	engine  *broken
	log     *journal
}

// A journal keeps what the site logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// broken is an engine that declines every picture, or is away.
type broken struct {
	away    error
	drawing func() // called while it composes
}

func (b *broken) Available(context.Context) error        { return b.away }
func (b *broken) PreviewAvailable(context.Context) error { return b.away }
func (b *broken) Draw(_ context.Context, j *engine.Job) (*engine.Picture, string, error) {
	if b.drawing != nil {
		j.Progress("composing")
		b.drawing()
	}
	return nil, "", &engine.Error{Outcome: engine.Refused, Detail: "no"}
}

func open(t *testing.T, settings ...func(*web.Site)) *house {
	t.Helper()
	clock := storetest.NewClock()
	db := storetest.New(t, "sqlite", clock)
	if err := db.Seed(t.Context(), kinpict.DefaultCatalog()); err != nil {
		t.Fatal(err)
	}
	ids := kinpict.IDs{Now: clock.Now, Rand: rand.Reader}
	blobs, err := disk.Open(t.TempDir(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	base := "http://" + srv.Listener.Addr().String()
	public, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, url: base, clock: clock, engine: &broken{}, log: &journal{}}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	bank := &sandbox.Provider{DB: db, IDs: ids, Now: clock.Now, Keys: [][]byte{sandbox.Key([]byte("k"))}, PublicURL: base, Log: log}
	h.shop = &billing.Shop{DB: db, IDs: ids, Now: clock.Now, Provider: bank, PublicURL: base, Log: log}
	bank.Deliver = func(ctx context.Context, header http.Header, body []byte) error {
		return h.shop.Webhook(ctx, sandbox.Name, header, body)
	}
	folk := &people.People{DB: db, IDs: ids, Now: clock.Now, Key: []byte("key"), PublicURL: base}
	h.studio = &generation.Studio{DB: db, Engines: h.engine, Blobs: blobs, Scenarios: scenario.Builtin(), IDs: ids, Now: clock.Now, Log: log, Worker: "w",
		Workers: 1, Poll: time.Second, Jitter: func() float64 { return 0 }}
	edge := &httpd.Edge{Public: public, Log: log, Now: time.Now, NewID: func() string { return "req" }}
	pages := web.Site{Studio: h.studio, Shop: h.shop, People: folk, Support: h.desk(db, ids, clock.Now, base), Scenarios: scenario.Builtin(), Sandbox: bank, Outbox: &mail.Post{DB: db}, IDs: ids, Now: clock.Now,
		Intake:   &intake.Intake{DB: db, Blobs: blobs, IDs: ids, Now: clock.Now, Gate: photo.NewGate(512, 16), Limits: photo.DefaultLimits()},
		Identity: &httpd.Identity{Cookies: edge.Cookies(), Session: folk.Session, Token: folk.Token, Device: folk.Guest, Network: folk.Network}}
	for _, set := range settings {
		set(&pages)
	}
	site, err := web.New(pages)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Routes(mux)
	edge.Fail = site.Fail
	srv.Config.Handler = edge.Wrap(mux)
	srv.Start()
	t.Cleanup(srv.Close)
	return h
}

// A browser keeps cookies and follows no redirect by itself.
type browser struct {
	*house
	http *http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.Fatal(err)
	}
	return &browser{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// A page is an answer with its body read.
type page struct {
	*http.Response
	text string
}

func (b *browser) do(method, path, kind string, body io.Reader) page {
	b.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.url + path
	}
	r, err := http.NewRequest(method, path, body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Origin", b.url)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return b.answer(r)
}

func (b *browser) answer(r *http.Request) page {
	b.Helper()
	res, err := b.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return page{res, html.UnescapeString(string(text))}
}

func (b *browser) get(path string) page { b.Helper(); return b.do("GET", path, "", nil) }

func (b *browser) post(path string, form url.Values) page {
	b.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload posts a form as the create page does without scripts.
func (b *browser) upload(path string, form url.Values, files ...[]byte) page {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, vs := range form {
		for _, v := range vs {
			m.WriteField(k, v)
		}
	}
	for i, f := range files {
		w, err := m.CreateFormFile("photos", fmt.Sprintf("%d.jpg", i))
		if err != nil {
			b.Fatal(err)
		}
		w.Write(f)
	}
	m.Close()
	return b.do("POST", path, m.FormDataContentType(), &body)
}

// form is the hidden fields and choices of the page's create form.
func (p page) form(t *testing.T) url.Values {
	t.Helper()
	f := url.Values{"scenario": {"autumn"}, "quality": {"standard"}, "consent": {"yes"}}
	form := p.text
	if i := strings.Index(form, `id="tool"`); i >= 0 {
		form = form[i:]
		form = form[:strings.Index(form, "</form>")]
	}
	for _, m := range regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		f.Add(m[1], m[2])
	}
	return f
}

func (p page) want(t *testing.T, status int, words ...string) page {
	t.Helper()
	if p.StatusCode != status {
		t.Fatalf("%s %s answered %d, want %d", p.Request.Method, p.Request.URL.Path, p.StatusCode, status)
	}
	for _, w := range words {
		if !strings.Contains(p.text, w) {
			t.Fatalf("%s %s does not say %q", p.Request.Method, p.Request.URL.Path, w)
		}
	}
	return p
}

func (p page) to(t *testing.T, prefix string) string {
	t.Helper()
	p.want(t, http.StatusSeeOther)
	u, err := p.Location()
	if err != nil || !strings.HasPrefix(u.RequestURI(), prefix) {
		t.Fatalf("%s %s leads to %v, want %s", p.Request.Method, p.Request.URL.Path, u, prefix)
	}
	return u.RequestURI()
}

// snapshot is a photo unlike any other of another n.
func snapshot(t *testing.T, n uint8) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, 400, 400))
	for y := range 400 {
		for x := range 400 {
			im.Set(x, y, color.RGBA{uint8(x / 2), uint8(y / 2), n, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (b *browser) signIn(email string) string {
	b.Helper()
	b.post("/sign-in", url.Values{"email": {email}, "next": {"/create"}}).want(b.T, 200, "We sent a link")
	link := regexp.MustCompile(`/sign-in/confirm\?token=([^"]+)"`).FindStringSubmatch(b.get("/outbox").text)
	if link == nil {
		b.Fatal("the outbox holds no link")
	}
	b.get("/sign-in/confirm?token="+link[1]).want(b.T, 200, link[1])
	return b.post("/sign-in/confirm", url.Values{"token": {link[1]}}).to(b.T, "/create")
}

// buy pays for the first pack and returns the page the bank sends the person to.
func (b *browser) buy(back string) page {
	b.Helper()
	prices := b.get("/pricing?back=" + url.QueryEscape(back))
	order := regexp.MustCompile(`(?s)<form method="post" action="/checkout".*?</form>`).FindString(prices.text)
	f := url.Values{}
	for _, m := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(order, -1) {
		f.Add(m[1], m[2])
	}
	bank := b.post("/checkout", f).to(b.T, "/sandbox/checkout/")
	if again := b.post("/checkout", f).to(b.T, "/sandbox/checkout/"); again != bank {
		b.Fatalf("the same form opened two checkouts: %s and %s", bank, again)
	}
	b.get(bank).want(b.T, 200, "No real money moves")
	return b.get(b.post(bank, url.Values{"outcome": {"paid"}}).to(b.T, "/checkout/return"))
}

func TestNothingIsLostOnTheWayToAPicture(t *testing.T) {
	h := open(t)
	ann := h.browser()
	f := ann.get("/create").want(t, 200).form(t)
	f.Set("instruction", "Nana's \"90th\" <party>\r\nat the lake")
	ann.upload("/create/photos", f, snapshot(t, 1), []byte("no picture"), snapshot(t, 2)).want(t, 422, "This file is not a photo", "at the lake")
	again := ann.get("/create").want(t, 200, "at the lake")
	f = again.form(t)
	if n := len(f["photo"]); n != 2 {
		t.Fatalf("%d photos are kept, want the two good ones", n)
	}
	f.Set("instruction", "At the sea")
	f.Set("role-"+f["photo"][0], "grandparent")
	f.Set("do", "signin")
	ann.upload("/create", f).to(t, "/sign-in?next=%2Fcreate")
	if next := ann.signIn("Ann@Example.com"); next != "/create" {
		t.Fatalf("signing in leads to %s", next)
	}
	tool := ann.get("/create").want(t, 200, "At the sea", `value="grandparent" selected`, "You need 4 more credits", "Keep this and add credits")
	f = tool.form(t)
	if n := len(f["photo"]); n != 2 {
		t.Fatalf("%d of 2 photos came along at sign-in", n)
	}
	f.Set("do", "make")
	f.Set("instruction", "At the sea")
	short := ann.upload("/create", f).want(t, 422, "You need 4 more credits", "At the sea", "Nothing has been taken")
	held := regexp.MustCompile(`/held/hld_[0-9a-z]+`).FindString(short.text)
	ann.upload("/create", f).to(t, held)
	if n := len(ann.get("/create").form(t)["photo"]); n != 2 {
		t.Errorf("the second press of one button keeps %d photos", n)
	}
	ann.post(held, url.Values{}).want(t, 422, "You need 4 more credits")
	ann.buy(held).want(t, 200, "80 credits added", held, "Make picture, 4 credits")
	made := ann.post(held, url.Values{}).to(t, "/generations/gen_")
	if again := ann.post(held, url.Values{}).to(t, "/generations/gen_"); again != made {
		t.Errorf("two presses made two pictures: %s and %s", made, again)
	}
	ann.get(made).want(t, 200, "4 credits taken", "Next in line")
	if strings.Contains(ann.get("/create").text, "At the sea") {
		t.Error("the tool still holds the request that went on")
	}

	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	failed := ann.get(made).want(t, 200, "This one didn’t come out", `<a href="/policies/acceptable-use">acceptable use policy</a>.`, "4 credits are already back", "You have 80 credits now")
	ann.get("/credits").want(t, 200, "Credits returned", "+4", "−4", "+80")
	retry := url.Values{}
	for _, m := range regexp.MustCompile(`name="(key|catalog_version)" value="([^"]+)"`).FindAllStringSubmatch(failed.text, -1) {
		retry.Set(m[1], m[2])
	}
	second := ann.post(made+"/retry", retry).to(t, "/generations/gen_")
	if third := ann.post(made+"/retry", retry).to(t, "/generations/gen_"); third != second || second == made {
		t.Errorf("one press of Try again made %s and %s", second, third)
	}
	ann.post(second+"/cancel", nil).to(t, second)
	ann.get(second).want(t, 200, "You canceled this picture", "You have 80 credits now")
}

func TestAGuestsPreviewAndItsEnd(t *testing.T) {
	h := open(t)
	guest := h.browser()
	guest.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := guest.get("/create").form(t)
	f.Set("do", "preview")
	f.Del("consent")
	guest.upload("/create", f).want(t, 422, "Please confirm that everyone", "Problem:")
	f.Set("consent", "yes")
	made := guest.upload("/create", f).to(t, "/generations/gen_")
	if again := guest.upload("/create", f).to(t, "/generations/gen_"); again != made {
		t.Errorf("one press made two previews")
	}
	guest.get(made).want(t, 200, "Preview accepted")
	f.Set("key", "another")
	guest.upload("/create", f).want(t, 429, "Sign in to make it, 4 credits")
	other := h.browser()
	other.get(made).want(t, 404, "isn’t in the album")
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	guest.get(made).want(t, 200, "Your free preview is given back")
}

func TestReasonsForNotGoingOnKeepEverything(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	fill := func() url.Values {
		f := ann.get("/create").form(t)
		f.Set("instruction", "Keep me")
		f.Set("do", "make")
		return f
	}
	h.engine.away = &kinpict.Error{Code: kinpict.EngineUnavailable, Message: "No engine is up.", Hint: "Wait."}
	ann.upload("/create", fill()).want(t, 503, "No engine is up", "Keep me")
	h.engine.away = errors.New("a fault of ours")
	ann.upload("/create", fill()).want(t, 500, "Something went wrong on our side")
	h.engine.away = nil
	ann.get("/create").want(t, 200, "Keep me")

	f := fill()
	dear := kinpict.DefaultCatalog()
	dear.Qualities[0].Credits = 6
	if _, err := h.shop.Apply(t.Context(), "op", "dearer", dear, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	changed := ann.upload("/create", f).want(t, 409, "The price has changed", "4 credits", "It takes 6 credits now", "Keep me", "Make picture, 6 credits")
	ann.get("/pricing").want(t, 200, "6 credits")
	ann.get("/policies/credits").want(t, 200, "A Standard family picture uses 6 credits", "about 13 standard pictures or 8 enhanced pictures")

	f = changed.form(t)
	f.Set("instruction", "Keep me")
	made := ann.upload("/create", f).to(t, "/generations/gen_")
	f.Set("instruction", "Something else")
	ann.upload("/create", f).want(t, 422, "This page was sent before", "Something else")
	ann.get(made).want(t, 200, "6 credits taken")
	ann.get("/credits").want(t, 200, "74")
}

func TestPhotosAreTakenOutAgain(t *testing.T) {
	ann := open(t).browser()
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1), snapshot(t, 2)).to(t, "/create")
	f := ann.get("/create").form(t)
	if len(f["photo"]) != 2 {
		t.Fatalf("%d photos were taken in, want 2", len(f["photo"]))
	}
	f.Set("instruction", "Still here")
	ann.upload("/create/photos/"+f["photo"][0]+"/delete", f).to(t, "/create")
	left := ann.get("/create").want(t, 200, "Still here").form(t)
	if len(left["photo"]) != 1 || left["photo"][0] != f["photo"][1] {
		t.Errorf("of %v are left %v", f["photo"], left["photo"])
	}
	ann.post("/create/draft", url.Values{"scenario": {"beach"}, "quality": {"enhanced"}, "instruction": {"From the script"}}).want(t, 204)
	ann.get("/create").want(t, 200, "From the script")
}

func TestOnlyTheDraftThatWentOnIsForgotten(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("instruction", "The first")
	f.Set("do", "make")
	held := regexp.MustCompile(`/held/hld_[0-9a-z]+`).FindString(ann.upload("/create", f).want(t, 422).text)
	draft := func(words string) {
		d := url.Values{"scenario": {"beach"}, "quality": {"enhanced"}, "instruction": {words}}
		ann.post("/create/draft", d).want(t, 204)
	}
	draft("The second")
	ann.upload("/create/photos/"+f.Get("photo")+"/delete", url.Values{"scenario": {"beach"}, "quality": {"enhanced"}, "instruction": {"The second"}}).to(t, "/create")
	ann.buy("").want(t, 200, "80 credits added")
	made := ann.post(held, url.Values{}).to(t, "/generations/gen_")
	ann.get("/create").want(t, 200, "The second")

	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	draft("The third")
	ann.post(made+"/retry", url.Values{"key": {"again"}}).to(t, "/generations/gen_")
	ann.get("/create").want(t, 200, "The third")
}

func TestRetryWithoutCreditsLeadsToTheHeldRequestEveryTime(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("do", "make")
	made := ann.upload("/create", f).to(t, "/generations/gen_")
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	dear := kinpict.DefaultCatalog()
	dear.Qualities[0].Credits = 90
	dear.Qualities[1].Credits = 99
	if _, err := h.shop.Apply(t.Context(), "op", "dearer", dear, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	press := url.Values{"key": {"again"}, "catalog_version": {"2"}}
	held := ann.post(made+"/retry", press).to(t, "/held/hld_")
	if again := ann.post(made+"/retry", press).to(t, "/held/hld_"); again != held {
		t.Errorf("two presses of one button lead to %s and %s", held, again)
	}
}

// A sign-in link is a key to an account, so only whoever runs the site may read it.
func TestMailOfAPublicSiteIsNobodysToRead(t *testing.T) {
	b := open(t, func(s *web.Site) { s.Outbox, s.KeepsMail = nil, true }).browser()
	sent := b.post("/sign-in", url.Values{"email": {"ann@example.com"}}).want(t, 200, "kept and not sent", "Ask whoever runs it")
	for name, p := range map[string]page{"the page after asking": sent, "the home page": b.get("/").want(t, 200, "no real money")} {
		if strings.Contains(p.text, "/outbox") {
			t.Errorf("%s leads to the outbox", name)
		}
	}
	if p := b.get("/outbox").want(t, 404); strings.Contains(p.text, "token=") {
		t.Error("the answer holds a link")
	}
}

func TestPagesForEverybody(t *testing.T) {
	h := open(t)
	b := h.browser()
	for path, status := range map[string]int{
		"/": 200, "/scenarios": 200, "/scenarios/autumn": 200, "/scenarios/none": 404, "/pricing": 200, "/create": 200, "/generations": 200,
		"/policies/credits": 200, "/policies/privacy": 200, "/policies/terms": 200, "/policies/acceptable-use": 200, "/policies/none": 404,
		"/sign-in": 200, "/sign-in/confirm?token=x": 200, "/outbox": 200, "/robots.txt": 200, "/manifest.webmanifest": 200, "/none": 404,
		"/pricing/history": 200, "/purchases": 303, "/purchases/pur_x": 303, "/help/balance": 303, "/help/balance/rev_x": 303,
		"/credits": 303, "/held/hld_x": 303, "/checkout/return?id=pur_x": 303, "/generations/gen_x": 404, "/sandbox/checkout/cs_x": 404,
		"/create?from=gen_x": 404, "/generations?cursor=%00": 400,
	} {
		p := b.get(path)
		if p.StatusCode != status {
			t.Errorf("%s answers %d, want %d", path, p.StatusCode, status)
		}
		if c := p.Header.Get("Set-Cookie"); c != "" {
			t.Errorf("looking at %s sets a cookie", path)
		}
		if !strings.Contains(p.Header.Get("Content-Security-Policy"), "require-trusted-types-for 'script'") {
			t.Errorf("%s comes without its policy", path)
		}
	}
	b.get("/credits").to(t, "/sign-in?next=%2Fcredits")
	b.post("/sign-in/confirm", url.Values{"token": {"x"}}).want(t, 404, "does not work any more")
	b.post("/sign-in", url.Values{"email": {"ann"}}).want(t, 422, "This is not an e-mail address")
	b.post("/checkout", url.Values{"pack": {"credits-80"}}).to(t, "/sign-in?next=%2Fpricing")
	b.post("/prefs/theme", url.Values{"theme": {"dark"}, "back": {"//evil.example"}}).to(t, "/")
	b.get("/pricing").want(t, 200, `data-theme="dark"`)

	foreign, err := http.NewRequest("POST", h.url+"/create", strings.NewReader("do=make"))
	if err != nil {
		t.Fatal(err)
	}
	foreign.Header.Set("Origin", "https://evil.example")
	foreign.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.http.Do(foreign)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a foreign post is answered %d as %s, want a 403 page", res.StatusCode, res.Header.Get("Content-Type"))
	}
}

// A form that names no price book must not stand for any price.
func TestAFormWithoutAPriceIsNotCharged(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	for _, v := range []string{"", "0", "-1", "x", "99"} {
		f := ann.get("/create").form(t)
		f.Set("do", "make")
		f.Set("catalog_version", v)
		ann.upload("/create", f).want(t, 422, "The prices you were shown are not known here.")
	}
	ann.get("/credits").want(t, 200, "80")
}
