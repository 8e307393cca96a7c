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
	"kinpict/internal/billing/stripe/stripetest"
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

func TestEventsAreAnsweredBeforeTheyAreProcessed(t *testing.T) {
	each(t, func(r *rig) {
		r.shop.Queue = make(chan *store.Event, 1)
		first, second := r.checkout(r.buyer, "credits-80"), r.checkout(r.buyer, "credits-280")
		asks := r.line.asks
		r.outcome(first, "paid")
		r.outcome(second, "paid") // the queue is full
		r.wantInbox("answered", map[string]int{"received": 2})
		if r.line.asks != asks {
			r.Errorf("the provider waited while it was asked")
		}
		if len(r.shop.Queue) != 1 {
			r.Fatalf("%d events are queued, want 1", len(r.shop.Queue))
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r.line.answer = func(*billing.State) error { cancel(); return nil }
		r.shop.Attend(ctx)
		r.wantInbox("attended", map[string]int{"received": 1, "done": 1})
		r.wantCredits("attended", 80, 0)
		r.clock.Advance(time.Minute)
		r.tick()
		r.wantInbox("after a minute", map[string]int{"done": 2})
		r.wantCredits("after a minute", 360, 0)
	})
}

func TestAnEventThatIsThreeDaysLate(t *testing.T) {
	// W3: the price of the order counts, whatever the shop sells by then.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid")
		book := kinpict.DefaultCatalog()
		book.Packs = []kinpict.Pack{{ID: "credits-80", Credits: 60, Prices: []kinpict.Money{{Amount: 2000, Currency: "usd"}}}}
		r.apply(book)
		r.clock.Advance(72 * time.Hour)
		if err := r.post(r.again(r.line.last())); err != nil {
			r.Fatal(err)
		}
		r.wantInbox("late", map[string]int{"done": 1})
		r.wantState("late", p, "paid")
		r.wantCredits("late", 80, 0)
	})
}

func TestStripesEventsOfTheOtherMode(t *testing.T) {
	// W6: stored, put aside and reported; nothing is granted, now or later.
	eachStripe(t, func(r *rig, stand *stripetest.Bank) {
		p := r.checkout(r.buyer, "credits-80")
		stand.Live(true)
		r.outcome(p, "paid")
		r.wantInbox("live", map[string]int{"quarantined": 1})
		r.wantCredits("live", 0, 0)
		if !strings.Contains(r.log.String(), "not in the same mode") {
			r.Errorf("nobody was told: %s", r.log)
		}
	})
}

func TestAPaymentOfTheOtherModeGrantsNothing(t *testing.T) {
	eachStripe(t, func(r *rig, stand *stripetest.Bank) {
		stand.Live(true)
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid")
		if err := r.shop.Sync(context.Background(), p.ID); err == nil {
			r.Error("a live payment fits a test shop")
		}
		r.wantCredits("then", 0, 0)
	})
}

func TestTaxIsPartOfWhatGoesBack(t *testing.T) {
	// LEDGER 42: 30 % of price and tax is 30 % of the credits.
	each(t, func(r *rig) {
		r.shop.Tax = true
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid", "partial_refund")
		r.wantCredits("30 % back", 56, 0)
		if q := r.stored(p.ID); q.Tax != 120 || q.Refunded != 396 || q.State != "partially_refunded" {
			r.Errorf("the purchase has a tax of %d and %d refunded, and is %s (%s)", q.Tax, q.Refunded, q.State, q.Problem)
		}
		r.outcome(p, "refund")
		r.wantCredits("all back", 0, 0)
		r.wantState("all back", p, "refunded")
		r.outcome(p, "refund_failed")
		r.wantCredits("the rest did not arrive", 56, 0)
		r.outcome(p, "dispute")
		r.wantState("disputed", p, "disputed")
		r.wantCredits("disputed", 0, 0)
	})
}

func TestTaxNobodyAskedForDoesNotFit(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.answer = func(st *billing.State) error { st.Tax = 1; return nil }
		r.outcome(p, "paid")
		r.wantInbox("then", map[string]int{"quarantined": 1})
		r.wantCredits("then", 0, 0)
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
		if err := r.post(r.again(x)); err != nil {
			r.Errorf("signed anew: %v", err)
		}
		r.wantInbox("then", map[string]int{"done": 1})
		r.wantGrants("then", 1)
		r.wantCredits("then", 80, 0)
	})
}

// again is a letter with a signature of this time.
func (r *rig) again(x letter) letter {
	if b, ok := r.bank.(stripeBank); ok {
		return letter{b.Sign(x.body), x.body}
	}
	return r.sign(x.body, r.sand.Keys...)
}

func (r *rig) sign(body []byte, keys ...[]byte) letter {
	h := http.Header{}
	h.Set(sandbox.Header, billing.Sign(r.clock.Now(), body, keys...))
	return letter{h, body}
}

func TestForgedWebhooks(t *testing.T) {
	// W4 and T3.
	eachSandbox(t, func(r *rig) {
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
	eachSandbox(t, func(r *rig) {
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
	eachSandbox(t, func(r *rig) {
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
		r.pay(page.ID)
		r.wantInbox("of another shop", map[string]int{"ignored": 1, "quarantined": 2})
		if !strings.Contains(r.log.String(), "pur_elsewhere") {
			r.Errorf("nobody was told: %s", r.log)
		}
		r.wantGrants("then", 0)
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
		r.wantInbox("then", map[string]int{"done": len(letters)})
		r.wantState("then", p, "partially_refunded")
		r.wantCredits("60 % refunded", 32, 0)
	})
}
