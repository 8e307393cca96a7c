package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/api"
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/blob/disk"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/keeping"
	"kinpict/internal/people"
	"kinpict/internal/photo"
	"kinpict/internal/scenario"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
	"kinpict/internal/support"
)

// A rig is the API before the real use cases on a real database. Only the
// easel is not what is shipped.
type rig struct {
	*testing.T
	clock   *storetest.Clock
	people  *people.People
	shop    *billing.Shop
	sand    *sandbox.Provider
	studio  *generation.Studio
	easel   *easel
	api     *api.API
	handler http.Handler
	server  *httptest.Server
	log     *lockedBuffer
	keys    int
}

// An easel draws a small picture, or fails as it is told.
type easel struct {
	mu     sync.Mutex
	closed error // Available's answer
	fail   error // Draw's answer
}

func (e *easel) set(closed, fail error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed, e.fail = closed, fail
}

func (e *easel) Available(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

func (e *easel) PreviewAvailable(ctx context.Context) error { return e.Available(ctx) }

func (e *easel) Draw(context.Context, *engine.Job) (*engine.Picture, string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		return nil, "easel", e.fail
	}
	return &engine.Picture{Data: picture(400, 500), ContentType: "image/jpeg", Width: 400, Height: 500}, "easel", nil
}

// picture is a JPEG of that size.
func picture(w, h int) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = uint8(i / w)
	}
	m.SetGray(w/2, h/2, color.Gray{200})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// each runs f with a fresh rig on every kind of database.
func each(t *testing.T, f func(r *rig)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) { f(newRig(t, db, clock)) })
}

// oneKind is for what never reaches the database, or is the same on both.
func oneKind(t *testing.T, f func(r *rig)) {
	t.Helper()
	clock := storetest.NewClock()
	f(newRig(t, storetest.New(t, "sqlite", clock), clock))
}

const sandboxSignature = sandbox.Header

func newRig(t *testing.T, db *store.DB, clock *storetest.Clock) *rig {
	t.Helper()
	if err := db.Seed(context.Background(), kinpict.DefaultCatalog()); err != nil {
		t.Fatal(err)
	}
	bucket, err := disk.Open(t.TempDir(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	const public = "http://kinpict.example"
	ids := kinpict.IDs{Now: clock.Now, Rand: rand.Reader}
	r := &rig{T: t, clock: clock, easel: &easel{}, log: &lockedBuffer{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	r.people = &people.People{DB: db, IDs: ids, Now: clock.Now, Key: []byte("secret"), PublicURL: public}
	r.sand = &sandbox.Provider{DB: db, IDs: ids, Now: clock.Now, Keys: [][]byte{sandbox.Key([]byte("secret"))}, PublicURL: public, Log: log, Deliver: r.deliver}
	r.shop = &billing.Shop{DB: db, IDs: ids, Now: clock.Now, Provider: r.sand, PublicURL: public, Log: log}
	r.studio = &generation.Studio{DB: db, Engines: r.easel, Blobs: bucket, Scenarios: scenario.Builtin(), IDs: ids, Now: clock.Now, Log: log,
		Worker: "wrk_test", Workers: 1, Poll: time.Second, Jitter: func() float64 { return 0 }, Resize: photo.Resize, ShareKey: []byte("share secret")}
	u, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	edge := &httpd.Edge{Public: u, Log: log, Now: time.Now, NewID: func() string { return ids.New("req_") }, Exempt: []string{"POST /webhooks/{provider}"}}
	mux := http.NewServeMux()
	r.api = &api.API{Studio: r.studio, Shop: r.shop, Scenarios: r.studio.Scenarios,
		Intake:   &intake.Intake{DB: db, Blobs: bucket, IDs: ids, Now: clock.Now, Gate: photo.NewGate(photo.GateMiB, photo.GateQueue), Limits: photo.DefaultLimits()},
		Identity: &httpd.Identity{Cookies: edge.Cookies(), Session: r.people.Session, Token: r.people.Token, Device: r.people.Guest, Network: r.people.Network},
		Support:  r.desk(db, ids, public),
		Sample:   func(id string) string { return "/samples/" + id },
		ShareURL: func(token string) string { return public + "/s/" + token },
		Exports:  &httpd.Slots{All: 2, Each: 1},
		Keeping: &keeping.Keeper{DB: db, Blobs: bucket, IDs: ids, Now: clock.Now, Log: log, Redact: support.Redact,
			Statement: func(ctx context.Context, c kinpict.Caller, cursor string, limit int) ([]kinpict.Transaction, string, error) {
				return r.shop.Statement(ctx, c, billing.Filter{}, cursor, limit)
			},
			Receipt: func(ctx context.Context, c kinpict.Caller, purchase string) ([]byte, error) {
				got, err := r.api.Support.PurchaseReceipt(ctx, c, purchase)
				if err != nil {
					return nil, err
				}
				return got.File, nil
			}},
		Limits: client.Limits{Upload: client.UploadLimits{MaxBytes: 20 << 20}}}
	r.api.Routes(mux)
	r.handler = edge.Wrap(mux)
	r.server = httptest.NewServer(r.handler)
	t.Cleanup(r.server.Close)
	return r
}

// deliver posts a webhook to the API, as the sandbox does.
func (r *rig) deliver(ctx context.Context, header http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, "POST", r.server.URL+"/webhooks/sandbox", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("webhook answered %s", resp.Status)
	}
	return nil
}

// person signs somebody up and returns their client.
func (r *rig) person(name string) *client.Client {
	r.Helper()
	email := name + "@example.org"
	if _, err := r.people.CreateAccount(r.Context(), email, kinpict.Customer); err != nil {
		r.Fatal(err)
	}
	token, err := r.people.CreateToken(r.Context(), email, "test")
	if err != nil {
		r.Fatal(err)
	}
	return &client.Client{Base: r.server.URL, Token: token}
}

// guest is a client with a cookie jar and no account. Its Origin is the site's
// own, as a browser's would be.
func (r *rig) guest() *client.Client {
	r.Helper()
	return &client.Client{Base: r.server.URL, HTTP: &http.Client{Jar: &jar{}, Transport: sameOrigin{}}}
}

// sameOrigin says what a browser would say: the request is from our own page.
type sameOrigin struct{}

func (sameOrigin) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Origin")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return http.DefaultTransport.RoundTrip(r)
}

// A jar keeps the cookies of one site.
type jar struct {
	mu  sync.Mutex
	all map[string]*http.Cookie
}

func (j *jar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.all == nil {
		j.all = map[string]*http.Cookie{}
	}
	for _, c := range cookies {
		j.all[c.Name] = c
	}
}

func (j *jar) Cookies(*url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []*http.Cookie
	for _, c := range j.all {
		list = append(list, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return list
}

func (r *rig) key() string {
	r.keys++
	return fmt.Sprint("key-", r.keys)
}

// credits buys the small pack in the sandbox.
func (r *rig) credits(c *client.Client) *client.Checkout {
	r.Helper()
	o, err := c.Buy(r.Context(), r.key(), client.Order{Pack: "credits-80"})
	if err != nil {
		r.Fatalf("buy: %v", err)
	}
	r.pay(o)
	return o
}

func (r *rig) pay(o *client.Checkout) {
	r.Helper()
	if err := r.sand.Outcome(r.Context(), o.URL[strings.LastIndexByte(o.URL, '/')+1:], "paid"); err != nil {
		r.Fatalf("pay: %v", err)
	}
}

// ask is a request of the first scenario with as many photos as it needs.
func (r *rig) ask(c *client.Client) client.Request {
	r.Helper()
	sc := r.studio.Scenarios.All()[0]
	req := client.Request{Quality: kinpict.Standard, Scenario: sc.ID, Instruction: "Everyone together."}
	for i := range max(sc.MinPhotos, 1) {
		p, err := c.AddPhoto(r.Context(), "photo.jpg", picture(400+i, 400))
		if err != nil {
			r.Fatalf("add photo: %v", err)
		}
		req.Photos = append(req.Photos, client.PhotoUse{ID: p.ID, Role: "parent", Label: "Ann"})
	}
	return req
}

// draw lets the worker do all that waits.
func (r *rig) draw() {
	r.Helper()
	for {
		did, err := r.studio.Once(r.Context())
		if err != nil {
			r.Fatalf("draw: %v", err)
		}
		if !did {
			return
		}
	}
}

func (r *rig) available(c *client.Client, want kinpict.Credits) {
	r.Helper()
	b, err := c.Credits(r.Context())
	if err != nil {
		r.Fatalf("credits: %v", err)
	}
	if b.Available != want {
		r.Errorf("%d credits are left, want %d", b.Available, want)
	}
}

// refused checks the code and the status of an error.
func (r *rig) refused(what string, err error, code kinpict.Code) *kinpict.Error {
	r.Helper()
	var e *kinpict.Error
	if !errors.As(err, &e) || e.Code != code {
		r.Fatalf("%s: %v, want %s", what, err, code)
	}
	if e.Message == "" {
		r.Errorf("%s: no sentence for the customer", what)
	}
	return e
}

// raw sends bytes and returns the answer, for what a client would not send.
func (r *rig) raw(method, path string, header map[string]string, body string) (*http.Response, string) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp, string(b)
}

// problem decodes a problem document and checks that it is one.
func (r *rig) problem(what string, resp *http.Response, body string) client.Problem {
	r.Helper()
	var p client.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || resp.Header.Get("Content-Type") != httpd.ProblemType {
		r.Fatalf("%s: %d is no problem document: %s", what, resp.StatusCode, body)
	}
	if p.Status != resp.StatusCode || p.Detail == "" || p.Code == "" {
		r.Errorf("%s: %d, %+v", what, resp.StatusCode, p)
	}
	return p
}
