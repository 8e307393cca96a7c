package web

import (
	"encoding/json"
	"net/http"
	"time"

	"kinpict"
	"kinpict/internal/httpd"
)

// Streams of the pages, which hold a connection each. A browser has six for a
// site and closes those of hidden tabs.
const (
	allStreams  = 2000
	eachStreams = 20
)

// liveEvery is how often a page is told what time has changed, such as that it
// takes longer than usual; what happens is told when it happens.
const liveEvery = 3 * time.Second

// beatAfter is how many times nothing changed before a sign of life is sent.
const beatAfter = 5

// progress tells a picture's page how far it is, in the reader's language: once
// to who asks for JSON, else as a stream of events until it is done.
func (s *Site) progress(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if wantsJSON(r) {
		g, err := s.Studio.Generation(r.Context(), c, id)
		if err != nil {
			return err
		}
		l, err := s.liveNow(r, g)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(l)
	}
	release, err := s.streams.Take(c.Counted())
	if err != nil {
		return err
	}
	defer release()
	changes, err := s.Studio.Watch(r.Context(), c, id)
	if err != nil {
		return err
	}
	return s.follow(w, r, changes)
}

// follow sends what is said of a generation whenever it is something else.
func (s *Site) follow(w http.ResponseWriter, r *http.Request, changes <-chan *kinpict.Generation) error {
	out := httpd.NewStream(w)
	tick := time.NewTicker(s.liveEvery)
	defer tick.Stop()
	var g *kinpict.Generation
	var last Live
	for quiet := 0; ; {
		select {
		case <-httpd.Stopping(r.Context()):
			return nil
		case <-tick.C:
		case next, more := <-changes:
			if !more {
				return nil
			}
			g = next
		}
		if g == nil {
			continue
		}
		now, err := s.liveNow(r, g)
		if err != nil {
			return err
		}
		same := now
		same.Elapsed = last.Elapsed // the page counts by itself
		if same == last && out.Begun() {
			if quiet++; quiet < beatAfter {
				continue
			}
			quiet, err = 0, out.Beat()
		} else {
			var data []byte
			if data, err = json.Marshal(now); err != nil {
				return err
			}
			quiet, last, err = 0, now, out.Event("", data)
		}
		if err != nil {
			return err
		}
	}
}

func (s *Site) liveNow(r *http.Request, g *kinpict.Generation) (Live, error) {
	e, err := s.Studio.Estimate(r.Context(), g)
	return live(s.printer(r), g, e, s.Now()), err
}
