package support_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"kinpict"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

func TestReceiptsTellWhatTheBooksSay(t *testing.T) {
	each(t, func(r *rig) {
		pur, good, bad := r.buy(r.ann), r.picture(r.ann, true), r.picture(r.ann, false)
		keys, err := r.desk.Keys(ctx)
		if err != nil {
			r.Fatal(err)
		}
		check := func(name string, got *support.Receipt, err error, want string) {
			r.Helper()
			if err != nil {
				r.Fatalf("%s: %v", name, err)
			}
			v, err := receipt.Verify(got.File, keys)
			if err != nil {
				r.Fatalf("%s: %v", name, err)
			}
			var kinds []string
			for i, x := range v.Transactions {
				kinds = append(kinds, fmt.Sprintf("%s %+d", x.Kind, x.Credits))
				if len(x.Hash) != 64 || i > 0 && len(x.Previous) != 64 {
					r.Errorf("%s: %+v has no place in the chain", name, x)
				}
			}
			if s := fmt.Sprintf("%s %s %s %d-%d %v", v.Kind, v.Subject, v.State, v.Credits, v.Returned, kinds); s != want {
				r.Errorf("%s says\n%s, want\n%s", name, s, want)
			}
			if v.Issuer != "https://kinpict.example" || !v.Test || v.CatalogVersion != 1 || strings.Contains(string(got.File), "@") {
				r.Errorf("%s: %+v", name, v)
			}
		}
		p, err := r.desk.PurchaseReceipt(ctx, r.ann, pur)
		check("a purchase", p, err, "purchase credits-80 paid 80-0 [purchase +80]")
		if p.Payment.Price != 1200 || p.Payment.Tax != 0 || p.Payment.Reference != "pay_"+pur {
			r.Errorf("the payment is %+v", p.Payment)
		}
		g, err := r.desk.GenerationReceipt(ctx, r.ann, good)
		check("a picture", g, err, "generation standard earned 4-0 [charge -4 settle +0]")
		g, err = r.desk.GenerationReceipt(ctx, r.ann, bad)
		check("a failed one", g, err, "generation standard returned 4-4 [charge -4 return +4]")
		if again, err := r.desk.GenerationReceipt(ctx, r.ann, bad); err != nil || !bytes.Equal(again.File, g.File) {
			r.Error("the same state has two receipts")
		}
		// X4: what a refund takes is told from the order. Half the money is half the credits.
		r.update(func(tx *store.Tx) error {
			x, err := tx.Purchase(pur)
			if err != nil {
				return err
			}
			x.State, x.Refunded = "partially_refunded", 600
			if _, err := tx.SetPurchase(x); err != nil {
				return err
			}
			return tx.Reverse(r.ann.AccountID, "purchase", pur, 600, 1200, "system", "refunded")
		})
		after, err := r.desk.PurchaseReceipt(ctx, r.ann, pur)
		check("a refunded purchase", after, err, "purchase credits-80 partially_refunded 80-40 [purchase +80 reverse -40]")
		if _, err := receipt.Verify(p.File, keys); err != nil {
			r.Errorf("the receipt of before: %v", err)
		}

		_, err = r.desk.PurchaseReceipt(ctx, r.bob, pur)
		r.wantCode("somebody else's purchase", err, kinpict.NotFound)
		_, err = r.desk.GenerationReceipt(ctx, r.bob, good)
		r.wantCode("somebody else's picture", err, kinpict.NotFound)
		_, err = r.desk.GenerationReceipt(ctx, kinpict.Caller{GuestID: "gst_1"}, good)
		r.wantCode("a guest", err, kinpict.Unauthenticated)
		r.update(func(tx *store.Tx) error {
			return tx.PutPurchase(&store.Purchase{Purchase: kinpict.Purchase{ID: "pur_open", AccountID: r.ann.AccountID, Pack: "credits-80", Credits: 80,
				Price: kinpict.Money{Amount: 1200, Currency: "usd"}, CatalogVersion: 1, Provider: "sandbox", ExpiresAt: tx.Now()}})
		})
		_, err = r.desk.PurchaseReceipt(ctx, r.ann, "pur_open")
		r.wantCode("before it is paid", err, kinpict.Conflict)
	})
}

// A receipt stays good when the secret of the installation is replaced.
func TestOldKeysStayPublished(t *testing.T) {
	each(t, func(r *rig) {
		pur := r.buy(r.ann)
		for range 2 {
			if err := r.desk.KeepKey(ctx); err != nil {
				r.Fatal(err)
			}
		}
		old, err := r.desk.PurchaseReceipt(ctx, r.ann, pur)
		if err != nil {
			r.Fatal(err)
		}
		if r.desk.Signer, err = receipt.NewSigner([]byte("another secret")); err != nil {
			r.Fatal(err)
		}
		doc, err := r.desk.Published(ctx)
		if err != nil {
			r.Fatal(err)
		}
		keys, err := receipt.ReadKeys(bytes.NewReader(doc))
		if err != nil || len(keys) != 2 {
			r.Fatalf("published %v, %v; want two keys", keys, err)
		}
		fresh, err := r.desk.PurchaseReceipt(ctx, r.ann, pur)
		if err != nil {
			r.Fatal(err)
		}
		for name, file := range map[string][]byte{"old": old.File, "new": fresh.File} {
			if _, err := receipt.Verify(file, keys); err != nil {
				r.Errorf("the %s receipt: %v", name, err)
			}
		}
	})
}
