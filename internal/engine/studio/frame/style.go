// Package frame mounts a photo on the page: it draws shapes by their signed
// distance (after I. Quilez), mats, mouldings, paper borders, shadows, tape and
// name captions.
package frame

import (
	"fmt"
	"math"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/lettering"
	"kinpict/internal/engine/studio/raster"
)

// A Style says how a photo is mounted. Lengths are design units for a slot of
// Nominal size; smaller slots get thinner mounts.
type Style struct {
	Shape  string        `yaml:"shape"`  // rect, round, arch, oval, circle
	Radius float64       `yaml:"radius"` // of the corners of round
	Border *[4]float64   `yaml:"border"` // paper around the picture: top, right, bottom, left
	Paper  *raster.Color `yaml:"paper"`
	Mat    *Mat          `yaml:"mat"`
	Frame  *Moulding     `yaml:"frame"`
	Line   *Line         `yaml:"line"`
	Shadow *Shadow       `yaml:"shadow"`
	Tape   *raster.Color `yaml:"tape"`
	Sheen  float32       `yaml:"sheen"` // of photographic paper, across the diagonal
	Head   float64       `yaml:"head"`  // overrides the plan's
	Label  *Label        `yaml:"label"`
	// Brush paints the photo and Sticker cuts it out, instead of framing it.
	Brush   *Brush   `yaml:"brush"`
	Sticker *Sticker `yaml:"sticker"`
}

// A Mat is the card between frame and picture.
type Mat struct {
	W     float64      `yaml:"w"`
	Color raster.Color `yaml:"color"`
}

// A Moulding is the frame itself: flat, wood or gold.
type Moulding struct {
	W     float64      `yaml:"w"`
	Kind  string       `yaml:"kind"`
	Color raster.Color `yaml:"color"`
}

// A Line is drawn around the picture, Gap outside its edge.
type Line struct {
	Gap   float64      `yaml:"gap"`
	W     float64      `yaml:"w"`
	Color raster.Color `yaml:"color"`
}

// A Shadow falls from the mount; Contact is the dark rim where it touches.
type Shadow struct {
	DX      float64 `yaml:"dx"`
	DY      float64 `yaml:"dy"`
	Blur    float64 `yaml:"blur"`
	Alpha   float32 `yaml:"alpha"`
	Contact float32 `yaml:"contact"`
}

// A Label is how the name of a photo is written: DY below the slot's lower
// edge, on a ribbon where Plate is set, with a shade behind it where Halo is.
type Label struct {
	Font  string        `yaml:"font"`
	Size  float64       `yaml:"size"`
	Track float64       `yaml:"track"`
	Color raster.Color  `yaml:"color"`
	DY    float64       `yaml:"dy"`
	Plate *raster.Color `yaml:"plate"`
	Halo  float32       `yaml:"halo"`
}

// Check reports what is wrong with a style.
func (s *Style) Check() error {
	switch s.Shape {
	case "rect", "round", "arch", "oval", "circle":
	default:
		return fmt.Errorf("shape %q is not rect, round, arch, oval or circle", s.Shape)
	}
	in := func(name string, v, lo, hi float64) error {
		if !(v >= lo && v <= hi) {
			return fmt.Errorf("%s %g is not in %g..%g", name, v, lo, hi)
		}
		return nil
	}
	checks := []error{in("radius", s.Radius, 0, 200), in("sheen", float64(s.Sheen), 0, 0.2)}
	if s.Head != 0 {
		checks = append(checks, in("head", s.Head, 0.2, 0.6))
	}
	if s.Border != nil {
		for _, v := range s.Border {
			checks = append(checks, in("border", v, 0, 100))
		}
	}
	if s.Mat != nil {
		checks = append(checks, in("mat", s.Mat.W, 1, 80))
	}
	if s.Frame != nil {
		checks = append(checks, in("frame", s.Frame.W, 1, 60))
		if k := s.Frame.Kind; k != "flat" && k != "wood" && k != "gold" {
			checks = append(checks, fmt.Errorf("frame kind %q is not flat, wood or gold", k))
		}
	}
	if s.Shadow != nil {
		checks = append(checks, in("shadow blur", s.Shadow.Blur, 0, 60), in("shadow alpha", float64(s.Shadow.Alpha), 0, 1))
	}
	if s.Label != nil {
		checks = append(checks, in("label size", s.Label.Size, 8, 80), lettering.Check(s.Label.Font))
	}
	if s.Brush != nil {
		checks = append(checks, s.Brush.check())
	}
	if s.Sticker != nil {
		checks = append(checks, s.Sticker.check())
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// Nominal is the size, as the root of the area, at which a style's lengths hold.
const Nominal = 360

// For returns the style with lengths fit for the size of the slot.
func (s *Style) For(slot layout.Slot) *Style {
	k := math.Max(0.62, math.Min(1.3, math.Sqrt(slot.W*slot.H)/Nominal))
	o := *s
	o.Radius *= k
	if s.Border != nil {
		b := *s.Border
		for i := range b {
			b[i] *= k
		}
		o.Border = &b
	}
	if s.Mat != nil {
		o.Mat = &Mat{s.Mat.W * k, s.Mat.Color}
	}
	if s.Frame != nil {
		f := *s.Frame
		f.W *= k
		o.Frame = &f
	}
	if s.Line != nil {
		l := *s.Line
		l.Gap *= k
		o.Line = &l
	}
	if s.Label != nil {
		l := *s.Label
		// Names shrink less than mounts, because they are to be read.
		l.Size *= math.Max(0.8, k)
		l.DY *= k
		o.Label = &l
	}
	return &o
}

// Opening is the size of the picture in a slot of w by h, and where its middle
// lies from the slot's.
func (s *Style) Opening(w, h float64) (pw, ph, dx, dy float64) {
	in := 0.0
	if s.Frame != nil {
		in += s.Frame.W
	}
	if s.Mat != nil {
		in += s.Mat.W
	}
	var b [4]float64
	if s.Border != nil {
		b = *s.Border
	}
	return w - 2*in - b[1] - b[3], h - 2*in - b[0] - b[2], (b[3] - b[1]) / 2, (b[0] - b[2]) / 2
}

// Distance is the signed distance of (x, y) from the edge of a shape of half
// sizes hw and hh about 0, negative inside; r is the corner radius of round.
func Distance(shape string, x, y, hw, hh, r float64) float64 {
	switch shape {
	case "oval":
		// First-order distance; exact on the edge, which is where it is used.
		k0, k1 := math.Hypot(x/hw, y/hh), math.Hypot(x/(hw*hw), y/(hh*hh))
		if k1 == 0 {
			return -math.Min(hw, hh)
		}
		return k0 * (k0 - 1) / k1
	case "circle":
		return math.Hypot(x, y) - math.Min(hw, hh)
	case "arch":
		// An arch wider than high would be a half disc, and cut the people at its ends:
		// it has a flat top between round shoulders.
		r := hw
		if hw > hh {
			r = 0.36 * hh
		}
		if cx, cy := hw-r, r-hh; y < cy && math.Abs(x) > cx {
			return math.Hypot(math.Abs(x)-cx, y-cy) - r
		}
		// Only the sides, the foot and the flat top: where the round part begins is no edge.
		return math.Max(math.Abs(x)-hw, math.Max(y-hh, -y-hh))
	case "rect":
		r = 0
	}
	qx, qy := math.Abs(x)-hw+r, math.Abs(y)-hh+r
	return math.Hypot(math.Max(qx, 0), math.Max(qy, 0)) + math.Min(math.Max(qx, qy), 0) - r
}
