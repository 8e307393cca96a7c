package people_test

import (
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// One mailbox, one preview: signing in, leaving and signing in again is the
// same person for a time, and asks for as few links.
func TestAnAddressThatComesBackBeginsNoCountAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		enter := func() string {
			t.Helper()
			browser := p.NewBrowser()
			in, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, "Ann@Example.com", browser, "/"), Browser: browser})
			if err != nil {
				t.Fatal(err)
			}
			return in.Caller.AccountID
		}
		preview := func(id string) error {
			return db.Update(ctx, func(tx *store.Tx) error { return tx.SpendPreview("", id, "home", 1, 30, 30) })
		}
		leave := func(id string) {
			t.Helper()
			if err := db.Update(ctx, func(tx *store.Tx) error {
				a, err := tx.Account(id)
				if err != nil {
					return err
				}
				if err := tx.RememberPreviews(id, p.Pseudonym(a.Email)); err != nil {
					return err
				}
				if _, err = tx.DeleteAccount(&kinpict.Deletion{ID: "del_" + id, AccountID: id, AskedBy: kinpict.AskedByPerson}, 0, func(b []byte) ([]byte, error) { return b, nil }); err != nil {
					return err
				}
				_, err = tx.FinishDeletion(id)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		first := enter()
		want(t, "the first preview", preview(first), "")
		for range people.LinksHere - 1 {
			leave(first)
			if first = enter(); first == "" {
				t.Fatal("nobody came in")
			}
			want(t, "another preview after leaving", preview(first), kinpict.GuestLimit)
		}
		leave(first)
		want(t, "one link too many within the hour", p.RequestLink(ctx, kinpict.Caller{Network: "home"}, people.Asking{Email: "ann@example.com", Browser: p.NewBrowser()}), kinpict.RateLimited)
		clock.Advance(people.KeepSpent + time.Second)
		if err := p.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		want(t, "a month later", preview(enter()), "")
	})
}

func TestAPseudonymTellsNobody(t *testing.T) {
	one := &people.People{Key: []byte(strings.Repeat("a", 32))}
	other := &people.People{Key: []byte(strings.Repeat("b", 32))}
	name := one.Pseudonym("ann@example.com")
	if name != one.Pseudonym("ann@example.com") || name != one.Pseudonym("ann+more@example.com") || name == one.Pseudonym("ben@example.com") || name == other.Pseudonym("ann@example.com") {
		t.Error("a name is to be the same for one mailbox and one secret, and for nothing else")
	}
	if strings.Contains(name, "ann") || len(name) != 22 {
		t.Errorf("the name is %q", name)
	}
}
