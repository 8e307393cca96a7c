package openai

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/enginetest"
	"kinpict/internal/engine/fake"
)

var update = flag.Bool("update", false, "rewrite the golden form")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// A rig is a stand-in server and an engine that talks to it.
type rig struct {
	*Engine
	fake *fake.Server
	url  string
	now  time.Time
	// expire, if not nil, ends an attempt as its timeout would.
	expire chan struct{}
}

func newRig(t *testing.T, adapt func(*Config)) *rig {
	t.Helper()
	r := &rig{now: noon}
	r.fake = fake.New(fake.Config{
		Key:    "sk-canary",
		Corpus: fstest.MapFS{"words.txt": {Data: []byte("not a picture")}},
		Wait:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	srv := httptest.NewServer(r.fake)
	tr := &http.Transport{}
	t.Cleanup(func() { tr.CloseIdleConnections(); srv.CloseClientConnections(); srv.Close() })
	r.url = srv.URL
	cfg := Config{BaseURL: srv.URL + "/v1", Key: "sk-canary", Model: "stand-in", Transport: tr, Now: func() time.Time { return r.now }}
	if adapt != nil {
		adapt(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e.within = r.within
	r.Engine = e
	return r
}

func (r *rig) within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if r.expire == nil {
		return context.WithTimeout(ctx, d)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-r.expire:
			cancel(context.DeadlineExceeded)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// draw is what a worker does: draw, then judge the picture.
func (r *rig) draw(ctx context.Context, job *engine.Job) error {
	pic, err := r.Draw(ctx, job)
	if err == nil {
		_, err = engine.VerifyPicture(pic, job, r.Info())
	}
	return err
}

func TestConform(t *testing.T) {
	r := newRig(t, nil)
	enginetest.Conform(t, enginetest.Subject{
		Engine: r.Engine, Deterministic: true,
		Hold: func(t *testing.T) <-chan struct{} {
			if err := r.fake.Order(fake.Order{Mode: "gate", Arg: "hold", Times: 1}); err != nil {
				t.Fatal(err)
			}
			reached := make(chan struct{})
			go func() {
				if r.fake.Waiting(t.Context(), "hold", 1) == nil {
					close(reached)
				}
			}()
			return reached
		},
	})
}

// faults is what the adapter makes of every way the stand-in can fail.
var faults = []struct {
	mode, arg string
	want      engine.Outcome
	after     time.Duration
	says      string
}{
	{mode: "throttle", arg: "7", want: engine.Throttled, after: 7 * time.Second},
	{mode: "throttle", arg: "1500ms", want: engine.Throttled, after: 1500 * time.Millisecond},
	{mode: "throttle", arg: "nonsense", want: engine.Throttled},
	{mode: "error", arg: "500", want: engine.Transient, says: "status 500, server_error"},
	{mode: "error", arg: "503", want: engine.Transient},
	{mode: "error", arg: "408", want: engine.Transient},
	{mode: "error", arg: "409", want: engine.Transient},
	{mode: "error", arg: "504", want: engine.Ambiguous},
	{mode: "error", arg: "400", want: engine.Bad},
	{mode: "html", arg: "502", want: engine.Transient},
	{mode: "html", arg: "200", want: engine.Ambiguous, says: "text/html"},
	{mode: "text-error", want: engine.Transient},
	{mode: "json-error", want: engine.Ambiguous, says: "server_error"},
	{mode: "unauthorized", want: engine.Config},
	{mode: "forbidden", want: engine.Config},
	{mode: "payment", want: engine.Config},
	{mode: "quota", want: engine.Config, says: "insufficient_quota"},
	{mode: "no-model", want: engine.Config},
	{mode: "block", want: engine.Refused, says: "moderation_blocked"},
	{mode: "block", arg: "451", want: engine.Refused},
	{mode: "block", arg: "200", want: engine.Refused},
	{mode: "redirect", arg: "http://127.0.0.1:1/elsewhere", want: engine.Transient, says: "status 307"},
	{mode: "drop", want: engine.Ambiguous},
	{mode: "cut", want: engine.Ambiguous, says: "cut"},
	{mode: "wrong-type", want: engine.Ambiguous, says: "text/plain"},
	{mode: "raw", want: engine.Ambiguous, says: "image/jpeg"},
	{mode: "empty", want: engine.Ambiguous, says: "0 pictures"},
	{mode: "words", want: engine.Ambiguous, says: "without a picture"},
	{mode: "two", want: engine.Ambiguous, says: "2 pictures"},
	{mode: "flood", arg: "70", want: engine.Ambiguous, says: "more than"},
	{mode: "truncated", want: engine.Ambiguous, says: "cut JPEG"},
	{mode: "corpus", arg: "words.txt", want: engine.Ambiguous, says: "no readable header"},
	{mode: "pixel", want: engine.Ambiguous, says: "too small"},
	{mode: "huge", want: engine.Ambiguous, says: "too large"},
	{mode: "shape", want: engine.Ambiguous, says: "is not 4:5"},
	{mode: "small", want: engine.Ambiguous, says: "promised"},
	{mode: "moving", want: engine.Ambiguous, says: "it moves"},
	{mode: "svg", want: engine.Ambiguous, says: "no readable header"},
	{mode: "url", arg: "https://127.0.0.1/x.png", want: engine.Ambiguous, says: "address refused"},
	{mode: "url", arg: "http://example.com/x.png", want: engine.Ambiguous, says: "plain https"},
}

func TestFaults(t *testing.T) {
	for _, tt := range faults {
		t.Run(tt.mode+" "+tt.arg, func(t *testing.T) {
			r := newRig(t, nil)
			if err := r.fake.Order(fake.Order{Mode: tt.mode, Arg: tt.arg}); err != nil {
				t.Fatal(err)
			}
			err := r.draw(t.Context(), enginetest.Subject{}.Job(0))
			var e *engine.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *engine.Error", err)
			}
			if e.Outcome != tt.want || e.RetryAfter != tt.after {
				t.Errorf("got %v after %v (%v), want %v after %v", e.Outcome, e.RetryAfter, e, tt.want, tt.after)
			}
			if !strings.Contains(e.Error(), tt.says) {
				t.Errorf("got %q, want it to say %q", e, tt.says)
			}
			for _, secret := range []string{"sk-canary", "safety_violations", "Ann", "garden"} {
				if strings.Contains(e.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, e)
				}
			}
			if n := r.fake.Report().Count; n != 1 {
				t.Errorf("%d calls for one attempt, want 1", n)
			}
		})
	}
}

// A mode the stand-in learns needs a row somewhere in this file.
func TestEveryModeHasARow(t *testing.T) {
	rows := []string{"ok", "slow", "twice", "gate", "hang", "late", "drip"} // TestGoodAnswers and TestTimeout
	for _, f := range faults {
		rows = append(rows, f.mode)
	}
	for _, m := range fake.Modes() {
		if !slices.Contains(rows, m.Name) {
			t.Errorf("no row for the mode %s", m.Name)
		}
	}
}

func TestGoodAnswers(t *testing.T) {
	for _, mode := range []string{"ok", "slow", "twice", "gate"} {
		t.Run(mode, func(t *testing.T) {
			r := newRig(t, nil)
			if err := r.fake.Order(fake.Order{Mode: mode}); err != nil {
				t.Fatal(err)
			}
			if mode == "gate" {
				go func() {
					if r.fake.Waiting(t.Context(), "main", 1) == nil {
						r.fake.Open("main")
					}
				}()
			}
			if err := r.draw(t.Context(), enginetest.Subject{}.Job(0)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A hung or dripping server costs one attempt and counts as possible spend.
func TestTimeout(t *testing.T) {
	for _, tt := range []struct {
		mode  string
		drawn int // pictures the vendor made for nobody
	}{{"hang", 0}, {"gate", 0}, {"late", 1}} {
		t.Run(tt.mode, func(t *testing.T) {
			r := newRig(t, nil)
			r.expire = make(chan struct{})
			r.fake.Order(fake.Order{Mode: tt.mode})
			go func() {
				if r.fake.Until(t.Context(), func(now fake.Report) bool { return now.Count == 1 }) == nil {
					close(r.expire)
				}
			}()
			err := r.draw(t.Context(), enginetest.Subject{}.Job(0))
			if engine.OutcomeOf(err) != engine.Ambiguous {
				t.Errorf("got %v, want ambiguous", err)
			}
			gaveUp := func(now fake.Report) bool { return now.Calls[0].Outcome == "gave_up" && now.Drawn == tt.drawn }
			if err := r.fake.Until(t.Context(), gaveUp); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("drip", func(t *testing.T) {
		r := newRig(t, nil)
		r.cfg.Now = func() time.Time { r.now = r.now.Add(time.Second); return r.now } // a second a read
		r.fake.Order(fake.Order{Mode: "drip"})
		err := r.draw(t.Context(), enginetest.Subject{}.Job(0))
		if engine.OutcomeOf(err) != engine.Ambiguous || !strings.Contains(err.Error(), "too slow") {
			t.Errorf("got %v, want ambiguous, too slow", err)
		}
	})
	t.Run("the caller leaves", func(t *testing.T) {
		r := newRig(t, nil)
		r.fake.Order(fake.Order{Mode: "hang"})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if r.fake.Until(t.Context(), func(now fake.Report) bool { return now.Count == 1 }) == nil {
				cancel()
			}
		}()
		var e *engine.Error
		if err := r.draw(ctx, enginetest.Subject{}.Job(0)); !errors.Is(err, context.Canceled) || errors.As(err, &e) {
			t.Errorf("got %v, want the context's own error, which nobody counts against the engine", err)
		}
	})
	t.Run("before anything was sent", func(t *testing.T) {
		r := newRig(t, func(c *Config) {
			c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			})
		})
		r.expire = make(chan struct{})
		close(r.expire)
		if err := r.draw(t.Context(), enginetest.Subject{}.Job(0)); engine.OutcomeOf(err) != engine.Transient {
			t.Errorf("got %v, want transient: the vendor heard nothing", err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	r := newRig(t, func(c *Config) { c.BaseURL = "http://" + addr + "/v1" })
	if err := r.draw(t.Context(), enginetest.Subject{}.Job(0)); engine.OutcomeOf(err) != engine.Transient {
		t.Errorf("drawing: got %v, want transient", err)
	}
	if err := r.Check(t.Context()); engine.OutcomeOf(err) != engine.Transient {
		t.Errorf("checking: got %v, want transient", err)
	}
}

func TestPreviewIsNotForSale(t *testing.T) {
	r := newRig(t, nil)
	job := enginetest.Subject{}.Job(0)
	job.Preview = true
	if err := r.draw(t.Context(), job); engine.OutcomeOf(err) != engine.Bad || r.fake.Report().Count != 0 {
		t.Errorf("got %v after %d calls, want bad after none", err, r.fake.Report().Count)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		order fake.Order
		adapt func(*Config)
		want  engine.Outcome
		fine  bool
		logs  string
		says  string
	}{
		{name: "listed", fine: true},
		{name: "not listed", adapt: func(c *Config) { c.Model = "gone" }, fine: true, logs: "does not list"},
		{name: "wrong key", adapt: func(c *Config) { c.Key = "other" }, want: engine.Config},
		{name: "revoked key", order: fake.Order{Mode: "unauthorized"}, want: engine.Config},
		{name: "broken", order: fake.Order{Mode: "error"}, want: engine.Transient},
		{name: "a page", order: fake.Order{Mode: "html", Arg: "200"}, want: engine.Config, says: "it must end where /models begins"},
		{name: "no listing there", adapt: func(c *Config) { c.BaseURL += "/nowhere" }, fine: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			r := newRig(t, func(c *Config) {
				c.Log = slog.New(slog.NewTextHandler(&log, nil))
				if tt.adapt != nil {
					tt.adapt(c)
				}
			})
			if tt.order.Mode != "" {
				r.fake.Order(tt.order)
			}
			err := r.Check(t.Context())
			if tt.fine != (err == nil) || err != nil && engine.OutcomeOf(err) != tt.want {
				t.Errorf("got %v, want fine %v or %v", err, tt.fine, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want it to say %q", err, tt.says)
			}
			if got := log.String(); tt.logs == "" && got != "" || !strings.Contains(got, tt.logs) {
				t.Errorf("logged %q, want %q", got, tt.logs)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Model: "m", Now: time.Now}
	for _, tt := range []struct {
		name  string
		spoil func(*Config)
		says  string
	}{
		{"LocalAI", func(c *Config) { c.Dialect = engine.LocalAI }, "no edits call"},
		{"Gemini", func(c *Config) { c.Dialect = engine.Gemini }, "unknown"},
		{"no model", func(c *Config) { c.Model = "" }, "no model"},
		{"no clock", func(c *Config) { c.Now = nil }, "clock"},
		{"a file as address", func(c *Config) { c.BaseURL = "file:///etc/passwd" }, "base URL"},
		{"a password in the address", func(c *Config) { c.BaseURL = "https://u:p@host/v1" }, "base URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.spoil(&c)
			_, err := New(c)
			if engine.OutcomeOf(err) != engine.Config || err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want config, %q", err, tt.says)
			}
		})
	}
	if _, err := New(good); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

// The wire shape is a golden file, and the stand-in must see the same parts.
func TestFormGolden(t *testing.T) {
	for _, d := range []engine.Dialect{engine.OpenAI, engine.SDCpp} {
		t.Run(string(d), func(t *testing.T) {
			var seen string
			r := newRig(t, func(c *Config) {
				c.Dialect = d
				c.SafetyIdentifier = func(*engine.Job) string { return "hash" }
				next := c.Transport
				c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
					b, err := req.GetBody()
					if err != nil {
						return nil, err
					}
					seen = outline(t, req, b)
					return next.RoundTrip(req)
				})
			})
			if err := r.draw(t.Context(), enginetest.Subject{}.Job(0)); err != nil {
				t.Fatal(err)
			}
			path := "testdata/form." + string(d) + ".txt"
			if *update {
				os.MkdirAll("testdata", 0o755)
				if err := os.WriteFile(path, []byte(seen), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if seen != string(want) {
				t.Errorf("the call changed\ngot:\n%s\nwant:\n%s", seen, want)
			}
			call := r.fake.Report().Calls[0]
			if got := strings.Join(call.Fields, " "); got != "model n output_compression output_format prompt quality safety_identifier size" {
				t.Errorf("the stand-in read the fields %s", got)
			}
			if len(call.Images) != 2 || call.Images[1].Name != "image-2.jpg" || !strings.HasPrefix(call.Images[1].First, "ffd8ff") {
				t.Errorf("the stand-in read the images %+v", call.Images)
			}
		})
	}
}

// outline writes a request down: line, headers that matter, sorted parts.
func outline(t *testing.T, req *http.Request, body io.Reader) string {
	t.Helper()
	_, boundary, _ := strings.Cut(req.Header.Get("Content-Type"), "boundary=")
	var parts []string
	mr := multipart.NewReader(body, boundary)
	for {
		p, err := mr.NextPart()
		if err != nil {
			break
		}
		data, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if p.FileName() != "" {
			text = fmt.Sprintf("%s %s %x…", p.FileName(), p.Header.Get("Content-Type"), data[:3])
		}
		parts = append(parts, p.FormName()+": "+text)
	}
	slices.Sort(parts)
	return fmt.Sprintf("%s %s\nAuthorization: %s\n\n%s\n", req.Method, req.URL.Path, req.Header.Get("Authorization"), strings.Join(parts, "\n"))
}

func TestSizes(t *testing.T) {
	for _, tt := range []struct {
		aspect kinpict.Aspect
		want   int
		size   string
	}{
		{"4:5", 1_500_000, "1088x1360"},
		{"4:5", 3_500_000, "1664x2080"},
		{"1:1", 1_500_000, "1232x1232"},
		{"3:2", 1_500_000, "1488x992"},
		{"2:3", 3_500_000, "1536x2304"},
		{"5:7", 1_500_000, "1040x1456"},
		{"16:9", 3_500_000, "2560x1440"},
		{"3:1", 1_500_000, "2112x704"},
	} {
		w, h, err := size(tt.aspect, tt.want, true)
		if got := fmt.Sprintf("%dx%d", w, h); err != nil || got != tt.size {
			t.Errorf("%s of %d pixels: %s, %v; want %s", tt.aspect, tt.want, got, err, tt.size)
		}
	}
	for a := 1; a <= 40; a++ {
		for b := 1; b <= 40; b++ {
			for _, want := range []int{1_500_000, 3_500_000} {
				w, h, err := size(kinpict.Aspect(fmt.Sprintf("%d:%d", a, b)), want, true)
				if long := a > 3*b || b > 3*a; long != (err != nil) {
					t.Fatalf("%d:%d: %v", a, b, err)
				} else if long {
					continue
				}
				if r := float64(w*b) / float64(h*a); r < .98 || r > 1.02 || w%16 != 0 || h%16 != 0 || w*h < minPixels || w*h > maxPixels || max(w, h) > maxSide {
					t.Errorf("%d:%d of %d: %dx%d", a, b, want, w, h)
				}
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header map[string]string
		want   time.Duration
	}{
		{"none", nil, 0},
		{"seconds", map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{"a fraction", map[string]string{"Retry-After": "0.5"}, 500 * time.Millisecond},
		{"milliseconds come first", map[string]string{"Retry-After": "7", "Retry-After-Ms": "250"}, 250 * time.Millisecond},
		{"a date by our clock", map[string]string{"Retry-After": noon.Add(30 * time.Second).Format(http.TimeFormat)}, 30 * time.Second},
		{"a date by the server's clock", map[string]string{"Retry-After": noon.Add(time.Hour).Format(http.TimeFormat),
			"Date": noon.Add(time.Hour - 5*time.Second).Format(http.TimeFormat)}, 5 * time.Second},
		{"a date gone by", map[string]string{"Retry-After": noon.Add(-time.Hour).Format(http.TimeFormat)}, 0},
		{"below nothing", map[string]string{"Retry-After": "-5"}, 0},
		{"no number", map[string]string{"Retry-After": "NaN"}, 0},
		{"beyond all clocks", map[string]string{"Retry-After": "1e300"}, 24 * time.Hour},
		{"for ever", map[string]string{"Retry-After": "Inf"}, 24 * time.Hour},
	} {
		h := http.Header{}
		for k, v := range tt.header {
			h.Set(k, v)
		}
		if got := retryAfter(h, noon); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestProblemShapes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dialect engine.Dialect
		status  int
		body    string
		want    engine.Outcome
	}{
		{"object", engine.OpenAI, 400, `{"error":{"code":"moderation_blocked","type":"x","message":"m"}}`, engine.Refused},
		{"code as number", engine.LiteLLM, 400, `{"error":{"code":400,"type":null,"message":"m"}}`, engine.Bad},
		{"code null", engine.OpenAI, 401, `{"error":{"code":null,"message":"m"}}`, engine.Config},
		{"policy by type", engine.OpenAI, 400, `{"error":{"type":"content_policy_violation"}}`, engine.Refused},
		{"policy under 403", engine.OpenAI, 403, `{"error":{"code":"content_filter"}}`, engine.Refused},
		{"LiteLLM policy in words", engine.LiteLLM, 400, `{"error":{"code":"400","message":"litellm.ContentPolicyViolationError: no"}}`, engine.Refused},
		{"the same words elsewhere", engine.OpenAI, 400, `{"error":{"code":"400","message":"litellm.ContentPolicyViolationError: no"}}`, engine.Bad},
		{"quota by type", engine.OpenAI, 429, `{"error":{"type":"insufficient_quota"}}`, engine.Config},
		{"hard limit", engine.OpenAI, 400, `{"error":{"code":"billing_hard_limit_reached"}}`, engine.Config},
		{"string", engine.SDCpp, 400, `{"error":"missing prompt"}`, engine.Bad},
		{"string, theirs", engine.SDCpp, 500, `{"error":"generate_image returned empty results"}`, engine.Transient},
		{"detail", engine.LiteLLM, 422, `{"detail":[{"loc":["body"]}]}`, engine.Bad},
		{"nothing", engine.OpenAI, 500, ``, engine.Transient},
		{"list", engine.OpenAI, 500, `[]`, engine.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, func(c *Config) {
				c.Dialect = tt.dialect
				c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {"application/json"}},
						Body: io.NopCloser(strings.NewReader(tt.body)), Request: req}, nil
				})
			})
			if err := r.draw(t.Context(), enginetest.Subject{}.Job(0)); engine.OutcomeOf(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestMistakesAreQuotedTamely(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 401, Header: http.Header{"X-Request-Id": {"req_1"}}, Request: req,
				Body: io.NopCloser(strings.NewReader(`{"error":{"code":"invalid_api_key","message":"bad sk-canary\n\u001b[31mlong ` + strings.Repeat("x", 500) + `"}}`))}, nil
		})
	})
	got := r.draw(t.Context(), enginetest.Subject{}.Job(0)).Error()
	if strings.Contains(got, "sk-canary") || strings.ContainsAny(got, "\n\x1b") || len(got) > 400 || !strings.Contains(got, "req_1") {
		t.Errorf("got %q", got)
	}
}
