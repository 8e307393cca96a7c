// Package billingtest is what every payment provider must do, as one suite.
package billingtest

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
)

// A Subject is a provider to be tested, and the world around it.
type Subject struct {
	Provider billing.Provider
	// Now is the provider's clock, Advance moves it.
	Now     func() time.Time
	Advance func(time.Duration)
	// Do lets something happen to a session, in the words of the sandbox: paid,
	// declined, delayed, partial_refund, refund, dispute, dispute_won, dispute_lost.
	Do func(t *testing.T, session, outcome string)
	// Last is the webhook that was sent last.
	Last func() (http.Header, []byte)
}

// Conform tests a provider. fresh makes one that nothing happened to.
func Conform(t *testing.T, fresh func(t *testing.T) Subject) {
	t.Run("the same order is the same session", func(t *testing.T) {
		s := fresh(t)
		a, b := s.open(t, "pur_1"), s.open(t, "pur_1")
		if a != b || a.ID == "" || a.URL == "" {
			t.Errorf("one order opened %+v and %+v", a, b)
		}
		if c := s.open(t, "pur_2"); c.ID == a.ID || c.URL == a.URL {
			t.Errorf("two orders share the session %+v", c)
		}
	})
	t.Run("a key is good for one order", func(t *testing.T) {
		s := fresh(t)
		s.open(t, "pur_1")
		o := s.order("pur_1")
		o.Price.Amount = 1
		if got, err := s.Provider.Open(context.Background(), o); err == nil {
			t.Errorf("another price under the same key opened %+v", got)
		}
	})
	t.Run("nobody knows a session that was never opened", func(t *testing.T) {
		s := fresh(t)
		if st, err := s.Provider.Payment(context.Background(), "cs_unknown"); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("an unknown session is %+v, %v; want not_found", st, err)
		}
	})

	const whole = 1200
	for _, c := range []struct {
		name               string
		do                 []string
		status             string
		refunded, disputed int64
	}{
		{"opened", nil, billing.Open, 0, 0},
		{"paid", []string{"paid"}, billing.Paid, 0, 0},
		{"paid twice", []string{"paid", "paid"}, billing.Paid, 0, 0},
		{"declined", []string{"declined"}, billing.Failed, 0, 0},
		{"another card after a declined one", []string{"declined", "paid"}, billing.Paid, 0, 0},
		{"paid later", []string{"delayed"}, billing.Processing, 0, 0},
		{"paid later, and it came", []string{"delayed", "paid"}, billing.Paid, 0, 0},
		{"paid later, and it did not come", []string{"delayed", "declined"}, billing.Failed, 0, 0},
		{"refunded in part", []string{"paid", "partial_refund"}, billing.Paid, 360, 0},
		{"refunded in two parts", []string{"paid", "partial_refund", "partial_refund"}, billing.Paid, 720, 0},
		{"refunded in part, then the rest", []string{"paid", "partial_refund", "refund"}, billing.Paid, whole, 0},
		{"disputed", []string{"paid", "dispute"}, billing.Paid, 0, whole},
		{"dispute won", []string{"paid", "dispute", "dispute_won"}, billing.Paid, 0, 0},
		{"dispute lost", []string{"paid", "dispute", "dispute_lost"}, billing.Paid, 0, whole},
		{"disputed after a partial refund", []string{"paid", "partial_refund", "dispute"}, billing.Paid, 360, whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fresh(t)
			page := s.open(t, "pur_1")
			for _, o := range c.do {
				s.Do(t, page.ID, o)
			}
			st, err := s.Provider.Payment(context.Background(), page.ID)
			if err != nil {
				t.Fatalf("payment: %v", err)
			}
			if st.Status != c.status || st.Refunded != c.refunded || st.Disputed() != c.disputed {
				t.Errorf("%s, %d refunded, %d disputed; want %s, %d, %d", st.Status, st.Refunded, st.Disputed(), c.status, c.refunded, c.disputed)
			}
			if st.SessionID != page.ID || st.PurchaseID != "pur_1" || st.Price != s.order("pur_1").Price || st.Livemode {
				t.Errorf("the payment is of %+v", st)
			}
			if st.Status == billing.Paid && st.PaymentID == "" {
				t.Errorf("a paid session has no payment id")
			}
			if len(c.do) == 0 {
				return
			}
			h, body := s.Last()
			e, err := s.Provider.Event(h, body)
			if err != nil || e.ID == "" || e.Type == "" || e.Livemode {
				t.Fatalf("the event about it is %+v, %v", e, err)
			}
			if about, err := s.Provider.Payment(context.Background(), e.Object); err != nil || about.SessionID != page.ID {
				t.Errorf("the event's object %q is %+v, %v", e.Object, about, err)
			}
		})
	}

	t.Run("an open session expires", func(t *testing.T) {
		s := fresh(t)
		page := s.open(t, "pur_1")
		s.Advance(24 * time.Hour)
		if st, err := s.Provider.Payment(context.Background(), page.ID); err != nil || st.Status != billing.Expired {
			t.Errorf("after 24 hours the session is %q, %v; want expired", st.Status, err)
		}
	})

	for _, c := range []struct {
		name  string
		spoil func(s Subject, h http.Header, body []byte) []byte
	}{
		{"unsigned", func(_ Subject, h http.Header, b []byte) []byte { clear(h); return b }},
		{"an altered byte", func(_ Subject, _ http.Header, b []byte) []byte { b[len(b)/2] ^= 1; return b }},
		{"a byte more", func(_ Subject, _ http.Header, b []byte) []byte { return append(b, ' ') }},
		{"301 seconds old", func(s Subject, _ http.Header, b []byte) []byte { s.Advance(301 * time.Second); return b }},
		{"301 seconds ahead", func(s Subject, _ http.Header, b []byte) []byte { s.Advance(-301 * time.Second); return b }},
	} {
		t.Run("an event is refused: "+c.name, func(t *testing.T) {
			s := fresh(t)
			s.Do(t, s.open(t, "pur_1").ID, "paid")
			h, body := s.Last()
			h, body = h.Clone(), bytes.Clone(body)
			if _, err := s.Provider.Event(h, body); err != nil {
				t.Fatalf("as it was sent: %v", err)
			}
			body = c.spoil(s, h, body)
			if e, err := s.Provider.Event(h, body); kinpict.CodeOf(err) != kinpict.Invalid {
				t.Errorf("read as %+v, %v; want invalid_request", e, err)
			}
		})
	}
}

// order is a purchase of 80 credits, the same each time it is asked for.
func (s Subject) order(id string) billing.Order {
	return billing.Order{PurchaseID: id, Key: "open-" + id, Title: "80 credits", Price: kinpict.Money{Amount: 1200, Currency: "usd"},
		ReturnURL: "http://localhost:8080/checkout/return?purchase=" + id, ExpiresAt: s.Now().Add(24 * time.Hour)}
}

func (s Subject) open(t *testing.T, id string) billing.Session {
	t.Helper()
	page, err := s.Provider.Open(context.Background(), s.order(id))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return page
}
