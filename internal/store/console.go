package store

import (
	"database/sql"
	"errors"
	"slices"
	"time"

	"kinpict"
)

// A Factor is the second factor of an account that works for the house.
type Factor struct {
	Sealed   []byte // the secret, which only the master key opens
	LastStep int64  // the thirty seconds whose code was used last
	MadeAt   time.Time
}

// PutFactor gives the account a second factor, in place of the one it had.
func (t *Tx) PutFactor(accountID string, sealed []byte) error {
	_, err := t.exec(`INSERT INTO second_factor (account_id, sealed, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET sealed = $2, last_step = 0, created_at = $3`, accountID, sealed, t.now)
	return err
}

// DropFactor takes the account's second factor away and reports whether it had one.
func (t *Tx) DropFactor(accountID string) (bool, error) {
	n, err := t.exec(`DELETE FROM second_factor WHERE account_id = $1`, accountID)
	return n == 1, err
}

// Factor returns the account's second factor, or nil.
func (t *Tx) Factor(accountID string) (*Factor, error) {
	var f Factor
	var at int64
	err := t.row(`SELECT sealed, last_step, created_at FROM second_factor WHERE account_id = $1`, accountID).Scan(&f.Sealed, &f.LastStep, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	f.MadeAt = instant(at)
	return &f, err
}

// SpendStep uses the code of a step and reports whether it was still good: it is
// not once that step, or a later one, was used, or with another secret.
func (t *Tx) SpendStep(accountID string, sealed []byte, step int64) (bool, error) {
	n, err := t.exec(`UPDATE second_factor SET last_step = $3 WHERE account_id = $1 AND sealed = $2 AND last_step < $3`, accountID, sealed, step)
	return n == 1, err
}

// A ConsoleSession is one browser in which somebody who works for the house
// showed their second factor.
type ConsoleSession struct {
	AccountID  string
	Role       kinpict.AccountRole // when it began
	SignInHash []byte              // the session of the site it was opened from
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// PutConsoleSession keeps a console session, seen now for the first time.
func (t *Tx) PutConsoleSession(s ConsoleSession, hash []byte) error {
	_, err := t.exec(`INSERT INTO console_session (id_hash, account_id, signin_hash, role, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
		hash, s.AccountID, s.SignInHash, string(s.Role), t.now, micros(s.ExpiresAt))
	return err
}

// ConsoleSession returns the session with that hash that was opened from that
// sign-in, or nil: also when the sign-in has ended, the account has another role
// than it had, is not active, or has no second factor any more. Whether it is
// still good by its times is the caller's to judge.
func (t *Tx) ConsoleSession(hash, signIn []byte) (*ConsoleSession, error) {
	var s ConsoleSession
	var created, seen, until int64
	err := t.row(`SELECT c.account_id, c.role, c.signin_hash, c.created_at, c.last_seen_at, c.expires_at FROM console_session c
		JOIN session s ON s.id_hash = c.signin_hash AND s.account_id = c.account_id
		JOIN account a ON a.id = c.account_id AND a.role = c.role AND a.status = 'active'
		JOIN second_factor f ON f.account_id = c.account_id
		WHERE c.id_hash = $1 AND c.signin_hash = $2`, hash, signIn).Scan(&s.AccountID, &s.Role, &s.SignInHash, &created, &seen, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	s.CreatedAt, s.LastSeenAt, s.ExpiresAt = instant(created), instant(seen), instant(until)
	return &s, err
}

// SeeConsoleSession notes that a console session was used now.
func (t *Tx) SeeConsoleSession(hash []byte) error {
	_, err := t.exec(`UPDATE console_session SET last_seen_at = $1 WHERE id_hash = $2 AND last_seen_at < $1`, t.now, hash)
	return err
}

// DropConsoleSession ends a console session. There may be none.
func (t *Tx) DropConsoleSession(hash []byte) error {
	_, err := t.exec(`DELETE FROM console_session WHERE id_hash = $1`, hash)
	return err
}

// DropConsoleSessions ends all console sessions of an account.
func (t *Tx) DropConsoleSessions(accountID string) error {
	_, err := t.exec(`DELETE FROM console_session WHERE account_id = $1`, accountID)
	return err
}

// SweepConsole removes console sessions that ended before the given time.
func (t *Tx) SweepConsole(before time.Time) error {
	_, err := t.exec(`DELETE FROM console_session WHERE expires_at <= $1`, micros(before))
	return err
}

// A StaffAct is something staff did: who, what, to whom, when.
type StaffAct struct {
	ID      string
	Actor   string
	Kind    string
	Subject string // an account's id, or that of what it was about
	At      time.Time
}

// NoteStaff writes down what staff did, in the transaction that does it.
func (t *Tx) NoteStaff(a StaffAct) error {
	_, err := t.exec(`INSERT INTO staff_act (id, actor, kind, subject, at) VALUES ($1, $2, $3, $4, $5)`, a.ID, a.Actor, a.Kind, a.Subject, t.now)
	return err
}

// A Deed is something staff did, wherever it is kept: how much it was about is
// there.
type Deed struct {
	At      time.Time
	Actor   string
	Kind    string
	Subject string
	Credits kinpict.Credits // given or taken, 0 where none were
}

// key puts deeds of one moment in an order.
func (d Deed) key() string { return d.Kind + " " + d.Subject }

// Before reports whether d stands behind o in a list that begins with the newest.
func (d Deed) Before(o Deed) bool {
	if c := d.At.Compare(o.At); c != 0 {
		return c < 0
	}
	return d.key() < o.key()
}

// deeds are where it is written down what staff did; $1 is a time, $2 a number.
var deeds = []string{
	`SELECT at, actor, kind, subject, 0 FROM staff_act WHERE at <= $1 ORDER BY at DESC LIMIT $2`,
	`SELECT at, actor, 'review ' || CASE kind WHEN 'answer' THEN 'answered' ELSE 'closed' END, review_id, credits FROM review_act WHERE at <= $1 ORDER BY at DESC LIMIT $2`,
	`SELECT decided_at, decided_by, 'held request ' || decision, id, 0 FROM held_request WHERE decision <> '' AND decided_at <= $1 ORDER BY decided_at DESC LIMIT $2`,
	`SELECT created_at, actor, 'money sent back', purchase_id, 0 FROM refund WHERE created_at <= $1 ORDER BY created_at DESC LIMIT $2`,
	`SELECT created_at, actor, 'price book applied', 'price book ' || version, 0 FROM catalog WHERE created_at <= $1 ORDER BY created_at DESC LIMIT $2`,
	`SELECT t.recorded_at, t.actor, CASE t.kind WHEN 'adjust' THEN 'credits given' WHEN 'goodwill' THEN 'credits given back' WHEN 'forgive' THEN 'debt forgiven' ELSE 'credits taken' END,
			t.account_id || '-' || t.account_seq, (SELECT ` + sumOf(`e.amount`) + ` FROM entry e WHERE e.account_id = t.account_id AND e.account_seq = t.account_seq AND e.code IN ('lot', 'debt'))
		FROM txn t WHERE t.kind IN ('adjust', 'goodwill', 'forgive', 'take') AND t.recorded_at <= $1 ORDER BY t.recorded_at DESC LIMIT $2`,
}

// Deeds are what staff did, newest first: those behind after, or from the newest
// (nil), at most limit.
func (t *Tx) Deeds(after *Deed, limit int) ([]Deed, error) {
	until := t.now
	if after != nil {
		until = micros(after.At)
	}
	var out []Deed
	for _, query := range deeds {
		// Of the moment it goes on from, some were told already.
		some, err := list(t, func(r *sql.Rows) (d Deed, err error) {
			var at int64
			err = r.Scan(&at, &d.Actor, &d.Kind, &d.Subject, &d.Credits)
			d.At = instant(at)
			return d, err
		}, query, until, limit+8)
		if err != nil {
			return nil, err
		}
		for _, d := range some {
			if after == nil || d.Before(*after) {
				out = append(out, d)
			}
		}
	}
	slices.SortFunc(out, func(a, b Deed) int {
		if a.Before(b) {
			return 1
		}
		return -1
	})
	return out[:min(len(out), limit)], nil
}

// SetRole gives an active account another role and reports whether it did.
func (t *Tx) SetRole(accountID string, role kinpict.AccountRole) (bool, error) {
	n, err := t.exec(`UPDATE account SET role = $2 WHERE id = $1 AND role <> $2 AND status = 'active'`, accountID, string(role))
	return n == 1, err
}
