package store

import (
	"database/sql"
	"errors"
	"time"

	"kinpict"
)

// KeepShares is how long the row of a link stays after the link is dead, so
// that its owner sees that it is.
const KeepShares = 30 * 24 * time.Hour

// noShare is the same for a link of somebody else's as for none at all.
var noShare = &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such link here.", Hint: "Look at whose account you are in, and whether the address is whole."}

const shareColumns = `s.id, s.generation_id, s.days, s.created_at, s.expires_at, s.views`

func scanShare(scan func(...any) error) (*kinpict.Share, error) {
	var s kinpict.Share
	var created, expires int64
	err := scan(&s.ID, &s.Generation, &s.Days, &created, &expires, &s.Views)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noShare
	}
	s.CreatedAt, s.ExpiresAt = instant(created), instant(expires)
	return &s, err
}

// LockPicture makes deleting a finished picture of the owner's wait until the
// transaction ends, and reports whether there is one.
func (t *Tx) LockPicture(owner, id string) (bool, error) {
	n, err := t.exec(`UPDATE generation SET favourite_at = favourite_at WHERE id = $1 AND owner = $2 AND status = 'succeeded' AND deleted_at = 0`, id, owner)
	return n == 1, err
}

// AddShare keeps a link by the hash of its token, unless one of that id is
// there, and returns the one that stands; it is revoked if that was.
func (t *Tx) AddShare(s kinpict.Share, tokenHash []byte) (*kinpict.Share, error) {
	if _, err := t.exec(`INSERT INTO share (id, generation_id, token_hash, days, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO NOTHING`, s.ID, s.Generation, tokenHash, s.Days, t.now, micros(s.ExpiresAt)); err != nil {
		return nil, err
	}
	return scanShare(t.row(`SELECT `+shareColumns+` FROM share s WHERE s.id = $1`, s.ID).Scan)
}

// Shares lists the links of a generation that work now, the newest first.
func (t *Tx) Shares(generation string) ([]*kinpict.Share, error) {
	var out []*kinpict.Share
	err := t.each(func(r *sql.Rows) error {
		s, err := scanShare(r.Scan)
		out = append(out, s)
		return err
	}, `SELECT `+shareColumns+` FROM share s WHERE s.generation_id = $1 AND s.revoked_at = 0 AND s.expires_at > $2 ORDER BY s.created_at DESC, s.id`, generation, t.now)
	return out, err
}

// RevokeShare ends a link to a picture of one of the owners and returns it.
// NotFound if it is not theirs; one that is dead already stays so.
func (t *Tx) RevokeShare(id string, owners ...string) (*kinpict.Share, error) {
	for _, owner := range owners {
		s, err := scanShare(t.row(`SELECT `+shareColumns+` FROM share s JOIN generation g ON g.id = s.generation_id
			WHERE s.id = $1 AND g.owner = $2 AND g.deleted_at = 0`, id, owner).Scan)
		if kinpict.CodeOf(err) == kinpict.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		_, err = t.exec(`UPDATE share SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, id, t.now)
		return s, err
	}
	return nil, noShare
}

// Shared returns the picture behind a token's hash while its link works, or
// NotFound. view counts the look.
func (t *Tx) Shared(tokenHash []byte, view bool) (*kinpict.Generation, error) {
	const works = ` s.token_hash = $1 AND s.revoked_at = 0 AND s.expires_at > $2`
	g, err := scanGeneration(t.row(`SELECT `+generationColumns+generationTables+`JOIN share s ON s.generation_id = g.id
		WHERE`+works+` AND g.deleted_at = 0 AND g.status = 'succeeded'`, tokenHash, t.now))
	if err != nil || !view {
		return g, err
	}
	_, err = t.exec(`UPDATE share SET views = views + 1 WHERE token_hash = $1`, tokenHash)
	return g, err
}

// SweepShares forgets links dead since KeepShares.
func (t *Tx) SweepShares() error {
	_, err := t.exec(`DELETE FROM share WHERE expires_at <= $1`, t.now-KeepShares.Microseconds())
	return err
}
