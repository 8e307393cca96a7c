package store

import (
	"database/sql"
	"errors"

	"kinpict"
)

// accountColumns also serve a join of account with what it holds.
const accountColumns = `account.id, coalesce(account.email, ''), account.role, account.status, account.language, account.created_at`

// accountFields are where Scan puts accountColumns; at is read afterwards.
func accountFields(a *kinpict.Account, at *int64) []any {
	return []any{&a.ID, &a.Email, &a.Role, &a.Status, &a.Language, at}
}

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

// LockAccount takes the account's row, as every change of its credits does, and
// returns it. NotFound if there is none.
func (t *Tx) LockAccount(id string) (*kinpict.Account, error) {
	return scanAccount(t.row(`SELECT `+accountColumns+` FROM account WHERE id = $1`+t.db.dialect.forUpdate, id))
}

// AddAccount makes the account a unless its e-mail address has one, and returns
// the one that has it and whether it is new.
func (t *Tx) AddAccount(a kinpict.Account) (_ *kinpict.Account, created bool, err error) {
	n, err := t.exec(`INSERT INTO account (id, email, role, status, created_at) VALUES ($1, $2, $3, 'active', $4)
		ON CONFLICT (email) DO NOTHING`, a.ID, a.Email, string(a.Role), t.now)
	if err != nil {
		return nil, false, err
	}
	got, err := t.AccountByEmail(a.Email)
	return got, n == 1, err
}

// AccountByEmail returns the account of a normalised address, or NotFound.
func (t *Tx) AccountByEmail(email string) (*kinpict.Account, error) {
	return scanAccount(t.row(`SELECT `+accountColumns+` FROM account WHERE email = $1`, email))
}

// SetLanguage notes the language a person reads and reports whether it did: a
// closed account has no reader.
func (t *Tx) SetLanguage(accountID, language string) (bool, error) {
	n, err := t.exec(`UPDATE account SET language = $2 WHERE id = $1 AND status <> 'closed'`, accountID, language)
	return n == 1, err
}
