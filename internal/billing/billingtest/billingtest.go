// Package billingtest is what every payment provider must do, as one suite.
package billingtest

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
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
	// Do lets something happen to a session, in the words of the sandbox's outcomes.
	Do func(t *testing.T, session, outcome string)
	// Last is the webhook that was sent last.
	Last func() (http.Header, []byte)
}

// whole is the price of every order here.
const whole = 1200

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

	for _, c := range []struct {
		name               string
		do                 []string
		status             string
		refunded, disputed int64
	}{
		{"told twice", []string{"duplicate"}, billing.Paid, 0, 0},
		{"a refund that failed", []string{"paid", "partial_refund", "refund_failed"}, billing.Paid, 0, 0},
		{"the second refund failed", []string{"paid", "partial_refund", "refund", "refund_failed"}, billing.Paid, 360, 0},
		{"refunded after a refund that failed", []string{"paid", "refund", "refund_failed", "partial_refund"}, billing.Paid, 360, 0},
		{"an inquiry", []string{"paid", "inquiry"}, billing.Paid, 0, 0},
		{"an inquiry that was closed", []string{"paid", "inquiry", "inquiry_closed"}, billing.Paid, 0, 0},
		{"an inquiry that became a dispute", []string{"paid", "inquiry", "dispute"}, billing.Paid, 0, whole},
		{"a dispute that was prevented", []string{"paid", "dispute_prevented"}, billing.Paid, 0, 0},
		{"a warning of fraud", []string{"paid", "fraud_warning"}, billing.Paid, 0, 0},
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
			if st.Warned != slices.Contains(c.do, "fraud_warning") {
				t.Errorf("a warning: %t", st.Warned)
			}
			for _, d := range st.Disputes {
				if d.ID == "" || d.Status == "" || d.Reason == "" || d.Amount != whole || d.Status != "prevented" && !d.DueBy.After(s.Now()) {
					t.Errorf("the dispute is %+v", d)
				}
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

	money(t, fresh)

	for _, c := range []struct {
		name   string
		do     []string
		status string
	}{
		{"open", nil, billing.Expired},
		{"declined", []string{"declined"}, billing.Expired},
		{"under way", []string{"delayed"}, billing.Processing},
		{"paid", []string{"paid"}, billing.Paid},
		{"refunded", []string{"paid", "refund"}, billing.Paid},
		{"failed after it was under way", []string{"delayed", "declined"}, billing.Failed},
	} {
		t.Run("a session that is ended while "+c.name, func(t *testing.T) {
			s := fresh(t)
			page := s.open(t, "pur_1")
			for _, o := range c.do {
				s.Do(t, page.ID, o)
			}
			for range 2 {
				if err := s.Provider.Expire(context.Background(), page.ID); err != nil {
					t.Errorf("expire: %v", err)
				}
			}
			if st, err := s.Provider.Payment(context.Background(), page.ID); err != nil || st.Status != c.status {
				t.Errorf("it is %s, %v; want %s", st.Status, err, c.status)
			}
		})
	}
	t.Run("a session nobody knows cannot be ended", func(t *testing.T) {
		if err := fresh(t).Provider.Expire(context.Background(), "cs_unknown"); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("%v, want not_found", err)
		}
	})
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

// money tests what goes back at the shop's wish, and what is listed.
func money(t *testing.T, fresh func(t *testing.T) Subject) {
	ctx := context.Background()
	t.Run("tax is on top, and refunds count it", func(t *testing.T) {
		s := fresh(t)
		o := s.order("pur_1")
		o.Tax = true
		page, err := s.Provider.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		s.Do(t, page.ID, "paid")
		if st, err := s.Provider.Payment(ctx, page.ID); err != nil || st.Price != o.Price || st.Tax != 120 {
			t.Errorf("paid %+v with a tax of %d, %v; want 120", st.Price, st.Tax, err)
		}
		s.Do(t, page.ID, "refund")
		if st, err := s.Provider.Payment(ctx, page.ID); err != nil || st.Refunded != 1320 {
			t.Errorf("%d refunded, %v; want 1320", st.Refunded, err)
		}
	})
	t.Run("a refund", func(t *testing.T) {
		s := fresh(t)
		page := s.open(t, "pur_1")
		unpaid := s.open(t, "pur_2")
		s.Do(t, page.ID, "paid")
		st, err := s.Provider.Payment(ctx, page.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name     string
			do       string
			refund   billing.Refund
			code     kinpict.Code
			refunded int64
		}{
			{"of a part", "", billing.Refund{PaymentID: st.PaymentID, Key: "a", Amount: 300, Reason: "requested_by_customer"}, "", 300},
			{"the same again", "", billing.Refund{PaymentID: st.PaymentID, Key: "a", Amount: 300, Reason: "requested_by_customer"}, "", 300},
			{"another under its key", "", billing.Refund{PaymentID: st.PaymentID, Key: "a", Amount: 301}, kinpict.Conflict, 300},
			{"more than is left", "", billing.Refund{PaymentID: st.PaymentID, Key: "b", Amount: 901}, kinpict.Conflict, 300},
			{"nothing", "", billing.Refund{PaymentID: st.PaymentID, Key: "c"}, kinpict.Conflict, 300},
			{"of a payment nobody knows", "", billing.Refund{PaymentID: "pi_unknown", Key: "d", Amount: 1}, kinpict.NotFound, 300},
			{"while a dispute has it", "dispute", billing.Refund{PaymentID: st.PaymentID, Key: "e", Amount: 1}, kinpict.Conflict, 300},
			{"of the rest once it is won", "dispute_won", billing.Refund{PaymentID: st.PaymentID, Key: "f", Amount: 900}, "", whole},
			{"once all is back", "", billing.Refund{PaymentID: st.PaymentID, Key: "g", Amount: 1}, kinpict.Conflict, whole},
			{"the first again after it failed", "refund_failed", billing.Refund{PaymentID: st.PaymentID, Key: "f", Amount: 900}, "", 300},
			{"of the rest under another key", "", billing.Refund{PaymentID: st.PaymentID, Key: "h", Amount: 900}, "", whole},
		} {
			if step.do != "" {
				s.Do(t, page.ID, step.do)
			}
			if err := s.Provider.Refund(ctx, step.refund); kinpict.CodeOf(err) != step.code {
				t.Errorf("%s: %v, want %q", step.name, err, step.code)
			}
			if st, err := s.Provider.Payment(ctx, page.ID); err != nil || st.Refunded != step.refunded {
				t.Errorf("%s: %d refunded, %v; want %d", step.name, st.Refunded, err, step.refunded)
			}
		}
		if st, err := s.Provider.Payment(ctx, unpaid.ID); err != nil || st.Refunded != 0 {
			t.Errorf("the other session: %+v, %v", st, err)
		}
	})
	t.Run("what moved is listed once, as it stands", func(t *testing.T) {
		s := fresh(t)
		pages := map[string]string{}
		for _, name := range []string{"quiet", "failed", "refund", "dispute", "warned", "open", "late"} {
			page := s.open(t, "pur_"+name)
			pages[page.ID] = name
			if name != "open" && name != "late" {
				s.Do(t, page.ID, "paid")
			}
			switch name {
			case "failed":
				s.Do(t, page.ID, "partial_refund")
			case "late":
				s.Do(t, page.ID, "delayed")
			}
		}
		s.Advance(time.Hour)
		since := s.Now()
		fresh := s.open(t, "pur_new")
		pages[fresh.ID] = "new"
		s.Do(t, fresh.ID, "paid")
		for id, name := range pages {
			for _, o := range map[string][]string{"failed": {"refund_failed"}, "refund": {"partial_refund", "partial_refund"}, "dispute": {"dispute", "dispute_won"},
				"warned": {"fraud_warning"}, "late": {"paid"}}[name] {
				s.Do(t, id, o)
			}
		}
		got := map[string]int{}
		for st, err := range s.Provider.Recent(ctx, since) {
			if err != nil {
				t.Fatal(err)
			}
			name := pages[st.SessionID]
			if name == "" {
				continue // of another case
			}
			got[name]++
			if now, err := s.Provider.Payment(ctx, st.SessionID); err != nil || now.Refunded != st.Refunded || now.Warned != st.Warned || now.Status != billing.Paid {
				t.Errorf("%s is listed as %+v and is %+v, %v", name, st, now, err)
			}
		}
		if want := map[string]int{"new": 1, "failed": 1, "refund": 1, "dispute": 1, "warned": 1, "late": 1}; !maps.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
	})
}

// order is a purchase of 80 credits, the same each time it is asked for.
func (s Subject) order(id string) billing.Order {
	return billing.Order{PurchaseID: id, Key: "open-" + id, Title: "80 credits", Price: kinpict.Money{Amount: whole, Currency: "usd"},
		Email: "ann@example.com", ReturnURL: "http://localhost:8080/checkout/return?purchase=" + id, ExpiresAt: s.Now().Add(24 * time.Hour)}
}

func (s Subject) open(t *testing.T, id string) billing.Session {
	t.Helper()
	page, err := s.Provider.Open(context.Background(), s.order(id))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return page
}
