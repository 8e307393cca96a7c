package httpd

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"kinpict"
)

// How large and how slow a body may be. The default suits forms and JSON; a
// route that takes files calls AllowBody.
const (
	DefaultBody = 256 << 10
	bodyGrace   = 10 * time.Second
	BodyRate    = 16 << 10 // bytes a second after the grace
	bodySilence = 30 * time.Second
)

// limitBody caps and paces the body of r. Nothing is read here, so that a
// client that waits for 100 Continue has sent nothing when it is refused.
func limitBody(w http.ResponseWriter, r *http.Request, now func() time.Time) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	body := &paced{ReadCloser: r.Body, conn: http.NewResponseController(w), start: now(), now: now}
	scopeOf(r.Context()).body = body
	r.Body = http.MaxBytesReader(w, body, DefaultBody)
}

// AllowBody lets the body have up to limit bytes instead of DefaultBody. It
// refuses at once what already says that it is longer.
func AllowBody(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return TooLarge(limit)
	}
	if body := scopeOf(r.Context()).body; body != nil {
		r.Body = http.MaxBytesReader(w, body, limit)
	} else if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	return nil
}

// paced moves the connection's read deadline along with what has arrived: ten
// seconds, and one more for each 16 KiB. What came fast buys no silence of more
// than half a minute.
type paced struct {
	io.ReadCloser
	conn  *http.ResponseController
	start time.Time
	now   func() time.Time
	n     int64
}

func (p *paced) Read(b []byte) (int, error) {
	until := p.start.Add(bodyGrace + time.Duration(p.n)*time.Second/BodyRate)
	if silent := p.now().Add(bodySilence); silent.Before(until) {
		until = silent
	}
	// A writer that takes no deadlines is a test's.
	_ = p.conn.SetReadDeadline(until)
	n, err := p.ReadCloser.Read(b)
	p.n += int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		// From here on the server reads only to learn whether the client is
		// still there; a deadline would look as if it had gone.
		_ = p.conn.SetReadDeadline(time.Time{})
		return n, io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, &kinpict.Error{Code: RequestTimeout, Message: "The request arrived too slowly.",
			Hint: "Send it again over a faster connection, or send fewer or smaller photos.", Err: err}
	}
	return n, &kinpict.Error{Code: RequestMalformed, Message: "The request broke off or was not framed as HTTP asks.",
		Hint: "Send it again.", Err: err}
}
