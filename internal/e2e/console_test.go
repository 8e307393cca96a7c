package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	numbers "encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/config"
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
var consolePages = []string{"/console", "/console?days=7", "/console/queue", "/console/queue?reviews=closed&holds=approved", "/console/requests", "/console/requests?state=failed",
	"/console/people", "/console/ledger", "/console/providers", "/console/settings", "/console/trail"}

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
		presses := []string{"/console/reviews/rev_1/answer", "/console/holds/hld_1/approve", "/console/people/acc_1/address", "/console/ledger/audit"}

		guest, customer := s.guest(), s.officer("cus", kinpict.Customer, false)
		paths := append([]string{"/console/", "/console/enter", "/console/leave", "/console/nothing", "/console//enter", style}, append(presses, consolePages...)...)
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
		for _, path := range []string{"/console/enter", "/console/leave", "/console/ledger/audit", "/console/people/acc_1/address"} {
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

// What staff do is done once, by the rules, and stands in the trail.
func TestStaffWorkInTheConsole(t *testing.T) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, kind, func(c *config.Config) { c.SafetyHold = "on" })
			s.worksTheQueue()
		})
	}
}

func (s *stack) worksTheQueue() {
	ann := s.rich("ann")
	made := s.finish(ann, s.make(ann, s.ask(ann, 0)).ID)
	req := s.ask(ann, 1)
	req.Instruction = "Grandpa and the coffin he built"
	_, err := ann.Generate(s.Context(), s.key(), req)
	if kinpict.CodeOf(err) != kinpict.HeldForReview {
		s.Fatalf("doubtful words: %v", err)
	}
	review, err := ann.FileReview(s.Context(), s.key(), client.Report{Message: "Four credits <b>are</b> missing.", Generation: made.ID})
	s.must(err)
	acc, err := s.app.People.Account(s.Context(), "ann@example.org")
	s.must(err)

	o := s.inside("sue", kinpict.Support)
	o.see("/console").holds(s, "1 review", "1 held request")
	queue := o.see("/console/queue")
	hold := regexp.MustCompile(`/console/holds/(hld_[a-z0-9]+)`).FindString(queue.text)
	if hold == "" {
		s.Fatalf("the queue names no held request:\n%s", queue.words())
	}
	queue.holds(s, "“coffin”")

	// The words are there to be read, and who is in the photos; no photo is.
	page := o.see(hold)
	page.holds(s, "Grandpa and the coffin he built", "nothing is taken yet")
	for _, p := range req.Photos {
		if strings.Contains(page.text, p.ID) || strings.Contains(page.text, "<img") {
			s.Errorf("the page of a held request leads to photo %s", p.ID)
		}
	}
	if p := o.send(hold+"/approve", "note", strings.Repeat("x", 501)); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text, strings.Repeat("x", 501)) {
		s.Errorf("too long a note answers %d, or is lost", p.status)
	}
	if p := o.send(hold+"/approve", "note", "Go on."); p.status != http.StatusOK || !strings.HasPrefix(p.path, "/console/queue?done=approved") {
		s.Errorf("approving leads to %d at %s", p.status, p.path)
	}
	if p := o.send(hold + "/refuse"); p.status != http.StatusConflict {
		s.Errorf("refusing what was approved answers %d", p.status)
	}

	// An answer needs words, and credits a reason; what was typed stays.
	where := "/console/reviews/" + review.ID
	o.see(where).holds(s, "Four credits <b>are</b> missing.", review.EvidenceSHA256)
	for _, fields := range [][]string{{"text", ""}, {"text", "Typed.", "credits", "4"}, {"text", "Typed.", "credits", "four", "reason", "r"}, {"text", "Typed.", "credits", "1001", "reason", "r"}} {
		p := o.send(where+"/answer", fields...)
		if p.status != http.StatusUnprocessableEntity || fields[1] != "" && !strings.Contains(p.text, "Typed.") {
			s.Errorf("%v answers %d, or loses the words:\n%s", fields, p.status, p.words())
		}
	}
	s.audit()
	s.available(ann, 76)
	if p := o.send(where+"/answer", "text", "You are right.", "credits", "4", "reason", "sorry"); p.status != http.StatusOK || !strings.HasPrefix(p.path, "/console/queue?done=answered") {
		s.Errorf("answering leads to %d at %s:\n%s", p.status, p.path, p.words())
	}
	if p := o.send(where+"/answer", "text", "Again.", "credits", "4", "reason", "sorry"); p.status != http.StatusConflict {
		s.Errorf("answering twice answers %d", p.status)
	}
	s.available(ann, 80)
	if p := o.send(where+"/close", "text", "Done."); p.status != http.StatusOK {
		s.Errorf("closing answers %d", p.status)
	}

	// The session ends while somebody types: nothing is done and nothing is lost.
	second, err := ann.FileReview(s.Context(), s.key(), client.Report{Message: "Still."})
	s.must(err)
	for range 3 {
		s.pass(5 * time.Minute)
		o.see("/account")
	}
	p := o.send("/console/reviews/"+second.ID+"/answer", "text", "A long answer.")
	if p.status != http.StatusUnauthorized {
		s.Errorf("an answer after a quarter of an hour answers %d", p.status)
	}
	p.holds(s, "A long answer.", "was not carried out")
	if r, err := ann.Review(s.Context(), second.ID); err != nil || r.Status != kinpict.ReviewOpen {
		s.Errorf("the review is %+v, %v", r, err)
	}
	o.enter(0)

	// Nobody works on their own.
	s.must(s.app.People.SetRole(s.Context(), "root", "ann@example.org", kinpict.Support))
	own := &officer{browser: s.guest(), s: s, email: "ann@example.org"}
	own.signIn(own.email, "/")
	own.enrol()
	own.enter(0)
	own.see("/console/reviews/"+second.ID).holds(s, "Nobody works on their own review")
	if p := own.send("/console/reviews/"+second.ID+"/answer", "text", "Me."); p.status != http.StatusForbidden {
		s.Errorf("answering one's own review answers %d", p.status)
	}

	// Requests and people, without what is theirs alone.
	o.see("/console/requests").holds(s, "succeeded")
	if p := o.open("/console/requests?id=" + made.ID); p.path != "/console/requests/"+made.ID {
		s.Errorf("looking for a request leads to %s", p.path)
	}
	o.see("/console/requests/"+made.ID).holds(s, "Accepted", "Delivered", "4 credits, earned", "charge")
	if p := o.open("/console/requests?id=gen_none"); p.status != http.StatusNotFound {
		s.Errorf("looking for no request answers %d", p.status)
	}
	found := o.send("/console/people", "who", " Ann@Example.org ")
	if found.path != "/console/people/"+acc.ID || strings.Contains(found.text, "ann@example.org") {
		s.Errorf("looking for a person leads to %s, or shows the address", found.path)
	}
	found.holds(s, "a•••@•••.org", "80 credits", made.ID[:4])
	if p := o.send("/console/people", "who", "nobody@example.org"); p.status != http.StatusNotFound {
		s.Errorf("looking for nobody answers %d", p.status)
	}
	for _, path := range []string{"/console/people/acc_none", "/console/requests/gen_none", "/console/holds/hld_none", "/console/reviews/rev_none"} {
		if p := o.open(path); p.status != http.StatusNotFound {
			s.Errorf("%s answers %d", path, p.status)
		}
	}
	o.send("/console/people/"+acc.ID+"/address").holds(s, "ann@example.org", "stands in the trail")

	// The books, proven once and told.
	if p := o.send("/console/ledger/audit"); p.status != http.StatusOK || p.path != "/console/ledger?done=yes" {
		s.Errorf("the audit leads to %d at %s", p.status, p.path)
	}
	o.see("/console/ledger").holds(s, "Clean", "Trial balance 0", "Credits people hold")
	o.see("/console").holds(s, "The books balanced on")
	o.see("/console/settings").holds(s, "Price book", "KINPICT_SECRET_KEY (set)")
	if text := o.see("/console/settings").text; strings.Contains(text, secret) {
		s.Error("the settings show the master secret")
	}
	o.see("/console/trail").holds(s, "held request approved", "review answered", "credits given +4", "review closed", "address shown", "console opened", "role changed to support", "second factor made")
}
