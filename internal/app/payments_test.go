package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/stripe/stripetest"
	"kinpict/internal/config"
	"kinpict/internal/store"
)

// stripeSettings sell through a stand-in, with a clock that a test can shift.
func stripeSettings(t testing.TB, bank *stripetest.Bank) *config.Config {
	t.Helper()
	dir := t.TempDir()
	return &config.Config{Listen: "localhost:0", PublicURL: "http://localhost:8080", Data: dir, Engines: "studio", Payments: "stripe", StripeMode: "test", Languages: "en,de",
		StripeKey: stripetest.Key, StripeSecrets: stripetest.Secret, StripeBaseURL: bank.URL, Limits: "relaxed", Clock: filepath.Join(dir, "clock"), Workers: 1}
}

// stall is the product with a buyer, serving what the bank sends.
func stall(t testing.TB, bank *stripetest.Bank) (a *App, base string, buyer kinpict.Caller) {
	t.Helper()
	ctx := context.Background()
	a, err := Open(ctx, stripeSettings(t, bank), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.Ready(ctx, true); err != nil {
		t.Fatal(err)
	}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	buyer = kinpict.Caller{AccountID: a.ids.New(kinpict.AccountPrefix), Email: "ann@example.com", Role: kinpict.Customer}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: buyer.AccountID, Email: buyer.Email, Role: buyer.Role, Status: "active", CreatedAt: tx.Now()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	bank.Deliver = func(ctx context.Context, h http.Header, body []byte) error {
		status, err := post(ctx, s.URL, h, body)
		if err == nil && status != http.StatusNoContent {
			err = fmt.Errorf("the webhook answered %d", status)
		}
		return err
	}
	return a, s.URL, buyer
}

func post(ctx context.Context, base string, h http.Header, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = h.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

func buy(t testing.TB, a *App, buyer kinpict.Caller, key string) *kinpict.Purchase {
	t.Helper()
	o, err := a.Shop.Checkout(context.Background(), buyer, kinpict.Intent{Route: "POST /checkouts", Key: key, Hash: []byte(key),
		Answer: func(any, error) (int, []byte) { return http.StatusCreated, []byte("{}") }}, billing.Choice{Pack: "credits-80"})
	if err != nil {
		t.Fatal(err)
	}
	return o.Purchase
}

func TestStripeByItsSettings(t *testing.T) {
	bank := stripetest.New(t, time.Now)
	a, base, buyer := stall(t, bank)
	p := buy(t, a, buyer, "k")
	if !strings.HasPrefix(p.URL, "https://checkout.stripe.com/") || p.Provider != "stripe" {
		t.Errorf("the checkout is %s at %s", p.URL, p.Provider)
	}
	if err := bank.Do(context.Background(), p.SessionID, "paid"); err != nil {
		t.Fatal(err)
	}
	// Nobody attends to the queue here, so the inbox's round has to.
	if err := os.WriteFile(a.Config.Clock, []byte("+2m"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Shop.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b, err := a.Shop.Balance(context.Background(), buyer); err != nil || b.Balance != 80 {
		t.Errorf("%d credits, %v; want 80", b.Balance, err)
	}

	resp, err := http.Get(base + "/pricing")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://checkout.stripe.com;") {
		t.Errorf("forms may go on to Stripe: %s", csp)
	}
	if !strings.Contains(string(page), "no real money moves") {
		t.Error("test mode is not said on the page")
	}
	if resp, err := http.Get(base + "/sandbox/checkout/cs_1"); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("the sandbox's page answers %v, %v", resp.StatusCode, err)
	}
}

func TestStripesWebhooksRefused(t *testing.T) {
	// W4, W7
	bank := stripetest.New(t, time.Now)
	_, base, _ := stall(t, bank)
	big := []byte(`{"id":"evt_1","type":"x","pad":"` + strings.Repeat("x", 2<<20) + `"}`)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(`{"id":"evt_1","type":"x"}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	squeezed := bank.Sign(packed.Bytes())
	squeezed.Set("Content-Encoding", "gzip")
	for _, c := range []struct {
		name string
		h    http.Header
		body []byte
		want int
	}{
		{"signed", bank.Sign([]byte(`{"id":"evt_1","type":"x"}`)), []byte(`{"id":"evt_1","type":"x"}`), 204},
		{"2 MiB", bank.Sign(big), big, 413},
		{"compressed", squeezed, packed.Bytes(), 415},
		{"bad JSON", bank.Sign([]byte(`{"id":`)), []byte(`{"id":`), 400},
		{"unsigned", http.Header{}, []byte(`{"id":"evt_1","type":"x"}`), 400},
		{"altered", bank.Sign([]byte(`{"id":"evt_1","type":"x"}`)), []byte(`{"id":"evt_2","type":"x"}`), 400},
	} {
		if got, err := post(context.Background(), base, c.h, c.body); err != nil || got != c.want {
			t.Errorf("%s: %d, %v; want %d", c.name, got, err, c.want)
		}
	}
}

func TestSandboxDoesNotNameStripe(t *testing.T) {
	a, err := Open(context.Background(), &config.Config{PublicURL: "http://localhost:8080", Data: t.TempDir(), Engines: "studio", Payments: "sandbox", Limits: "default", Languages: "en,de", Workers: 1},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "stripe") || a.Shop.Provider.Name() != "sandbox" {
		t.Errorf("the sandbox's policy: %s", csp)
	}
}

// BenchmarkWebhook sends events of paid checkouts at 50 a second, with a
// provider that takes 150 ms for each of our questions, and reports the slowest
// of a hundred answers.
func BenchmarkWebhook(b *testing.B) {
	bank := stripetest.New(b, time.Now)
	a, base, buyer := stall(b, bank)
	var letters []func() (int, error)
	bank.Deliver = func(_ context.Context, h http.Header, body []byte) error {
		letters = append(letters, func() (int, error) { return post(context.Background(), base, h, body) })
		return nil
	}
	for i := range b.N {
		if err := bank.Do(context.Background(), buy(b, a, buyer, fmt.Sprint("k", i)).SessionID, "paid"); err != nil {
			b.Fatal(err)
		}
	}
	bank.Delay = 150 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	var attend sync.WaitGroup
	attend.Go(func() { a.Shop.Attend(ctx) })
	took := make([]time.Duration, b.N)
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		wg.Go(func() {
			start := time.Now()
			if status, err := letters[i](); err != nil || status != http.StatusNoContent {
				b.Errorf("event %d: %d, %v", i, status, err)
			}
			took[i] = time.Since(start)
		})
	}
	wg.Wait()
	cancel()
	attend.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
}
