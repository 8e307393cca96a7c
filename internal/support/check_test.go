package support_test

import (
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

func TestAPersonChecksTheirOwnBooks(t *testing.T) {
	each(t, func(r *rig) {
		empty, err := r.desk.Check(ctx, r.ann)
		if err != nil || empty.Lines != 0 || empty.Head != "" || empty.Findings != 0 {
			r.Errorf("books without a line: %+v, %v", empty, err)
		}
		r.buy(r.ann)
		r.picture(r.ann, true)
		r.buy(r.bob)
		c, err := r.desk.Check(ctx, r.ann)
		if err != nil || c.Lines != 3 || len(c.Head) != 64 || c.Findings != 0 || !c.At.Equal(r.clock.Now().UTC()) {
			r.Errorf("sound books: %+v, %v", c, err)
		}
		if lines, head, err := r.desk.Head(ctx, r.ann); err != nil || lines != 3 || head != c.Head {
			r.Errorf("the head is %d %s, %v", lines, head, err)
		}

		// A payment without its credits is found in bob's books, and in nobody else's.
		late := store.Grant{LotID: "lot_late", AccountID: r.bob.AccountID, Kind: kinpict.LotPaid, SourceType: "purchase", SourceID: "pur_late", Credits: 80, Actor: "system"}
		r.update(func(tx *store.Tx) error {
			p := &store.Purchase{Purchase: kinpict.Purchase{ID: "pur_late", AccountID: r.bob.AccountID, Pack: "credits-80", Credits: 80,
				Price: kinpict.Money{Amount: 1200, Currency: "usd"}, CatalogVersion: 1, Provider: "sandbox", ExpiresAt: tx.Now().Add(time.Hour)}}
			if err := tx.PutPurchase(p); err != nil {
				return err
			}
			p.State, p.SessionID, p.PaymentID, p.PaidAt = "paid", "cs_late", "pay_late", tx.Now()
			_, err := tx.SetPurchase(p)
			return err
		})
		if c, err = r.desk.Check(ctx, r.bob); err != nil || c.Findings != 1 {
			r.Errorf("a payment without credits: %+v, %v", c, err)
		}
		if c, err = r.desk.Check(ctx, r.ann); err != nil || c.Findings != 0 {
			r.Errorf("somebody else's are sound: %+v, %v", c, err)
		}
		r.update(func(tx *store.Tx) error {
			_, err := tx.Grant(late)
			return err
		})
		if c, err = r.desk.Check(ctx, r.bob); err != nil || c.Findings != 0 {
			r.Errorf("the credits came: %+v, %v", c, err)
		}
	})
}

func TestChecksAreLimited(t *testing.T) {
	each(t, func(r *rig) {
		for range support.ChecksPerHour {
			if _, err := r.desk.Check(ctx, r.ann); err != nil {
				r.Fatal(err)
			}
		}
		_, err := r.desk.Check(ctx, r.ann)
		r.wantCode("one check more", err, kinpict.RateLimited)
		_, err = r.desk.Check(ctx, r.bob)
		r.wantCode("somebody else's check", err, "")
		r.clock.Advance(time.Hour + time.Second)
		_, err = r.desk.Check(ctx, r.ann)
		r.wantCode("an hour later", err, "")

		_, err = r.desk.Check(ctx, kinpict.Caller{GuestID: "gst_1"})
		r.wantCode("a guest's books", err, kinpict.Unauthenticated)
		_, _, err = r.desk.Head(ctx, kinpict.Caller{GuestID: "gst_1"})
		r.wantCode("a guest's head", err, kinpict.Unauthenticated)

		defer support.CheckAtMost(2)()
		r.buy(r.bob)
		r.picture(r.bob, true)
		_, err = r.desk.Check(ctx, r.bob)
		r.wantCode("very long books", err, kinpict.Conflict)
	})
}
