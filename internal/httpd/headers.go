package httpd

import (
	"net/http"
	"net/url"
	"strings"
)

// headers returns a function that sets what every answer carries. A handler
// may set a header again where it knows better.
func (e *Edge) headers() func(http.Header) {
	forms := append([]string{"'self'"}, e.Checkout...)
	policy := []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "font-src 'self'",
		"connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action " + strings.Join(forms, " "),
		"frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'",
		"require-trusted-types-for 'script'", "trusted-types kinpict",
	}
	fixed := map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "strict-origin-when-cross-origin",
		"Permissions-Policy":           "geolocation=(), microphone=(), camera=(self), payment=()",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		// Nothing is kept by a cache unless its handler says that everybody may see it.
		"Cache-Control": "private, no-store",
	}
	if e.Secure() {
		policy = append(policy, "upgrade-insecure-requests")
		fixed["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
	}
	fixed["Content-Security-Policy"] = strings.Join(policy, "; ")
	return func(h http.Header) {
		for k, v := range fixed {
			h.Set(k, v)
		}
	}
}

// Immutable lets caches keep the answer for ever: its address holds a checksum.
func Immutable(h http.Header) { h.Set("Cache-Control", "public, max-age=31536000, immutable") }

// Picture sets the headers of a person's picture: it may be shown by our own
// pages, and opened by itself it can run nothing and is found by no search
// engine. An empty file name leaves the name to the browser.
func Picture(h http.Header, contentType, file string, download bool) {
	personal(h, contentType)
	disposition := "inline"
	if download {
		disposition = "attachment"
	}
	h.Set("Content-Disposition", named(disposition, file))
}

// Attachment sets the headers of a person's file that is kept and not looked at.
func Attachment(h http.Header, contentType, file string) {
	personal(h, contentType)
	h.Set("Content-Disposition", named("attachment", file))
}

// personal is what all files of a person have in common.
func personal(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex")
}

// named is a Content-Disposition with the name of the file, if there is one.
func named(disposition, file string) string {
	if file != "" {
		// The plain name is for programs that do not know the other (RFC 6266, appendix D).
		disposition += `; filename="` + strings.Map(plainName, file) + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(file), "+", "%20")
	}
	return disposition
}

// plainName puts an underscore where a character of a file name could be read
// in two ways or end the header's quotes.
func plainName(r rune) rune {
	if r < ' ' || r > '~' || strings.ContainsRune("\"%\\/", r) {
		return '_'
	}
	return r
}
