package store

import (
	"bytes"
	"database/sql"
	"errors"
	"time"

	"kinpict"
)

// KeepAnswers is how long an answer to a key is kept and replayed.
const KeepAnswers = 30 * 24 * time.Hour

var errKeyReused = &kinpict.Error{Code: kinpict.KeyReused, Message: "This Idempotency-Key was used for another request.",
	Hint: "Use a new key for a new request, and the same key only to repeat the same one."}

// Replay returns what was answered to the intent's key before, nil if nothing
// was, and KeyReused if it was asked with another body.
func (t *Tx) Replay(owner string, in kinpict.Intent) (*kinpict.Replay, error) {
	var hash []byte
	var r kinpict.Replay
	err := t.row(`SELECT body_hash, status, ref, answer FROM idem WHERE owner = $1 AND route = $2 AND key = $3`, owner, in.Route, in.Key).
		Scan(&hash, &r.Status, &r.Ref, &r.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(hash, in.Hash) {
		return nil, errKeyReused
	}
	return &r, nil
}

// Remember stores the answer to the intent's key and reports false, storing
// nothing, if somebody else answered it first; on PostgreSQL it waits for them.
func (t *Tx) Remember(owner string, in kinpict.Intent, status int, ref string, body []byte) (bool, error) {
	if body == nil {
		body = []byte{}
	}
	n, err := t.exec(`INSERT INTO idem (owner, route, key, body_hash, status, ref, answer, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (owner, route, key) DO NOTHING`, owner, in.Route, in.Key, in.Hash, status, ref, body, t.now)
	return n == 1, err
}

// ForgetAnswers deletes answers older than KeepAnswers, at most limit.
func (t *Tx) ForgetAnswers(limit int) (int64, error) {
	return t.exec(`DELETE FROM idem WHERE (owner, route, key) IN (SELECT owner, route, key FROM idem WHERE created_at < $1 ORDER BY created_at LIMIT $2)`,
		t.now-KeepAnswers.Microseconds(), limit)
}
