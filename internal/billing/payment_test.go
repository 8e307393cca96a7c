package billing_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/store"
)

func TestDeathWhileAnEventIsProcessed(t *testing.T) {
	// P3: the process dies after the event was taken in and before anything came of it.
	type row struct {
		name string
		then func(r *rig, x letter)
	}
	cases(t, []row{
		{"the provider sends it again", func(r *rig, x letter) {
			if err := r.post(x); err != nil {
				r.Errorf("again: %v", err)
			}
		}},
		{"nobody sends it again", func(r *rig, _ letter) { r.tick() }},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid")
		r.line.answer = func(*billing.State) error { runtime.Goexit(); return nil }
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.post(r.line.last()) })
		wg.Wait()
		r.line.answer = nil
		r.wantInbox("after the death", map[string]int{"received": 1})
		r.clock.Advance(time.Minute)
		c.then(r, r.line.last())
		r.wantInbox("then", map[string]int{"done": 1})
		r.wantCredits("then", 80, 0)
		r.wantGrants("then", 1)
	})
}

func TestEventAgainAfterItsAnswerWasLost(t *testing.T) {
	// P4: all was done, but the provider does not know.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		asks := r.line.asks
		for range 3 {
			if err := r.post(r.line.last()); err != nil {
				r.Errorf("again: %v", err)
			}
			r.clock.Advance(time.Minute)
		}
		r.wantGrants("four deliveries", 1)
		if r.line.asks != asks {
			r.Errorf("the provider was asked %d times more", r.line.asks-asks)
		}
	})
}

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

func TestHundredDeliveriesAtOnce(t *testing.T) {
	// W1
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid")
		asks := r.line.asks
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := r.post(r.line.last()); err != nil {
					r.Errorf("delivery: %v", err)
				}
			})
		}
		wg.Wait()
		r.wantInbox("then", map[string]int{"done": 1})
		r.wantCredits("then", 80, 0)
		r.wantGrants("then", 1)
		if n := r.line.asks - asks; n != 1 {
			r.Errorf("the provider was asked %d times, want once", n)
		}
	})
}

func TestTwoEventsOfOnePayment(t *testing.T) {
	// LEDGER 23 and 24.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "duplicate")
		r.wantInbox("then", map[string]int{"done": 2})
		r.wantGrants("then", 1)
		r.wantCredits("then", 80, 0)
	})
}

func TestReplayAfterTheInboxWasPruned(t *testing.T) {
	// W5: nothing but the lot's own uniqueness is left to stop it.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		r.clock.Advance(91 * 24 * time.Hour)
		r.tick()
		r.wantInbox("three months later", map[string]int{})
		x := r.line.last()
		wantCode(r.T, "the old signature", r.post(x), kinpict.Invalid)
		if err := r.post(r.sign(x.body, r.sand.Keys...)); err != nil {
			r.Errorf("signed anew: %v", err)
		}
		r.wantInbox("then", map[string]int{"done": 1})
		r.wantGrants("then", 1)
		r.wantCredits("then", 80, 0)
	})
}

func (r *rig) sign(body []byte, keys ...[]byte) letter {
	h := http.Header{}
	h.Set(sandbox.Header, billing.Sign(r.clock.Now(), body, keys...))
	return letter{h, body}
}

func TestForgedWebhooks(t *testing.T) {
	// W4 and T3.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid")
		x := r.line.last()
		now, old, other := r.clock.Now(), sandbox.Key([]byte("secret")), sandbox.Key([]byte("other"))
		at := func(d time.Duration) string { return billing.Sign(now.Add(d), x.body, old) }
		for _, c := range []struct {
			name, header string
			body         string
		}{
			{"unsigned", "", string(x.body)},
			{"another secret", billing.Sign(now, x.body, other), string(x.body)},
			{"the secret itself", billing.Sign(now, x.body, []byte("secret")), string(x.body)},
			{"an altered body", at(0), strings.Replace(string(x.body), "checkout.completed", "checkout.compleated", 1)},
			{"an altered time", strings.Replace(at(0), "t=", "t=1", 1), string(x.body)},
			{"301 seconds ago", at(-301 * time.Second), string(x.body)},
			{"an hour ahead", at(time.Hour), string(x.body)},
			{"a time only", "t=" + fmt.Sprint(now.Unix()), string(x.body)},
			{"a signature only", "v1=00", string(x.body)},
			{"two times", "t=1," + at(0), string(x.body)},
			{"not hexadecimal", "t=1,v1=xyz", string(x.body)},
			{"empty", ",", ""},
			{"signed and not JSON", billing.Sign(now, []byte("no"), old), "no"},
			{"signed and without an id", billing.Sign(now, []byte(`{"type":"checkout.completed"}`), old), `{"type":"checkout.completed"}`},
		} {
			h := http.Header{}
			h.Set(sandbox.Header, c.header)
			wantCode(r.T, c.name, r.post(letter{h, []byte(c.body)}), kinpict.Invalid)
		}
		wantCode(r.T, "another provider", r.shop.Webhook(context.Background(), "stripe", x.header, x.body), kinpict.NotFound)
		r.wantInbox("after all of them", map[string]int{})
		r.wantCredits("after all of them", 0, 0)

		r.clock.Advance(300 * time.Second)
		if err := r.post(x); err != nil {
			r.Errorf("300 seconds old: %v", err)
		}
		r.wantCredits("as it was sent", 80, 0)
	})
}

func TestSecretChanges(t *testing.T) {
	// W4: while it is changed both are believed, afterwards only the new one.
	each(t, func(r *rig) {
		old, fresh := sandbox.Key([]byte("secret")), sandbox.Key([]byte("fresh"))
		body := func(n int) []byte { return fmt.Appendf(nil, `{"id":"evt_%d","type":"account.updated"}`, n) }
		r.sand.Keys = [][]byte{fresh, old}
		for i, keys := range [][][]byte{{old}, {fresh}, {old, fresh}, {fresh, old}} {
			if err := r.post(r.sign(body(i), keys...)); err != nil {
				r.Errorf("signed by %d keys while they change: %v", len(keys), err)
			}
		}
		r.sand.Keys = [][]byte{fresh}
		wantCode(r.T, "signed by the old one afterwards", r.post(r.sign(body(9), old)), kinpict.Invalid)
		r.wantInbox("then", map[string]int{"ignored": 4})
	})
}

func TestEventsThatAreNotOurs(t *testing.T) {
	// W6
	each(t, func(r *rig) {
		send := func(format string, args ...any) {
			r.Helper()
			if err := r.post(r.sign(fmt.Appendf(nil, format, args...), r.sand.Keys...)); err != nil {
				r.Errorf("%s: %v", format, err)
			}
		}
		p := r.checkout(r.buyer, "credits-80")
		send(`{"id":"evt_1","type":"invoice.created","object":%q,"api_version":"2099-01-01"}`, p.SessionID)
		r.wantInbox("a type nobody knows", map[string]int{"ignored": 1})

		r.line.drop = true
		r.outcome(p, "paid")
		send(`{"id":"evt_2","type":"checkout.completed","object":%q,"livemode":true}`, p.SessionID)
		r.wantInbox("of live mode", map[string]int{"ignored": 1, "quarantined": 1})
		r.wantCredits("of live mode", 0, 0)

		// A checkout opened by another shop of the same provider.
		page, err := r.sand.Open(context.Background(), billing.Order{PurchaseID: "pur_elsewhere", Key: "x", Price: p.Price, ExpiresAt: p.ExpiresAt})
		if err != nil {
			r.Fatal(err)
		}
		r.line.drop = false
		r.sandPay(page.ID)
		r.wantInbox("of another shop", map[string]int{"ignored": 1, "quarantined": 2})
		if !strings.Contains(r.log.String(), "pur_elsewhere") {
			r.Errorf("nobody was told: %s", r.log)
		}
		r.wantGrants("then", 0)
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
		// Staff look at it once, not every five minutes.
		asks, fits := r.line.asked[p.SessionID], r.line.asked[other.SessionID]
		r.clock.Advance(2 * time.Hour)
		r.line.answer = nil
		r.tick()
		if n := r.line.asked[p.SessionID] - asks; n != 0 {
			r.Errorf("a round asked %d times about it", n)
		}
		if n := r.line.asked[other.SessionID] - fits; n != 1 {
			r.Errorf("a round asked %d times about the purchase that fits", n)
		}
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Errorf("once it fits: %v", err)
		}
		r.wantCredits("once it fits", 360, 0)
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
		page, err := r.sand.Open(context.Background(), billing.Order{PurchaseID: p.ID, Key: "another", Price: kinpict.Money{Amount: 1, Currency: "usd"}, ExpiresAt: p.ExpiresAt})
		if err != nil {
			r.Fatal(err)
		}
		r.sandPay(page.ID)
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
	// W3, L4: the money has to go back, and nobody gets credits.
	each(t, func(r *rig) {
		late, early := r.checkout(r.buyer, "credits-80"), r.checkout(r.buyer, "credits-280")
		r.outcome(early, "paid")
		r.update(func(tx *store.Tx) error { return tx.Forfeit(r.buyer.AccountID, r.buyer.AccountID, "closed") })
		r.outcome(late, "paid")
		r.wantState("paid after the account was closed", late, "open")
		r.wantInbox("paid after the account was closed", map[string]int{"done": 1, "quarantined": 1})
		r.outcome(early, "refund")
		r.wantState("refunded after the account was closed", early, "refunded")
		r.wantCredits("then", 0, 0)
		_, err := r.open("k")
		wantCode(r.T, "a new checkout", err, kinpict.Forbidden)
	})
}

func TestProviderDoesNotAnswer(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.answer = func(*billing.State) error { return errCut }
		r.outcome(p, "paid")
		r.wantInbox("at first", map[string]int{"received": 1})
		r.tick()
		r.wantCredits("before the event is due", 0, 0)
		r.clock.Advance(29 * time.Second)
		asks := r.line.asks
		r.tick()
		if r.line.asks != asks {
			r.Errorf("asked before the event is due")
		}
		r.line.answer = nil
		r.clock.Advance(time.Second)
		r.tick()
		r.wantInbox("once it answers", map[string]int{"done": 1})
		r.wantCredits("once it answers", 80, 0)
	})
}

func TestEventIsGivenUpAfterThreeDays(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.answer = func(*billing.State) error { return errCut }
		r.outcome(p, "paid")
		start := r.clock.Now()
		for range 200 {
			r.clock.Advance(30 * time.Minute)
			r.tick()
			if r.events()["quarantined"] == 1 {
				break
			}
		}
		r.wantInbox("in the end", map[string]int{"quarantined": 1})
		if d := r.clock.Now().Sub(start); d < 24*time.Hour || d > 72*time.Hour {
			r.Errorf("gave up after %v", d)
		}
		// The purchase itself is asked about all the while.
		r.line.answer = nil
		r.clock.Advance(5 * time.Minute)
		r.tick()
		r.wantCredits("once the provider answers", 80, 0)
	})
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

func TestManyEventsOfOnePaymentAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid", "partial_refund", "dispute", "dispute_won", "partial_refund")
		letters := r.line.letters
		var wg sync.WaitGroup
		for _, x := range letters {
			wg.Go(func() {
				if err := r.post(x); err != nil {
					r.Errorf("delivery: %v", err)
				}
			})
		}
		wg.Wait()
		r.wantInbox("then", map[string]int{"done": 5})
		r.wantState("then", p, "partially_refunded")
		r.wantCredits("60 % refunded", 32, 0)
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
