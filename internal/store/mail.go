package store

import (
	"database/sql"
	"time"
)

// MailLife is how long a message is retried unless it names its own end.
const MailLife = 48 * time.Hour

// A MailState is where a message stands.
type MailState string

// States of a message. Each leaves MailWaiting once, and a failed one may be sent
// back there.
const (
	MailWaiting MailState = "waiting"
	MailSent    MailState = "sent"   // a server took it; its body is not here any more
	MailKept    MailState = "kept"   // it is only here, to be read
	MailFailed  MailState = "failed" // given up
)

// A Mail is one message to one person, in plain text.
type Mail struct {
	ID        string
	To        string
	Subject   string
	Body      string
	Secret    bool // it opens something, so it is emptied when it is given up
	CreatedAt time.Time
	ExpiresAt time.Time // from when on it is of no use; zero for MailLife after it was put here
	State     MailState
	Attempts  int       // times somebody began to send it
	NotBefore time.Time // while it waits: when it is tried next
	EndedAt   time.Time // when it left MailWaiting
	Problem   string    // what the last attempt ran into
}

// SendMail has a message sent after the commit it is part of, and not without it.
func (t *Tx) SendMail(m Mail) error {
	expires := t.now + MailLife.Microseconds()
	if !m.ExpiresAt.IsZero() {
		expires = micros(m.ExpiresAt)
	}
	secret := 0
	if m.Secret {
		secret = 1
	}
	_, err := t.exec(`INSERT INTO mail (id, recipient, subject, body, secret, created_at, state, not_before, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $6, $7)`,
		m.ID, m.To, m.Subject, m.Body, secret, t.now, expires)
	return err
}

const mailColumns = `id, recipient, subject, body, secret > 0, created_at, expires_at, state, attempts, not_before, ended_at, problem`

func (t *Tx) mails(where string, args ...any) ([]Mail, error) {
	var out []Mail
	err := t.each(func(r *sql.Rows) error {
		var m Mail
		var created, expires, next, ended int64
		if err := r.Scan(&m.ID, &m.To, &m.Subject, &m.Body, &m.Secret, &created, &expires, &m.State, &m.Attempts, &next, &ended, &m.Problem); err != nil {
			return err
		}
		m.CreatedAt, m.ExpiresAt, m.NotBefore, m.EndedAt = instant(created), instant(expires), instant(next), instant(ended)
		out = append(out, m)
		return nil
	}, `SELECT `+mailColumns+` FROM mail `+where, args...)
	return out, err
}

// Outbox returns up to limit messages, the newest first, those in one state or,
// for "", in any.
func (t *Tx) Outbox(state MailState, limit int) ([]Mail, error) {
	return t.mails(`WHERE state = $1 OR $1 = '' ORDER BY created_at DESC, id DESC LIMIT $2`, string(state), limit)
}

// DueMail is the messages to be sent now, at most limit, those first that are of
// use for the shortest time: a sign-in link does not wait behind old news.
func (t *Tx) DueMail(limit int) ([]Mail, error) {
	return t.mails(`WHERE state = 'waiting' AND not_before <= $1 ORDER BY expires_at, id LIMIT $2`, t.now, limit)
}

// ClaimMail gives a message to whoever asks first, until then, and reports
// whether that was the caller. m is as DueMail had it.
func (t *Tx) ClaimMail(m *Mail, until time.Time) (bool, error) {
	n, err := t.exec(`UPDATE mail SET attempts = attempts + 1, not_before = $3
		WHERE id = $1 AND attempts = $2 AND state = 'waiting' AND not_before <= $4`, m.ID, m.Attempts, micros(until), t.now)
	if err == nil && n == 1 {
		m.Attempts++
	}
	return n == 1, err
}

// EndMail ends the attempt the caller claimed, and the message with it, and
// reports whether the claim still held. What was sent leaves no words here, and
// what was given up none that open something.
func (t *Tx) EndMail(m *Mail, state MailState, problem string) (bool, error) {
	n, err := t.exec(`UPDATE mail SET state = $3, problem = $4, ended_at = $5,
			body = CASE WHEN $3 = 'sent' OR $3 = 'failed' AND secret > 0 THEN '' ELSE body END
		WHERE id = $1 AND attempts = $2 AND state = 'waiting'`, m.ID, m.Attempts, string(state), problem, t.now)
	return n == 1, err
}

// DelayMail ends the attempt the caller claimed and leaves the message for
// another one, and reports whether the claim still held.
func (t *Tx) DelayMail(m *Mail, until time.Time, problem string) (bool, error) {
	n, err := t.exec(`UPDATE mail SET not_before = $3, problem = $4 WHERE id = $1 AND attempts = $2 AND state = 'waiting'`,
		m.ID, m.Attempts, micros(until), problem)
	return n == 1, err
}

// RetryMail has a message that was given up sent after all, tried for MailLife
// from now on, and reports whether there was one that still has its words.
func (t *Tx) RetryMail(id string) (bool, error) {
	n, err := t.exec(`UPDATE mail SET state = 'waiting', not_before = $2, expires_at = $3, ended_at = 0 WHERE id = $1 AND state = 'failed' AND body <> ''`,
		id, t.now, t.now+MailLife.Microseconds())
	return n == 1, err
}

// SweepMail removes messages older than the given time.
func (t *Tx) SweepMail(before time.Time) error {
	_, err := t.exec(`DELETE FROM mail WHERE created_at <= $1`, micros(before))
	return err
}
