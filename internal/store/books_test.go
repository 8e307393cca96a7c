package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var ctx = context.Background()

// books are a database with the default catalog and what tests do to it.
type books struct {
	t     testing.TB
	db    *store.DB
	clock *storetest.Clock
	n     int
}

// open seeds the catalog and makes the account "ann".
func open(t testing.TB, db *store.DB, clock *storetest.Clock) *books {
	t.Helper()
	b := &books{t: t, db: db, clock: clock}
	if err := db.Seed(ctx, kinpict.DefaultCatalog()); err != nil {
		t.Fatalf("seed: %v", err)
	}
	b.account("ann")
	return b
}

func (b *books) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.db.Update(ctx, f); err != nil {
		b.t.Fatalf("update: %v", err)
	}
}

func (b *books) view(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.db.View(ctx, f); err != nil {
		b.t.Fatalf("view: %v", err)
	}
}

func (b *books) account(id string) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: id, Email: id + "@example.org", Role: kinpict.Customer})
		return err
	})
}

// grant gives the account n credits and returns the lot. A paid lot gets the
// purchase it comes from. lasts is 0 for ever.
func (b *books) grant(account, kind string, n kinpict.Credits, lasts time.Duration) string {
	b.t.Helper()
	b.n++
	g := store.Grant{LotID: fmt.Sprintf("lot_%03d", b.n), AccountID: account, Kind: kind, SourceType: "promo", SourceID: fmt.Sprintf("pur_%03d", b.n), Credits: n, Actor: "system", Reason: "test"}
	if lasts != 0 {
		g.ExpiresAt = b.clock.Now().Add(lasts)
	}
	b.update(func(tx *store.Tx) error {
		if kind == kinpict.LotPaid {
			g.SourceType = "purchase"
			if err := buy(tx, g, 1200); err != nil {
				return err
			}
		}
		_, err := tx.Grant(g)
		return err
	})
	return g.LotID
}

// buy stores the paid purchase a grant comes from.
func buy(tx *store.Tx, g store.Grant, amount int64) error {
	p := &store.Purchase{Purchase: kinpict.Purchase{ID: g.SourceID, AccountID: g.AccountID, Pack: "credits-80", CatalogVersion: 1, Credits: g.Credits,
		Price: kinpict.Money{Amount: amount, Currency: "usd"}, Provider: "sandbox", ExpiresAt: tx.Now().Add(time.Hour)}}
	if err := tx.PutPurchase(p); err != nil {
		return err
	}
	p.State, p.PaidAt = "paid", tx.Now()
	_, err := tx.SetPurchase(p)
	return err
}

// refund tells the purchase and its lots how much of the 1200 went back.
func refund(tx *store.Tx, account, source string, reversed, amount int64) error {
	p, err := tx.Purchase(source)
	if err != nil {
		return err
	}
	p.Refunded, p.State = reversed, "paid"
	if reversed > 0 {
		p.State = "partially_refunded"
	}
	if _, err := tx.SetPurchase(p); err != nil {
		return err
	}
	return tx.Reverse(account, "purchase", source, reversed, amount, "system", "refund")
}

// asking is an acceptance of one standard picture under the key.
func asking(account, key, generation string) *store.Acceptance {
	return &store.Acceptance{AccountID: account, Intent: kinpict.Intent{Route: "POST /generations", Key: key, Hash: []byte("body")}, Status: 202, Answer: []byte("{}"),
		Generation: &kinpict.Generation{ID: generation, Credits: 4, CatalogUsed: 1, Seed: 7, Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "beach",
			Aspect: "4:5", Photos: []kinpict.PhotoUse{{ID: "pho_1", Role: "child", Label: "Zoë"}}, Instruction: "at dusk | 'quoted'"}},
		Deadline: time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// accept takes a standard picture and returns its id.
func (b *books) accept(account string) string {
	b.t.Helper()
	b.n++
	id := fmt.Sprintf("gen_%03d", b.n)
	if _, err := b.db.Accept(ctx, asking(account, id, id)); err != nil {
		b.t.Fatalf("accept: %v", err)
	}
	return id
}

// end moves a generation to its last state, as a worker would.
func end(tx *store.Tx, id string, s kinpict.Status) error {
	key := ""
	if s == kinpict.Succeeded {
		key = "image"
	}
	_, err := tx.Exec(`UPDATE generation SET status = $2, image_key = $3 WHERE id = $1 AND status IN ('queued', 'running')`, id, string(s), key)
	return err
}

func (b *books) settle(id string) bool {
	b.t.Helper()
	var ok bool
	b.update(func(tx *store.Tx) (err error) {
		if ok, err = tx.Settle(id); err == nil && ok {
			err = end(tx, id, kinpict.Succeeded)
		}
		return err
	})
	return ok
}

func (b *books) giveBack(id string) bool {
	b.t.Helper()
	var ok bool
	b.update(func(tx *store.Tx) (err error) {
		if ok, err = tx.Return(id, "engine_failed"); err == nil && ok {
			err = end(tx, id, kinpict.Failed)
		}
		return err
	})
	return ok
}

func (b *books) balance(account string) kinpict.Balance {
	b.t.Helper()
	var out kinpict.Balance
	b.view(func(tx *store.Tx) (err error) { out, err = tx.Balance(account); return err })
	return out
}

// wants fails unless the account holds and owes that.
func (b *books) wants(account string, balance, debt kinpict.Credits) {
	b.t.Helper()
	if got := b.balance(account); got.Balance != balance || got.Debt != debt {
		b.t.Errorf("%s has %d credits and owes %d, want %d and %d", account, got.Balance, got.Debt, balance, debt)
	}
}

// left is what remains in a lot.
func (b *books) left(lot string) string {
	b.t.Helper()
	rows, err := b.db.Dump(ctx, `SELECT remaining FROM lot WHERE id = $1`, lot)
	if err != nil || len(rows) != 1 {
		b.t.Fatalf("lot %s: %v, %v", lot, rows, err)
	}
	return rows[0]
}
