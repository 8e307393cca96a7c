package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kinpict"
)

// inForce picks the catalog at an instant: the latest that has begun, and of
// two that began together the later version. $1 is the instant.
const inForce = `SELECT version FROM catalog WHERE effective_at <= $1 ORDER BY effective_at DESC, version DESC LIMIT 1`

// catalogLock is another number that all versions of the product share.
const catalogLock = migrationLock + 1

var errNoBook = &kinpict.Error{Code: kinpict.Unavailable, Message: "No prices are in force at this time.", Hint: "Nothing was charged. The operator has to look at the clock and the price book."}

// Catalog returns the price book in force at the transaction's time. A version
// never changes, so the one last read is kept and only its number is asked for.
func (t *Tx) Catalog() (*kinpict.Catalog, error) {
	var v int64
	err := t.row(inForce, t.now).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoBook
	}
	if err != nil {
		return nil, err
	}
	return t.CatalogVersion(v)
}

// CatalogVersion returns one version of the price book, or NotFound.
func (t *Tx) CatalogVersion(v int64) (*kinpict.Catalog, error) {
	if c := t.db.book.Load(); c != nil && c.Version == v {
		return c, nil
	}
	c, err := scanCatalog(t.row(`SELECT version, effective_at, body FROM catalog WHERE version = $1`, v))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: fmt.Sprintf("There is no price book %d.", v), Hint: "Read the catalog again for the one in force."}
	}
	if err != nil {
		return nil, err
	}
	if b := t.db.book.Load(); b == nil || b.Version < v {
		t.db.book.Store(c)
	}
	return c, nil
}

// Catalogs lists every version, newest first.
func (t *Tx) Catalogs() ([]*kinpict.Catalog, error) {
	var out []*kinpict.Catalog
	err := t.each(func(r *sql.Rows) error {
		c, err := scanCatalog(r)
		out = append(out, c)
		return err
	}, `SELECT version, effective_at, body FROM catalog ORDER BY version DESC`)
	return out, err
}

func scanCatalog(row interface{ Scan(...any) error }) (*kinpict.Catalog, error) {
	var v, at int64
	var body string
	if err := row.Scan(&v, &at, &body); err != nil {
		return nil, err
	}
	var c kinpict.Catalog
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return nil, fmt.Errorf("catalog %d: %w", v, err)
	}
	c.Version, c.EffectiveAt = v, instant(at)
	return &c, nil
}

// lockCatalog makes whoever else adds a price book wait, so that both see what
// the first one added. SQLite has one writer anyway.
func (t *Tx) lockCatalog() error {
	if t.db.writer != nil {
		return nil
	}
	_, err := t.exec(`SELECT pg_advisory_xact_lock($1)`, int64(catalogLock))
	return err
}

// PutCatalog adds a version that takes effect at c.EffectiveAt, now if that is
// zero, and sets c.Version. It refuses to begin in the past.
func (t *Tx) PutCatalog(c *kinpict.Catalog, actor, reason string) error {
	if err := c.Check(); err != nil {
		return err
	}
	at := micros(c.EffectiveAt)
	if at == 0 {
		at = t.now
	}
	if at < t.now {
		return &kinpict.Error{Code: kinpict.Invalid, Message: "A price book cannot take effect in the past.", Hint: "Leave the time out, or name one to come."}
	}
	c.EffectiveAt = instant(at)
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := t.lockCatalog(); err != nil {
		return err
	}
	err = t.row(`INSERT INTO catalog (version, effective_at, previews, body, actor, reason, created_at)
		SELECT coalesce(max(version), 0) + 1, $1, $2, $3, $4, $5, $6 FROM catalog RETURNING version`,
		at, c.Guest.Previews, string(body), actor, reason, t.now).Scan(&c.Version)
	if err != nil {
		return err
	}
	for _, q := range c.Qualities {
		if _, err := t.exec(`INSERT INTO rate (catalog_version, quality, credits) VALUES ($1, $2, $3)`, c.Version, q.ID, q.Credits); err != nil {
			return err
		}
	}
	return nil
}

// Seed puts the default catalog into a database that has none.
func (d *DB) Seed(ctx context.Context, c *kinpict.Catalog) error {
	return d.Update(ctx, func(t *Tx) error {
		if err := t.lockCatalog(); err != nil {
			return err
		}
		var n int64
		if err := t.row(`SELECT count(*) FROM catalog`).Scan(&n); err != nil || n > 0 {
			return err
		}
		fresh := *c
		fresh.EffectiveAt = time.Time{}
		return t.PutCatalog(&fresh, "system", "first start")
	})
}

// Book is the price book in force, outside a transaction.
func (d *DB) Book(ctx context.Context) (c *kinpict.Catalog, err error) {
	err = d.View(ctx, func(t *Tx) error {
		c, err = t.Catalog()
		return err
	})
	return c, err
}
