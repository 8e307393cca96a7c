package layout

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"kinpict/internal/engine/studio/noise"
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
	// RowGap is the least gap between rows, room for names; 0 leaves it to Gap.
	RowGap float64 `yaml:"row_gap"`
	// Hang lets the slots of a single row hang up and down, tilted or not.
	Hang bool `yaml:"hang"`
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
	case p.Gap < 0 || p.Gap > 100 || p.RowGap < 0 || p.RowGap > 150:
		return fmt.Errorf("photos: gap %g is not in 0..100 or row_gap %g not in 0..150", p.Gap, p.RowGap)
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
		slots = p.rows(area, photos, rng)
	case "feature":
		slots = p.feature(area, photos, rng)
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
				c += 0.09 * float64(rank[i])
				if p.Kind == "feature" && rank[i] > 0 {
					c += 0.2
				}
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
