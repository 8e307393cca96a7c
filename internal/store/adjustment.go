package store

import (
	"database/sql"
	"errors"

	"kinpict"
	"kinpict/internal/ledger"
)

// Kinds of adjustment, as the books call them.
const (
	AdjustGrant   = ledger.KindAdjust
	AdjustPromo   = ledger.KindPromo
	AdjustTake    = ledger.KindTake
	AdjustForgive = ledger.KindForgive
)

// Adjusted takes the account's row and reports whether the adjustment with that
// id was made, and how much debt it forgave. Conflict if the id stands for
// another account's or for one of another kind; NotFound without the account.
func (t *Tx) Adjusted(accountID, id, kind string) (done bool, forgiven kinpict.Credits, err error) {
	if _, err := t.LockAccount(accountID); err != nil {
		return false, 0, err
	}
	var whose, was string
	err = t.row(`SELECT t.account_id, t.kind, coalesce(sum(e.amount), 0)
		FROM txn t LEFT JOIN entry e ON e.account_id = t.account_id AND e.account_seq = t.account_seq AND e.code = 'debt'
		WHERE t.ref_id = $1 AND t.ref_type = 'adjustment' GROUP BY t.account_id, t.account_seq, t.kind LIMIT 1`, id).Scan(&whose, &was, &forgiven)
	if errors.Is(err, sql.ErrNoRows) {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	if whose != accountID || was != kind {
		return false, 0, &kinpict.Error{Code: kinpict.Conflict, Message: "This id was used for another adjustment.",
			Hint: "Use a new id for a new adjustment, and the same one only to repeat the same."}
	}
	return true, forgiven, nil
}
