package web_test

import (
	"net/url"
	"testing"

	"kinpict/internal/web"
)

// A link says whether it was sent, waits in the outbox, or is with the operator.
func TestWhereASignInLinkIs(t *testing.T) {
	for _, c := range []struct {
		what string
		set  func(*web.Site)
		says string
	}{
		{"on one's own machine", func(s *web.Site) { s.KeepsMail = true }, `<a href="/outbox">`},
		{"without a mail server", func(s *web.Site) { s.Outbox, s.KeepsMail = nil, true }, "no mail server yet"},
		{"with one", func(s *web.Site) { s.Outbox, s.KeepsMail = nil, false }, "It can take a minute"},
	} {
		t.Run(c.what, func(t *testing.T) {
			b := open(t, c.set).browser()
			b.post("/sign-in", url.Values{"email": {"ann@example.com"}}).want(t, 200, c.says, "<bdi>ann@example.com</bdi>")
		})
	}
}
