package httpd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"kinpict"
)

// site is an edge before a few routes, and its log.
type site struct {
	http.Handler
	edge *Edge
	log  *bytes.Buffer
}

func newSite(t *testing.T, public string) *site {
	t.Helper()
	u, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{log: &bytes.Buffer{}}
	n := 0
	s.edge = &Edge{
		Public: u,
		Log:    slog.New(slog.NewJSONHandler(s.log, nil)),
		Now:    func() time.Time { return time.Unix(1_800_000_000, 0) },
		NewID:  func() string { n++; return fmt.Sprintf("req_%d", n) },
		Exempt: []string{"POST /webhooks/{provider}", "POST /sandbox/checkout/{id}"},
	}
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "done")
		return err
	}
	mux.Handle("GET /page", Handler(ok))
	mux.Handle("POST /post", Handler(ok))
	mux.Handle("POST /webhooks/{provider}", Handler(ok))
	mux.Handle("POST /sandbox/checkout/{id}", Handler(ok))
	mux.Handle("GET /fault", Handler(func(http.ResponseWriter, *http.Request) error {
		return errors.New("dial tcp 10.0.0.7: password=hunter2 ann@example.org")
	}))
	mux.Handle("GET /panic", Handler(func(http.ResponseWriter, *http.Request) error { panic("password=hunter2") }))
	mux.Handle("GET /half", Handler(func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("disk gone")
	}))
	mux.Handle("POST /read", Handler(func(w http.ResponseWriter, r *http.Request) error {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
		return err
	}))
	mux.Handle("POST /large", Handler(func(w http.ResponseWriter, r *http.Request) error {
		if err := AllowBody(w, r, 1<<20); err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(w, n)
		return err
	}))
	s.Handler = s.edge.Wrap(mux)
	return s
}

func (s *site) do(method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	r.Host = s.edge.Public.Host
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func code(t *testing.T, w *httptest.ResponseRecorder) kinpict.Code {
	t.Helper()
	var doc struct {
		Code   kinpict.Code
		Status int
		Detail string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("answer %d is no problem document: %v\n%s", w.Code, err, w.Body)
	}
	if doc.Status != w.Code || doc.Detail == "" || w.Header().Get("Content-Type") != ProblemType {
		t.Errorf("status %d, document %+v, type %q", w.Code, doc, w.Header().Get("Content-Type"))
	}
	return doc.Code
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	want := map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "strict-origin-when-cross-origin",
		"Permissions-Policy":           "geolocation=(), microphone=(), camera=(self), payment=()",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cache-Control":                "private, no-store",
	}
	for _, scheme := range []string{"http", "https"} {
		s := newSite(t, scheme+"://kinpict.example")
		for _, c := range []struct {
			method, path string
			status       int
		}{
			{"GET", "/page", 200}, {"HEAD", "/page", 200}, {"GET", "/nowhere", 404}, {"GET", "/post", 405},
			{"PUT", "/post", 405}, {"TRACE", "/post", 405}, {"GET", "/fault", 500}, {"GET", "/panic", 500}, {"GET", "//page", 307},
		} {
			w := s.do(c.method, c.path, nil)
			if w.Code != c.status {
				t.Errorf("%s %s: status %d, want %d", c.method, c.path, w.Code, c.status)
			}
			for k, v := range want {
				if got := w.Header().Get(k); got != v {
					t.Errorf("%s %s: %s is %q, want %q", c.method, c.path, k, got, v)
				}
			}
			csp := w.Header().Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'",
				"form-action 'self';", "require-trusted-types-for 'script'", "trusted-types kinpict"} {
				if !strings.Contains(csp+";", part) {
					t.Errorf("%s %s: policy lacks %s", c.method, c.path, part)
				}
			}
			tls := scheme == "https"
			if strings.Contains(csp, "upgrade-insecure-requests") != tls || (w.Header().Get("Strict-Transport-Security") != "") != tls {
				t.Errorf("%s: TLS-only headers are set: %v, want %v", scheme, !tls, tls)
			}
			if w.Header().Get("X-Request-Id") == "" || w.Header().Get("Server") != "" || strings.Contains(csp, "unsafe") {
				t.Errorf("%s %s: request id %q, server %q", c.method, c.path, w.Header().Get("X-Request-Id"), w.Header().Get("Server"))
			}
		}
	}
}

func TestForeignRequests(t *testing.T) {
	const own, evil, cookie = "https://kinpict.example", "https://evil.example", "__Host-kp_s=secret"
	for _, c := range []struct {
		name                                 string
		method, path                         string
		fetch, origin, cookie, authorization string
		status                               int
	}{
		{"own page", "POST", "/post", "same-origin", "", cookie, "", 200},
		{"typed or bookmarked", "POST", "/post", "none", "", cookie, "", 200},
		{"sister site", "POST", "/post", "same-site", "", cookie, "", 403},
		{"other site", "POST", "/post", "cross-site", "", cookie, "", 403},
		{"other site that claims our origin", "POST", "/post", "cross-site", evil, cookie, "", 403},
		{"old browser, own page", "POST", "/post", "", own, cookie, "", 200},
		{"old browser, own page without TLS", "POST", "/post", "", "http://kinpict.example", cookie, "", 200},
		{"old browser, other site", "POST", "/post", "", evil, cookie, "", 403},
		{"old browser, sandboxed frame", "POST", "/post", "", "null", cookie, "", 403},
		{"says nothing, with a session", "POST", "/post", "", "", cookie, "", 403},
		{"says nothing, with a guest's cookie", "POST", "/post", "", "", "__Host-kp_g=secret", "", 403},
		{"says nothing, with a cookie of nobody's", "POST", "/post", "", "", "theme=dark", "", 200},
		{"says nothing, without a cookie", "POST", "/post", "", "", "", "", 200},
		{"a program with a token", "POST", "/post", "", "", "", "Bearer kp_x", 200},
		{"other site, with our origin", "POST", "/post", "cross-site", own, cookie, "", 403},
		{"neighbour, with our origin", "POST", "/post", "same-site", own, cookie, "", 403},
		{"other site without a cookie", "POST", "/post", "cross-site", evil, "", "", 403},
		{"reading from another site", "GET", "/page", "cross-site", evil, cookie, "", 200},
		{"payment provider", "POST", "/webhooks/stripe", "", "", "", "", 200},
		{"payment provider's page", "POST", "/sandbox/checkout/x", "cross-site", evil, cookie, "", 200},
		{"a way to an exempt path", "POST", "//webhooks/stripe", "cross-site", evil, cookie, "", 403},
		{"a way through an exempt path", "POST", "/webhooks/../post", "cross-site", evil, cookie, "", 403},
		{"unknown route", "POST", "/nowhere", "cross-site", evil, cookie, "", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, own)
			var h []string
			for k, v := range map[string]string{"Sec-Fetch-Site": c.fetch, "Origin": c.origin, "Cookie": c.cookie, "Authorization": c.authorization} {
				if v != "" {
					h = append(h, k, v)
				}
			}
			w := s.do(c.method, c.path, nil, h...)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d", w.Code, c.status)
			}
			if c.status == 403 && code(t, w) != kinpict.Forbidden {
				t.Errorf("code %s, want forbidden", code(t, w))
			}
		})
	}
}

func TestFaultsOfOursAreLoggedOnceAndNotTold(t *testing.T) {
	for _, path := range []string{"/fault", "/panic"} {
		s := newSite(t, "http://kinpict.example")
		w := s.do("GET", path+"?email=ann@example.org", nil, "X-Forwarded-For", "203.0.113.9")
		if w.Code != 500 || code(t, w) != kinpict.Internal {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "hunter2") || !strings.Contains(w.Body.String(), "req_1") {
			t.Errorf("%s: the answer tells too much or lacks the request id: %s", path, w.Body)
		}
		if n := strings.Count(s.log.String(), `"level":"ERROR"`); n != 1 {
			t.Errorf("%s: logged %d times, want once\n%s", path, n, s.log)
		}
	}
}

func TestAccessLogHoldsNoPersonalData(t *testing.T) {
	s := newSite(t, "http://kinpict.example")
	s.do("GET", "/page?email=ann@example.org", nil, "Cookie", "kp_s=secretcookie", "User-Agent", "Mozilla Ann")
	s.do("GET", "/s/secrettoken", nil)
	log := s.log.String()
	for _, word := range []string{"ann", "Ann", "secret", "192.0.2.1"} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q:\n%s", word, log)
		}
	}
	if !strings.Contains(log, `"route":"GET /page"`) || strings.Count(log, "\n") != 2 {
		t.Errorf("want one line a request with its route:\n%s", log)
	}
}

func TestAddressesAreText(t *testing.T) {
	for path, status := range map[string]int{"/page": 200, "/page?q=%C3%A9&x=1": 200, "/page?q=%00": 400, "/page?q=%ff": 400, "/page?q=%zz": 400,
		"/s/%00": 400, "/s/%ff": 400, "/page?%00": 400} {
		s := newSite(t, "http://kinpict.example")
		if w := s.do("GET", path, nil); w.Code != status {
			t.Errorf("%s: %d, want %d", path, w.Code, status)
		}
	}
}

func TestHalfAnAnswerIsCut(t *testing.T) {
	s := newSite(t, "http://kinpict.example")
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("panic %v, want the connection aborted", p)
		}
	}()
	w := s.do("GET", "/half", nil)
	t.Errorf("an answer of %d bytes passed for whole", w.Body.Len())
}

func TestBodies(t *testing.T) {
	big := func(n int) io.Reader { return bytes.NewReader(make([]byte, n)) }
	endless := io.MultiReader(big(2<<20), big(2<<20)) // no length: chunked
	for _, c := range []struct {
		name, path string
		body       io.Reader
		header     []string
		status     int
		code       kinpict.Code
	}{
		{"small", "/large", big(10), nil, 200, ""},
		{"as large as allowed", "/large", big(1 << 20), nil, 200, ""},
		{"announced too large", "/large", big(1<<20 + 1), nil, 413, RequestTooLarge},
		{"endless", "/large", endless, nil, 413, RequestTooLarge},
		{"more than a form holds", "/read", big(DefaultBody + 1), nil, 200, ""}, // see below
		{"compressed", "/large", big(10), []string{"Content-Encoding", "gzip"}, 415, kinpict.UnsupportedMediaType},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, "http://kinpict.example")
			if c.path == "/read" {
				// The route has begun to answer when the limit is met, so the
				// connection is cut.
				defer func() {
					if recover() != http.ErrAbortHandler {
						t.Error("a body over the default limit was read")
					}
				}()
			}
			w := s.do("POST", c.path, c.body, c.header...)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if c.code != "" && code(t, w) != c.code {
				t.Errorf("code %s, want %s", code(t, w), c.code)
			}
		})
	}
}

func TestClientAddress(t *testing.T) {
	e := &Edge{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")}}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"no proxy", "203.0.113.1:99", nil, "203.0.113.1"},
		{"claim of a stranger", "203.0.113.1:99", []string{"198.51.100.7"}, "203.0.113.1"},
		{"one proxy", "10.0.0.1:99", []string{"198.51.100.7"}, "198.51.100.7"},
		{"client's claim left of the truth", "10.0.0.1:99", []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "10.0.0.1:99", []string{"1.1.1.1, 198.51.100.7, 192.0.2.8"}, "198.51.100.7"},
		{"two headers", "10.0.0.1:99", []string{"1.1.1.1", "198.51.100.7"}, "198.51.100.7"},
		{"only proxies", "10.0.0.1:99", []string{"10.0.0.2"}, "10.0.0.2"},
		{"rubbish", "10.0.0.1:99", []string{"198.51.100.7, what"}, "10.0.0.1"},
		{"none", "10.0.0.1:99", nil, "10.0.0.1"},
		{"mapped", "[::ffff:10.0.0.1]:99", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"IPv6 with a zone", "[fe80::1%eth0]:99", nil, "fe80::1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := e.client(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := (&Edge{}).client(r); len(c.forwarded) > 0 && got.String() == c.forwarded[0] {
			t.Errorf("%s: believed without a trusted proxy", c.name)
		}
	}
}
