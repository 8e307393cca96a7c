package web

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// What search engines and previews of links are told.

// art is the picture for previews of links: the sample of the first scenario
// that brings one. It is a JPEG, which every messenger shows.
func (s *Site) art() string {
	for _, sc := range s.Scenarios.All() {
		if sc.Sample != "" {
			return samplePath(sc.ID)
		}
	}
	return ""
}

func samplePath(id string) string { return "/scenarios/" + id + "/sample" }

// hidden are the paths that hold nothing for a search engine.
var hidden = []string{"/api/", "/account", "/checkout", "/create/", "/credits", "/generations", "/held/", "/help/", "/outbox", "/prefs/", "/purchases", "/sandbox/", "/sign-in"}

func (s *Site) robots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := fmt.Fprintf(w, "User-agent: *\nDisallow: %s\n\nSitemap: %s/sitemap.xml\n", strings.Join(hidden, "\nDisallow: "), s.PublicURL)
	return err
}

// sitemap lists the pages that are the same for everybody (sitemaps.org, 0.9).
func (s *Site) sitemap(w http.ResponseWriter, _ *http.Request) error {
	type place struct {
		Loc string `xml:"loc"`
	}
	list := struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		Places  []place  `xml:"url"`
	}{}
	paths := []string{"/", "/scenarios", "/pricing", "/pricing/history", "/verify"}
	for _, sc := range s.Scenarios.All() {
		paths = append(paths, "/scenarios/"+sc.ID)
	}
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		if name != "imprint" || s.Operator.Name != "" {
			paths = append(paths, "/policies/"+name)
		}
	}
	for _, p := range paths {
		list.Places = append(list.Places, place{s.PublicURL + p})
	}
	body, err := xml.Marshal(list)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, err = w.Write(append([]byte(xml.Header), body...))
	return err
}
