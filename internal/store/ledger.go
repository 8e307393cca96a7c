package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/ledger"
)

// grace is how long credits that return to an expired lot can still be spent.
const grace = 7 * 24 * time.Hour

// A Grant is credits to be given once for one source.
type Grant struct {
	LotID      string // a fresh id for the lot
	AccountID  string
	Kind       string // kinpict.LotPaid …
	SourceType string // "purchase", "promo", "adjustment"
	SourceID   string
	Credits    kinpict.Credits
	ExpiresAt  time.Time // zero: never; paid lots never expire
	Actor      string
	Reason     string
	Note       string
}

// Grant gives the credits and reports whether it did: one source grants once
// per kind, for ever.
func (t *Tx) Grant(g Grant) (bool, error) {
	prio, ok := ledger.Priority(g.Kind)
	if !ok || g.Credits <= 0 {
		return false, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("%d credits of kind %q cannot be given.", g.Credits, g.Kind)}
	}
	b, err := t.openBook(g.AccountID, `source_type = $2 AND source_id = $3 AND kind = $4`, g.SourceType, g.SourceID, g.Kind)
	if err != nil || len(b.lots) > 0 {
		return false, err
	}
	if b.status == "closed" {
		return false, &kinpict.Error{Code: kinpict.Conflict, Message: "The account is closed."}
	}
	b.add(&ledger.Lot{ID: g.LotID, AccountID: g.AccountID, Kind: g.Kind, Priority: prio, SourceType: g.SourceType, SourceID: g.SourceID,
		Granted: g.Credits, Remaining: g.Credits, EffectiveAt: t.now, ExpiresAt: micros(g.ExpiresAt), CreatedAt: t.now})
	kind := map[string]string{kinpict.LotPaid: ledger.KindPurchase, kinpict.LotPromo: ledger.KindPromo, kinpict.LotBonus: ledger.KindBonus, kinpict.LotAdjust: ledger.KindAdjust}[g.Kind]
	return b.post(ledger.Txn{Kind: kind, RefType: g.SourceType, RefID: g.SourceID, Actor: g.Actor, Reason: g.Reason, Note: g.Note}, ledger.CodeDeferred)
}

// Reverse tells the lots of a source how much of its payment is taken back in
// all: reversed out of amount, in minor units. It computes a target and moves
// there, so events may come twice, late or in any order.
func (t *Tx) Reverse(accountID, sourceType, sourceID string, reversed, amount int64, actor, reason string) error {
	b, err := t.openBook(accountID, `source_type = $2 AND source_id = $3`, sourceType, sourceID)
	if err != nil {
		return err
	}
	kind := ledger.KindRestore
	for _, l := range b.lots {
		was := l.RevTarget
		l.Retarget(ledger.Target(l.Granted, reversed, amount))
		if l.RevTarget > was {
			kind = ledger.KindReverse
		}
	}
	n, err := t.ordinal(kind, sourceType, sourceID)
	if err != nil {
		return err
	}
	_, err = b.post(ledger.Txn{Kind: kind, RefType: sourceType, RefID: sourceID, Ordinal: n, Actor: actor, Reason: reason}, ledger.CodeDeferred)
	return err
}

// Take removes n credits from the live lots in spend order, for staff, with a
// reason. InsufficientCredits if there are fewer; then nothing is taken.
func (t *Tx) Take(accountID, id string, n kinpict.Credits, actor, reason, note string) error {
	b, err := t.openBook(accountID, `remaining > 0`)
	if err != nil {
		return err
	}
	if err := b.sweep(); err != nil {
		return err
	}
	if n <= 0 || !ledger.Withdraw(b.lots, n, t.now) {
		return &kinpict.Error{Code: kinpict.InsufficientCredits, Message: fmt.Sprintf("The account does not have %d credits to take.", n)}
	}
	_, err = b.post(ledger.Txn{Kind: ledger.KindTake, RefType: "adjustment", RefID: id, Actor: actor, Reason: reason, Note: note}, ledger.CodeDeferred)
	return err
}

// Forgive waives up to n credits of debt, oldest lot first, and returns how many.
func (t *Tx) Forgive(accountID, id string, n kinpict.Credits, actor, reason, note string) (kinpict.Credits, error) {
	b, err := t.openBook(accountID, `rev_target > rev_taken + rev_forgiven`)
	if err != nil {
		return 0, err
	}
	ledger.SpendOrder(b.lots)
	b.remember()
	var done kinpict.Credits
	for _, l := range b.lots {
		done += l.Forgive(n - done)
	}
	_, err = b.post(ledger.Txn{Kind: ledger.KindForgive, RefType: "adjustment", RefID: id, Actor: actor, Reason: reason, Note: note}, ledger.CodeDeferred)
	return done, err
}

// Forfeit gives up everything that remains and closes the account.
func (t *Tx) Forfeit(accountID, actor, reason string) error {
	b, err := t.openBook(accountID, `remaining > 0`)
	if err != nil {
		return err
	}
	if err := b.forfeit(actor, reason); err != nil {
		return err
	}
	_, err = t.exec(`UPDATE account SET status = 'closed' WHERE id = $1`, accountID)
	return err
}

// chargeAccount finds whose charge it is, so that the account can be locked first.
func (t *Tx) chargeAccount(id string) (string, error) {
	var account string
	err := t.row(`SELECT account_id FROM charge WHERE id = $1`, id).Scan(&account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such charge."}
	}
	return account, err
}

// Settle turns an open charge into earned credits and reports whether it did:
// somebody else may have closed it.
func (t *Tx) Settle(chargeID string) (bool, error) {
	account, err := t.chargeAccount(chargeID)
	if err != nil {
		return false, err
	}
	b, err := t.openBook(account, `1 = 0`)
	if err != nil {
		return false, err
	}
	var owed kinpict.Credits
	err = t.row(`UPDATE charge SET state = 'earned', closed_at = $2, close_reason = 'delivered' WHERE id = $1 AND state = 'open' RETURNING amount - returned`,
		chargeID, t.now).Scan(&owed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return b.post(ledger.Txn{Kind: ledger.KindSettle, RefType: "generation", RefID: chargeID, Actor: "system"}, ledger.CodeDeferred,
		ledger.Entry{Code: ledger.CodeDeferred, Amount: -owed}, ledger.Entry{Code: ledger.CodeEarned, Amount: owed})
}

// Return gives an open charge back, the same credits to the same lots, and
// reports whether it did.
func (t *Tx) Return(chargeID, reason string) (bool, error) {
	account, err := t.chargeAccount(chargeID)
	if err != nil {
		return false, err
	}
	b, err := t.openBook(account, `id IN (SELECT lot_id FROM charge_alloc WHERE charge_id = $2)`, chargeID)
	if err != nil {
		return false, err
	}
	n, err := t.exec(`UPDATE charge SET state = 'returned', returned = amount, closed_at = $2, close_reason = $3 WHERE id = $1 AND state = 'open'`, chargeID, t.now, reason)
	if err != nil || n == 0 {
		return false, err
	}
	return b.putBack(chargeID, -1, ledger.Txn{Kind: ledger.KindReturn, RefType: "generation", RefID: chargeID, Actor: "system", Reason: reason}, ledger.CodeDeferred)
}

// Goodwill gives back n credits of a delivered charge, by staff, with a reason.
func (t *Tx) Goodwill(chargeID string, n kinpict.Credits, actor, reason, note string) error {
	account, err := t.chargeAccount(chargeID)
	if err != nil {
		return err
	}
	b, err := t.openBook(account, `id IN (SELECT lot_id FROM charge_alloc WHERE charge_id = $2)`, chargeID)
	if err != nil {
		return err
	}
	rows, err := t.exec(`UPDATE charge SET returned = returned + $2 WHERE id = $1 AND state = 'earned' AND returned + $2 <= amount AND $2 > 0`, chargeID, n)
	if err != nil {
		return err
	}
	if rows == 0 {
		return &kinpict.Error{Code: kinpict.Conflict, Message: "Only a delivered picture can be given back, and only for what it cost."}
	}
	ord, err := t.ordinal(ledger.KindGoodwill, "generation", chargeID)
	if err != nil {
		return err
	}
	_, err = b.putBack(chargeID, n, ledger.Txn{Kind: ledger.KindGoodwill, RefType: "generation", RefID: chargeID, Ordinal: ord, Actor: actor, Reason: reason, Note: note}, ledger.CodeEarned)
	return err
}

// putBack returns n credits of a charge (all that is left of it if n < 0) to
// the book's lots and posts x.
func (b *book) putBack(chargeID string, n kinpict.Credits, x ledger.Txn, use string) (bool, error) {
	t := b.t
	var allocs []ledger.Alloc
	var left kinpict.Credits
	err := t.each(func(r *sql.Rows) error {
		var a ledger.Alloc
		err := r.Scan(&a.Seq, &a.LotID, &a.Amount, &a.Returned)
		left += a.Amount - a.Returned
		allocs = append(allocs, a)
		return err
	}, `SELECT seq, lot_id, amount, returned FROM charge_alloc WHERE charge_id = $1 ORDER BY seq`, chargeID)
	if err != nil {
		return false, err
	}
	if n < 0 {
		n = left
	}
	// What else died in these lots has its own line, dated when it died.
	if err := b.sweep(); err != nil {
		return false, err
	}
	was := append([]ledger.Alloc(nil), allocs...)
	if err := ledger.PutBack(b.lots, allocs, n, t.now, t.now+grace.Microseconds()); err != nil {
		return false, fmt.Errorf("charge %s: %w", chargeID, err)
	}
	for i, a := range allocs {
		if a == was[i] {
			continue
		}
		if _, err := t.exec(`UPDATE charge_alloc SET returned = $3 WHERE charge_id = $1 AND seq = $2`, chargeID, a.Seq, a.Returned); err != nil {
			return false, err
		}
	}
	return b.post(x, use)
}

// Balance is what the account holds and can spend now. It reads one row unless
// a lot is past its time and not yet swept.
func (t *Tx) Balance(accountID string) (kinpict.Balance, error) {
	var b kinpict.Balance
	var expiry int64
	err := t.row(`SELECT balance, debt, coalesce(next_expiry_at, 0) FROM account WHERE id = $1`, accountID).Scan(&b.Balance, &b.Debt, &expiry)
	if errors.Is(err, sql.ErrNoRows) {
		return b, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such account."}
	}
	if err != nil {
		return b, err
	}
	live := b.Balance
	if expiry != 0 && expiry <= t.now {
		lots, err := t.lots(`WHERE account_id = $1 AND remaining > 0`, accountID)
		if err != nil {
			return b, err
		}
		live = 0
		for _, l := range lots {
			if l.Live(t.now) {
				live += l.Remaining
			}
		}
	}
	b.Available = max(0, live-b.Debt)
	b.Spendable = live - b.Debt
	return b, nil
}
