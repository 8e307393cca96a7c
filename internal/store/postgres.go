package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

func (d *DB) openPostgres(ctx context.Context) error {
	cfg, err := pgx.ParseConfig(d.cfg.URL)
	if err != nil {
		return fmt.Errorf("store: database url: %w", err)
	}
	// A waiter is told to come back after two seconds rather than queue for ever.
	cfg.RuntimeParams["lock_timeout"] = "2000"
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.ConnectTimeout = 5 * time.Second
	d.dialect = postgresDialect
	d.pool = stdlib.OpenDB(*cfg)
	n := d.cfg.Readers
	if n == 0 {
		n = 16
	}
	d.pool.SetMaxOpenConns(n)
	d.pool.SetMaxIdleConns(n)
	d.pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := d.pool.PingContext(ctx); err != nil {
		d.pool.Close()
		return d.explain(fmt.Errorf("store: connect: %w", err))
	}
	return nil
}

// maxTries bounds how often a transaction that lost a race is run.
const maxTries = 5

func (d *DB) updatePostgres(ctx context.Context, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		err := d.once(ctx, fn)
		if err == nil || try == maxTries || !d.dialect.again(err) {
			return err
		}
		// Losers of a deadlock come back at different moments.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try*try) * 3 * time.Millisecond):
		}
	}
}

func (d *DB) once(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(&Tx{db: d, ctx: ctx, c: tx, now: d.now()}); err != nil {
		return err
	}
	return tx.Commit()
}
