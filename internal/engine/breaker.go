package engine

import (
	"context"
	"errors"
	"time"
)

// Numbers of the breaker, FAULTS row V2.
const (
	breakAfter  = 5                // failures within breakWindow open it
	breakWindow = 30 * time.Second // and it stays open as long
	// A misconfigured engine is checked again after recheckMin, then after
	// twice as long each time it fails once more, up to recheckMax: a key whose
	// quota is gone passes every check.
	recheckMin = 30 * time.Second
	recheckMax = 10 * time.Minute
)

// A Condition is whether an engine of a chain is given work.
type Condition string

const (
	Ready         Condition = "ready"
	Open          Condition = "open"          // failed too often; rests
	HalfOpen      Condition = "half_open"     // rested; one job tries it
	Misconfigured Condition = "misconfigured" // closed until a check succeeds
)

// A breaker remembers the failures of one engine. The chain's mutex guards it.
type breaker struct {
	failures []time.Time // within breakWindow, oldest first
	until    time.Time   // rests until then; zero when ready
	trial    bool        // a job or a check is finding out
	config   bool
	recheck  time.Duration // what the next configuration error costs
	last     string        // detail of the last failure
}

func (b *breaker) condition(now time.Time) Condition {
	switch {
	case b.config:
		return Misconfigured
	case b.until.IsZero():
		return Ready
	case now.Before(b.until):
		return Open
	default:
		return HalfOpen
	}
}

// usable reports whether a job may be given now.
func (b *breaker) usable(now time.Time) bool {
	c := b.condition(now)
	return c == Ready || c == HalfOpen && !b.trial
}

// begin takes note of a job. It reports whether the job is the trial of a
// half-open engine, which end wants to know.
func (b *breaker) begin(now time.Time) (trial bool) {
	if b.condition(now) == HalfOpen {
		b.trial = true
		return true
	}
	return false
}

// end takes note of how a job ended. A refusal, or a mistake of ours, comes from
// an engine that works.
func (b *breaker) end(now time.Time, trial bool, err error) {
	if trial {
		b.trial = false
	}
	if err == nil {
		b.failures, b.recheck, b.last = nil, 0, ""
		if trial || !b.config {
			b.until = time.Time{}
		}
		return
	}
	switch OutcomeOf(err) {
	case Refused, Bad:
		if trial {
			b.until = time.Time{}
		}
	case Config:
		b.close(now, err)
	default:
		b.last = err.Error()
		if OutcomeOf(err) == Ambiguous && !trial && !errors.Is(err, context.DeadlineExceeded) {
			return // an answer to one job that could not be used says little about the next job's
		}
		b.failures = append(b.failures, now)
		for len(b.failures) > 0 && now.Sub(b.failures[0]) > breakWindow {
			b.failures = b.failures[1:]
		}
		if trial || len(b.failures) >= breakAfter {
			b.failures, b.until = nil, now.Add(breakWindow)
		}
	}
}

// close takes the engine out until a check succeeds. Jobs under way may all
// bring the same news; only the first of them makes the pause longer.
func (b *breaker) close(now time.Time, err error) {
	if !b.config {
		b.recheck = min(max(2*b.recheck, recheckMin), recheckMax)
	}
	b.last, b.config, b.failures = err.Error(), true, nil
	b.until = now.Add(b.recheck)
}

// checkDue reports whether a closed engine may be checked, and claims the check.
func (b *breaker) checkDue(now time.Time) bool {
	if !b.config || b.trial || now.Before(b.until) {
		return false
	}
	b.trial = true
	return true
}

// checked takes note of a check. Success opens the way for work; failure of a
// closed engine keeps it closed, and only a configuration error closes one.
func (b *breaker) checked(now time.Time, err error) {
	b.trial = false
	switch {
	case err == nil && b.config:
		b.config, b.until = false, time.Time{}
	case err != nil && OutcomeOf(err) == Config:
		b.close(now, err)
	case err != nil && b.config:
		b.last, b.until = err.Error(), now.Add(recheckMin)
	}
}
