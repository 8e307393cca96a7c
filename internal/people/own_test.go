package people_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestBrowsersInTwoWords(t *testing.T) {
	for _, c := range []struct{ agent, browser, system string }{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox", "Windows"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge", "Windows"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Chrome", "ChromeOS"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome", "Android"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36", "Samsung Internet", "Android"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "Safari", "iPhone"},
		{"Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1", "Chrome", "iPad"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15", "Safari", "Mac"},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/125.0.0.0", "Opera", "Linux"},
		{"curl/8.5.0", "", ""},
		{"", "", ""},
		{"(((", "", ""},
		{strings.Repeat("Windows ", 5000), "", ""},
	} {
		if b, s := people.Browser(c.agent); b != c.browser || s != c.system {
			t.Errorf("%.60q is %q on %q, want %q on %q", c.agent, b, s, c.browser, c.system)
		}
	}
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

// in signs an address in with a browser and returns the session's cookie.
func in(t *testing.T, p *people.People, email, agent string) (kinpict.Caller, string) {
	t.Helper()
	s, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, email, "browser", "/"), Browser: "browser", Agent: agent})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Session(ctx, s.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	return c, s.Cookie
}

func TestEverySignInIsListedAndCanBeEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		_, first := in(t, p, "ann@example.com", "curl/8.5.0")
		begun := clock.Now()
		clock.Advance(time.Hour)
		ann, here := in(t, p, "ann@example.com", firefox)
		if !ann.SignedInAt.Equal(clock.Now()) {
			t.Errorf("signed in at %v, want %v", ann.SignedInAt, clock.Now())
		}
		clock.Advance(time.Second) // the newest link is the one
		_, third := in(t, p, "ann@example.com", "")
		ben, bens := in(t, p, "ben@example.com", firefox)
		list := func(want int) []people.SignIn {
			t.Helper()
			all, err := p.SignIns(ctx, ann, here)
			if err != nil || len(all) != want {
				t.Fatalf("%d sign-ins, %v, want %d", len(all), err, want)
			}
			return all
		}
		all := list(3)
		if i := slices.IndexFunc(all, func(s people.SignIn) bool { return s.Here }); i < 0 || all[i].Browser != "Firefox" || all[i].System != "Linux" {
			t.Errorf("this browser is not told apart: %+v", all)
		}
		old := all[2]
		if old.Here || old.Browser != "" || !old.Begun.Equal(begun) || !old.Ends.Equal(begun.Add(people.SessionIdle)) {
			t.Errorf("the first sign-in is %+v, begun %v", old, begun)
		}
		for _, s := range all {
			if strings.Contains(first+here+third, s.ID) || !strings.HasPrefix(s.ID, "ses_") {
				t.Errorf("the id %q tells of the cookie", s.ID)
			}
		}
		want(t, "ben ends one of ann's", p.EndSignIn(ctx, ben, old.ID), kinpict.NotFound)
		want(t, "a stranger looks", errOf(p.SignIns(ctx, kinpict.Caller{GuestID: "gst_1"}, "")), kinpict.Unauthenticated)
		if err := p.EndSignIn(ctx, ann, old.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "ended again", p.EndSignIn(ctx, ann, old.ID), kinpict.NotFound)
		want(t, "its cookie", errOf(p.Session(ctx, first)), kinpict.Unauthenticated)
		list(2)
		if n, err := p.EndOtherSignIns(ctx, ann, here); n != 1 || err != nil {
			t.Errorf("%d others ended, %v, want 1", n, err)
		}
		want(t, "the other's cookie", errOf(p.Session(ctx, third)), kinpict.Unauthenticated)
		for whose, cookie := range map[string]string{"this one": here, "ben's": bens} {
			if _, err := p.Session(ctx, cookie); err != nil {
				t.Errorf("%s was ended, too: %v", whose, err)
			}
		}
		clock.Advance(people.SessionIdle)
		list(0)
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestTokensAreMadeAndRevokedByTheirOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		ann, _ := in(t, p, "ann@example.com", firefox)
		ben, _ := in(t, p, "ben@example.com", firefox)
		for name, bad := range map[string]string{"none": "", "blank": "  ", "two lines": "a\nb", "too long": strings.Repeat("é", 101)} {
			want(t, "a name that is "+name, errOf(p.MakeToken(ctx, ann, bad)), kinpict.Invalid)
		}
		want(t, "a guest", errOf(p.MakeToken(ctx, kinpict.Caller{GuestID: "gst_1"}, "x")), kinpict.Unauthenticated)
		secret, err := p.MakeToken(ctx, ann, " photo frame ")
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		want(t, "with an old sign-in", errOf(p.MakeToken(ctx, ann, "x")), kinpict.SignInAgain)
		if c, err := p.Token(ctx, secret); err != nil || c.AccountID != ann.AccountID || !c.SignedInAt.IsZero() {
			t.Errorf("the token is %+v, %v", c, err)
		}
		all, err := p.Tokens(ctx, ann)
		if err != nil || len(all) != 1 || all[0].Name != "photo frame" || !all[0].Used.Equal(clock.Now()) || !all[0].Made.Equal(clock.Now().Add(-time.Hour)) {
			t.Fatalf("tokens %+v, %v", all, err)
		}
		want(t, "ben revokes it", p.RevokeToken(ctx, ben, all[0].ID), kinpict.NotFound)
		if err := p.RevokeToken(ctx, ann, all[0].ID); err != nil {
			t.Fatal(err)
		}
		want(t, "revoked again", p.RevokeToken(ctx, ann, all[0].ID), kinpict.NotFound)
		want(t, "a revoked token", errOf(p.Token(ctx, secret)), kinpict.Unauthenticated)
		ann, _ = in(t, p, "ann@example.com", firefox)
		clock.Advance(kinpict.FreshSignIn - time.Second)
		for i := range people.MaxTokens {
			if _, err := p.MakeToken(ctx, ann, fmt.Sprint("token ", i)); err != nil {
				t.Fatalf("token %d: %v", i, err)
			}
		}
		want(t, "one too many", errOf(p.MakeToken(ctx, ann, "more")), kinpict.Conflict)
		ben, _ = in(t, p, "ben@example.com", firefox)
		if _, err := p.MakeToken(ctx, ben, "his"); err != nil {
			t.Errorf("ben's: %v", err)
		}
	})
}

func TestNothingIsMadeForSomebodyWhoIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		ann, _ := in(t, p, "ann@example.com", firefox)
		if err := p.SetLanguage(ctx, ann, "de"); err != nil {
			t.Fatal(err)
		}
		want(t, "a language that is none", p.SetLanguage(ctx, ann, strings.Repeat("d", 36)), kinpict.Invalid)
		if a, err := p.Account(ctx, "ann@example.com"); err != nil || a.Language != "de" {
			t.Errorf("account %+v, %v, want German", a, err)
		}
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.Forfeit(ann.AccountID, ann.AccountID, "gone") }); err != nil {
			t.Fatal(err)
		}
		want(t, "a token", errOf(p.MakeToken(ctx, ann, "x")), kinpict.Unauthenticated)
	})
}

// A sign-in of staff ends after minutes. A token does not, so they make none
// with it, and none of a customer's becomes one of staff's.
func TestStaffMakeNoTokensOfTheirOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		for _, role := range []kinpict.AccountRole{kinpict.Support, kinpict.Operator} {
			email := string(role) + "@example.com"
			c, _ := in(t, p, email, firefox)
			own, err := p.MakeToken(ctx, c, "from before")
			if err != nil {
				t.Fatal(err)
			}
			if err := p.SetRole(ctx, "op", email, role); err != nil {
				t.Fatal(err)
			}
			want(t, "a customer's token", errOf(p.Token(ctx, own)), kinpict.Unauthenticated)
			want(t, "the press of a page from before", errOf(p.MakeToken(ctx, c, "x")), kinpict.Forbidden)
			clock.Advance(time.Second)
			c, _ = in(t, p, email, firefox)
			want(t, string(role), errOf(p.MakeToken(ctx, c, "x")), kinpict.Forbidden)
			made, err := p.CreateToken(ctx, email, "by command")
			if err != nil {
				t.Fatal(err)
			}
			if c, err := p.Token(ctx, made); err != nil || c.Role != role {
				t.Errorf("the token made by command is %+v, %v", c, err)
			}
			if err := p.SetRole(ctx, "op", email, kinpict.Customer); err != nil {
				t.Fatal(err)
			}
			if c, err := p.Token(ctx, made); err != nil || c.Role != kinpict.Customer {
				t.Errorf("the token of who is no staff any more is %+v, %v", c, err)
			}
		}
	})
}

// Who signs in again, to delete something or as somebody else, leaves no sign-in
// behind that no browser has any more.
func TestSigningInAgainEndsTheSignInBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		_, phone := in(t, p, "ann@example.com", firefox)
		clock.Advance(time.Second)
		_, first := in(t, p, "ann@example.com", firefox)
		clock.Advance(time.Second)
		again := func(email, token, session string) (*people.SignedIn, error) {
			if token == "" {
				token = ask(t, p, email, "browser", "/")
			}
			return p.SignIn(ctx, people.Opening{Token: token, Browser: "browser", Session: session})
		}
		want(t, "a link that is none", errOf(again("", "none", first)), kinpict.NotFound)
		if _, err := p.Session(ctx, first); err != nil {
			t.Fatalf("it ended for a link that did not work: %v", err)
		}
		second, err := again("ann@example.com", "", first)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "the sign-in before", errOf(p.Session(ctx, first)), kinpict.Unauthenticated)
		clock.Advance(time.Second)
		ben, err := again("ben@example.com", "", second.Cookie)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "ann's, in the browser ben uses now", errOf(p.Session(ctx, second.Cookie)), kinpict.Unauthenticated)
		for whose, cookie := range map[string]string{"ann's phone": phone, "ben": ben.Cookie} {
			if _, err := p.Session(ctx, cookie); err != nil {
				t.Errorf("%s: %v", whose, err)
			}
		}
	})
}
