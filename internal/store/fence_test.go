package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestFences(t *testing.T) {
	const lease, total = time.Minute, 10 * time.Minute
	image := &kinpict.Image{Key: "k", ContentType: "image/png", Width: 1, Height: 1, Bytes: 1, SHA256: "s"}
	type move func(tx *store.Tx, f store.Fence) (bool, error)
	succeed := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Succeed(f, "studio", image) }
	beat := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Beat(f, lease) }
	fail := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Fail(f, kinpict.FailedEngine, 1) }
	again := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Again(f, time.Second, 1) }
	unclaim := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Unclaim(f) }
	requeue := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Requeue(f.ID) }
	cancel := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Cancel("ann", f.ID) }
	expire := func(tx *store.Tx, f store.Fence) (bool, error) { return tx.Expire(f.ID, kinpict.FailedTimeout) }
	late := func(tx *store.Tx, f store.Fence) (bool, error) { f.Attempt--; return tx.Succeed(f, "studio", image) }
	thief := func(tx *store.Tx, f store.Fence) (bool, error) {
		f.Worker = "w2"
		return tx.Succeed(f, "studio", image)
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 400, 0)
		for _, c := range []struct {
			name  string
			moves []move
			want  []bool
			waits time.Duration // before the last move
			state kinpict.Status
		}{
			{"succeeds once", []move{beat, succeed, succeed}, []bool{true, true, false}, 0, kinpict.Succeeded},
			{"fails once", []move{fail, succeed}, []bool{true, false}, 0, kinpict.Failed},
			{"is tried again", []move{again, succeed}, []bool{true, false}, 0, kinpict.Queued},
			{"is handed back", []move{unclaim, beat}, []bool{true, false}, 0, kinpict.Queued},
			{"is not the attempt before", []move{late}, []bool{false}, 0, kinpict.Running},
			{"is not another worker's", []move{thief}, []bool{false}, 0, kinpict.Running},
			{"cannot be canceled once claimed", []move{cancel}, []bool{false}, 0, kinpict.Running},
			{"is not requeued while it beats", []move{requeue}, []bool{false}, lease - time.Microsecond, kinpict.Running},
			{"is requeued when the lease ran out", []move{requeue}, []bool{true}, lease, kinpict.Queued},
			{"is failed when nobody works on it", []move{expire}, []bool{true}, lease, kinpict.Failed},
			{"is not failed while somebody works on it", []move{expire}, []bool{false}, lease - time.Microsecond, kinpict.Running},
		} {
			id := b.accept("ann")
			var g *kinpict.Generation
			b.update(func(tx *store.Tx) (err error) { g, err = tx.Claim("w1", lease, total); return err })
			if g == nil || g.ID != id {
				t.Fatalf("%s: claimed %v, want %s", c.name, g, id)
			}
			f := store.Fence{ID: id, Worker: "w1", Attempt: g.Attempts}
			for i, m := range c.moves {
				if i == len(c.moves)-1 {
					clock.Advance(c.waits)
				}
				b.update(func(tx *store.Tx) error {
					ok, err := m(tx, f)
					if ok != c.want[i] {
						t.Errorf("a generation that %s: move %d was done: %v", c.name, i+1, ok)
					}
					return err
				})
			}
			b.update(func(tx *store.Tx) error {
				g, err := tx.Job(id)
				if err == nil && g.Status != c.state {
					t.Errorf("a generation that %s is %s, want %s", c.name, g.Status, c.state)
				}
				if err == nil && !g.Status.Done() {
					err = end(tx, id, kinpict.Failed)
				}
				if err != nil {
					return err
				}
				if g.Status == kinpict.Succeeded {
					_, err = tx.Settle(id)
				} else {
					_, err = tx.Return(id, "engine_failed")
				}
				return err
			})
		}
	})
}

func TestALateAttemptAfterRequeue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		id := b.accept("ann")
		claim := func(w string) (f store.Fence) {
			b.update(func(tx *store.Tx) error {
				g, err := tx.Claim(w, time.Minute, time.Hour)
				if g != nil {
					f = store.Fence{ID: g.ID, Worker: w, Attempt: g.Attempts}
				}
				return err
			})
			return f
		}
		first := claim("w1")
		clock.Advance(time.Minute)
		b.update(func(tx *store.Tx) error { _, err := tx.Requeue(id); return err })
		second := claim("w2")
		if second.ID != id || second.Attempt != 2 {
			t.Fatalf("claimed again as %+v", second)
		}
		for _, c := range []struct {
			f    store.Fence
			want bool
		}{{first, false}, {second, true}} {
			b.update(func(tx *store.Tx) error {
				ok, err := tx.Succeed(c.f, "studio", &kinpict.Image{Key: "k"})
				if ok != c.want {
					t.Errorf("the success of %s counts: %v", c.f.Worker, ok)
				}
				return err
			})
		}
		b.settle(id)
	})
}

func TestSixteenWorkersClaimEachJobOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 2000, 0)
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Go(func() {
				for i := w; i < 500; i += 16 {
					id := fmt.Sprintf("gen_j%03d", i)
					if _, err := db.Accept(ctx, asking("ann", id, id)); err != nil {
						t.Errorf("accept: %v", err)
					}
				}
			})
		}
		wg.Wait()
		var mu sync.Mutex
		claimed := map[string]int{}
		for w := range 16 {
			wg.Go(func() {
				for {
					var g *kinpict.Generation
					if err := db.Update(ctx, func(tx *store.Tx) (err error) {
						g, err = tx.Claim(fmt.Sprint("w", w), time.Hour, time.Hour)
						return err
					}); err != nil {
						t.Errorf("claim: %v", err)
					}
					if g == nil {
						return
					}
					mu.Lock()
					claimed[g.ID]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
		if len(claimed) != 500 {
			t.Errorf("%d of 500 jobs were claimed", len(claimed))
		}
	})
}
