package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations
var migrations embed.FS

// A step is one migration: forward only, never edited once released.
type step struct{ name, sum, text string }

func (d *DB) steps() ([]step, error) {
	dir, err := fs.Sub(d.files, "migrations/"+d.dialect.migrations)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(dir, "*.sql") // in order of name
	if err != nil {
		return nil, err
	}
	var out []step
	for _, n := range names {
		b, err := fs.ReadFile(dir, n)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		out = append(out, step{strings.TrimSuffix(n, ".sql"), hex.EncodeToString(sum[:]), string(b)})
	}
	return out, nil
}

// migrationLock is an arbitrary number that all versions of the product share.
const migrationLock = 0x6b696e70

// Migrate brings the schema to this version: everything pending in one
// transaction under one lock, so that concurrent starts are safe and a failure
// leaves the old version whole. It refuses a database that a newer version
// migrated, and one whose past migrations differ from ours.
func (d *DB) Migrate(ctx context.Context) error {
	return d.Update(ctx, func(t *Tx) error {
		if d.writer == nil {
			if _, err := t.exec(`SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
				return err
			}
		}
		if _, err := t.exec(`CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY, sum TEXT NOT NULL, at BIGINT NOT NULL)`); err != nil {
			return err
		}
		pending, err := t.pending()
		if err != nil {
			return err
		}
		for _, s := range pending {
			if err := d.script(t, s.text); err != nil {
				return fmt.Errorf("migration %s: %w", s.name, err)
			}
			if _, err := t.exec(`INSERT INTO migration (name, sum, at) VALUES ($1, $2, $3)`, s.name, s.sum, t.now); err != nil {
				return err
			}
		}
		return nil
	})
}

// script runs a text of several statements, which must not be prepared.
func (d *DB) script(t *Tx, text string) error {
	if c, ok := t.c.(*writerConn); ok {
		_, err := c.conn.ExecContext(context.Background(), text)
		return err
	}
	// Without arguments pgx sends the text as one simple query.
	_, err := t.c.(*sql.Tx).ExecContext(t.ctx, text)
	return err
}

// Pending returns the names of the migrations this database still lacks.
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	var names []string
	err := d.View(ctx, func(t *Tx) error {
		var n int64
		q := `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'migration'`
		if d.writer != nil {
			q = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'`
		}
		if err := t.row(q).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			all, err := d.steps()
			for _, s := range all {
				names = append(names, s.name)
			}
			return err
		}
		pending, err := t.pending()
		for _, s := range pending {
			names = append(names, s.name)
		}
		return err
	})
	return names, err
}

// pending compares what was run with what we have.
func (t *Tx) pending() ([]step, error) {
	all, err := t.db.steps()
	if err != nil {
		return nil, err
	}
	ran := map[string]string{}
	err = t.each(func(r *sql.Rows) error {
		var name, sum string
		if err := r.Scan(&name, &sum); err != nil {
			return err
		}
		ran[name] = sum
		return nil
	}, `SELECT name, sum FROM migration`)
	if err != nil {
		return nil, err
	}
	var todo []step
	for _, s := range all {
		sum, ok := ran[s.name]
		switch {
		case !ok:
			todo = append(todo, s)
		case sum != s.sum:
			return nil, fmt.Errorf("migration %s differs from the one this database ran", s.name)
		}
		delete(ran, s.name)
	}
	for name := range ran {
		return nil, errors.Join(ErrNewer, fmt.Errorf("this database ran migration %s, which this version does not know", name))
	}
	return todo, nil
}

// ErrNewer means that a newer version of the product migrated the database.
var ErrNewer = errors.New("the database belongs to a newer version")
