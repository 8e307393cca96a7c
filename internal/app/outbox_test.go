package app

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kinpict/internal/config"
)

// Kept mail holds sign-in links. It is shown to a browser on the same machine
// that knows the site by one of that machine's own names, and to nobody else.
func TestOnlyThisMachineReadsTheOutbox(t *testing.T) {
	const there, gone = http.StatusOK, http.StatusNotFound
	for _, c := range []struct {
		name                         string
		listen, public, remote, host string // "": as on one's own machine
		header                       []string
		proto                        string // "": HTTP/1.1
		want                         int
	}{
		{name: "one's own machine", want: there},
		{name: "by its number", host: "127.0.0.1:8080", want: there},
		{name: "by its number in IPv6", listen: "[::1]:8080", remote: "[::1]:4000", host: "[::1]:8080", want: there},
		{name: "by a name without a port", host: "LocalHost", want: there},
		{name: "through IPv4 in IPv6", remote: "[::ffff:127.0.0.1]:4000", want: there},
		{name: "from the network", remote: "192.0.2.2:4000", want: gone},
		{name: "from the network, under a name of this machine", remote: "192.0.2.2:4000", host: "127.0.0.1", want: gone},
		{name: "listening to everybody", listen: "0.0.0.0:8080", want: gone},
		{name: "listening to everybody, without an address", listen: ":8080", want: gone},
		{name: "listening to the network", listen: "192.0.2.1:8080", want: gone},
		{name: "known under another address", public: "https://photos.example.org", want: gone},
		{name: "a name that leads here", host: "evil.example", want: gone},
		{name: "a name that begins like ours", host: "localhost.evil.example:8080", want: gone},
		{name: "a number that is not ours", host: "0.0.0.0:8080", want: gone},
		{name: "no name", host: "-", want: gone},
		{name: "past a proxy", header: []string{"X-Forwarded-For", "192.0.2.2"}, want: gone},
		{name: "past a proxy that says nothing", header: []string{"X-Forwarded-For", ""}, want: gone},
		{name: "past a proxy by the standard", header: []string{"Forwarded", "for=192.0.2.2"}, want: gone},
		{name: "past a proxy that names the host", header: []string{"X-Forwarded-Host", "photos.example.org"}, want: gone},
		{name: "past a proxy that names the scheme", header: []string{"X-Forwarded-Proto", "https"}, want: gone},
		{name: "past nginx", header: []string{"X-Real-IP", "192.0.2.2"}, want: gone},
		{name: "past a cache", header: []string{"Via", "1.1 squid"}, want: gone},
		{name: "past a tunnel", header: []string{"CF-Connecting-IP", "192.0.2.2"}, want: gone},
		{name: "from no address", remote: "@", want: gone},
		{name: "past a proxy that hides itself", proto: "HTTP/1.0", want: gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := looked(t)
			cfg.Listen, cfg.PublicURL = cmp.Or(c.listen, "localhost:8080"), cmp.Or(c.public, cfg.PublicURL)
			ask := mailbox(t, cfg)
			do := func(method, path, body string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(method, path, strings.NewReader(body))
				r.RemoteAddr, r.Host = cmp.Or(c.remote, "127.0.0.1:4000"), strings.TrimPrefix(cmp.Or(c.host, "localhost:8080"), "-")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if c.proto != "" {
					r.Proto, r.ProtoMajor, r.ProtoMinor = c.proto, 1, 0
				}
				for i := 0; i < len(c.header); i += 2 {
					r.Header.Set(c.header[i], c.header[i+1])
				}
				w := httptest.NewRecorder()
				ask.ServeHTTP(w, r)
				return w
			}
			sent := do("POST", "/sign-in", url.Values{"email": {"boss@example.org"}}.Encode())
			if sent.Code != http.StatusOK {
				t.Fatalf("asking for a link: %d\n%s", sent.Code, sent.Body)
			}
			got := do("GET", "/outbox", "")
			if got.Code != c.want || strings.Contains(got.Body.String(), "token=") != (c.want == there) {
				t.Errorf("/outbox answers %d, want %d", got.Code, c.want)
			}
			// What cannot be read is not offered.
			for _, page := range []string{sent.Body.String(), do("GET", "/", "").Body.String()} {
				if strings.Contains(page, `href="/outbox"`) != (c.want == there) {
					t.Errorf("a page offers the outbox: %t", c.want != there)
				}
			}
		})
	}
}

// mailbox is the product on a fresh database.
func mailbox(t *testing.T, cfg *config.Config) http.Handler {
	t.Helper()
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Ready(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}
