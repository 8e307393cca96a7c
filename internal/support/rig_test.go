package support_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
	"kinpict/internal/support"
)

var ctx = context.Background()

// A rig is a desk, and ann and bob who may write to it.
type rig struct {
	*testing.T
	db       *store.DB
	clock    *storetest.Clock
	desk     *support.Desk
	ann, bob kinpict.Caller
	sue      kinpict.Caller // of the staff
	n        int
}

func each(t *testing.T, f func(*rig)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		signer, err := receipt.NewSigner([]byte("the secret of this installation"))
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{T: t, db: db, clock: clock, desk: &support.Desk{DB: db, IDs: kinpict.IDs{Now: clock.Now, Rand: rand.Reader}, Now: clock.Now, Signer: signer,
			PublicURL: "https://kinpict.example", Test: true}}
		r.desk.Give = r.give
		if err := db.Seed(ctx, kinpict.DefaultCatalog()); err != nil {
			t.Fatal(err)
		}
		r.ann, r.bob, r.sue = r.account("ann", kinpict.Customer), r.account("bob", kinpict.Customer), r.account("sue", kinpict.Support)
		f(r)
	})
}

// give goes by the shop's rules, as in the product.
func (r *rig) give(tx *store.Tx, staff kinpict.Caller, g support.Gift) error {
	shop := &billing.Shop{DB: r.db, IDs: r.desk.IDs, Now: r.clock.Now}
	adj := billing.Adjustment{ID: g.ID, AccountID: g.AccountID, Credits: g.Credits, Reason: g.Reason, Approver: g.Approver}
	if g.Generation != "" {
		return shop.GoodwillIn(tx, staff, g.Generation, adj)
	}
	_, err := shop.GrantIn(tx, staff, adj)
	return err
}

func (r *rig) update(f func(*store.Tx) error) {
	r.Helper()
	if err := r.db.Update(ctx, f); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) account(name string, role kinpict.AccountRole) kinpict.Caller {
	id := "acc_" + name
	r.update(func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: id, Email: name + "@example.org", Role: role})
		return err
	})
	return kinpict.Caller{AccountID: id, Email: name + "@example.org", Role: role}
}

// buy gives the account 80 credits for a payment and returns the purchase.
func (r *rig) buy(c kinpict.Caller) string {
	r.Helper()
	r.n++
	id := fmt.Sprintf("pur_%03d", r.n)
	r.update(func(tx *store.Tx) error {
		p := &store.Purchase{Purchase: kinpict.Purchase{ID: id, AccountID: c.AccountID, Pack: "credits-80", Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"},
			CatalogVersion: 1, Provider: "sandbox", ExpiresAt: tx.Now().Add(time.Hour)}}
		if err := tx.PutPurchase(p); err != nil {
			return err
		}
		p.State, p.SessionID, p.PaymentID, p.PaidAt = "paid", "cs_"+id, "pay_"+id, tx.Now()
		if _, err := tx.SetPurchase(p); err != nil {
			return err
		}
		_, err := tx.Grant(store.Grant{LotID: "lot_" + id, AccountID: c.AccountID, Kind: kinpict.LotPaid, SourceType: "purchase", SourceID: id, Credits: 80, Actor: "system"})
		return err
	})
	return id
}

// picture charges the account for a picture, which comes out or does not.
func (r *rig) picture(c kinpict.Caller, delivered bool) string {
	r.Helper()
	r.n++
	id := fmt.Sprintf("gen_%03d", r.n)
	g := &kinpict.Generation{ID: id, CatalogUsed: 1, Credits: 4, CreatedAt: r.clock.Now(), Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "gallery",
		Aspect: "4:5", Instruction: "At the lake", Photos: []kinpict.PhotoUse{{ID: "pho_secret", Role: "grandparent", Label: "Nana"}}}}
	if _, err := r.db.Accept(ctx, &store.Acceptance{AccountID: c.AccountID, Intent: kinpict.Intent{Route: "POST /generations", Key: id, Hash: []byte(id)}, Status: 202,
		Answer: []byte("{}"), Generation: g, Deadline: r.clock.Now().Add(time.Hour)}); err != nil {
		r.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	r.update(func(tx *store.Tx) error {
		got, err := tx.Claim("wrk", time.Minute, time.Hour)
		if err != nil {
			return err
		}
		f := store.Fence{ID: got.ID, Worker: "wrk", Attempt: got.Attempts}
		if !delivered {
			_, err = tx.Fail(f, kinpict.FailedTimeout, 0)
			if err == nil {
				_, err = tx.Return(id, string(kinpict.FailedTimeout))
			}
			return err
		}
		if _, err = tx.Succeed(f, "studio", &kinpict.Image{Key: "images/secret", ContentType: "image/png", Width: 4, Height: 5, Bytes: 6, SHA256: "ab"}); err != nil {
			return err
		}
		_, err = tx.Settle(id)
		return err
	})
	return id
}

func (r *rig) wantCode(what string, err error, code kinpict.Code) {
	r.Helper()
	if kinpict.CodeOf(err) != code {
		r.Errorf("%s: %v, want %q", what, err, code)
	}
}

func (r *rig) available(c kinpict.Caller) kinpict.Credits {
	r.Helper()
	var b kinpict.Balance
	if err := r.db.Read(ctx, func(tx *store.Tx) (err error) { b, err = tx.Balance(c.AccountID); return err }); err != nil {
		r.Fatal(err)
	}
	return b.Available
}

func (r *rig) file(c kinpict.Caller, rep support.Report) *kinpict.Review {
	r.Helper()
	f, err := r.desk.File(ctx, c, kinpict.Intent{}, rep)
	if err != nil {
		r.Fatal(err)
	}
	return f.Review
}

func (r *rig) mails() []store.Mail {
	r.Helper()
	var out []store.Mail
	if err := r.db.Read(ctx, func(tx *store.Tx) (err error) { out, err = tx.Outbox("", 50); return err }); err != nil {
		r.Fatal(err)
	}
	return out
}
