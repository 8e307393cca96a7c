package store

import (
	"database/sql"
	"errors"
)

// Notify has an account mailed when one of its generations ends, or not any
// more, and reports whether there is such a one that has not ended. language is
// what they ask in, for an account that never chose one.
func (t *Tx) Notify(owner, id, language string, on bool) (bool, error) {
	at := int64(0)
	if on {
		at = t.now
	}
	n, err := t.exec(`UPDATE generation SET notify_at = $3, notify_language = $4 WHERE id = $1 AND owner = $2 AND status IN ('queued', 'running')
		AND EXISTS (SELECT 1 FROM account WHERE id = $2)`, id, owner, at, language)
	return n == 1, err
}

// Awaited is who asked to be mailed when the generation ends, and in which
// language: the account's, or the one they asked in. An empty address means
// nobody. The transaction that ends the generation asks after it has.
func (t *Tx) Awaited(id string) (address, language string, err error) {
	err = t.row(`SELECT coalesce(a.email, ''), CASE WHEN a.language = '' THEN g.notify_language ELSE a.language END
		FROM generation g JOIN account a ON a.id = g.owner WHERE g.id = $1 AND g.notify_at > 0`, id).Scan(&address, &language)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return address, language, err
}
