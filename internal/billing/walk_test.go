package billing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// A payment is one purchase as the walk believes it stands. It keeps money and
// credits one purchase at a time and knows nothing of lots or entries.
type payment struct {
	p        *kinpict.Purchase
	paid     bool
	refunds  []int64 // amounts, in order; those that failed are 0
	disputed bool    // a bank has the money, or took it for good
	over     bool    // the dispute ended
	used     int64   // credits spent of it that did not come back
}

const (
	packCredits, packAmount = 80, 1200
	pictureCost             = 4
)

// back is the money that went back or is held.
func (x *payment) back() int64 {
	var sum int64
	for _, n := range x.refunds {
		sum += n
	}
	if x.disputed {
		sum += packAmount
	}
	return min(sum, packAmount)
}

// stands is what is left of the purchase's credits, and what it owes: the share
// of the money that went back is gone, and what was used of that share is owed.
func (x *payment) stands() (left, owed int64) {
	if !x.paid {
		return 0, 0
	}
	rest := packCredits - packCredits*x.back()/packAmount - x.used
	return max(rest, 0), max(-rest, 0)
}

// A walker leads the shop and the model through the same steps.
type walker struct {
	*rig
	rand     *rand.Rand
	all      []*payment
	pictures []taken
}

// taken is what a picture took, payment by payment.
type taken struct {
	id    string
	from  []*payment
	spent []int64
}

// total is what the person holds and owes by the model.
func (w *walker) total() (balance, debt int64) {
	for _, x := range w.all {
		left, owed := x.stands()
		balance += left
		debt += owed
	}
	return balance, debt
}

// step does one thing at random and says what.
func (w *walker) step() string {
	var x *payment
	if len(w.all) > 0 {
		x = w.all[w.rand.IntN(len(w.all))]
	}
	switch n := w.rand.IntN(12); {
	case x == nil || n == 0 && len(w.all) < 8:
		w.clock.Advance(time.Second) // lots are spent in the order of their age
		x = &payment{p: w.checkout(w.buyer, "credits-80"), paid: true}
		w.outcome(x.p, "paid")
		w.all = append(w.all, x)
		return "buy"
	case n <= 3:
		return w.picture()
	case n == 4 && len(w.pictures) > 0:
		return w.lose()
	case n <= 6:
		return w.back(x, w.rand.IntN(2) == 0)
	case n == 7:
		last := -1
		for i, m := range x.refunds {
			if m > 0 {
				last = i
			}
		}
		if last < 0 {
			return "nothing to fail"
		}
		w.outcome(x.p, "refund_failed")
		x.refunds[last] = 0
		return "a refund fails"
	case n <= 9 && !x.disputed && !x.over:
		w.outcome(x.p, "dispute")
		x.disputed = true
		return "dispute"
	case n == 10 && x.disputed && !x.over:
		w.outcome(x.p, "dispute_won")
		x.disputed, x.over = false, true
		return "won"
	case n == 11 && x.disputed && !x.over && w.rand.IntN(3) == 0:
		w.outcome(x.p, "dispute_lost")
		x.over = true
		return "lost"
	}
	w.clock.Advance(time.Duration(w.rand.IntN(5)) * time.Second)
	return "time passes"
}

// picture spends credits of the oldest payments that have some, if what is not
// owed covers it.
func (w *walker) picture() string {
	balance, debt := w.total()
	if balance-debt < pictureCost {
		return "cannot spend"
	}
	t := taken{id: w.spend(pictureCost)[0]}
	need := int64(pictureCost)
	for _, x := range w.all {
		left, _ := x.stands()
		if n := min(left, need); n > 0 {
			x.used += n
			need -= n
			t.from, t.spent = append(t.from, x), append(t.spent, n)
		}
	}
	w.pictures = append(w.pictures, t)
	return "picture"
}

// lose has a picture fail: its credits go back where they came from.
func (w *walker) lose() string {
	i := w.rand.IntN(len(w.pictures))
	t := w.pictures[i]
	w.pictures = append(w.pictures[:i], w.pictures[i+1:]...)
	ids := []string{t.id}
	w.rig.step(nil, "fail", &ids)
	for k, x := range t.from {
		x.used -= t.spent[k]
	}
	return "a picture fails"
}

// back sends money back: staff do, or somebody at the provider.
func (w *walker) back(x *payment, staff bool) string {
	var gone int64
	for _, n := range x.refunds {
		gone += n
	}
	left := packAmount - gone
	if left == 0 || x.disputed {
		if !staff {
			return "nothing to send back"
		}
		_, err := w.repay(billing.Repayment{PurchaseID: x.p.ID, Amount: 1, Again: true})
		wantCode(w.T, "more than may go back", err, kinpict.Conflict)
		return "refused"
	}
	amount := min(left, 1+w.rand.Int64N(packAmount))
	if !staff {
		w.outcome(x.p, "partial_refund")
		x.refunds = append(x.refunds, min(left, packAmount*30/100))
		return "refund at the provider"
	}
	if _, err := w.repay(billing.Repayment{PurchaseID: x.p.ID, Amount: amount, Again: true}); err != nil {
		w.Fatalf("refund of %d with %d left: %v", amount, left, err)
	}
	x.refunds = append(x.refunds, amount)
	return fmt.Sprint("staff send back ", amount)
}

// check compares the shop with the model.
func (w *walker) check(when string) {
	w.Helper()
	balance, debt := w.total()
	if b := w.balance(w.buyer); int64(b.Balance) != balance || int64(b.Debt) != debt {
		w.Fatalf("%s: %d credits and a debt of %d, the model says %d and %d", when, b.Balance, b.Debt, balance, debt)
	}
	err := w.db.View(context.Background(), func(tx *store.Tx) error {
		for i, x := range w.all {
			lot, err := tx.PaidLot(x.p.ID)
			if err != nil {
				return err
			}
			left, owed := x.stands()
			if int64(lot.Remaining) != left || int64(lot.Debt()) != owed {
				w.Fatalf("%s: purchase %d holds %d and owes %d, the model says %d and %d", when, i, lot.Remaining, lot.Debt(), left, owed)
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func TestMoneyAgreesWithTheModel(t *testing.T) {
	// Some webhooks are lost: then the next comparison brings us there.
	each(t, func(r *rig) {
		seed := uint64(20261125)
		w := &walker{rig: r, rand: rand.New(rand.NewPCG(seed, 1))}
		r.shop.Relaxed = true
		for i := range 250 {
			since := r.clock.Now().Add(-time.Hour)
			r.line.drop = w.rand.IntN(5) == 0
			did := w.step()
			when := fmt.Sprintf("seed %d, step %d, %s", seed, i+1, did)
			if r.line.drop {
				r.reconcile(since)
			}
			w.check(when)
			if i%50 == 49 {
				storetest.Audit(r.T, r.db)
			}
		}
		w.settle()
	})
}

// settle ends the walk: every open dispute is won and every refund fails. Then
// nothing is owed but for the payments a bank took for good.
func (w *walker) settle() {
	w.Helper()
	w.line.drop = false
	var owed int64
	for _, x := range w.all {
		if x.disputed && !x.over {
			w.outcome(x.p, "dispute_won")
			x.disputed, x.over = false, true
		}
		for i, n := range x.refunds {
			if n > 0 {
				w.outcome(x.p, "refund_failed")
				x.refunds[i] = 0
			}
		}
		if x.disputed {
			owed += x.used
		}
	}
	w.check("settled")
	if b := w.balance(w.buyer); int64(b.Debt) != owed {
		w.Errorf("in the end a debt of %d, want %d", b.Debt, owed)
	}
}
