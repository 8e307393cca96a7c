package store

import (
	"cmp"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// A Dispute is a bank's question about a payment, in the words of billing.Dispute.
type Dispute struct {
	ID         string
	Status     string
	Reason     string
	Amount     int64
	DueBy      time.Time
	Refundable bool
	SeenAt     time.Time // when we first heard of it
}

// PutDispute writes how a dispute of the purchase stands.
func (t *Tx) PutDispute(purchaseID string, d Dispute) error {
	_, err := t.exec(`INSERT INTO dispute (purchase_id, id, status, reason, amount, due_by, refundable, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (purchase_id, id) DO UPDATE SET status = excluded.status, reason = excluded.reason, amount = excluded.amount, due_by = excluded.due_by,
			refundable = excluded.refundable`,
		purchaseID, d.ID, d.Status, d.Reason, d.Amount, micros(d.DueBy), bit(d.Refundable), t.now)
	return err
}

// Disputes are the purchase's disputes, oldest first.
func (t *Tx) Disputes(purchaseID string) ([]Dispute, error) {
	var out []Dispute
	err := t.each(func(r *sql.Rows) error {
		var d Dispute
		var due, refundable, seen int64
		err := r.Scan(&d.ID, &d.Status, &d.Reason, &d.Amount, &due, &refundable, &seen)
		d.DueBy, d.Refundable, d.SeenAt = instant(due), refundable == 1, instant(seen)
		out = append(out, d)
		return err
	}, `SELECT id, status, reason, amount, due_by, refundable, seen_at FROM dispute WHERE purchase_id = $1 ORDER BY seen_at, id`, purchaseID)
	return out, err
}

// WarnPurchase notes that a bank takes the purchase's payment for fraud.
func (t *Tx) WarnPurchase(purchaseID string) error {
	_, err := t.exec(`INSERT INTO fraud_warning (purchase_id, seen_at) VALUES ($1, $2) ON CONFLICT (purchase_id) DO NOTHING`, purchaseID, t.now)
	return err
}

// WarnedAt is when we heard that a bank takes the purchase for fraud, or zero.
func (t *Tx) WarnedAt(purchaseID string) (time.Time, error) {
	var at int64
	err := t.row(`SELECT seen_at FROM fraud_warning WHERE purchase_id = $1`, purchaseID).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return instant(at), err
}

// Reconciled is when the last complete comparison with the provider began, and
// when the next is due. Both are zero before the first.
func (t *Tx) Reconciled(provider string) (watermark, due time.Time, err error) {
	var w, d int64
	err = t.row(`SELECT watermark, due_at FROM reconciliation WHERE provider = $1`, provider).Scan(&w, &d)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return instant(w), instant(d), err
}

// ClaimReconciliation takes the comparison that is due and reports whether it
// did. It is due again at next, should the claimer die.
func (t *Tx) ClaimReconciliation(provider string, next time.Time) (bool, error) {
	n, err := t.exec(`INSERT INTO reconciliation (provider, due_at) VALUES ($1, $2)
		ON CONFLICT (provider) DO UPDATE SET due_at = excluded.due_at WHERE reconciliation.due_at <= $3`, provider, micros(next), t.now)
	return n == 1, err
}

// EndReconciliation notes that the comparison begun at watermark is complete.
func (t *Tx) EndReconciliation(provider string, watermark, next time.Time) error {
	_, err := t.exec(`UPDATE reconciliation SET watermark = $2, due_at = $3 WHERE provider = $1`, provider, micros(watermark), micros(next))
	return err
}

// Comparable are the provider's purchases that were paid since then, and those
// made since then that have a problem, in order of id.
func (t *Tx) Comparable(provider string, since time.Time) ([]string, error) {
	var ids []string
	err := t.each(func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM purchase WHERE provider = $1 AND session_id IS NOT NULL AND (paid_at >= $2 OR problem <> '' AND created_at >= $2)`, provider, micros(since))
	slices.Sort(ids) // asked for in order, SQLite would read every purchase by id
	return ids, err
}

// DoublePurchases are pairs of purchases of the same pack by one account, both
// paid since then within the given time of each other and neither given back.
func (t *Tx) DoublePurchases(provider string, since time.Time, within time.Duration) (pairs [][2]string, err error) {
	err = t.each(func(r *sql.Rows) error {
		var p [2]string
		err := r.Scan(&p[0], &p[1])
		pairs = append(pairs, p)
		return err
	}, `SELECT a.id, b.id FROM purchase a JOIN purchase b ON b.account_id = a.account_id AND b.pack = a.pack AND b.provider = a.provider
			AND (b.paid_at > a.paid_at OR b.paid_at = a.paid_at AND b.id > a.id) AND b.paid_at - a.paid_at <= $3
		WHERE a.provider = $1 AND a.paid_at >= $2 AND a.state = 'paid' AND b.state = 'paid'`, provider, micros(since), within.Microseconds())
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0])) })
	return pairs, err
}

// A PaymentFinding is something about which we and the provider do not agree.
type PaymentFinding struct {
	Subject   string    `json:"subject"` // a purchase of ours or a payment of theirs
	Kind      string    `json:"kind"`
	Object    string    `json:"object"` // what to ask the provider about
	Message   string    `json:"message"`
	FirstSeen time.Time `json:"first_seen"`
}

// PaymentFindings are those still open, oldest first.
func (t *Tx) PaymentFindings(provider string) ([]PaymentFinding, error) {
	var out []PaymentFinding
	err := t.each(func(r *sql.Rows) error {
		var f PaymentFinding
		var at int64
		err := r.Scan(&f.Subject, &f.Kind, &f.Object, &f.Message, &at)
		f.FirstSeen = instant(at)
		out = append(out, f)
		return err
	}, `SELECT subject, kind, object, message, first_seen FROM payment_finding WHERE provider = $1 ORDER BY first_seen, subject, kind`, provider)
	return out, err
}

// PutPaymentFinding notes a finding and reports whether it is a new one.
func (t *Tx) PutPaymentFinding(provider string, f PaymentFinding) (fresh bool, err error) {
	n, err := t.exec(`UPDATE payment_finding SET object = $4, message = $5, last_seen = $6 WHERE provider = $1 AND subject = $2 AND kind = $3`,
		provider, f.Subject, f.Kind, f.Object, f.Message, t.now)
	if err != nil || n == 1 {
		return false, err
	}
	n, err = t.exec(`INSERT INTO payment_finding (provider, subject, kind, object, message, first_seen, last_seen) VALUES ($1, $2, $3, $4, $5, $6, $6)
		ON CONFLICT DO NOTHING`, provider, f.Subject, f.Kind, f.Object, f.Message, t.now)
	return n == 1, err
}

// DropPaymentFinding forgets a finding whose cause is gone.
func (t *Tx) DropPaymentFinding(provider, subject, kind string) error {
	_, err := t.exec(`DELETE FROM payment_finding WHERE provider = $1 AND subject = $2 AND kind = $3`, provider, subject, kind)
	return err
}
