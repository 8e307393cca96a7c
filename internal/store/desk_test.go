package store_test

import (
	"slices"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// Every request is told once, whatever the size of a page, those that ended in
// one moment too.
func TestRequestsAreToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		want := map[kinpict.Status][]string{}
		add := func(s kinpict.Status, id string) {
			want[s], want[""] = append(want[s], id), append(want[""], id)
		}
		for i := range 5 {
			ended := clock.Now().Add(time.Duration(i/3) * time.Minute) // some at once
			id := b.accept("ann")
			b.settle(id)
			b.at(id, ended, time.Second, 1, "studio")
			add(kinpict.Succeeded, id)
			id = b.accept("ann")
			b.giveBack(id)
			b.at(id, ended, time.Second, 3, "")
			add(kinpict.Failed, id)
			add(kinpict.Queued, b.accept("ann"))
		}
		clock.Advance(time.Hour)
		for status, ids := range want {
			slices.Reverse(ids)
			for _, size := range []int{1, 2, 4, 50} {
				var got []string
				for cursor := ""; ; {
					var rows []*store.RequestRow
					b.view(func(tx *store.Tx) (err error) { rows, err = tx.StaffRequests(status, cursor, size); return err })
					for _, r := range rows {
						got = append(got, r.ID)
						cursor = r.Cursor()
					}
					if len(rows) < size {
						break
					}
				}
				if !slices.Equal(got, ids) {
					t.Errorf("%q in pages of %d: %v, want %v", status, size, got, ids)
				}
			}
		}
		b.view(func(tx *store.Tx) error {
			r, err := tx.StaffRequest(want[kinpict.Failed][0])
			if err != nil || r.Charge != "returned" || r.Returned != 4 || r.Attempts != 3 || r.Owner != "ann" {
				t.Errorf("a request that failed: %+v, %v", r, err)
			}
			taken, err := tx.TakenFor(r.ID)
			if err != nil || len(taken) != 1 || taken[0].Amount != 4 || taken[0].Returned != 4 || taken[0].Kind != kinpict.LotPaid {
				t.Errorf("what it took: %+v, %v", taken, err)
			}
			_, err = tx.StaffRequest("gen_none")
			if kinpict.CodeOf(err) != kinpict.NotFound {
				t.Errorf("none: %v", err)
			}
			return nil
		})
	})
}
