package billing_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

func TestReturnPageAndWebhookAtOnce(t *testing.T) {
	// P5, fifty times.
	each(t, func(r *rig) {
		r.shop.Relaxed, r.line.drop = true, true
		for i := range 50 {
			p := r.checkout(r.buyer, "credits-80")
			r.outcome(p, "paid")
			x := r.line.last()
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := r.post(x); err != nil {
					r.Errorf("webhook: %v", err)
				}
			})
			wg.Go(func() {
				q, err := r.shop.Purchase(context.Background(), r.buyer, p.ID)
				if err != nil || q.State != "paid" {
					r.Errorf("return page: %+v, %v", q, err)
				}
			})
			wg.Wait()
			r.wantCredits(fmt.Sprint("purchase ", i+1), kinpict.Credits(80*(i+1)), 0)
		}
		r.wantGrants("all", 50)
	})
}

func TestWebhookNeverComes(t *testing.T) {
	// P6 and LEDGER 27.
	each(t, func(r *rig) {
		r.line.drop = true
		seen, unseen := r.checkout(r.buyer, "credits-80"), r.checkout(r.buyer, "credits-280")
		r.outcome(seen, "paid")
		r.outcome(unseen, "paid")
		q, err := r.shop.Purchase(context.Background(), r.buyer, seen.ID)
		if err != nil || q.State != "paid" {
			r.Errorf("the return page shows %+v, %v", q, err)
		}
		r.wantCredits("the person came back", 80, 0)
		r.tick()
		r.wantCredits("a round at once", 80, 0)
		r.clock.Advance(5 * time.Minute)
		r.tick()
		r.wantCredits("five minutes later", 360, 0)

		r.outcome(seen, "refund")
		r.clock.Advance(time.Hour)
		r.tick()
		r.wantCredits("an hour after a refund nobody told us about", 280, 0)
	})
}

func TestReturnPageBelievesNobody(t *testing.T) {
	// T4: opening the page one comes back to pays nothing.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		for range 3 {
			q, err := r.shop.Purchase(context.Background(), r.buyer, p.ID)
			if err != nil || q.State != "open" {
				r.Errorf("the page shows %+v, %v; want open", q, err)
			}
		}
		r.wantCredits("not paid", 0, 0)
		r.line.answer = func(*billing.State) error { return errCut }
		if q, err := r.shop.Purchase(context.Background(), r.buyer, p.ID); err != nil || q.State != "open" {
			r.Errorf("while the provider does not answer the page shows %+v, %v", q, err)
		}
	})
}

func TestMoneyThatComesLater(t *testing.T) {
	// P7 and LEDGER 28.
	type row struct {
		end, state string
		credits    kinpict.Credits
	}
	cases(t, []row{{"paid", "paid", 80}, {"declined", "failed", 0}}, func(c row) string { return c.end }, func(r *rig, c row) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "delayed")
		r.wantState("completed and unpaid", p, "processing")
		r.wantCredits("completed and unpaid", 0, 0)
		// Bank debits take days; nothing may give up on them.
		r.clock.Advance(72 * time.Hour)
		r.tick()
		r.wantState("three days later", p, "processing")
		r.outcome(p, c.end)
		r.wantState("in the end", p, c.state)
		r.wantCredits("in the end", c.credits, 0)
	})
}

func TestCardDeclinedThenAnother(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "declined")
		r.wantState("declined", p, "failed")
		r.wantCredits("declined", 0, 0)
		r.outcome(p, "paid")
		r.wantState("with another card", p, "paid")
		r.wantCredits("with another card", 80, 0)
	})
}

func TestCheckoutExpires(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.clock.Advance(24 * time.Hour)
		r.tick()
		r.wantState("after a day", p, "expired")
		r.wantCredits("after a day", 0, 0)
	})
}

func TestConfirmedPaymentThatTheBankCallsBack(t *testing.T) {
	// LEDGER 29: paid, then not, and no refund in sight.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		r.line.answer = func(st *billing.State) error { st.Status = billing.Failed; return nil }
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Fatal(err)
		}
		r.wantState("called back", p, "refunded")
		r.wantCredits("called back", 0, 0)
		r.line.answer = nil
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Fatal(err)
		}
		r.wantState("and paid after all", p, "paid")
		r.wantCredits("and paid after all", 80, 0)
		r.wantGrants("in all", 1)
	})
}

func TestPaymentThatDoesNotFitItsPurchase(t *testing.T) {
	// T5, LEDGER 39.
	type row struct {
		name   string
		answer func(st *billing.State, other *kinpict.Purchase)
	}
	cases(t, []row{
		{"less money", func(st *billing.State, _ *kinpict.Purchase) { st.Price.Amount-- }},
		{"more money", func(st *billing.State, _ *kinpict.Purchase) { st.Price.Amount++ }},
		{"another currency", func(st *billing.State, _ *kinpict.Purchase) { st.Price.Currency = "jpy" }},
		{"live money in a sandbox", func(st *billing.State, _ *kinpict.Purchase) { st.Livemode = true }},
		{"the object of another purchase", func(st *billing.State, o *kinpict.Purchase) { st.PurchaseID = o.ID }},
		{"another session", func(st *billing.State, o *kinpict.Purchase) { st.SessionID = o.SessionID }},
		{"a payment that paid another purchase", func(st *billing.State, o *kinpict.Purchase) { st.PaymentID = o.PaymentID }},
		{"a payment without an id", func(st *billing.State, _ *kinpict.Purchase) { st.PaymentID = "" }},
		{"more refunded than paid", func(st *billing.State, _ *kinpict.Purchase) { st.Refunded = st.Price.Amount + 1 }},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		other := r.checkout(r.buyer, "credits-280")
		r.outcome(other, "paid")
		other = &r.stored(other.ID).Purchase
		p := r.checkout(r.buyer, "credits-80")
		r.line.answer = func(st *billing.State) error { c.answer(st, other); return nil }
		r.outcome(p, "paid")
		r.wantCredits("paid", 280, 0)
		r.wantState("paid", p, "open")
		r.wantInbox("paid", map[string]int{"done": 1, "quarantined": 1})
		if !strings.Contains(r.log.String(), p.ID) {
			r.Errorf("nobody was told: %s", r.log)
		}
		if q, err := r.shop.Purchase(context.Background(), r.buyer, p.ID); err != nil || q.State != "open" {
			r.Errorf("the return page shows %+v, %v", q, err)
		}
		// Staff hear of it every hour, not every five minutes, and a cause that
		// passes heals by itself.
		asks := r.line.asked[p.SessionID]
		r.clock.Advance(59 * time.Minute)
		r.line.answer = nil
		r.tick()
		if _, err := r.shop.Purchase(context.Background(), r.buyer, p.ID); err != nil {
			r.Errorf("the return page: %v", err)
		}
		if n := r.line.asked[p.SessionID] - asks; n != 0 {
			r.Errorf("asked %d times about it within an hour", n)
		}
		r.clock.Advance(time.Minute)
		r.tick()
		r.wantState("once it fits", p, "paid")
		r.wantCredits("once it fits", 360, 0)
		r.wantGrants("once it fits", 2)
	})
}

func TestTheReturnPageHealsAPassedProblem(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.answer = func(st *billing.State) error { st.Livemode = true; return nil }
		r.outcome(p, "paid")
		r.line.answer = nil
		r.clock.Advance(time.Hour)
		if q, err := r.shop.Purchase(context.Background(), r.buyer, p.ID); err != nil || q.State != "paid" {
			r.Errorf("an hour later the page shows %+v, %v", q, err)
		}
		r.wantCredits("an hour later", 80, 0)
	})
}

func TestPaidIsNeverOpenAgain(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		r.line.answer = func(st *billing.State) error { st.Status = billing.Open; return nil }
		if err := r.shop.Sync(context.Background(), p.ID); err == nil {
			r.Errorf("a paid purchase may be open again")
		}
		r.wantState("then", p, "paid")
		r.wantCredits("then", 80, 0)
	})
}

func TestASecondSessionClaimsThePurchase(t *testing.T) {
	// LEDGER 40, T5: whoever pays elsewhere in the name of a purchase pays nothing here.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-280")
		page, err := r.bank.Open(context.Background(), billing.Order{PurchaseID: p.ID, Key: "another", Title: "1", ReturnURL: "http://localhost:8080", Price: kinpict.Money{Amount: 1, Currency: "usd"}, ExpiresAt: p.ExpiresAt})
		if err != nil {
			r.Fatal(err)
		}
		r.pay(page.ID)
		r.wantInbox("paid elsewhere", map[string]int{"quarantined": 1})
		r.wantState("paid elsewhere", p, "open")
		r.outcome(p, "paid")
		r.wantCredits("paid where it belongs", 280, 0)
	})
}

func TestPaymentBecomesAnotherOne(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		r.line.answer = func(st *billing.State) error { st.PaymentID, st.Refunded = "pay_other", 1200; return nil }
		if err := r.shop.Sync(context.Background(), p.ID); err == nil {
			r.Errorf("the purchase took another payment")
		}
		r.line.answer, r.line.name = nil, "bank"
		if err := r.shop.Sync(context.Background(), p.ID); err == nil {
			r.Errorf("the purchase believed another provider")
		}
		r.wantCredits("then", 80, 0)
	})
}

func TestPaidAfterTheAccountWasClosed(t *testing.T) {
	// W3, L4: the money goes back by itself, once, and nobody gets credits.
	each(t, func(r *rig) {
		r.line.noExpiry = true // the person is faster than we
		late, early := r.checkout(r.buyer, "credits-80"), r.checkout(r.buyer, "credits-280")
		r.outcome(early, "paid")
		r.update(func(tx *store.Tx) error { return tx.Forfeit(r.buyer.AccountID, r.buyer.AccountID, "closed") })
		r.outcome(late, "paid")
		r.wantState("paid after the account was closed", late, "failed")
		r.wantBack("paid after the account was closed", late, 1200)
		r.wantRefunds("paid after the account was closed", late, "done")
		if n := r.events()["quarantined"] - r.inbox["quarantined"]; n != 0 {
			r.Errorf("%d events wait for staff", n)
		}
		r.wantFindings("paid after the account was closed", r.reconcile(r.clock.Now()))
		if err := r.shop.Sync(context.Background(), late.ID); err != nil {
			r.Errorf("asked about again: %v", err)
		}
		r.wantRefunds("asked about again", late, "done")
		r.outcome(early, "refund")
		r.wantState("refunded after the account was closed", early, "refunded")
		r.wantCredits("then", 0, 0)
		_, err := r.open("k")
		wantCode(r.T, "a new checkout", err, kinpict.Forbidden)
	})
}

func TestACheckoutOfAClosedAccountCannotBePaid(t *testing.T) {
	// L4: asked about at once, not when its time has come.
	each(t, func(r *rig) {
		left, other := r.checkout(r.buyer, "credits-80"), r.checkout(r.person("ben"), "credits-80")
		r.tick()
		r.update(func(tx *store.Tx) error { return tx.Forfeit(r.buyer.AccountID, r.buyer.AccountID, "closed") })
		if gone, err := r.shop.Abandoned(context.Background(), left.ID); err != nil || !gone {
			r.Errorf("the checkout of a closed account: %v, %v", gone, err)
		}
		for _, id := range []string{other.ID, "pur_none"} {
			if gone, err := r.shop.Abandoned(context.Background(), id); err != nil || gone {
				r.Errorf("%s: %v, %v", id, gone, err)
			}
		}
		r.tick()
		r.wantState("ended", left, "expired")
		r.wantState("of somebody who stays", other, "open")
		st, err := r.bank.Payment(context.Background(), left.SessionID)
		if err != nil || st.Status != billing.Expired {
			r.Errorf("at the provider it is %s, %v", st.Status, err)
		}
	})
}

func TestMoneyTooLateThatCannotGoBackIsForStaff(t *testing.T) {
	refused := &kinpict.Error{Code: kinpict.Conflict, Message: "no"}
	for name, c := range map[string]struct {
		fails error
		state string // of the refund
	}{
		"the provider refuses":         {refused, "refused"},
		"the provider does not answer": {errCut, "asked"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(r *rig) {
				r.line.noExpiry = true
				p := r.checkout(r.buyer, "credits-80")
				r.update(func(tx *store.Tx) error { return tx.Forfeit(r.buyer.AccountID, r.buyer.AccountID, "closed") })
				r.line.refund = c.fails
				r.outcome(p, "paid")
				r.wantState("paid", p, "open")
				r.wantRefunds("paid", p, c.state)
				if r.stored(p.ID).Problem == "" {
					r.Error("staff are not told")
				}
				r.line.refund = nil
				r.clock.Advance(2 * time.Minute)
				r.tick()
				if c.state == "asked" {
					r.wantRefunds("with an answer", p, "done")
					r.wantState("with an answer", p, "failed")
				} else {
					r.wantRefunds("later", p, c.state)
					r.wantCredits("later", 0, 0)
				}
			})
		})
	}
}

func TestPurchaseThatCannotBeAskedAboutDoesNotHoldUpOthers(t *testing.T) {
	each(t, func(r *rig) {
		r.line.drop = true
		bad, good := r.checkout(r.buyer, "credits-80"), r.checkout(r.buyer, "credits-80")
		r.outcome(good, "paid")
		r.line.answer = func(st *billing.State) error {
			if st.PurchaseID == bad.ID {
				return errCut
			}
			return nil
		}
		r.clock.Advance(5 * time.Minute)
		r.tick()
		r.wantState("a round", good, "paid")
		asks := r.line.asks
		r.tick()
		if r.line.asks != asks {
			r.Errorf("the next round asked about the bad one at once")
		}
	})
}

func TestOlderAnswerDoesNotOverwriteANewerOne(t *testing.T) {
	// The first to ask gets its answer, and is overtaken by a refund before it writes.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		overtaken := false
		r.line.answer = func(*billing.State) error {
			if !overtaken {
				overtaken = true
				r.outcome(p, "refund")
			}
			return nil
		}
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Fatal(err)
		}
		if !overtaken {
			r.Fatal("nobody overtook")
		}
		r.wantState("then", p, "refunded")
		r.wantCredits("then", 0, 0)
	})
}

func TestWorkEndsWithItsContext(t *testing.T) {
	each(t, func(r *rig) {
		pulse := make(chan time.Time)
		r.shop.Pulse = pulse
		r.line.drop = true
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { r.shop.Work(ctx); close(done) }()
		pulse <- r.clock.Now() // the first round is over
		r.clock.Advance(5 * time.Minute)
		pulse <- r.clock.Now() // and the second, or it did not see the new time
		pulse <- r.clock.Now()
		stop()
		<-done
		r.wantState("worked", p, "paid")
	})
}
