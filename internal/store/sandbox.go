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
	ReturnURL  string
	Status     string // open, declined, processing, paid, failed
	Refunded   int64
	Disputed   int64
	Dispute    string // needs_response, won, lost, or none
	ExpiresAt  time.Time
}

const sandboxColumns = `id, payment_id, idem_key, purchase_id, title, amount, currency, return_url, status, refunded, disputed, dispute, expires_at`

func scanSandbox(row *sql.Row) (*SandboxSession, error) {
	var s SandboxSession
	var expires int64
	err := row.Scan(&s.ID, &s.PaymentID, &s.IdemKey, &s.PurchaseID, &s.Title, &s.Price.Amount, &s.Price.Currency, &s.ReturnURL, &s.Status, &s.Refunded,
		&s.Disputed, &s.Dispute, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such checkout here.", Hint: "Begin again from the pricing page."}
	}
	s.ExpiresAt = instant(expires)
	return &s, err
}

// SandboxSession returns a checkout, or NotFound.
func (t *Tx) SandboxSession(id string) (*SandboxSession, error) {
	return scanSandbox(t.row(`SELECT `+sandboxColumns+` FROM sandbox_session WHERE id = $1`, id))
}

// OpenSandboxSession stores a checkout unless its key has one, and returns the
// one the key has.
func (t *Tx) OpenSandboxSession(s *SandboxSession) (*SandboxSession, error) {
	_, err := t.exec(`INSERT INTO sandbox_session (id, payment_id, idem_key, purchase_id, title, amount, currency, return_url, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (idem_key) DO NOTHING`,
		s.ID, s.PaymentID, s.IdemKey, s.PurchaseID, s.Title, s.Price.Amount, s.Price.Currency, s.ReturnURL, t.now, micros(s.ExpiresAt))
	if err != nil {
		return nil, err
	}
	return scanSandbox(t.row(`SELECT `+sandboxColumns+` FROM sandbox_session WHERE idem_key = $1`, s.IdemKey))
}

// MoveSandboxSession writes what became of a checkout, and reports whether it
// did: false if anybody else moved it since was was read.
func (t *Tx) MoveSandboxSession(was, is *SandboxSession) (bool, error) {
	n, err := t.exec(`UPDATE sandbox_session SET status = $2, refunded = $3, disputed = $4, dispute = $5
		WHERE id = $1 AND status = $6 AND refunded = $7 AND dispute = $8`,
		is.ID, is.Status, is.Refunded, is.Disputed, is.Dispute, was.Status, was.Refunded, was.Dispute)
	return n == 1, err
}
