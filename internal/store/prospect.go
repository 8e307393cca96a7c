package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"kinpict"
)

// A Prospect is what must be known before a request is priced, read at once.
type Prospect struct {
	// Replay is what the same key was answered before, nil if it is new.
	Replay *kinpict.Replay
	// Catalog is the price book in force, Shown the one the person was shown.
	Catalog, Shown *kinpict.Catalog
	// Photos is how many of the ids are the owner's and there; Fading how many of
	// them expire before the given time.
	Photos, Fading int
	// Canceled is how many pictures the owner canceled in the window that runs,
	// which ends at CancelsEnd.
	Canceled   int
	CancelsEnd time.Time
}

// CancelWindow is the time in which canceled pictures are counted.
const CancelWindow = time.Hour

// Prospect reads it in one statement. It decides nothing: Accept does.
func (d *DB) Prospect(ctx context.Context, owner string, in kinpict.Intent, photos []string, fading time.Time) (*Prospect, error) {
	now := d.now()
	args := []any{now, owner, in.Route, in.Key, micros(fading), LimitCancels.Of(owner), now - CancelWindow.Microseconds()}
	marks := make([]string, len(photos))
	for i, id := range photos {
		args = append(args, id)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	list := strings.Join(marks, ", ")
	if list == "" {
		list = "NULL"
	}
	const mine = ` FROM photo WHERE owner = $2 AND deleted_at = 0 AND expires_at > $1 AND id IN (%s)`
	var p Prospect
	var version sql.NullInt64
	var hash, body []byte
	var status sql.NullInt64
	var ref sql.NullString
	var canceled, since sql.NullInt64
	err := poolConn{d}.QueryRowContext(ctx, `SELECT (`+inForce+`), (SELECT count(*)`+fmt.Sprintf(mine, list)+`),
			(SELECT count(*)`+fmt.Sprintf(mine, list)+` AND expires_at < $5), i.body_hash, i.status, i.ref, i.answer, l.used, l.since
		FROM (SELECT 1 AS one) o LEFT JOIN idem i ON i.owner = $2 AND i.route = $3 AND i.key = $4
			LEFT JOIN rate_limit l ON l.bucket = $6 AND l.since > $7 AND l.since <= $1`, args...).
		Scan(&version, &p.Photos, &p.Fading, &hash, &status, &ref, &body, &canceled, &since)
	if err != nil {
		return nil, d.explain(err)
	}
	if canceled.Valid {
		p.Canceled, p.CancelsEnd = int(canceled.Int64), instant(since.Int64).Add(CancelWindow)
	}
	if status.Valid {
		if string(hash) != string(in.Hash) {
			return nil, errKeyReused
		}
		p.Replay = &kinpict.Replay{Status: int(status.Int64), Ref: ref.String, Body: body}
		return &p, nil
	}
	if !version.Valid {
		return nil, errNoBook
	}
	p.Catalog, err = d.Edition(ctx, version.Int64)
	return &p, err
}

// Edition is one version of the price book, outside a transaction.
func (d *DB) Edition(ctx context.Context, version int64) (c *kinpict.Catalog, err error) {
	if c := d.book.Load(); c != nil && c.Version == version {
		return c, nil
	}
	err = d.View(ctx, func(t *Tx) error {
		c, err = t.CatalogVersion(version)
		return err
	})
	return c, err
}
