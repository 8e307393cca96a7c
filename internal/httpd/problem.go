package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strconv"

	"kinpict"
)

// ProblemType is the media type of an error.
const ProblemType = "application/problem+json"

// A Handler answers a request or returns why it cannot. It returns an error
// only before it has written anything; what comes later is logged and cuts the
// connection.
type Handler func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP answers an error with a problem document.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Or(Problem).ServeHTTP(w, r) }

// Or returns h with another way to answer errors, such as a page.
func (h Handler) Or(fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		if begun(w) {
			if r.Context().Err() == nil {
				scopeOf(r.Context()).log.Error("answer broke off", "route", r.Pattern, "err", err)
			}
			panic(http.ErrAbortHandler)
		}
		fail(w, r, err)
	})
}

// begun reports whether an answer is already on its way.
func begun(w http.ResponseWriter) bool {
	for {
		switch x := w.(type) {
		case *recorder:
			return x.status != 0
		case interface{ Unwrap() http.ResponseWriter }:
			w = x.Unwrap()
		default:
			return false
		}
	}
}

// Problem answers err as a problem document.
func Problem(w http.ResponseWriter, r *http.Request, err error) {
	e := Explain(r, err)
	status, body := Document(e)
	ProblemHeader(w.Header(), e)
	CloseUnread(w.Header(), r, status)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// CloseUnread ends the connection after an answer that comes before the body was
// read. Otherwise the server waits for the rest of the body before it answers.
func CloseUnread(h http.Header, r *http.Request, status int) {
	if r.ContentLength != 0 && refusedUnread[status] {
		h.Set("Connection", "close")
	}
}

// refusedUnread are the answers that come before the body is read.
var refusedUnread = map[int]bool{http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusNotFound: true,
	http.StatusMethodNotAllowed: true, http.StatusRequestEntityTooLarge: true, http.StatusUnsupportedMediaType: true, http.StatusTooManyRequests: true}

// ProblemHeader sets the headers that go with an error's document.
func ProblemHeader(h http.Header, e *kinpict.Error) {
	h.Set("Content-Type", ProblemType)
	FailureHeader(h, e)
}

// FailureHeader sets the headers an error needs in any form, a page too.
func FailureHeader(h http.Header, e *kinpict.Error) {
	m := Means(e.Code)
	if m.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="kinpict"`)
	}
	wait := m.RetryAfter
	if s, ok := e.Members["retry_after"].(int); ok && s > 0 {
		wait = s
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(wait))
	}
}

// Document is the problem document of e and its status. The same error gives
// the same bytes.
func Document(e *kinpict.Error) (status int, body []byte) {
	m := Means(e.Code)
	doc := make(map[string]any, len(e.Members)+6)
	maps.Copy(doc, e.Members)
	doc["type"] = "urn:kinpict:problem:" + string(m.Code)
	doc["title"] = m.Title
	doc["status"] = m.Status
	doc["detail"] = e.Message
	doc["code"] = m.Code
	if e.Hint != "" {
		doc["hint"] = e.Hint
	}
	body, err := json.Marshal(doc)
	if err != nil { // a member that is no JSON is a programmer's mistake; the rest still helps
		plain := *e
		plain.Members = nil
		return Document(&plain)
	}
	return m.Status, append(body, '\n')
}

// Explain turns any error into one a person may see. What is our fault is
// written to the log here, once, and answered with the request's id alone.
func Explain(r *http.Request, err error) *kinpict.Error {
	s := scopeOf(r.Context())
	e := translate(r, err)
	if e == nil {
		e = &kinpict.Error{Code: kinpict.Internal}
	}
	m := Means(e.Code)
	switch {
	case m.Code == kinpict.Internal:
		s.log.Error("request failed", "route", r.Pattern, "err", err)
		return &kinpict.Error{Code: kinpict.Internal, Message: "Something went wrong on our side.",
			Hint:    "Try again in a moment. If it stays, tell us the request id " + s.id + ".",
			Members: map[string]any{"request_id": s.id}}
	case m.Status >= 500 && e.Err != nil:
		s.log.Warn("request refused", "route", r.Pattern, "err", err)
	}
	return e
}

// translate finds the error a person may see in err, or nil.
func translate(r *http.Request, err error) *kinpict.Error {
	var e *kinpict.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return TooLarge(large.Limit)
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// Nobody is there to read it; the status is for the access log.
		return &kinpict.Error{Code: RequestTimeout, Message: "The connection was closed."}
	case errors.Is(err, context.DeadlineExceeded):
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "This took too long, so we stopped.",
			Hint: "Try again in a few seconds.", Err: err}
	}
	return nil
}

// TooLarge is the answer to a body of more than limit bytes.
func TooLarge(limit int64) *kinpict.Error {
	return &kinpict.Error{Code: RequestTooLarge, Message: fmt.Sprintf("The request is larger than %s.", size(limit)),
		Hint: "Send less in one request.", Members: map[string]any{"max_bytes": limit}}
}

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// Log is the request's own logger, which adds its id to every line.
func Log(ctx context.Context) *slog.Logger { return scopeOf(ctx).log }
