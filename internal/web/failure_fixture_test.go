package web

import (
	"net/url"

	"kinpict"
	"kinpict/internal/httpd"
)

// failureSpecimens are the error pages: of pages and of forms, with words that
// were not kept and with a time to come back.
func failureSpecimens(guest Page) map[string]specimen {
	m := map[string]specimen{}
	for _, c := range []kinpict.Code{httpd.RequestMalformed, kinpict.Unauthenticated, kinpict.InsufficientCredits, kinpict.Forbidden, kinpict.NotFound, httpd.MethodNotAllowed,
		httpd.RequestTimeout, kinpict.Conflict, kinpict.FileTooLarge, kinpict.UnsupportedMediaType, kinpict.Invalid, kinpict.RateLimited, kinpict.EngineUnavailable, kinpict.Unavailable} {
		e := &kinpict.Error{Code: c, Message: "The form could not be read.", Hint: "Go back and send it again."}
		m["error "+string(c)] = specimen{"error", errorView(guest, refusal{err: e, again: "/pricing?currency=eur", wait: httpd.Means(c).RetryAfter})}
	}
	internal := &kinpict.Error{Code: kinpict.Internal, Message: "Something went wrong on our side.", Members: map[string]any{"request_id": "req_01JABCDEFGHJKMNPQRSTVWXYZ"}}
	m["error internal"] = specimen{"error", errorView(guest, refusal{err: internal, again: "/credits"})}
	busy := &kinpict.Error{Code: kinpict.Unavailable, Message: "Too many people are doing this right now.", Hint: "Try again in a few seconds."}
	written := url.Values{"instruction": {"Nana's eightieth, <b>at the lake</b>"}, "title": {"The Morenos"}, "message": {"My balance was 80."}}
	m["error after a form"] = specimen{"error", errorView(guest, refusal{err: busy, back: "/create", words: written, wait: 20})}
	m["error after another form"] = specimen{"error", errorView(guest, refusal{err: internal, back: "/help/balance", words: url.Values{"message": {"My balance was 80."}}})}
	m["error for hours"] = specimen{"error", errorView(guest, refusal{err: busy, wait: 50000})}
	return m
}
