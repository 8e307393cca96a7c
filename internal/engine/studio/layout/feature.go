package layout

import (
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// feature places one large slot and circles: beside it, or along a curve
// below it, whichever fills the area better.
func (p *Plan) feature(area raster.Rect, photos []*Subject, rng *noise.Rand) []Slot {
	n := len(photos)
	q := *p
	if n <= 2 {
		q.Styles = p.Styles[:1]
		q.Largest = area.H() * 0.96
		// Two slots side by side may be slim, to use the height there is.
		cell := (area.W() - p.Gap*float64(n-1)) / float64(n)
		most := p.Aspect
		if n == 1 {
			most *= 1.2 // nor is one alone on a wide page a slim one
		}
		q.Aspect = math.Max(0.8*p.Aspect, math.Min(most, cell/(0.82*area.H())))
		return q.rows(area, photos, rng)
	}
	for _, s := range photos {
		// A circle holds nobody who stands far from the middle; the large slot becomes
		// as wide as the people stand, if it can be.
		if s.Wide(1) {
			safe := s.Safe()
			q.Aspect = math.Max(q.Aspect, math.Max(1.3, math.Min(widest, safe.W()/(1.15*safe.H()))))
		}
	}
	beside, scoreBeside := q.beside(area, n-1)
	if q.Aspect > p.Aspect {
		// Nothing may lie on the people in the front row.
		if stacked, score := q.stacked(area, n-1); beside == nil || score > scoreBeside {
			return stacked
		}
		return beside
	}
	below, scoreBelow := p.below(area, n-1)
	if below == nil || scoreBeside > scoreBelow && area.W() > area.H() {
		return beside
	}
	return below
}

// widest is the most width over height of the large slot.
const widest = 1.9

// insetShare bounds a circle's width over the large slot's, so that there is one
// main picture.
const insetShare = 0.60

// balance scores sizes, of the large slot and of all k circles: a product, so that
// neither grows at the whole cost of the other. The more people the circles
// show, the more they count.
func balance(main, circles float64, k int) float64 {
	return main * math.Pow(circles, 0.7+0.11*float64(k-2))
}

// below puts k circles on a curve around the foot of the large slot.
func (p *Plan) below(area raster.Rect, k int) ([]Slot, float64) {
	cx := (area.X0 + area.X1) / 2
	var best []Slot
	top := -1.0
	for mw := 0.72 * area.W(); mw > 0.3*area.W(); mw -= 0.015 * area.W() {
		mh := mw / p.Aspect
		if mh > 0.86*area.H() {
			continue
		}
		for r := insetShare / 2 * mw; r > 0.09*area.W(); r -= 0.006 * area.W() {
			// More pixels win; what the curve cannot hold is tried with a longer one.
			score := balance(mw*mh, float64(k)*4*r*r, k)
			if score <= top {
				continue
			}
			for begin := 60.0; begin >= -54; begin -= 6 {
				slots := p.curve(area, cx, mw, mh, r, k, begin)
				if slots != nil && roomy(slots, p.Gap) {
					best, top = slots, score
					break
				}
			}
		}
	}
	// The group stands in the middle of the area's height.
	if best != nil {
		low := 0.0
		for _, s := range best {
			low = math.Max(low, s.Y+s.H/2)
		}
		for i := range best {
			best[i].Y += (area.Y1 - low) / 2
		}
	}
	return best, top
}

// curve is the large slot and k circles of radius r on half an ellipse that
// begins begin degrees below the horizontal.
func (p *Plan) curve(area raster.Rect, cx, mw, mh, r float64, k int, begin float64) []Slot {
	foot := area.Y0 + mh
	low := math.Min(area.Y1-r, foot+0.62*r) // the lowest circle's middle
	cy := foot - 0.42*mh
	rx, ry := area.W()/2-r, low-cy
	if ry < 0 {
		return nil
	}
	slots := []Slot{{X: cx, Y: area.Y0 + mh/2, W: mw, H: mh, Style: p.Styles[0]}}
	for i := range k {
		a := 90.0
		if k > 1 {
			a = 180 - begin - (180-2*begin)*float64(i)/float64(k-1)
		}
		sn, cs := math.Sincos(a * math.Pi / 180)
		slots = append(slots, Slot{X: cx + rx*cs, Y: cy + ry*sn, W: 2 * r, H: 2 * r, Style: p.Styles[1]})
	}
	return slots
}

// labelRoom is kept free above what covers the large slot, for its name.
const labelRoom = 0.05

// roomy reports whether no circle touches another and each covers only the
// bottom of the large slot; it notes how much of it.
func roomy(slots []Slot, gap float64) bool {
	m := &slots[0]
	m.Cover = 0
	for i, a := range slots[1:] {
		for _, b := range slots[i+2:] {
			if math.Hypot(a.X-b.X, a.Y-b.Y) < a.W+gap*0.25 {
				return false
			}
		}
		side := math.Abs(a.X-m.X) + a.W/2 - m.W/2 // how far it stands out at the side
		inner := a.W - side
		over := m.Y + m.H/2 - (a.Y - a.H/2)
		if inner <= 0.08*a.W || over <= 0 {
			continue
		}
		if over > 0.24*m.H {
			return false
		}
		m.Cover = math.Max(m.Cover, over/m.H+labelRoom)
	}
	return true
}

// stacked puts k circles in rows below a wide large slot, around which a curve
// has no room.
func (p *Plan) stacked(area raster.Rect, k int) ([]Slot, float64) {
	cx := (area.X0 + area.X1) / 2
	var best []Slot
	top := -1.0
	for mw := area.W(); mw > 0.5*area.W(); mw -= 0.02 * area.W() {
		mh := mw / p.Aspect
		for rows := 1; rows <= min(3, k); rows++ {
			cols := (k + rows - 1) / rows
			d := math.Min((area.W()-float64(cols-1)*p.Gap)/float64(cols), (area.H()-mh)/float64(rows)-1.4*p.Gap)
			d = math.Min(d, insetShare*mw)
			score := balance(mw*mh, float64(k)*d*d, k)
			if d < 60 || score <= top {
				continue
			}
			top = score
			spare := (area.H() - mh - float64(rows)*d) / float64(rows+1)
			best = []Slot{{X: cx, Y: area.Y0 + spare/2 + mh/2, W: mw, H: mh, Style: p.Styles[0]}}
			y := area.Y0 + spare/2 + mh + spare + d/2
			for r, m := range rowLengths(k, rows) {
				side := math.Max(p.Gap, math.Min((area.W()-float64(m)*d)/float64(m), 0.35*d))
				for i := range m {
					best = append(best, Slot{X: cx + (float64(i)-float64(m-1)/2)*(d+side), Y: y + float64(r)*(d+spare), W: d, H: d, Style: p.Styles[1]})
				}
			}
		}
	}
	return best, top
}

func (p *Plan) beside(area raster.Rect, k int) ([]Slot, float64) {
	left, right := (k+1)/2, k/2
	cx := (area.X0 + area.X1) / 2
	var best []Slot
	top := -1.0
	mh := area.H()
	for mw := mh * p.Aspect; mw > 0.5*mh*p.Aspect; mw -= 0.02 * mh {
		box := (area.W()-mw)/2 - p.Gap
		h := mw / p.Aspect
		if box < 100 {
			continue
		}
		for cols := 1; cols <= 2; cols++ {
			rows := (left + cols - 1) / cols
			d := math.Min((box-float64(cols-1)*p.Gap)/float64(cols), (mh-float64(rows-1)*p.Gap)/float64(rows))
			d = math.Min(d, insetShare*mw)
			score := balance(mw*h, float64(k)*d*d, k)
			if score <= top {
				continue
			}
			top = score
			best = []Slot{{X: cx, Y: area.Y0 + mh/2, W: mw, H: h, Style: p.Styles[0]}}
			for side, m := range []int{left, right} {
				mid := cx + (mw/2+p.Gap+box/2)*float64(2*side-1)
				best = append(best, p.column(mid, area, m, cols, d)...)
			}
		}
	}
	return best, top
}

// column places m circles about x in rows of at most cols.
func (p *Plan) column(x float64, area raster.Rect, m, cols int, d float64) []Slot {
	var out []Slot
	rows := (m + cols - 1) / cols
	spare := math.Min((area.H()-float64(rows)*d)/float64(rows+1), 0.5*d)
	y := (area.Y0+area.Y1)/2 - (float64(rows)*d+float64(rows-1)*spare)/2 + d/2
	if rows == 1 {
		// A single row hangs at the eyes of the large picture.
		y = area.Y0 + area.H()*0.45
	}
	for r := range rows {
		in := min(cols, m-r*cols)
		for i := range in {
			out = append(out, Slot{X: x + (float64(i)-float64(in-1)/2)*(d+p.Gap), Y: y, W: d, H: d, Style: p.Styles[1]})
		}
		y += d + spare
	}
	return out
}
