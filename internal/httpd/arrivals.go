package httpd

import (
	"sync"

	"kinpict"
)

// Arrivals bound the uploads that are under way, by their number and by what of
// them lies on the disk, together and for one owner. An upload that only claims
// to be coming costs a connection, so many may; a place among those that are
// worked on is taken when a body is whole, and a silent client never holds one.
type Arrivals struct {
	requests  Slots
	all, each int64 // bytes

	mu   sync.Mutex // guards the two below, in bytes
	used int64
	by   map[string]int64
}

// NewArrivals allows that many requests and bytes, together and for each owner.
func NewArrivals(all, each int, allBytes, eachBytes int64) *Arrivals {
	return &Arrivals{requests: Slots{All: all, Each: each}, all: allBytes, each: eachBytes, by: map[string]int64{}}
}

// An Arrival is one upload under way. End it when its bytes are no longer kept.
type Arrival struct {
	among   *Arrivals
	owner   string
	n       int64
	release func()
}

// Begin lets one more in. Errors: those of Slots.Take.
func (a *Arrivals) Begin(owner string) (*Arrival, error) {
	release, err := a.requests.Take(owner)
	if err != nil {
		return nil, err
	}
	return &Arrival{among: a, owner: owner, release: release}, nil
}

// grow counts bytes that were kept. Errors: RateLimited for an owner who has too
// much under way, Unavailable where all have.
func (x *Arrival) grow(n int64) error {
	if x == nil {
		return nil
	}
	a := x.among
	a.mu.Lock()
	defer a.mu.Unlock()
	again := map[string]any{"retry_after": 5}
	if a.by[x.owner]+n > a.each {
		return &kinpict.Error{Code: kinpict.RateLimited, Message: "Too many large files are on their way from you.",
			Hint: "Wait until some have arrived.", Members: again}
	}
	if a.used+n > a.all {
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "Too many people are sending photos right now.",
			Hint: "Try again in a few seconds.", Members: again}
	}
	a.used += n
	a.by[x.owner] += n
	x.n += n
	return nil
}

// End gives everything back.
func (x *Arrival) End() {
	a := x.among
	a.mu.Lock()
	a.used -= x.n
	if a.by[x.owner] -= x.n; a.by[x.owner] == 0 {
		delete(a.by, x.owner)
	}
	x.n = 0
	a.mu.Unlock()
	x.release()
}
