package layout

import (
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

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
// a shorter row's may be Vary times as large as the longest row's. A photo whose
// people would not fit beside each other gets a slot twice as wide.
func (p *Plan) rows(area raster.Rect, photos []*Subject, rng *noise.Rand) []Slot {
	vary := math.Max(1, p.Vary)
	n, wide := len(photos), 0
	for _, s := range photos {
		if s.Wide(p.Aspect) {
			wide++
		}
	}
	n += wide // a wide slot counts as two from here on
	var lengths, wides []int
	var heights []float64
	most := 0.0
	for r := 1; r <= n; r++ {
		ls := rowLengths(n, r)
		ws := spread(wide, ls)
		if ws == nil {
			continue
		}
		hs, total := make([]float64, r), 0.0
		small := math.Inf(1)
		for i, m := range ls {
			hs[i] = (area.W() - float64(m-1)*p.tight(m)) / float64(m) / p.Aspect
			small = math.Min(small, hs[i])
		}
		for i := range hs {
			hs[i] = math.Min(hs[i], small*vary)
			if p.Largest > 0 {
				hs[i] = math.Min(hs[i], p.Largest)
			}
			total += hs[i]
		}
		k := math.Min(1, (area.H()-float64(r-1)*math.Max(p.Gap, p.RowGap))/total)
		sum, least := 0.0, math.Inf(1)
		for i, m := range ls {
			hs[i] *= k
			sum += float64(m) * hs[i] * hs[i]
			least = math.Min(least, hs[i])
		}
		// The smallest counts extra, so that nobody is made tiny for a large neighbour.
		if sum += float64(n) * least * least; sum > most*1.03 {
			most, lengths, heights, wides = sum, ls, hs, ws
		}
	}
	rows := len(lengths)
	spare := area.H()
	for _, h := range heights {
		spare -= h
	}
	// Gaps between rows grow only so far; the rest is margin above and below.
	gap := math.Max(p.RowGap, math.Min(spare/float64(rows+1), 0.16*heights[0]+p.Gap))
	y := (area.Y0+area.Y1)/2 - (area.H()-spare+gap*float64(rows-1))/2
	var out []Slot
	for r, m := range lengths {
		h := heights[r]
		w := h * p.Aspect
		side := math.Max(p.tight(m), math.Min((area.W()-float64(m)*w)/float64(m+1), 0.3*w))
		x := (area.X0+area.X1)/2 - (float64(m)*w+float64(m-1)*side)/2
		for i := range m - wides[r] {
			s := Slot{X: x + w/2, Y: y + h/2, W: w, H: h, Style: p.Styles[0]}
			// Wide slots stand at the end of one row and at the beginning of the next.
			if end := m - wides[r] - 1 - i; r%2 == 0 && end < wides[r] || r%2 == 1 && i < wides[r] {
				s.W = 2*w + side
				s.X = x + s.W/2
			}
			x += s.W + side
			if p.Tilt > 0 {
				s.Deg = p.Tilt * rng.Between(0.45, 1) * w / s.W
				if (r+i)%2 == 0 {
					s.Deg = -s.Deg
				}
				s.Y += math.Min(gap, 0.06*h) * rng.Between(-0.5, 0.5)
			}
			if (p.Tilt > 0 || p.Hang) && rows == 1 && m > 1 {
				// A single row hangs up and down instead of leaving two blank bands.
				s.Y += math.Min(0.3*spare, 0.2*h) * (float64(i%2) - 0.5) * 2
			}
			out = append(out, s)
		}
		y += h + gap
	}
	return out
}

// tight is the least gap between the m slots of a row: many small ones stand closer.
func (p *Plan) tight(m int) float64 { return p.Gap * math.Max(0.6, math.Min(1, 4/float64(m))) }

// spread shares wide slots among rows of the given lengths, the last row first,
// nil when they do not fit.
func spread(wide int, lengths []int) []int {
	out := make([]int, len(lengths))
	for wide > 0 {
		before := wide
		for r := len(lengths) - 1; r >= 0 && wide > 0; r-- {
			if 2*(out[r]+1) <= lengths[r] {
				out[r]++
				wide--
			}
		}
		if wide == before {
			return nil
		}
	}
	return out
}
