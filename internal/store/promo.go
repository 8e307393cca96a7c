package store

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"kinpict"
)

const promoColumns = `code, percent, amount, currency, bonus, packs, starts_at, ends_at, uses, per_account, used, created_by, created_at, ended_by`

func scanPromo(row interface{ Scan(...any) error }) (*kinpict.Promo, error) {
	var p kinpict.Promo
	var packs string
	var starts, ends, created int64
	err := row.Scan(&p.Code, &p.Percent, &p.Off.Amount, &p.Off.Currency, &p.Bonus, &packs, &starts, &ends, &p.Uses, &p.PerAccount, &p.Used, &p.CreatedBy, &created, &p.EndedBy)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such promo code."}
	}
	p.Packs = strings.Fields(packs)
	p.StartsAt, p.EndsAt, p.CreatedAt = instant(starts), instant(ends), instant(created)
	return &p, err
}

// AddPromo stores a new code and reports whether it did: a code is used once
// for ever, so that a purchase's code says what it did.
func (t *Tx) AddPromo(p *kinpict.Promo) (bool, error) {
	n, err := t.exec(`INSERT INTO promo (code, percent, amount, currency, bonus, packs, starts_at, ends_at, uses, per_account, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (code) DO NOTHING`,
		p.Code, p.Percent, p.Off.Amount, p.Off.Currency, p.Bonus, strings.Join(p.Packs, " "), micros(p.StartsAt), micros(p.EndsAt), p.Uses, p.PerAccount, p.CreatedBy, t.now)
	return n == 1, err
}

// Promo returns the code, also one that has ended, or NotFound.
func (t *Tx) Promo(code string) (*kinpict.Promo, error) {
	return scanPromo(t.row(`SELECT `+promoColumns+` FROM promo WHERE code = $1`, code))
}

// Promos are all codes, newest first.
func (t *Tx) Promos() ([]*kinpict.Promo, error) {
	var out []*kinpict.Promo
	err := t.each(func(r *sql.Rows) error {
		p, err := scanPromo(r)
		out = append(out, p)
		return err
	}, `SELECT `+promoColumns+` FROM promo ORDER BY created_at DESC, code`)
	return out, err
}

// EndPromo ends a code now and reports whether it did: false if it is unknown
// or has ended.
func (t *Tx) EndPromo(code, actor string) (bool, error) {
	n, err := t.exec(`UPDATE promo SET ends_at = $2, ended_by = $3 WHERE code = $1 AND (ends_at = 0 OR ends_at > $2)`, code, t.now, actor)
	return n == 1, err
}

// promoFree is the condition under which an account may use a code once more:
// $1 is the code, $2 the time, $3 the account.
const promoFree = `code = $1 AND starts_at <= $2 AND (ends_at = 0 OR ends_at > $2) AND (uses = 0 OR used < uses)
	AND (per_account = 0 OR per_account > (SELECT count(*) FROM purchase WHERE promo = $1 AND account_id = $3 AND promo_counted = 1))`

// PromoLeft reports whether the account, or a guest as "", could use the code now.
func (t *Tx) PromoLeft(code, accountID string) (bool, error) {
	var n int
	err := t.row(`SELECT count(*) FROM promo WHERE `+promoFree, code, t.now, accountID).Scan(&n)
	return n > 0, err
}

// UsePromo counts one more purchase of the account with the code, whose row is
// to follow in this transaction, and reports whether it may be: false if the
// code is unknown, not in force, or used up in all or by the account. The caller
// holds the account's row, so nothing adds to its purchases meanwhile.
func (t *Tx) UsePromo(code, accountID string) (bool, error) {
	n, err := t.exec(`UPDATE promo SET used = used + 1 WHERE `+promoFree, code, t.now, accountID)
	return n == 1, err
}

// recount counts a purchase among those of its code, or no longer, by what
// became of it. Money that comes after a checkout had come to nothing is
// honoured, so a code may then stand in more purchases than it was meant for.
func (t *Tx) recount(purchaseID, code, state string) error {
	if code == "" {
		return nil
	}
	counted, by := 1, 1
	if state == "expired" || state == "failed" {
		counted, by = 0, -1
	}
	n, err := t.exec(`UPDATE purchase SET promo_counted = $2 WHERE id = $1 AND promo_counted <> $2`, purchaseID, counted)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(`UPDATE promo SET used = used + $2 WHERE code = $1`, code, by)
	return err
}

// OpenWithPromo is the account's newest purchase with the code that can still be
// paid, or "".
func (t *Tx) OpenWithPromo(accountID, code string) (string, error) {
	var id string
	err := t.row(`SELECT id FROM purchase WHERE promo = $1 AND account_id = $2 AND promo_counted = 1 AND state = 'open' AND expires_at > $3
		ORDER BY created_at DESC, id DESC LIMIT 1`, code, accountID, t.now).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// Unuse takes back one use that Allow counted.
func (t *Tx) Unuse(bucket string, window time.Duration) error {
	_, err := t.exec(`UPDATE rate_limit SET used = used - 1 WHERE bucket = $1 AND used > 0 AND since > $2`, bucket, t.now-window.Microseconds())
	return err
}
