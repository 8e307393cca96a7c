package raster

import "math"

// A Plane is one channel of floats.
type Plane struct {
	W, H int
	P    []float32
}

// NewPlane returns a plane of zeros.
func NewPlane(w, h int) *Plane { return &Plane{w, h, make([]float32, w*h)} }

// At is the bilinear value at (x, y), where (0.5, 0.5) is the first centre.
func (g *Plane) At(x, y float32) float32 {
	x0, fx := split(x - 0.5)
	y0, fy := split(y - 0.5)
	xa, xb := clampInt(x0, 0, g.W-1), clampInt(x0+1, 0, g.W-1)
	ya, yb := clampInt(y0, 0, g.H-1)*g.W, clampInt(y0+1, 0, g.H-1)*g.W
	return Lerp(Lerp(g.P[ya+xa], g.P[ya+xb], fx), Lerp(g.P[yb+xa], g.P[yb+xb], fx), fy)
}

// Box is the mean over a square of 2r+1; the edge value goes on outside.
func (g *Plane) Box(r int) *Plane {
	o := NewPlane(g.W, g.H)
	t := NewPlane(g.W, g.H)
	g.boxInto(o, t, r)
	return o
}

func (g *Plane) boxInto(o, t *Plane, r int) {
	inv := 1 / float32(2*r+1)
	w, h := g.W, g.H
	Bands(h, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			s, d := g.P[y*w:(y+1)*w], t.P[y*w:(y+1)*w]
			// The window before the first pixel holds r+1 edge values but one.
			acc := s[0] * float32(r)
			for i := range r {
				acc += s[min(i, w-1)]
			}
			for x := range d {
				acc += s[min(x+r, w-1)]
				d[x] = acc * inv
				acc -= s[max(x-r, 0)]
			}
		}
	})
	Bands(w, func(x0, x1 int) {
		acc := make([]float32, x1-x0)
		for x := x0; x < x1; x++ {
			acc[x-x0] = t.P[x] * float32(r)
		}
		for i := range r {
			row := t.P[min(i, h-1)*w:]
			for x := x0; x < x1; x++ {
				acc[x-x0] += row[x]
			}
		}
		for y := range h {
			in, out := t.P[min(y+r, h-1)*w:], t.P[max(y-r, 0)*w:]
			d := o.P[y*w:]
			for x := x0; x < x1; x++ {
				acc[x-x0] += in[x]
				d[x] = acc[x-x0] * inv
				acc[x-x0] -= out[x]
			}
		}
	})
}

// Blur is close to a Gaussian of the given sigma: three box passes (Wells 1986).
func (g *Plane) Blur(sigma float64) *Plane {
	r := int(math.Sqrt(sigma*sigma*4+1) / 2)
	if r < 1 {
		r = 1
	}
	o, t := NewPlane(g.W, g.H), NewPlane(g.W, g.H)
	g.boxInto(o, t, r)
	o.boxInto(o, t, r)
	o.boxInto(o, t, r)
	return o
}

// Fit returns the plane reduced by whole-pixel means so that its long side is
// at most n; a plane that is small enough comes back as it is.
func (g *Plane) Fit(n int) *Plane {
	long := max(g.W, g.H)
	if long <= n {
		return g
	}
	w, h := max(1, g.W*n/long), max(1, g.H*n/long)
	o := NewPlane(w, h)
	Bands(h, func(a, b int) {
		for y := a; y < b; y++ {
			y0, y1 := y*g.H/h, max((y+1)*g.H/h, y*g.H/h+1)
			for x := range w {
				x0, x1 := x*g.W/w, max((x+1)*g.W/w, x*g.W/w+1)
				var s float32
				for j := y0; j < y1; j++ {
					for _, v := range g.P[j*g.W+x0 : j*g.W+x1] {
						s += v
					}
				}
				o.P[y*w+x] = s / float32((x1-x0)*(y1-y0))
			}
		}
	})
	return o
}

// A Mask is 8-bit coverage of the w by h pixels from (X, Y).
type Mask struct {
	X, Y, W, H int
	A          []uint8
}

// Paint blends color over m through the mask; pixels outside m are left out.
func (m *Image) Paint(k *Mask, alpha float32, color func(x, y int) Color) {
	x0, x1 := max(0, k.X), min(m.W, k.X+k.W)
	Bands(k.H, func(a, b int) {
		for y := max(a+k.Y, 0); y < min(b+k.Y, m.H); y++ {
			cov := k.A[(y-k.Y)*k.W:]
			row := m.Row(y)
			for x := x0; x < x1; x++ {
				if v := cov[x-k.X]; v != 0 {
					Blend(row[3*x:], color(x, y), alpha*float32(v)/255)
				}
			}
		}
	})
}

// PaintFlat is Paint with one colour.
func (m *Image) PaintFlat(k *Mask, alpha float32, c Color) {
	m.Paint(k, alpha, func(int, int) Color { return c })
}

// A Soft is a blurred mask, kept at a fraction of the size when the blur is
// wide, which is what makes big shadows cheap.
type Soft struct {
	X, Y, F int // place of the first pixel, and pixels of the picture a cell
	*Plane
}

// Soften blurs a mask by sigma pixels.
func (k *Mask) Soften(sigma float64) *Soft {
	f := 1
	for sigma/float64(f) > 6 {
		f *= 2
	}
	pad := int(sigma*3) + 2*f
	g := NewPlane((k.W+2*pad+f-1)/f, (k.H+2*pad+f-1)/f)
	n := 1 / (255 * float32(f*f))
	for y := range k.H {
		row := g.P[(y+pad)/f*g.W:]
		for x, v := range k.A[y*k.W : (y+1)*k.W] {
			if v != 0 {
				row[(x+pad)/f] += float32(v) * n
			}
		}
	}
	return &Soft{k.X - pad, k.Y - pad, f, g.Blur(sigma / float64(f))}
}

// Cover is the coverage at pixel (x, y) of the picture.
func (s *Soft) Cover(x, y int) float32 {
	if s.F == 1 {
		x, y = x-s.X, y-s.Y
		if x < 0 || y < 0 || x >= s.W || y >= s.H {
			return 0
		}
		return s.P[y*s.W+x]
	}
	k := 1 / float32(s.F)
	return s.At((float32(x-s.X)+0.5)*k, (float32(y-s.Y)+0.5)*k)
}

// Shadow multiplies m by color under a blurred copy of the mask, moved by
// (dx, dy) pixels.
func (m *Image) Shadow(k *Mask, dx, dy, sigma float64, alpha float32, color Color) {
	if k.W == 0 || alpha <= 0 {
		return
	}
	s := k.Soften(sigma)
	s.X += int(dx)
	s.Y += int(dy)
	x0, x1 := max(0, s.X), min(m.W, s.X+s.W*s.F)
	y0, y1 := max(0, s.Y), min(m.H, s.Y+s.H*s.F)
	if x1 <= x0 || y1 <= y0 {
		return
	}
	var dark Color
	for i := range dark {
		dark[i] = 1 - color[i]
	}
	Bands(y1-y0, func(a, b int) {
		for y := a + y0; y < b+y0; y++ {
			row := m.Row(y)
			for x := x0; x < x1; x++ {
				t := s.Cover(x, y) * alpha
				if t < 0.002 {
					continue
				}
				p := row[3*x : 3*x+3]
				for c := range p {
					p[c] = uint16(float32(p[c]) * (1 - dark[c]*t))
				}
			}
		}
	})
}

// Reduced returns the mean luma and colour differences over squares of s pixels.
func (m *Image) Reduced(s int) (y, cb, cr *Plane) {
	w, h := (m.W+s-1)/s, (m.H+s-1)/s
	y, cb, cr = NewPlane(w, h), NewPlane(w, h), NewPlane(w, h)
	Bands(h, func(a, b int) {
		for r := a; r < b; r++ {
			for c := range w {
				var sum Color
				n := float32(0)
				for j := r * s; j < min(m.H, r*s+s); j++ {
					row := m.Row(j)
					for i := c * s; i < min(m.W, c*s+s); i++ {
						v := Load(row[3*i:])
						sum[0], sum[1], sum[2] = sum[0]+v[0], sum[1]+v[1], sum[2]+v[2]
						n++
					}
				}
				v := Color{sum[0] / n, sum[1] / n, sum[2] / n}.YCC()
				y.P[r*w+c], cb.P[r*w+c], cr.P[r*w+c] = v[0], v[1], v[2]
			}
		}
	})
	return y, cb, cr
}

// Span interpolates row y of a picture s times the size of the plane into dst.
func (g *Plane) Span(y, s int, dst []float32) {
	inv := 1 / float32(s)
	y0, fy := split((float32(y)+0.5)*inv - 0.5)
	top, low := g.P[clampInt(y0, 0, g.H-1)*g.W:][:g.W], g.P[clampInt(y0+1, 0, g.H-1)*g.W:][:g.W]
	for x := range dst {
		q := (float32(x)+0.5)*inv - 0.5
		if q < 0 {
			q = 0
		}
		i := int(q)
		j := min(i+1, g.W-1)
		i = min(i, g.W-1)
		f := q - float32(i)
		a, b := Lerp(top[i], low[i], fy), Lerp(top[j], low[j], fy)
		dst[x] = a + (b-a)*f
	}
}

// YCC is luma, blue difference and red difference (JFIF), the last two about 0.
func (c Color) YCC() Color {
	return Color{c.Luma(), -0.168736*c[0] - 0.331264*c[1] + 0.5*c[2], 0.5*c[0] - 0.418688*c[1] - 0.081312*c[2]}
}

// RGB turns luma and differences back.
func (c Color) RGB() Color {
	return Color{c[0] + 1.402*c[2], c[0] - 0.344136*c[1] - 0.714136*c[2], c[0] + 1.772*c[1]}
}

// Map replaces every pixel by f of it.
func (m *Image) Map(f func(Color) Color) {
	Bands(m.H, func(a, b int) {
		p := m.Pix[a*m.W*3 : b*m.W*3]
		for i := 0; i < len(p); i += 3 {
			Store(p[i:], f(Load(p[i:])))
		}
	})
}
