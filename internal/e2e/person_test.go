package e2e

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/engine/enginetest"
)

// A browser keeps cookies, follows redirects, and says where its posts come
// from, as browsers do.
type browser struct {
	t    testing.TB
	base string
	http *http.Client
}

func newBrowser(t testing.TB, base string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t, base, &http.Client{Jar: jar, Transport: fetcher{transport}}}
}

type fetcher struct{ http.RoundTripper }

func (f fetcher) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Header.Get("Sec-Fetch-Site") == "" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return f.RoundTripper.RoundTrip(r)
}

// A page is an answer as a person sees it.
type page struct {
	status int
	path   string // where the redirects led, with the query
	header http.Header
	text   string
}

func (b *browser) do(r *http.Request, err error) page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Request.URL.RequestURI(), resp.Header, string(text)}
}

func (b *browser) address(path string) string {
	if strings.HasPrefix(path, "http") {
		return path
	}
	return b.base + path
}

// open fetches a page.
func (b *browser) open(path string) page {
	b.t.Helper()
	return b.do(http.NewRequestWithContext(context.Background(), http.MethodGet, b.address(path), nil))
}

// see is open for a page that must be there.
func (b *browser) see(path string) page {
	b.t.Helper()
	p := b.open(path)
	if p.status != http.StatusOK {
		b.t.Fatalf("GET %s: %d\n%s", path, p.status, p.text)
	}
	return p
}

// send submits a form: names and values in turn.
func (b *browser) send(path string, fields ...string) page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, b.address(path), strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.do(r, err)
}

// hidden is the value of a page's hidden field.
func (p page) hidden(t testing.TB, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="?` + name + `"? value="?([^">\s]+)`).FindStringSubmatch(p.text)
	if m == nil {
		t.Fatalf("the page at %s has no field %s:\n%s", p.path, name, p.text)
	}
	return html.UnescapeString(m[1])
}

// holds fails the test for every text the page does not show. Space between
// words is as a browser sees it, and marks are left out.
func (p page) holds(t testing.TB, texts ...string) {
	t.Helper()
	seen := p.words()
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			t.Errorf("the page at %s does not say %q:\n%s", p.path, text, seen)
		}
	}
}

var marks = regexp.MustCompile(`(?s)<(script|style|svg).*?</(script|style|svg)>|<[^>]*>`)

func (p page) words() string {
	return strings.Join(strings.Fields(html.UnescapeString(marks.ReplaceAllString(p.text, " "))), " ")
}

var signInLink = regexp.MustCompile(`/sign-in/confirm\?token=[A-Za-z0-9_-]+`)

// signIn signs in as a person does: asks for a link, reads the mail, presses.
// It returns the page that follows.
func (b *browser) signIn(email, next string) page {
	b.t.Helper()
	if p := b.send("/sign-in", "email", email, "next", next); p.status != http.StatusOK {
		b.t.Fatalf("ask for a link: %d\n%s", p.status, p.text)
	}
	mail := b.see("/outbox").text
	if i := strings.Index(mail, email); i >= 0 {
		mail = mail[i:]
	}
	link := signInLink.FindString(html.UnescapeString(mail))
	if link == "" {
		b.t.Fatalf("no link for %s in the outbox:\n%s", email, mail)
	}
	b.see(link)
	return b.send("/sign-in/confirm", "token", link[strings.Index(link, "=")+1:])
}

// api is the JSON API with this browser's cookies.
func (b *browser) api() *client.Client { return &client.Client{Base: b.base, HTTP: b.http} }

// guest is a browser nobody has signed in with.
func (s *stack) guest() *browser { return newBrowser(s.T, s.url) }

// person makes an account and returns its client.
func (s *stack) person(name string) *client.Client {
	s.Helper()
	email := name + "@example.org"
	if _, err := s.app.People.CreateAccount(s.Context(), email, kinpict.Customer); err != nil {
		s.Fatal(err)
	}
	return s.token(email)
}

// token is a client with an API token of an account that is there.
func (s *stack) token(email string) *client.Client {
	s.Helper()
	token, err := s.app.People.CreateToken(s.Context(), email, "test")
	if err != nil {
		s.Fatal(err)
	}
	return &client.Client{Base: s.url, Token: token, HTTP: s.guest().http}
}

// rich is a person who bought the small pack.
func (s *stack) rich(name string) *client.Client {
	s.Helper()
	c := s.person(name)
	s.buy(c, "credits-80")
	return c
}

// buy buys a pack in the sandbox, the page of which needs no session.
func (s *stack) buy(c *client.Client, pack string) *client.Checkout {
	s.Helper()
	o := s.order(c, pack)
	s.outcome(o, "paid")
	return o
}

func (s *stack) order(c *client.Client, pack string) *client.Checkout {
	s.Helper()
	o, err := c.Buy(s.Context(), s.key(), client.Order{Pack: pack})
	if err != nil {
		s.Fatalf("buy %s: %v", pack, err)
	}
	return o
}

// outcome presses a button on the sandbox's page.
func (s *stack) outcome(o *client.Checkout, what string) {
	s.Helper()
	if p := s.guest().send(o.URL, "outcome", what); p.status != http.StatusOK && p.status != http.StatusUnauthorized {
		s.Fatalf("outcome %s: %d\n%s", what, p.status, p.text)
	}
}

// grant is credits from staff.
func (s *stack) grant(name string, n kinpict.Credits) {
	s.Helper()
	s.give(name, n, adjustment{})
}

// ask is a request with one photo of its own.
func (s *stack) ask(c *client.Client, hue int) client.Request {
	s.Helper()
	p, err := c.AddPhoto(s.Context(), "photo.jpg", photo(hue))
	if err != nil {
		s.Fatalf("add photo: %v", err)
	}
	return client.Request{Quality: kinpict.Standard, Scenario: "gallery", Instruction: "Everyone together.",
		Photos: []client.PhotoUse{{ID: p.ID, Role: "parent", Label: "Ann"}}}
}

// photo is a drawn portrait; another hue is another photo.
func photo(hue int) []byte { return enginetest.Photo(320+hue/200, 400, uint8(hue%200)) }

// make asks for a picture that must be accepted.
func (s *stack) make(c *client.Client, r client.Request) *client.Generation {
	s.Helper()
	g, err := c.Generate(s.Context(), s.key(), r)
	if err != nil {
		s.Fatalf("generate: %v", err)
	}
	return g
}

func (s *stack) available(c *client.Client, want kinpict.Credits) {
	s.Helper()
	b, err := c.Credits(s.Context())
	if err != nil {
		s.Fatalf("credits: %v", err)
	}
	if b.Available != want {
		s.Errorf("%d credits are available, want %d", b.Available, want)
	}
}

// statement is the amounts of the person's transactions by kind, newest first.
func (s *stack) statement(c *client.Client) []client.Transaction {
	s.Helper()
	list, err := c.Transactions(s.Context(), "", 100)
	if err != nil {
		s.Fatalf("statement: %v", err)
	}
	return list.Items
}

// count is how many lines of a kind a statement has.
func count(lines []client.Transaction, kind string) (n int) {
	for _, l := range lines {
		if l.Kind == kind {
			n++
		}
	}
	return n
}

// refused checks the code of a refusal and that a person could act on it.
func refused(t testing.TB, what string, err error, code kinpict.Code) *kinpict.Error {
	t.Helper()
	var e *kinpict.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("%s: %v, want %s", what, err, code)
	}
	if e.Message == "" {
		t.Errorf("%s: no sentence for the customer", what)
	}
	return e
}
