package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/billing"
	"kinpict/internal/config"
	"kinpict/internal/store/storetest"
)

// customers share the load, so that what is measured is not one account's row.
const customers = 64

// A site is something that takes requests of customers: the product, or the
// bare handler beside it.
type site struct {
	name   string
	url    string
	tokens []string // and the photo of each, after a space
	body   []byte
}

// product is ours, with its limits relaxed and no worker running.
func product(b *testing.B, kind, dbURL string) *site {
	b.Helper()
	cfg, ln := settings(b, "sqlite", "")
	cfg.Engines, cfg.Limits = "studio", "relaxed"
	if kind == "postgres" {
		cfg.DatabaseURL = config.Secret(dbURL)
	}
	a := start(b, cfg, ln, slog.New(slog.DiscardHandler))
	s := &site{name: "ours", url: cfg.PublicURL}
	staff := kinpict.Caller{AccountID: "operator", Email: "operator", Role: kinpict.Operator}
	if _, err := a.People.CreateAccount(b.Context(), "another@example.org", kinpict.Operator); err != nil {
		b.Fatal(err)
	}
	for i := range customers {
		email := fmt.Sprintf("customer%d@example.org", i)
		acc, err := a.People.CreateAccount(b.Context(), email, kinpict.Customer)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Shop.Grant(b.Context(), staff, billing.Adjustment{AccountID: acc.ID, Credits: kinpict.MaxPack, Reason: "benchmark", Approver: "another@example.org"}); err != nil {
			b.Fatal(err)
		}
		token, err := a.People.CreateToken(b.Context(), email, "benchmark")
		if err != nil {
			b.Fatal(err)
		}
		s.tokens = append(s.tokens, token)
	}
	s.body = s.request(b)
	return s
}

// request is a body that every customer may send: the photo is the same upload,
// so each gets an id of their own, put in when sending.
func (s *site) request(b *testing.B) []byte {
	b.Helper()
	for i, token := range s.tokens {
		c := &client.Client{Base: s.url, Token: token}
		p, err := c.AddPhoto(b.Context(), "photo.jpg", photo(0))
		if err != nil {
			b.Fatal(err)
		}
		s.tokens[i] = token + " " + p.ID
	}
	body, err := json.Marshal(client.Request{Quality: kinpict.Standard, Scenario: "gallery", Instruction: "Everyone together, bright and calm.",
		Photos: []client.PhotoUse{{ID: "PHOTO", Role: "parent", Label: "Ann"}}, Aspect: "4:5", CatalogVersion: 1})
	if err != nil {
		b.Fatal(err)
	}
	return body
}

var serial atomic.Int64

// accept sends one paid request of a customer.
func (s *site) accept(ctx context.Context, c *http.Client, customer int) error {
	token, id, _ := strings.Cut(s.tokens[customer], " ")
	body := bytes.Replace(s.body, []byte("PHOTO"), []byte(id), 1)
	return s.call(ctx, c, http.MethodPost, "/api/v1/generations", token, body, http.StatusAccepted)
}

// balance reads a customer's credits.
func (s *site) balance(ctx context.Context, c *http.Client, customer int) error {
	token, _, _ := strings.Cut(s.tokens[customer], " ")
	return s.call(ctx, c, http.MethodGet, "/api/v1/credits", token, nil, http.StatusOK)
}

func (s *site) call(ctx context.Context, c *http.Client, method, path, token string, body []byte, want int) error {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", fmt.Sprint("bench-", serial.Add(1)))
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}

// drive sends b.N calls over that many connections and returns calls a second.
func drive(b *testing.B, connections int, call func(ctx context.Context, c *http.Client, customer int) error) float64 {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	var next atomic.Int64
	waits := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	b.ResetTimer()
	for range connections {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				begun := time.Now()
				if err := call(b.Context(), c, i%customers); err != nil {
					b.Error(err)
					return
				}
				waits[i] = time.Since(begun)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(waits)
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "calls/s")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
	return rate
}

// BenchmarkAcceptHTTP is paid requests accepted, durably, over HTTP: ours, and a
// bare handler that writes the same rows and does nothing else. On PostgreSQL it
// writes them in one statement, on SQLite in one transaction each. Both run in
// this process with the generator, on a database that syncs every commit.
func BenchmarkAcceptHTTP(b *testing.B) {
	beside(b, (*site).accept)
}

// BenchmarkBalanceHTTP is balances read: ours proves a token and lists the lots,
// the bare handler reads one row.
func BenchmarkBalanceHTTP(b *testing.B) {
	beside(b, (*site).balance)
}

func beside(b *testing.B, call func(*site, context.Context, *http.Client, int) error) {
	table := []string{fmt.Sprintf("%-10s %12s %12s %12s %8s", "database", "connections", "ours/s", "bare/s", "ratio")}
	for _, kind := range storetest.Kinds {
		ourURL, bareURL := "", ""
		if kind == "postgres" {
			ourURL = storetest.Durable(b)
			bareURL = sibling(b, ourURL)
		}
		ours, plain := product(b, kind, ourURL), bare(b, kind, bareURL)
		for _, n := range []int{1, 8, 32} {
			rates := map[string]float64{}
			for _, s := range []*site{ours, plain} {
				b.Run(fmt.Sprintf("%s/%d/%s", kind, n, s.name), func(b *testing.B) {
					rates[s.name] = drive(b, n, func(ctx context.Context, c *http.Client, customer int) error { return call(s, ctx, c, customer) })
				})
			}
			if rates["bare"] > 0 && rates["ours"] > 0 {
				table = append(table, fmt.Sprintf("%-10s %12d %12.0f %12.0f %8.2f", kind, n, rates["ours"], rates["bare"], rates["ours"]/rates["bare"]))
			}
		}
	}
	if len(table) > 1 {
		fmt.Printf("\n%s over HTTP\n%s\n\n", b.Name(), strings.Join(table, "\n")) // a log of b is shown only where it fails
	}
}

// listen serves a handler as the product's own is served.
func listen(b *testing.B, h http.Handler) string {
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	return srv.URL
}
