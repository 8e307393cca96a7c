package httpd

import (
	"sync"

	"kinpict"
)

// Slots bound how many requests of a kind run at once: All together, Each for
// one owner, so that one person cannot take every place, and Near for all owners
// in one network, where that is bounded at all.
type Slots struct {
	All, Each, Near int

	mu   sync.Mutex // guards the two below
	used int
	by   map[string]int
}

// Take returns how to give the place back, or a RateLimited error for an owner
// who holds too many and an Unavailable one where all are taken.
func (s *Slots) Take(owner string) (release func(), err error) { return s.TakeNear(owner, "") }

// TakeNear is Take for an owner in a network, which may hold no more than Near.
func (s *Slots) TakeNear(owner, network string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	near := "network " + network
	if s.by[owner] >= s.Each || network != "" && s.Near > 0 && s.by[near] >= s.Near {
		return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: "Too many requests of this kind are running for you.",
			Hint: "Wait until some have finished.", Members: map[string]any{"retry_after": 5}}
	}
	if s.used >= s.All {
		return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "Too many people are doing this right now.",
			Hint: "Try again in a few seconds."}
	}
	if s.by == nil {
		s.by = map[string]int{}
	}
	s.used++
	s.by[owner]++
	s.by[near]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.used--
		for _, name := range []string{owner, near} {
			if s.by[name]--; s.by[name] == 0 {
				delete(s.by, name)
			}
		}
	}), nil
}
