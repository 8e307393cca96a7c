package api

import (
	"bytes"
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
	out := httpd.NewStream(c.w)
	tick := time.NewTicker(a.beat)
	defer tick.Stop()
	for {
		select {
		case <-httpd.Stopping(c.ctx()):
			return nil
		case <-tick.C:
			err = out.Beat()
		case g, more := <-changes:
			if !more {
				return nil
			}
			if !out.Begun() && g.Status.Done() && c.r.Header.Get("Last-Event-ID") == eventID(g) {
				c.w.WriteHeader(http.StatusNoContent)
				return nil
			}
			err = a.event(c, out, g)
		}
		if err != nil {
			return err
		}
	}
}

func (a *API) event(c *call, to *httpd.Stream, g *kinpict.Generation) error {
	out, err := a.withPlace(c, g)
	if err != nil {
		return err
	}
	data, err := encode(out)
	if err != nil {
		return err
	}
	return to.Event(eventID(g), bytes.TrimSpace(data)) // one line: JSON has no bare line breaks
}

func eventID(g *kinpict.Generation) string {
	return fmt.Sprintf("%s.%s.%d", g.Status, g.Step, g.Attempts)
}
