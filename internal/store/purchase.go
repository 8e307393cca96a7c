package store

import (
	"database/sql"
	"errors"
	"time"

	"kinpict"
)

// A Purchase is a purchase and what only we need to know about it.
type Purchase struct {
	kinpict.Purchase
	Livemode bool
	// Taxed says that the provider was asked to add tax to the price.
	Taxed bool
	// SeenAt is when the provider was last asked. It grows with every change, so
	// whoever still holds the value it read knows that nobody wrote in between.
	SeenAt time.Time
	// Problem says what of the provider's state does not match the purchase, in
	// words for staff. Such a purchase grants nothing.
	Problem string
}

const purchaseColumns = `id, account_id, pack, catalog_version, credits, amount, taxed, tax, currency, provider, livemode, coalesce(session_id, ''),
	coalesce(payment_id, ''), url, state, refunded, disputed, back, created_at, paid_at, expires_at, seen_at, problem,
	promo, discount, bonus`

func scanPurchase(row interface{ Scan(...any) error }) (*Purchase, error) {
	var p Purchase
	var live, taxed, created, paid, expires, seen int64
	err := row.Scan(&p.ID, &p.AccountID, &p.Pack, &p.CatalogVersion, &p.Credits, &p.Price.Amount, &taxed, &p.Tax, &p.Price.Currency, &p.Provider, &live, &p.SessionID,
		&p.PaymentID, &p.URL, &p.State, &p.Refunded, &p.Disputed, &p.Back, &created, &paid, &expires, &seen, &p.Problem,
		&p.Promo, &p.Discount, &p.Bonus)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such purchase here.", Hint: "Look at whose account you are in, and whether the address is whole."}
	}
	p.Livemode, p.Taxed = live == 1, taxed == 1
	p.CreatedAt, p.PaidAt, p.ExpiresAt, p.SeenAt = instant(created), instant(paid), instant(expires), instant(seen)
	return &p, err
}

// Purchase returns the purchase with that id, or NotFound.
func (t *Tx) Purchase(id string) (*Purchase, error) {
	return scanPurchase(t.row(`SELECT `+purchaseColumns+` FROM purchase WHERE id = $1`, id))
}

// PurchaseOf returns the purchase paid in that session or by that payment, or NotFound.
func (t *Tx) PurchaseOf(sessionOrPayment string) (*Purchase, error) {
	return scanPurchase(t.row(`SELECT `+purchaseColumns+` FROM purchase WHERE session_id = $1 OR payment_id = $1`, sessionOrPayment))
}

// Purchases are the account's purchases, newest first, at most limit.
func (t *Tx) Purchases(accountID string, limit int) ([]*Purchase, error) {
	return t.PurchasesBefore(accountID, nil, limit)
}

// PurchasesBefore are those before one of them in that order, nil for the newest.
func (t *Tx) PurchasesBefore(accountID string, before *Purchase, limit int) ([]*Purchase, error) {
	at, id := int64(endOfTime), ""
	if before != nil {
		at, id = micros(before.CreatedAt), before.ID
	}
	return list(t, func(r *sql.Rows) (*Purchase, error) { return scanPurchase(r) },
		`SELECT `+purchaseColumns+` FROM purchase WHERE account_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, accountID, at, id, limit)
}

// UnpaidSince counts the account's purchases made since then that no money came
// of, whatever became of them.
func (t *Tx) UnpaidSince(accountID string, since time.Time) (int, error) {
	var n int
	err := t.row(`SELECT count(*) FROM purchase WHERE account_id = $1 AND created_at > $2 AND paid_at = 0`, accountID, micros(since)).Scan(&n)
	return n, err
}

// PutPurchase stores a new purchase, open and without a session. Its promo code
// was counted by UsePromo.
func (t *Tx) PutPurchase(p *Purchase) error {
	_, err := t.exec(`INSERT INTO purchase (id, account_id, pack, catalog_version, credits, amount, currency, provider, livemode, back, created_at, expires_at, taxed,
			promo, discount, bonus, promo_counted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		p.ID, p.AccountID, p.Pack, p.CatalogVersion, p.Credits, p.Price.Amount, p.Price.Currency, p.Provider, bit(p.Livemode), p.Back, t.now, micros(p.ExpiresAt), bit(p.Taxed),
		p.Promo, p.Discount, p.Bonus, bit(p.Promo != ""))
	return err
}

// OpenPurchase notes where the purchase is paid and reports whether it did:
// false if it has a page already, or belongs to another session.
func (t *Tx) OpenPurchase(id, sessionID, url string) (bool, error) {
	n, err := t.exec(`UPDATE purchase SET session_id = $2, url = $3 WHERE id = $1 AND url = '' AND (session_id IS NULL OR session_id = $2)`, id, sessionID, url)
	return n == 1, err
}

// AnswerPurchase completes the answer remembered for an intent, once its words
// are known.
func (t *Tx) AnswerPurchase(owner string, in kinpict.Intent, status int, body []byte) error {
	_, err := t.exec(`UPDATE idem SET status = $4, answer = $5 WHERE owner = $1 AND route = $2 AND key = $3`, owner, in.Route, in.Key, status, body)
	return err
}

// SetPurchase writes what the provider's state says of a purchase, and reports
// whether it did: false if anybody wrote since p was read, which p.SeenAt
// tells. Identity, price and credits never change.
func (t *Tx) SetPurchase(p *Purchase) (bool, error) {
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	was := micros(p.SeenAt)
	n, err := t.exec(`UPDATE purchase SET session_id = $3, payment_id = $4, state = $5, refunded = $6, disputed = $7, paid_at = $8, problem = $9, seen_at = $10, tax = $11
		WHERE id = $1 AND seen_at = $2`,
		p.ID, was, null(p.SessionID), null(p.PaymentID), p.State, p.Refunded, p.Disputed, micros(p.PaidAt), p.Problem, max(t.now, was+1), p.Tax)
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.recount(p.ID, p.Promo, p.State)
}

// PaymentTaken reports whether another purchase already stands for the payment.
func (t *Tx) PaymentTaken(paymentID, purchaseID string) (bool, error) {
	var n int
	err := t.row(`SELECT count(*) FROM purchase WHERE payment_id = $1 AND id <> $2`, paymentID, purchaseID).Scan(&n)
	return n > 0, err
}

// AskAbout returns purchases their provider should be asked about again: those
// open or processing and not asked about since open, and those made since
// recent and not asked about since settled. A purchase with a problem counts as
// settled, for its cause may pass. One of a closed account is asked about at
// once, and again if not asked about since closed. At most limit, longest waiting first.
func (t *Tx) AskAbout(provider string, open, settled, recent, closed time.Time, limit int) ([]string, error) {
	var ids []string
	scan := func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}
	err := t.each(scan, `SELECT id FROM purchase WHERE state IN ('open', 'processing') AND session_id IS NOT NULL AND problem = '' AND provider = $2
		AND seen_at <= $4 AND (seen_at <= $1 AND created_at <= $1 OR EXISTS (SELECT 1 FROM account a WHERE a.id = account_id AND a.status = 'closed'))
		ORDER BY seen_at, id LIMIT $3`, micros(open), provider, limit, micros(closed))
	if err != nil || len(ids) == limit {
		return ids, err
	}
	err = t.each(scan, `SELECT id FROM purchase WHERE created_at > $1 AND seen_at <= $2 AND (state NOT IN ('open', 'processing') OR problem <> '')
		AND session_id IS NOT NULL AND provider = $3 ORDER BY seen_at, id LIMIT $4`, micros(recent), micros(settled), provider, limit-len(ids))
	return ids, err
}

// ExpirePurchases ends purchases past their time for which no page was ever
// made: nobody can have paid for them.
func (t *Tx) ExpirePurchases() (int64, error) {
	type ended struct{ id, promo string }
	var all []ended
	err := t.each(func(r *sql.Rows) error {
		var e ended
		err := r.Scan(&e.id, &e.promo)
		all = append(all, e)
		return err
	}, `UPDATE purchase SET state = 'expired', seen_at = $1 WHERE state = 'open' AND session_id IS NULL AND expires_at <= $1 RETURNING id, promo`, t.now)
	if err != nil {
		return 0, err
	}
	for _, e := range all {
		if err := t.recount(e.id, e.promo, "expired"); err != nil {
			return 0, err
		}
	}
	return int64(len(all)), nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
