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
		{"many addresses from one network", each("person-%d@example.com"), same("one"), same(""), people.LinksPerNetwork, people.LinksPerNetworkDay, 0},
		{"many addresses from many networks of one area", each("person-%d@example.com"), each("net-%d"), same("area"), people.LinksPerArea, people.LinksPerAreaDay, 70},
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
