package stripe_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/billing/stripe/stripetest"
	"kinpict/internal/store/storetest"
)

// startMock runs Stripe's own stripe-mock on loopback ports of the machine's
// choice and returns its address. It holds every request against Stripe's
// description of the API.
func startMock(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("go", "tool", "stripe-mock", "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go tool has a child
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("stripe-mock: %v", err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // killed, as it was meant
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "Listening for HTTP at address: "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }() // its log must not block it
			return "http://" + addr
		}
	}
	t.Fatalf("stripe-mock ended before it listened: %v", lines.Err())
	return ""
}

// A witness notes what became of each request.
type witness struct {
	mu    sync.Mutex
	calls map[string]int // route to the worst status
	said  []string
}

var ids = regexp.MustCompile(`/(cs_test|pi|ch|re|dp|issfr)_[^/]*(/expire)?$`)

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	route := r.Method + " " + ids.ReplaceAllString(r.URL.Path, "/{id}$2")
	if r.URL.Query().Has("payment_intent") {
		route += "?payment_intent"
	}
	w.calls[route] = max(w.calls[route], resp.StatusCode)
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body := string(text)
	if resp.StatusCode != http.StatusOK {
		w.said = append(w.said, route+": "+body)
	}
	if strings.HasSuffix(route, "sessions/{id}") {
		// The fixture is open; what is asked about a paid one has a shape too.
		var o map[string]any
		if err := json.Unmarshal(text, &o); err != nil {
			return nil, err
		}
		o["payment_intent"], o["payment_status"] = "pi_1", "paid"
		if text, err = json.Marshal(o); err != nil {
			return nil, err
		}
		body = string(text)
	}
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return resp, nil
}

func TestEveryCallHasAShapeThatStripeTakes(t *testing.T) {
	w := &witness{calls: map[string]int{}}
	clock := storetest.NewClock()
	p := stripe.New(stripe.Config{Key: stripetest.Key, BaseURL: startMock(t), HTTP: &http.Client{Transport: w}, Now: clock.Now})
	ctx := context.Background()
	r := &rig{T: t, clock: clock}
	for _, tax := range []bool{false, true} {
		o := r.order("pur_1")
		o.Tax = tax
		if _, err := p.Open(ctx, o); err != nil {
			t.Errorf("open: %v", err)
		}
	}
	if err := p.Expire(ctx, "cs_test_1"); err != nil {
		t.Errorf("expire: %v", err)
	}
	for _, reason := range []string{"", "requested_by_customer", "duplicate", "fraudulent"} {
		if err := p.Refund(ctx, billing.Refund{PaymentID: "pi_1", Key: "k" + reason, Amount: 300, Reason: reason}); err != nil {
			t.Errorf("refund: %v", err)
		}
	}
	for _, ref := range []string{"cs_test_1", "pi_1", "ch_1", "re_1", "dp_1", "issfr_1"} {
		// What its fixtures say is no payment of ours, which is not the question.
		if _, err := p.Payment(ctx, ref); err != nil && kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("payment %s: %v", ref, err)
		}
	}
	for _, err := range p.Recent(ctx, clock.Now()) {
		if err != nil {
			t.Errorf("recent: %v", err)
		}
	}
	want := []string{"GET /v1/charges/{id}", "GET /v1/checkout/sessions/{id}", "GET /v1/checkout/sessions?payment_intent", "GET /v1/disputes", "GET /v1/disputes/{id}",
		"GET /v1/disputes?payment_intent", "GET /v1/events", "GET /v1/payment_intents", "GET /v1/radar/early_fraud_warnings/{id}",
		"GET /v1/radar/early_fraud_warnings?payment_intent", "GET /v1/refunds", "GET /v1/refunds/{id}", "GET /v1/refunds?payment_intent",
		"POST /v1/checkout/sessions", "POST /v1/checkout/sessions/{id}/expire", "POST /v1/refunds"}
	if got := slices.Sorted(maps.Keys(w.calls)); !slices.Equal(got, want) {
		t.Errorf("called %v, want %v", got, want)
	}
	for _, s := range w.said {
		t.Errorf("refused: %s", s)
	}
}

func TestWrongShapesAreRefused(t *testing.T) {
	// What the test above is worth.
	base := startMock(t)
	for _, c := range []struct{ name, method, path, form string }{
		{"a mode that does not exist", "POST", "/v1/checkout/sessions", "mode=gift&success_url=http://x"},
		{"a field that does not exist", "POST", "/v1/checkout/sessions", "mode=payment&success_url=http://x&gift=1"},
		{"words for a number", "POST", "/v1/refunds", "payment_intent=pi_1&amount=all"},
		{"a filter that does not exist", "GET", "/v1/disputes?intent=pi_1", ""},
		{"a reason that does not exist", "POST", "/v1/refunds", "payment_intent=pi_1&reason=mood"},
	} {
		req, err := http.NewRequest(c.method, base+c.path, strings.NewReader(c.form))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+stripetest.Key)
		if c.form != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", c.name, resp.StatusCode)
		}
	}
}
