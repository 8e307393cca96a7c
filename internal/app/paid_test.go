package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing/stripe/stripetest"
	"kinpict/internal/store"
)

// BenchmarkPaymentToCredits takes the time from the moment somebody pays to the
// first answer of GET /credits that has the credits: through the sandbox's page
// and its webhook, and through a stand-in for Stripe that takes 150 ms for each
// question. It reports the middle and the slowest of a hundred.
func BenchmarkPaymentToCredits(b *testing.B) {
	b.Run("sandbox", func(b *testing.B) {
		cfg := stripeSettings(b, &stripetest.Bank{})
		cfg.Payments, cfg.StripeMode, cfg.StripeKey, cfg.StripeSecrets, cfg.StripeBaseURL = "sandbox", "", "", "", ""
		ctx := context.Background()
		a, err := Open(ctx, cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = a.Close() })
		if err := a.Ready(ctx, true); err != nil {
			b.Fatal(err)
		}
		h, err := a.Handler()
		if err != nil {
			b.Fatal(err)
		}
		s := httptest.NewServer(h)
		b.Cleanup(s.Close)
		a.Config.Listen = s.Listener.Addr().String()
		buyer := kinpict.Caller{AccountID: a.ids.New(kinpict.AccountPrefix), Email: "ann@example.com", Role: kinpict.Customer}
		err = a.DB.Update(ctx, func(tx *store.Tx) error {
			_, _, err := tx.AddAccount(kinpict.Account{ID: buyer.AccountID, Email: buyer.Email, Role: buyer.Role, Status: "active", CreatedAt: tx.Now()})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		pay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		timePayments(b, a, s.URL, buyer, func(p *kinpict.Purchase) error {
			page, err := url.Parse(p.URL)
			if err != nil {
				return err
			}
			resp, err := pay.PostForm(s.URL+page.Path, url.Values{"outcome": {"paid"}})
			if err != nil {
				return err
			}
			if resp.StatusCode != http.StatusSeeOther {
				return fmt.Errorf("the page answers %d", resp.StatusCode)
			}
			return resp.Body.Close()
		})
	})
	b.Run("stripe", func(b *testing.B) {
		bank := stripetest.New(b, time.Now)
		a, base, buyer := stall(b, bank)
		bank.Delay = 150 * time.Millisecond
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { a.Shop.Attend(ctx); close(done) }()
		b.Cleanup(func() { cancel(); <-done })
		timePayments(b, a, base, buyer, func(p *kinpict.Purchase) error { return bank.Do(ctx, p.SessionID, "paid") })
	})
}

func timePayments(b *testing.B, a *App, base string, buyer kinpict.Caller, pay func(*kinpict.Purchase) error) {
	token, err := a.People.CreateToken(context.Background(), buyer.Email, "bench")
	if err != nil {
		b.Fatal(err)
	}
	took := make([]time.Duration, b.N)
	for i := range b.N {
		p := buy(b, a, buyer, fmt.Sprint("k", i))
		start := time.Now()
		if err := pay(p); err != nil {
			b.Fatal(err)
		}
		for credits(b, base, token) < 80*(i+1) {
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
}

func credits(b *testing.B, base, token string) (n int) {
	req, err := http.NewRequest(http.MethodGet, base+"/api/v1/credits", strings.NewReader(""))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Available int }
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(body, &got)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("GET /credits: %d, %v", resp.StatusCode, err)
	}
	return got.Available
}
