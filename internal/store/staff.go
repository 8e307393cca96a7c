package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kinpict"
)

// attention are the purchases that staff have to look at: a problem, a question
// of a bank, a warning about money that is still here, a refund without an
// answer or without effect, a payment on which we and the provider do not agree.
// Each part begins at what is rare, so that it costs what there is to look at
// and not what was ever sold.
const attention = `p.id IN (SELECT id FROM purchase WHERE problem <> ''
	UNION SELECT purchase_id FROM dispute WHERE status IN ('needs_response', 'under_review', 'warning_needs_response', 'warning_under_review')
	UNION SELECT id FROM purchase WHERE id IN (SELECT purchase_id FROM fraud_warning) AND state IN ('paid', 'partially_refunded')
	UNION SELECT purchase_id FROM refund WHERE state = 'asked'
	UNION SELECT id FROM purchase WHERE id IN (SELECT subject FROM payment_finding)
	UNION SELECT id FROM purchase WHERE payment_id IN (SELECT subject FROM payment_finding))`

// StaffPurchases are everybody's purchases, newest first, before that id ("" for
// the newest), at most limit: of one account ("" for all), in one state, those
// for the attention of staff ("attention"), or any ("").
func (t *Tx) StaffPurchases(which, accountID, before string, limit int) ([]*Purchase, error) {
	where, args := []string{"1 = 1"}, []any{}
	only := func(condition, value string) {
		if value != "" {
			args = append(args, value)
			where = append(where, fmt.Sprintf("%s $%d", condition, len(args)))
		}
	}
	if which == "attention" {
		where = append(where, attention)
	} else {
		only("p.state =", which)
	}
	only("p.account_id =", accountID)
	only("p.id <", before)
	var out []*Purchase
	err := t.each(func(r *sql.Rows) error {
		p, err := scanPurchase(r)
		out = append(out, p)
		return err
	}, `SELECT `+purchaseColumns+` FROM purchase p WHERE `+strings.Join(where, " AND ")+` ORDER BY p.id DESC LIMIT `+strconv.Itoa(limit), args...)
	return out, err
}

// A LotUse is what one picture took of a lot, and what of that came back.
type LotUse struct {
	Charge   string          `json:"generation"`
	Lot      string          `json:"lot"`
	Amount   kinpict.Credits `json:"credits"`
	Returned kinpict.Credits `json:"credits_returned"`
}

// LotUses are what was taken of the lots of a source, oldest first.
func (t *Tx) LotUses(sourceType, sourceID string) ([]LotUse, error) {
	var out []LotUse
	err := t.each(func(r *sql.Rows) error {
		var u LotUse
		err := r.Scan(&u.Charge, &u.Lot, &u.Amount, &u.Returned)
		out = append(out, u)
		return err
	}, `SELECT a.charge_id, a.lot_id, a.amount, a.returned FROM charge_alloc a JOIN charge c ON c.id = a.charge_id JOIN lot l ON l.id = a.lot_id
		WHERE l.source_type = $1 AND l.source_id = $2 ORDER BY c.accepted_at, a.charge_id, a.seq`, sourceType, sourceID)
	return out, err
}

// SignIns are when the account signed in, as far as that is still known: by the
// sessions and the links that were not swept yet, oldest first.
func (t *Tx) SignIns(accountID string) ([]time.Time, error) {
	var out []time.Time
	err := t.each(func(r *sql.Rows) error {
		var at int64
		err := r.Scan(&at)
		out = append(out, instant(at))
		return err
	}, `SELECT created_at FROM session WHERE account_id = $1
		UNION SELECT used_at FROM signin_link WHERE used_at > 0 AND email = (SELECT email FROM account WHERE id = $1) ORDER BY 1`, accountID)
	return out, err
}
