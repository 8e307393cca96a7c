package layout

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// A Plan says how a scenario arranges its photos, any number of them.
type Plan struct {
	// Kind is slices (an area cut into unequal parts), rows (equal slots in
	// rows) or feature (one large slot and round ones beside or below it).
	Kind string `yaml:"kind"`
	// Area is x, y, width and height on the design sheet.
	Area [4]float64 `yaml:"area"`
	Gap  float64    `yaml:"gap"`
	// Styles are handed out by size, the first to the largest slot; with
	// feature the first is the large slot's and the second that of the others.
	Styles []string `yaml:"styles"`
	// Aspect is the width to height of a slot in rows and of the large one in feature.
	Aspect float64 `yaml:"aspect"`
	// Tilt is the largest turn of a slot in rows, degrees.
	Tilt float64 `yaml:"tilt"`
	// Vary is how many times as large as the smallest a slot in rows may be; 0 stands for 1.
	Vary float64 `yaml:"vary"`
	// Largest bounds the height of a slot in rows, units.
	Largest float64 `yaml:"largest"`
	// Head is the wished height of a face over that of the opening.
	Head float64 `yaml:"head"`
}

// Check reports what is wrong with a plan.
func (p *Plan) Check() error {
	switch {
	case p.Kind != "slices" && p.Kind != "rows" && p.Kind != "feature":
		return fmt.Errorf("photos: kind %q is not slices, rows or feature", p.Kind)
	case p.Area[0] < 0 || p.Area[1] < 0 || p.Area[2] < 300 || p.Area[3] < 300 ||
		p.Area[0]+p.Area[2] > DesignW || p.Area[1]+p.Area[3] > DesignH:
		return fmt.Errorf("photos: area %v is not within the sheet of %d by %d, or smaller than 300", p.Area, DesignW, DesignH)
	case p.Gap < 0 || p.Gap > 100:
		return fmt.Errorf("photos: gap %g is not in 0..100", p.Gap)
	case len(p.Styles) == 0 || p.Kind == "feature" && len(p.Styles) != 2:
		return fmt.Errorf("photos: feature wants two styles, the others one or more")
	case p.Kind != "slices" && (p.Aspect < 0.5 || p.Aspect > 2):
		return fmt.Errorf("photos: aspect %g is not in 0.5..2", p.Aspect)
	case p.Tilt < 0 || p.Tilt > 10:
		return fmt.Errorf("photos: tilt %g is not in 0..10 degrees", p.Tilt)
	case p.Vary != 0 && (p.Vary < 1 || p.Vary > 2):
		return fmt.Errorf("photos: vary %g is not in 1..2", p.Vary)
	case p.Head < 0.2 || p.Head > 0.6:
		return fmt.Errorf("photos: head %g is not in 0.2..0.6", p.Head)
	}
	return nil
}

// An Opening tells the width and height of the picture in a slot, without its
// frame, and where its middle lies from the slot's.
type Opening func(Slot) (w, h, dx, dy float64)

// Arrange returns the slots for the photos, in the photos' order.
func (p *Plan) Arrange(page Page, photos []*Subject, seed uint64, open Opening) []Slot {
	area := page.Rect(p.Area)
	rng := noise.NewRand(seed)
	var slots []Slot
	switch p.Kind {
	case "slices":
		slots = p.slices(area, photos, rng, open)
	case "rows":
		slots = p.rows(area, len(photos), rng)
	case "feature":
		slots = p.feature(area, len(photos), rng)
	}
	order := p.assign(slots, photos, open)
	out := make([]Slot, len(photos))
	for i, k := range order {
		out[k] = slots[i]
	}
	return out
}

// byArea hands the styles out, the first to the largest slot.
func (p *Plan) byArea(slots []Slot) {
	idx := make([]int, len(slots))
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(a, b int) int { return cmp.Compare(slots[b].W*slots[b].H, slots[a].W*slots[a].H) })
	for rank, i := range idx {
		k := rank
		if k >= len(p.Styles) {
			// The first style is for the largest only, where there are others.
			k = 0
			if len(p.Styles) > 1 {
				k = 1 + (rank-1)%(len(p.Styles)-1)
			}
		}
		slots[i].Style = p.Styles[k]
	}
}

// slices searches cuts of the area for the one that cuts least out of the
// photos and gives them sizes that are not too unlike (after Atkins 2008).
func (p *Plan) slices(area raster.Rect, photos []*Subject, rng *noise.Rand, open Opening) []Slot {
	const tries = 1200
	var best []Slot
	least := math.Inf(1)
	n := len(photos)
	// An elongated slot is allowed only as far as the area and number force it.
	for limit := 1.75; best == nil; limit += 0.4 {
		for range tries {
			part, blank := p.shrink(area, n, rng)
			slots := p.cut(part, n, rng)
			if slices.ContainsFunc(slots, func(s Slot) bool { return s.W/s.H > limit || s.H/s.W > limit }) {
				continue
			}
			p.byArea(slots)
			c := 0.6 * blank
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

// shrink sometimes leaves part of the area blank, because one or two slots
// that filled it would be too wide or too narrow for a face. blank is the share.
func (p *Plan) shrink(area raster.Rect, n int, rng *noise.Rand) (part raster.Rect, blank float64) {
	if n > 4 {
		return area, 0
	}
	k := [...]float64{1, 1, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5}[rng.Below(8)]
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
		if len(boxes) > 1 && rng.Float() < 0.35 {
			k = 1
		}
		b := boxes[k]
		f := [...]float64{0.5, 0.5, 0.42, 0.58, 0.36, 0.64, 0.33, 0.67}[rng.Below(8)]
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

// rowLengths shares n among r rows as evenly as may be, symmetrically where it can.
func rowLengths(n, r int) []int {
	out := make([]int, r)
	for i := range out {
		out[i] = n / r
	}
	switch extra := n % r; {
	case r == 3 && extra == 1:
		out[1]++
	case r == 3 && extra == 2:
		out[0]++
		out[2]++
	default:
		for i := range extra {
			out[r-1-i]++
		}
	}
	return out
}

// rows makes slots as large as the area allows. All slots of a row are equal;
// a shorter row's may be Vary times as large as the longest row's.
func (p *Plan) rows(area raster.Rect, n int, rng *noise.Rand) []Slot {
	vary := math.Max(1, p.Vary)
	var lengths []int
	var heights []float64
	most := 0.0
	for r := 1; r <= n; r++ {
		ls := rowLengths(n, r)
		hs, total := make([]float64, r), 0.0
		small := math.Inf(1)
		for i, m := range ls {
			hs[i] = (area.W() - float64(m-1)*p.Gap) / float64(m) / p.Aspect
			small = math.Min(small, hs[i])
		}
		for i := range hs {
			hs[i] = math.Min(hs[i], small*vary)
			if p.Largest > 0 {
				hs[i] = math.Min(hs[i], p.Largest)
			}
			total += hs[i]
		}
		k := math.Min(1, (area.H()-float64(r-1)*p.Gap)/total)
		sum, least := 0.0, math.Inf(1)
		for i, m := range ls {
			hs[i] *= k
			sum += float64(m) * hs[i] * hs[i]
			least = math.Min(least, hs[i])
		}
		// The smallest counts extra, so that nobody is made tiny for a large neighbour.
		if sum += float64(n) * least * least; sum > most*1.03 {
			most, lengths, heights = sum, ls, hs
		}
	}
	rows := len(lengths)
	spare := area.H()
	for _, h := range heights {
		spare -= h
	}
	// Gaps between rows grow only so far; the rest is margin above and below.
	gap := math.Min(spare/float64(rows+1), 0.16*heights[0]+p.Gap)
	y := (area.Y0+area.Y1)/2 - (area.H()-spare+gap*float64(rows-1))/2
	var out []Slot
	for r, m := range lengths {
		h := heights[r]
		w := h * p.Aspect
		side := math.Max(p.Gap, math.Min((area.W()-float64(m)*w)/float64(m+1), 0.3*w))
		x := (area.X0+area.X1)/2 - (float64(m)*w+float64(m-1)*side)/2
		for i := range m {
			s := Slot{X: x + w/2 + float64(i)*(w+side), Y: y + h/2, W: w, H: h, Style: p.Styles[0]}
			if p.Tilt > 0 {
				s.Deg = p.Tilt * rng.Between(0.45, 1)
				if (r+i)%2 == 0 {
					s.Deg = -s.Deg
				}
				s.Y += math.Min(gap, 0.06*h) * rng.Between(-0.5, 0.5)
				if rows == 1 && m > 1 {
					// A single row hangs up and down instead of leaving two blank bands.
					s.Y += math.Min(0.3*spare, 0.2*h) * (float64(i%2) - 0.5) * 2
				}
			}
			out = append(out, s)
		}
		y += h + gap
	}
	return out
}

// feature places one large slot and circles: beside it, or along a curve
// below it, whichever fills the area better.
func (p *Plan) feature(area raster.Rect, n int, rng *noise.Rand) []Slot {
	if n <= 2 {
		q := *p
		q.Styles = p.Styles[:1]
		q.Largest = area.H() * 0.96
		return q.rows(area, n, rng)
	}
	below, scoreBelow := p.below(area, n-1)
	beside, scoreBeside := p.beside(area, n-1)
	if below == nil || scoreBeside > scoreBelow && area.W() > area.H() {
		return beside
	}
	return below
}

// insetShare bounds a circle's width over the large slot's, so that there is one
// main picture.
const insetShare = 0.60

// balance scores sizes: a product, so that neither the large slot nor the
// circles grow at the whole cost of the other.
func balance(main, circles float64) float64 { return main * math.Pow(circles, 0.7) }

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
			score := balance(mw*mh, float64(k)*4*r*r)
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
			score := balance(mw*h, float64(k)*d*d)
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

// assign returns for each slot the photo that goes into it: little cut off,
// little enlarged, groups large, and otherwise in the customer's order.
func (p *Plan) assign(slots []Slot, photos []*Subject, open Opening) []int {
	n := len(slots)
	cost := make([][]float64, n)
	rank := make([]int, n)
	for i := range slots {
		for j := range slots {
			if slots[j].W*slots[j].H > slots[i].W*slots[i].H*1.02 {
				rank[i]++
			}
		}
	}
	for i, s := range slots {
		w, h, _, _ := open(s)
		cost[i] = make([]float64, n)
		for k, f := range photos {
			r := f.Crop(w/h, p.Head, s.Cover)
			c := f.Loss(w/h, p.Head, s.Cover) + 0.1*math.Max(0, 1.5*w/r.W()-1)
			c += 0.02 * math.Abs(float64(i-k))
			if k == 0 {
				// The first photo is the one that matters most.
				c += 0.06 * float64(rank[i])
			}
			if len(f.Faces) > 1 {
				c -= 0.2 * math.Sqrt(w*h) / 1000 * math.Min(8, float64(len(f.Faces)))
			}
			cost[i][k] = c
		}
	}
	// Exchanging pairs until none helps is as good as trying all 40,320 orders of eight.
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for again := true; again; {
		again = false
		for i := range n {
			for j := i + 1; j < n; j++ {
				a, b := order[i], order[j]
				if cost[i][b]+cost[j][a] < cost[i][a]+cost[j][b]-1e-9 {
					order[i], order[j] = b, a
					again = true
				}
			}
		}
	}
	return order
}
