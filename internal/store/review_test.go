package store_test

import (
	"errors"
	"slices"
	"testing"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// reviewed puts an answered review of ann's and an open one of bob's into books
// that were lived in.
func reviewed(t testing.TB, db *store.DB, clock *storetest.Clock) {
	b := lived(t, db, clock)
	b.update(func(tx *store.Tx) error {
		for _, who := range []string{"ann", "bob"} {
			if err := tx.PutReview(&kinpict.Review{ID: "rev_" + who, AccountID: who, Message: "Four are missing", Evidence: []byte(`{"seq":1}`)}); err != nil {
				return err
			}
		}
		if _, err := tx.Grant(store.Grant{LotID: "lot_rev", AccountID: "ann", Kind: kinpict.LotAdjust, SourceType: "adjustment", SourceID: "rev_ann",
			Credits: 4, Actor: "acc_staff", Reason: "sorry"}); err != nil {
			return err
		}
		seq, err := tx.Position("ann")
		if err != nil {
			return err
		}
		done, err := tx.ActOnReview("rev_ann", kinpict.ReviewAct{Kind: kinpict.ActAnswer, Actor: "acc_staff", Text: "Here they are", Credits: 4, Reason: "sorry", Seq: seq})
		if !done {
			t.Error("an open review was not answered")
		}
		return err
	})
}

func TestReviewsAreGuardedAndAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		reviewed(t, db, clock)
		if got := found(t, db, ""); len(got) > 0 {
			t.Fatalf("whole books: %v", got)
		}
		for name, q := range map[string]string{
			"evidence changed": `UPDATE review SET evidence = '{}'`, "a digest changed": `UPDATE review SET sha256 = ''`, "a message changed": `UPDATE review SET message = 'All is well'`,
			"a review deleted": `DELETE FROM review`, "an answer changed": `UPDATE review_act SET text = 'No'`, "an answer deleted": `DELETE FROM review_act`,
			"an answered review opened again": `UPDATE review SET status = 'open' WHERE id = 'rev_ann'`,
			"a second answer":                 `INSERT INTO review_act (review_id, kind, actor, text, at) VALUES ('rev_ann', 'answer', 'x', 'y', 1)`,
			"an act of nobody":                `INSERT INTO review_act (review_id, kind, actor, text, at) VALUES ('rev_bob', 'answer', '', 'y', 1)`,
			"credits without a reason":        `INSERT INTO review_act (review_id, kind, actor, text, credits, account_seq, at) VALUES ('rev_bob', 'answer', 'x', 'y', 4, 1, 1)`,
			"credits without a transaction":   `INSERT INTO review_act (review_id, kind, actor, text, credits, reason, at) VALUES ('rev_bob', 'answer', 'x', 'y', 4, 'z', 1)`,
		} {
			if n, err := db.Exec(ctx, q); err == nil {
				t.Errorf("%s: it was done, to %d rows", name, n)
			}
		}
		naked := slices.Clone(unguard["postgres"])
		if db.Embedded() {
			naked = []string{`DROP TRIGGER review_no_update`, `DROP TRIGGER review_act_no_update`}
		}
		// What slips past the database is found by the auditor, in that account's own audit too.
		for name, c := range map[string]struct{ sql, whose string }{
			"other evidence":          {`UPDATE review SET evidence = '{"seq":2}' WHERE id = 'rev_bob'`, "bob"},
			"credits nobody gave":     {`UPDATE review_act SET credits = 5`, "ann"},
			"an answer from nowhere":  {`UPDATE review SET status = 'answered' WHERE id = 'rev_bob'`, "bob"},
			"credits of another kind": {`UPDATE review_act SET account_seq = 1`, "ann"},
		} {
			err := db.Update(ctx, func(tx *store.Tx) error {
				for _, q := range append(naked, c.sql) {
					if _, err := tx.Exec(q); err != nil {
						return err
					}
				}
				for _, id := range []string{"", "ann", "bob"} {
					f, err := tx.Audit(store.Scope{AccountID: id})
					if err != nil {
						return err
					}
					if want := id == "" || id == c.whose; want != slices.Contains(codes(f), "A32") || len(codes(f)) > 1 {
						t.Errorf("%s: the audit of %q finds %v", name, id, f)
					}
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}
