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

// putHeld parks a request that a person is to read.
func putHeld(tx *store.Tx, id, account, words string) error {
	return tx.PutHeld(&kinpict.HeldRequest{ID: id, AccountID: account, Reason: kinpict.HeldForSafety, Cost: 4, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(store.KeepHeld),
		Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "gallery", Photos: []kinpict.PhotoUse{{ID: "pho_1"}}, Instruction: words}})
}

// Staff of two minds, the owner who takes it back and the owner who goes on, all
// at once: one of them is first, and nobody after that.
func TestOneDecidesAboutAHeldRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		pictures := 0
		for i, id := range []string{"hld_a", "hld_b", "hld_c", "hld_d", "hld_e", "hld_f", "hld_g", "hld_h"} {
			b.update(func(tx *store.Tx) error { return putHeld(tx, id, "ann", "two readings") })
			var wg sync.WaitGroup
			var mu sync.Mutex
			won := map[string]int{}
			race := func(what string, try func() (bool, error)) {
				wg.Go(func() {
					done, err := try()
					mu.Lock()
					defer mu.Unlock()
					if err == nil && done {
						won[what]++
					}
				})
			}
			inside := func(f func(tx *store.Tx) (bool, error)) func() (bool, error) {
				return func() (done bool, err error) {
					err = db.Update(ctx, func(tx *store.Tx) error { done, err = f(tx); return err })
					return done, err
				}
			}
			for range 4 {
				race("approved", inside(func(tx *store.Tx) (bool, error) { return tx.Decide(id, kinpict.HoldApproved, "acc_1", "") }))
				race("refused", inside(func(tx *store.Tx) (bool, error) { return tx.Decide(id, kinpict.HoldRefused, "acc_2", "no") }))
				race("withdrawn", inside(func(tx *store.Tx) (bool, error) { return tx.Withdraw("ann", id) }))
			}
			a := asking("ann", "resume "+id, "gen_of_"+id)
			a.Generation.Credits, a.Held = 4, id
			race("gone on", func() (bool, error) {
				r, err := db.Accept(ctx, a)
				return err == nil && r == nil, err
			})
			wg.Wait()
			var h *kinpict.HeldRequest
			b.update(func(tx *store.Tx) (err error) { h, err = tx.AnyHeld(id); return err })
			if won["approved"]+won["refused"] > 1 || won["withdrawn"] > 1 {
				t.Errorf("round %d: decided %v", i, won)
			}
			if (h.GenerationID != "") != (won["gone on"] == 1) {
				t.Errorf("round %d: the picture is %q after %v", i, h.GenerationID, won)
			}
			if h.GenerationID != "" && (won["refused"]+won["withdrawn"] > 0) {
				t.Errorf("round %d: a picture was made of what was %v", i, won)
			}
			if won["withdrawn"] == 1 && (h.Request.Instruction != "" || h.Waits(clock.Now())) {
				t.Errorf("round %d: taken back and still there: %+v", i, h)
			}
			pictures += won["gone on"]
		}
		b.wants("ann", kinpict.Credits(80-4*pictures), 0)
	})
}

func TestWhatWaitsAndForHowLong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.account("ann")
		b.account("bob")
		b.update(func(tx *store.Tx) error { return putHeld(tx, "hld_1", "ann", "one") })
		clock.Advance(time.Second)
		b.update(func(tx *store.Tx) error { return putHeld(tx, "hld_2", "ann", "two") })
		b.update(func(tx *store.Tx) error { return putHeld(tx, "hld_3", "bob", "three") })
		see := func(what string, waiting, queue, ofBob int) {
			t.Helper()
			b.update(func(tx *store.Tx) error {
				list, err := tx.Waiting("ann")
				if err != nil {
					return err
				}
				all, err := tx.Undecided("", 50)
				if err != nil {
					return err
				}
				n, err := tx.CountUndecided()
				if err != nil {
					return err
				}
				bobs, err := tx.Waiting("bob")
				if len(list) != waiting || len(all) != queue || n != queue || len(bobs) != ofBob {
					t.Errorf("%s: %d wait of ann's, %d (counted %d) for staff, %d of bob's; want %d, %d, %d", what, len(list), len(all), n, len(bobs), waiting, queue, ofBob)
				}
				return err
			})
		}
		see("at first", 2, 3, 1)
		b.update(func(tx *store.Tx) error {
			if first, err := tx.Undecided("", 1); err != nil || len(first) != 1 || first[0].ID != "hld_1" {
				t.Errorf("the first to read is %+v, %v", first, err)
			}
			if next, err := tx.Undecided("hld_1", 1); err != nil || len(next) != 1 || next[0].ID != "hld_2" {
				t.Errorf("the next is %+v, %v", next, err)
			}
			if ok, err := tx.Withdraw("bob", "hld_1"); err != nil || ok {
				t.Errorf("bob takes ann's back: %v, %v", ok, err)
			}
			return nil
		})
		clock.Advance(store.KeepHeld - 2*time.Second)
		b.update(func(tx *store.Tx) error {
			ok, err := tx.Decide("hld_1", kinpict.HoldApproved, "acc_staff", "")
			if !ok {
				t.Error("it was not decided")
			}
			return err
		})
		see("one approved", 2, 2, 1)
		clock.Advance(2 * time.Second)
		see("after seven days", 1, 0, 0) // the approved one has its time anew
		b.update(func(tx *store.Tx) error {
			if ok, err := tx.Decide("hld_2", kinpict.HoldApproved, "acc_staff", ""); err != nil || ok {
				t.Errorf("decided after its time: %v, %v", ok, err)
			}
			if ok, err := tx.Withdraw("bob", "hld_3"); err != nil || ok {
				t.Errorf("taken back after its time: %v, %v", ok, err)
			}
			if err := tx.SweepHeld(); err != nil {
				return err
			}
			for id, words := range map[string]string{"hld_1": "one", "hld_2": "", "hld_3": ""} {
				if h, err := tx.AnyHeld(id); err != nil || h.Request.Instruction != words {
					t.Errorf("%s says %q after the sweep, want %q (%v)", id, h.Request.Instruction, words, err)
				}
			}
			return nil
		})
		clock.Advance(store.KeepHeld - 3*time.Second)
		see("a second before its new time is over", 1, 0, 0)
		clock.Advance(time.Second)
		see("when it is", 0, 0, 0)
	})
}

// However many there are, a page reads so many of them, the oldest.
func TestNoPageReadsAllThatWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.account("ann")
		b.update(func(tx *store.Tx) error {
			for i := range 60 {
				if err := putHeld(tx, fmt.Sprintf("hld_%02d", i), "ann", "words"); err != nil {
					return err
				}
			}
			list, err := tx.Waiting("ann")
			if err == nil && (len(list) != 40 || list[0].ID != "hld_00" || list[39].ID != "hld_39") {
				t.Errorf("a page reads %d of them, want 40, the oldest first", len(list))
			}
			return err
		})
	})
}
