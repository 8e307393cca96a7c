package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"kinpict"
)

// A ChainConfig lists the engines in the order they are tried.
type ChainConfig struct {
	Engines []Engine
	// Preview draws guests' previews. Nil: the first engine of the list that is
	// not generative, so that guests never spend an operator's money.
	Preview Engine
	Now     func() time.Time
}

// A Chain is several engines used as one: the first that is well draws, the
// next one steps in while nothing can have been spent, and an engine that keeps
// failing is left alone for a while. It is safe for concurrent use.
type Chain struct {
	now     func() time.Time
	members []*member // the preview engine last, if it is not one of the list
	listed  int
	preview *member // nil: there are no previews

	mu sync.Mutex // guards every member's breaker
}

type member struct {
	engine Engine
	info   Info
	breaker
}

// NewChain fails on an empty list, on a missing clock and on two engines of one name.
func NewChain(cfg ChainConfig) (*Chain, error) {
	if len(cfg.Engines) == 0 || cfg.Now == nil {
		return nil, errors.New("engine: a chain needs an engine and a clock")
	}
	c := &Chain{now: cfg.Now}
	names := map[string]bool{}
	for _, e := range cfg.Engines {
		m := &member{engine: e, info: e.Info()}
		if names[m.info.Name] {
			return nil, fmt.Errorf("engine: %s stands twice in the list", m.info.Name)
		}
		names[m.info.Name] = true
		c.members = append(c.members, m)
		if c.preview == nil && cfg.Preview == nil && !m.info.Generative {
			c.preview = m
		}
	}
	c.listed = len(c.members)
	if cfg.Preview != nil {
		for _, m := range c.members {
			if m.engine == cfg.Preview {
				c.preview = m
			}
		}
		if c.preview == nil {
			c.preview = &member{engine: cfg.Preview, info: cfg.Preview.Info()}
			c.members = append(c.members, c.preview)
		}
	}
	return c, nil
}

// A State is what an operator sees of one engine.
type State struct {
	Info      Info
	Condition Condition
	Failures  int       // lately
	Until     time.Time // when it is tried or checked again; zero when ready
	Last      string    // the last failure, for an operator's eyes
	Preview   bool      // draws the guests' previews
	Only      bool      // draws nothing else
}

// States lists the engines in the order they are tried.
func (c *Chain) States() []State {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	var list []State
	for i, m := range c.members {
		list = append(list, State{Info: m.info, Condition: m.condition(now), Failures: len(m.failures), Until: m.until,
			Last: m.last, Preview: m == c.preview, Only: i >= c.listed})
	}
	return list
}

// Info is what the list can do together: the most photos any engine takes, the
// time of an attempt that goes through all of them, and the greatest weight.
func (c *Chain) Info() Info {
	info := Info{Name: "chain", MaxPhotos: c.members[0].info.MaxPhotos, Weight: map[string]int{}}
	for _, m := range c.members[:c.listed] {
		info.MaxPhotos = max(info.MaxPhotos, m.info.MaxPhotos)
		info.Timeout += m.info.Timeout
		info.Generative = info.Generative || m.info.Generative
		for q, w := range m.info.Weight {
			info.Weight[q] = max(info.Weight[q], w)
		}
	}
	return info
}

// Check asks every engine whether it could draw, and remembers the answers: at
// start, so that a wrong key closes acceptance before the first charge, and for
// `kinpict engine check`. The errors come in the order of States, nil for well.
func (c *Chain) Check(ctx context.Context) []error {
	errs := make([]error, len(c.members))
	var wg sync.WaitGroup
	for i, m := range c.members {
		wg.Go(func() {
			errs[i] = m.engine.Check(ctx)
			if ctx.Err() != nil {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			m.checked(c.now(), errs[i])
		})
	}
	wg.Wait()
	return errs
}

// Available fails with EngineUnavailable when no engine would be given a job
// now. It is asked before anybody is charged. A misconfigured engine is checked
// again here when its time has come, which may take a few seconds once.
func (c *Chain) Available(ctx context.Context) error {
	return c.available(ctx, c.members[:c.listed])
}

// PreviewAvailable is Available for a guest's preview.
func (c *Chain) PreviewAvailable(ctx context.Context) error {
	if c.preview == nil {
		return &kinpict.Error{Code: kinpict.EngineUnavailable, Message: "There are no free previews here.",
			Hint: "Sign in to make a picture with credits."}
	}
	return c.available(ctx, []*member{c.preview})
}

func (c *Chain) available(ctx context.Context, members []*member) error {
	var busy time.Time // when the first resting engine may be tried
	for _, m := range members {
		c.revive(ctx, m)
		c.mu.Lock()
		now := c.now()
		ok, condition, until := m.usable(now), m.condition(now), m.until
		c.mu.Unlock()
		if ok {
			return nil
		}
		if condition != Misconfigured && (busy.IsZero() || until.Before(busy)) {
			busy = until
		}
	}
	if busy.IsZero() {
		return &kinpict.Error{Code: kinpict.EngineUnavailable, Message: "The picture service is not available at the moment.",
			Hint: "Nothing was charged. We have been told; please try again later."}
	}
	after := max(1, int((busy.Sub(c.now())+time.Second-1)/time.Second))
	return &kinpict.Error{Code: kinpict.EngineUnavailable, Message: "The picture service is very busy at the moment.",
		Hint: "Nothing was charged. Please try again in a minute.", Members: map[string]any{"retry_after": after}}
}

// revive checks a closed engine when that is due. One caller checks; the others
// take it as closed meanwhile.
func (c *Chain) revive(ctx context.Context, m *member) {
	c.mu.Lock()
	due := m.checkDue(c.now())
	c.mu.Unlock()
	if !due {
		return
	}
	err := m.engine.Check(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		m.trial = false // nobody learned anything
		return
	}
	m.checked(c.now(), err)
}

// Draw makes one attempt: the engines in order, each within its timeout, until
// one draws a picture that passes VerifyPicture. The next one is tried only
// after Transient, Throttled and Config, which cost nothing; a refusal is final
// and what may have been paid for is the caller's to repeat. The name is that
// of the engine that drew, or whose error is returned.
func (c *Chain) Draw(ctx context.Context, job *Job) (*Picture, string, error) {
	members := c.members[:c.listed]
	if job.Preview {
		members = nil
		if c.preview != nil {
			members = []*member{c.preview}
		}
	}
	var failed error // the one most worth telling: what may pass before what will not
	var name string
	var wake time.Time // when the first resting engine may be tried
	fits := false
	for _, m := range members {
		if err := ctx.Err(); err != nil {
			return nil, name, err
		}
		if len(job.Photos) > m.info.MaxPhotos {
			continue
		}
		fits = true
		c.revive(ctx, m)
		trial, ok, until := c.take(m)
		if !ok {
			if !until.IsZero() && (wake.IsZero() || until.Before(wake)) {
				wake = until
			}
			continue
		}
		pic, err := m.attempt(ctx, job)
		c.settle(ctx, m, trial, err)
		if err == nil {
			return pic, m.info.Name, nil
		}
		switch OutcomeOf(err) {
		case Transient, Throttled:
			failed, name = err, m.info.Name
		case Config:
			if failed == nil {
				failed, name = err, m.info.Name
			}
		default:
			return nil, m.info.Name, err
		}
	}
	switch {
	case failed != nil && OutcomeOf(failed) != Config:
		return nil, name, failed
	case !wake.IsZero():
		return nil, name, &Error{Outcome: Throttled, RetryAfter: max(minRest, wake.Sub(c.now())), Detail: "every engine rests", Err: failed}
	case failed != nil:
		return nil, name, failed
	case fits || len(members) == 0:
		return nil, name, &Error{Outcome: Config, Detail: "no engine is configured well enough to draw this"}
	default:
		return nil, name, &Error{Outcome: Bad, Detail: fmt.Sprintf("%d photos are more than any engine takes", len(job.Photos))}
	}
}

// minRest is the least to wait when the only engine is being tried by another job.
const minRest = 5 * time.Second

// take claims m for a job if it is usable. Otherwise until says when it may be
// tried, zero for a misconfigured one.
func (c *Chain) take(m *member) (trial, ok bool, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if m.usable(now) {
		return m.begin(now), true, time.Time{}
	}
	if m.condition(now) == Misconfigured {
		return false, false, time.Time{}
	}
	return false, false, m.until
}

// settle takes note of an attempt. A caller that left says nothing of the engine.
func (c *Chain) settle(ctx context.Context, m *member, trial bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && ctx.Err() != nil {
		m.trial = m.trial && !trial
		return
	}
	m.end(c.now(), trial, err)
}

// attempt draws with one engine and judges the picture. A panic, of the engine
// or of a decoder over hostile bytes, fails the job and not the process.
func (m *member) attempt(ctx context.Context, job *Job) (pic *Picture, err error) {
	defer func() {
		if r := recover(); r != nil {
			pic, err = nil, &Error{Outcome: Bad, Detail: fmt.Sprintf("%s panicked: %v", m.info.Name, r), Err: errors.New(string(debug.Stack()))}
		}
	}()
	if m.info.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, m.info.Timeout)
		defer cancel()
	}
	pic, err = m.engine.Draw(ctx, job)
	if err != nil {
		return nil, err
	}
	if pic, err = VerifyPicture(pic, job, m.info); err == nil {
		pic.Generative = m.info.Generative
	}
	return pic, err
}
