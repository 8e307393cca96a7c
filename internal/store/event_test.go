package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// What a provider sends may name the payer and where they live.
func TestWhatWasSentIsKeptNoLongerThanItIsOfUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		kept := func(when string, want ...string) {
			t.Helper()
			var got []string
			err := db.View(ctx, func(tx *store.Tx) error {
				return tx.EachRow(func(scan func(...any) error) error {
					var state string
					var n int
					err := scan(&state, &n)
					got = append(got, fmt.Sprint(state, " ", n))
					return err
				}, `SELECT state, length(payload) FROM provider_event ORDER BY event_id`)
			})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q, %v; want %q", when, got, err, want)
			}
		}
		update := func(f func(*store.Tx) error) {
			t.Helper()
			if err := db.Update(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		for i, state := range []string{store.EventDone, store.EventIgnored, store.EventQuarantined} {
			e := &store.Event{Provider: "stripe", ID: fmt.Sprint(i), Type: "t", Payload: []byte("Ann Lee")}
			update(func(tx *store.Tx) error { _, err := tx.ReceiveEvent(e, tx.Now()); return err })
			if i == 0 {
				kept("received", "received 7")
			}
			update(func(tx *store.Tx) error { return tx.SettleEvent(e, state, "") })
		}
		kept("settled", "done 0", "ignored 0", "quarantined 7")
		clock.Advance(time.Hour)
		update(func(tx *store.Tx) error { _, err := tx.PruneEvents(tx.Now().Add(-2 * time.Hour)); return err })
		kept("too young to be forgotten", "done 0", "ignored 0", "quarantined 7")
		update(func(tx *store.Tx) error { _, err := tx.PruneEvents(tx.Now()); return err })
		kept("forgotten", "quarantined 0")
	})
}
