package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// lived makes books with something of everything in them: ann has a settled, a
// returned and an open charge over two lots, bob a debt, cas closed the account.
func lived(t testing.TB, db *store.DB, clock *storetest.Clock) *books {
	b := open(t, db, clock)
	b.account("bob")
	b.account("cas")
	b.grant("ann", kinpict.LotPaid, 80, 0)           // lot_001
	b.grant("ann", kinpict.LotPromo, 6, 9*time.Hour) // lot_002
	b.settle(b.accept("ann"))                        // gen_003
	b.giveBack(b.accept("ann"))                      // gen_004: 2 promo and 2 paid
	b.settle(b.accept("ann"))                        // gen_005: the same
	b.accept("ann")                                  // gen_006
	b.grant("bob", kinpict.LotPaid, 8, 0)            // lot_007
	b.settle(b.accept("bob"))                        // gen_008
	b.grant("cas", kinpict.LotAdjust, 5, 0)          // lot_009
	b.grant("bob", kinpict.LotPromo, 2, 9*time.Hour) // lot_010
	b.update(func(tx *store.Tx) error {
		if err := refund(tx, "bob", "pur_007", 1200, 1200); err != nil {
			return err
		}
		if err := tx.PutPreview(&kinpict.Generation{ID: "gen_free", CatalogUsed: 1, Request: kinpict.Request{Quality: kinpict.Standard}}, "gst_1", "gst_1", tx.Now().Add(1000*time.Hour)); err != nil {
			return err
		}
		if err := tx.Goodwill("gen_003", 1, "acc_staff", "sorry", ""); err != nil {
			return err
		}
		if err := tx.Take("ann", "adj_1", 1, "acc_staff", "typo", ""); err != nil {
			return err
		}
		if err := putHeld(tx, "hld_1", "ann", "two readings"); err != nil {
			return err
		}
		return tx.Forfeit("cas", "cas", "wishes to go")
	})
	b.wants("bob", 2, 4)
	return b
}

func TestTheAuditorFindsEachFault(t *testing.T) {
	dbs := map[string]*store.DB{}
	for _, kind := range storetest.Kinds {
		clock := storetest.NewClock()
		dbs[kind] = storetest.New(t, kind, clock)
		lived(t, dbs[kind], clock)
	}
	for _, c := range []struct {
		check    string
		fault    string
		sql      []string
		accounts string   // whose own audit must find it too
		also     []string // what else the fault breaks
	}{
		{check: "A1", fault: "a line more", sql: []string{`INSERT INTO entry (account_id, account_seq, line, code, amount) VALUES ('ann', 1, 9, 'earned', 5)`}, accounts: "ann", also: []string{"A10", "A18"}},
		{check: "A2", fault: "a line to another lot", sql: []string{`UPDATE entry SET lot_id = 'lot_001' WHERE lot_id = 'lot_002' AND account_seq = 2`}, accounts: "ann", also: []string{"A14", "A18"}},
		{check: "A2", fault: "a line to somebody else's lot", sql: []string{`UPDATE entry SET lot_id = 'lot_007' WHERE lot_id = 'lot_001' AND account_seq = 1`}, accounts: "ann", also: []string{"A14", "A18"}},
		{check: "A3", fault: "a lot that lost a credit", sql: []string{`UPDATE lot SET withdrawn = withdrawn + 1 WHERE id = 'lot_001'`}, accounts: "ann"},
		{check: "A3", fault: "use no charge explains", sql: []string{`UPDATE lot SET consumed = consumed + 1, granted = granted + 1 WHERE id = 'lot_002'`}, accounts: "ann"},
		{check: "A4", fault: "a balance from nowhere", sql: []string{`UPDATE account SET balance = balance + 1 WHERE id = 'ann'`}, accounts: "ann", also: []string{"A17"}},
		{check: "A4", fault: "a debt forgotten", sql: []string{`UPDATE account SET debt = 0 WHERE id = 'bob'`}, accounts: "bob", also: []string{"A17"}},
		{check: "A5", fault: "credits beside a debt", sql: []string{`UPDATE lot SET rev_taken = rev_taken - 1, remaining = remaining + 1 WHERE id = 'lot_007'`}, accounts: "bob", also: []string{"A2", "A4", "A5b"}},
		{check: "A5b", fault: "a debt larger than the use", sql: []string{`UPDATE lot SET rev_target = rev_target + 1 WHERE id = 'lot_007'`}, accounts: "bob", also: []string{"A4", "A12"}},
		{check: "A5c", fault: "a return to the first lot first", sql: []string{`UPDATE charge_alloc SET returned = 1 WHERE charge_id = 'gen_005' AND seq = 1`}, accounts: "ann", also: []string{"A3", "A6"}},
		{check: "A6", fault: "a charge of another amount", sql: []string{`UPDATE charge_alloc SET amount = amount + 1 WHERE charge_id = 'gen_006' AND seq = 1`}, accounts: "ann", also: []string{"A3"}},
		{check: "A7", fault: "a charge settled on paper only", sql: []string{`UPDATE charge SET state = 'earned' WHERE id = 'gen_006'`}, accounts: "ann", also: []string{"A8", "A9", "A10"}},
		{check: "A8", fault: "an open charge that is not deferred", sql: []string{`UPDATE charge SET amount = 5 WHERE id = 'gen_006'`}, accounts: "ann", also: []string{"A6", "A9", "A15"}},
		{check: "A8", fault: "a job past its deadline", sql: []string{`UPDATE generation SET deadline_at = 1 WHERE id = 'gen_006'`}, accounts: "ann"},
		{check: "A9", fault: "a failed job that was paid for", sql: []string{`UPDATE generation SET status = 'failed' WHERE id = 'gen_006'`}, accounts: "ann"},
		{check: "A9", fault: "a picture nobody paid for", sql: []string{`UPDATE generation SET funding = 'credits' WHERE id = 'gen_free'`}},
		{check: "A10", fault: "earned by entries only", sql: []string{`UPDATE charge SET returned = 2 WHERE id = 'gen_003'`}, accounts: "ann", also: []string{"A6"}},
		{check: "A11", fault: "a paid lot without a payment", sql: []string{`UPDATE purchase SET state = 'open' WHERE id = 'pur_001'`}, accounts: "ann"},
		{check: "A11", fault: "a payment without a lot", sql: []string{`UPDATE lot SET source_id = 'pur_x' WHERE id = 'lot_001'`}, accounts: "ann"},
		{check: "A12", fault: "a refund nobody told the lot of", sql: []string{`UPDATE purchase SET refunded = 15 WHERE id = 'pur_001'`}, accounts: "ann"},
		{check: "A12", fault: "a target without entries", sql: []string{`UPDATE purchase SET refunded = 15 WHERE id = 'pur_001'`, `UPDATE lot SET rev_target = 1, rev_taken = 1, remaining = remaining - 1 WHERE id = 'lot_001'`}, accounts: "ann", also: []string{"A2", "A4"}},
		{check: "A13", fault: "a paid lot that expires", sql: []string{`UPDATE lot SET expires_at = 4000000000000000 WHERE id = 'lot_001'`}, accounts: "ann"},
		{check: "A13", fault: "a lot nobody swept", sql: []string{`UPDATE lot SET expires_at = 1, grace_until = NULL WHERE id = 'lot_010'`}, accounts: "bob"},
		{check: "A13", fault: "a lot that would be missed", sql: []string{`UPDATE account SET next_expiry_at = NULL WHERE id = 'bob'`}, accounts: "bob"},
		{check: "A14", fault: "a lot skipped", sql: []string{`UPDATE lot SET priority = 90 WHERE id = 'lot_002'`}, accounts: "ann"},
		{check: "A15", fault: "another price than the book's", sql: []string{`UPDATE rate SET credits = 5 WHERE quality = 'standard'`}, accounts: "ann bob"},
		{check: "A16", fault: "a price book without rates", sql: []string{`INSERT INTO catalog (version, effective_at, previews, body, actor, reason, created_at) VALUES (2, 4000000000000000, 1, '{}', 'x', 'y', 1)`}, accounts: "ann bob cas"},
		{check: "A17", fault: "a gap in the numbers", sql: []string{`UPDATE account SET seq = seq + 1 WHERE id = 'bob'`}, accounts: "bob"},
		{check: "A17", fault: "a balance that does not follow", sql: []string{`UPDATE txn SET balance_after = 1 WHERE account_id = 'bob' AND account_seq = 1`}, accounts: "bob", also: []string{"A18"}},
		{check: "A17", fault: "a transaction dated before the last", sql: []string{`UPDATE txn SET recorded_at = effective_at - 1 WHERE account_id = 'bob' AND account_seq = 2`}, accounts: "bob", also: []string{"A18"}},
		{check: "A18", fault: "another note", sql: []string{`UPDATE txn SET note = 'other' WHERE account_id = 'ann' AND account_seq = 1`}, accounts: "ann"},
		{check: "A19", fault: "an answer with a generation that is not there", sql: []string{`UPDATE idem SET ref = 'gen_x' WHERE ref = 'gen_003'`}, accounts: "ann"},
		{check: "A20", fault: "an event nobody looked at", sql: []string{`INSERT INTO provider_event (provider, event_id, type, object_id, payload, not_before, received_at) SELECT 'sandbox', 'e', 't', 'o', hash, 0, 1 FROM txn WHERE account_id = 'ann' AND account_seq = 1`}},
		{check: "A22", fault: "a use of a code by nobody", sql: []string{`INSERT INTO promo (code, percent, starts_at, used, created_by, created_at) VALUES ('SPRING', 25, 1, 1, 'op', 1)`}},
		{check: "A22", fault: "a code that does not count", sql: []string{`INSERT INTO promo (code, percent, starts_at, created_by, created_at) VALUES ('SPRING', 25, 1, 'op', 1)`, `UPDATE purchase SET promo = 'SPRING' WHERE id = 'pur_001'`}, accounts: "ann"},
		{check: "A22", fault: "a code there never was", sql: []string{`UPDATE purchase SET promo = 'SPRING', promo_counted = 1 WHERE id = 'pur_001'`}, accounts: "ann"},
		{check: "A22", fault: "a discount by nothing", sql: []string{`UPDATE purchase SET discount = 300 WHERE id = 'pur_001'`}, accounts: "ann"},
		{check: "A22", fault: "extra credits not given", sql: []string{`INSERT INTO promo (code, bonus, starts_at, used, created_by, created_at) VALUES ('SPRING', 5, 1, 1, 'op', 1)`,
			`UPDATE purchase SET promo = 'SPRING', promo_counted = 1, bonus = 5 WHERE id = 'pur_001'`}, accounts: "ann"},
		{check: "A23", fault: "goodwill without a reason", sql: []string{`UPDATE txn SET reason = '' WHERE kind = 'goodwill'`}, accounts: "ann", also: []string{"A18"}},
		{check: "A26", fault: "a closed account with credits", sql: []string{`UPDATE account SET status = 'closed' WHERE id = 'ann'`}, accounts: "ann"},
		{check: "A27", fault: "a preview that costs", sql: []string{`UPDATE generation SET credits = 4 WHERE id = 'gen_free'`}},
		{check: "A33", fault: "a picture of what was refused", sql: []string{`UPDATE held_request SET decision = 'refused', generation_id = 'gen_003' WHERE id = 'hld_1'`}, accounts: "ann"},
		{check: "A33", fault: "a picture of what was taken back", sql: []string{`UPDATE held_request SET withdrawn_at = 1, generation_id = 'gen_003' WHERE id = 'hld_1'`}, accounts: "ann"},
		{check: "A30", fault: "a sandbox purchase in live mode", sql: []string{`UPDATE purchase SET livemode = 1 WHERE id = 'pur_001'`}, accounts: "ann"},
	} {
		for _, kind := range storetest.Kinds {
			t.Run(c.check+" "+c.fault+"/"+kind, func(t *testing.T) {
				got := map[string][]string{}
				// The fault is undone with the transaction that saw it.
				err := dbs[kind].Update(ctx, func(tx *store.Tx) error {
					for _, q := range append(unguard[kind], c.sql...) {
						if n, err := tx.Exec(q); err != nil || n == 0 && strings.HasPrefix(q, "UPDATE") {
							return fmt.Errorf("%s: %d rows, %w", q, n, err)
						}
					}
					for _, id := range []string{"", "ann", "bob", "cas"} {
						found, err := tx.Audit(store.Scope{AccountID: id})
						if err != nil {
							return err
						}
						got[id] = codes(found)
					}
					return errUndo
				})
				if err != errUndo {
					t.Fatal(err)
				}
				want := append([]string{c.check}, c.also...)
				slices.Sort(want)
				if !slices.Equal(got[""], want) {
					t.Errorf("the auditor finds %v, want %v", got[""], want)
				}
				for _, id := range []string{"ann", "bob", "cas"} {
					theirs := strings.Contains(c.accounts, id)
					if theirs && !slices.Contains(got[id], c.check) {
						t.Errorf("the audit of %s alone finds %v, want %s in it", id, got[id], c.check)
					}
					if !theirs && len(got[id]) > 0 {
						t.Errorf("the audit of %s alone finds %v, want nothing", id, got[id])
					}
				}
			})
		}
	}
}

var errUndo = errors.New("undo")

// unguard takes away what a database refuses by itself, so that the auditor is
// all that is left.
var unguard = map[string][]string{
	"sqlite": {`DROP TRIGGER entry_no_update`, `DROP TRIGGER txn_no_update`, `DROP TRIGGER alloc_no_update`, `DROP TRIGGER rate_no_update`, `DROP TRIGGER held_request_over`,
		`PRAGMA ignore_check_constraints = 1`},
	"postgres": {`DO $$ DECLARE r record; BEGIN
		FOR r IN SELECT tgname AS n, tgrelid::regclass AS o FROM pg_trigger WHERE NOT tgisinternal LOOP EXECUTE format('DROP TRIGGER %I ON %s', r.n, r.o); END LOOP;
		FOR r IN SELECT conname AS n, conrelid::regclass AS o FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.o, r.n); END LOOP;
		END $$`},
}

// codes are the checks that found something, each once.
func codes(found []store.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Check)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestCleanBooksGiveNoFindings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for _, id := range []string{"", "ann", "nobody"} {
			if got := found(t, db, id); len(got) > 0 {
				t.Errorf("empty books, audit of %q: %v", id, got)
			}
		}
		lived(t, db, clock)
		for _, id := range []string{"", "ann", "bob", "cas"} {
			if got := found(t, db, id); len(got) > 0 {
				t.Errorf("audit of %q: %v", id, got)
			}
		}
	})
}

func found(t *testing.T, db *store.DB, account string) []string {
	t.Helper()
	f, err := db.Audit(ctx, store.Scope{AccountID: account})
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	return codes(f)
}
