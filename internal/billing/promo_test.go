package billing_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

// promo makes a code of a name of its own, since cases share a database.
func (r *rig) promo(p kinpict.Promo) string {
	r.Helper()
	if p.Code == "" {
		p.Code = kinpict.PromoCode(strings.ReplaceAll(r.shop.IDs.New("P-"), "_", "-"))
	}
	if _, err := r.shop.CreatePromo(context.Background(), "op", p); err != nil {
		r.Fatalf("promo: %v", err)
	}
	return p.Code
}

func (r *rig) with(c kinpict.Caller, code string) (*kinpict.Purchase, error) {
	r.n++
	o, err := r.shop.Checkout(context.Background(), c, r.key(fmt.Sprint("key-", r.n)), billing.Choice{Pack: "credits-80", Promo: code})
	if err != nil {
		return nil, err
	}
	return o.Purchase, nil
}

func (r *rig) must(code string) *kinpict.Purchase {
	r.Helper()
	p, err := r.with(r.buyer, code)
	if err != nil {
		r.Fatalf("checkout with %s: %v", code, err)
	}
	return p
}

// wantUsed checks how many purchases a code stands in.
func (r *rig) wantUsed(when, code string, want int64) {
	r.Helper()
	var p *kinpict.Promo
	r.update(func(tx *store.Tx) (err error) {
		p, err = tx.Promo(code)
		return err
	})
	if p.Used != want {
		r.Errorf("%s: the code was used %d times, want %d", when, p.Used, want)
	}
}

// wantAudit checks that the books are whole.
func (r *rig) wantAudit(when string) {
	r.Helper()
	found, err := r.db.Audit(context.Background(), store.Scope{AccountID: r.buyer.AccountID})
	if err != nil || len(found) > 0 {
		r.Errorf("%s: the audit finds %v, %v", when, found, err)
	}
}

func quarter() kinpict.Promo { return kinpict.Promo{Percent: 25} }

func TestPromoIsFrozenInThePurchase(t *testing.T) {
	type row struct {
		name                string
		promo               kinpict.Promo
		pays, off           int64
		bonus, left, refund kinpict.Credits // left after a third of what was paid went back
	}
	cases(t, []row{
		{"a quarter off", quarter(), 900, 300, 0, 54, 0},
		{"an amount off", kinpict.Promo{Off: kinpict.Money{Amount: 600, Currency: "usd"}}, 600, 600, 0, 54, 0},
		{"credits on top", kinpict.Promo{Bonus: 20}, 1200, 0, 20, 68, 0}, // 80-26 and 20-6
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		code := r.promo(c.promo)
		p := r.must(" " + strings.ToLower(code))
		if p.Price.Amount != c.pays || p.Discount != c.off || p.Bonus != c.bonus || p.Promo != code || p.Credits != 80 {
			r.Fatalf("opened at %+v", p)
		}
		r.wantUsed("opened", code, 1)
		// X1, X2: whatever becomes of the code, the checkout stands.
		if _, err := r.shop.EndPromo(context.Background(), "op", code); err != nil {
			r.Fatal(err)
		}
		r.update(func(tx *store.Tx) error {
			told := map[string]int{}
			d, err := tx.Deeds(nil, 100)
			for _, x := range d {
				if x.Subject == code && x.Actor == "op" {
					told[x.Kind]++
				}
			}
			if err == nil && (told["promo code made"] != 1 || told["promo code ended"] != 1) {
				r.Errorf("the trail tells of %v", told)
			}
			return err
		})
		r.outcome(p, "paid", "paid")
		r.wantState("paid", p, "paid")
		r.wantCredits("paid", 80+c.bonus, 0)
		r.wantUsed("paid", code, 1)
		r.wantAudit("paid")
		// X4, M3: what goes back is reckoned of what was paid.
		r.refund(p, c.pays/3)
		r.wantState("a third went back", p, "partially_refunded")
		r.wantCredits("a third went back", c.left, 0)
		r.wantAudit("a third went back")
		r.refund(p, c.pays-c.pays/3)
		r.wantState("all went back", p, "refunded")
		r.wantCredits("all went back", 0, 0)
		r.wantUsed("all went back", code, 1)
		r.wantAudit("all went back")
	})
}

func (r *rig) refund(p *kinpict.Purchase, amount int64) {
	r.Helper()
	r.n++
	err := r.bank.Refund(context.Background(), billing.Refund{PaymentID: r.stored(p.ID).PaymentID, Key: fmt.Sprint("ref-", p.ID, r.n), Amount: amount})
	if err == nil {
		err = r.shop.Sync(context.Background(), p.ID)
	}
	if err != nil {
		r.Fatalf("refund: %v", err)
	}
}

func TestBonusGoesAndComesWithItsPayment(t *testing.T) {
	// Q1 to Q4 with a bonus: it is spent first, so the debt lies on it first.
	each(t, func(r *rig) {
		p := r.must(r.promo(kinpict.Promo{Bonus: 20}))
		other := r.checkout(r.buyer, "credits-280")
		r.outcome(p, "paid")
		r.spend(40)
		r.outcome(other, "paid")
		r.wantCredits("bought and used", 60+280, 0)
		r.outcome(p, "dispute")
		r.wantCredits("disputed", 280, 40)
		r.wantAudit("disputed")
		r.outcome(p, "dispute_won")
		r.wantCredits("won", 340, 0)
		r.wantAudit("won")
	})
}

func TestPromoThatDoesNotWork(t *testing.T) {
	type row struct {
		name string
		code func(r *rig) string
	}
	over := func(p kinpict.Promo, d time.Duration) func(*rig) string {
		return func(r *rig) string {
			code := r.promo(p)
			r.clock.Advance(d)
			return code
		}
	}
	cases(t, []row{
		{"unknown", func(*rig) string { return "NOBODYS" }},
		{"no code at all", func(*rig) string { return "'); --" }},
		{"not yet", func(r *rig) string {
			return r.promo(kinpict.Promo{Percent: 25, StartsAt: r.clock.Now().Add(time.Second)})
		}},
		{"over", func(r *rig) string {
			p := quarter()
			p.EndsAt = r.clock.Now().Add(time.Hour)
			return over(p, time.Hour)(r)
		}},
		{"ended", func(r *rig) string {
			code := r.promo(quarter())
			if _, err := r.shop.EndPromo(context.Background(), "op", code); err != nil {
				r.Fatal(err)
			}
			return code
		}},
		{"for another pack", over(kinpict.Promo{Percent: 25, Packs: []string{"credits-280"}}, 0)},
		{"in another currency", over(kinpict.Promo{Off: kinpict.Money{Amount: 100, Currency: "eur"}}, 0)},
		{"used up by another", func(r *rig) string {
			code := r.promo(kinpict.Promo{Percent: 25, Uses: 1})
			if _, err := r.with(r.person("ben"), code); err != nil {
				r.Fatal(err)
			}
			return code
		}},
		{"used up by oneself", func(r *rig) string {
			code := r.promo(kinpict.Promo{Percent: 25, PerAccount: 1})
			r.outcome(r.must(code), "paid")
			return code
		}},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		code := c.code(r)
		before, _ := r.shop.Purchases(context.Background(), r.buyer, 10)
		_, err := r.with(r.buyer, code)
		if e, ok := err.(*kinpict.Error); !ok || e.Code != kinpict.PromoRefused || e.Message != "This code does not work here." {
			r.Fatalf("it is answered %v", err)
		}
		if after, _ := r.shop.Purchases(context.Background(), r.buyer, 10); len(after) != len(before) {
			r.Error("a purchase was made all the same")
		}
	})
}

func TestPriceChangesUnderACode(t *testing.T) {
	// X1: dearer is asked again with the prices of the code, cheaper applies.
	type row struct {
		amount, pays int64
	}
	cases(t, []row{{1600, 0}, {800, 600}}, func(c row) string { return fmt.Sprint(c.amount) }, func(r *rig, c row) {
		code := r.promo(quarter())
		shown, err := r.shop.Catalog(context.Background())
		if err != nil {
			r.Fatal(err)
		}
		old := shown.Packs[0].Prices[0].Amount
		book := kinpict.DefaultCatalog()
		book.Packs[0].Prices[0].Amount = c.amount
		r.clock.Advance(time.Minute)
		if _, err := r.shop.Apply(context.Background(), "op", "test", book, time.Time{}, false); err != nil {
			r.Fatal(err)
		}
		o, err := r.shop.Checkout(context.Background(), r.buyer, r.key("k"), billing.Choice{Pack: "credits-80", Version: shown.Version, Promo: code})
		if c.pays > 0 {
			if err != nil || o.Purchase.Price.Amount != c.pays {
				r.Errorf("it costs %+v, %v; want %d", o, err, c.pays)
			}
			return
		}
		e, ok := err.(*kinpict.Error)
		if !ok || e.Code != kinpict.PriceChanged {
			r.Fatalf("it is answered %v", err)
		}
		was, is := e.Members["shown_price"].(kinpict.Money), e.Members["price"].(kinpict.Money)
		if was.Amount != old*3/4 || is.Amount != c.amount*3/4 {
			r.Errorf("it says %d became %d, want %d and %d", was.Amount, is.Amount, old*3/4, c.amount*3/4)
		}
		r.wantUsed("refused", code, 0)
	})
}

func TestCreatePromo(t *testing.T) {
	eachSandbox(t, func(r *rig) {
		ctx := context.Background()
		code := r.promo(kinpict.Promo{Percent: 25, Packs: []string{"credits-80"}, Uses: 3, PerAccount: 1})
		for name, c := range map[string]struct {
			promo kinpict.Promo
			want  kinpict.Code
		}{
			"again":               {kinpict.Promo{Code: code, Bonus: 1}, kinpict.Conflict},
			"for a pack unknown":  {kinpict.Promo{Code: "UNKNOWN-PACK", Bonus: 1, Packs: []string{"credits-1"}}, kinpict.Invalid},
			"that does nothing":   {kinpict.Promo{Code: "NOTHING"}, kinpict.Invalid},
			"that is over":        {kinpict.Promo{Code: "OVER", Bonus: 1, StartsAt: r.clock.Now().Add(-2 * time.Hour), EndsAt: r.clock.Now().Add(-time.Hour)}, kinpict.Invalid},
			"that ends before it": {kinpict.Promo{Code: "EARLY", Bonus: 1, StartsAt: r.clock.Now().Add(2 * time.Hour), EndsAt: r.clock.Now().Add(time.Hour)}, kinpict.Invalid},
		} {
			_, err := r.shop.CreatePromo(ctx, "op", c.promo)
			wantCode(r.T, "a code "+name, err, c.want)
		}
		all, err := r.shop.Promos(ctx)
		if err != nil || len(all) != 1 || all[0].Code != code || all[0].Uses != 3 || all[0].PerAccount != 1 || all[0].Packs[0] != "credits-80" || all[0].CreatedBy != "op" {
			r.Fatalf("the list is %+v, %v", all, err)
		}
		p, err := r.shop.EndPromo(ctx, "eve", code)
		if err != nil || !p.EndsAt.Equal(r.clock.Now()) || p.EndedBy != "eve" {
			r.Errorf("ended: %+v, %v", p, err)
		}
		_, err = r.shop.EndPromo(ctx, "eve", code)
		wantCode(r.T, "ended again", err, kinpict.Conflict)
		_, err = r.shop.EndPromo(ctx, "eve", "NOBODYS")
		wantCode(r.T, "ended what is not there", err, kinpict.NotFound)
	})
}

func TestTaxAndACode(t *testing.T) {
	// What is paid is the discounted price and its tax; half of both is half of both lots.
	each(t, func(r *rig) {
		r.shop.Tax = true
		p := r.must(r.promo(kinpict.Promo{Bonus: 20}))
		q := r.must(r.promo(quarter()))
		r.outcome(p, "paid")
		r.outcome(q, "paid")
		tax := r.stored(q.ID).Tax
		if tax == 0 || r.stored(q.ID).Price.Amount != 900 || r.stored(p.ID).Tax <= tax {
			r.Fatalf("a tax of %d on %d", tax, r.stored(q.ID).Price.Amount)
		}
		r.wantCredits("paid", 180, 0)
		r.refund(q, (900+tax)/2)
		r.wantCredits("half of the cheaper one", 100+80-kinpict.Credits(80*((900+tax)/2)/(900+tax)), 0)
		r.refund(p, (1200+r.stored(p.ID).Tax)/2)
		r.wantAudit("half of both")
		if got := r.balance(r.buyer).Balance; got != 90 {
			r.Errorf("half of both leaves %d credits, want 90", got)
		}
	})
}
