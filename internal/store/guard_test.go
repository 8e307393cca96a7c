package store_test

import (
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// What the database itself refuses, whoever asks.
func TestTheDatabaseGuards(t *testing.T) {
	dbs := map[string]*store.DB{} // a refusal leaves each as it was
	for _, kind := range storetest.Kinds {
		clock := storetest.NewClock()
		dbs[kind] = storetest.New(t, kind, clock)
		b := open(t, dbs[kind], clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		b.accept("ann")
		for id, decision := range map[string]string{"hld_open": "", "hld_yes": kinpict.HoldApproved, "hld_no": kinpict.HoldRefused, "hld_back": ""} {
			b.update(func(tx *store.Tx) error { return putHeld(tx, id, "ann", "two readings") })
			b.update(func(tx *store.Tx) (err error) {
				if decision != "" {
					_, err = tx.Decide(id, decision, "acc_staff", "a note")
				} else if id == "hld_back" {
					_, err = tx.Withdraw("ann", id)
				}
				return err
			})
		}
		b.update(func(tx *store.Tx) error {
			return tx.PutPreview(&kinpict.Generation{ID: "gen_preview", CatalogUsed: 1, Request: kinpict.Request{Quality: kinpict.Standard}}, "gst_1", "gst_1", tx.Now().Add(1000*time.Hour))
		})
	}
	for _, c := range []struct {
		name, sql string
		only      string // kind of database, "" for both
	}{
		{"an entry changed", `UPDATE entry SET amount = 1`, ""},
		{"an entry deleted", `DELETE FROM entry`, ""},
		{"a transaction changed", `UPDATE txn SET note = 'other'`, ""},
		{"a transaction deleted", `DELETE FROM txn`, ""},
		{"an allocation's amount", `UPDATE charge_alloc SET amount = amount + 1`, ""},
		{"an allocation's lot", `UPDATE charge_alloc SET lot_id = 'lot_001'`, ""},
		{"an allocation deleted", `DELETE FROM charge_alloc`, ""},
		{"a price changed", `UPDATE rate SET credits = 1`, ""},
		{"a price deleted", `DELETE FROM rate`, ""},
		{"a price book changed", `UPDATE catalog SET effective_at = effective_at + 1`, ""},
		{"a price book deleted", `DELETE FROM catalog`, ""},
		{"the entries emptied", `TRUNCATE entry`, "postgres"},
		{"the transactions emptied", `TRUNCATE txn CASCADE`, "postgres"},
		{"entries that do not balance", `INSERT INTO entry (account_id, account_seq, line, code, amount) VALUES ('ann', 1, 8, 'earned', 5), ('ann', 1, 9, 'deferred', -4)`, "postgres"},
		{"an entry of nothing", `INSERT INTO entry (account_id, account_seq, line, code, amount) VALUES ('ann', 1, 8, 'earned', 0)`, ""},
		{"an entry to no account", `INSERT INTO entry (account_id, account_seq, line, code, amount) VALUES ('ann', 1, 8, 'bank', 1), ('ann', 1, 9, 'earned', -1)`, ""},
		{"an entry of no transaction", `INSERT INTO entry (account_id, account_seq, line, code, amount) VALUES ('ann', 99, 1, 'deferred', 1), ('ann', 99, 2, 'earned', -1)`, ""},
		{"a charge on a preview", `INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) VALUES ('gen_preview', 'ann', 'standard', 1, 4, 1)`, ""},
		{"a charge that says it is no charge", `UPDATE charge SET funding = 'preview'`, ""},
		{"a preview that costs", `UPDATE generation SET credits = 4 WHERE funding = 'preview'`, ""},
		{"a charge returned twice", `UPDATE charge SET returned = amount + 1`, ""},
		{"returned, but not all", `UPDATE charge SET state = 'returned'`, ""},
		{"a paid lot that expires", `UPDATE lot SET expires_at = 1 WHERE kind = 'paid'`, ""},
		{"a paid lot that expired", `UPDATE lot SET expired = 1, remaining = remaining - 1 WHERE kind = 'paid'`, ""},
		{"a lot that lost a credit", `UPDATE lot SET remaining = remaining - 1`, ""},
		{"a lot below zero", `UPDATE lot SET remaining = -1, consumed = consumed + remaining + 1`, ""},
		{"a lot that owes too much", `UPDATE lot SET rev_target = granted + 1`, ""},
		{"a second lot of one source", `INSERT INTO lot (id, account_id, kind, priority, source_type, source_id, granted, remaining, effective_at, created_at)
			SELECT 'lot_2', account_id, kind, priority, source_type, source_id, granted, granted, 1, 1 FROM lot`, ""},
		{"a balance below zero", `UPDATE account SET balance = -1`, ""},
		{"a debt below zero", `UPDATE account SET debt = -1`, ""},
		{"a decision turned round", `UPDATE held_request SET decision = 'approved' WHERE id = 'hld_no'`, ""},
		{"a decision taken away", `UPDATE held_request SET decision = '', decided_by = '', decided_at = 0 WHERE id = 'hld_yes'`, ""},
		{"a decision by somebody else", `UPDATE held_request SET decided_by = 'acc_other' WHERE id = 'hld_yes'`, ""},
		{"a decision by nobody", `UPDATE held_request SET decision = 'approved', decided_at = 1 WHERE id = 'hld_open'`, ""},
		{"other words than were approved", `UPDATE held_request SET request = '{"instruction":"other"}' WHERE id = 'hld_yes'`, ""},
		{"another note", `UPDATE held_request SET note = 'another' WHERE id = 'hld_no'`, ""},
		{"a picture of what was refused", `UPDATE held_request SET generation_id = 'gen_002' WHERE id = 'hld_no'`, ""},
		{"a picture of what was taken back", `UPDATE held_request SET generation_id = 'gen_002' WHERE id = 'hld_back'`, ""},
		{"success without a picture", `UPDATE generation SET status = 'succeeded'`, ""},
	} {
		for _, kind := range storetest.Kinds {
			if c.only != "" && c.only != kind {
				continue
			}
			t.Run(c.name+"/"+kind, func(t *testing.T) {
				if n, err := dbs[kind].Exec(ctx, c.sql); err == nil {
					t.Errorf("it was done, to %d rows", n)
				}
			})
		}
	}
}
