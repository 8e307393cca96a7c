package store

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"kinpict"
)

// A Record is one transaction as it is frozen for a review or told on a
// receipt: with its links in the account's chain and all its lines.
type Record struct {
	ID           string          `json:"id"`
	Kind         string          `json:"kind"`
	RefType      string          `json:"ref_type"`
	RefID        string          `json:"ref_id"`
	By           string          `json:"by"` // account, system or staff: whose names are nobody's business
	Reason       string          `json:"reason"`
	EffectiveAt  time.Time       `json:"effective_at"`
	RecordedAt   time.Time       `json:"recorded_at"`
	BalanceAfter kinpict.Credits `json:"balance_after"`
	DebtAfter    kinpict.Credits `json:"debt_after"`
	Hash         string          `json:"hash"`
	Previous     string          `json:"previous"`
	Lines        []RecordLine    `json:"lines"`
}

// A RecordLine is one entry of a Record.
type RecordLine struct {
	Code   string          `json:"code"`
	Lot    string          `json:"lot,omitempty"`
	Amount kinpict.Credits `json:"amount"`
}

// Change is what the record changed for the person: what their lots hold less
// what they owe.
func (r *Record) Change() kinpict.Credits {
	var sum kinpict.Credits
	for _, l := range r.Lines {
		if l.Code == "lot" || l.Code == "debt" {
			sum += l.Amount
		}
	}
	return sum
}

// Records returns the account's transactions after a number, and those about
// the two things named whenever they were, in order. "" names nothing.
func (t *Tx) Records(accountID string, after int64, ref, other string) ([]Record, error) {
	var out []Record
	var last int64
	err := t.each(func(rows *sql.Rows) error {
		var r Record
		var l RecordLine
		var seq, effective, recorded int64
		var actor string
		var hash, prev []byte
		if err := rows.Scan(&seq, &r.Kind, &r.RefType, &r.RefID, &actor, &r.Reason, &effective, &recorded, &r.BalanceAfter, &r.DebtAfter, &hash, &prev,
			&l.Code, &l.Lot, &l.Amount); err != nil {
			return err
		}
		if len(out) == 0 || seq != last {
			last = seq
			r.ID, r.Hash, r.Previous = fmt.Sprintf("%s-%d", accountID, seq), hex.EncodeToString(hash), hex.EncodeToString(prev)
			r.EffectiveAt, r.RecordedAt = instant(effective), instant(recorded)
			switch actor {
			case accountID:
				r.By = "account"
			case "system":
				r.By = "system"
			default:
				r.By = "staff"
			}
			out = append(out, r)
		}
		x := &out[len(out)-1]
		x.Lines = append(x.Lines, l)
		return nil
	}, `SELECT t.account_seq, t.kind, t.ref_type, t.ref_id, t.actor, t.reason, t.effective_at, t.recorded_at, t.balance_after, t.debt_after, t.hash, p.hash,
			e.code, coalesce(e.lot_id, ''), e.amount
		FROM txn t JOIN entry e ON e.account_id = t.account_id AND e.account_seq = t.account_seq
			LEFT JOIN txn p ON p.account_id = t.account_id AND p.account_seq = t.account_seq - 1
		WHERE t.account_id = $1 AND (t.account_seq > $2 OR t.ref_id = $3 OR t.ref_id = $4) ORDER BY t.account_seq, e.line`, accountID, after, ref, other)
	return out, err
}

// A ChargeRow is a charge as it stands.
type ChargeRow struct {
	ID             string          `json:"id"`
	Quality        string          `json:"quality"`
	CatalogVersion int64           `json:"catalog_version"`
	Amount         kinpict.Credits `json:"amount"`
	Returned       kinpict.Credits `json:"returned"`
	State          string          `json:"state"`
	AcceptedAt     time.Time       `json:"accepted_at"`
	ClosedAt       time.Time       `json:"closed_at,omitzero"`
	CloseReason    string          `json:"close_reason,omitempty"`
}

// Charge returns the account's charge with that id, nil if there is none.
func (t *Tx) Charge(accountID, id string) (*ChargeRow, error) {
	var c ChargeRow
	var accepted, closed int64
	err := t.row(`SELECT id, quality, catalog_version, amount, returned, state, accepted_at, closed_at, close_reason FROM charge
		WHERE id = $1 AND account_id = $2`, id, accountID).
		Scan(&c.ID, &c.Quality, &c.CatalogVersion, &c.Amount, &c.Returned, &c.State, &accepted, &closed, &c.CloseReason)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	c.AcceptedAt, c.ClosedAt = instant(accepted), instant(closed)
	return &c, err
}

// TakenBack is how many credits of a source its payment's reversal covers.
func (t *Tx) TakenBack(sourceType, sourceID string) (n kinpict.Credits, err error) {
	err = t.row(`SELECT `+sumOf(`rev_target`)+` FROM lot WHERE source_type = $1 AND source_id = $2`, sourceType, sourceID).Scan(&n)
	return n, err
}

// A LotRow is a lot with every counter.
type LotRow struct {
	ID          string          `json:"id"`
	Kind        string          `json:"kind"`
	Source      string          `json:"source"`
	Granted     kinpict.Credits `json:"granted"`
	Remaining   kinpict.Credits `json:"remaining"`
	Consumed    kinpict.Credits `json:"consumed"`
	Expired     kinpict.Credits `json:"expired"`
	Withdrawn   kinpict.Credits `json:"withdrawn"`
	Forfeited   kinpict.Credits `json:"forfeited"`
	RevTarget   kinpict.Credits `json:"rev_target"`
	RevTaken    kinpict.Credits `json:"rev_taken"`
	RevForgiven kinpict.Credits `json:"rev_forgiven"`
	CreatedAt   time.Time       `json:"created_at"`
	ExpiresAt   time.Time       `json:"expires_at,omitzero"`
}

// LotRows are the account's lots, spent ones included, newest first, at most limit.
func (t *Tx) LotRows(accountID string, limit int) ([]LotRow, error) {
	return t.LotRowsBefore(accountID, LotRow{}, limit)
}

// LotRowsBefore are those before one of them in that order, the zero one for the
// newest.
func (t *Tx) LotRowsBefore(accountID string, before LotRow, limit int) ([]LotRow, error) {
	at := int64(endOfTime)
	if before.ID != "" {
		at = micros(before.CreatedAt)
	}
	lots, err := t.lots(`WHERE account_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, accountID, at, before.ID, limit)
	out := make([]LotRow, 0, len(lots))
	for _, l := range lots {
		out = append(out, LotRow{ID: l.ID, Kind: l.Kind, Source: l.SourceType + " " + l.SourceID, Granted: l.Granted, Remaining: l.Remaining, Consumed: l.Consumed,
			Expired: l.Expired, Withdrawn: l.Withdrawn, Forfeited: l.Forfeited, RevTarget: l.RevTarget, RevTaken: l.RevTaken, RevForgiven: l.RevForgiven,
			CreatedAt: instant(l.CreatedAt), ExpiresAt: instant(l.DiesAt())})
	}
	return out, err
}

// A ReceiptKey is a public key that receipts are or were signed with.
type ReceiptKey struct {
	ID        string
	Public    []byte
	CreatedAt time.Time
}

// PutReceiptKey remembers a key for as long as receipts of it may be shown.
func (t *Tx) PutReceiptKey(id string, public []byte) error {
	_, err := t.exec(`INSERT INTO receipt_key (id, public, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, id, public, t.now)
	return err
}

// ReceiptKeys are all keys remembered, the oldest first.
func (t *Tx) ReceiptKeys() ([]ReceiptKey, error) {
	var out []ReceiptKey
	err := t.each(func(rows *sql.Rows) error {
		var k ReceiptKey
		var at int64
		err := rows.Scan(&k.ID, &k.Public, &at)
		k.CreatedAt = instant(at)
		out = append(out, k)
		return err
	}, `SELECT id, public, created_at FROM receipt_key ORDER BY created_at, id`)
	return out, err
}
