package staff_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/staff"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var (
	ctx     = context.Background()
	support = kinpict.Caller{AccountID: "acc_sue", Role: kinpict.Support}
)

func office(db *store.DB, clock *storetest.Clock) *staff.Office {
	return &staff.Office{DB: db, IDs: kinpict.IDs{Now: clock.Now, Rand: rand.Reader}, Now: clock.Now, Log: slog.New(slog.DiscardHandler)}
}

func TestOnlyStaffSeeTheHouse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o := office(db, clock)
		for name, ask := range map[string]func(c kinpict.Caller) error{
			"overview": func(c kinpict.Caller) error { _, err := o.Overview(ctx, c, 7); return err },
			"requests": func(c kinpict.Caller) error { _, _, err := o.Requests(ctx, c, "", "", 10); return err },
			"request":  func(c kinpict.Caller) error { _, err := o.Request(ctx, c, "gen_1"); return err },
			"person":   func(c kinpict.Caller) error { _, err := o.Person(ctx, c, "acc_1", 0); return err },
			"address":  func(c kinpict.Caller) error { _, err := o.Address(ctx, c, "acc_1"); return err },
			"books":    func(c kinpict.Caller) error { _, err := o.Books(ctx, c); return err },
			"prove":    func(c kinpict.Caller) error { return o.Prove(ctx, c) },
			"trail":    func(c kinpict.Caller) error { _, _, err := o.Trail(ctx, c, "", 10); return err },
		} {
			for _, c := range []kinpict.Caller{{}, {GuestID: "gst_1"}, {AccountID: "acc_1", Role: kinpict.Customer}} {
				if err := ask(c); kinpict.CodeOf(err) != kinpict.Forbidden {
					t.Errorf("%s for %+v: %v", name, c, err)
				}
			}
			if err := ask(support); kinpict.CodeOf(err) == kinpict.Forbidden {
				t.Errorf("%s for support: %v", name, err)
			}
		}
	})
}

// An address is never told without its line in the trail.
func TestAnAddressIsToldOnTheRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o := office(db, clock)
		if err := db.Update(ctx, func(tx *store.Tx) error {
			_, _, err := tx.AddAccount(kinpict.Account{ID: "acc_ann", Email: "ann@example.org", Role: kinpict.Customer})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if email, err := o.Address(ctx, support, "acc_ann"); err != nil || email != "ann@example.org" {
			t.Fatalf("%q, %v", email, err)
		}
		if _, err := o.Address(ctx, support, "acc_none"); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("nobody's: %v", err)
		}
		deeds, next, err := o.Trail(ctx, support, "", 10)
		if err != nil || next != "" || len(deeds) != 1 || deeds[0].Kind != staff.DeedAddress || deeds[0].Actor != "acc_sue" || deeds[0].Subject != "acc_ann" {
			t.Errorf("the trail says %+v, %q, %v", deeds, next, err)
		}
		for _, cursor := range []string{"x", "1", "1|2", "-1|a|b", "||"} {
			if _, _, err := o.Trail(ctx, support, cursor, 10); err != nil {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}

func TestAnAuditIsToldWhenItEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o := office(db, clock)
		b, err := o.Books(ctx, support)
		if err != nil || b.Audit != nil || b.Running != nil {
			t.Fatalf("before any: %+v, %v", b, err)
		}
		if err := o.Prove(ctx, support); err != nil {
			t.Fatal(err)
		}
		if b, err = o.Books(ctx, support); err != nil || b.Running != nil || b.Audit == nil || b.Audit.Actor != "acc_sue" || b.Audit.Found != 0 {
			t.Errorf("after one: %+v, %v", b, err)
		}
		// While one runs elsewhere no second begins.
		if err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.BeginAudit("aud_elsewhere", "acc_tom", tx.Now().Add(-time.Hour))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := o.Prove(ctx, support); kinpict.CodeOf(err) != kinpict.Conflict {
			t.Errorf("a second at once: %v", err)
		}
	})
}

// The calendar has every day of the period, and today is the last.
func TestTheCalendarIsWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o := office(db, clock)
		for _, days := range []int{7, 21, 90, 5, -1, 1 << 30} {
			v, err := o.Overview(ctx, support, days)
			if err != nil {
				t.Fatal(err)
			}
			want := days
			if days != 7 && days != 90 {
				want = 21
			}
			all := v.Calendar()
			if len(all) != want || !all[len(all)-1].At.Equal(clock.Now().Truncate(24*time.Hour)) || !all[0].At.Equal(v.From) {
				t.Errorf("%d days: %d from %v to %v", days, len(all), all[0].At, all[len(all)-1].At)
			}
		}
	})
}
