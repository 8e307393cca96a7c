package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/ledger"
)

// keyTaken is PostgreSQL's unique violation: in accept only the key can be
// taken, by the same request a moment earlier, so the next try replays it.
const keyTaken = "23505"

// An Acceptance is everything one commit needs to take credits and queue the
// picture they pay for.
type Acceptance struct {
	AccountID string
	Intent    kinpict.Intent
	Status    int    // what the surface answers, kept for replays
	Answer    []byte // the same
	// Generation carries id, request, credits, catalog version, seed and RetryOf.
	Generation *kinpict.Generation
	Deadline   time.Time
	// Held is the held request this resumes, "" for a new one.
	Held string
}

// Refusals of Accept. The caller knows what to do about each.
var (
	ErrShort    = errors.New("not enough credits")
	ErrMoved    = errors.New("the price book moved")
	ErrInactive = errors.New("the account is not active")
	errExpire   = errors.New("a lot is due to expire")
)

// Accept charges and queues in one commit, or replays what the same key was
// answered before, or refuses with ErrShort, ErrMoved or ErrInactive and leaves
// nothing behind. One statement decides: the guarded update of the account's
// row is the check, the taking and the lock.
//
// On PostgreSQL it is a call of kp_accept (migrations/postgres), in one round
// trip with whatever else waits; on SQLite the statements below, in one commit
// with whatever else waits. storetest runs every case on both.
func (d *DB) Accept(ctx context.Context, a *Acceptance) (*kinpict.Replay, error) {
	for try := 0; ; try++ {
		var r *kinpict.Replay
		var err error
		if d.writer == nil {
			r, err = d.accepts.do(ctx, d, a)
		} else {
			err = d.writer.do(ctx, func(t *Tx) (err error) {
				r, err = t.accept(a)
				return err
			})
		}
		switch {
		case errors.Is(err, errExpire) && try < maxTries:
			if err := d.Update(ctx, func(t *Tx) error { return t.Sweep(a.AccountID) }); err != nil {
				return nil, err
			}
			continue
		case err != nil && (d.dialect.again(err) || sqlState(err) == keyTaken) && try < maxTries:
			continue
		}
		return r, d.explain(err)
	}
}

// accept is the same for a database whose writer is alone.
func (t *Tx) accept(a *Acceptance) (*kinpict.Replay, error) {
	g := a.Generation
	if ok, err := t.Remember(a.AccountID, a.Intent, a.Status, g.ID, a.Answer); err != nil {
		return nil, err
	} else if !ok {
		return t.Replay(a.AccountID, a.Intent)
	}
	var version int64
	if err := t.row(inForce, t.now).Scan(&version); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if version != g.CatalogUsed {
		return nil, ErrMoved
	}
	x := ledger.Txn{AccountID: a.AccountID, Kind: ledger.KindCharge, RefType: "generation", RefID: g.ID, Actor: a.AccountID}
	err := t.row(`UPDATE account SET seq = seq + 1, balance = balance - $2, last_at = max($3, last_at + 1)
		WHERE id = $1 AND status = 'active' AND balance - debt >= $2 AND (next_expiry_at IS NULL OR next_expiry_at > $3)
		RETURNING seq, balance, debt, last_at`, a.AccountID, g.Credits, t.now).Scan(&x.Seq, &x.BalanceAfter, &x.DebtAfter, &x.RecordedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, t.refusal(a.AccountID)
	}
	if err != nil {
		return nil, err
	}
	x.EffectiveAt = t.now
	allocs, err := t.spend(a.AccountID, g.Credits)
	if err != nil {
		return nil, err
	}
	for _, al := range allocs {
		x.Entries = append(x.Entries, ledger.Entry{Code: ledger.CodeLot, LotID: al.LotID, Amount: -al.Amount})
	}
	x.Entries = append(x.Entries, ledger.Entry{Code: ledger.CodeDeferred, Amount: g.Credits})
	if err := x.Check(); err != nil {
		return nil, err
	}
	if err := t.putTxn(&x); err != nil {
		return nil, err
	}
	if err := t.putGeneration(g, kinpict.FundedByCredits, a.AccountID, "", a.Deadline); err != nil {
		return nil, err
	}
	if _, err := t.exec(`INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		g.ID, a.AccountID, g.Request.Quality, g.CatalogUsed, g.Credits, x.RecordedAt); err != nil {
		return nil, err
	}
	for _, al := range allocs {
		if _, err := t.exec(`INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) VALUES ($1, $2, $3, $4)`, g.ID, al.Seq, al.LotID, al.Amount); err != nil {
			return nil, err
		}
	}
	if a.Held != "" {
		_, err = t.exec(`UPDATE held_request SET generation_id = $2 WHERE id = $1 AND account_id = $3 AND generation_id IS NULL`, a.Held, g.ID, a.AccountID)
	}
	return nil, err
}

// spend takes cost from the lots, which nothing can have changed since the
// account's row was taken and none of which is past its time. Nearly always the
// first in spend order covers it, which one statement finds and takes.
func (t *Tx) spend(accountID string, cost kinpict.Credits) ([]ledger.Alloc, error) {
	al := ledger.Alloc{Seq: 1, Amount: cost}
	err := t.row(`UPDATE lot SET remaining = remaining - $2, consumed = consumed + $2 WHERE remaining >= $2 AND id =
		(SELECT id FROM lot WHERE account_id = $1 AND remaining > 0
			ORDER BY priority, expires_at IS NULL, max(expires_at, coalesce(grace_until, 0)), effective_at, id LIMIT 1)
		RETURNING id`, accountID, cost).Scan(&al.LotID)
	if err == nil {
		return []ledger.Alloc{al}, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	lots, err := t.lots(`WHERE account_id = $1 AND remaining > 0`, accountID)
	if err != nil {
		return nil, err
	}
	allocs := ledger.Spend(lots, cost, t.now)
	if allocs == nil {
		return nil, fmt.Errorf("lots of %s do not cover its balance", accountID)
	}
	for _, al := range allocs {
		if _, err := t.exec(`UPDATE lot SET remaining = remaining - $2, consumed = consumed + $2 WHERE id = $1`, al.LotID, al.Amount); err != nil {
			return nil, err
		}
	}
	return allocs, nil
}

// refusal says which condition of the guarded update did not hold.
func (t *Tx) refusal(accountID string) error {
	var status string
	var expiry int64
	err := t.row(`SELECT status, coalesce(next_expiry_at, 0) FROM account WHERE id = $1`, accountID).Scan(&status, &expiry)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && status != "active":
		return ErrInactive
	case err != nil:
		return err
	case expiry != 0 && expiry <= t.now:
		return errExpire
	}
	return ErrShort
}
