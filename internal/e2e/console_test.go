package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	numbers "encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store/storetest"
)

// An officer works for the house, in a browser of theirs.
type officer struct {
	*browser
	s      *stack
	email  string
	secret string // of their authenticator app, "" for none
}

// officer makes an account of that role and signs it in on the site. The command
// makes its second factor.
func (s *stack) officer(name string, role kinpict.AccountRole, factor bool) *officer {
	s.Helper()
	o := &officer{browser: s.guest(), s: s, email: name + "@example.org"}
	if _, err := s.app.People.CreateAccount(s.Context(), o.email, role); err != nil {
		s.Fatal(err)
	}
	if factor {
		o.enrol()
	}
	o.signIn(o.email, "/")
	return o
}

func (o *officer) enrol() {
	o.s.Helper()
	e, err := o.s.app.People.EnrolFactor(o.s.Context(), "command line: root", o.email)
	if err != nil {
		o.s.Fatal(err)
	}
	o.secret = e.Secret
}

// digits is what an authenticator app shows after so many half minutes.
func (s *stack) digits(secret string, later int64) string {
	s.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		s.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	_ = numbers.Write(m, numbers.BigEndian, s.app.People.Now().Unix()/30+later)
	sum := m.Sum(nil)
	from := sum[19] & 15
	return fmt.Sprintf("%06d", (numbers.BigEndian.Uint32(sum[from:from+4])&0x7fffffff)%1000000)
}

// enter shows the code of now, or one of other half minutes.
func (o *officer) enter(later int64) page {
	o.s.Helper()
	return o.send("/console/enter", "back", "/console", "code", o.s.digits(o.secret, later))
}

// inside is an officer who has come in.
func (s *stack) inside(name string, role kinpict.AccountRole) *officer {
	s.Helper()
	o := s.officer(name, role, true)
	if p := o.enter(0); p.status != http.StatusOK || p.path != "/console" {
		s.Fatalf("entering led to %d at %s:\n%s", p.status, p.path, p.words())
	}
	return o
}

// consolePages are the addresses of the console that anybody could guess.
var consolePages = []string{"/console", "/console?days=7"}

// nowhere wants the page of an address where nothing is: the same answer, but for
// what repeats the address itself.
func (b *browser) nowhere(what, method, path string) {
	b.t.Helper()
	other := "/xonsole" + strings.TrimPrefix(path, "/console")
	ask := func(path string) page {
		b.t.Helper()
		return b.do(http.NewRequest(method, b.address(path), nil))
	}
	got, want := ask(path), ask(other)
	if got.status != http.StatusNotFound || got.status != want.status || strings.ReplaceAll(got.text, "/console", "/xonsole") != want.text {
		b.t.Errorf("%s: %s %s answers %d, where nothing is %d:\n%s", what, method, path, got.status, want.status, got.words())
	}
	for _, h := range []string{"Allow", "Location", "Set-Cookie", "Cache-Control", "X-Robots-Tag", "Referrer-Policy"} {
		if got.header.Get(h) != want.header.Get(h) {
			b.t.Errorf("%s: %s %s answers %s: %q, where nothing is %q", what, method, path, h, got.header.Get(h), want.header.Get(h))
		}
	}
}

func TestNobodyElseKnowsOfTheConsole(t *testing.T) {
	each(t, func(s *stack) {
		ops := s.inside("ops", kinpict.Operator)
		style := ops.see("/console").text
		style = style[strings.Index(style, "/console/style/"):]
		style, _, _ = strings.Cut(style, `"`)

		guest, customer := s.guest(), s.officer("cus", kinpict.Customer, false)
		paths := append([]string{"/console/", "/console/enter", "/console/leave", "/console/nothing", "/console//enter", style}, consolePages...)
		for who, b := range map[string]*browser{"a guest": guest, "a customer": customer.browser} {
			for _, path := range paths {
				for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE"} {
					b.nowhere(who, method, path)
				}
			}
		}
		// An operator's API token is for the API.
		token := s.token(ops.email)
		r, err := http.NewRequest("GET", s.url+"/console", nil)
		if err != nil {
			s.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token.Token)
		if p := s.guest().do(r, nil); p.status != http.StatusNotFound {
			s.Errorf("an API token leads to %d", p.status)
		}
		// Nothing that everybody reads names it.
		for _, path := range []string{"/", "/robots.txt", "/sitemap.xml", "/openapi.json", "/sign-in", "/account"} {
			if p := guest.open(path); strings.Contains(p.text, "console") {
				s.Errorf("%s names the console", path)
			}
		}
	})
}

func TestTheConsoleAsksForTheSecondFactor(t *testing.T) {
	each(t, func(s *stack) {
		bare := s.officer("new", kinpict.Support, false)
		p := bare.open("/console")
		if p.status != http.StatusUnauthorized {
			s.Errorf("without a second factor the console answers %d", p.status)
		}
		p.holds(s, "no second factor yet", "kinpict account second-factor new@example.org")

		o := s.officer("sue", kinpict.Support, true)
		for _, path := range consolePages {
			p := o.open(path)
			if p.status != http.StatusUnauthorized || strings.Contains(p.text, "Credits owed") {
				s.Errorf("before the code %s answers %d", path, p.status)
			}
			p.holds(s, "six digits")
		}
		if p := o.send("/console/enter", "code", s.digits(o.secret, 100)); p.status != http.StatusUnprocessableEntity {
			s.Errorf("a wrong code answers %d", p.status)
		}
		if p := o.enter(0); p.status != http.StatusOK || p.path != "/console" {
			s.Fatalf("the right code leads to %d at %s", p.status, p.path)
		}
		o.see("/console").holds(s, "Pictures delivered", "Credits owed to people", "sue@example.org , support")
		if p := o.enter(0); p.status != http.StatusUnprocessableEntity {
			s.Errorf("the same code again answers %d", p.status)
		}
		// Where to go on is a page of the console and nothing else.
		for _, back := range []string{"https://evil.example/", "//evil.example", "/credits", "/console\\..\\evil", "/consolex"} {
			s.pass(30 * time.Second)
			if p := o.send("/console/enter", "back", back, "code", s.digits(o.secret, 0)); p.path != "/console" {
				s.Errorf("back to %q leads to %s", back, p.path)
			}
		}

		// Two were wrong so far.
		for i := range people.WrongCodes - 2 {
			if p := o.send("/console/enter", "code", s.digits(o.secret, 100)); p.status != http.StatusUnprocessableEntity {
				s.Errorf("wrong code %d answers %d", i+1, p.status)
			}
		}
		s.pass(time.Minute)
		if p := o.enter(0); p.status != http.StatusTooManyRequests {
			s.Errorf("the right code after %d wrong ones answers %d", people.WrongCodes, p.status)
		}
	})
}

func TestAConsoleSessionEndsWithWhatItStandsOn(t *testing.T) {
	each(t, func(s *stack) {
		for name, c := range map[string]struct {
			end  func(o *officer)
			want int
		}{
			"left":               {func(o *officer) { o.send("/console/leave") }, http.StatusUnauthorized},
			"signed out":         {func(o *officer) { o.send("/sign-out") }, http.StatusNotFound},
			"role taken away":    {func(o *officer) { s.must(s.app.People.SetRole(s.Context(), "root", o.email, kinpict.Customer)) }, http.StatusNotFound},
			"another role":       {func(o *officer) { s.must(s.app.People.SetRole(s.Context(), "root", o.email, kinpict.Support)) }, http.StatusUnauthorized},
			"another factor":     {func(o *officer) { o.enrol() }, http.StatusUnauthorized},
			"no factor any more": {func(o *officer) { s.must(s.app.People.EndFactor(s.Context(), "root", o.email)) }, http.StatusUnauthorized},
			"deleted": {func(o *officer) {
				acc, err := s.app.People.Account(s.Context(), o.email)
				s.must(err)
				_, err = s.app.Keeping.DeleteFor(s.Context(), kinpict.Caller{AccountID: "root", Role: kinpict.Operator}, acc.ID)
				s.must(err)
			}, http.StatusNotFound},
		} {
			o := s.inside("ops"+strings.ReplaceAll(name, " ", ""), kinpict.Operator)
			c.end(o)
			for _, path := range consolePages {
				if p := o.open(path); p.status != c.want || strings.Contains(p.text, "Credits owed") {
					s.Errorf("%s: %s answers %d, want %d", name, path, p.status, c.want)
				}
			}
		}

		// Used on the site and not here, it closes after a quarter of an hour.
		o := s.inside("idle", kinpict.Operator)
		for range 3 {
			s.pass(5 * time.Minute)
			o.see("/account")
		}
		if p := o.open("/console"); p.status != http.StatusUnauthorized {
			s.Errorf("after a quarter of an hour the console answers %d", p.status)
		}
		// Used all day, it closes after twelve hours, with the sign-in.
		o = s.inside("busy", kinpict.Operator)
		for range 71 {
			s.pass(10 * time.Minute)
			o.see("/console")
		}
		s.pass(10 * time.Minute)
		if p := o.open("/console"); p.status != http.StatusNotFound {
			s.Errorf("after twelve hours the console answers %d", p.status)
		}
	})
}

func (s *stack) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// Looking changes nothing, and another site can press nothing.
func TestLookingAtTheConsoleChangesNothing(t *testing.T) {
	each(t, func(s *stack) {
		o := s.inside("ops", kinpict.Operator)
		before := s.contents()
		for _, path := range append(consolePages, "/console/enter", "/console/leave", "/console/none") {
			for _, method := range []string{"GET", "HEAD"} {
				o.do(http.NewRequest(method, s.url+path, nil))
			}
		}
		s.unchanged("looking", before)
		for _, path := range []string{"/console/enter", "/console/leave"} {
			for _, site := range []string{"cross-site", "same-site"} {
				r, err := http.NewRequest("POST", s.url+path, strings.NewReader("code="+s.digits(o.secret, 1)))
				s.must(err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", site)
				r.Header.Set("Origin", "https://evil.example")
				if p := o.do(r, nil); p.status != http.StatusForbidden {
					s.Errorf("%s from %s answers %d", path, site, p.status)
				}
			}
		}
		s.unchanged("pressed by another site", before)
		o.see("/console")

		for _, path := range consolePages {
			p := o.open(path)
			for h, want := range map[string]string{"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "X-Frame-Options": "DENY"} {
				if got := p.header.Get(h); got != want {
					s.Errorf("%s answers %s: %q, want %q", path, h, got, want)
				}
			}
			if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				s.Errorf("%s has the policy %q", path, csp)
			}
		}
	})
}

// contents is every row there is but what counts time alone: when a session was
// used, and that the database answers.
func (s *stack) contents() map[string][]string {
	s.Helper()
	url := string(s.app.Config.DatabaseURL)
	if url == "" {
		url = s.app.Config.Data + "/kinpict.db"
	}
	all := storetest.Contents(s, url)
	for _, table := range []string{"session", "console_session", "probe"} {
		delete(all, table)
	}
	return all
}

func (s *stack) unchanged(what string, before map[string][]string) {
	s.Helper()
	for table, rows := range s.contents() {
		if got, want := strings.Join(rows, "\n"), strings.Join(before[table], "\n"); got != want {
			s.Errorf("%s changed %s:\n%s\nwas\n%s", what, table, got, want)
		}
	}
}
