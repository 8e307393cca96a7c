package generation

import "sync"

// A hub tells those who wait that a generation changed, and workers that there
// is work. Its zero value is ready; it knows only of changes in this process.
type hub struct {
	mu   sync.Mutex // guards chs
	chs  map[string]chan struct{}
	once sync.Once
	work chan struct{}
}

// wait returns a channel that is closed at the next change of id.
func (h *hub) wait(id string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.chs == nil {
		h.chs = map[string]chan struct{}{}
	}
	c := h.chs[id]
	if c == nil {
		c = make(chan struct{})
		h.chs[id] = c
	}
	return c
}

// changed wakes whoever waits for id.
func (h *hub) changed(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.chs[id]; c != nil {
		close(c)
		delete(h.chs, id)
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
