package api

import (
	"fmt"
	"net/http"
	"time"

	"kinpict"
	"kinpict/internal/httpd"
)

// events streams a generation and each change of it until it is done, the
// client leaves or the server stops. A browser reconnects whenever a stream
// ends; one that has seen the end is told not to by a 204.
func (a *API) events(c *call) error {
	release, err := a.streams.Take(c.caller.Counted())
	if err != nil {
		return err
	}
	defer release()
	changes, err := a.Studio.Watch(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	conn := http.NewResponseController(c.w)
	tick := time.NewTicker(a.beat)
	defer tick.Stop()
	begun := false
	for {
		var text []byte
		select {
		case <-httpd.Stopping(c.ctx()):
			return nil
		case <-tick.C:
			text = []byte(": still here\n\n")
		case g, more := <-changes:
			if !more {
				return nil
			}
			if !begun && g.Status.Done() && c.r.Header.Get("Last-Event-ID") == eventID(g) {
				c.w.WriteHeader(http.StatusNoContent)
				return nil
			}
			if text, err = a.event(c, g); err != nil {
				return err
			}
		}
		if !begun {
			begun = true
			text = append([]byte("retry: 2000\n\n"), text...)
		}
		if _, err := c.w.Write(text); err != nil {
			return err
		}
		if err := conn.Flush(); err != nil {
			return err
		}
	}
}

func (a *API) event(c *call, g *kinpict.Generation) ([]byte, error) {
	out, err := a.withPlace(c, g)
	if err != nil {
		return nil, err
	}
	data, err := encode(out) // one line: JSON has no bare line breaks
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "id: %s\ndata: %s\n", eventID(g), data), nil
}

func eventID(g *kinpict.Generation) string {
	return fmt.Sprintf("%s.%s.%d", g.Status, g.Step, g.Attempts)
}
