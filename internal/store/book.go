package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kinpict"
	"kinpict/internal/ledger"
)

// A book is one account's row, locked, and those of its lots that an operation
// touches. The operation changes the lots through package ledger; post then
// writes what differs, and the transaction that explains it.
type book struct {
	t      *Tx
	id     string
	status string
	seq    int64
	at     int64 // when the last transaction was recorded
	bal    kinpict.Credits
	debt   kinpict.Credits
	expiry int64
	lots   []*ledger.Lot
	before []ledger.Lot
}

const lotColumns = `id, account_id, kind, priority, source_type, source_id, granted, remaining, consumed, expired, withdrawn, forfeited,
	rev_target, rev_taken, rev_forgiven, effective_at, coalesce(expires_at, 0), coalesce(grace_until, 0), created_at`

func scanLot(row interface{ Scan(...any) error }) (*ledger.Lot, error) {
	var l ledger.Lot
	err := row.Scan(&l.ID, &l.AccountID, &l.Kind, &l.Priority, &l.SourceType, &l.SourceID, &l.Granted, &l.Remaining, &l.Consumed, &l.Expired,
		&l.Withdrawn, &l.Forfeited, &l.RevTarget, &l.RevTaken, &l.RevForgiven, &l.EffectiveAt, &l.ExpiresAt, &l.GraceUntil, &l.CreatedAt)
	return &l, err
}

func (t *Tx) lots(which string, args ...any) ([]*ledger.Lot, error) {
	var out []*ledger.Lot
	err := t.each(func(r *sql.Rows) error {
		l, err := scanLot(r)
		out = append(out, l)
		return err
	}, `SELECT `+lotColumns+` FROM lot `+which, args...)
	return out, err
}

// openBook locks the account and loads the lots that match where, in which $1
// is the account. Every operation on credits begins here (or with the guarded
// update of accept), so the account's row orders them all.
func (t *Tx) openBook(accountID, where string, args ...any) (*book, error) {
	b := &book{t: t, id: accountID}
	err := t.row(`SELECT status, seq, last_at, balance, debt, coalesce(next_expiry_at, 0) FROM account WHERE id = $1`+t.db.dialect.forUpdate, accountID).
		Scan(&b.status, &b.seq, &b.at, &b.bal, &b.debt, &b.expiry)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such account."}
	}
	if err != nil {
		return nil, err
	}
	if b.lots, err = t.lots(`WHERE account_id = $1 AND (`+where+`)`, append([]any{accountID}, args...)...); err != nil {
		return nil, err
	}
	b.remember()
	return b, nil
}

func (b *book) remember() {
	b.before = make([]ledger.Lot, len(b.lots))
	for i, l := range b.lots {
		b.before[i] = *l
	}
}

// add puts a new lot into the book.
func (b *book) add(l *ledger.Lot) {
	b.lots = append(b.lots, l)
	b.before = append(b.before, ledger.Lot{})
}

// post writes the changes since the book was opened or last posted, as one
// transaction. x carries the kind, what it refers to, and who asked; consumed
// credits go to the account use; more lines may be added for what moves
// between house accounts only. It reports false when nothing changed.
func (b *book) post(x ledger.Txn, use string, more ...ledger.Entry) (bool, error) {
	after := make([]ledger.Lot, len(b.lots))
	dated := false
	for i, l := range b.lots {
		after[i] = *l
		if err := l.Check(); err != nil {
			return false, fmt.Errorf("%s of %s %s: %w", x.Kind, x.RefType, x.RefID, err)
		}
		dated = dated || l.ExpiresAt != 0
	}
	x.Entries = append(ledger.Entries(b.before, after, use), more...)
	if len(x.Entries) == 0 {
		return false, b.writeLots(after)
	}
	if err := x.Check(); err != nil {
		return false, err
	}
	for _, e := range x.Entries {
		switch e.Code {
		case ledger.CodeLot:
			b.bal += e.Amount
		case ledger.CodeDebt:
			b.debt -= e.Amount
		}
	}
	if err := b.writeLots(after); err != nil {
		return false, err
	}
	if dated {
		if err := b.nextExpiry(); err != nil {
			return false, err
		}
	}
	t := b.t
	b.at = max(t.now, b.at+1)
	n, err := t.exec(`UPDATE account SET seq = seq + 1, balance = $2, debt = $3, next_expiry_at = $4, last_at = $5 WHERE id = $1 AND seq = $6`,
		b.id, b.bal, b.debt, orNull(b.expiry), b.at, b.seq)
	if err != nil {
		return false, err
	}
	if n != 1 {
		return false, fmt.Errorf("account %s moved under its lock", b.id)
	}
	b.seq++
	x.AccountID, x.Seq, x.RecordedAt, x.BalanceAfter, x.DebtAfter = b.id, b.seq, b.at, b.bal, b.debt
	if x.EffectiveAt == 0 {
		x.EffectiveAt = t.now // what the clock said, also where recorded_at had to run ahead of it
	}
	b.remember()
	if err := t.putTxn(&x); err != nil || b.status != "closed" {
		return true, err
	}
	return true, b.forfeit("system", "the account is closed")
}

// forfeit gives up what remains in the book's lots. A closed account keeps
// nothing, also not what comes back to it later.
func (b *book) forfeit(actor, reason string) error {
	var left kinpict.Credits
	for _, l := range b.lots {
		left += l.Remaining
		l.Forfeit()
	}
	if left == 0 {
		return nil
	}
	n, err := b.t.ordinal(ledger.KindForfeit, "account", b.id)
	if err != nil {
		return err
	}
	_, err = b.post(ledger.Txn{Kind: ledger.KindForfeit, RefType: "account", RefID: b.id, Ordinal: n, Actor: actor, Reason: reason}, ledger.CodeDeferred)
	return err
}

// writeLots stores the lots that changed.
func (b *book) writeLots(after []ledger.Lot) error {
	for i := range after {
		a, o := &after[i], &b.before[i]
		if *a == *o {
			continue
		}
		if o.ID == "" {
			_, err := b.t.exec(`INSERT INTO lot (id, account_id, kind, priority, source_type, source_id, granted, remaining, effective_at, expires_at, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				a.ID, a.AccountID, a.Kind, a.Priority, a.SourceType, a.SourceID, a.Granted, a.Remaining, a.EffectiveAt, orNull(a.ExpiresAt), a.CreatedAt)
			if err != nil {
				return err
			}
			continue
		}
		_, err := b.t.exec(`UPDATE lot SET remaining = $2, consumed = $3, expired = $4, withdrawn = $5, forfeited = $6, rev_target = $7, rev_taken = $8,
			rev_forgiven = $9, grace_until = $10 WHERE id = $1`,
			a.ID, a.Remaining, a.Consumed, a.Expired, a.Withdrawn, a.Forfeited, a.RevTarget, a.RevTaken, a.RevForgiven, orNull(a.GraceUntil))
		if err != nil {
			return err
		}
	}
	return nil
}

// nextExpiry finds when the first lot with something left dies.
func (b *book) nextExpiry() error {
	b.expiry = 0
	lots, err := b.t.lots(`WHERE account_id = $1 AND remaining > 0 AND expires_at IS NOT NULL`, b.id)
	for _, l := range lots {
		if d := l.DiesAt(); b.expiry == 0 || d < b.expiry {
			b.expiry = d
		}
	}
	return err
}

// putTxn inserts a transaction and its entries, linked to the one before.
func (t *Tx) putTxn(x *ledger.Txn) error {
	var prev []byte
	if x.Seq > 1 {
		if err := t.row(`SELECT hash FROM txn WHERE account_id = $1 AND account_seq = $2`, x.AccountID, x.Seq-1).Scan(&prev); err != nil {
			return fmt.Errorf("transaction before %s/%d: %w", x.AccountID, x.Seq, err)
		}
	}
	_, err := t.exec(`INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, ordinal, actor, reason, note, effective_at, recorded_at,
		balance_after, debt_after, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		x.AccountID, x.Seq, x.Kind, x.RefType, x.RefID, x.Ordinal, x.Actor, x.Reason, x.Note, x.EffectiveAt, x.RecordedAt,
		x.BalanceAfter, x.DebtAfter, x.Hash(prev))
	if err != nil {
		return err
	}
	// One statement for all lines: PostgreSQL checks there that they sum to zero.
	args := []any{x.AccountID, x.Seq}
	values := make([]string, len(x.Entries))
	for i, e := range x.Entries {
		n := len(args)
		values[i] = fmt.Sprintf("($1, $2, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4)
		lot := any(e.LotID)
		if e.LotID == "" {
			lot = nil
		}
		args = append(args, i+1, e.Code, lot, e.Amount)
	}
	_, err = t.exec(`INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount) VALUES `+strings.Join(values, ", "), args...)
	return err
}

// ordinal is the next free number for transactions of a kind on one thing.
func (t *Tx) ordinal(kind, refType, refID string) (int64, error) {
	var n int64
	err := t.row(`SELECT coalesce(max(ordinal) + 1, 0) FROM txn WHERE ref_id = $1 AND kind = $2 AND ref_type = $3`, refID, kind, refType).Scan(&n)
	return n, err
}

// sweep ends every lot that is past its time, one transaction each, dated when
// the lot died.
func (b *book) sweep() error {
	if b.expiry == 0 || b.expiry > b.t.now {
		return nil
	}
	dead := slices.Clone(b.lots)
	slices.SortFunc(dead, func(x, y *ledger.Lot) int { return cmp.Compare(x.DiesAt(), y.DiesAt()) })
	for _, l := range dead {
		if l.Remaining == 0 || l.ExpiresAt == 0 || l.DiesAt() > b.t.now {
			continue
		}
		n, err := b.t.ordinal(ledger.KindExpire, "lot", l.ID)
		if err != nil {
			return err
		}
		l.Expire()
		if _, err := b.post(ledger.Txn{Kind: ledger.KindExpire, RefType: "lot", RefID: l.ID, Ordinal: n, Actor: "system", EffectiveAt: l.DiesAt()}, ledger.CodeDeferred); err != nil {
			return err
		}
	}
	// The lot that was next to die may have been spent before it did.
	if err := b.nextExpiry(); err != nil {
		return err
	}
	_, err := b.t.exec(`UPDATE account SET next_expiry_at = $2 WHERE id = $1`, b.id, orNull(b.expiry))
	return err
}

// Sweep ends the account's lots that are past their time.
func (t *Tx) Sweep(accountID string) error {
	b, err := t.openBook(accountID, `remaining > 0`)
	if err != nil {
		return err
	}
	return b.sweep()
}

// SweepDue returns accounts that hold a lot past its time, at most limit.
func (t *Tx) SweepDue(limit int) ([]string, error) {
	var ids []string
	err := t.each(func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM account WHERE next_expiry_at <= $1 ORDER BY next_expiry_at LIMIT $2`, t.now, limit)
	return ids, err
}
