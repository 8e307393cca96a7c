package e2e

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/app"
	"kinpict/internal/config"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// A stack is the whole product in this process. Only the workers do not run by
// themselves: a test says when.
type stack struct {
	*testing.T
	app   *app.App
	url   string
	press *press
	log   *journal

	clock string // file that shifts the product's time
	shift time.Duration
	keys  int
	tally sync.Mutex // guards keys
}

// secret is the master secret of every product under test.
const secret = "a secret of at least 32 characters, for tests"

// each runs f on a fresh product for every kind of database.
func each(t *testing.T, f func(s *stack)) {
	t.Helper()
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f(newStack(t, kind, nil))
		})
	}
}

// newStack starts the product on an empty database of that kind. change, if
// given, edits its settings.
func newStack(t *testing.T, kind string, change func(*config.Config)) *stack {
	t.Helper()
	s := &stack{T: t, press: newPress(t), log: &journal{}, clock: filepath.Join(t.TempDir(), "clock")}
	cfg, ln := settings(t, kind, s.press.url)
	cfg.Clock = s.clock
	if change != nil {
		change(cfg)
	}
	s.url = cfg.PublicURL
	s.app = start(t, cfg, ln, slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	t.Cleanup(func() {
		if text := s.log.String(); t.Failed() {
			t.Logf("the product's log:\n%s", text)
		} else if strings.Contains(text, "request failed") || strings.Contains(text, "panic") {
			t.Errorf("the product failed by its own fault:\n%s", text)
		}
	})
	return s
}

// settings are those of a product on a loopback address, and its listener.
func settings(t testing.TB, kind, engine string) (*config.Config, net.Listener) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{Listen: ln.Addr().String(), PublicURL: "http://" + ln.Addr().String(), Data: t.TempDir(), SecretKey: secret,
		Engines: "openai", OpenAIBaseURL: engine, OpenAIModel: "stand-in", OpenAIDialect: "openai", Payments: "sandbox", Limits: "default", Languages: "en,de", Workers: 1}
	if kind == "postgres" {
		cfg.DatabaseURL = config.Secret(storetest.URL(t, kind))
	}
	return cfg, ln
}

// start opens the product, serves it, and audits its books when the test ends.
func start(t testing.TB, cfg *config.Config, ln net.Listener, log *slog.Logger) *app.App {
	t.Helper()
	a, err := app.Open(context.Background(), cfg, log)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if err := a.Ready(context.Background(), true); err != nil {
		t.Fatalf("ready: %v", err)
	}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
	srv.Start()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		if !t.Failed() {
			storetest.Audit(t, a.DB)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return a
}

// journal is a log several goroutines write to.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// pass lets time pass for the product.
func (s *stack) pass(d time.Duration) {
	s.Helper()
	s.shift += d
	if err := setClock(s.clock, s.shift); err != nil {
		s.Fatal(err)
	}
}

// setClock writes the file whole: a reader sees the old shift or the new one.
func setClock(file string, shift time.Duration) error {
	next := file + ".next"
	if err := os.WriteFile(next, []byte(shift.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(next, file)
}

// key is a fresh idempotency key.
func (s *stack) key() string {
	s.tally.Lock()
	defer s.tally.Unlock()
	s.keys++
	return fmt.Sprintf("key-%d", s.keys)
}

// draw lets a worker do what waits now, each once.
func (s *stack) draw() {
	s.Helper()
	for {
		did, err := s.app.Studio.Once(s.Context())
		if err != nil {
			s.Fatalf("draw: %v", err)
		}
		if !did {
			return
		}
	}
}

// finish draws and lets pauses between attempts pass until the generation is done.
func (s *stack) finish(c *client.Client, id string) *client.Generation {
	s.Helper()
	for range 10 {
		s.draw()
		if g := s.generation(c, id); g.Status.Done() {
			return g
		}
		s.pass(time.Minute)
	}
	s.Fatalf("generation %s is not done after ten minutes", id)
	return nil
}

func (s *stack) generation(c *client.Client, id string) *client.Generation {
	s.Helper()
	g, err := c.Generation(s.Context(), id)
	if err != nil {
		s.Fatalf("generation %s: %v", id, err)
	}
	return g
}

// apply puts another price book into force, now or at a time to come.
func (s *stack) apply(at time.Time, change func(*kinpict.Catalog)) {
	s.Helper()
	book := kinpict.DefaultCatalog()
	change(book)
	if _, err := s.app.Shop.Apply(s.Context(), "test", "a test of prices", book, at, false); err != nil {
		s.Fatalf("apply catalog: %v", err)
	}
}

func rate(quality string, credits kinpict.Credits) func(*kinpict.Catalog) {
	return func(c *kinpict.Catalog) {
		for i := range c.Qualities {
			if c.Qualities[i].ID == quality {
				c.Qualities[i].Credits = credits
			}
		}
	}
}

// audit proves the books in the middle of a test.
func (s *stack) audit() {
	s.Helper()
	found, err := s.app.DB.Audit(s.Context(), store.Whole)
	if err != nil || len(found) > 0 {
		s.Errorf("audit: %v %v", found, err)
	}
}
