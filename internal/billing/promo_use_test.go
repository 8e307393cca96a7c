package billing_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
)

func TestLastUseOfACode(t *testing.T) {
	// LEDGER 43: two dozen at once for the last use, exactly one wins.
	each(t, func(r *rig) {
		r.shop.Relaxed = true
		code := r.promo(kinpict.Promo{Percent: 25, Uses: 1})
		var people []kinpict.Caller
		for i := range 24 {
			people = append(people, r.person(fmt.Sprint("p", i)))
		}
		var mu sync.Mutex
		won := 0
		var wg sync.WaitGroup
		for _, c := range people {
			wg.Go(func() {
				o, err := r.shop.Checkout(context.Background(), c, r.key("k"), billing.Choice{Pack: "credits-80", Promo: code})
				mu.Lock()
				defer mu.Unlock()
				if err == nil && o.Purchase.Price.Amount == 900 {
					won++
				} else if kinpict.CodeOf(err) != kinpict.PromoRefused {
					r.Errorf("one got %+v, %v", o, err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			r.Errorf("%d have the last use", won)
		}
		r.wantUsed("in the end", code, 1)
	})
}

func TestAccountsLastUseOfACode(t *testing.T) {
	each(t, func(r *rig) {
		r.shop.Relaxed = true
		code := r.promo(kinpict.Promo{Percent: 25, PerAccount: 2})
		var mu sync.Mutex
		won := 0
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				_, err := r.shop.Checkout(context.Background(), r.buyer, r.key(fmt.Sprint("at-once-", i)), billing.Choice{Pack: "credits-80", Promo: code})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if kinpict.CodeOf(err) != kinpict.PromoRefused {
					r.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 2 {
			r.Errorf("%d have one of two uses", won)
		}
		// The other tabs are told where the code is.
		_, err := r.with(r.buyer, code)
		if e, ok := err.(*kinpict.Error); !ok || e.Members["checkout"] == nil {
			r.Errorf("one more is answered %v", err)
		}
		if _, err := r.with(r.person("ben"), code); err != nil {
			r.Errorf("another account: %v", err)
		}
	})
}

func TestUseIsGivenBack(t *testing.T) {
	type row struct {
		name string
		end  func(r *rig, p *kinpict.Purchase)
	}
	cases(t, []row{
		{"when the checkout expires", func(r *rig, p *kinpict.Purchase) {
			r.clock.Advance(24 * time.Hour)
			r.tick()
			r.wantState("a day later", p, "expired")
		}},
		{"when the payment fails", func(r *rig, p *kinpict.Purchase) {
			r.outcome(p, "delayed")
			r.wantUsed("under way", p.Promo, 1)
			r.outcome(p, "declined")
			r.wantState("declined", p, "failed")
		}},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		code := r.promo(kinpict.Promo{Bonus: 20, Uses: 1})
		p := r.must(code)
		ben := r.person("ben")
		_, err := r.with(ben, code)
		wantCode(r.T, "while it is open", err, kinpict.PromoRefused)
		c.end(r, p)
		r.wantUsed("after that", code, 0)
		r.tick()
		r.wantUsed("a round later", code, 0)
		r.wantAudit("after that")
		if _, err := r.with(ben, code); err != nil {
			r.Errorf("another then: %v", err)
		}
		r.wantUsed("another has it", code, 1)
	})
}

func TestUseIsGivenBackWithoutAPage(t *testing.T) {
	each(t, func(r *rig) {
		code := r.promo(kinpict.Promo{Percent: 25, Uses: 1})
		r.line.before = errCut
		_, err := r.with(r.buyer, code)
		wantCode(r.T, "the provider does not answer", err, kinpict.Unavailable)
		r.wantUsed("waiting", code, 1)
		r.clock.Advance(24 * time.Hour)
		r.tick()
		r.wantUsed("a day later", code, 0)
		r.wantAudit("a day later")
	})
}

func TestMoneyAfterTheUseWasGivenBack(t *testing.T) {
	// Our clock says expired, the use is another's, and then the money comes.
	each(t, func(r *rig) {
		code := r.promo(kinpict.Promo{Bonus: 20, Uses: 1})
		p := r.must(code)
		r.line.answer = func(st *billing.State) error {
			if st.PurchaseID == p.ID {
				st.Status = billing.Expired
			}
			return nil
		}
		r.clock.Advance(23 * time.Hour)
		r.tick()
		r.wantState("said to be over", p, "expired")
		if _, err := r.with(r.person("ben"), code); err != nil {
			r.Fatal(err)
		}
		r.line.answer = nil
		r.outcome(p, "paid")
		r.wantState("paid late", p, "paid")
		r.wantCredits("paid late", 100, 0)
		r.wantUsed("honoured beside the other", code, 2)
		r.wantAudit("paid late")
		_, err := r.with(r.person("cem"), code)
		wantCode(r.T, "a third", err, kinpict.PromoRefused)
	})
}

func TestCheckoutWithACodeIsAnsweredOnce(t *testing.T) {
	each(t, func(r *rig) {
		code := r.promo(kinpict.Promo{Percent: 25, Uses: 1})
		want := billing.Choice{Pack: "credits-80", Promo: code}
		r.line.after = errCut
		_, err := r.shop.Checkout(context.Background(), r.buyer, r.key("k"), want)
		wantCode(r.T, "the answer was lost", err, kinpict.Unavailable)
		r.line.after = nil
		if _, err := r.shop.EndPromo(context.Background(), "op", code); err != nil {
			r.Fatal(err)
		}
		for range 2 {
			o, err := r.shop.Checkout(context.Background(), r.buyer, r.key("k"), want)
			if err != nil || o.Purchase.Price.Amount != 900 {
				r.Fatalf("the same key again: %+v, %v", o, err)
			}
		}
		r.wantUsed("in the end", code, 1)
	})
}

func TestGuessesAreCounted(t *testing.T) {
	type row struct {
		name          string
		first, second func(r *rig) kinpict.Caller
		left          bool // the second may still try
	}
	guest := func(net string) func(*rig) kinpict.Caller {
		return func(r *rig) kinpict.Caller { return kinpict.Caller{GuestID: "gst", Network: net + r.buyer.AccountID} }
	}
	signed := func(net string) func(*rig) kinpict.Caller {
		return func(r *rig) kinpict.Caller {
			c := r.buyer
			c.Network = net + c.AccountID
			return c
		}
	}
	cases(t, []row{
		{"of a network", guest("a"), guest("a"), false},
		{"of another network", guest("a"), guest("b"), true},
		{"of an account, wherever it is", signed("a"), signed("b"), false},
		{"of a network, whoever it is", guest("a"), signed("a"), false},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		good := r.promo(quarter())
		first, second := c.first(r), c.second(r)
		var wg sync.WaitGroup
		for i := range billing.Guesses {
			wg.Go(func() {
				_, err := r.shop.Promo(context.Background(), first, fmt.Sprint("WRONG-", i))
				wantCode(r.T, "a wrong one", err, kinpict.PromoRefused)
			})
		}
		wg.Wait()
		_, err := r.shop.Promo(context.Background(), first, good)
		wantCode(r.T, "a right one after that", err, kinpict.RateLimited)
		_, err = r.shop.Promo(context.Background(), second, good)
		if c.left {
			wantCode(r.T, "a right one of the second", err, "")
		} else {
			wantCode(r.T, "a right one of the second", err, kinpict.RateLimited)
		}
		if second.AccountID != "" {
			_, err := r.with(second, good)
			wantCode(r.T, "at the checkout too", err, kinpict.RateLimited)
			r.checkout(second, "credits-80") // without a code one can always buy
		}
		r.clock.Advance(time.Hour)
		_, err = r.shop.Promo(context.Background(), first, good)
		wantCode(r.T, "an hour later", err, "")
		for range 2 * billing.Guesses {
			if _, err := r.shop.Promo(context.Background(), first, good); err != nil {
				r.Fatalf("right ones are not counted: %v", err)
			}
		}
	})
}
