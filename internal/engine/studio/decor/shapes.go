package decor

import (
	"math"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/vector"
)

// stamp is one drawing at (x, y), size long; all in units.
type stamp struct {
	shape        *Shape
	x, y, size   float64
	deg          float64
	color        raster.Color
	shadow, tint float32
	seed         uint32
	foil         bool
}

// inked is a stamp worked out, ready to be laid on the page.
type inked struct {
	stamp
	mask, veins *raster.Mask
	at          func(x, y int) raster.Color
	dark        raster.Color
}

func (c *Canvas) stamp(s stamp) { c.lay(c.ink(s, nil)) }

// stamps draws many. What does not depend on the page is worked out on all
// processors, a batch at a time, and laid on it one after the other.
func (c *Canvas) stamps(all []stamp) {
	const batch = 256
	for len(all) > 0 {
		now := all[:min(batch, len(all))]
		all = all[len(now):]
		done := make([]inked, len(now))
		raster.Bands(len(now), func(a, b int) {
			for i := a; i < b; i++ {
				done[i] = c.ink(now[i], colours)
			}
		})
		for _, s := range done {
			c.lay(s)
		}
	}
}

// colours works a colouring out for every pixel of a mask.
func colours(m *raster.Mask, color func(x, y int) raster.Color) func(x, y int) raster.Color {
	out := make([]raster.Color, m.W*m.H)
	for i, v := range m.A {
		if v != 0 {
			out[i] = color(m.X+i%m.W, m.Y+i/m.W)
		}
	}
	return func(x, y int) raster.Color { return out[(y-m.Y)*m.W+x-m.X] }
}

// ink works a stamp out; ahead, where given, its colours too.
func (c *Canvas) ink(s stamp, ahead func(*raster.Mask, func(x, y int) raster.Color) func(x, y int) raster.Color) inked {
	u := c.Unit
	x, y, size := s.x*u, s.y*u, s.size*u
	k := size / s.shape.Size
	o := inked{stamp: s, mask: s.shape.Fill.Place(x, y, k, s.deg).Fill(c.bounds())}
	if o.mask.W == 0 {
		return o
	}
	if s.foil {
		o.at = c.foil(s.color)
		return o
	}
	vary := float32(1)
	if s.shape.Flat {
		vary = 0.12
	}
	o.dark = raster.Color{s.color[0] * 0.70, s.color[1] * 0.66, s.color[2] * 0.66}
	light := raster.Color{raster.Clamp(s.color[0]*1.12 + 0.06), raster.Clamp(s.color[1]*1.14 + 0.05), raster.Clamp(s.color[2]*1.06 + 0.02)}
	ramp := []raster.Color{o.dark, s.color, light}
	inside := o.mask.Soften(math.Max(0.6, size*0.035))
	q := float32(2.2 / size)
	ox, oy := float32(x), float32(y)
	o.at = func(px, py int) raster.Color {
		a, b := (float32(px)-ox)*q, (float32(py)-oy)*q
		n := noise.Fractal(a, b, 3, s.seed) - 0.5
		n2 := noise.Fractal(a*5, b*5, 2, s.seed+1) - 0.5
		// Pigment gathers at the edge, as it does in watercolour.
		return raster.Ramp(ramp, 0.56+(n*1.5+n2*0.35-(1-inside.Cover(px, py))*0.45)*vary)
	}
	if ahead != nil {
		o.at = ahead(o.mask, o.at)
	}
	if len(s.shape.Veins) > 0 {
		w := s.shape.VeinW * k
		veins := s.shape.Veins.Place(x, y, k, s.deg).Stroke(func(t float64) float64 { return math.Max(0.7, w*(1.15-0.8*t)) }).SameTurn()
		o.veins = veins.Fill(c.bounds())
	}
	return o
}

// lay puts an inked stamp on the page.
func (c *Canvas) lay(s inked) {
	if s.mask.W == 0 {
		return
	}
	size := s.size * c.Unit
	c.Shadow(s.mask, size*0.03, size*0.06, math.Max(1, size*0.045), s.shadow, raster.Color{0.16, 0.10, 0.07})
	c.Paint(s.mask, s.tint, s.at)
	if s.veins != nil {
		c.PaintFlat(s.veins, s.tint*0.45, s.dark)
	}
}

func (c *Canvas) shape(l *Layer, seed uint32) {
	x, y := c.at(l)
	s := stamp{c.Shapes[l.Shapes[0]], x, y, l.Size[0], l.Angle, l.Color, l.Shadow, l.Alpha, seed, l.Foil}
	if c.onFace(x, y, l.Size[0]*0.45) || c.onText(s) {
		return
	}
	c.stamp(s)
}

// scatter strews shapes over the regions, each at the best of nine places: far
// from the others, and never on a face or on text.
func (c *Canvas) scatter(l *Layer, seed uint32) {
	r := noise.NewRand(uint64(seed) + 11)
	type disc struct{ x, y, s float64 }
	var regions []raster.Rect
	var total, sheet float64
	for _, g := range l.Regions {
		q := c.Page.Rect(g)
		regions = append(regions, q)
		total += q.W() * q.H()
		sheet += g[2] * g[3]
	}
	spin := l.Spin
	if spin == 0 {
		spin = 180
	}
	var placed []disc
	var out []stamp
	for i := range int(float64(l.N)*total/sheet + 0.5) {
		var free []disc
		var room []float64 // of each, to the nearest shape
		for range 9 {
			q, k := r.Float()*total, 0
			for ; k < len(regions)-1 && q > regions[k].W()*regions[k].H(); k++ {
				q -= regions[k].W() * regions[k].H()
			}
			g := regions[k]
			d := disc{r.Between(g.X0, g.X1), r.Between(g.Y0, g.Y1), r.Between(l.Size[0], l.Size[1])}
			if c.onFace(d.x, d.y, d.s*0.55) {
				continue
			}
			near := 1e9
			for _, o := range placed {
				near = math.Min(near, math.Hypot(o.x-d.x, o.y-d.y)/(o.s+d.s))
			}
			free, room = append(free, d), append(room, near)
		}
		shape, color, deg := l.Shapes[r.Below(len(l.Shapes))], l.Colors[r.Below(len(l.Colors))], l.Angle+r.Between(-spin, spin)
		best, far := stamp{}, -1.0
		for k, d := range free {
			s := stamp{c.Shapes[shape], d.x, d.y, d.s, deg, color, l.Shadow, l.Alpha, seed + uint32(i)*7, l.Foil}
			if room[k] > far && !c.onText(s) {
				best, far = s, room[k]
			}
		}
		if far < 0 {
			continue
		}
		placed = append(placed, disc{best.x, best.y, best.size})
		out = append(out, best)
	}
	c.stamps(out)
}

// bough draws a fir garland along a path: twigs with paired needles, the back
// ones darker.
func (c *Canvas) bough(l *Layer, seed uint32) {
	u := c.Unit
	r := noise.NewRand(uint64(seed) + 3)
	density := l.Density
	if density == 0 {
		density = 1
	}
	for _, line := range c.onPage(l.Path) {
		pts := resample(line, 5*u)
		n := len(pts)
		for layer := range 3 {
			step := int(math.Max(2, 7/density))
			for i := layer; i < n; i += step {
				side := 1.0
				if i/step%2 == 0 {
					side = -1
				}
				size := r.Between(l.Size[0], l.Size[1]) * (0.55 + 0.45*math.Sin(math.Pi*float64(i)/float64(n)))
				p := pts[i]
				t := twig{p.x + r.Between(-5, 5)*u, p.y + r.Between(-5, 5)*u, p.turn + side*r.Between(0.35, 1.15), size * u * (1 - 0.16*float64(layer))}
				tone := float32(0.55 + 0.30*float64(layer) + r.Between(-0.07, 0.07))
				c.twig(t, l.Colors[r.Below(len(l.Colors))].Scale(tone), layer > 0, r)
			}
		}
	}
}

type station struct{ x, y, turn float64 }

// resample walks a polyline in steps of the given length.
func resample(line []vector.Point, step float64) []station {
	var out []station
	for i := 0; i+1 < len(line); i++ {
		dx, dy := line[i+1][0]-line[i][0], line[i+1][1]-line[i][1]
		n := max(1, int(math.Hypot(dx, dy)/step))
		for k := range n {
			t := float64(k) / float64(n)
			out = append(out, station{line[i][0] + dx*t, line[i][1] + dy*t, math.Atan2(dy, dx)})
		}
	}
	return out
}

type twig struct{ x, y, turn, length float64 }

// needle is how far a twig's needles and their shadow reach from it, in units.
const needle = 40.0

func (c *Canvas) twig(t twig, color raster.Color, shadow bool, r *noise.Rand) {
	u := c.Unit
	sn, cs := math.Sincos(t.turn)
	ex, ey := t.x+cs*t.length, t.y+sn*t.length
	if c.nearText((t.x+ex)/2/u, (t.y+ey)/2/u, t.length/2/u+needle) {
		return
	}
	wood := vector.Path{{{t.x, t.y}, {(t.x+ex)/2 + r.Between(-2, 2)*u, (t.y+ey)/2 + r.Between(-2, 2)*u}, {ex, ey}}}
	c.PaintFlat(wood.Stroke(func(q float64) float64 { return 2.4 * u * (1 - 0.6*q) }).Fill(c.bounds()), 1, raster.Color{0.25, 0.17, 0.10})
	var needles vector.Path
	n := int(t.length / (1.55 * u))
	for i := range n {
		q := float64(i) / float64(n)
		bx, by := t.x+(ex-t.x)*q, t.y+(ey-t.y)*q
		for _, side := range []float64{-1, 1} {
			l := (25 - 9*q) * u * r.Between(0.75, 1.1)
			a := t.turn + side*(0.95-0.45*q+r.Between(-0.14, 0.14))
			tx, ty := bx+math.Cos(a)*l, by+math.Sin(a)*l
			mx, my := (bx+tx)/2+cs*3*u, (by+ty)/2+sn*3*u
			needles = append(needles, vector.Path{{{bx, by}, {mx, my}, {tx, ty}}}.Stroke(func(z float64) float64 { return 2.1 * u * (1 - 0.75*z) })...)
		}
	}
	m := needles.SameTurn().Fill(c.bounds())
	if shadow {
		c.Shadow(m, 1.5*u, 3*u, 3*u, 0.35, raster.Color{0.02, 0.05, 0.03})
	}
	c.PaintFlat(m, 1, color)
}

// rule draws N lines around the page: the first At[0] from the edge, the next
// Gap further in and half as strong.
func (c *Canvas) rule(l *Layer, _ uint32) {
	w, h := float64(c.W), float64(c.H)
	for i := range max(1, l.N) {
		in, s := (l.At[0]+float64(i)*l.Gap)*c.Unit, l.Stroke*c.Unit
		if i > 0 {
			s *= 0.5
		}
		ink := func(int, int) raster.Color { return l.Color }
		if l.Foil {
			ink = c.foil(l.Color)
		}
		// Four bars, and not a ring: the mask of a ring is as large as the page.
		for _, b := range [][4]float64{{in, in, w - in, in + s}, {in, h - in - s, w - in, h - in}, {in, in + s, in + s, h - in - s}, {w - in - s, in + s, w - in, h - in - s}} {
			bar := vector.Path{{{b[0], b[1]}, {b[2], b[1]}, {b[2], b[3]}, {b[0], b[3]}}}
			c.Paint(bar.Fill(c.bounds()), l.Alpha, ink)
		}
	}
}

// foil is metal that catches the light here and there.
func (c *Canvas) foil(base raster.Color) func(x, y int) raster.Color {
	q := float32(1 / c.Unit)
	return func(x, y int) raster.Color {
		u, v := float32(x)*q, float32(y)*q
		w := noise.Fractal(u*0.006+1, v*0.006, 3, 5)
		b := float32(math.Sin(float64((u*0.9+v*0.5)*0.018+w*7))) * 0.5
		m := 0.92 + b*0.30 + (noise.Hash(uint32(x), uint32(y), 3)-0.5)*0.05
		hi := raster.Smooth(0.30, 0.5, b) * 0.35
		return raster.Color{raster.Clamp(base[0]*m + hi), raster.Clamp(base[1]*m + hi*0.92), raster.Clamp(base[2]*m + hi*0.66)}
	}
}

// capitals are those a typesetter would set: SS for ß, and Greek without accents.
func capitals(s string) string { return cases.Upper(language.Greek).String(s) }
