package engine

import (
	"testing"
	"time"
)

// Jobs that were under way when the key was revoked come back one by one.
func TestBreakerHearsOldNews(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	revoked := &Error{Outcome: Config, Detail: "revoked"}
	var b breaker
	for range 4 {
		b.end(now, b.begin(now), revoked)
	}
	if got := b.until.Sub(now); got != recheckMin {
		t.Errorf("four jobs with one piece of news close it for %v, want %v", got, recheckMin)
	}
	b.end(now, false, nil) // one that had drawn before
	if b.condition(now) != Misconfigured || b.checkDue(now) {
		t.Errorf("a late success makes it %s, check due", b.condition(now))
	}
	now = now.Add(recheckMin)
	if !b.checkDue(now) || b.checkDue(now) {
		t.Error("a check is due once, for one caller")
	}
	b.checked(now, &Error{Outcome: Transient, Detail: "unreachable"})
	if b.checkDue(now) || !b.checkDue(now.Add(recheckMin)) {
		t.Errorf("a check that reached nobody is due again after %v", recheckMin)
	}
}

// A success while it rests, from a job begun before, ends the rest.
func TestBreakerBelievesASuccess(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var b breaker
	for range breakAfter {
		b.end(now, false, &Error{Outcome: Transient})
	}
	if b.condition(now) != Open {
		t.Fatalf("after %d failures it is %s", breakAfter, b.condition(now))
	}
	b.end(now, false, nil)
	if b.condition(now) != Ready {
		t.Errorf("after a success it is %s", b.condition(now))
	}
}
