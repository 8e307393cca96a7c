package people_test

import (
	"crypto/rand"
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

func TestGuestCookieCannotBeMade(t *testing.T) {
	clock := storetest.NewClock()
	p, other := door(nil, clock), door(nil, clock)
	other.Key = []byte("another installation's master key")
	c, cookie := p.Guest("")
	if c.GuestID == "" || cookie == "" || c.AccountID != "" {
		t.Fatalf("a first visit is %+v with cookie %q", c, cookie)
	}
	if again, fresh := p.Guest(cookie); again != c || fresh != "" {
		t.Errorf("the same cookie is %+v (new %q), want %+v", again, fresh, c)
	}
	_, theirs := other.Guest("")
	id, mac, _ := strings.Cut(cookie, ".")
	strange, _ := p.Guest("")
	flip := func(s string, i int) string {
		b := []byte(s)
		b[i] ^= 1
		return string(b)
	}
	for name, bad := range map[string]string{
		"no signature": id, "empty signature": id + ".", "signature alone": "." + mac, "of another id": strange.GuestID + "." + mac,
		"id edited": flip(cookie, len(id)-1), "signature edited": flip(cookie, len(cookie)-2), "cut short": cookie[:len(cookie)-1],
		"longer": cookie + "A", "of another installation": theirs, "an account's id": "acc_1." + mac, "noise": "%00\xff", "huge": strings.Repeat("a.", 5000),
	} {
		got, fresh := p.Guest(bad)
		if got.GuestID == c.GuestID || got.GuestID == strange.GuestID || fresh == "" {
			t.Errorf("cookie %s: guest %q, new cookie %q; want a new guest", name, got.GuestID, fresh)
		}
	}
}

func TestNetworks(t *testing.T) {
	clock := storetest.NewClock()
	p := door(nil, clock)
	base := p.Network("203.0.113.7:4711")
	for _, c := range []struct {
		remote string
		same   string
	}{
		{"203.0.113.7:80", "203.0.113.7"},
		{"::ffff:203.0.113.7", "203.0.113.7:80"},
		{"[2001:db8:1:2::1]:443", "2001:db8:1:2:ffff::9"},
		{"[fe80::1%eth0]:1", "fe80::1"},
		{"@", "not an address"},
	} {
		if p.Network(c.remote) != p.Network(c.same) {
			t.Errorf("%s and %s are two networks, want one", c.remote, c.same)
		}
	}
	for _, remote := range []string{"203.0.113.8:4711", "2001:db8:1:3::1", "", "203.0.113"} {
		if p.Network(remote) == base || p.Network(remote) == p.Network("2001:db8:1:2::1") {
			t.Errorf("%q shares a network", remote)
		}
	}
	if strings.Contains(base, "203") || len(base) != 22 {
		t.Errorf("network %q", base)
	}
	clock.Advance(24 * time.Hour)
	if p.Network("203.0.113.7:4711") == base {
		t.Error("the next day's hash can be joined with today's")
	}
}

// visit is what a guest leaves behind before signing in: a photo, a draft that
// names it, and a preview made of it.
func visit(t *testing.T, db *store.DB, clock *storetest.Clock, guestID, source string) (photo, generation string) {
	t.Helper()
	ids := kinpict.IDs{Now: clock.Now, Rand: rand.Reader}
	photo, generation = ids.New(kinpict.PhotoPrefix), ids.New(kinpict.GenerationPrefix)
	if err := db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SpendPreview(guestID, "", "home", 1, 30, 30); err != nil {
			return err
		}
		if _, err := tx.AddPhoto(kinpict.Photo{ID: photo, Owner: guestID, Key: "photos/g/" + photo + ".jpg", ThumbKey: "photos/g/" + photo + ".thumb.jpg",
			Width: 900, Height: 600, Bytes: 1000, SHA256: "n" + source, SourceSHA256: source, ExpiresAt: tx.Now().Add(24 * time.Hour)}); err != nil {
			return err
		}
		if err := tx.PutDraft(guestID, []byte(`{"of":"`+guestID+`"}`)); err != nil {
			return err
		}
		return tx.PutPreview(&kinpict.Generation{ID: generation, Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "autumn",
			Photos: []kinpict.PhotoUse{{ID: photo}}, Aspect: "4:5"}}, guestID, guestID, tx.Now().Add(time.Hour))
	}); err != nil {
		t.Fatalf("visit: %v", err)
	}
	return photo, generation
}

func TestSigningInKeepsWhatTheGuestMade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		photo, generation := visit(t, db, clock, "gst_1", "same upload")
		in := enter(t, p, "gst_1")
		ann := in.Caller.AccountID
		check := func(what string, f func(tx *store.Tx) error) {
			t.Helper()
			if err := db.View(ctx, f); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		check("preview is history of the account", func(tx *store.Tx) error { _, err := tx.Generation(ann, generation); return err })
		check("photo lives 30 days", func(tx *store.Tx) error {
			ph, err := tx.Photo(ann, photo)
			if err == nil && !ph.ExpiresAt.Equal(tx.Now().Add(30*24*time.Hour)) {
				t.Errorf("photo lives until %v", ph.ExpiresAt)
			}
			return err
		})
		check("no credits moved", func(tx *store.Tx) error {
			b, err := tx.Balance(ann)
			if b != (kinpict.Balance{}) {
				t.Errorf("balance %+v, want none", b)
			}
			return err
		})
		check("the guest keeps nothing", func(tx *store.Tx) error {
			_, err := tx.Generation("gst_1", generation)
			want(t, "generation", err, kinpict.NotFound)
			_, err = tx.Photo("gst_1", photo)
			want(t, "photo", err, kinpict.NotFound)
			d, err := tx.Draft("gst_1")
			if d != nil {
				t.Errorf("draft %s", d)
			}
			return err
		})
		for name, who := range map[string][2]string{"as the account": {"", ann}, "as the guest": {"gst_1", ""}} {
			err := db.Update(ctx, func(tx *store.Tx) error { return tx.SpendPreview(who[0], who[1], "elsewhere", 1, 30, 30) })
			want(t, "another preview "+name, err, kinpict.GuestLimit)
		}

		// The same upload and another draft from a second device.
		clock.Advance(time.Minute)
		photo2, _ := visit(t, db, clock, "gst_2", "same upload")
		enterFrom(t, p, "gst_2", "/create")
		check("both photos keep their ids", func(tx *store.Tx) error { _, err := tx.PhotosByID(ann, []string{photo2, photo}); return err })
		check("the draft is the one just left", func(tx *store.Tx) error {
			d, err := tx.Draft(ann)
			if string(d) != `{"of":"gst_2"}` {
				t.Errorf("draft %s", d)
			}
			return err
		})
	})
}

// A device may have been somebody else's: their words and photos do not take the
// place of one's own, unless one goes on with just them.
func TestWhatSomebodyLeftOnADeviceStaysThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		p.Relaxed = true
		n := 0
		for _, c := range []struct {
			next  string
			own   bool // the account has a draft
			moves bool
		}{
			{"/", true, false},
			{"/", false, true},
			{"/account", true, false},
			{"/pricing", true, false},
			{"/pricing?back=%2Fgenerations%2Fgen_1", true, false},
			{"/create", true, true},
			{"/create?held=hld_1", true, true},
			{"/pricing?back=%2Fcreate&promo=SPRING", true, true},
		} {
			n++
			clock.Advance(time.Minute)
			guest := fmt.Sprint("gst_", n)
			ann := enter(t, p, "").Caller.AccountID
			clock.Advance(time.Minute)
			shown, preview := visit(t, db, clock, guest, fmt.Sprint("upload ", n))
			hidden := fmt.Sprint("pho_hidden", n)
			if err := db.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.AddPhoto(kinpict.Photo{ID: hidden, Owner: guest, Key: "photos/g/" + hidden + ".jpg", ThumbKey: "photos/g/" + hidden + ".thumb.jpg",
					Width: 900, Height: 600, Bytes: 1000, SHA256: hidden, SourceSHA256: hidden, ExpiresAt: tx.Now().Add(24 * time.Hour)})
				if c.own {
					return errors.Join(err, tx.PutDraft(ann, []byte("own")))
				}
				return errors.Join(err, tx.DropDraft(ann))
			}); err != nil {
				t.Fatal(err)
			}
			enterFrom(t, p, guest, c.next)
			if err := db.View(ctx, func(tx *store.Tx) error {
				own, err := tx.Draft(ann)
				if err != nil {
					return err
				}
				left, err := tx.Draft(guest)
				if err != nil {
					return err
				}
				theirs := `{"of":"` + guest + `"}`
				if c.moves && (string(own) != theirs || left != nil) || !c.moves && (string(own) != "own" || string(left) != theirs) {
					t.Errorf("from %s: the account has %q, the device %q", c.next, own, left)
				}
				who := guest
				if c.moves {
					who = ann
				}
				if _, err := tx.Photo(who, hidden); err != nil {
					t.Errorf("from %s: the photo of the draft: %v", c.next, err)
				}
				if _, err := tx.Photo(ann, shown); err != nil {
					t.Errorf("from %s: the photo of a preview: %v", c.next, err)
				}
				if _, err := tx.Generation(ann, preview); err != nil {
					t.Errorf("from %s: the preview: %v", c.next, err)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAnotherAccountOnTheSameDeviceGetsNoSecondPreview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		visit(t, db, clock, "gst_1", "a")
		ann := enter(t, p, "gst_1").Caller.AccountID
		in, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, "ben@example.com", "browser", "/"), Browser: "browser", GuestID: "gst_1"})
		if err != nil {
			t.Fatal(err)
		}
		ben := in.Caller.AccountID
		err = db.Update(ctx, func(tx *store.Tx) error { return tx.SpendPreview("gst_1", ben, "home", 1, 30, 30) })
		want(t, "ben on ann's device", err, kinpict.GuestLimit)
		if err := db.View(ctx, func(tx *store.Tx) error {
			g, err := tx.Generations(ben, "", 9)
			if len(g) != 0 {
				t.Errorf("ben sees %d previews of ann's", len(g))
			}
			if g, _ := tx.Generations(ann, "", 9); len(g) != 1 {
				t.Errorf("ann sees %d previews, want hers", len(g))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestARefusedLinkMovesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		photo, _ := visit(t, db, clock, "gst_1", "a")
		token := ask(t, p, "mallory@example.com", "his", "/")
		_, err := p.SignIn(ctx, people.Opening{Token: token, Browser: "hers", GuestID: "gst_1"})
		want(t, "link planted in her browser", err, kinpict.Forbidden)
		if err := db.View(ctx, func(tx *store.Tx) error { _, err := tx.Photo("gst_1", photo); return err }); err != nil {
			t.Errorf("her photo: %v", err)
		}
	})
}
