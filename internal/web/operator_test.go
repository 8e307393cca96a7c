package web_test

import (
	"strings"
	"testing"

	"kinpict/internal/web"
)

func TestWhoRunsTheSiteStandsWhereSomebodyLooks(t *testing.T) {
	b := open(t, func(s *web.Site) {
		s.Operator = web.Operator{Name: "Müller & Söhne", Address: "Lindenweg 3; 48683 Ahaus", Contact: "hello@example.org"}
	}).browser()
	b.get("/").want(t, 200, `<a href="/policies/imprint">Imprint</a>`)
	b.get("/policies/imprint").want(t, 200, "Müller & Söhne", "Lindenweg 3", "48683 Ahaus", `href="mailto:hello@example.org"`)
	for _, path := range []string{"/policies/terms", "/policies/privacy"} {
		b.get(path).want(t, 200, "<bdi>Müller & Söhne</bdi>")
	}
	b.get("/policies/acceptable-use").want(t, 200, "How to reach us is in the")
	b.get("/sitemap.xml").want(t, 200, "/policies/imprint<")
	if got := (web.Operator{Contact: "https://example.org/contact"}).Reach(); got != "https://example.org/contact" {
		t.Errorf("a press on the contact leads to %q", got)
	}
}

func TestASiteThatNamesNobodyHasNoImprint(t *testing.T) {
	b := open(t).browser()
	b.get("/policies/imprint").want(t, 404)
	for _, path := range []string{"/", "/policies/terms", "/policies/privacy", "/policies/acceptable-use", "/sitemap.xml"} {
		if p := b.get(path).want(t, 200); strings.Contains(p.text, "imprint") || strings.Contains(p.text, "Imprint") {
			t.Errorf("%s tells of an imprint", path)
		}
	}
}
