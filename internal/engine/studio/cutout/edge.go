package cutout

import (
	"context"

	"kinpict/internal/engine/studio/raster"
)

// refine turns the small hard mask into a soft one at the picture's size: two
// passes of a guided filter whose guide is the picture in colour (He, Sun, Tang
// 2010), each followed by more contrast.
func refine(ctx context.Context, m *raster.Image, hard *raster.Plane) (*raster.Plane, error) {
	soft := hard.Blur(0.8)
	a := raster.NewPlane(m.W, m.H)
	kx, ky := float32(hard.W)/float32(m.W), float32(hard.H)/float32(m.H)
	raster.Bands(m.H, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			for x := range m.W {
				a.P[y*m.W+x] = raster.Clamp(soft.At((float32(x)+0.5)*kx, (float32(y)+0.5)*ky))
			}
		}
	})
	r := int(3/kx + 0.5)
	for i, pass := range []struct {
		radius int
		eps    float32
		lo, hi float32
	}{{2 * r, 2e-4, 0.12, 0.88}, {max(2, r), 1e-4, 0.10, 0.92}} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if i == 0 {
			pass.radius = max(4, pass.radius)
		}
		a = guided(m, a, pass.radius, pass.eps)
		for j, v := range a.P {
			a.P[j] = raster.Smooth(pass.lo, pass.hi, v)
		}
	}
	return a, nil
}

// guided filters p by the colours of m.
func guided(m *raster.Image, p *raster.Plane, r int, eps float32) *raster.Plane {
	n := m.W * m.H
	// mean of a product of two of red, green, blue and p; 4 stands for 1.
	value := func(c, i int) float32 {
		switch c {
		case 3:
			return p.P[i]
		case 4:
			return 1
		}
		return float32(m.Pix[3*i+c]) * (1.0 / raster.Full)
	}
	mean := func(a, b int) *raster.Plane {
		o := raster.NewPlane(m.W, m.H)
		for i := range n {
			o.P[i] = value(a, i) * value(b, i)
		}
		return o.Box(r)
	}
	mr, mg, mb, mp := mean(0, 4), mean(1, 4), mean(2, 4), mean(3, 4)
	rp, gp, bp := mean(0, 3), mean(1, 3), mean(2, 3)
	rr, rg, rb, gg, gb, bb := mean(0, 0), mean(0, 1), mean(0, 2), mean(1, 1), mean(1, 2), mean(2, 2)
	raster.Bands(m.H, func(y0, y1 int) {
		for i := y0 * m.W; i < y1*m.W; i++ {
			a, b, c := float64(rr.P[i]-mr.P[i]*mr.P[i]+eps), float64(rg.P[i]-mr.P[i]*mg.P[i]), float64(rb.P[i]-mr.P[i]*mb.P[i])
			d, e, f := float64(gg.P[i]-mg.P[i]*mg.P[i]+eps), float64(gb.P[i]-mg.P[i]*mb.P[i]), float64(bb.P[i]-mb.P[i]*mb.P[i]+eps)
			u, v, w := float64(rp.P[i]-mr.P[i]*mp.P[i]), float64(gp.P[i]-mg.P[i]*mp.P[i]), float64(bp.P[i]-mb.P[i]*mp.P[i])
			det := a*(d*f-e*e) - b*(b*f-c*e) + c*(b*e-c*d)
			x := float32(((d*f-e*e)*u + (c*e-b*f)*v + (b*e-c*d)*w) / det)
			y := float32(((c*e-b*f)*u + (a*f-c*c)*v + (b*c-a*e)*w) / det)
			z := float32(((b*e-c*d)*u + (b*c-a*e)*v + (a*d-b*b)*w) / det)
			rp.P[i], gp.P[i], bp.P[i] = x, y, z
			mp.P[i] -= x*mr.P[i] + y*mg.P[i] + z*mb.P[i]
		}
	})
	rp, gp, bp, mp = rp.Box(r), gp.Box(r), bp.Box(r), mp.Box(r)
	for i := range n {
		mp.P[i] = raster.Clamp(rp.P[i]*value(0, i) + gp.P[i]*value(1, i) + bp.P[i]*value(2, i) + mp.P[i])
	}
	return mp
}

// Colours replaces, where a is not 1, the colours of m by those the person alone
// would have there, without the background that shines through (blur fusion,
// Forte 2021). r is how far a border is soft, in pixels.
func Colours(m *raster.Image, a *raster.Plane, r int) *raster.Image {
	fore, back := m, m
	for _, radius := range [2]int{r, max(2, r/12)} {
		share := a.Box(radius)
		f, b := raster.New(m.W, m.H), raster.New(m.W, m.H)
		for c := range 3 {
			sf, sb := raster.NewPlane(m.W, m.H), raster.NewPlane(m.W, m.H)
			for i, t := range a.P {
				sf.P[i] = at(fore, 3*i+c) * t
				sb.P[i] = at(back, 3*i+c) * (1 - t)
			}
			sf, sb = sf.Box(radius), sb.Box(radius)
			for i, t := range a.P {
				x, y := sf.P[i]/(share.P[i]+1e-5), sb.P[i]/(1-share.P[i]+1e-5)
				x = x + t*(at(m, 3*i+c)-t*x-(1-t)*y)
				f.Pix[3*i+c], b.Pix[3*i+c] = uint16(raster.Clamp(x)*raster.Full), uint16(raster.Clamp(y)*raster.Full)
			}
		}
		fore, back = f, b
	}
	return fore
}

func at(m *raster.Image, i int) float32 { return float32(m.Pix[i]) * (1.0 / raster.Full) }
