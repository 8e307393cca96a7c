package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
)

// Exec lets tests spoil the books.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := d.Update(ctx, func(t *Tx) (err error) {
		n, err = t.exec(query, args...)
		return err
	})
	return n, err
}

// Exec is the same as part of a transaction.
func (t *Tx) Exec(query string, args ...any) (int64, error) { return t.exec(query, args...) }

// Dump returns the rows of a query as text, the same for both databases.
func (d *DB) Dump(ctx context.Context, query string, args ...any) ([]string, error) {
	var out []string
	err := d.View(ctx, func(t *Tx) error {
		return t.each(func(r *sql.Rows) error {
			cols, err := r.Columns()
			if err != nil {
				return err
			}
			vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
			if err := r.Scan(ptrs...); err != nil {
				return err
			}
			var line []string
			for i, v := range vals {
				if b, ok := v.([]byte); ok {
					v = fmt.Sprintf("%x", b)
				}
				line = append(line, fmt.Sprintf("%s=%v", cols[i], v))
			}
			out = append(out, strings.Join(line, " "))
			return nil
		}, query, args...)
	})
	return out, err
}

// UseMigrations makes the database migrate from other files than the product's.
func (d *DB) UseMigrations(f fs.FS) { d.files = f }

// Migrations are the product's files.
func Migrations() fs.FS { return migrations }

// EachRow runs a query of a test.
func (t *Tx) EachRow(f func(scan func(...any) error) error, query string, args ...any) error {
	return t.each(func(r *sql.Rows) error { return f(r.Scan) }, query, args...)
}

// Run executes a statement outside any transaction.
func (d *DB) Run(ctx context.Context, query string) error {
	_, err := d.pool.ExecContext(ctx, query)
	return err
}

// Audit is DB.Audit of what the transaction sees.
func (t *Tx) Audit(scope Scope) ([]Finding, error) { return t.audit(scope) }

// Queued is how many updates wait for the SQLite writer.
func (d *DB) Queued() int { return len(d.writer.in) }

// Traced is the transaction with f told of every statement before it runs.
func (t *Tx) Traced(f func(query string, args []any)) *Tx {
	traced := *t
	traced.c = tracer{t.c, f}
	return &traced
}

type tracer struct {
	conn
	tell func(query string, args []any)
}

func (c tracer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	c.tell(query, args)
	return c.conn.ExecContext(ctx, query, args...)
}

func (c tracer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.tell(query, args)
	return c.conn.QueryContext(ctx, query, args...)
}

func (c tracer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	c.tell(query, args)
	return c.conn.QueryRowContext(ctx, query, args...)
}
