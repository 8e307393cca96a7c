package layout

import (
	"cmp"
	"math"
	"slices"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// slices searches cuts of the area for the one that cuts least out of the
// photos and gives them sizes that are not too unlike (after Atkins 2008).
func (p *Plan) slices(area raster.Rect, photos []*Subject, rng *noise.Rand, open Opening) []Slot {
	const tries = 4000
	var best []Slot
	least := math.Inf(1)
	n := len(photos)
	// An elongated slot is allowed only as far as the area and number force it.
	for limit := 1.9; best == nil; limit += 0.4 {
		for range tries {
			part, blank := p.shrink(area, n, rng)
			slots := p.cut(part, n, rng)
			if slices.ContainsFunc(slots, func(s Slot) bool { return s.W/s.H > limit || s.H/s.W > limit }) {
				continue
			}
			p.byArea(slots)
			c := p.emptiness(n) * blank
			small, large := math.Inf(1), 0.0
			for i, k := range p.assign(slots, photos, open) {
				s := slots[i]
				w, h, _, _ := open(s)
				c += photos[k].Loss(w/h, p.Head, 0) + 0.1*math.Abs(math.Log(w/h/0.85))
				if faces := len(photos[k].Faces); faces > 1 {
					// Faces of a group are small; it gets a share of the area for it.
					c -= 0.08 * math.Min(8, float64(faces)) * w * h / (area.W() * area.H())
				}
				small, large = math.Min(small, s.W*s.H), math.Max(large, s.W*s.H)
			}
			c += 0.08*math.Max(0, large/small-3) + 0.1*math.Max(0, 1.6-large/small)*math.Min(1, float64(n-2))
			if c < least {
				least, best = c, slots
			}
		}
	}
	return best
}

// emptiness is what a blank share of the area costs: little where one photo
// would have to fill a page of quite another shape, much where several can
// be cut to fill it.
func (p *Plan) emptiness(n int) float64 {
	if n == 1 {
		return 0.6
	}
	return 0.5 + 0.5*float64(n) // what is cut off is counted for each of them
}

// shrink sometimes leaves part of the area blank, because one or two slots
// that filled it would be too wide or too narrow for a face. blank is the share.
func (p *Plan) shrink(area raster.Rect, n int, rng *noise.Rand) (part raster.Rect, blank float64) {
	if n > 4 {
		return area, 0
	}
	shares := []float64{1, 1, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5}
	if n > 2 {
		shares = shares[:5] // three or four can always be cut to fill more than that
	}
	k := shares[rng.Below(len(shares))]
	dx, dy := area.W()*(1-k)/2, area.H()*(1-k)/2
	if rng.Float() < 0.5 {
		dx = 0
	} else {
		dy = 0
	}
	return raster.Rect{X0: area.X0 + dx, Y0: area.Y0 + dy, X1: area.X1 - dx, Y1: area.Y1 - dy}, 1 - k
}

func (p *Plan) cut(area raster.Rect, n int, rng *noise.Rand) []Slot {
	boxes := []raster.Rect{area}
	for len(boxes) < n {
		slices.SortStableFunc(boxes, func(a, b raster.Rect) int { return cmp.Compare(b.W()*b.H(), a.W()*a.H()) })
		k := 0
		if len(boxes) > 1 && rng.Float() < 0.45 {
			k = 1
		}
		b := boxes[k]
		f := [...]float64{0.5, 0.5, 0.5, 0.45, 0.55, 0.42, 0.58, 0.36, 0.64, 0.33, 0.67}[rng.Below(11)]
		c := b
		if (b.W() > b.H()) == (rng.Float() < 0.85) {
			b.X1 = b.X0 + (b.W()-p.Gap)*f
			c.X0 = b.X1 + p.Gap
		} else {
			b.Y1 = b.Y0 + (b.H()-p.Gap)*f
			c.Y0 = b.Y1 + p.Gap
		}
		boxes[k] = b
		boxes = append(boxes, c)
	}
	out := make([]Slot, n)
	for i, b := range boxes {
		out[i] = Slot{X: (b.X0 + b.X1) / 2, Y: (b.Y0 + b.Y1) / 2, W: b.W(), H: b.H()}
	}
	return out
}
