package store

import (
	"database/sql"
	"errors"
	"time"

	"kinpict"
	"kinpict/internal/ledger"
)

// Where a refund stands.
const (
	RefundAsked   = "asked"   // the provider has not said yes or no
	RefundDone    = "done"    // the money is on its way
	RefundRefused = "refused" // the provider said no
	RefundFailed  = "failed"  // it said yes, and the money did not arrive
)

// A Refund is money that staff send back for a purchase. Its ID is the key it
// has at the provider, so asking twice sends once.
type Refund struct {
	ID         string
	PurchaseID string
	PaymentID  string
	Amount     int64  // minor units, tax included
	Reason     string // in words, for the books
	Cause      string // the provider's word: requested_by_customer, duplicate, fraudulent, or none
	Actor      string
	Approver   string // who else agreed, or none
	State      string
	Problem    string
	CreatedAt  time.Time
	EndedAt    time.Time
}

const refundColumns = `id, purchase_id, payment_id, amount, reason, cause, actor, approver, state, problem, created_at, ended_at`

func scanRefund(row interface{ Scan(...any) error }) (*Refund, error) {
	var r Refund
	var created, ended int64
	err := row.Scan(&r.ID, &r.PurchaseID, &r.PaymentID, &r.Amount, &r.Reason, &r.Cause, &r.Actor, &r.Approver, &r.State, &r.Problem, &created, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such refund."}
	}
	r.CreatedAt, r.EndedAt = instant(created), instant(ended)
	return &r, err
}

// Refund returns the refund with that id, or NotFound.
func (t *Tx) Refund(id string) (*Refund, error) {
	return scanRefund(t.row(`SELECT `+refundColumns+` FROM refund WHERE id = $1`, id))
}

// Refunds are the purchase's refunds, oldest first.
func (t *Tx) Refunds(purchaseID string) ([]*Refund, error) {
	return t.refunds(`purchase_id = $1 ORDER BY created_at, id`, purchaseID)
}

// WaitingRefunds are those to ask the provider about again, of its purchases,
// longest waiting first, at most limit.
func (t *Tx) WaitingRefunds(provider string, limit int) ([]*Refund, error) {
	return t.refunds(`state = 'asked' AND not_before <= $1 AND (SELECT p.provider FROM purchase p WHERE p.id = purchase_id) = $2
		ORDER BY not_before, id LIMIT $3`, t.now, provider, limit)
}

func (t *Tx) refunds(where string, args ...any) ([]*Refund, error) {
	var out []*Refund
	err := t.each(func(rows *sql.Rows) error {
		r, err := scanRefund(rows)
		out = append(out, r)
		return err
	}, `SELECT `+refundColumns+` FROM refund WHERE `+where, args...)
	return out, err
}

// PutRefund stores a refund that is to be asked for, for the worker to ask
// about from then on, and reports whether it did: false if another one of the
// purchase waits for its answer.
func (t *Tx) PutRefund(r *Refund, from time.Time) (bool, error) {
	n, err := t.exec(`INSERT INTO refund (id, purchase_id, payment_id, amount, reason, cause, actor, approver, not_before, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		r.ID, r.PurchaseID, r.PaymentID, r.Amount, r.Reason, r.Cause, r.Actor, r.Approver, micros(from), t.now)
	return n == 1, err
}

// EndRefund says what became of a refund. One that was done may fail later,
// never the other way round; what is unknown or ended so already stays.
func (t *Tx) EndRefund(id, state, problem string) error {
	_, err := t.exec(`UPDATE refund SET state = $2, problem = $3, ended_at = $4 WHERE id = $1 AND (state = 'asked' OR state = 'done' AND $2 = 'failed')`,
		id, state, problem, t.now)
	return err
}

// DelayRefund leaves a refund without an answer for later.
func (t *Tx) DelayRefund(id string, until time.Time, problem string) error {
	_, err := t.exec(`UPDATE refund SET not_before = $2, problem = $3 WHERE id = $1 AND state = 'asked'`, id, micros(until), problem)
	return err
}

// PaidLot returns the lot that a purchase was granted, or nil.
func (t *Tx) PaidLot(purchaseID string) (*ledger.Lot, error) {
	lots, err := t.PurchaseLots(purchaseID)
	for _, l := range lots {
		if l.Kind == kinpict.LotPaid {
			return l, err
		}
	}
	return nil, err
}

// PurchaseLots are the lots that a purchase was granted: what was bought, and
// the extra credits of a code.
func (t *Tx) PurchaseLots(purchaseID string) ([]*ledger.Lot, error) {
	return t.lots(`WHERE source_type = 'purchase' AND source_id = $1`, purchaseID)
}
