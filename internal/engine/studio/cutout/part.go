package cutout

import (
	"context"
	"math"
)

// thin is one over the share of pixels the colours are learnt from; neighbours say
// nothing new.
const thin = 3

// rounds of learning the colours and cutting again.
const rounds = 3

// part is one run: the pixels it gives to the person, tidied. It returns early
// with what it has once ctx is done.
func (s *scene) part(ctx context.Context, set setting) []bool {
	n := s.w * s.h
	fg := make([]bool, n)
	for i, p := range s.body {
		fg[i] = p > 0.5
	}
	scale := s.contrast()
	for round := range rounds {
		in, out := s.sample(fg, round == 0)
		if len(in.at) < 50 || len(out.at) < 50 || ctx.Err() != nil {
			break
		}
		person, ground := fit(in, set.seed), fit(out, set.seed+1)
		g := newGrid(s.w, s.h)
		for i := range n {
			if i%4096 == 0 && ctx.Err() != nil {
				return fg
			}
			f := s.feature(i)
			colour := math.Log(person.density(f, set.place)+1) - math.Log(ground.density(f, set.place)+1)
			p := float64(s.body[i])
			t := math.Max(-3.2, math.Min(3.2, colour)) + set.body*math.Log(p/(1-p))
			if p > 0.93 {
				t += 8 // a face is a face, whatever its colours
			}
			if p < 0.08 {
				t -= 1.5
			}
			g.terminal[i] = float32(t)
			for d := 0; d < directions; d += 2 {
				if !g.inside(i, d) {
					continue
				}
				j := i + g.offset[d]
				c := set.border * math.Exp(-scale*s.apart(i, j))
				if d >= 4 {
					c *= math.Sqrt2 / 2
				}
				// The rest keeps outlines short where there is no contrast at all.
				g.link(i, d, float32(c+0.3))
			}
		}
		fg = g.cut(ctx)
	}
	return s.tidy(fg)
}

// contrast scales differences so that a usual one counts as one half.
func (s *scene) contrast() float64 {
	var sum float64
	n := 0
	for y := range s.h {
		for x := range s.w - 1 {
			sum += s.apart(y*s.w+x, y*s.w+x+1)
			n++
		}
	}
	return 1 / (2*sum/float64(n) + 1e-9)
}

// sample collects what the two colour models learn from. The person's learns
// only where a person is likely, so that background taken by mistake cannot
// confirm itself.
func (s *scene) sample(fg []bool, first bool) (in, out samples) {
	for i, p := range s.body {
		if (i%s.w+i/s.w)%thin != 0 {
			continue
		}
		if first {
			if p > 0.78 {
				in.add(s.feature(i), thin*p)
			} else if p < 0.2 {
				out.add(s.feature(i), thin)
			}
			continue
		}
		if fg[i] && p > 0.45 {
			in.add(s.feature(i), thin*p*p)
		}
		if !fg[i] || p < 0.12 {
			out.add(s.feature(i), thin)
		}
	}
	return in, out
}

func (s *scene) feature(i int) feature {
	f := s.faces[0]
	return feature{s.lab[i], float32((float64(i%s.w) - f.X) / f.S), float32((float64(i/s.w) - f.Y) / f.S)}
}

// tidy keeps what hangs together with a face and fills small holes.
func (s *scene) tidy(fg []bool) []bool {
	keep := make([]bool, len(fg))
	var front []int
	for _, f := range s.faces {
		for dy := -3; dy <= 3; dy++ {
			for dx := -3; dx <= 3; dx++ {
				x, y := int(f.X+0.1*float64(dx)*f.S), int(f.Y+0.1*float64(dy)*f.S)
				if x < 0 || y < 0 || x >= s.w || y >= s.h {
					continue
				}
				if i := y*s.w + x; fg[i] && !keep[i] {
					keep[i] = true
					front = append(front, i)
				}
			}
		}
	}
	s.flood(front, keep, func(i int) bool { return fg[i] })
	seen := make([]bool, len(fg))
	for i := range keep {
		if keep[i] || seen[i] {
			continue
		}
		seen[i] = true
		hole := s.flood([]int{i}, seen, func(j int) bool { return !keep[j] })
		open := len(hole) > len(fg)/60
		for _, j := range hole {
			x := j % s.w
			open = open || x == 0 || x == s.w-1 || j < s.w
		}
		for _, j := range hole {
			keep[j] = keep[j] || !open
		}
	}
	return keep
}

// flood marks and returns everything that joins the front through pixels that
// belong.
func (s *scene) flood(front []int, marked []bool, belongs func(int) bool) []int {
	for k := 0; k < len(front); k++ {
		i := front[k]
		x, y := i%s.w, i/s.w
		for d := range 4 {
			nx, ny := x+stepX[d], y+stepY[d]
			if nx < 0 || ny < 0 || nx >= s.w || ny >= s.h {
				continue
			}
			if j := ny*s.w + nx; !marked[j] && belongs(j) {
				marked[j] = true
				front = append(front, j)
			}
		}
	}
	return front
}

// alike is the difference in colour below which two sides of an outline are
// taken for the same thing.
const alike = 0.075

// doubts measures what speaks against a cut about the heads: see Cut.
func (s *scene) doubts(fg []bool) (open, border float64) {
	reach := 3 // samples from the outline to each side
	var outline, same, edge, touched int
	for i, in := range fg {
		x, y := i%s.w, i/s.w
		if !s.aboutHead(x, y) {
			continue
		}
		if y == 0 || x == 0 || x == s.w-1 {
			edge++
			if in {
				touched++
			}
		}
		if !in || x < reach || y < reach || x >= s.w-reach || y >= s.h-reach {
			continue
		}
		for d := range 4 {
			o := stepY[d]*s.w + stepX[d]
			if fg[i+o] {
				continue
			}
			outline++
			if math.Sqrt(s.apart(i-(reach-1)*o, i+reach*o)) < alike {
				same++
			}
		}
	}
	return float64(same) / math.Max(1, float64(outline)), float64(touched) / math.Max(1, float64(edge))
}

func (s *scene) aboutHead(x, y int) bool {
	for _, f := range s.faces {
		if float64(y) < f.Y+0.5*f.S && math.Abs(float64(x)-f.X) < 2*f.S {
			return true
		}
	}
	return false
}
