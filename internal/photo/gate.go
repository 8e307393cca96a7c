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
	GateMiB   = 512
	GateQueue = 16

	heavy = 128 // MiB from which a photo's memory is given back at once
)

// A Gate bounds the memory all decoders of a process use together. Requests
// wait in order, so a large photo is not overtaken for ever by small ones; when
// too many wait, the next is refused at once rather than kept.
type Gate struct {
	capacity int64
	queue    int

	mu      sync.Mutex // guards the fields below
	used    int64
	waiting list.List // of *waiter
}

type waiter struct {
	weight int64
	ready  chan struct{} // closed when the weight has been taken for it
}

// NewGate makes a gate for mib MiB at once and a queue of waiting requests.
func NewGate(mib int64, queue int) *Gate { return &Gate{capacity: mib, queue: queue} }

// Acquire takes weight MiB, waiting for them if need be, and returns the
// function that gives them back, which may be called more than once. A weight
// above the capacity counts as all of it. The error is Unavailable when the
// queue is full, or the cause of a done context.
func (g *Gate) Acquire(ctx context.Context, weight int64) (release func(), err error) {
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
	if g.waiting.Len() >= g.queue {
		g.mu.Unlock()
		return nil, &kinpict.Error{Code: kinpict.Unavailable,
			Message: "Too many photos are being prepared at this moment.",
			Hint:    "Try again in a few seconds."}
	}
	w := &waiter{weight, make(chan struct{})}
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

// Normalise is the function of that name behind the gate. What is refused by
// its header never waits.
func (g *Gate) Normalise(ctx context.Context, data []byte, lim Limits) (*Normal, error) {
	return g.Turned(ctx, data, lim, 0)
}

// Turned is Normalise for an upload that does not say which side is up: the
// photo is turned by so many quarters clockwise from where it says.
func (g *Gate) Turned(ctx context.Context, data []byte, lim Limits, quarters int) (*Normal, error) {
	h, err := Inspect(data, lim)
	if err != nil {
		return nil, err
	}
	h.turn(quarters)
	release, err := g.Acquire(ctx, h.Weight())
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
