package engine

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/scenario"
)

// A scripted engine does what the test says, call by call, and then draws well.
type scripted struct {
	info  Info
	mu    sync.Mutex
	next  []func(context.Context) (*Picture, error)
	check error
	calls int
	seen  int // checks
}

var sound = &Picture{} // filled by soundPicture

func soundPicture(t *testing.T) *Picture {
	t.Helper()
	if sound.Data == nil {
		*sound = Picture{Data: asPNG(t, drawn(320, 400)), ContentType: "image/png", Width: 320, Height: 400}
	}
	return sound
}

func (s *scripted) Info() Info { return s.info }

func (s *scripted) Draw(ctx context.Context, _ *Job) (*Picture, error) {
	s.mu.Lock()
	s.calls++
	var f func(context.Context) (*Picture, error)
	if len(s.next) > 0 {
		f, s.next = s.next[0], s.next[1:]
	}
	s.mu.Unlock()
	if f == nil {
		return sound, nil
	}
	return f(ctx)
}

func (s *scripted) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	return s.check
}

func fails(o Outcome) func(context.Context) (*Picture, error) {
	return func(context.Context) (*Picture, error) { return nil, &Error{Outcome: o, Detail: "scripted"} }
}

func (s *scripted) then(n int, o Outcome) {
	for range n {
		s.next = append(s.next, fails(o))
	}
}

type chainRig struct {
	*Chain
	now   time.Time
	paid  *scripted // generative, first
	house *scripted // built in, second
}

func newChainRig(t *testing.T, adapt func(*ChainConfig, *chainRig)) *chainRig {
	t.Helper()
	soundPicture(t)
	r := &chainRig{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	r.paid = &scripted{info: Info{Name: "paid", MaxPhotos: 4, Generative: true, Timeout: time.Minute, Weight: map[string]int{"standard": 5}}}
	r.house = &scripted{info: Info{Name: "house", MaxPhotos: 8, Timeout: time.Minute, Weight: map[string]int{"standard": 9}}}
	cfg := ChainConfig{Engines: []Engine{r.paid, r.house}, Now: func() time.Time { return r.now }}
	if adapt != nil {
		adapt(&cfg, r)
	}
	c, err := NewChain(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Chain = c
	return r
}

func alone(c *ChainConfig, r *chainRig) { c.Engines = []Engine{r.paid} }

func chainJob(photos int) *Job {
	return &Job{Quality: kinpict.Standard, Aspect: "4:5", Scenario: &scenario.Scenario{}, Photos: make([]Photo, photos)}
}

// The next engine steps in only where nothing can have been spent.
func TestChainPassesOn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  func(context.Context) (*Picture, error)
		second func(context.Context) (*Picture, error)
		by     string
		want   Outcome // of the error, when by names who failed
		fine   bool
	}{
		{name: "well", by: "paid", fine: true},
		{name: "down", first: fails(Transient), by: "house", fine: true},
		{name: "throttled", first: fails(Throttled), by: "house", fine: true},
		{name: "key revoked", first: fails(Config), by: "house", fine: true},
		{name: "perhaps spent", first: fails(Ambiguous), by: "paid", want: Ambiguous},
		{name: "refused", first: fails(Refused), by: "paid", want: Refused},
		{name: "our mistake", first: fails(Bad), by: "paid", want: Bad},
		{name: "a bad picture", first: func(context.Context) (*Picture, error) { return &Picture{Data: []byte("words")}, nil }, by: "paid", want: Ambiguous},
		{name: "no picture and no error", first: func(context.Context) (*Picture, error) { return nil, nil }, by: "paid", want: Ambiguous},
		{name: "a panic", first: func(context.Context) (*Picture, error) { panic("poison") }, by: "paid", want: Bad},
		{name: "both down", first: fails(Throttled), second: fails(Transient), by: "house", want: Transient},
		{name: "one down, one misconfigured", first: fails(Transient), second: fails(Config), by: "paid", want: Transient},
		{name: "both misconfigured", first: fails(Config), second: fails(Config), by: "paid", want: Config},
		{name: "an error without a name", first: func(context.Context) (*Picture, error) { return nil, errors.New("odd") }, by: "house", fine: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newChainRig(t, nil)
			if tt.first != nil {
				r.paid.next = append(r.paid.next, tt.first)
			}
			if tt.second != nil {
				r.house.next = append(r.house.next, tt.second)
			}
			pic, by, err := r.Draw(t.Context(), chainJob(2))
			if by != tt.by || tt.fine != (err == nil) || tt.fine != (pic != nil) {
				t.Fatalf("got picture %v by %q, %v; want fine %v by %q", pic != nil, by, err, tt.fine, tt.by)
			}
			if !tt.fine && OutcomeOf(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func (r *chainRig) conditions() []Condition {
	var list []Condition
	for _, s := range r.States() {
		list = append(list, s.Condition)
	}
	return list
}

func wantConditions(t *testing.T, r *chainRig, want ...Condition) {
	t.Helper()
	if got := r.conditions(); !reflect.DeepEqual(got, want) {
		t.Fatalf("engines are %v, want %v", got, want)
	}
}

func unavailable(t *testing.T, err error) *kinpict.Error {
	t.Helper()
	var e *kinpict.Error
	if !errors.As(err, &e) || e.Code != kinpict.EngineUnavailable || e.Message == "" || e.Hint == "" {
		t.Fatalf("got %v, want engine_unavailable in words", err)
	}
	return e
}

func TestBreakerOpensAndCloses(t *testing.T) {
	for _, o := range []Outcome{Transient, Throttled} {
		t.Run(o.String(), func(t *testing.T) {
			r := newChainRig(t, alone)
			r.paid.then(5, o)
			for i := range 5 {
				if err := r.Available(t.Context()); err != nil {
					t.Fatalf("closed after %d failures: %v", i, err)
				}
				r.Draw(t.Context(), chainJob(1))
				r.now = r.now.Add(6 * time.Second)
			}
			wantConditions(t, r, Open) // five in 24 s
			if e := unavailable(t, r.Available(t.Context())); e.Members["retry_after"] != 24 {
				t.Errorf("come back in %v s, want 24", e.Members["retry_after"])
			}
			_, _, err := r.Draw(t.Context(), chainJob(1))
			var e *Error
			if !errors.As(err, &e) || e.Outcome != Throttled || e.RetryAfter != 24*time.Second || r.paid.calls != 5 {
				t.Errorf("got %v after %d calls, want throttled for 24 s after 5", err, r.paid.calls)
			}
			r.now = r.now.Add(24 * time.Second)
			wantConditions(t, r, HalfOpen)
			if err := r.Available(t.Context()); err != nil {
				t.Errorf("half open: %v, want room for one", err)
			}
			if _, _, err := r.Draw(t.Context(), chainJob(1)); err != nil {
				t.Fatal(err)
			}
			wantConditions(t, r, Ready)
		})
	}
}

func TestBreakerForgetsOldFailures(t *testing.T) {
	r := newChainRig(t, alone)
	r.paid.then(12, Transient)
	for range 12 {
		r.Draw(t.Context(), chainJob(1))
		r.now = r.now.Add(8 * time.Second)
	}
	wantConditions(t, r, Ready) // never five in 30 s
}

func TestHalfOpenTakesOneAtATime(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context) (*Picture, error)
		want Condition
	}{
		{"and it draws", func(context.Context) (*Picture, error) { return sound, nil }, Ready},
		{"and it refuses", fails(Refused), Ready},
		{"and it fails", fails(Transient), Open},
		{"and the key is gone", fails(Config), Misconfigured},
		{"and the caller leaves", func(ctx context.Context) (*Picture, error) { <-ctx.Done(); return nil, ctx.Err() }, HalfOpen},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newChainRig(t, alone)
			r.paid.then(5, Transient)
			for range 5 {
				r.Draw(t.Context(), chainJob(1))
			}
			r.now = r.now.Add(breakWindow)
			reached, release := make(chan struct{}), make(chan struct{})
			r.paid.next = append(r.paid.next, func(ctx context.Context) (*Picture, error) {
				close(reached)
				<-release
				return tt.end(ctx)
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{})
			go func() { defer close(done); r.Draw(ctx, chainJob(1)) }()
			<-reached
			unavailable(t, r.Available(t.Context()))
			if _, _, err := r.Draw(t.Context(), chainJob(1)); OutcomeOf(err) != Throttled || r.paid.calls != 6 {
				t.Errorf("second job during the trial: %v after %d calls, want throttled after 6", err, r.paid.calls)
			}
			if tt.want == HalfOpen {
				cancel()
			}
			close(release)
			<-done
			wantConditions(t, r, tt.want)
		})
	}
}

func TestMisconfiguredUntilChecked(t *testing.T) {
	r := newChainRig(t, alone)
	r.paid.then(1, Config)
	r.paid.check = &Error{Outcome: Config, Detail: "revoked"}
	if _, _, err := r.Draw(t.Context(), chainJob(1)); OutcomeOf(err) != Config {
		t.Fatalf("got %v, want config", err)
	}
	unavailable(t, r.Available(t.Context()))
	if r.paid.seen != 0 {
		t.Errorf("checked %d times at once, want none before %v", r.paid.seen, recheckMin)
	}
	r.now = r.now.Add(recheckMin)
	unavailable(t, r.Available(t.Context()))
	unavailable(t, r.Available(t.Context()))
	if r.paid.seen != 1 {
		t.Errorf("checked %d times in one instant, want once", r.paid.seen)
	}
	r.paid.check = &Error{Outcome: Transient, Detail: "unreachable"}
	r.now = r.now.Add(recheckMin)
	unavailable(t, r.Available(t.Context()))
	r.paid.check = nil
	r.now = r.now.Add(recheckMin)
	if err := r.Available(t.Context()); err != nil {
		t.Errorf("after a good check: %v", err)
	}
	wantConditions(t, r, Ready)
}

// A key whose quota is gone passes every check; jobs must not find out twice a minute.
func TestRecheckSlowsDown(t *testing.T) {
	r := newChainRig(t, alone)
	r.paid.then(20, Config)
	start := r.now
	for range 6 { // 30 s, 1, 2, 4, 8 and 10 minutes
		if _, _, err := r.Draw(t.Context(), chainJob(1)); OutcomeOf(err) != Config {
			t.Fatal(err)
		}
		r.now = r.States()[0].Until
	}
	if got := r.now.Sub(start); got != 25*time.Minute+30*time.Second {
		t.Errorf("six failures were spread over %v, want 25m30s", got)
	}
}

func TestCheckAtStart(t *testing.T) {
	r := newChainRig(t, nil)
	r.paid.check = &Error{Outcome: Config, Detail: "wrong key"}
	r.house.check = &Error{Outcome: Transient, Detail: "a hiccup"}
	errs := r.Check(t.Context())
	if OutcomeOf(errs[0]) != Config || OutcomeOf(errs[1]) != Transient {
		t.Errorf("got %v", errs)
	}
	wantConditions(t, r, Misconfigured, Ready)
	if err := r.Available(t.Context()); err != nil {
		t.Errorf("one engine is well: %v", err)
	}
	if _, by, err := r.Draw(t.Context(), chainJob(1)); by != "house" || err != nil || r.paid.calls != 0 {
		t.Errorf("drawn by %q, %v, the misconfigured one was called %d times", by, err, r.paid.calls)
	}
}

func TestChainStopsWithItsCaller(t *testing.T) {
	r := newChainRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	r.paid.next = append(r.paid.next, func(ctx context.Context) (*Picture, error) { cancel(); return nil, ctx.Err() })
	if _, _, err := r.Draw(ctx, chainJob(1)); !errors.Is(err, context.Canceled) || r.house.calls != 0 {
		t.Errorf("got %v, the next engine was called %d times; want canceled and none", err, r.house.calls)
	}
	if s := r.States()[0]; s.Failures != 0 {
		t.Errorf("the caller's leaving counts as %d failures", s.Failures)
	}
}

func TestChainPhotos(t *testing.T) {
	r := newChainRig(t, nil)
	if _, by, err := r.Draw(t.Context(), chainJob(6)); by != "house" || err != nil {
		t.Errorf("six photos by %q, %v; want house, which takes eight", by, err)
	}
	if _, _, err := r.Draw(t.Context(), chainJob(9)); OutcomeOf(err) != Bad {
		t.Errorf("nine photos: %v, want bad", err)
	}
	if got := r.Info(); got.MaxPhotos != 8 || got.Timeout != 2*time.Minute || got.Weight["standard"] != 9 || !got.Generative {
		t.Errorf("together: %+v", got)
	}
}

// Guests never spend an operator's money.
func TestChainPreviews(t *testing.T) {
	preview := chainJob(1)
	preview.Preview = true
	t.Run("by the first that costs nothing", func(t *testing.T) {
		r := newChainRig(t, nil)
		if _, by, err := r.Draw(t.Context(), preview); by != "house" || err != nil || r.paid.calls != 0 {
			t.Errorf("by %q, %v", by, err)
		}
	})
	t.Run("by one of its own", func(t *testing.T) {
		r := newChainRig(t, func(c *ChainConfig, r *chainRig) { c.Engines, c.Preview = []Engine{r.paid}, r.house })
		if _, by, err := r.Draw(t.Context(), preview); by != "house" || err != nil {
			t.Errorf("preview by %q, %v", by, err)
		}
		r.paid.then(1, Transient)
		if _, by, err := r.Draw(t.Context(), chainJob(1)); by != "paid" || err == nil {
			t.Errorf("a paid picture by %q, %v; want the list's own failure", by, err)
		}
		if s := r.States(); len(s) != 2 || !s[1].Preview || !s[1].Only || s[0].Only {
			t.Errorf("states %+v", s)
		}
	})
	t.Run("by nobody", func(t *testing.T) {
		r := newChainRig(t, alone)
		unavailable(t, r.PreviewAvailable(t.Context()))
		if _, _, err := r.Draw(t.Context(), preview); OutcomeOf(err) != Config || r.paid.calls != 0 {
			t.Errorf("got %v after %d paid calls, want config after none", err, r.paid.calls)
		}
	})
}

func TestNewChainRefuses(t *testing.T) {
	e := &scripted{info: Info{Name: "one"}}
	for name, cfg := range map[string]ChainConfig{
		"no engine":       {Now: time.Now},
		"no clock":        {Engines: []Engine{e}},
		"one name, twice": {Engines: []Engine{e, e}, Now: time.Now},
	} {
		if _, err := NewChain(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestChainUnderManyCallers(t *testing.T) {
	r := newChainRig(t, nil)
	r.paid.then(10, Transient)
	r.paid.then(3, Config)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 8 {
				if err := r.Available(t.Context()); err != nil {
					t.Errorf("not available: %v", err)
				}
				if _, _, err := r.Draw(t.Context(), chainJob(1)); err != nil {
					t.Errorf("draw: %v", err)
				}
				r.States()
			}
		})
	}
	wg.Wait()
}
