package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestManyUsesAtOnceAreAllOrNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for _, c := range []struct {
			name    string
			n       int64
			later   time.Duration
			ok      bool
			counted int64 // afterwards
		}{
			{"more than there may ever be", 11, 0, false, 0},
			{"some", 4, 0, true, 4},
			{"more than are left", 7, 0, false, 4},
			{"the rest", 6, 0, true, 10},
			{"one more", 1, 0, false, 10},
			{"one more at the window's end", 1, time.Hour - time.Second, false, 10},
			{"in the next window", 10, time.Second, true, 10},
		} {
			clock.Advance(c.later)
			if err := db.Update(ctx, func(tx *store.Tx) error {
				ok, err := tx.AllowMany("bytes", c.n, 10, time.Hour)
				if err != nil {
					return err
				}
				n, err := tx.Counted("bytes", time.Hour)
				if ok != c.ok || n != c.counted {
					t.Errorf("%s: %v with %d counted, want %v with %d", c.name, ok, n, c.ok, c.counted)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(time.Hour)
		if err := db.View(ctx, func(tx *store.Tx) error {
			n, err := tx.Counted("bytes", time.Hour)
			if n != 0 {
				t.Errorf("%d are counted after their window", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// What a flood left goes in steps, none of which keeps others waiting for long.
func TestSweepsGoInSteps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		update := func(fn func(*store.Tx) error) {
			t.Helper()
			if err := db.Update(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		update(func(tx *store.Tx) error {
			for n := range 5 {
				guest := fmt.Sprintf("gst_%d", n)
				if err := tx.PutDraft(guest, []byte("{}")); err != nil {
					return err
				}
				if _, err := tx.Allow("photos/"+guest, 1, time.Hour); err != nil {
					return err
				}
			}
			return tx.PutDraft("acc_ann", []byte("{}"))
		})
		clock.Advance(25 * time.Hour)
		update(func(tx *store.Tx) error { return tx.PutDraft("gst_new", []byte("{}")) })
		before := clock.Now().Add(-24 * time.Hour)
		for what, step := range map[string]func(tx *store.Tx) (int64, error){
			"drafts":  func(tx *store.Tx) (int64, error) { return tx.SweepDrafts(before, before.Add(-24*time.Hour), 2) },
			"buckets": func(tx *store.Tx) (int64, error) { return tx.SweepLimits(before, 2) },
		} {
			for _, want := range []int64{2, 2, 1, 0} {
				update(func(tx *store.Tx) error {
					n, err := step(tx)
					if n != want {
						t.Errorf("%s: %d went in one step, want %d", what, n, want)
					}
					return err
				})
			}
		}
		update(func(tx *store.Tx) error {
			for _, owner := range []string{"acc_ann", "gst_new"} {
				if body, err := tx.Draft(owner); err != nil || body == nil {
					t.Errorf("the draft of %s is gone, %v", owner, err)
				}
			}
			return nil
		})
	})
}
