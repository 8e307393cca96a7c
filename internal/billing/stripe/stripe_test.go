package stripe_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/billingtest"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/billing/stripe/stripetest"
	"kinpict/internal/store/storetest"
)

// A rig is a provider, the bank it talks to, and the webhooks that came.
type rig struct {
	*testing.T
	clock  *storetest.Clock
	bank   *stripetest.Bank
	shop   *stripe.Provider
	log    bytes.Buffer
	header http.Header
	body   []byte
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, clock: storetest.NewClock()}
	r.bank = stripetest.New(t, r.clock.Now)
	r.bank.Deliver = func(_ context.Context, h http.Header, body []byte) error {
		r.header, r.body = h, body
		return nil
	}
	r.shop = r.provider(stripetest.Key)
	return r
}

func (r *rig) provider(key string) *stripe.Provider {
	// net/http repeats what was lost on an old connection; here only the library is to.
	alone := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	p := stripe.New(stripe.Config{HTTP: alone, Key: key, Secrets: []string{stripetest.Secret}, BaseURL: r.bank.URL, Now: r.clock.Now, Timeout: 10 * time.Second,
		Log: slog.New(slog.NewTextHandler(&r.log, nil))})
	p.RetryAtOnce()
	return p
}

func (r *rig) do(session string, outcomes ...string) {
	r.Helper()
	for _, o := range outcomes {
		if err := r.bank.Do(context.Background(), session, o); err != nil {
			r.Fatal(err)
		}
	}
}

func (r *rig) order(id string) billing.Order {
	return billing.Order{PurchaseID: id, Key: "open-" + id, Title: "80 credits", Price: usd(1200), Email: "ann@example.com",
		ReturnURL: "http://localhost:8080/checkout/return?purchase=" + id, ExpiresAt: r.clock.Now().Add(24 * time.Hour)}
}

func (r *rig) open(id string) string {
	r.Helper()
	s, err := r.shop.Open(context.Background(), r.order(id))
	if err != nil {
		r.Fatal(err)
	}
	return s.ID
}

func (r *rig) state(ref string) billing.State {
	r.Helper()
	st, err := r.shop.Payment(context.Background(), ref)
	if err != nil {
		r.Fatalf("%s: %v", ref, err)
	}
	return st
}

func TestStripeIsAProvider(t *testing.T) {
	billingtest.Conform(t, func(t *testing.T) billingtest.Subject {
		r := newRig(t)
		r.bank.Page = 2 // so that every list has pages
		return billingtest.Subject{Provider: r.shop, Now: r.clock.Now, Advance: r.clock.Advance,
			Do:   func(t *testing.T, session, outcome string) { t.Helper(); r.do(session, outcome) },
			Last: func() (http.Header, []byte) { return r.header, r.body }}
	})
}

func usd(n int64) kinpict.Money { return kinpict.Money{Amount: n, Currency: "usd"} }
