package store

import (
	"database/sql"
	"errors"
	"time"

	"kinpict"
)

// A SandboxSession is one checkout in the books of the sandbox provider, which
// stands for a company elsewhere: no verb of the product reads these.
type SandboxSession struct {
	ID         string
	PaymentID  string
	IdemKey    string
	PurchaseID string
	Title      string
	Price      kinpict.Money
	Tax        int64 // on top of Price
	ReturnURL  string
	Status     string // open, declined, processing, paid, failed
	Refunds    []SandboxRefund
	Disputed   int64
	Dispute    string // as in billing.Dispute, or none
	DisputeDue time.Time
	Warned     bool
	ExpiresAt  time.Time
	// MovedAt grows with every change, so whoever still holds the value it read
	// knows that nobody moved the checkout in between.
	MovedAt time.Time
}

// A SandboxRefund is money that went back, unless it failed later.
type SandboxRefund struct {
	ID      string
	IdemKey string
	Amount  int64
	Failed  bool
}

// Refunded is what went back and stayed there.
func (s *SandboxSession) Refunded() int64 {
	var sum int64
	for _, r := range s.Refunds {
		if !r.Failed {
			sum += r.Amount
		}
	}
	return sum
}

const sandboxColumns = `id, payment_id, idem_key, purchase_id, title, amount, currency, tax, return_url, status, disputed, dispute, dispute_due, warned, expires_at, moved_at`

func scanSandbox(row interface{ Scan(...any) error }) (*SandboxSession, error) {
	var s SandboxSession
	var due, warned, expires, moved int64
	err := row.Scan(&s.ID, &s.PaymentID, &s.IdemKey, &s.PurchaseID, &s.Title, &s.Price.Amount, &s.Price.Currency, &s.Tax, &s.ReturnURL, &s.Status,
		&s.Disputed, &s.Dispute, &due, &warned, &expires, &moved)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such checkout here.", Hint: "Begin again from the pricing page."}
	}
	s.DisputeDue, s.Warned, s.ExpiresAt, s.MovedAt = instant(due), warned == 1, instant(expires), instant(moved)
	return &s, err
}

// SandboxSession returns the checkout with that id, payment or refund, or NotFound.
func (t *Tx) SandboxSession(ref string) (*SandboxSession, error) {
	s, err := scanSandbox(t.row(`SELECT `+sandboxColumns+` FROM sandbox_session
		WHERE id = $1 OR payment_id = $1 OR id = (SELECT session_id FROM sandbox_refund WHERE id = $1)`, ref))
	if err != nil {
		return nil, err
	}
	return s, t.sandboxRefunds(s)
}

func (t *Tx) sandboxRefunds(s *SandboxSession) error {
	return t.each(func(r *sql.Rows) error {
		var f SandboxRefund
		var failed int
		err := r.Scan(&f.ID, &f.IdemKey, &f.Amount, &failed)
		f.Failed = failed == 1
		s.Refunds = append(s.Refunds, f)
		return err
	}, `SELECT id, idem_key, amount, failed FROM sandbox_refund WHERE session_id = $1 ORDER BY seq`, s.ID)
}

// SandboxRefundKey returns the id of the checkout that a refund's key was used
// for, or "".
func (t *Tx) SandboxRefundKey(key string) (string, error) {
	var id string
	err := t.row(`SELECT session_id FROM sandbox_refund WHERE idem_key = $1`, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// OpenSandboxSession stores a checkout unless its key has one, and returns the
// one the key has.
func (t *Tx) OpenSandboxSession(s *SandboxSession) (*SandboxSession, error) {
	_, err := t.exec(`INSERT INTO sandbox_session (id, payment_id, idem_key, purchase_id, title, amount, currency, tax, return_url, created_at, moved_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11) ON CONFLICT (idem_key) DO NOTHING`,
		s.ID, s.PaymentID, s.IdemKey, s.PurchaseID, s.Title, s.Price.Amount, s.Price.Currency, s.Tax, s.ReturnURL, t.now, micros(s.ExpiresAt))
	if err != nil {
		return nil, err
	}
	return scanSandbox(t.row(`SELECT `+sandboxColumns+` FROM sandbox_session WHERE idem_key = $1`, s.IdemKey))
}

// MoveSandboxSession writes what became of a checkout, and reports whether it
// did: false if anybody else moved it since was was read.
func (t *Tx) MoveSandboxSession(was, is *SandboxSession) (bool, error) {
	at := micros(was.MovedAt)
	n, err := t.exec(`UPDATE sandbox_session SET status = $3, refunded = $4, disputed = $5, dispute = $6, dispute_due = $7, warned = $8, moved_at = $9
		WHERE id = $1 AND moved_at = $2`,
		is.ID, at, is.Status, is.Refunded(), is.Disputed, is.Dispute, micros(is.DisputeDue), bit(is.Warned), max(t.now, at+1))
	if err != nil || n == 0 {
		return false, err
	}
	for i, f := range is.Refunds {
		_, err := t.exec(`INSERT INTO sandbox_refund (id, session_id, idem_key, amount, failed, seq) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET failed = excluded.failed`, f.ID, is.ID, f.IdemKey, f.Amount, bit(f.Failed), i+1)
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// SandboxMoved are the paid checkouts that moved at or after since and come
// after the id after in order of id, at most limit.
func (t *Tx) SandboxMoved(since time.Time, after string, limit int) ([]*SandboxSession, error) {
	var out []*SandboxSession
	err := t.each(func(r *sql.Rows) error {
		s, err := scanSandbox(r)
		out = append(out, s)
		return err
	}, `SELECT `+sandboxColumns+` FROM sandbox_session WHERE moved_at >= $1 AND id > $2 AND status = 'paid' ORDER BY id LIMIT $3`, micros(since), after, limit)
	for _, s := range out {
		if err == nil {
			err = t.sandboxRefunds(s)
		}
	}
	return out, err
}
