package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// leave deletes an account of the books.
func leave(db *store.DB, account string) (*kinpict.Deletion, error) {
	d := &kinpict.Deletion{}
	err := db.Update(ctx, func(tx *store.Tx) error {
		*d = kinpict.Deletion{ID: "del_" + account, AccountID: account, AskedBy: kinpict.AskedByPerson}
		done, err := tx.DeleteAccount(d, 1<<40, func([]byte) ([]byte, error) { return []byte(`{}`), nil })
		if err == nil && !done {
			return errors.New("it was not deleted")
		}
		return err
	})
	return d, err
}

func TestReviewsLoseTheirWordsOnceAndOnlyWithTheAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		reviewed(t, db, clock)
		const erase = `UPDATE review SET message = '', page = '', evidence = '{}', frozen_sha256 = sha256, sha256 = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', erased_at = 1 WHERE id = `
		const wipe = `UPDATE review_act SET text = 'Removed with the account.' WHERE review_id = `
		for name, q := range map[string]string{"a review of somebody who is here": erase + `'rev_bob'`, "an answer to somebody who is here": wipe + `'rev_ann'`} {
			if n, err := db.Exec(ctx, q); err == nil {
				t.Errorf("%s: emptied, %d rows", name, n)
			}
		}
		if _, err := leave(db, "ann"); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]string{
			"emptied twice":           erase + `'rev_ann'`,
			"other evidence after":    `UPDATE review SET evidence = '{"seq":9}' WHERE id = 'rev_ann'`,
			"another digest frozen":   `UPDATE review SET frozen_sha256 = '' WHERE id = 'rev_ann'`,
			"words after all":         `UPDATE review SET message = 'Well' WHERE id = 'rev_ann'`,
			"another answer":          `UPDATE review_act SET text = 'Well' WHERE review_id = 'rev_ann'`,
			"credits with the words":  `UPDATE review_act SET text = 'Removed with the account.', credits = 5 WHERE review_id = 'rev_ann'`,
			"a review deleted":        `DELETE FROM review WHERE id = 'rev_ann'`,
			"bob's emptied as ann's":  erase + `'rev_bob'`,
			"an erasure without time": `UPDATE review SET erased_at = 0 WHERE id = 'rev_ann'`,
		} {
			if n, err := db.Exec(ctx, q); err == nil && n > 0 {
				t.Errorf("%s: it was done, to %d rows", name, n)
			}
		}
		rows, err := db.Dump(ctx, `SELECT message, page, evidence, sha256 <> frozen_sha256 AND frozen_sha256 <> '' AS proven FROM review WHERE account_id = 'ann'`)
		if err != nil || len(rows) != 1 || rows[0] != "message= page= evidence={} proven=true" && rows[0] != "message= page= evidence={} proven=1" {
			t.Errorf("what is left is %v, %v", rows, err)
		}
	})
}

func TestTheAuditorFindsWhatIsLeftOfSomebodyWhoIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		lived(t, db, clock)
		if _, err := leave(db, "ann"); err != nil {
			t.Fatal(err)
		}
		a26 := func() bool {
			return slices.Contains(codes(mustAudit(t, db)), "A26")
		}
		clock.Advance(25 * time.Hour)
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.Sweep("bob") }); err != nil {
			t.Fatal(err)
		}
		if !a26() { // its files were never removed here
			t.Error("files that were not removed in a day are no finding")
		}
		if err := db.Update(ctx, func(tx *store.Tx) error {
			photos, err := tx.GonePhotosOf("ann", kinpict.Photo{}, 100)
			pictures, lost := tx.GonePicturesOf("ann", "", 100)
			err = errors.Join(err, lost)
			for _, p := range photos {
				err = errors.Join(err, tx.EmptyPhoto(p.ID))
			}
			for _, g := range pictures {
				err = errors.Join(err, tx.EmptyPicture(g.ID))
			}
			done, lost := tx.FinishDeletion("ann")
			if !done {
				t.Error("it does not count as done")
			}
			return errors.Join(err, lost)
		}); err != nil {
			t.Fatal(err)
		}
		if a26() {
			t.Error("a whole deletion is a finding")
		}
		exec := func(q string) func(*store.Tx) error {
			return func(tx *store.Tx) error { _, err := tx.Exec(q); return err }
		}
		for name, spoil := range map[string]func(*store.Tx) error{
			"an address": exec(`UPDATE account SET email = 'ann@example.org' WHERE id = 'ann'`),
			"a status":   exec(`UPDATE account SET status = 'frozen' WHERE id = 'ann'`),
			"a draft":    func(tx *store.Tx) error { return tx.PutDraft("ann", []byte(`{}`)) },
			"a consent":  func(tx *store.Tx) error { return tx.PutConsent("ann", "x") },
			"a token":    func(tx *store.Tx) error { return tx.PutToken("tok", []byte("h"), "ann", "x") },
			"a session": func(tx *store.Tx) error {
				return tx.PutSession(store.Session{ID: "ses", Account: kinpict.Account{ID: "ann"}}, []byte("h"))
			},
			"an old word": exec(`UPDATE generation SET instruction = 'x' WHERE id = 'gen_003'`),
		} {
			err := db.Update(ctx, func(tx *store.Tx) error {
				if err := spoil(tx); err != nil {
					return err
				}
				f, err := tx.Audit(store.Scope{AccountID: "ann"})
				if err == nil && !slices.Contains(codes(f), "A26") {
					t.Errorf("%s that is left: the auditor finds %v", name, codes(f))
				}
				return errors.Join(err, errUndo)
			})
			if !errors.Is(err, errUndo) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func mustAudit(t *testing.T, db *store.DB) []store.Finding {
	t.Helper()
	f, err := db.Audit(ctx, store.Whole)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Pictures are asked for and delivered by many while their owner goes. Whoever
// comes first, nothing is left on its way, and the books balance (storetest).
func TestLeavingWhileMuchIsGoingOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 4 {
					id := fmt.Sprintf("gen_%d_%d", w, i)
					if _, err := db.Accept(ctx, asking("ann", id, id)); err != nil && !errors.Is(err, store.ErrInactive) {
						t.Errorf("ask: %v", err)
					}
				}
			})
			wg.Go(func() {
				for range 3 {
					if err := db.Update(ctx, func(tx *store.Tx) error {
						g, err := tx.Claim(fmt.Sprint("wrk", w), time.Minute, time.Hour)
						if err != nil || g == nil {
							return err
						}
						won, err := tx.Succeed(store.Fence{ID: g.ID, Worker: fmt.Sprint("wrk", w), Attempt: g.Attempts}, "studio",
							&kinpict.Image{Key: "pictures/" + g.ID, ContentType: "image/jpeg", Width: 4, Height: 5, Bytes: 1, SHA256: "s"})
						if err != nil || !won {
							return err
						}
						_, err = tx.Settle(g.ID)
						return err
					}); err != nil {
						t.Errorf("deliver: %v", err)
					}
				}
			})
		}
		wg.Go(func() {
			if _, err := leave(db, "ann"); err != nil {
				t.Errorf("leave: %v", err)
			}
		})
		wg.Wait()
		b.wants("ann", 0, 0)
		b.view(func(tx *store.Tx) error {
			g, err := tx.Generations("ann", "", 100)
			d, lost := tx.DeletionOf("ann")
			if len(g) > 0 || d.Forfeited == 0 {
				t.Errorf("%d pictures are in sight; given up: %d", len(g), d.Forfeited)
			}
			return errors.Join(err, lost)
		})
		rows, err := db.Dump(ctx, `SELECT id, status FROM generation WHERE status IN ('queued', 'running')`)
		if err != nil || len(rows) > 0 {
			t.Errorf("still on their way: %v, %v", rows, err)
		}
	})
}

// What a bank reports about somebody who is gone is put aside without their name.
func TestALateEventKeepsNoName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		lived(t, db, clock)
		if _, err := leave(db, "ann"); err != nil {
			t.Fatal(err)
		}
		for object, want := range map[string]string{"pur_001": "", "pur_007": "n=Ann"} {
			if err := db.Update(ctx, func(tx *store.Tx) error {
				e := &store.Event{Provider: "sandbox", ID: "evt_" + object, Type: "paid", Object: object, Payload: []byte("n=Ann")}
				if _, err := tx.ReceiveEvent(e, tx.Now()); err != nil {
					return err
				}
				return tx.SettleEvent(e, store.EventQuarantined, "paid after the account was closed")
			}); err != nil {
				t.Fatal(err)
			}
			rows, err := db.Dump(ctx, `SELECT payload FROM provider_event WHERE object_id = $1`, object)
			if err != nil || len(rows) != 1 || rows[0] != "payload="+fmt.Sprintf("%x", want) {
				t.Errorf("of %s is kept %v, %v, want %q", object, rows, err, want)
			}
		}
	})
}
