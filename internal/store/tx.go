package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A conn is what Tx needs of a connection: *sql.Tx, or the writer's own.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A poolConn runs single statements on whichever connection is free, each
// prepared once where that pays.
type poolConn struct{ d *DB }

// prepared returns the statement, or nil where the driver keeps its own.
func (c poolConn) prepared(ctx context.Context, query string) *sql.Stmt {
	if c.d.writer == nil {
		return nil
	}
	if s, ok := c.d.stmts.Load(query); ok {
		return s.(*sql.Stmt)
	}
	fresh, err := c.d.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil // the unprepared statement will say what is wrong
	}
	s, lost := c.d.stmts.LoadOrStore(query, fresh)
	if lost {
		fresh.Close()
	}
	return s.(*sql.Stmt)
}

func (c poolConn) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errors.New("store: a read writes nothing")
}

func (c poolConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := c.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return c.d.pool.QueryContext(ctx, query, args...)
}

func (c poolConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := c.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return c.d.pool.QueryRowContext(ctx, query, args...)
}

// A Tx is one transaction, or the single statements of a Read. Its verbs are in the files named after what they keep.
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

// endOfTime is later than any time that is stored.
const endOfTime = 1 << 62

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
