package store

import (
	"database/sql"
	"errors"
	"time"

	"kinpict"
)

// Draft returns what an owner put together and did not send, or nil.
func (t *Tx) Draft(owner string) ([]byte, error) {
	var body string
	err := t.row(`SELECT body FROM draft WHERE owner = $1`, owner).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return []byte(body), err
}

// PutDraft keeps an owner's draft in place of the one before.
func (t *Tx) PutDraft(owner string, body []byte) error {
	_, err := t.exec(`INSERT INTO draft (owner, body, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (owner) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`, owner, string(body), t.now)
	return err
}

// DropDraft forgets an owner's draft. There may be none.
func (t *Tx) DropDraft(owner string) error {
	_, err := t.exec(`DELETE FROM draft WHERE owner = $1`, owner)
	return err
}

// moveDraft gives an owner's draft to another one, if there is one.
func (t *Tx) moveDraft(from, to string) error {
	if _, err := t.exec(`INSERT INTO draft (owner, body, updated_at) SELECT $1, body, updated_at FROM draft WHERE owner = $2
		ON CONFLICT (owner) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`, to, from); err != nil {
		return err
	}
	return t.DropDraft(from)
}

// SweepDrafts forgets drafts untouched since the given times, at most limit, and
// returns how many.
func (t *Tx) SweepDrafts(guests, accounts time.Time, limit int) (int64, error) {
	return t.exec(`DELETE FROM draft WHERE owner IN (SELECT owner FROM draft
		WHERE updated_at <= $1 OR (updated_at <= $2 AND owner LIKE $3) LIMIT $4)`,
		micros(accounts), micros(guests), kinpict.GuestPrefix+"%", limit)
}
