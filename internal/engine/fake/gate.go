package fake

import (
	"context"
	"net/http"
	"strconv"
)

// A gate holds calls until it is opened.
type gate struct {
	open    chan struct{}
	waiting int
}

// moved wakes everyone in Until. It needs mu.
func (s *Server) moved() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Until returns once the report is as wanted, or with ctx's error.
func (s *Server) Until(ctx context.Context, wanted func(Report) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if wanted(s.Report()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Shut makes the gate, or leaves a shut one as it is.
func (s *Server) Shut(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut(name)
}

// shut needs mu.
func (s *Server) shut(name string) *gate {
	g := s.gates[name]
	if g == nil {
		g = &gate{open: make(chan struct{})}
		s.gates[name] = g
	}
	return g
}

// Open lets the waiting calls go on; later ones are held by a new gate only.
func (s *Server) Open(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.gates[name]; g != nil {
		close(g.open)
		delete(s.gates, name)
	}
}

// Waiting returns once n calls wait at the gate, or with ctx's error.
func (s *Server) Waiting(ctx context.Context, name string, n int) error {
	return s.Until(ctx, func(r Report) bool { return r.Gates[name] >= n })
}

// pass waits at the gate. It reports false when the caller left.
func (s *Server) pass(ctx context.Context, name string) bool {
	s.mu.Lock()
	g := s.shut(name)
	move := func(n int) { // needs mu
		g.waiting += n
		s.moved()
	}
	move(+1)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		move(-1)
		s.mu.Unlock()
	}()
	select {
	case <-g.open:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) gateWaiting(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("waiting"))
	if err != nil || n < 0 {
		n = 1
	}
	if s.Waiting(r.Context(), r.PathValue("name"), n) == nil {
		writeJSON(w, http.StatusOK, map[string]any{"name": r.PathValue("name"), "waiting": n})
	}
}
