package people_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var ctx = context.Background()

func door(db *store.DB, clock *storetest.Clock) *people.People {
	return &people.People{DB: db, IDs: kinpict.IDs{Now: clock.Now, Rand: rand.Reader}, Now: clock.Now,
		Key: bytes.Repeat([]byte{7}, 32), PublicURL: "http://localhost:8080"}
}

// ask requests a link for ann and returns the token that was mailed.
func ask(t *testing.T, p *people.People, email, browser, next string) string {
	t.Helper()
	if err := p.RequestLink(ctx, kinpict.Caller{Network: "home"}, people.Asking{Email: email, Browser: browser, Next: next}); err != nil {
		t.Fatalf("ask for a link: %v", err)
	}
	return mailed(t, p, email)
}

// outbox is the newest messages that wait or were sent.
func outbox(p *people.People, limit int) (out []store.Mail, err error) {
	err = p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.Outbox("", limit)
		return err
	})
	return out, err
}

// mailed is the token in the newest message to an address.
func mailed(t *testing.T, p *people.People, email string) string {
	t.Helper()
	box, err := outbox(p, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range box {
		if m.To != strings.ToLower(email) {
			continue
		}
		_, rest, ok := strings.Cut(m.Body, "http://localhost:8080/sign-in/confirm?token=")
		if !ok {
			t.Fatalf("no link in %q", m.Body)
		}
		token, _, _ := strings.Cut(rest, "\n")
		return token
	}
	t.Fatalf("no message to %s", email)
	return ""
}

// enter signs ann in, as the given guest if any.
func enter(t *testing.T, p *people.People, guestID string) *people.SignedIn {
	t.Helper()
	return enterFrom(t, p, guestID, "")
}

// enterFrom is enter from a page of the site.
func enterFrom(t *testing.T, p *people.People, guestID, next string) *people.SignedIn {
	t.Helper()
	in, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, "ann@example.com", "browser", next), Browser: "browser", GuestID: guestID})
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	return in
}

func want(t *testing.T, what string, err error, code kinpict.Code) {
	t.Helper()
	if kinpict.CodeOf(err) != code {
		t.Errorf("%s: got %v, want code %q", what, err, code)
	}
}

func TestNormalise(t *testing.T) {
	for in, out := range map[string]string{
		"ann@example.com":             "ann@example.com",
		"  Ann@Example.COM\t":         "ann@example.com",
		"ann+kids@mail.example.co.uk": "ann+kids@mail.example.co.uk",
		"u\u0308ber@example.com":      "\u00fcber@example.com",
		"ann@localhost":               "ann@localhost",
		"":                            "",
		"ann":                         "",
		"@example.com":                "",
		"ann@":                        "",
		"ann@a@b":                     "",
		"ann@.com":                    "",
		"ann@example..com":            "",
		"ann@exam\nple.com":           "",
		"ann@example.com\r\nBcc: x@y": "",
		"ann b@example.com":           "",
		"ann,bob@example.com":         "",
		"<ann@example.com>":           "",
		"ann@example.com\u202e":       "",
		strings.Repeat("a", 250) + "@example.com": "",
	} {
		got, err := people.Normalise(in)
		if got != out || (out == "") != (err != nil) {
			t.Errorf("%q became %q, %v; want %q", in, got, err, out)
		}
		if err != nil {
			want(t, in, err, kinpict.Invalid)
		}
	}
}

func TestLinkSignsInOnce(t *testing.T) {
	cases := []struct {
		name    string
		browser string
		wait    time.Duration
		before  int // times the link was used before
		forge   bool
		code    kinpict.Code
	}{
		{name: "at once", browser: "hers"},
		{name: "a second before it is too old", browser: "hers", wait: 15*time.Minute - time.Second},
		{name: "after 15 minutes", browser: "hers", wait: 15 * time.Minute, code: kinpict.NotFound},
		{name: "a second time", browser: "hers", before: 1, code: kinpict.NotFound},
		{name: "in another browser", browser: "his", code: kinpict.Forbidden},
		{name: "in a browser without a cookie", browser: "", code: kinpict.Forbidden},
		{name: "used before, in another browser", browser: "his", before: 1, code: kinpict.NotFound},
		{name: "with a token nobody mailed", browser: "hers", forge: true, code: kinpict.NotFound},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		for n, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				clock.Advance(time.Second)
				token := ask(t, p, fmt.Sprintf("Ann%d@Example.com", n), "hers", "/create?scenario=autumn")
				for range c.before {
					if _, err := p.SignIn(ctx, people.Opening{Token: token, Browser: "hers"}); err != nil {
						t.Fatal(err)
					}
				}
				clock.Advance(c.wait)
				if c.forge {
					token = token[:len(token)-1] + "~"
				}
				in, err := p.SignIn(ctx, people.Opening{Token: token, Browser: c.browser})
				if c.code != "" {
					want(t, "sign in", err, c.code)
					return
				}
				if err != nil || in.Caller.Email != fmt.Sprintf("ann%d@example.com", n) || in.Caller.Role != kinpict.Customer || in.Next != "/create?scenario=autumn" {
					t.Fatalf("signed in as %+v, %v", in, err)
				}
				if c, err := p.Session(ctx, in.Cookie); err != nil || c != in.Caller {
					t.Errorf("session: %+v, %v; want %+v", c, err, in.Caller)
				}
			})
		}
	})
}

func TestLinkInTheWrongBrowserStaysGoodInTheRightOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		token := ask(t, p, "ann@example.com", "hers", "/")
		_, err := p.SignIn(ctx, people.Opening{Token: token, Browser: "his"})
		want(t, "his browser", err, kinpict.Forbidden)
		if _, err := p.SignIn(ctx, people.Opening{Token: token, Browser: "hers"}); err != nil {
			t.Errorf("her browser: %v", err)
		}
	})
}

func TestLinkOpenedManyTimesAtOnceBeginsOneSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		token := ask(t, p, "ann@example.com", "hers", "/")
		if n := count(20, func(int) error { _, err := p.SignIn(ctx, people.Opening{Token: token, Browser: "hers"}); return err }); n != 1 {
			t.Errorf("one link began %d sessions", n)
		}
	})
}

// count runs f n times at once and returns how often it gave no error.
func count(n int, f func(i int) error) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for i := range n {
		wg.Go(func() {
			if f(i) == nil {
				mu.Lock()
				good++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return good
}

func TestNextLeadsNowhereElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		p.Relaxed = true
		for next, want := range map[string]string{
			"/held/hld_1": "/held/hld_1", "/credits?page=2#lots": "/credits?page=2#lots", "": "/", "pricing": "/",
			"//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/",
			"/%": "/", "/" + strings.Repeat("a", 1000): "/",
		} {
			in, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, "ann@example.com", "b", next), Browser: "b"})
			if err != nil || in.Next != want {
				t.Errorf("next %q leads to %q, %v; want %q", next, in.Next, err, want)
			}
			clock.Advance(time.Second)
		}
	})
}

func TestRequestLinkRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		want(t, "no address", p.RequestLink(ctx, kinpict.Caller{}, people.Asking{Email: "ann", Browser: "b"}), kinpict.Invalid)
		want(t, "no cookie", p.RequestLink(ctx, kinpict.Caller{}, people.Asking{Email: "ann@example.com"}), kinpict.Invalid)
		if box, err := outbox(p, 9); err != nil || len(box) != 0 {
			t.Errorf("refused, yet %d messages wait (%v)", len(box), err)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	day := 24 * time.Hour
	cases := []struct {
		name  string
		role  kinpict.AccountRole
		waits []time.Duration // between uses; the last use decides
		over  bool
	}{
		{"in use", kinpict.Customer, []time.Duration{day, day}, false},
		{"unused for a second less than 14 days", kinpict.Customer, []time.Duration{14*day - time.Second}, false},
		{"unused for 14 days", kinpict.Customer, []time.Duration{14 * day}, true},
		{"used every 10 days", kinpict.Customer, []time.Duration{10 * day, 10 * day, 9 * day}, false},
		{"used every 10 days until the 30th", kinpict.Customer, []time.Duration{10 * day, 10 * day, 10 * day}, true},
		{"of an operator in use", kinpict.Operator, []time.Duration{14 * time.Minute, 14 * time.Minute}, false},
		{"of an operator unused for 15 minutes", kinpict.Operator, []time.Duration{15 * time.Minute}, true},
		{"of support after 12 hours of use", kinpict.Support, every(10*time.Minute, 12*time.Hour), true},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		for n, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				email := fmt.Sprintf("person%d@example.com", n)
				if _, err := p.CreateAccount(ctx, email, c.role); err != nil {
					t.Fatal(err)
				}
				in, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, email, "b", "/"), Browser: "b"})
				if err != nil {
					t.Fatal(err)
				}
				for i, w := range c.waits {
					clock.Advance(w)
					_, err := p.Session(ctx, in.Cookie)
					switch last := i == len(c.waits)-1; {
					case last && c.over:
						want(t, "last use", err, kinpict.Unauthenticated)
					case err != nil:
						t.Fatalf("use %d: %v", i+1, err)
					}
				}
			})
		}
	})
}

func every(step, total time.Duration) (out []time.Duration) {
	for at := step; at <= total; at += step {
		out = append(out, step)
	}
	return out
}

func TestSignInNeverReusesASecret(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		const planted = "a value the attacker chose"
		in, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, "ann@example.com", planted, "/"), Browser: planted})
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range []string{"", planted, in.Caller.AccountID} {
			_, err := p.Session(ctx, cookie)
			want(t, "session "+cookie, err, kinpict.Unauthenticated)
		}
		clock.Advance(time.Second)
		again := enter(t, p, "")
		if again.Cookie == in.Cookie || again.Caller.AccountID != in.Caller.AccountID {
			t.Errorf("second sign-in: %+v after %+v", again, in)
		}
		if err := p.SignOut(ctx, in.Cookie); err != nil {
			t.Fatal(err)
		}
		_, err = p.Session(ctx, in.Cookie)
		want(t, "after signing out", err, kinpict.Unauthenticated)
		if _, err := p.Session(ctx, again.Cookie); err != nil {
			t.Errorf("the other browser was signed out too: %v", err)
		}
	})
}

func TestTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		_, err := p.CreateToken(ctx, "ann@example.com", "phone")
		want(t, "token without an account", err, kinpict.NotFound)
		ann, err := p.CreateAccount(ctx, "ann@example.com", kinpict.Customer)
		if err != nil {
			t.Fatal(err)
		}
		token, err := p.CreateToken(ctx, "ANN@example.com", "phone")
		if err != nil || !strings.HasPrefix(token, "kp_") || len(token) != 46 {
			t.Fatalf("token %q, %v", token, err)
		}
		if c, err := p.Token(ctx, token); err != nil || c.AccountID != ann.ID || c.Email != ann.Email {
			t.Errorf("token is %+v, %v", c, err)
		}
		for _, bad := range []string{"", "kp_", token + "A", token[3:], strings.ToUpper(token), ann.ID} {
			_, err := p.Token(ctx, bad)
			want(t, "token "+bad, err, kinpict.Unauthenticated)
		}
		if _, err := p.CreateToken(ctx, "ann@example.com", "two\nlines"); kinpict.CodeOf(err) != kinpict.Invalid {
			t.Errorf("a name of two lines: %v", err)
		}
	})
}

func TestAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		boss, err := p.CreateAccount(ctx, " Boss@example.com", kinpict.Operator)
		if err != nil || boss.Role != kinpict.Operator || boss.Status != "active" || boss.Email != "boss@example.com" {
			t.Fatalf("account %+v, %v", boss, err)
		}
		_, err = p.CreateAccount(ctx, "boss@EXAMPLE.com", kinpict.Customer)
		want(t, "the same address", err, kinpict.Conflict)
		_, err = p.CreateAccount(ctx, "x@example.com", "king")
		want(t, "no such role", err, kinpict.Invalid)
		if got, err := p.Account(ctx, "boss@example.com"); err != nil || *got != *boss {
			t.Errorf("account %+v, %v; want %+v", got, err, boss)
		}
		_, err = p.Account(ctx, "x@example.com")
		want(t, "nobody", err, kinpict.NotFound)
	})
}

func TestSecretsAreNotStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		in := enter(t, p, "")
		token, err := p.CreateToken(ctx, "ann@example.com", "")
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{"session": in.Cookie, "token": token} {
			err := db.View(ctx, func(tx *store.Tx) error {
				if what == "session" {
					_, err := tx.Session([]byte(secret))
					return err
				}
				_, err := tx.Token([]byte(secret))
				return err
			})
			want(t, what+" under its own text", err, kinpict.NotFound)
		}
	})
}

func TestSweepKeepsWhatIsGood(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		in := enter(t, p, "")
		clock.Advance(13 * 24 * time.Hour)
		if err := p.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Session(ctx, in.Cookie); err != nil {
			t.Errorf("a good session was swept: %v", err)
		}
		clock.Advance(20 * 24 * time.Hour)
		if err := p.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if box, err := outbox(p, 9); err != nil || len(box) != 0 {
			t.Errorf("%d messages are older than 30 days (%v)", len(box), err)
		}
	})
}

// Where mail leaves this machine it goes to addresses out in the world, spelled
// so that no server on the way takes them for instructions.
func TestLinksGoToAddressesOfTheWorld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		p.Relaxed = true
		for address, good := range map[string]bool{
			"ann@example.com": true, "ann+kids@mail.example.co.uk": true, "über@bücher.example": true, "ann@xn--bcher-kva.example": true, "o'neil@example.com": true, "ann@a-b.example": true,
			"ann@test.xn--p1ai": true, "ann@4.example": true,
			"root@localhost": false, "ann@127.0.0.1": false, "user%evil.org@example.com": false, "a!b@example.com": false, "a@b|c": false, "|cat@example.com": false,
			"ann@-a.example": false, "ann@a-.example": false, "ann@a_b.example": false, "ann@example.com/x": false, "ann@" + strings.Repeat("a", 64) + ".example": false,
			"ann@example.123": false, "ann@0x7f.1": false, "ann@[127.0.0.1]": false,
		} {
			for _, sends := range []bool{true, false} {
				p.Sends = sends
				err := p.RequestLink(ctx, kinpict.Caller{Network: "home"}, people.Asking{Email: address, Browser: "b"})
				if sends && (err == nil) != good || err != nil && kinpict.CodeOf(err) != kinpict.Invalid {
					t.Errorf("%s, where mail is sent: %t: %v", address, sends, err)
				}
				if _, bad := people.Normalise(address); !sends && (err == nil) != (bad == nil) {
					t.Errorf("%s, on one's own machine: %v", address, err)
				}
			}
		}
	})
}
