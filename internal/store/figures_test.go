package store_test

import (
	"reflect"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// at gives a generation its times, as if it had ended then.
func (b *books) at(id string, ended time.Time, took time.Duration, attempts int, engine string) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE generation SET finished_at = $2, created_at = $3, attempts = $4, engine = $5 WHERE id = $1`, id, ended.UnixMicro(), ended.Add(-took).UnixMicro(), attempts, engine)
		return err
	})
}

func TestFiguresOfAKnownHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		today := clock.Now().Truncate(24 * time.Hour)
		yesterday := today.AddDate(0, 0, -1)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		b.grant("ann", kinpict.LotPromo, 10, 0) // was not sold
		delivered := func(ended time.Time, took time.Duration, attempts int) string {
			id := b.accept("ann")
			b.settle(id)
			b.at(id, ended, took, attempts, "studio")
			return id
		}
		delivered(today, 10*time.Second, 1) // at the very beginning of the day
		delivered(today.Add(time.Hour), 20*time.Second, 2)
		regretted := delivered(today.Add(-time.Microsecond), 30*time.Second, 1)
		delivered(today.AddDate(0, 0, -3), time.Hour, 1) // before the time that is asked about
		b.update(func(tx *store.Tx) error { return tx.Goodwill(regretted, 1, "acc_staff", "sorry", "") })
		failed := b.accept("ann")
		b.giveBack(failed)
		b.at(failed, yesterday, time.Minute, 3, "")
		b.update(func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE generation SET failure = 'timed_out' WHERE id = $1`, failed)
			return err
		})
		canceled := b.accept("ann")
		b.update(func(tx *store.Tx) error {
			if _, err := tx.Return(canceled, "canceled"); err != nil {
				return err
			}
			return end(tx, canceled, kinpict.Canceled)
		})
		b.at(canceled, yesterday, time.Minute, 0, "")
		b.accept("ann") // waits
		b.update(func(tx *store.Tx) error {
			if err := tx.PutPreview(&kinpict.Generation{ID: "gen_free", CatalogUsed: 1, Request: kinpict.Request{Quality: kinpict.Standard}}, "gst_1", "gst_1", tx.Now().Add(time.Hour)); err != nil {
				return err
			}
			return end(tx, "gen_free", kinpict.Succeeded)
		})
		b.at("gen_free", today, time.Second, 1, "openai")

		var got *store.Figures
		var owed kinpict.Credits
		b.view(func(tx *store.Tx) (err error) {
			if got, err = tx.Figures(yesterday); err != nil {
				return err
			}
			owed, err = tx.CreditsOwed()
			return err
		})
		want := &store.Figures{From: yesterday, Delivered: 4, Previews: 1, FirstTime: 2, Failed: 1,
			Days:    []store.DayOf{{Day: yesterday, Delivered: 1, Failed: 1, Spent: 4}, {Day: today, Delivered: 3, Spent: 8, Sold: 80}},
			Waits:   []store.Wait{{Quality: kinpict.Standard, Count: 4, P95: 30 * time.Second}},
			Wait:    store.Wait{Count: 4, P95: 30 * time.Second},
			Drawn:   []store.Drawn{{Engine: "studio", Count: 3}, {Engine: "openai", Count: 1}},
			Failing: []store.Failing{{Code: kinpict.FailedTimeout, Count: 1}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		// 90 came, four pictures of 4 and the one that waits are paid, one credit went back.
		if owed != 71 {
			t.Errorf("%d credits are owed, want 71", owed)
		}
	})
}

// Of twenty waits it is the 19th: 95 of a hundred are not above it.
func TestTheWaitOf95OfAHundred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		for i := 1; i <= 20; i++ {
			id := b.accept("ann")
			b.settle(id)
			b.at(id, clock.Now(), time.Duration(i)*time.Second, 1, "studio")
			var f *store.Figures
			b.view(func(tx *store.Tx) (err error) { f, err = tx.Figures(clock.Now().Add(-time.Hour)); return err })
			want := time.Duration((i*95+99)/100) * time.Second
			if f.Wait.P95 != want || f.Wait.Count != i {
				t.Errorf("of %d waits it is %v of %d, want %v", i, f.Wait.P95, f.Wait.Count, want)
			}
		}
	})
}

func TestOneAuditAtATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := lived(t, db, clock)
		began := clock.Now()
		begin := func(id string, want bool) {
			t.Helper()
			b.update(func(tx *store.Tx) error {
				got, err := tx.BeginAudit(id, "acc_ops", tx.Now().Add(-10*time.Minute))
				if got != want {
					t.Errorf("audit %s begins: %v, want %v", id, got, want)
				}
				return err
			})
		}
		begin("aud_1", true)
		begin("aud_2", false)
		clock.Advance(10 * time.Minute) // whoever ran it is dead
		begin("aud_3", true)
		p, err := db.Prove(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b.update(func(tx *store.Tx) error { return tx.EndAudit("aud_3", p) })
		begin("aud_4", true)
		b.update(func(tx *store.Tx) error { return tx.DropAudit("aud_4") })
		b.view(func(tx *store.Tx) error {
			running, last, err := tx.Audits()
			if running != nil || last == nil || last.ID != "aud_3" || last.Found != 0 || !last.BeganAt.Equal(began.Add(10*time.Minute)) {
				t.Errorf("running %+v, last %+v", running, last)
			}
			var sum, lots kinpict.Credits
			for _, s := range last.Proof.Sums {
				if sum += s.Amount; s.Code == "lot" {
					lots = s.Amount
				}
			}
			owed, other := tx.CreditsOwed()
			if sum != 0 || lots != owed || lots == 0 || len(last.Proof.Sums) < 5 {
				t.Errorf("the sums come to %d, the lots hold %d of %d: %+v", sum, lots, owed, last.Proof.Sums)
			}
			if err != nil {
				return err
			}
			return other
		})
	})
}
