package httpd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"kinpict"
)

// ProbeTime is how long a probe may take before the answer is no.
const ProbeTime = 5 * time.Second

// probeAge is how long an answer serves for the next who ask, so that asking
// often costs one write a second.
const probeAge = time.Second

// Health adds GET /healthz, which says that the process lives, and GET /readyz,
// which runs probe to prove that it can do its work. What notes say stands on
// lines of its own below a yes, for whoever runs it: "" says nothing.
func Health(mux *http.ServeMux, now func() time.Time, probe func(context.Context) error, notes ...func() string) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	p := &prober{now: now, probe: probe, wait: ProbeTime}
	mux.Handle("GET /readyz", Handler(func(w http.ResponseWriter, r *http.Request) error {
		if err := p.ask(r.Context()); err != nil {
			return &kinpict.Error{Code: kinpict.Unavailable, Message: "Not ready.", Err: err}
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		answer := "ready\n"
		for _, note := range notes {
			if s := note(); s != "" {
				answer += s + "\n"
			}
		}
		_, _ = io.WriteString(w, answer)
		return nil
	}))
}

type prober struct {
	now   func() time.Time
	probe func(context.Context) error
	wait  time.Duration

	mu    sync.Mutex // guards the two below, and lets one probe run at a time
	asked time.Time
	last  error
}

func (p *prober) ask(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked.IsZero() && p.now().Sub(p.asked) < probeAge {
		return p.last
	}
	// The client's going away says nothing about us.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.wait)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.probe(ctx) }()
	select {
	case p.last = <-done:
	case <-ctx.Done():
		p.last = fmt.Errorf("probe: no answer within %s", p.wait)
	}
	p.asked = p.now()
	return p.last
}
