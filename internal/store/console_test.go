package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestTheTrailIsNeverChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		if err := db.Update(ctx, func(tx *store.Tx) error {
			return tx.NoteStaff(store.StaffAct{ID: "act_1", Actor: "acc_ops", Kind: "console opened", Subject: "acc_ops"})
		}); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`UPDATE staff_act SET actor = 'x'`, `DELETE FROM staff_act`} {
			if _, err := db.Exec(ctx, q); err == nil {
				t.Errorf("%s went through", q)
			}
		}
	})
}

// Whatever page size one reads with, every deed is told once and in order, those
// of one moment too.
func TestDeedsAreToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for i := range 4 {
			if err := db.Update(ctx, func(tx *store.Tx) error {
				for j := range 3 {
					if err := tx.NoteStaff(store.StaffAct{ID: fmt.Sprintf("act_%d%d", i, j), Actor: "acc_ops", Kind: "looked", Subject: fmt.Sprintf("acc_%d", j)}); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Minute)
		}
		if err := db.Seed(ctx, kinpict.DefaultCatalog()); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute)
		for _, size := range []int{1, 2, 5, 50} {
			seen, last := map[string]int{}, (*store.Deed)(nil)
			for {
				var some []store.Deed
				if err := db.Read(ctx, func(tx *store.Tx) (err error) { some, err = tx.Deeds(last, size); return err }); err != nil {
					t.Fatal(err)
				}
				for _, d := range some {
					if last != nil && !d.Before(*last) {
						t.Errorf("%+v comes behind %+v", d, *last)
					}
					seen[d.At.String()+d.Kind+d.Subject]++
					last = &d
				}
				if len(some) < size {
					break
				}
			}
			if len(seen) != 13 {
				t.Errorf("in pages of %d there are %d deeds, want 13", size, len(seen))
			}
			for d, n := range seen {
				if n != 1 {
					t.Errorf("in pages of %d %s is told %d times", size, d, n)
				}
			}
		}
	})
}
