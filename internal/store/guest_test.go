package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// preview spends one and reports which code came back.
func preview(t *testing.T, db *store.DB, guest, account, network string, limit, networkLimit int) kinpict.Code {
	t.Helper()
	return kinpict.CodeOf(db.Update(context.Background(), func(tx *store.Tx) error {
		return tx.SpendPreview(guest, account, network, limit, networkLimit)
	}))
}

func TestFiftySubmitsWithOneCookieGiveOnePreview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		var wg sync.WaitGroup
		codes := make([]kinpict.Code, 50)
		for i := range codes {
			wg.Go(func() { codes[i] = preview(t, db, "gst_ann", "", fmt.Sprint("net", i%10), 1, 30) })
		}
		wg.Wait()
		count := map[kinpict.Code]int{}
		for _, c := range codes {
			count[c]++
		}
		if count[""] != 1 || count[kinpict.GuestLimit] != 49 {
			t.Errorf("50 submits with one cookie: %v, want 1 preview and 49 guest_limit", count)
		}
	})
}

func TestPreviewBudgets(t *testing.T) {
	type spend struct {
		guest, account, network string
		code                    kinpict.Code
	}
	const no = kinpict.GuestLimit
	for _, c := range []struct {
		name           string
		limit, network int
		spends         []spend
	}{
		{"one cookie on two networks", 1, 30, []spend{{"g1", "", "home", ""}, {"g1", "", "office", no}}},
		{"two people at home", 1, 30, []spend{{"g1", "", "home", ""}, {"g2", "", "home", ""}}},
		{"cleared cookies", 1, 2, []spend{{"g1", "", "home", ""}, {"g2", "", "home", ""}, {"g3", "", "home", no}, {"g4", "", "office", ""}}},
		{"cleared cookies, network uncounted", 1, 0, []spend{{"g1", "", "home", ""}, {"g2", "", "home", ""}, {"g3", "", "home", ""}}},
		{"a busy network and an account", 1, 1, []spend{{"g1", "", "home", ""}, {"g2", "", "home", no}, {"", "ann", "home", ""}, {"", "ann", "home", no}}},
		{"an account on a spent device", 1, 30, []spend{{"g1", "", "home", ""}, {"g1", "ann", "home", no}}},
		{"the catalog allows two", 2, 30, []spend{{"g1", "", "home", ""}, {"g1", "", "home", ""}, {"g1", "", "home", no}}},
		{"the catalog allows none", 0, 30, []spend{{"g1", "", "home", no}, {"", "ann", "home", no}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				for i, s := range c.spends {
					if got := preview(t, db, s.guest, s.account, s.network, c.limit, c.network); got != s.code {
						t.Errorf("spend %d %+v: got %q", i+1, s, got)
					}
				}
			})
		})
	}
}

func TestARefusedPreviewTakesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		preview(t, db, "g1", "", "home", 1, 1)
		if got := preview(t, db, "g2", "", "home", 1, 1); got != kinpict.GuestLimit {
			t.Fatalf("a busy network: %q", got)
		}
		if got := preview(t, db, "g2", "", "office", 1, 1); got != "" {
			t.Errorf("the refused guest elsewhere: %q, want a preview", got)
		}
	})
}

func TestANewDayFreesTheNetworkOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for day := range 2 {
			g := fmt.Sprint("g", day)
			if got := preview(t, db, g, "", "home", 1, 1); got != "" {
				t.Errorf("day %d, first guest: %q", day, got)
			}
			if got := preview(t, db, g+"b", "", "home", 1, 1); got != kinpict.GuestLimit {
				t.Errorf("day %d, second guest: %q", day, got)
			}
			if got := preview(t, db, "g0", "", "office", 1, 9); got != kinpict.GuestLimit {
				t.Errorf("day %d, the first cookie again: %q", day, got)
			}
			clock.Advance(24 * time.Hour)
		}
	})
}

func TestGivingAPreviewBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		back := func(id, network string) {
			t.Helper()
			if err := db.Update(context.Background(), func(tx *store.Tx) error {
				return tx.GiveBackPreview(id, network, store.Day(clock.Now()))
			}); err != nil {
				t.Fatal(err)
			}
		}
		again := func(what, guest, account, network string, want kinpict.Code) {
			t.Helper()
			if got := preview(t, db, guest, account, network, 1, 1); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		again("first", "g1", "", "home", "")
		back("g1", "home")
		again("after it came back", "g1", "", "home", "")
		again("another guest", "g2", "", "home", kinpict.GuestLimit)

		// Two guests' devices end at one account; one preview of two comes back.
		again("second device", "g3", "", "office", "")
		if err := db.Update(context.Background(), func(tx *store.Tx) error {
			if _, _, err := tx.AddAccount(kinpict.Account{ID: "acc_ann", Email: "ann@example.com", Role: kinpict.Customer}); err != nil {
				return err
			}
			if err := tx.ClaimGuest("g1", "acc_ann", tx.Now()); err != nil {
				return err
			}
			return tx.ClaimGuest("g3", "acc_ann", tx.Now())
		}); err != nil {
			t.Fatal(err)
		}
		again("account after claiming two", "", "acc_ann", "", kinpict.GuestLimit)
		back("g1", "home")
		again("one of two came back", "", "acc_ann", "", kinpict.GuestLimit)
		back("g3", "office")
		again("both came back", "", "acc_ann", "", "")
		back("acc_ann", "")
		back("acc_ann", "")
		again("never below none", "", "acc_ann", "", "")
		again("never below none", "", "acc_ann", "", kinpict.GuestLimit)
	})
}
