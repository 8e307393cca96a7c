package tone

import (
	"math"

	"kinpict/internal/engine/studio/raster"
)

// Sharpen is an unsharp mask on luma. Differences below lo stay as they are,
// so that grain stays quiet; from hi on they get the whole amount.
func Sharpen(m *raster.Image, sigma float64, amount, lo, hi float32) {
	r := max(1, int(2.5*sigma+0.5))
	k := make([]float32, r+1)
	var sum float32
	for i := range k {
		k[i] = float32(math.Exp(-float64(i*i) / (2 * sigma * sigma)))
		sum += k[i]
		if i > 0 {
			sum += k[i]
		}
	}
	for i := range k {
		k[i] /= sum
	}
	l := m.Luma()
	w := m.W
	raster.Bands(m.H, func(a, b int) {
		col := make([]float32, w+2*r)
		for y := a; y < b; y++ {
			mid := col[r : r+w]
			for x, v := range l.P[y*w : (y+1)*w] {
				mid[x] = k[0] * v
			}
			for i := 1; i <= r; i++ {
				up, down := l.P[max(0, y-i)*w:][:w], l.P[min(m.H-1, y+i)*w:][:w]
				for x := range mid {
					mid[x] += k[i] * (up[x] + down[x])
				}
			}
			for i := range r {
				col[i], col[r+w+i] = mid[0], mid[w-1]
			}
			row := m.Row(y)
			for x := range w {
				v := k[0] * col[x+r]
				for i := 1; i <= r; i++ {
					v += k[i] * (col[x+r-i] + col[x+r+i])
				}
				d := l.P[y*w+x] - v
				d *= amount * raster.Smooth(lo, hi, max(d, -d))
				if d != 0 {
					raster.Store(row[3*x:], addAll(raster.Load(row[3*x:]), d))
				}
			}
		}
	})
}

func addAll(c raster.Color, d float32) raster.Color {
	return raster.Color{c[0] + d, c[1] + d, c[2] + d}
}

// Grain estimates the deviation of a picture's noise from the median of its
// Laplacian (Immerkær 1996).
func Grain(m *raster.Image) float64 {
	l := m.Luma()
	w := l.W
	var h [512]int
	n := 0
	for y := 1; y < l.H-1; y += 2 {
		for x := 1; x < w-1; x += 2 {
			i := y*w + x
			p := l.P[i-w-1 : i+w+2]
			v := p[0] - 2*p[1] + p[2] - 2*p[w] + 4*p[w+1] - 2*p[w+2] + p[2*w] - 2*p[2*w+1] + p[2*w+2]
			h[min(511, int(max(v, -v)*1000))]++
			n++
		}
	}
	c := 0
	for i, v := range h {
		if c += v; c > n/2 {
			return float64(i) / 1000 / 6 / 0.6745
		}
	}
	return 0
}

// linear are the coefficients of a guided filter (He, Sun and Tang 2010),
// computed on reduced planes (He and Sun 2015): filtered = a*guide + b.
type linear struct{ a, b *raster.Plane }

func guided(guide, in *raster.Plane, r int, eps float32) linear {
	mul := func(p, q *raster.Plane) *raster.Plane {
		o := raster.NewPlane(p.W, p.H)
		for i, v := range p.P {
			o.P[i] = v * q.P[i]
		}
		return o
	}
	mg, mi := guide.Box(r), in.Box(r)
	gi, gg := mul(guide, in).Box(r), mul(guide, guide).Box(r)
	for i := range mg.P {
		a := (gi.P[i] - mg.P[i]*mi.P[i]) / (gg.P[i] - mg.P[i]*mg.P[i] + eps)
		gi.P[i] = a
		gg.P[i] = mi.P[i] - a*mg.P[i]
	}
	return linear{gi.Box(r), gg.Box(r)}
}

// Finish is what the Enhanced quality adds to a photo: noise removed in
// proportion to the grain, local contrast that spares skin, open shadows, and
// sharpening of what stands clear of the grain. enlarged is pixels of the
// picture for one of the photo.
func Finish(m *raster.Image, faces []Face, enlarged float64) {
	const s = 3
	grain := Grain(m)
	y, cb, cr := m.Reduced(s)
	fine := max(1, int(math.Max(1, enlarged)+0.5))
	quiet := guided(y, y, fine, float32(grain*grain*9)+1e-6)
	strength := float32(math.Max(0, math.Min(0.85, (grain-0.004)*70)))
	blue, red := guided(y, cb, 2*fine, 0.0012), guided(y, cr, 2*fine, 0.0012)
	base := guided(y, y, max(2, m.W/(28*s)), 0.03)
	planes := []*raster.Plane{quiet.a, quiet.b, blue.a, blue.b, red.a, red.b, base.a, base.b}
	raster.Bands(m.H, func(a, b int) {
		rows := make([][]float32, len(planes))
		for i := range rows {
			rows[i] = make([]float32, m.W)
		}
		for yy := a; yy < b; yy++ {
			for i, p := range planes {
				p.Span(yy, s, rows[i])
			}
			row := m.Row(yy)
			for x := range m.W {
				l := raster.Load(row[3*x:]).Luma()
				l = raster.Lerp(l, rows[0][x]*l+rows[1][x], strength)
				flat := rows[6][x]*l + rows[7][x]
				detail := l - flat
				u := 1 - raster.Clamp(flat)
				flat += 0.33 * u * u * u * flat
				keep := 1 - 0.9*onFace(faces, x, yy)
				c := raster.Color{raster.Clamp(flat + detail*(1+0.13*keep)), rows[2][x]*l + rows[3][x], rows[4][x]*l + rows[5][x]}
				raster.Store(row[3*x:], c.RGB())
			}
		}
	})
	if enlarged > 1.15 {
		lo := float32(math.Max(0.003, 2.2*grain))
		Sharpen(m, math.Min(2.5, 0.5*enlarged), 0.6, lo, 4*lo)
	}
}

// onFace is 1 in the middle of a face and 0 away from all.
func onFace(faces []Face, x, y int) float32 {
	var most float32
	for _, f := range faces {
		dx, dy := float32(float64(x)-f.X), float32(float64(y)-f.Y)
		s := float32(f.S * f.S)
		if d := dx*dx + dy*dy; d < 0.5625*s {
			most = max(most, 1-raster.Smooth(0.2, 0.5625, d/s))
		}
	}
	return most
}
