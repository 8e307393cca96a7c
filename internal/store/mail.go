package store

import (
	"database/sql"
	"time"
)

// A Mail is one message to one person, in plain text.
type Mail struct {
	ID        string
	To        string
	Subject   string
	Body      string
	CreatedAt time.Time
}

// PutMail puts a message in the outbox.
func (t *Tx) PutMail(id, to, subject, body string) error {
	_, err := t.exec(`INSERT INTO mail (id, recipient, subject, body, created_at) VALUES ($1, $2, $3, $4, $5)`, id, to, subject, body, t.now)
	return err
}

// Outbox returns up to limit messages, the newest first.
func (t *Tx) Outbox(limit int) ([]Mail, error) {
	var out []Mail
	err := t.each(func(r *sql.Rows) error {
		var m Mail
		var at int64
		if err := r.Scan(&m.ID, &m.To, &m.Subject, &m.Body, &at); err != nil {
			return err
		}
		m.CreatedAt = instant(at)
		out = append(out, m)
		return nil
	}, `SELECT id, recipient, subject, body, created_at FROM mail ORDER BY created_at DESC, id DESC LIMIT $1`, limit)
	return out, err
}

// SweepMail removes messages older than the given time.
func (t *Tx) SweepMail(before time.Time) error {
	_, err := t.exec(`DELETE FROM mail WHERE created_at <= $1`, micros(before))
	return err
}
