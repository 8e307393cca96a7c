package httpd

import (
	"net/http"
	"path"

	"kinpict"
)

// foreign returns the check for requests another site made a browser send.
//
// net/http's CrossOriginProtection decides by Sec-Fetch-Site and Origin. It
// lets through what has neither, because that is no current browser; with one
// of our cookies it might be an old one, so here it is refused.
func (e *Edge) foreign() func(*http.Request) error {
	protection := http.NewCrossOriginProtection()
	// A proxy may hand on another Host than the one in the address bar.
	if err := protection.AddTrustedOrigin(e.Public.Scheme + "://" + e.Public.Host); err != nil {
		panic("httpd: public address: " + err.Error())
	}
	exempt := http.NewServeMux()
	for _, p := range e.Exempt {
		exempt.Handle(p, http.NotFoundHandler())
	}
	cookies := e.Cookies()
	return func(r *http.Request) error {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
			return nil
		}
		// A path that is not clean is redirected by the mux, not served, and the
		// redirect must not inherit the exemption.
		if _, pattern := exempt.Handler(r); pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
			return nil
		}
		// The trusted origin is for browsers that say no more; one that says
		// that another site asked is believed.
		site := r.Header.Get("Sec-Fetch-Site")
		if err := protection.Check(r); err != nil || site != "" && site != "none" && site != "same-origin" {
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "This request came from another site, so it was not carried out.",
				Hint: "Open the page on this site and try again there."}
		}
		h := r.Header
		if site == "" && h.Get("Origin") == "" && h.Get("Authorization") == "" && cookies.any(r) {
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "This request does not say which site it came from.",
				Hint: "Send an Origin header with a cookie, or use an API token instead."}
		}
		return nil
	}
}
