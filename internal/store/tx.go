package store

import (
	"context"
	"database/sql"
	"time"
)

// A conn is what Tx needs of a connection: *sql.Tx, or the writer's own.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A Tx is one transaction. Its verbs are in the files named after what they keep.
type Tx struct {
	db  *DB
	ctx context.Context
	c   conn
	now int64
}

// Now is the time of the transaction: one instant for all it writes.
func (t *Tx) Now() time.Time { return time.UnixMicro(t.now).UTC() }

// exec runs a statement and returns how many rows it changed.
func (t *Tx) exec(query string, args ...any) (int64, error) {
	r, err := t.c.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *Tx) row(query string, args ...any) *sql.Row {
	return t.c.QueryRowContext(t.ctx, query, args...)
}

// each calls scan for every row of a query.
func (t *Tx) each(scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.c.QueryContext(t.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// micros and instant carry times through the database; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// orNull makes 0 a NULL, for times that may be absent.
func orNull(us int64) any {
	if us == 0 {
		return nil
	}
	return us
}
