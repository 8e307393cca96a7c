package web

import (
	"fmt"
	"html/template"

	"kinpict/internal/lang"
	"kinpict/internal/theme"
)

// dressed is what the site is made with: ours, or ours with the operator's theme
// over it, which has been tried on every page.
func (s *Site) dressed() (*dressing, error) {
	if s.Look == nil {
		made := dress
		if s.Languages != lang.Default() {
			made = func() (*dressing, error) { return dressAs(nil, s.Languages) }
		}
		d, err := made()
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		return d, nil
	}
	d, err := dressAs(s.Look, s.Languages)
	if err == nil && len(s.Look.Templates()) > 0 {
		err = d.try(s.Languages)
	}
	if err != nil {
		return nil, fmt.Errorf("KINPICT_CUSTOM_DIR: %w", err)
	}
	return d, nil
}

// ownLogo is the operator's logo, nil for our mark.
func (d *dressing) ownLogo() *theme.Logo {
	if d.skin == nil {
		return nil
	}
	return d.skin.Logo
}

// mark is the sign before the name: ours, or the logo as a picture, which runs
// nothing. A logo that is a wordmark leaves the name to those who cannot see it.
func (d *dressing) mark() template.HTML {
	l := d.ownLogo()
	if l == nil {
		return mark
	}
	class := "logo"
	if l.Wordmark() {
		class = "logo word"
	}
	return template.HTML(fmt.Sprintf(`<img class="%s" src="%s" width="%d" height="%d" alt="">`, class, d.assets.url(l.Name), l.Width, l.Height))
}

// A Favicon is what a tab shows.
type Favicon struct{ URL, Type string }

func (d *dressing) favicon() Favicon {
	if l := d.ownLogo(); l != nil {
		return Favicon{d.assets.url(l.Name), l.Type}
	}
	return Favicon{d.assets.url("icon.svg"), contentTypes[".svg"]}
}
