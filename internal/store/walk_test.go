package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/ledger/ledgertest"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// stored leads the store through the ledger's walk.
type stored struct {
	db      *store.DB
	clock   *storetest.Clock
	account string
}

func (s *stored) Open(account string) error {
	s.account = account
	return s.db.Update(ctx, func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: account, Email: account, Role: kinpict.Customer})
		return err
	})
}

func (s *stored) Advance(us int64) { s.clock.Advance(time.Duration(us) * time.Microsecond) }

func (s *stored) Grant(lot, kind, source string, n kinpict.Credits, expires, amount int64) error {
	g := store.Grant{LotID: lot, AccountID: s.account, Kind: kind, SourceType: kind, SourceID: "pur" + source, Credits: n, Actor: "system", Reason: "walk"}
	if kind == kinpict.LotPaid || kind == kinpict.LotBonus {
		g.SourceType = "purchase"
	}
	if expires != 0 {
		g.ExpiresAt = time.UnixMicro(expires)
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if kind == kinpict.LotPaid {
			if err := buy(tx, g, amount); err != nil {
				return err
			}
		}
		if kind == kinpict.LotBonus {
			// A code of its own promised it.
			if _, err := tx.AddPromo(&kinpict.Promo{Code: "W" + strings.ToUpper(source), Bonus: n, StartsAt: tx.Now(), CreatedBy: "op"}); err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE promo SET used = 1 WHERE code = $1`, "W"+strings.ToUpper(source)); err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE purchase SET promo = $2, promo_counted = 1, bonus = $3 WHERE id = $1`, g.SourceID, "W"+strings.ToUpper(source), n); err != nil {
				return err
			}
		}
		ok, err := tx.Grant(g)
		if err == nil && !ok {
			err = errors.New("it was granted before")
		}
		return err
	})
}

func (s *stored) Charge(id string, cost kinpict.Credits) (bool, error) {
	a := asking(s.account, id, id)
	a.Generation.Credits = cost
	if cost == 9 {
		a.Generation.Request.Quality = kinpict.Enhanced
	}
	_, err := s.db.Accept(ctx, a)
	if errors.Is(err, store.ErrShort) || errors.Is(err, store.ErrInactive) {
		return false, nil
	}
	return err == nil, err
}

func (s *stored) Settle(id string) (ok bool, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if ok, err = tx.Settle(id); err != nil || !ok {
			return err
		}
		return end(tx, id, kinpict.Succeeded)
	})
	return ok, err
}

func (s *stored) Return(id string) (ok bool, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if ok, err = tx.Return(id, "engine_failed"); err != nil || !ok {
			return err
		}
		return end(tx, id, kinpict.Failed)
	})
	return ok, err
}

// told reports whether err is nil, and hides a refusal of that code.
func told(err error, code kinpict.Code) (bool, error) {
	if kinpict.CodeOf(err) == code {
		return false, nil
	}
	return err == nil, err
}

func (s *stored) Goodwill(id string, n kinpict.Credits) (bool, error) {
	return told(s.db.Update(ctx, func(tx *store.Tx) error { return tx.Goodwill(id, n, "acc_staff", "sorry", "") }), kinpict.Conflict)
}

func (s *stored) Reverse(source string, reversed, amount int64) error {
	return s.db.Update(ctx, func(tx *store.Tx) error { return refund(tx, s.account, "pur"+source, reversed, amount) })
}

func (s *stored) Take(id string, n kinpict.Credits) (bool, error) {
	err := s.db.Update(ctx, func(tx *store.Tx) error { return tx.Take(s.account, id, n, "acc_staff", "typo", "") })
	return told(err, kinpict.InsufficientCredits)
}

func (s *stored) Forgive(id string, n kinpict.Credits) (done kinpict.Credits, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		done, err = tx.Forgive(s.account, id, n, "acc_staff", "kind", "")
		return err
	})
	return done, err
}

func (s *stored) Sweep() error {
	return s.db.Update(ctx, func(tx *store.Tx) error { return tx.Sweep(s.account) })
}

func (s *stored) Close() error {
	return s.db.Update(ctx, func(tx *store.Tx) error { return tx.Forfeit(s.account, s.account, "wishes to go") })
}

func (s *stored) State() (out ledgertest.State, err error) {
	out = ledgertest.State{Lots: map[string]ledgertest.Counts{}, Returned: map[string]kinpict.Credits{}}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		b, err := tx.Balance(s.account)
		out.Balance, out.Debt, out.Spendable = b.Balance, b.Debt, b.Spendable
		if err != nil {
			return err
		}
		if err := tx.EachRow(func(scan func(...any) error) error {
			var id string
			var c ledgertest.Counts
			err := scan(&id, &c.Remaining, &c.Consumed, &c.Expired, &c.Withdrawn, &c.Forfeited, &c.Target, &c.Taken, &c.Forgiven)
			out.Lots[id] = c
			return err
		}, `SELECT id, remaining, consumed, expired, withdrawn, forfeited, rev_target, rev_taken, rev_forgiven FROM lot WHERE account_id = $1`, s.account); err != nil {
			return err
		}
		return tx.EachRow(func(scan func(...any) error) error {
			var id string
			var n kinpict.Credits
			err := scan(&id, &n)
			out.Returned[id] = n
			return err
		}, `SELECT id, returned FROM charge WHERE account_id = $1`, s.account)
	})
	return out, err
}

func (s *stored) Audit() error {
	found, err := s.db.Audit(ctx, store.Whole)
	for _, f := range found {
		err = errors.Join(err, fmt.Errorf("audit: %s", f))
	}
	return err
}

func TestStoreAgreesWithTheModel(t *testing.T) {
	for kind, steps := range map[string]int{"sqlite": 4000, "postgres": 1500} {
		t.Run(kind, func(t *testing.T) {
			clock := storetest.NewClock()
			db := storetest.New(t, kind, clock)
			open(t, db, clock)
			ledgertest.Walk(t, &stored{db: db, clock: clock}, ledgertest.Options{Steps: steps, Start: clock.Now().UnixMicro(), Costs: []kinpict.Credits{4, 9}})
		})
	}
}
