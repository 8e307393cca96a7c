package httpd

import (
	"fmt"
	"net/http"
)

// A Stream is an answer that goes on: server-sent events, each on its way as
// soon as it is sent. Whoever writes one ends it when Stopping is closed.
type Stream struct {
	w     http.ResponseWriter
	conn  *http.ResponseController
	begun bool
}

// NewStream prepares a stream. Nothing has been answered before the first event.
func NewStream(w http.ResponseWriter) *Stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	return &Stream{w: w, conn: http.NewResponseController(w)}
}

// Begun reports whether anything has been sent.
func (s *Stream) Begun() bool { return s.begun }

// Event sends data, which is one line, under an id that may be empty. A browser
// that loses the connection comes back after two seconds.
func (s *Stream) Event(id string, data []byte) error {
	if id != "" {
		id = "id: " + id + "\n"
	}
	return s.send(fmt.Appendf(nil, "%sdata: %s\n\n", id, data))
}

// Beat is a sign of life, so that nobody between here and there gives up.
func (s *Stream) Beat() error { return s.send([]byte(": still here\n\n")) }

func (s *Stream) send(text []byte) error {
	if !s.begun {
		s.begun = true
		text = append([]byte("retry: 2000\n\n"), text...)
	}
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.conn.Flush()
}
