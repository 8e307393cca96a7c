package store

import "context"

// Exec lets tests spoil the books.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := d.Update(ctx, func(t *Tx) (err error) {
		n, err = t.exec(query, args...)
		return err
	})
	return n, err
}
