package store

import (
	"database/sql"
	"errors"

	"kinpict"
)

// scanAccount reads accountColumns.
func scanAccount(row interface{ Scan(...any) error }) (*kinpict.Account, error) {
	var a kinpict.Account
	var at int64
	err := row.Scan(accountFields(&a, &at)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such account."}
	}
	a.CreatedAt = instant(at)
	return &a, err
}

// Account returns the account with that id, or NotFound.
func (t *Tx) Account(id string) (*kinpict.Account, error) {
	return scanAccount(t.row(`SELECT `+accountColumns+` FROM account WHERE id = $1`, id))
}
