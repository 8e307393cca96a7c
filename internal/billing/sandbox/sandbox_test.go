package sandbox_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/billingtest"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// letters are the webhooks a sandbox sent.
type letters struct {
	headers []http.Header
	bodies  [][]byte
}

func newSandbox(db *store.DB, clock *storetest.Clock) (*sandbox.Provider, *letters) {
	var l letters
	return &sandbox.Provider{DB: db, IDs: kinpict.IDs{Now: clock.Now, Rand: rand.Reader}, Now: clock.Now, PublicURL: "http://localhost:8080",
		Keys: [][]byte{sandbox.Key([]byte("secret"))},
		Deliver: func(_ context.Context, h http.Header, body []byte) error {
			l.headers, l.bodies = append(l.headers, h), append(l.bodies, body)
			return nil
		}}, &l
}

func TestSandboxIsAProvider(t *testing.T) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			clock := storetest.NewClock()
			db := storetest.New(t, kind, clock)
			n := 0
			billingtest.Conform(t, func(t *testing.T) billingtest.Subject {
				// The books are shared, so each case brings its own purchases' keys.
				p, l := newSandbox(db, clock)
				n++
				return billingtest.Subject{Provider: apart{p, n}, Now: clock.Now, Advance: clock.Advance,
					Do: func(t *testing.T, session, outcome string) {
						t.Helper()
						if err := p.Outcome(context.Background(), session, outcome); err != nil {
							t.Fatalf("%s: %v", outcome, err)
						}
					},
					Last: func() (http.Header, []byte) { return l.headers[len(l.headers)-1], l.bodies[len(l.bodies)-1] },
				}
			})
		})
	}
}

// apart keeps the keys of one case from those of another.
type apart struct {
	*sandbox.Provider
	n int
}

func (a apart) Open(ctx context.Context, o billing.Order) (billing.Session, error) {
	o.Key += "/" + strconv.Itoa(a.n)
	return a.Provider.Open(ctx, o)
}

func (a apart) Refund(ctx context.Context, r billing.Refund) error {
	r.Key += "/" + strconv.Itoa(a.n)
	return a.Provider.Refund(ctx, r)
}

func TestOutcomesThatCannotFollow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p, l := newSandbox(db, clock)
		for i, c := range []struct {
			name string
			do   []string
			then string
			code kinpict.Code
		}{
			{"refund before anything was paid", nil, "refund", kinpict.Conflict},
			{"dispute before anything was paid", []string{"delayed"}, "dispute", kinpict.Conflict},
			{"decline after it was paid", []string{"paid"}, "declined", kinpict.Conflict},
			{"delay after it was paid", []string{"paid"}, "delayed", kinpict.Conflict},
			{"pay after a bank debit failed", []string{"delayed", "declined"}, "paid", kinpict.Conflict},
			{"win a dispute that nobody opened", []string{"paid"}, "dispute_won", kinpict.Conflict},
			{"lose a dispute that was won", []string{"paid", "dispute", "dispute_won"}, "dispute_lost", kinpict.Conflict},
			{"open a dispute that was lost", []string{"paid", "dispute", "dispute_lost"}, "dispute", kinpict.Conflict},
			{"fail a refund that was not made", []string{"paid"}, "refund_failed", kinpict.Conflict},
			{"fail a refund twice", []string{"paid", "refund", "refund_failed"}, "refund_failed", kinpict.Conflict},
			{"close a question nobody asked", []string{"paid"}, "inquiry_closed", kinpict.Conflict},
			{"dispute what was prevented", []string{"paid", "dispute_prevented"}, "dispute", kinpict.Conflict},
			{"prevent a dispute that is open", []string{"paid", "dispute"}, "dispute_prevented", kinpict.Conflict},
			{"ask after a dispute", []string{"paid", "dispute"}, "inquiry", kinpict.Conflict},
			{"a word nobody knows", nil, "gift", kinpict.Invalid},
			{"pay after a day", []string{"wait"}, "paid", kinpict.Conflict},
		} {
			id := open(t, p, clock, string(rune('a'+i)))
			for _, o := range c.do {
				if o == "wait" {
					clock.Advance(24 * time.Hour)
				} else if err := p.Outcome(context.Background(), id, o); err != nil {
					t.Fatalf("%s: %s: %v", c.name, o, err)
				}
			}
			before, sent := payment(t, p, id), len(l.bodies)
			if err := p.Outcome(context.Background(), id, c.then); kinpict.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", c.name, err, c.code)
			}
			if after := payment(t, p, id); after.Status != before.Status || after.Refunded != before.Refunded || after.Disputed() != before.Disputed() {
				t.Errorf("%s: the books went from %+v to %+v", c.name, before, after)
			}
			if len(l.bodies) != sent {
				t.Errorf("%s: told the product", c.name)
			}
		}
		if err := p.Outcome(context.Background(), "cs_unknown", "paid"); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("an unknown checkout: %v, want not_found", err)
		}
	})
}

func TestPageOffersWhatCanHappen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p, _ := newSandbox(db, clock)
		id := open(t, p, clock, "a")
		for _, step := range []struct {
			do   string
			want []string
		}{
			{"", []string{"paid", "declined", "delayed", "duplicate"}},
			{"delayed", []string{"paid", "declined", "delayed", "duplicate"}},
			{"paid", []string{"paid", "duplicate", "refund", "partial_refund", "fraud_warning", "inquiry", "dispute_prevented", "dispute"}},
			{"partial_refund", []string{"paid", "duplicate", "refund", "partial_refund", "refund_failed", "fraud_warning", "inquiry", "dispute_prevented", "dispute"}},
			{"inquiry", []string{"paid", "duplicate", "refund", "partial_refund", "refund_failed", "fraud_warning", "inquiry", "inquiry_closed", "dispute"}},
			{"dispute", []string{"paid", "duplicate", "refund", "partial_refund", "refund_failed", "fraud_warning", "dispute", "dispute_won", "dispute_lost"}},
		} {
			if step.do != "" {
				if err := p.Outcome(context.Background(), id, step.do); err != nil {
					t.Fatalf("%s: %v", step.do, err)
				}
			}
			s, err := p.Session(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.Outcomes, step.want) {
				t.Errorf("after %q the page offers %v, want %v", step.do, s.Outcomes, step.want)
			}
			if s.Title != "80 credits" || s.Price != (kinpict.Money{Amount: 1200, Currency: "usd"}) || s.ReturnURL != "http://localhost:8080/checkout/return" {
				t.Errorf("the page shows %+v", s)
			}
		}
	})
}

func TestDuplicateTellsOnePaymentThreeTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p, l := newSandbox(db, clock)
		if err := p.Outcome(context.Background(), open(t, p, clock, "a"), "duplicate"); err != nil {
			t.Fatal(err)
		}
		if len(l.bodies) != 3 || string(l.bodies[0]) != string(l.bodies[1]) || string(l.bodies[1]) == string(l.bodies[2]) {
			t.Errorf("sent %q, want one event twice and another", l.bodies)
		}
	})
}

func open(t *testing.T, p *sandbox.Provider, clock *storetest.Clock, key string) string {
	t.Helper()
	page, err := p.Open(context.Background(), billing.Order{PurchaseID: "pur_" + key, Key: key, Title: "80 credits", Price: kinpict.Money{Amount: 1200, Currency: "usd"},
		ReturnURL: "http://localhost:8080/checkout/return", ExpiresAt: clock.Now().Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return page.ID
}

func payment(t *testing.T, p *sandbox.Provider, id string) billing.State {
	t.Helper()
	st, err := p.Payment(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}
