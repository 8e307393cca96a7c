// Package layout decides where photos go: it fits a design to a page of any
// shape, arranges slots, gives every photo the slot that suits it, and chooses
// the part of the photo that shows. Lengths are design units, thousandths of
// the page's short side, so one layout serves every size in pixels.
package layout

import (
	"math"

	"kinpict/internal/engine/studio/raster"
)

// Scenarios are drawn on a sheet of this size, which is 4:5.
const (
	DesignW = 1000
	DesignH = 1250
)

// border is the part of the sheet along each edge that keeps its distance to
// that edge when the page has another shape; only the middle stretches.
const border = 320

// A Page is a page's size in design units; the short side is 1000.
type Page struct{ W, H float64 }

// NewPage returns the page of the given width to height.
func NewPage(w, h int) Page {
	short := float64(min(w, h))
	return Page{float64(w) / short * 1000, float64(h) / short * 1000}
}

func stretch(v, from, to float64) float64 {
	switch {
	case v <= border:
		return v
	case v >= from-border:
		return v + to - from
	}
	return border + (v-border)*(to-2*border)/(from-2*border)
}

// X maps a horizontal place on the sheet to the page.
func (p Page) X(x float64) float64 { return stretch(x, DesignW, p.W) }

// Y maps a vertical place on the sheet to the page.
func (p Page) Y(y float64) float64 { return stretch(y, DesignH, p.H) }

// Rect maps x, y, width and height on the sheet to the page.
func (p Page) Rect(r [4]float64) raster.Rect {
	return raster.Rect{X0: p.X(r[0]), Y0: p.Y(r[1]), X1: p.X(r[0] + r[2]), Y1: p.Y(r[1] + r[3])}
}

// A Slot is the place of one photo: centre, outer size with its frame, and
// turn in degrees.
type Slot struct {
	X, Y, W, H, Deg float64
	Style           string
	// Cover is the share of the slot's height, from below, that another photo hides.
	Cover float64
}

// A Face is a face in a photo, in pixels: centre and side of its square.
type Face struct{ X, Y, S float64 }

// A Subject is what the layout knows of a photo: its size in pixels, its
// faces, and the point of interest for when it has none.
type Subject struct {
	W, H   float64
	Faces  []Face
	FX, FY float64
}

// Safe is the part of the photo that must stay visible: every face with hair
// and chin, or the surroundings of the point of interest.
func (s *Subject) Safe() raster.Rect {
	r := raster.Rect{X0: math.Inf(1), Y0: math.Inf(1), X1: math.Inf(-1), Y1: math.Inf(-1)}
	for _, f := range s.Faces {
		r.X0, r.X1 = math.Min(r.X0, f.X-0.72*f.S), math.Max(r.X1, f.X+0.72*f.S)
		r.Y0, r.Y1 = math.Min(r.Y0, f.Y-0.86*f.S), math.Max(r.Y1, f.Y+0.82*f.S)
	}
	if len(s.Faces) == 0 {
		d := math.Min(s.W, s.H) * 0.42
		r = raster.Rect{X0: s.FX - d, Y0: s.FY - d, X1: s.FX + d, Y1: s.FY + d}
	}
	r.X0, r.Y0 = math.Max(0, r.X0), math.Max(0, r.Y0)
	r.X1, r.Y1 = math.Min(s.W, r.X1), math.Min(s.H, r.Y1)
	return r
}

// Crop is the part of the photo to show in an opening of the given width to
// height. head is the wished height of a face over that of the opening; cover
// the share hidden from below. The safe part is inside whenever it fits.
func (s *Subject) Crop(aspect, head, cover float64) raster.Rect {
	safe := s.Safe()
	cw, ch := s.W, s.W/aspect
	if ch > s.H {
		cw, ch = s.H*aspect, s.H
	}
	cx, cy := s.FX, s.FY
	if n := float64(len(s.Faces)); n > 0 {
		var size, fy float64
		for _, f := range s.Faces {
			size += f.S / n
			fy += f.Y / n
		}
		need := math.Max(safe.H()/(1-cover), safe.W()/aspect) * 1.02
		ch = math.Min(ch, math.Max(size/head, need))
		cw = ch * aspect
		cx = (safe.X0 + safe.X1) / 2
		// Eyes stand a little above the middle of what shows. The closer the crop, the
		// less, because hats and high hair begin above where a head is expected to end.
		rise := 0.065 * math.Max(0, math.Min(1, (ch*(1-cover)/size-1.9)/0.8))
		cy = fy + (rise+cover*0.4)*ch
		if safe.W() > cw {
			cx = s.most(cw)
		}
	}
	x0 := within(cx-cw/2, safe.X0, safe.X1-cw, s.W-cw)
	y0 := within(cy-ch/2, safe.Y0, safe.Y1-ch*(1-cover), s.H-ch)
	return raster.Rect{X0: x0, Y0: y0, X1: x0 + cw, Y1: y0 + ch}
}

// most is the middle of the window of width w that holds the most whole faces,
// for groups too wide for their place; of equal ones the middlemost.
func (s *Subject) most(w float64) float64 {
	mid := s.W / 2
	best, score := mid, -1.0
	for _, f := range s.Faces {
		for _, x := range []float64{f.X - 0.62*f.S + w/2, f.X + 0.62*f.S - w/2} {
			x = math.Max(w/2, math.Min(s.W-w/2, x))
			q := -0.5 * math.Abs(x-mid) / s.W
			for _, o := range s.Faces {
				if math.Abs(o.X-x) <= w/2-0.55*o.S {
					q++
				}
			}
			if q > score {
				best, score = x, q
			}
		}
	}
	return best
}

// Wide reports whether the people of a photo stand too far apart for a place of
// the given width to height, so that some would be cut off.
func (s *Subject) Wide(aspect float64) bool {
	return len(s.Faces) > 1 && s.Safe().W() > 1.02*math.Min(s.W, s.H*aspect)
}

// within moves v so that it is at most first and at least last, where both can
// be had, and in 0..end in any case. A head is kept before a chin.
func within(v, first, last, end float64) float64 {
	return math.Max(0, math.Min(math.Min(math.Max(v, last), first), end))
}

// Loss says how badly an opening suits the photo: the share of the safe part
// it cuts off counts most, then what is thrown away of the rest.
func (s *Subject) Loss(aspect, head, cover float64) float64 {
	r, safe := s.Crop(aspect, head, cover), s.Safe()
	r.Y1 -= cover * r.H()
	in := math.Max(0, math.Min(r.X1, safe.X1)-math.Max(r.X0, safe.X0)) *
		math.Max(0, math.Min(r.Y1, safe.Y1)-math.Max(r.Y0, safe.Y0))
	lost := 1 - in/(safe.W()*safe.H()+1e-9)
	waste := 1 - r.W()*r.H()/(s.W*s.H)
	// Room for hair and hats is wished for, not demanded.
	tight := 0.0
	for _, f := range s.Faces {
		tight += math.Max(0, r.Y0-math.Max(0, f.Y-1.2*f.S)) / f.S / float64(len(s.Faces))
	}
	return 4*lost + 0.25*waste + 0.3*tight
}
