package stripe_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/billing/stripe/stripetest"
)

// once is a fault of the first request of a method, and of no other.
func once(method string, f stripetest.Fault) func(*http.Request) stripetest.Fault {
	done := false
	return func(r *http.Request) stripetest.Fault {
		if done || r.Method != method {
			return stripetest.Fault{}
		}
		done = true
		return f
	}
}

// always is a fault of every request of a method.
func always(method string, f stripetest.Fault) func(*http.Request) stripetest.Fault {
	return func(r *http.Request) stripetest.Fault {
		if r.Method != method {
			return stripetest.Fault{}
		}
		return f
	}
}

var passing = []struct {
	name  string
	fault stripetest.Fault
}{
	{"the answer is lost after the effect", stripetest.Fault{Lost: true}},
	{"a lock", stripetest.Fault{Status: 429, Code: "lock_timeout"}},
}

func TestFaultsThatPassHaveOneEffect(t *testing.T) {
	// P2 and M1: the library tries again with the same key.
	for _, c := range passing {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.bank.Fail(once("POST", c.fault))
			id := r.open("pur_1")
			if n, calls := r.bank.Count("checkout/sessions"), r.bank.Calls("POST checkout/sessions"); n != 1 || calls != 2 {
				t.Errorf("%d sessions by %d calls, want 1 by 2", n, calls)
			}
			r.do(id, "paid")
			r.bank.Fail(once("POST", c.fault))
			if err := r.shop.Refund(context.Background(), billing.Refund{PaymentID: r.bank.ID("payment_intents"), Key: "a", Amount: 300}); err != nil {
				t.Errorf("refund: %v", err)
			}
			r.bank.Fail(once("GET", c.fault))
			if st := r.state(id); st.Refunded != 300 || r.bank.Count("refunds") != 1 {
				t.Errorf("%d refunded in %d refunds, want 300 in one", st.Refunded, r.bank.Count("refunds"))
			}
		})
	}
}

func TestAskedAgainAfterEveryAnswerWasLost(t *testing.T) {
	// The person, or the worker, comes back after the library gave up; for a
	// refund also after Stripe has forgotten the key.
	for _, forgotten := range []bool{false, true} {
		r := newRig(t)
		r.bank.Fail(always("POST", stripetest.Fault{Lost: true}))
		if s, err := r.shop.Open(context.Background(), r.order("pur_1")); err == nil || kinpict.CodeOf(err) != kinpict.Internal {
			t.Errorf("opened %+v, %v; want an error that may pass", s, err)
		}
		r.bank.Fail(always("POST", stripetest.Fault{Status: 500}))
		if s, err := r.shop.Open(context.Background(), r.order("pur_1")); err == nil {
			t.Errorf("opened %+v", s)
		}
		r.bank.Fail(nil)
		id := r.open("pur_1")
		if n := r.bank.Count("checkout/sessions"); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
		r.do(id, "paid")
		back := billing.Refund{PaymentID: r.bank.ID("payment_intents"), Key: "a", Amount: 300}
		r.bank.Fail(always("POST", stripetest.Fault{Lost: true}))
		if err := r.shop.Refund(context.Background(), back); err == nil {
			t.Error("a refund whose answer was lost is said to be made")
		}
		r.bank.Fail(nil)
		if forgotten {
			r.bank.Forget()
		}
		if err := r.shop.Refund(context.Background(), back); err != nil {
			t.Errorf("again: %v", err)
		}
		if n := r.bank.Count("refunds"); n != 1 {
			t.Errorf("%d refunds, want 1 (keys forgotten: %t)", n, forgotten)
		}
	}
}

func TestFaultsThatStay(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault stripetest.Fault
		setup bool
		calls int
	}{
		{"too many requests", stripetest.Fault{Status: 429, Code: "rate_limit"}, false, 1},
		{"no answer each time", stripetest.Fault{Lost: true}, false, 3},
		{"a 500, which the library leaves to us", stripetest.Fault{Status: 500}, false, 1},
		{"a 503", stripetest.Fault{Status: 503}, false, 1},
		{"two requests at once of one key", stripetest.Fault{Status: 409, Code: "idempotency_key_in_use"}, false, 1},
		{"a revoked key", stripetest.Fault{Status: 401}, true, 1},
		{"a key that may not", stripetest.Fault{Status: 403}, true, 1},
	} {
		r := newRig(t)
		id := r.open("pur_1")
		r.bank.Fail(func(*http.Request) stripetest.Fault { return c.fault })
		_, err := r.shop.Payment(context.Background(), id)
		if kinpict.CodeOf(err) != kinpict.Internal || errors.Is(err, billing.ErrSetup) != c.setup {
			t.Errorf("%s: %v; want no word for people, and the operator's fault: %t", c.name, err, c.setup)
		}
		if n := r.bank.Calls("GET checkout/sessions"); n != c.calls {
			t.Errorf("%s: asked %d times, want %d", c.name, n, c.calls)
		}
		n := 0
		for st, err := range r.shop.Recent(context.Background(), r.clock.Now()) {
			if n++; err == nil {
				t.Errorf("%s: listed %+v", c.name, st)
			}
		}
		if n != 1 {
			t.Errorf("%s: the list ended with %d errors, want 1", c.name, n)
		}
		if strings.Contains(err.Error(), stripetest.Key) {
			t.Errorf("%s: the key is in the error: %v", c.name, err)
		}
	}
}

func TestAnAddressThatStripeRefusesIsNotLogged(t *testing.T) {
	r := newRig(t)
	o := r.order("pur_1")
	r.bank.Fail(once("POST", stripetest.Fault{Status: 400, Code: "email_invalid", Msg: "Invalid email address: " + o.Email}))
	_, err := r.shop.Open(context.Background(), o)
	if err == nil || !strings.Contains(err.Error(), "Invalid email address") || strings.Contains(err.Error(), o.Email) {
		t.Errorf("refused with %v, want why and not whose", err)
	}
}

func TestNoAnswerAtAll(t *testing.T) {
	r := newRig(t)
	id := r.open("pur_1")
	r.bank.Fail(func(*http.Request) stripetest.Fault { return stripetest.Fault{Hang: true} })
	p := stripe.New(stripe.Config{Key: stripetest.Key, BaseURL: r.bank.URL, Now: r.clock.Now, Timeout: 30 * time.Millisecond})
	if st, err := p.Payment(context.Background(), id); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read %+v, %v; want the end of the time allowed", st, err)
	}
}

func TestAKeyThatIsNotTheAccounts(t *testing.T) {
	r := newRig(t)
	if _, err := r.provider("sk_test_other").Open(context.Background(), r.order("pur_1")); !errors.Is(err, billing.ErrSetup) {
		t.Errorf("another key: %v, want the operator's fault", err)
	}
}

func TestEveryObjectLeadsToItsPayment(t *testing.T) {
	r := newRig(t)
	r.bank.Page = 1
	quiet := r.open("pur_quiet")
	r.do(quiet, "paid")
	id := r.open("pur_1")
	r.do(id, "paid", "partial_refund", "partial_refund", "fraud_warning", "inquiry", "dispute", "dispute_won")
	for _, kind := range []string{"payment_intents", "charges", "refunds", "disputes", "radar/early_fraud_warnings"} {
		ref := r.bank.ID(kind)
		if st := r.state(ref); st.SessionID != id || st.PurchaseID != "pur_1" || st.Refunded != 720 || !st.Warned || len(st.Disputes) != 1 || st.Disputed() != 0 {
			t.Errorf("%s is %+v", ref, st)
		}
	}
	if st := r.state(quiet); st.Refunded != 0 || st.Warned || len(st.Disputes) != 0 {
		t.Errorf("the other payment is %+v", st)
	}
	r.bank.Put("payment_intents", map[string]any{"id": "pi_elsewhere", "object": "payment_intent", "status": "succeeded", "metadata": map[string]any{}})
	for _, ref := range []string{"pi_elsewhere", "in_1", "re_unknown", "dp_unknown", "ch_unknown", "issfr_unknown", ""} {
		if st, err := r.shop.Payment(context.Background(), ref); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("%q is %+v, %v; want not_found", ref, st, err)
		}
	}
}

func TestForeignPaymentsAreNotListed(t *testing.T) {
	r := newRig(t)
	id := r.open("pur_1")
	r.do(id, "paid")
	for _, kind := range []string{"payment_intents", "refunds", "disputes"} {
		r.bank.Put(kind, map[string]any{"id": kind + "_elsewhere", "payment_intent": "pi_elsewhere", "status": "succeeded", "created": r.clock.Now().Unix()})
	}
	var got []string
	for st, err := range r.shop.Recent(context.Background(), r.clock.Now()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, st.SessionID)
	}
	if len(got) != 1 || got[0] != id {
		t.Errorf("listed %v, want %s", got, id)
	}
}

func TestADisputeInAnotherCurrencyHoldsThePayment(t *testing.T) {
	r := newRig(t)
	id := r.open("pur_1")
	r.do(id, "paid")
	r.bank.Put("disputes", map[string]any{"id": "du_eur", "payment_intent": r.bank.ID("payment_intents"), "status": "needs_response", "amount": int64(1100), "currency": "eur"})
	if st := r.state(id); st.Disputed() != 1200 {
		t.Errorf("%d is disputed, want all 1200", st.Disputed())
	}
}

func TestRefundsThatWait(t *testing.T) {
	for status, want := range map[string]int64{"succeeded": 300, "pending": 300, "requires_action": 300, "failed": 0, "canceled": 0} {
		r := newRig(t)
		id := r.open("pur_1")
		r.do(id, "paid")
		r.bank.Put("refunds", map[string]any{"id": "re_x", "payment_intent": r.bank.ID("payment_intents"), "status": status, "amount": int64(300), "currency": "usd"})
		if st := r.state(id); st.Refunded != want {
			t.Errorf("a refund that is %s counts %d, want %d", status, st.Refunded, want)
		}
	}
}

func TestLiveObjectsSayThatTheyAre(t *testing.T) {
	r := newRig(t)
	r.bank.Live(true)
	id := r.open("pur_1")
	r.do(id, "paid")
	if st := r.state(id); !st.Livemode {
		t.Error("a live payment passes for a test")
	}
	if e, err := r.shop.Event(r.header, r.body); err != nil || !e.Livemode {
		t.Errorf("a live event is %+v, %v", e, err)
	}
}

func TestStripeLearnsNothingButTheOrder(t *testing.T) {
	// What leaves the house, word by word.
	r := newRig(t)
	o := r.order("pur_1")
	o.Tax = true
	if _, err := r.shop.Open(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"metadata": `{"purchase":"pur_1"}`, "client_reference_id": `"pur_1"`, "customer_email": `"ann@example.com"`,
		"automatic_tax": `{"enabled":true}`, "amount_subtotal": "1200", "currency": `"usd"`} {
		if got := r.bank.Field("checkout/sessions", field); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	text, err := json.Marshal(stripe.OrderParams(o))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(text); strings.Contains(s, "allow_promotion_codes") || !strings.Contains(s, `"adaptive_pricing":{"enabled":false}`) ||
		strings.Count(s, `{"purchase":"pur_1"}`) != 2 || !strings.Contains(s, `"tax_behavior":"exclusive"`) {
		t.Errorf("sent %s", s)
	}
	o.ExpiresAt = r.clock.Now().Add(24*time.Hour + 4*time.Minute) // our clock is ahead
	o.PurchaseID, o.Key = "pur_2", "open-pur_2"
	if _, err := r.shop.Open(context.Background(), o); err != nil {
		t.Errorf("with a clock 4 minutes ahead: %v", err)
	}
}
