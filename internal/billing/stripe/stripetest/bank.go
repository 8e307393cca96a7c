// Package stripetest is a stand-in for Stripe's API, for tests: it keeps the
// objects a shop causes, honours idempotency keys, sends signed events, and
// fails where a test says so. What it answers to a wrong request is its own
// choice; Stripe's stripe-mock judges the requests' shapes.
package stripetest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinpict/internal/billing"
)

const (
	// Key is the one API key the bank knows.
	Key = "sk_test_standin"
	// Secret signs its webhooks.
	Secret = "whsec_stand_in"

	taxPercent = 10
)

// An object is one of Stripe's, as its JSON.
type object map[string]any

func (o object) text(field string) string { s, _ := o[field].(string); return s }
func (o object) number(field string) int64 {
	n, _ := o[field].(int64)
	return n
}

// A Fault is what becomes of a request.
type Fault struct {
	Status int    // answered instead, with Code and Msg
	Code   string // such as lock_timeout
	Msg    string // in words; empty for some
	Lost   bool   // the request takes effect and its answer does not arrive
	Hang   bool   // no answer comes at all, and nothing takes effect
}

// A Bank is the stand-in.
type Bank struct {
	URL string
	// Now is the bank's clock.
	Now func() time.Time
	// Deliver is its way to the shop; nil drops every event.
	Deliver func(ctx context.Context, h http.Header, body []byte) error
	// Secrets sign the events.
	Secrets []string
	// Page is how many objects a list holds at most, 100 if zero.
	Page int
	// Delay is how long each answer takes, for measurements.
	Delay time.Duration
	// APIVersion of the events.
	APIVersion string

	mu      sync.Mutex
	live    bool
	fault   func(r *http.Request) Fault
	kinds   map[string][]object // newest last
	answers map[string]answer   // by idempotency key
	calls   map[string]int      // by method and path without ids
	first   int64               // ids of several banks in one test differ
	n       int64
	stop    chan struct{}
}

// An answer is what an idempotency key will get for ever.
type answer struct {
	asked string
	body  []byte
}

// Kinds of objects, by the path of their lists.
const (
	sessions = "checkout/sessions"
	intents  = "payment_intents"
	charges  = "charges"
	refunds  = "refunds"
	disputes = "disputes"
	warnings = "radar/early_fraud_warnings"
	events   = "events"
)

var banks atomic.Int64

// New starts a bank that ends with the test.
func New(t testing.TB, now func() time.Time) *Bank {
	t.Helper()
	b := &Bank{first: banks.Add(1) * 1_000_000, Now: now, Secrets: []string{Secret}, kinds: map[string][]object{}, answers: map[string]answer{}, calls: map[string]int{}, stop: make(chan struct{})}
	s := httptest.NewServer(b)
	b.URL = s.URL
	t.Cleanup(func() {
		close(b.stop)
		s.Close()
	})
	return b
}

// Fail has f decide about every request from now on; nil ends that.
func (b *Bank) Fail(f func(r *http.Request) Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

// Live puts whatever is made from now on into live mode, or back.
func (b *Bank) Live(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = on
}

// Forget drops every idempotency key, as Stripe does after a day.
func (b *Bank) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.answers)
}

// Count is how many objects of a kind there are, such as "refunds".
func (b *Bank) Count(kind string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.kinds[kind])
}

// Calls is how often a route was called, such as "POST checkout/sessions".
func (b *Bank) Calls(route string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[route]
}

// Field is a field of the newest object of a kind, in JSON.
func (b *Bank) Field(kind, field string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.kinds[kind]
	if len(all) == 0 {
		return ""
	}
	text, err := json.Marshal(all[len(all)-1][field])
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ID is the id of the newest object of a kind.
func (b *Bank) ID(kind string) string { return strings.Trim(b.Field(kind, "id"), `"`) }

// Put adds an object made elsewhere, such as a payment of another use of the account.
func (b *Bank) Put(kind string, fields map[string]any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(kind, fields["id"].(string), fields)
}

// add stores a new object. The caller holds mu.
func (b *Bank) add(kind, id string, fields object) object {
	if id == "" || strings.HasSuffix(id, "_") {
		b.n++
		id += fmt.Sprint(b.first + b.n)
	}
	o := object{"id": id, "livemode": b.live, "created": b.Now().Unix()}
	for k, v := range fields {
		o[k] = v
	}
	b.kinds[kind] = append(b.kinds[kind], o)
	return o
}

// find is an object by id, or nil. The caller holds mu.
func (b *Bank) find(kind, id string) object {
	for _, o := range b.kinds[kind] {
		if o.text("id") == id {
			return o
		}
	}
	return nil
}

// of are the objects of a payment intent, oldest first. The caller holds mu.
func (b *Bank) of(kind, intent string) []object {
	return slices.DeleteFunc(slices.Clone(b.kinds[kind]), func(o object) bool { return o.text("payment_intent") != intent })
}

// event makes an event about an object as it is now. The caller holds mu.
func (b *Bank) event(kind string, about object) object {
	text, err := json.Marshal(about)
	if err != nil {
		panic(err)
	}
	version := b.APIVersion
	if version == "" {
		version = "2026-03-25.dahlia"
	}
	return b.add(events, "evt_", object{"object": "event", "type": kind, "api_version": version, "data": object{"object": json.RawMessage(text)}})
}

// send delivers an event. The caller does not hold mu: the shop asks back.
func (b *Bank) send(ctx context.Context, e object) error {
	b.mu.Lock()
	body, err := json.Marshal(e)
	deliver := b.Deliver
	b.mu.Unlock()
	if err != nil {
		return err
	}
	if deliver == nil {
		return nil
	}
	return deliver(ctx, b.Sign(body), body)
}

// Sign is the header of an event's body, at this time.
func (b *Bank) Sign(body []byte) http.Header {
	var keys [][]byte
	for _, s := range b.Secrets {
		keys = append(keys, []byte(s))
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Stripe-Signature", billing.Sign(b.Now(), body, keys...))
	return h
}
