package billing_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

// A step is something that happens at the provider, or a picture that is paid
// with credits ("spend 20"), fails ("fail") or comes out ("deliver").
func (r *rig) step(p *kinpict.Purchase, s string, pictures *[]string) {
	r.Helper()
	var n kinpict.Credits
	switch {
	case strings.HasPrefix(s, "spend"):
		if _, err := fmt.Sscanf(s, "spend %d", &n); err != nil {
			r.Fatal(err)
		}
		*pictures = append(*pictures, r.spend(n)...)
	case s == "fail":
		r.update(func(tx *store.Tx) error {
			for _, id := range *pictures {
				if _, err := tx.Cancel(r.buyer.AccountID, id); err != nil {
					return err
				}
				if _, err := tx.Return(id, "test"); err != nil {
					return err
				}
			}
			return nil
		})
	case s == "buy":
		r.outcome(r.checkout(r.buyer, "credits-80"), "paid")
	default:
		r.outcome(p, s)
	}
}

func TestMoneyThatGoesBack(t *testing.T) {
	type after struct {
		step          string
		balance, debt kinpict.Credits
		state         string
	}
	type row struct {
		name  string
		steps []after
	}
	cases(t, []row{
		{"M3 30 % and then the rest", []after{{"paid", 80, 0, "paid"}, {"partial_refund", 56, 0, "partially_refunded"}, {"refund", 0, 0, "refunded"}, {"refund", 0, 0, "refunded"}}},
		{"LEDGER 31 30 % three times is reckoned from their sum", []after{{"paid", 80, 0, "paid"}, {"partial_refund", 56, 0, "partially_refunded"},
			{"partial_refund", 32, 0, "partially_refunded"}, {"partial_refund", 8, 0, "partially_refunded"}, {"partial_refund", 0, 0, "refunded"}}},
		{"LEDGER 32 a full refund after 20 were used", []after{{"paid", 80, 0, "paid"}, {"spend 20", 60, 0, "paid"}, {"refund", 0, 20, "refunded"}}},
		{"LEDGER 33 and a new purchase", []after{{"paid", 80, 0, "paid"}, {"spend 20", 60, 0, "paid"}, {"refund", 0, 20, "refunded"}, {"buy", 80, 20, "refunded"}}},
		{"Q1 disputed and unspent", []after{{"paid", 80, 0, "paid"}, {"buy", 160, 0, "paid"}, {"dispute", 80, 0, "disputed"}}},
		{"Q2 disputed after all was spent", []after{{"paid", 80, 0, "paid"}, {"spend 80", 0, 0, "paid"}, {"dispute", 0, 80, "disputed"}, {"buy", 80, 80, "disputed"}}},
		{"Q3 disputed and won", []after{{"paid", 80, 0, "paid"}, {"spend 32", 48, 0, "paid"}, {"dispute", 0, 32, "disputed"}, {"dispute_won", 48, 0, "paid"}, {"dispute_won", 48, 0, "paid"}}},
		{"Q4 disputed and lost", []after{{"paid", 80, 0, "paid"}, {"spend 32", 48, 0, "paid"}, {"dispute", 0, 32, "disputed"}, {"dispute_lost", 0, 32, "disputed"}, {"dispute_lost", 0, 32, "disputed"}}},
		{"LEDGER 35 disputed and refunded is not lost twice", []after{{"paid", 80, 0, "paid"}, {"partial_refund", 56, 0, "partially_refunded"}, {"dispute", 0, 0, "disputed"},
			{"refund", 0, 0, "refunded"}, {"dispute_won", 0, 0, "refunded"}}},
		{"a dispute won after a partial refund", []after{{"paid", 80, 0, "paid"}, {"partial_refund", 56, 0, "partially_refunded"}, {"dispute", 0, 0, "disputed"}, {"dispute_won", 56, 0, "partially_refunded"}}},
		{"LEDGER 37 a picture fails after its lot was taken back", []after{{"paid", 80, 0, "paid"}, {"spend 32", 48, 0, "paid"}, {"refund", 0, 32, "refunded"}, {"fail", 0, 0, "refunded"}}},
		{"and the dispute is won", []after{{"paid", 80, 0, "paid"}, {"spend 32", 48, 0, "paid"}, {"dispute", 0, 32, "disputed"}, {"fail", 0, 0, "disputed"}, {"dispute_won", 80, 0, "paid"}}},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		p := r.checkout(r.buyer, "credits-80")
		var pictures []string
		for _, s := range c.steps {
			r.step(p, s.step, &pictures)
			r.wantCredits("after "+s.step, s.balance, s.debt)
			r.wantState("after "+s.step, p, s.state)
		}
	})
}

func TestDebtBlocksOnlyWhatItDoesNotLeave(t *testing.T) {
	// Q2: buy 80 while 80 are owed, and nothing can be spent.
	each(t, func(r *rig) {
		var pictures []string
		p := r.checkout(r.buyer, "credits-80")
		for _, s := range []string{"paid", "spend 76", "dispute", "buy"} {
			r.step(p, s, &pictures)
		}
		if b := r.balance(r.buyer); b.Balance != 80 || b.Debt != 76 || b.Available != 4 {
			r.Errorf("%+v, want 80 credits, 76 owed, 4 to spend", b)
		}
	})
}

func TestInquiryHoldsNothing(t *testing.T) {
	// Q6, LEDGER 36.
	for status, held := range map[string]bool{"warning_needs_response": false, "warning_under_review": false, "warning_closed": false, "won": false, "prevented": false,
		"needs_response": true, "under_review": true, "lost": true} {
		want := int64(0)
		if held {
			want = 1200
		}
		st := billing.State{Disputes: []billing.Dispute{{Status: status, Amount: 1200}}}
		if got := st.Disputed(); got != want {
			t.Errorf("a dispute that is %s holds %d, want %d", status, got, want)
		}
	}
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		r.line.answer = func(st *billing.State) error {
			st.Disputes = []billing.Dispute{{Status: "warning_under_review", Amount: 1200}}
			return nil
		}
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Fatal(err)
		}
		r.wantCredits("during an inquiry", 80, 0)
		r.wantState("during an inquiry", p, "paid")
	})
}

func TestAWarningIsForStaffAndPausesNothing(t *testing.T) {
	// Q6: docs/adr/0010.
	type row struct {
		outcomes []string
		listed   bool
		state    string
		left     kinpict.Credits
	}
	cases(t, []row{
		{[]string{"fraud_warning"}, true, "paid", 76},
		{[]string{"inquiry"}, true, "paid", 76},
		{[]string{"inquiry", "inquiry_closed"}, false, "paid", 76},
		{[]string{"fraud_warning", "refund"}, false, "refunded", 0},
	}, func(c row) string { return strings.Join(c.outcomes, " ") }, func(r *rig, c row) {
		p := r.bought()
		r.spend(4)
		r.outcome(p, c.outcomes...)
		r.wantState("then", p, c.state)
		if c.left > 0 {
			r.wantCredits("then", c.left, 0)
			r.spend(4)
			r.wantCredits("and they can be spent", c.left-4, 0)
		}
		all, err := r.shop.Dossiers(context.Background(), clerk, "attention", r.buyer.AccountID, "", 10)
		if err != nil || len(all) == 1 != c.listed {
			r.Errorf("%d for the attention of staff, %v", len(all), err)
		}
	})
}

func TestRefundThatFailsLater(t *testing.T) {
	// M2, LEDGER 38: the provider's sum of refunds falls again.
	each(t, func(r *rig) {
		var pictures []string
		p := r.checkout(r.buyer, "credits-80")
		r.step(p, "paid", &pictures)
		r.step(p, "spend 20", &pictures)
		r.line.answer = func(st *billing.State) error { st.Refunded = 1200; return nil }
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Fatal(err)
		}
		r.wantCredits("refunded", 0, 20)
		r.line.answer = nil
		if err := r.shop.Sync(context.Background(), p.ID); err != nil {
			r.Fatal(err)
		}
		r.wantCredits("the refund failed", 60, 0)
		r.wantState("the refund failed", p, "paid")
	})
}

func TestRefundedBeforeWeHeardOfThePayment(t *testing.T) {
	// LEDGER 30: granted and taken back in one go, both in the statement.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.line.drop = true
		r.outcome(p, "paid", "refund")
		if err := r.post(r.line.last()); err != nil {
			r.Fatal(err)
		}
		r.wantState("then", p, "refunded")
		r.wantCredits("then", 0, 0)
		lines, _, err := r.shop.Statement(context.Background(), r.buyer, billing.Filter{}, "", 0)
		if err != nil || len(lines) != 2 || lines[0].Kind != "reverse" || lines[1].Kind != "purchase" || lines[0].Purchase != p.ID {
			r.Errorf("the statement says %+v, %v", lines, err)
		}
	})
}

// permutations calls f with every order of n things.
func permutations(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var visit func(k int)
	visit = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			visit(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	visit(0)
}

func TestFiveEventsInEveryOrder(t *testing.T) {
	// W2. The books of each person are their own.
	for _, c := range []struct {
		last    string
		state   string
		credits kinpict.Credits
	}{{"dispute_won", "partially_refunded", 56}, {"dispute_lost", "disputed", 0}} {
		t.Run(c.last, func(t *testing.T) {
			each(t, func(r *rig) {
				r.shop.Relaxed = true
				n := 0
				permutations(5, func(order []int) {
					r.buyer = r.person(fmt.Sprint("p", n))
					p := r.checkout(r.buyer, "credits-80")
					r.line.drop, r.line.letters = true, nil
					// One letter of each thing that happened, though Stripe writes two of some.
					r.outcome(p, "duplicate")
					events := []letter{r.line.letters[0], r.line.last()}
					for _, o := range []string{"partial_refund", "dispute", c.last} {
						r.outcome(p, o)
						events = append(events, r.line.last())
					}
					if len(events) != 5 {
						r.Fatalf("%d events, want 5", len(events))
					}
					for i, k := range order {
						if err := r.post(events[k]); err != nil {
							r.Fatalf("order %v, event %d: %v", order, i, err)
						}
					}
					r.wantCredits(fmt.Sprint("order ", order), c.credits, 0)
					r.wantState(fmt.Sprint("order ", order), p, c.state)
					r.wantGrants(fmt.Sprint("order ", order), 1)
					n++
				})
				if n != 120 {
					r.Errorf("%d orders, want 120", n)
				}
				r.wantInbox("all", map[string]int{"done": 600})
			})
		})
	}
}

func TestStatesSeenInEveryOrder(t *testing.T) {
	// What Sync sees may skip any state and see any twice; only the last counts.
	each(t, func(r *rig) {
		r.shop.Relaxed = true
		states := []func(*billing.State){
			func(*billing.State) {},
			func(st *billing.State) { st.Refunded = 360 },
			func(st *billing.State) { st.Disputes = []billing.Dispute{{Status: "needs_response", Amount: 1200}} },
			func(st *billing.State) {
				st.Disputes = []billing.Dispute{{Status: "won", Amount: 1200}}
				st.Refunded = 360
			},
			func(st *billing.State) { st.Refunded = 1200 },
		}
		left := []kinpict.Credits{80, 56, 0, 56, 0}
		n := 0
		permutations(5, func(order []int) {
			r.buyer = r.person(fmt.Sprint("p", n))
			n++
			p := r.checkout(r.buyer, "credits-80")
			r.line.drop, r.line.answer = true, nil
			r.outcome(p, "paid")
			for _, k := range order {
				r.line.answer = func(st *billing.State) error { states[k](st); return nil }
				if err := r.shop.Sync(context.Background(), p.ID); err != nil {
					r.Fatal(err)
				}
				r.wantCredits(fmt.Sprint("state ", k, " of the order ", order), left[k], 0)
			}
			r.wantGrants(fmt.Sprint("order ", order), 1)
		})
	})
}

// The books keep the state a payment came to; the person reads words.
func TestStatementSaysWhatBecameOfAPaymentInWords(t *testing.T) {
	type row struct{ steps, want []string } // the lines' reasons, the newest first
	cases(t, []row{
		{[]string{"paid", "partial_refund", "refund"}, []string{"The money went back.", "Part of the money went back.", ""}},
		{[]string{"paid", "dispute", "dispute_won"}, []string{"The payment stands.", "The bank holds the payment.", ""}},
		{[]string{"paid", "partial_refund", "dispute", "dispute_won"},
			[]string{"The payment stands, but for the part that went back.", "The bank holds the payment.", "Part of the money went back.", ""}},
	}, func(c row) string { return strings.Join(c.steps, ", ") }, func(r *rig, c row) {
		p := r.checkout(r.buyer, "credits-80")
		for _, s := range c.steps {
			r.step(p, s, nil)
		}
		lines, _, err := r.shop.Statement(context.Background(), r.buyer, billing.Filter{}, "", 0)
		if err != nil {
			r.Fatal(err)
		}
		var got []string
		for _, l := range lines {
			got = append(got, l.Reason)
		}
		if !slices.Equal(got, c.want) {
			r.Errorf("the statement says %q, want %q", got, c.want)
		}
	})
}
