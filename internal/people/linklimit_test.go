package people_test

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestAskingForLinksIsLimitedAlikeForKnownAndUnknown(t *testing.T) {
	type rule struct {
		name    string
		email   func(i int) string
		network func(i int) string
		area    func(i int) string
		hour    int
		day     int // in six hours
		tries   int // each hour; 0: 25
	}
	same := func(s string) func(int) string { return func(int) string { return s } }
	each := func(format string) func(int) string { return func(i int) string { return fmt.Sprintf(format, i) } }
	rules := []rule{
		{"one known address from everywhere", same("ann@example.com"), each("net-%d"), same(""), people.LinksPerAddress, people.LinksPerAddressDay, 0},
		{"one unknown address from everywhere", same("nobody@example.com"), each("net-%d"), same(""), people.LinksPerAddress, people.LinksPerAddressDay, 0},
		{"one address in many spellings", func(i int) string { return strings.Repeat(" ", i) + "ANN@example.com" }, each("net-%d"), same(""), people.LinksPerAddress, people.LinksPerAddressDay, 0},
		{"one mailbox under many names", each("ann+%d@example.com"), each("net-%d"), same(""), people.LinksPerAddress, people.LinksPerAddressDay, 0},
		{"one address from one network", same("ann@example.com"), same("one"), same(""), people.LinksHere, 6 * people.LinksHere, 0},
		{"one mailbox under many names from one network", each("ann+%d@example.com"), same("one"), same(""), people.LinksHere, 6 * people.LinksHere, 0},
		{"many addresses from one network", each("person-%d@example.com"), same("one"), same(""), people.LinksPerNetwork, people.LinksPerNetworkDay, 125},
		{"many addresses from many networks of one area", each("person-%d@example.com"), each("net-%d"), same("area"), people.LinksPerArea, people.LinksPerAreaDay, 365},
		{"addresses that begin with a plus", each("+%d@example.com"), each("net-%d"), same(""), 25, 6 * 25, 0},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		known := door(db, clock)
		if _, err := known.CreateAccount(ctx, "ann@example.com", kinpict.Customer); err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) {
				p, tries := door(db, clock), cmp.Or(r.tries, 25)
				clock.Advance(100 * time.Hour) // past the windows of the rule before
				round := func() (got int) {
					t.Helper()
					for i := range tries {
						c := kinpict.Caller{Network: r.network(i), Area: r.area(i)}
						switch err := p.RequestLink(ctx, c, people.Asking{Email: r.email(i), Browser: "b"}); kinpict.CodeOf(err) {
						case "":
							got++
						case kinpict.RateLimited:
						default:
							t.Fatal(err)
						}
					}
					return got
				}
				if n := round(); n != r.hour {
					t.Errorf("%d of %d links were mailed, want %d", n, tries, r.hour)
				}
				if n := round(); r.hour < tries && n != 0 {
					t.Errorf("%d more in the same hour", n)
				}
				total := r.hour
				for range 5 {
					clock.Advance(people.LinkWindow)
					total += round()
				}
				if r.hour < tries && total != r.day {
					t.Errorf("%d links were mailed in six hours, want %d", total, r.day)
				}
				clock.Advance(-48 * time.Hour)
				if n := round(); n != r.hour {
					t.Errorf("after the clock was set back %d of %d links were mailed, want %d", n, tries, r.hour)
				}
				p.Relaxed = true
				if n := round(); n != tries {
					t.Errorf("relaxed, %d of %d links were mailed", n, tries)
				}
			})
		}
	})
}

func TestLinksAtOnceKeepTheLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		n := count(30, func(i int) error {
			return p.RequestLink(ctx, kinpict.Caller{Network: fmt.Sprint(i)}, people.Asking{Email: "ann@example.com", Browser: "b"})
		})
		if n != people.LinksPerAddress {
			t.Errorf("%d links went to one address at once, want %d", n, people.LinksPerAddress)
		}
	})
}

// Whoever asks for links in ann's name keeps ann out neither of a browser that
// she used before nor, from one network, of any other.
func TestNobodyIsLockedOutByLinksInTheirName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		first := enter(t, p, "")
		clock.Advance(30 * 24 * time.Hour)
		ask := func(network, known string) error {
			return p.RequestLink(ctx, kinpict.Caller{Network: network}, people.Asking{Email: "ann@example.com", Browser: "b", Known: known})
		}
		flood := func(network string, n int) error {
			var last error
			for range n {
				last = ask(network, "")
			}
			return last
		}
		want(t, "a flood from one network", flood("evil", 6), kinpict.RateLimited)
		if err := ask("home", ""); err != nil {
			t.Errorf("ann in a fresh browser: %v", err)
		}
		for i := range 6 {
			_ = flood(fmt.Sprint("evil ", i), 5)
		}
		want(t, "ann in a fresh browser, after a flood from everywhere", ask("home", ""), kinpict.RateLimited)
		_, theirs, _ := strings.Cut(first.Known, ".")
		ben, err := p.SignIn(ctx, people.Opening{Token: mail(t, p, "ben@example.com", "home"), Browser: "b"})
		if err != nil {
			t.Fatal(err)
		}
		for name, forged := range map[string]string{"nothing": "", "half": theirs, "no name": "." + theirs, "another's": ben.Known, "a longer one": first.Known + "A"} {
			want(t, "known by "+name, ask("evil", forged), kinpict.RateLimited)
		}
		for i := range people.LinksKnown {
			if err := ask("evil 0", first.Known); err != nil {
				t.Fatalf("ann in a browser she used before, link %d: %v", i+1, err)
			}
		}
		// Her own browsers do not flood her either, however many she has.
		clock.Advance(time.Second)
		again, err := p.SignIn(ctx, people.Opening{Token: mailed(t, p, "ann@example.com"), Browser: "b"})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "one more from the same browser", ask("home", first.Known), kinpict.RateLimited)
		want(t, "one more from another of hers", ask("home", again.Known), kinpict.RateLimited)
	})
}

// mail asks for a link from a network and returns the token that was mailed.
func mail(t *testing.T, p *people.People, email, network string) string {
	t.Helper()
	if err := p.RequestLink(ctx, kinpict.Caller{Network: network}, people.Asking{Email: email, Browser: "b"}); err != nil {
		t.Fatal(err)
	}
	return mailed(t, p, email)
}

func TestARefusedLinkSaysWhenToComeBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		ask := func(network string) *kinpict.Error {
			var e *kinpict.Error
			errors.As(p.RequestLink(ctx, kinpict.Caller{Network: network}, people.Asking{Email: "ann@example.com", Browser: "b"}), &e)
			return e
		}
		for range people.LinksHere {
			ask("home")
			clock.Advance(time.Minute)
		}
		if e := ask("home"); e == nil || e.Members["retry_after"] != 55*60 || !strings.Contains(e.Hint, "in 55 minutes") {
			t.Fatalf("%+v, want 55 minutes", e)
		}
		clock.Advance(55*time.Minute - time.Microsecond)
		if e := ask("home"); e == nil || e.Members["retry_after"] != 1 || !strings.Contains(e.Hint, "in 2 minutes") {
			t.Fatalf("%+v, want a second", e)
		}
		clock.Advance(time.Microsecond)
		if e := ask("home"); e != nil {
			t.Fatalf("when it said: %+v", e)
		}
		for i := range 4 * people.LinksPerAddressDay {
			if i%people.LinksPerAddress == 0 {
				clock.Advance(people.LinkWindow)
			}
			ask(fmt.Sprint(i))
		}
		if e := ask("work"); e == nil || e.Members["retry_after"].(int) < 3600 || !strings.Contains(e.Hint, " hours.") {
			t.Errorf("%+v, want hours", e)
		}
	})
}

// Many households share one address of a school or a carrier, and not every mail
// is opened at once.
func TestASchoolSignsInFromOneNetwork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		c := kinpict.Caller{Network: "school", Area: "town"}
		for i := range 100 {
			a := people.Asking{Email: fmt.Sprintf("parent-%d@example.com", i), Browser: "b"}
			for range 2 {
				if err := p.RequestLink(ctx, c, a); err != nil {
					t.Fatalf("%s: %v", a.Email, err)
				}
				clock.Advance(15 * time.Second)
			}
			if _, err := p.SignIn(ctx, people.Opening{Token: mailed(t, p, a.Email), Browser: "b"}); err != nil {
				t.Fatalf("%s: %v", a.Email, err)
			}
		}
	})
}

// A link counts where it was asked for as long as nobody opened it.
func TestAnOpenedLinkGivesItsPlaceBackOnce(t *testing.T) {
	places := []struct {
		name      string
		network   func(i int) string
		area      string
		hour, day int
	}{
		{"a network", func(int) string { return "one" }, "", people.LinksPerNetwork, people.LinksPerNetworkDay},
		{"an area", func(i int) string { return fmt.Sprint("net ", i) }, "area", people.LinksPerArea, people.LinksPerAreaDay},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		for _, place := range places {
			t.Run(place.name, func(t *testing.T) {
				clock.Advance(100 * time.Hour) // past the windows of the place before
				asked := 0
				ask := func(known string) (string, error) {
					asked++
					email := fmt.Sprintf("%d@example.com", asked)
					if known != "" {
						email = "ann@example.com"
					}
					return email, p.RequestLink(ctx, kinpict.Caller{Network: place.network(asked), Area: place.area}, people.Asking{Email: email, Browser: "b", Known: known})
				}
				// fill asks until it is refused, and returns how many it got and who was the last.
				fill := func() (n int, last string, refused error) {
					t.Helper()
					for range place.day + 1 {
						email, err := ask("")
						if err != nil {
							want(t, "one too many", err, kinpict.RateLimited)
							return n, last, err
						}
						n, last = n+1, email
					}
					t.Fatal("no end of links")
					return
				}
				left := func(what string, want int) {
					t.Helper()
					if n, _, _ := fill(); n != want {
						t.Errorf("%s: %d more links were mailed, want %d", what, n, want)
					}
				}
				open := func(token, browser string) (*people.SignedIn, error) {
					return p.SignIn(ctx, people.Opening{Token: token, Browser: browser})
				}
				n, last, err := fill()
				if n != place.hour {
					t.Fatalf("%d links were mailed, want %d", n, place.hour)
				}
				var e *kinpict.Error
				if !errors.As(err, &e) || e.Members["retry_after"] != 3600 || !strings.Contains(e.Message, "not opened") || !strings.Contains(e.Hint, "another network") || !strings.Contains(e.Hint, "in 60 minutes") {
					t.Errorf("refused with %+v", e)
				}
				token := mailed(t, p, last)
				_, err = open(token, "another")
				want(t, "in another browser", err, kinpict.Forbidden)
				left("after another browser tried", 0)
				if n := count(4, func(int) error { _, err := open(token, "b"); return err }); n != 1 {
					t.Errorf("one link was opened %d times", n)
				}
				left("after it was opened", 1)
				_, err = open(token, "b")
				want(t, "opened again", err, kinpict.NotFound)
				left("after it was opened again", 0)

				ann, err := open(mail(t, p, "ann@example.com", "elsewhere"), "b")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := ask(ann.Known); err != nil {
					t.Fatalf("a browser that is known: %v", err)
				}
				clock.Advance(time.Second) // the newest link is the one
				if _, err := ask(ann.Known); err != nil {
					t.Fatalf("a browser that is known: %v", err)
				}
				if _, err := open(mailed(t, p, "ann@example.com"), "b"); err != nil {
					t.Fatal(err)
				}
				left("after a link that was never counted", 0)

				used := place.hour
				for used < place.day {
					clock.Advance(people.LinkWindow)
					n, last, err = fill()
					if used += n; n == 0 {
						break
					}
				}
				if used != place.day {
					t.Errorf("%d links were mailed in the day, want %d", used, place.day)
				}
				if !errors.As(err, &e) || e.Members["retry_after"].(int) <= 3600 || !strings.Contains(e.Hint, " hours.") {
					t.Errorf("at the end of the day refused with %+v", e)
				}
				if _, err := open(mailed(t, p, last), "b"); err != nil {
					t.Fatal(err)
				}
				left("at the end of the day, after one was opened", 1)
			})
		}
	})
}

// A link that was counted in one hour and is opened in the next frees nothing
// there, and one of the day.
func TestALinkOfTheHourBeforeFreesNothingInThisOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		early := mail(t, p, "first@example.com", "one")
		clock.Advance(people.LinkWindow - time.Minute)
		late := mail(t, p, "second@example.com", "one")
		clock.Advance(2 * time.Minute)
		for i := range people.LinksPerNetwork {
			mail(t, p, fmt.Sprintf("%d@example.com", i), "one")
		}
		if _, err := p.SignIn(ctx, people.Opening{Token: late, Browser: "b"}); err != nil {
			t.Fatal(err)
		}
		_, err := p.SignIn(ctx, people.Opening{Token: early, Browser: "b"})
		want(t, "a link of an hour ago", err, kinpict.NotFound)
		want(t, "one more in this hour", p.RequestLink(ctx, kinpict.Caller{Network: "one"}, people.Asking{Email: "more@example.com", Browser: "b"}), kinpict.RateLimited)
		if err := db.Read(ctx, func(tx *store.Tx) error {
			n, err := tx.Counted("links a day from one", people.LinkDay)
			if n != people.LinksPerNetwork+1 {
				t.Errorf("%d links count in the day, want %d and one that was not opened", n, people.LinksPerNetwork)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Where two limits refuse, the answer names the time at which neither does.
func TestARefusedLinkWaitsForEveryLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		mail(t, p, "ben@example.com", "one")
		clock.Advance(30 * time.Minute)
		for range people.LinksHere {
			mail(t, p, "ann@example.com", "one")
		}
		for i := range people.LinksPerNetwork - people.LinksHere - 1 {
			mail(t, p, fmt.Sprintf("%d@example.com", i), "one")
		}
		for email, seconds := range map[string]int{"ann@example.com": 60 * 60, "carl@example.com": 30 * 60} {
			var e *kinpict.Error
			err := p.RequestLink(ctx, kinpict.Caller{Network: "one"}, people.Asking{Email: email, Browser: "b"})
			if !errors.As(err, &e) || e.Members["retry_after"] != seconds {
				t.Errorf("%s: %+v, want a wait of %d seconds", email, e, seconds)
			}
		}
	})
}

func TestAreas(t *testing.T) {
	p := door(nil, storetest.NewClock())
	if p.Area("203.0.113.7:80") != "" || p.Area("::ffff:203.0.113.7") != "" || p.Area("@") != "" {
		t.Error("what has no larger network has an area")
	}
	a := p.Area("[2001:db8:1:2::1]:443")
	if a == "" || a != p.Area("2001:db8:1:ffff::9") || a == p.Area("2001:db8:2:2::1") || a == p.Network("2001:db8:1:2::1") {
		t.Errorf("the area is %q", a)
	}
}

// Once it is opened, nothing joins the address it went to with a network.
func TestAnOpenedLinkForgetsWhereItWasAskedFor(t *testing.T) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			clock := storetest.NewClock()
			url := storetest.URL(t, kind)
			db := storetest.Open(t, url, clock)
			t.Cleanup(func() { db.Close() })
			if err := db.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			p := door(db, clock)
			c := kinpict.Caller{Network: "the-network", Area: "the-area"}
			if err := p.RequestLink(ctx, c, people.Asking{Email: "ann@example.com", Browser: "b"}); err != nil {
				t.Fatal(err)
			}
			kept := func() string { return strings.Join(storetest.Contents(t, url)["signin_link"], "\n") }
			if s := kept(); !strings.Contains(s, c.Network) || !strings.Contains(s, c.Area) {
				t.Fatalf("a link that waits is kept as %s", s)
			}
			if _, err := p.SignIn(ctx, people.Opening{Token: mailed(t, p, "ann@example.com"), Browser: "b"}); err != nil {
				t.Fatal(err)
			}
			if s := kept(); !strings.Contains(s, "ann@example.com") || strings.Contains(s, "the-") {
				t.Errorf("an opened link is kept as %s", s)
			}
		})
	}
}
