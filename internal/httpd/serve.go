package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Times of a server. DrainTime is what requests under way get after the stop.
const (
	headerTime = 5 * time.Second
	idleTime   = 2 * time.Minute
	DrainTime  = 30 * time.Second
)

type stopKey struct{}

// Stopping is closed when the server of this request begins to stop. Answers
// that would go on for ever, such as event streams, end then.
func Stopping(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(stopKey{}).(chan struct{})
	return c // nil without a server: never closed
}

// Serve answers on ln until ctx ends, then takes no new requests and lets those
// under way finish, for DrainTime at most. It returns nil after a stop, even if
// some requests had to be cut, which it logs.
func Serve(ctx context.Context, ln net.Listener, h http.Handler, log *slog.Logger) error {
	stopping := make(chan struct{})
	srv := &http.Server{
		Handler:           plainly(h),
		ConnContext:       remember,
		ConnState:         between,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context {
			// Not ctx: its end must not cut the requests under way.
			return context.WithValue(context.WithoutCancel(ctx), stopKey{}, stopping)
		},
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(framed{ln}) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	close(stopping)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), DrainTime)
	defer cancel()
	err := srv.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("requests were cut at the stop", "after", DrainTime)
		err = srv.Close()
	}
	if err != nil {
		return fmt.Errorf("stop serving %s: %w", ln.Addr(), err)
	}
	<-failed
	return nil
}
