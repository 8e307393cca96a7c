package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"kinpict"
)

// An Edge stands before every route of a listener.
type Edge struct {
	// Public is the address people use. Under https cookies are secure and the
	// browser is told never to come back without TLS.
	Public *url.URL
	Log    *slog.Logger
	// Now is the machine's clock. It measures durations and sets deadlines on
	// connections, so it must not be one that is shifted for tests.
	Now func() time.Time
	// NewID makes the id of a request.
	NewID func() string
	// Proxies may say in X-Forwarded-For whom they speak for. Empty: nobody may.
	Proxies []netip.Prefix
	// Exempt are the patterns of routes that other sites and servers post to on
	// purpose. They must not trust a cookie.
	Exempt []string
	// Checkout are the origins a form may send a person on to, such as
	// https://checkout.stripe.com.
	Checkout []string
	// Rooms are parts of the site nobody is to know of who may not enter.
	Rooms []Room
	// Fail answers what no handler answers: foreign posts, unknown routes,
	// panics. Nil means Problem.
	Fail func(http.ResponseWriter, *http.Request, error)
}

// Secure reports whether people come by https.
func (e *Edge) Secure() bool { return e.Public.Scheme == "https" }

// Cookies are the cookies of this site.
func (e *Edge) Cookies() Cookies { return Cookies{Secure: e.Secure()} }

// Wrap returns mux behind the edge.
func (e *Edge) Wrap(mux *http.ServeMux) http.Handler {
	fail := e.Fail
	if fail == nil {
		fail = Problem
	}
	foreign := e.foreign()
	serve := func(w http.ResponseWriter, r *http.Request) error {
		if err := foreign(r); err != nil {
			return err
		}
		if c := r.Header.Get("Content-Encoding"); c != "" && c != "identity" {
			return &kinpict.Error{Code: kinpict.UnsupportedMediaType, Message: "Compressed requests are not read here.",
				Hint: "Send the body as it is, without Content-Encoding."}
		}
		if !text(r.URL) {
			return &kinpict.Error{Code: RequestMalformed, Message: "The address holds bytes that are no text.", Hint: "Check it for a typing mistake."}
		}
		limitBody(w, r, e.Now)
		routes := mux
		if room := e.room(r); room != nil {
			if !room.Enter(r) {
				return nothing()
			}
			routes = room.Mux
		}
		if _, pattern := routes.Handler(r); pattern == "" {
			return unmatched(routes, w, r)
		}
		routes.ServeHTTP(w, r)
		return nil
	}
	return &edged{e.pass(Handler(serve).Or(fail), fail), func(err error) http.Handler {
		return e.pass(Handler(func(http.ResponseWriter, *http.Request) error { return err }).Or(fail), fail)
	}}
}

// edged is a mux behind its edge. What the server itself has to refuse is
// answered by refusing, with the same headers, log and words.
type edged struct {
	http.Handler
	refusing func(error) http.Handler
}

// pass makes requests known, gives answers their headers, and writes the access
// log. fail answers a panic.
func (e *Edge) pass(handler http.Handler, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	set := e.headers()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := e.Now()
		s := &scope{id: e.NewID(), client: e.client(r)}
		s.log = e.Log.With("request", s.id)
		r = r.WithContext(context.WithValue(r.Context(), scopeKey{}, s))
		rec := &recorder{ResponseWriter: w, now: e.Now}
		w.Header().Set("X-Request-Id", s.id)
		set(w.Header())
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				if rec.status == 0 {
					fail(rec, r, err) // which logs it
					p = nil
				} else {
					s.log.Error("answer broke off", "route", r.Pattern, "err", err)
					p = http.ErrAbortHandler // cut it, so that nobody takes half an answer for whole
				}
			}
			s.log.Info("request", "method", r.Method, "route", r.Pattern, "status", rec.code(), "bytes", rec.bytes,
				"ms", float64(e.Now().Sub(start).Microseconds())/1000)
			if p != nil {
				panic(p)
			}
		}()
		handler.ServeHTTP(rec, r)
	})
}

// text reports whether the address is UTF-8 without NUL once it is unescaped.
// Not every database takes other strings, so none gets past here.
func text(u *url.URL) bool {
	query, err := url.QueryUnescape(u.RawQuery)
	return err == nil && utf8.ValidString(u.Path) && utf8.ValidString(query) && !strings.ContainsRune(u.Path+query, 0)
}

// unmatched answers what the mux has no route for, in the words of an error.
// The mux itself says whether only the method is wrong.
func unmatched(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) error {
	h, _ := mux.Handler(r)
	answer := &unwritten{header: http.Header{}}
	h.ServeHTTP(answer, r)
	if allow := answer.header.Get("Allow"); answer.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", allow)
		return &kinpict.Error{Code: MethodNotAllowed, Message: "This address does not take " + method(r) + " requests.",
			Hint: "It takes: " + allow + "."}
	}
	return nothing()
}

// nothing is said of every address that is not there.
func nothing() error {
	return &kinpict.Error{Code: kinpict.NotFound, Message: "There is nothing at this address.",
		Hint: "Check it for a typing mistake."}
}

// method is the request's method unless it is one somebody made up.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return r.Method
	}
	return "such"
}

// unwritten is an answer that is looked at and not sent.
type unwritten struct {
	header http.Header
	status int
}

func (u *unwritten) Header() http.Header         { return u.header }
func (u *unwritten) WriteHeader(status int)      { u.status = status }
func (u *unwritten) Write(b []byte) (int, error) { return len(b), nil }

// A scope is what the edge knows about a request.
type scope struct {
	id     string
	log    *slog.Logger
	client netip.Addr
	body   *paced // nil for a request without one
}

type scopeKey struct{}

// nowhere serves requests that came past no edge, in tests of single handlers.
var nowhere = scope{log: slog.New(slog.DiscardHandler)}

func scopeOf(ctx context.Context) *scope {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return s
	}
	return &nowhere
}

// Client is the address the request came from, past trusted proxies. It is
// personal data: hash it before it is kept, and do not log it.
func Client(ctx context.Context) netip.Addr { return scopeOf(ctx).client }

// writeStall is how long one write may wait for a client that does not read.
const writeStall = 30 * time.Second

// An answer that holds a place others wait for has to be read at ReadRate, after
// a grace. What it waits for us does not count.
const (
	ReadRate  = 32 << 10 // bytes a second
	readGrace = 30 * time.Second
)

// AtLeast has the answer cut whose reader is slower than ReadRate.
func AtLeast(w http.ResponseWriter) {
	for {
		if rec, ok := w.(*recorder); ok {
			rec.paced = true
			return
		}
		wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return // a test's
		}
		w = wrapped.Unwrap()
	}
}

// A recorder notes what was answered and gives every write a deadline of its
// own, so that a large picture may take its time and a stalled reader may not.
type recorder struct {
	http.ResponseWriter
	now    func() time.Time
	status int
	bytes  int64
	paced  bool          // the whole answer has to be read in time, too
	waited time.Duration // for the reader
}

func (w *recorder) WriteHeader(status int) {
	if status >= 200 && w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	begun, wait := w.now(), writeStall
	if w.paced {
		wait = min(wait, readGrace+time.Duration(w.bytes+int64(len(b)))*time.Second/ReadRate-w.waited)
	}
	// A writer that takes no deadlines is a test's.
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(begun.Add(wait))
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	w.waited += w.now().Sub(begun)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
