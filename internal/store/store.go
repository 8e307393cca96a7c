// Package store is the one place that holds SQL. It keeps everything the
// product must not lose, on SQLite or PostgreSQL, behind one concrete DB.
//
// Update runs a function in one durable transaction; the verbs on Tx are small
// and use cases compose them, so that a charge, its job and its answer stand or
// fall together. Everything that differs between the databases is in
// dialect.go, sqlite.go, postgres.go and the two spellings of accept.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kinpict"
)

// Config says which database and what time it is.
type Config struct {
	// URL is postgres://… or the path of an SQLite file.
	URL string
	// Now is the clock every stored time comes from. Required.
	Now func() time.Time
	// Readers is the number of connections beside the SQLite writer, or of all
	// PostgreSQL connections. 0 means 4 and 16.
	Readers int
	// Broken, if set, is told about an error after which the SQLite file cannot
	// be trusted to take writes, such as a failed fsync. The caller should stop.
	Broken func(error)
}

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	cfg     Config
	dialect dialect
	pool    *sql.DB // readers on SQLite, everything on PostgreSQL
	writer  *writer // nil on PostgreSQL
	accepts accepts // only on PostgreSQL
	stmts   sync.Map
	files   fs.FS                           // the migrations
	book    atomic.Pointer[kinpict.Catalog] // the catalog last seen in force
}

// Open connects. It creates a missing SQLite file but runs no migration.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Now == nil {
		return nil, fmt.Errorf("store: no clock")
	}
	d := &DB{cfg: cfg, files: migrations}
	var err error
	if strings.HasPrefix(cfg.URL, "postgres://") || strings.HasPrefix(cfg.URL, "postgresql://") {
		err = d.openPostgres(ctx)
	} else {
		err = d.openSQLite(ctx)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Embedded reports whether the database is a file of this machine.
func (d *DB) Embedded() bool { return d.writer != nil }

// Close waits for the writes that were handed in and closes the database.
func (d *DB) Close() error {
	if d.writer == nil {
		return d.pool.Close()
	}
	d.writer.close()
	return errors.Join(d.pool.Close(), d.writer.end())
}

// Update runs fn in one transaction and returns after it is durable. fn may run
// more than once, so it must have no effect but on tx, and must not call Update.
// An error from fn undoes everything and is returned as it is. A database that
// cannot answer now is a kinpict.Unavailable error.
func (d *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.writer != nil {
		return d.explain(d.writer.do(ctx, fn))
	}
	return d.explain(d.updatePostgres(ctx, fn))
}

// View runs fn on one consistent snapshot.
func (d *DB) View(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: d.dialect.snapshot})
	if err != nil {
		return d.explain(err)
	}
	defer tx.Rollback()
	return d.explain(fn(&Tx{db: d, ctx: ctx, c: tx, now: d.now()}))
}

// Read runs fn without a transaction, for lookups of one statement: each sees
// its own moment, and none pays for a beginning and an end.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return d.explain(fn(&Tx{db: d, ctx: ctx, c: poolConn{d}, now: d.now()}))
}

// now is the injected clock in microseconds.
func (d *DB) now() int64 { return d.cfg.Now().UnixMicro() }

// explain turns an error of the driver that means "not now" into one a customer
// may see, and leaves the rest alone.
func (d *DB) explain(err error) error {
	if err == nil || !d.dialect.unavailable(err) {
		return err
	}
	return &kinpict.Error{Code: kinpict.Unavailable, Message: "We cannot save anything at the moment.",
		Hint: "Try again in a few seconds. The same request is never charged twice.", Err: err}
}
