package theme

import (
	"errors"
	"fmt"
	"strings"
)

// least is the contrast text needs: WCAG 2.2, 1.4.3, level AA.
const least = 4.5

// A ground is what an accent stands on in one scheme. The colours are those of
// the web package's css/00-tokens.css, which a test compares.
type ground struct {
	name              string
	paper, mat, faint Colour // the page, cards on it, and quiet text
	label             Colour // on a button of the accent
	toward            Colour // where more contrast lies
	hover, link       float64
}

// Of light and dark, the schemes of every page.
var grounds = [2]ground{
	{name: "light", paper: must("#f5f4ef"), mat: must("#ffffff"), faint: must("#4b544e"), label: must("#ffffff"), toward: must("#000000"), hover: 0.3},
	{name: "dark", paper: must("#161210"), mat: must("#211b17"), faint: must("#c6baa9"), label: must("#22160a"), toward: must("#ffffff"), hover: 0.25, link: 0.15},
}

// tint is how much of the accent the ground of what is selected takes on, at most.
const tint = 0.13

// An Accent is the colour of what can be pressed, for light and for dark.
type Accent [2]Colour

// parseAccent reads a pair such as "#1d4a3d,#f0b35a", light first, and refuses
// one that cannot be read on our grounds.
func parseAccent(s string) (*Accent, error) {
	parts := strings.Split(s, ",")
	if len(parts) != 2 {
		return nil, fmt.Errorf("%q is not a pair of colours such as #1d4a3d,#f0b35a: the first for the light theme, the second for the dark", s)
	}
	var a Accent
	var errs []error
	for i, p := range parts {
		var err error
		if a[i], err = Parse(p); err == nil {
			err = grounds[i].refuse(a[i])
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &a, nil
}

// A Reading is one pair of colours and how well they are told apart.
type Reading struct {
	On    string
	Ratio float64
}

func (g ground) readings(c Colour) []Reading {
	return []Reading{{"the page " + g.paper.String(), Contrast(c, g.paper)}, {"cards " + g.mat.String(), Contrast(c, g.mat)},
		{"its label " + g.label.String(), Contrast(c, g.label)}}
}

func (g ground) reads(c Colour) bool {
	for _, r := range g.readings(c) {
		if r.Ratio < least {
			return false
		}
	}
	return true
}

// refuse says what is wrong with an accent and which colour near it is right.
func (g ground) refuse(c Colour) error {
	if g.reads(c) {
		return nil
	}
	var all []string
	for _, r := range g.readings(c) {
		all = append(all, fmt.Sprintf("%.2f on %s", r.Ratio, r.On))
	}
	return fmt.Errorf("%s is too hard to read in the %s theme: its contrast is %s, and %.1f is the least; %s is the nearest that works",
		c, g.name, strings.Join(all, ", "), least, g.nearest(c))
}

// nearest is the first colour that reads on the way to black or white, which
// keeps the hue.
func (g ground) nearest(c Colour) Colour {
	for step := range 256 {
		if near := c.mix(g.toward, float64(step)/255); g.reads(near) {
			return near
		}
	}
	return g.toward
}

// Roles are the colours that follow from an accent in one scheme.
type Roles struct{ Brand, Hover, Label, Tint, Link Colour }

// Roles derives them: hover and links stand out more than the accent, and the
// tint is as strong as what is written on it allows.
func (a Accent) Roles(i int) Roles {
	g := grounds[i]
	r := Roles{Brand: a[i], Hover: a[i].mix(g.toward, g.hover), Label: g.label, Link: a[i].mix(g.toward, g.link)}
	for share := tint; share >= 0; share -= 0.01 {
		r.Tint = g.mat.mix(a[i], share)
		if Contrast(r.Link, r.Tint) >= least && Contrast(g.faint, r.Tint) >= least {
			return r
		}
	}
	r.Tint = g.mat
	return r
}

// CSS is the style sheet of the accent. It goes into the layer of our tokens and
// after them.
func (a Accent) CSS() []byte {
	l, d := a.Roles(0), a.Roles(1)
	return fmt.Appendf(nil, "@layer tokens{:root{--brand:light-dark(%s,%s);--brand-hi:light-dark(%s,%s);--on-brand:light-dark(%s,%s);--brand-tint:light-dark(%s,%s);--brand-ink:light-dark(%s,%s)}}\n",
		l.Brand, d.Brand, l.Hover, d.Hover, l.Label, d.Label, l.Tint, d.Tint, l.Link, d.Link)
}
