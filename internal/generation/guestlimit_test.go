package generation_test

import (
	"context"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// X5: a guest whose preview was accepted gets it, whatever the limit is by then.
func TestALowerGuestLimitLeavesAPreviewUnderWayAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, func(context.Context, *engine.Job) error { return nil })
		ctx := context.Background()
		ask := func(guest kinpict.Caller) (string, error) {
			req := r.request()
			req.Photos = r.addPhotos(guest.GuestID, 2)
			a, err := r.Preview(ctx, guest, r.intent("one "+guest.GuestID), req)
			if err != nil {
				return "", err
			}
			return a.Generation.ID, nil
		}
		early := kinpict.Caller{GuestID: "gst_1", Network: "net"}
		id, err := ask(early)
		if err != nil {
			t.Fatal(err)
		}
		none := kinpict.DefaultCatalog()
		none.Guest.Previews = 0
		clock.Advance(time.Second)
		r.update(func(tx *store.Tx) error { return tx.PutCatalog(none, "ops", "no more previews") })
		r.once()
		g, err := r.Generation(ctx, early, id)
		if err != nil || g.Status != kinpict.Succeeded {
			t.Errorf("the preview under way: %+v, %v; want it made", g, err)
		}
		if _, err := ask(kinpict.Caller{GuestID: "gst_2", Network: "net"}); kinpict.CodeOf(err) != kinpict.GuestLimit {
			t.Errorf("the next guest: %v, want guest_limit", err)
		}
	})
}
