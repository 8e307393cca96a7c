package photo

import (
	"container/list"
	"context"
	"runtime/debug"
	"sync"

	"kinpict"
)

// Defaults of a Gate.
const (
	GateMiB   = 192
	GateQueue = 16
)

const (
	heavy      = 128 // MiB from which a photo is heavy
	heavyQueue = 4   // of heavy photos, below what the API reads at once
	ahead      = 5   // seconds after which a refused photo may be tried again
)

// A Gate bounds what all decoders of a process use together. Ordinary photos
// share its memory. A heavy one, which is any HEIC and whatever takes 128 MiB or
// more, goes by a lane of its own: one at a time, so that at most half a gigabyte
// comes on top, and ordinary photos never wait for it.
//
// On either way requests wait in order, so a large photo is not overtaken for
// ever by small ones; when too many wait, or one of the same owner in the heavy
// lane, the next is refused at once rather than kept.
type Gate struct {
	capacity int64
	queue    int
	each     int   // of the queue, for one owner; 0 is all of it
	lane     *Gate // for the heavy

	mu      sync.Mutex // guards the fields below
	used    int64
	waiting list.List // of *waiter
}

type waiter struct {
	who    string
	weight int64
	ready  chan struct{} // closed when the weight has been taken for it
}

// NewGate makes a gate for mib MiB at once and a queue of waiting requests.
func NewGate(mib int64, queue int) *Gate {
	return &Gate{capacity: mib, queue: queue, lane: &Gate{capacity: 1, queue: heavyQueue, each: 1}}
}

// Acquire takes weight MiB for an owner, waiting for them if need be, and
// returns the function that gives them back, which may be called more than once.
// A weight above the capacity counts as all of it. The error is Unavailable when
// the queue is full, RateLimited when the owner's share of it is, or the cause of
// a done context.
func (g *Gate) Acquire(ctx context.Context, who string, weight int64) (release func(), err error) {
	weight = min(max(weight, 1), g.capacity)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	g.mu.Lock()
	if g.waiting.Len() == 0 && g.used+weight <= g.capacity {
		g.used += weight
		g.mu.Unlock()
		return g.releaser(weight), nil
	}
	if err := g.refuse(who); err != nil {
		g.mu.Unlock()
		return nil, err
	}
	w := &waiter{who, weight, make(chan struct{})}
	e := g.waiting.PushBack(w)
	g.mu.Unlock()

	select {
	case <-w.ready:
		return g.releaser(weight), nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.ready: // admitted in the same moment: hand it on
		g.used -= weight
	default:
		g.waiting.Remove(e)
	}
	g.admit()
	return nil, context.Cause(ctx)
}

// refuse says why one more may not wait. The caller holds mu.
func (g *Gate) refuse(who string) error {
	again := map[string]any{"retry_after": ahead}
	if g.waiting.Len() >= g.queue {
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "Too many photos are being prepared at this moment.",
			Hint: "Try again in a few seconds.", Members: again}
	}
	own := 0
	for e := g.waiting.Front(); e != nil; e = e.Next() {
		if e.Value.(*waiter).who == who {
			own++
		}
	}
	if g.each > 0 && own >= g.each {
		return &kinpict.Error{Code: kinpict.RateLimited, Message: "Another large or HEIC photo of yours is waiting to be prepared.",
			Hint: "Try again in a few seconds, or add such photos one after the other.", Members: again}
	}
	return nil
}

func (g *Gate) releaser(weight int64) func() {
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.used -= weight
		g.admit()
	})
}

// admit lets in from the front whoever fits. The caller holds mu.
func (g *Gate) admit() {
	for e := g.waiting.Front(); e != nil; e = g.waiting.Front() {
		w := e.Value.(*waiter)
		if g.used+w.weight > g.capacity {
			return
		}
		g.used += w.weight
		g.waiting.Remove(e)
		close(w.ready)
	}
}

// Normalise is the function of that name behind the gate, for an owner. What is
// refused by its header never waits.
func (g *Gate) Normalise(ctx context.Context, who string, data []byte, lim Limits) (*Normal, error) {
	return g.Turned(ctx, who, data, lim, 0)
}

// Turned is Normalise for an upload that does not say which side is up: the
// photo is turned by so many quarters clockwise from where it says.
func (g *Gate) Turned(ctx context.Context, who string, data []byte, lim Limits, quarters int) (*Normal, error) {
	h, err := Inspect(data, lim)
	if err != nil {
		return nil, err
	}
	h.turn(quarters)
	release, err := g.enter(ctx, who, h)
	if err != nil {
		return nil, err
	}
	defer release()
	if h.Weight() >= heavy {
		// Released is not yet free: without this the next large photo is decoded
		// beside the garbage of the last one, and two of 48 MP take a gigabyte.
		defer debug.FreeOSMemory()
	}
	return h.normalise(ctx, data)
}

// enter takes what a photo needs, on the way that it goes.
func (g *Gate) enter(ctx context.Context, who string, h Header) (release func(), err error) {
	if h.heic != nil || h.Weight() >= heavy {
		return g.lane.Acquire(ctx, who, 1)
	}
	return g.Acquire(ctx, who, h.Weight())
}
