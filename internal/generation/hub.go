package generation

import "sync"

// A hub tells those who wait that a generation changed, and workers that there
// is work. Its zero value is ready; it knows only of changes in this process.
type hub struct {
	mu      sync.Mutex // guards waiters
	waiters map[string]map[chan struct{}]bool
	once    sync.Once
	work    chan struct{}
}

// wait returns a channel that holds a signal after each change of id, until
// stop is called.
func (h *hub) wait(id string) (signal <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiters == nil {
		h.waiters = map[string]map[chan struct{}]bool{}
	}
	if h.waiters[id] == nil {
		h.waiters[id] = map[chan struct{}]bool{}
	}
	h.waiters[id][c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiters[id], c)
		if len(h.waiters[id]) == 0 {
			delete(h.waiters, id)
		}
	}
}

// changed wakes whoever waits for id.
func (h *hub) changed(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.waiters[id] {
		select {
		case c <- struct{}{}:
		default: // a signal waits there already
		}
	}
}

// wake is the channel that carries "there is work". It holds one signal: a
// worker that finds work passes the signal on.
func (h *hub) wake() chan struct{} {
	h.once.Do(func() { h.work = make(chan struct{}, 1) })
	return h.work
}

// queued tells a worker that something waits.
func (h *hub) queued() {
	select {
	case h.wake() <- struct{}{}:
	default:
	}
}
