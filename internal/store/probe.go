package store

import "context"

// Probe proves that a write lands: it is what readiness means.
func (d *DB) Probe(ctx context.Context) error {
	return d.Update(ctx, func(t *Tx) error {
		_, err := t.exec(`INSERT INTO probe (name, at) VALUES ('ready', $1) ON CONFLICT (name) DO UPDATE SET at = excluded.at`, t.now)
		return err
	})
}
