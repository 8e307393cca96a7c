package httpd

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"
)

// Having sent much at once is no leave to hold a place in silence.
func TestFastBodiesMayNotFallSilent(t *testing.T) {
	start := time.Unix(1000, 0)
	conn := &deadlines{ResponseWriter: httptest.NewRecorder()}
	errs := append(slices.Repeat([]error{nil}, 1000), os.ErrDeadlineExceeded) // 16 MiB
	p := &paced{ReadCloser: &reads{errs: errs}, conn: http.NewResponseController(conn), start: start, now: func() time.Time { return start.Add(time.Second) }}
	if _, err := io.Copy(io.Discard, p); Status(err) != 408 {
		t.Errorf("a body that fell silent: %v, want 408", err)
	}
	if got := conn.read[len(conn.read)-1].Sub(start); got != 31*time.Second {
		t.Errorf("may be silent until %s, want 31s", got)
	}
}
