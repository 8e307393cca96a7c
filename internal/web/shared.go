package web

import (
	"html/template"
	"net/http"
)

// What pages of others are dressed with, so that they look as the site does.

// Asset is the address of one of the site's files. It panics on a name that is
// not there.
func (s *Site) Asset(name string) string { return s.assets.url(name) }

// Icon is one of the site's icons. It panics on a name that is not there.
func (s *Site) Icon(name string) template.HTML { return icon(name) }

// Mark and Brand are the product's sign and name, or the operator's.
func (s *Site) Mark() template.HTML { return s.mark() }
func (s *Site) Brand() string       { return s.skin.Name() }

// Theme is "light" or "dark" for a visitor who chose one, else "".
func (s *Site) Theme(r *http.Request) string {
	switch t := s.Identity.Cookies.Value(r, s.Identity.Cookies.Name(themeCookie)); t {
	case "light", "dark":
		return t
	}
	return ""
}
