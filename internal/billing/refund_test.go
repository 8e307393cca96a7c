package billing_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/stripe/stripetest"
	"kinpict/internal/store"
)

var clerk = kinpict.Caller{AccountID: "acc_clerk", Email: "clerk@example.org", Role: kinpict.Support}

// A till is a provider whose refunds a test may break.
type till struct {
	billing.Provider
	mu     sync.Mutex
	before error // fails, and nothing happened
	after  error // fails, and the money is on its way
	asked  []billing.Refund
}

func (b *till) Refund(ctx context.Context, r billing.Refund) error {
	b.mu.Lock()
	b.asked = append(b.asked, r)
	before, after := b.before, b.after
	b.mu.Unlock()
	if before != nil {
		return before
	}
	return errors.Join(b.Provider.Refund(ctx, r), after)
}

func (r *rig) till() *till {
	b := &till{Provider: r.line}
	r.shop.Provider = b
	return b
}

// bought is a paid purchase of 80 credits for 12.00.
func (r *rig) bought() *kinpict.Purchase {
	r.Helper()
	p := r.checkout(r.buyer, "credits-80")
	r.outcome(p, "paid")
	return p
}

func (r *rig) repay(x billing.Repayment) (*store.Refund, error) {
	if x.Reason == "" {
		x.Reason = "asked for it"
	}
	return r.shop.Refund(context.Background(), clerk, x)
}

// wantRefunds checks the states of the purchase's refunds.
func (r *rig) wantRefunds(when string, p *kinpict.Purchase, states ...string) {
	r.Helper()
	var got []string
	err := r.db.View(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Refunds(p.ID)
		for _, f := range all {
			got = append(got, f.State)
		}
		return err
	})
	if err != nil || strings.Join(got, " ") != strings.Join(states, " ") {
		r.Errorf("%s: refunds are %q, %v; want %q", when, got, err, states)
	}
}

// wantBack checks how much money the provider sent back.
func (r *rig) wantBack(when string, p *kinpict.Purchase, want int64) {
	r.Helper()
	st, err := r.bank.Payment(context.Background(), p.SessionID)
	if err != nil || st.Refunded != want {
		r.Errorf("%s: %d went back, %v; want %d", when, st.Refunded, err, want)
	}
}

func TestStaffSendMoneyBack(t *testing.T) {
	type step struct {
		do            string // at the bank, or spend
		refund        billing.Repayment
		code          kinpict.Code
		back          int64
		credits, debt kinpict.Credits
	}
	type row struct {
		name  string
		steps []step
	}
	r100, r300 := billing.Repayment{Amount: 100}, billing.Repayment{Amount: 300}
	cases(t, []row{
		{"all of it", []step{{refund: billing.Repayment{}, back: 1200}}},
		{"M3 a part, another, the rest", []step{{refund: r300, back: 300, credits: 60}, {refund: r100, back: 400, credits: 54}, {refund: billing.Repayment{}, back: 1200},
			{refund: billing.Repayment{}, code: kinpict.Conflict, back: 1200}}},
		{"the same part twice only if it is meant", []step{{refund: r300, back: 300, credits: 60}, {refund: r300, code: kinpict.Conflict, back: 300, credits: 60},
			{refund: billing.Repayment{Amount: 300, Again: true}, back: 600, credits: 40}}},
		{"more than is left", []step{{refund: r300, back: 300, credits: 60}, {refund: billing.Repayment{Amount: 901}, code: kinpict.Conflict, back: 300, credits: 60}}},
		{"what pays for the credits left", []step{{do: "spend 20", refund: billing.Repayment{Unused: true}, back: 900},
			{refund: billing.Repayment{Unused: true}, code: kinpict.Conflict, back: 900}}},
		{"LEDGER 32 all of it after 20 were used", []step{{do: "spend 20", refund: billing.Repayment{}, back: 1200, debt: 20}}},
		{"Q5 while a dispute has the money", []step{{do: "dispute", refund: r300, code: kinpict.Conflict}, {do: "dispute_won", refund: r300, back: 300, credits: 60}}},
		{"Q5 after a dispute was lost", []step{{do: "dispute"}, {do: "dispute_lost", refund: r300, code: kinpict.Conflict}}},
		{"Q5 during an inquiry it may go back", []step{{do: "inquiry", refund: r300, back: 300, credits: 60}}},
		{"M2 it fails later and is sent again", []step{{refund: r300, back: 300, credits: 60}, {do: "refund_failed", back: 0, credits: 80},
			{refund: r300, back: 300, credits: 60}}},
		{"an amount below nothing", []step{{refund: billing.Repayment{Amount: -1}, code: kinpict.Invalid, credits: 80}}},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		p := r.bought()
		var pictures []string
		for i, s := range c.steps {
			if s.do != "" {
				r.step(p, s.do, &pictures)
			}
			if s.refund != (billing.Repayment{}) || s.do == "" || strings.HasPrefix(s.do, "spend") {
				s.refund.PurchaseID = p.ID
				_, err := r.repay(s.refund)
				wantCode(r.T, c.name, err, s.code)
			}
			r.wantBack(c.name, p, s.back)
			if i == len(c.steps)-1 || s.code == "" {
				r.wantCredits(c.name, s.credits, s.debt)
			}
		}
	})
}

func TestRefundsRefused(t *testing.T) {
	eachSandbox(t, func(r *rig) {
		p := r.bought()
		open := r.checkout(r.buyer, "credits-80")
		own := r.buyer
		own.Role = kinpict.Operator
		for _, c := range []struct {
			name string
			by   kinpict.Caller
			x    billing.Repayment
			code kinpict.Code
		}{
			{"a customer", r.buyer, billing.Repayment{PurchaseID: p.ID, Reason: "x"}, kinpict.Forbidden},
			{"one's own", own, billing.Repayment{PurchaseID: p.ID, Reason: "x"}, kinpict.Forbidden},
			{"no reason", clerk, billing.Repayment{PurchaseID: p.ID, Reason: " "}, kinpict.Invalid},
			{"unused and an amount", clerk, billing.Repayment{PurchaseID: p.ID, Reason: "x", Amount: 1, Unused: true}, kinpict.Invalid},
			{"a cause nobody knows", clerk, billing.Repayment{PurchaseID: p.ID, Reason: "x", Cause: "whim"}, kinpict.Invalid},
			{"approved by oneself", clerk, billing.Repayment{PurchaseID: p.ID, Reason: "x", Approver: "CLERK@example.org"}, kinpict.Invalid},
			{"not paid", clerk, billing.Repayment{PurchaseID: open.ID, Reason: "x"}, kinpict.Conflict},
			{"unknown", clerk, billing.Repayment{PurchaseID: "pur_none", Reason: "x"}, kinpict.NotFound},
		} {
			_, err := r.shop.Refund(context.Background(), c.by, c.x)
			wantCode(r.T, c.name, err, c.code)
		}
		r.wantBack("all refused", p, 0)
		r.wantRefunds("all refused", p)
	})
}

func TestLargeRefundsNeedTwoPeople(t *testing.T) {
	eachSandbox(t, func(r *rig) {
		book := kinpict.DefaultCatalog()
		book.Packs = append(book.Packs, kinpict.Pack{ID: "large", Credits: 2000, Prices: []kinpict.Money{{Amount: 20000, Currency: "usd"}}})
		if _, err := r.shop.Apply(context.Background(), "test", "a large pack", book, time.Time{}, false); err != nil {
			r.Fatal(err)
		}
		p := r.checkout(r.buyer, "large")
		r.outcome(p, "paid")
		_, err := r.repay(billing.Repayment{PurchaseID: p.ID})
		wantCode(r.T, "2000 credits by one person", err, kinpict.Invalid)
		if _, err = r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 10000}); err != nil {
			r.Errorf("1000 credits by one person: %v", err)
		}
		_, err = r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 100})
		wantCode(r.T, "one more by the same", err, kinpict.Invalid)
		for _, nobody := range []string{"boss@example.org", r.buyer.Email} {
			_, err = r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 10000, Approver: nobody, Again: true})
			wantCode(r.T, "by one and "+nobody, err, kinpict.Invalid)
		}
		if _, err = r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 10000, Approver: r.boss(), Again: true}); err != nil {
			r.Errorf("by two: %v", err)
		}
		r.wantBack("then", p, 20000)
	})
}

func TestUnusedOwesNothingAfterwards(t *testing.T) {
	// Extra credits go first, and what share of the money goes back is taken of them too.
	type row struct {
		name  string
		spend kinpict.Credits
		code  kinpict.Code
		back  int64
		left  kinpict.Credits
	}
	cases(t, []row{
		{"nothing used", 0, "", 1200, 0},
		{"some of the extra credits", 12, "", 480, 48},
		{"all of them", 20, kinpict.Conflict, 0, 80},
		{"and some that were bought", 40, kinpict.Conflict, 0, 60},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		p := r.must(r.promo(kinpict.Promo{Bonus: 20}))
		r.outcome(p, "paid")
		if c.spend > 0 {
			r.spend(c.spend)
		}
		_, err := r.repay(billing.Repayment{PurchaseID: p.ID, Unused: true})
		wantCode(r.T, c.name, err, c.code)
		r.wantBack(c.name, p, c.back)
		r.wantCredits(c.name, c.left, 0)
	})
}

func TestRefundWithoutAnAnswer(t *testing.T) {
	// M1: it is sent once, whatever was lost, and whoever asks again.
	lost := errors.New("connection reset")
	type row struct {
		name  string
		lose  func(b *till)
		hear  bool // the webhook arrives
		again func(r *rig, p *kinpict.Purchase)
	}
	worker := func(r *rig, _ *kinpict.Purchase) {
		r.clock.Advance(2 * time.Minute)
		r.tick()
	}
	clerkAgain := func(r *rig, p *kinpict.Purchase) {
		if _, err := r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 360}); err != nil && kinpict.CodeOf(err) != kinpict.Conflict {
			r.Errorf("asked again: %v", err)
		}
	}
	before, after := func(b *till) { b.before = lost }, func(b *till) { b.after = lost }
	cases(t, []row{
		{"it never got there, the worker asks", before, false, worker},
		{"the answer was lost, the worker asks", after, false, worker},
		{"the answer was lost, staff ask", after, false, clerkAgain},
		{"the answer was lost, the webhook tells", after, true, func(*rig, *kinpict.Purchase) {}},
		{"the answer was lost, the webhook tells, staff ask", after, true, clerkAgain},
		{"the answer was lost, the webhook tells, the worker asks", after, true, worker},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		b := r.till()
		p := r.bought()
		c.lose(b)
		r.line.drop = !c.hear
		_, err := r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 360})
		wantCode(r.T, "unanswered", err, kinpict.Unavailable)
		if !c.hear {
			r.wantRefunds("unanswered", p, "asked")
		}
		if c.hear && r.sand != r.bank {
			// The stand-in's own refunds send no event; the sandbox's do.
			if err := r.shop.Sync(context.Background(), p.ID); err != nil {
				r.Fatal(err)
			}
		}
		b.before, b.after = nil, nil
		c.again(r, p)
		r.wantRefunds("then", p, "done")
		r.wantBack("then", p, 360)
		r.wantCredits("then", 56, 0)
		for _, x := range b.asked[1:] {
			if x != b.asked[0] {
				r.Errorf("asked with other words: %+v, before %+v", x, b.asked[0])
			}
		}
	})
}

func TestRefundAskedForByManyAtOnce(t *testing.T) {
	type row struct {
		name string
		x    billing.Repayment
		back int64
	}
	cases(t, []row{{"all", billing.Repayment{}, 1200}, {"a part", billing.Repayment{Amount: 300}, 300}, {"unused", billing.Repayment{Unused: true}, 1200},
		{"one id", billing.Repayment{ID: "rfd_once", Amount: 300}, 300}},
		func(c row) string { return c.name }, func(r *rig, c row) {
			p := r.bought()
			c.x.PurchaseID = p.ID
			if c.x.ID != "" {
				c.x.ID += p.ID
			}
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					// Who came too late is told so, and so is who found everybody writing.
					if _, err := r.repay(c.x); err != nil && kinpict.CodeOf(err) != kinpict.Conflict && kinpict.CodeOf(err) != kinpict.Unavailable {
						r.Errorf("refund: %v", err)
					}
				})
			}
			wg.Wait()
			r.clock.Advance(2 * time.Minute)
			r.tick()
			r.wantBack("ten at once", p, c.back)
			r.wantRefunds("ten at once", p, "done")
		})
}

func TestARepaymentIsMadeOnceForEver(t *testing.T) {
	each(t, func(r *rig) {
		p := r.bought()
		id := "rfd_" + p.ID
		for range 3 {
			if f, err := r.repay(billing.Repayment{ID: id, PurchaseID: p.ID, Amount: 300}); err != nil || f.ID != id || f.State != store.RefundDone {
				r.Errorf("%+v, %v", f, err)
			}
			r.clock.Advance(48 * time.Hour)
		}
		_, err := r.repay(billing.Repayment{ID: id, PurchaseID: p.ID, Amount: 301})
		wantCode(r.T, "another amount", err, kinpict.Conflict)
		r.wantBack("then", p, 300)
	})
}

func TestRefundRefusedByTheProvider(t *testing.T) {
	// A dispute we have not heard of has the money.
	each(t, func(r *rig) {
		b := r.till()
		p := r.bought()
		b.before = &kinpict.Error{Code: kinpict.Conflict, Message: "The money cannot go back."}
		_, err := r.repay(billing.Repayment{PurchaseID: p.ID})
		wantCode(r.T, "refused", err, kinpict.Conflict)
		r.wantRefunds("refused", p, "refused")
		b.before = nil
		r.clock.Advance(time.Hour)
		r.tick()
		r.wantBack("nobody asks again by itself", p, 0)
		if _, err = r.repay(billing.Repayment{PurchaseID: p.ID}); err != nil {
			r.Errorf("a new one: %v", err)
		}
		r.wantRefunds("a new one", p, "refused", "done")
	})
}

func TestRefundThatFailsIsAFindingUntilSentAgain(t *testing.T) {
	// M2: somebody waits for that money.
	each(t, func(r *rig) {
		p := r.bought()
		if _, err := r.repay(billing.Repayment{PurchaseID: p.ID}); err != nil {
			r.Fatal(err)
		}
		r.wantFindings("sent", r.reconcile(r.clock.Now()))
		r.outcome(p, "refund_failed")
		r.wantRefunds("failed", p, "failed")
		r.wantCredits("failed", 80, 0)
		r.wantFindings("failed", r.reconcile(r.clock.Now()), billing.FindFailed)
		if _, err := r.repay(billing.Repayment{PurchaseID: p.ID}); err != nil {
			r.Fatal(err)
		}
		r.wantFindings("sent again", r.reconcile(r.clock.Now()))
		r.wantCredits("sent again", 0, 0)
	})
}

func TestMoneyThatGrantedNothingCanGoBack(t *testing.T) {
	// LEDGER 50: paid after the account was closed, and the provider refused to
	// send it back when that was tried by itself.
	each(t, func(r *rig) {
		r.line.noExpiry = true
		p := r.checkout(r.buyer, "credits-80")
		r.update(func(tx *store.Tx) error { return tx.Forfeit(r.buyer.AccountID, r.buyer.AccountID, "wishes to go") })
		r.line.refund = &kinpict.Error{Code: kinpict.Conflict, Message: "no"}
		r.outcome(p, "paid")
		r.line.refund = nil
		r.clock.Advance(time.Second)
		r.wantFindings("paid", r.reconcile(r.clock.Now().Add(-time.Minute)), billing.FindMismatch)
		if _, err := r.repay(billing.Repayment{PurchaseID: p.ID}); err != nil {
			r.Fatalf("refund: %v", err)
		}
		r.wantBack("sent back", p, 1200)
		r.wantRefunds("sent back", p, "refused", "done")
		r.wantFindings("sent back", r.reconcile(r.clock.Now()))
	})
}

func TestStripeForgetsKeysAfterADay(t *testing.T) {
	eachStripe(t, func(r *rig, stand *stripetest.Bank) {
		b := r.till()
		p := r.bought()
		b.after = errors.New("connection reset")
		_, err := r.repay(billing.Repayment{PurchaseID: p.ID, Amount: 300})
		wantCode(r.T, "unanswered", err, kinpict.Unavailable)
		b.after = nil
		stand.Forget()
		r.clock.Advance(48 * time.Hour)
		r.tick()
		r.wantBack("two days later", p, 300)
		r.wantRefunds("two days later", p, "done")
	})
}

func TestARefundTheProviderForgotIsAFinding(t *testing.T) {
	each(t, func(r *rig) {
		p := r.bought()
		payment := r.stored(p.ID).PaymentID
		r.update(func(tx *store.Tx) error {
			id := r.shop.IDs.New("rfd_")
			if _, err := tx.PutRefund(&store.Refund{ID: id, PurchaseID: p.ID, PaymentID: payment, Amount: 300, Reason: "x", Actor: "acc_clerk"}, tx.Now()); err != nil {
				return err
			}
			return tx.EndRefund(id, store.RefundDone, "")
		})
		r.wantFindings("not there", r.reconcile(r.clock.Now()), billing.FindRefund)
		if found, err := r.db.Audit(context.Background(), store.Whole); err != nil || len(found) != 1 || found[0].Check != "A21" {
			r.Errorf("the audit says %v, %v; want A21", found, err)
		}
		r.outcome(p, "refund")
		r.wantBack("all went back by hand", p, 1200)
		r.update(func(tx *store.Tx) error {
			return tx.DropPaymentFinding(r.bank.Name(), payment, billing.FindRefund)
		})
	})
}

func TestTheProviderIsNotAskedWhileADisputeHasTheMoney(t *testing.T) {
	// Q5: a provider that forgets to refuse would send it twice.
	eachSandbox(t, func(r *rig) {
		b := r.till()
		p := r.bought()
		r.outcome(p, "dispute")
		_, err := r.repay(billing.Repayment{PurchaseID: p.ID})
		wantCode(r.T, "during a dispute", err, kinpict.Conflict)
		r.wantRefunds("during a dispute", p)
		if len(b.asked) > 0 {
			r.Errorf("the provider was asked for %+v", b.asked)
		}
	})
}
