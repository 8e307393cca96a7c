package decor

import (
	"image"
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// wash lays watercolour over a path: a rough edge with pigment pushed into it,
// slow flow between two colours, fine granulation.
func (c *Canvas) wash(l *Layer, seed uint32) {
	amp := l.Rough
	if amp == 0 {
		amp = 14
	}
	amp *= c.Unit
	// The outline is rasterised small, because it is blurred by half the roughness anyway.
	f := max(1, int(amp*0.55/5))
	margin := int(amp * 1.5)
	k := 1 / float64(f)
	small := c.onPage(l.Path).Place(0, 0, k, 0).Fill(image.Rect(-margin, -margin, (c.W+margin)/f+1, (c.H+margin)/f+1))
	if small.W == 0 {
		return
	}
	soft := small.Soften(amp * 0.55 * k)
	second := l.Color
	if len(l.Colors) > 0 {
		second = l.Colors[0]
	}
	u := float32(1 / c.Unit)
	step := max(1, int(2.2*c.Unit))
	edge := noise.NewField(c.W, c.H, step, raster.Bands, func(x, y float32) float32 { return noise.Fractal(x*u*0.012, y*u*0.012, 4, seed) - 0.5 })
	flow := noise.NewField(c.W, c.H, 2*step, raster.Bands, func(x, y float32) float32 {
		return noise.Fractal(x*u*0.004+noise.Fractal(x*u*0.012, y*u*0.012, 2, seed)-0.5, y*u*0.006, 4, seed+3) - 0.5
	})
	grain := noise.NewTile(c.tileSize(), raster.Bands, func(x, y float32) float32 { return noise.Fractal(x*u*0.45, y*u*0.45, 3, seed+2) - 0.5 })
	raster.Bands(c.H, func(a, b int) {
		n, fl := make([]float32, c.W), make([]float32, c.W)
		inv := float32(k) / float32(soft.F)
		for y := a; y < b; y++ {
			sy := (float32(y)+0.5)*inv - float32(soft.Y)/float32(soft.F)
			if sy < 0 || sy > float32(soft.H) {
				continue
			}
			edge.Row(y, n)
			flow.Row(y, fl)
			row, fine := c.Row(y), grain.Row(y)
			for x := range c.W {
				sx := (float32(x)+0.5)*inv - float32(soft.X)/float32(soft.F)
				if sx < 0 || sx > float32(soft.W) {
					continue
				}
				v := soft.At(sx, sy) + n[x]*0.75
				if v < 0.34 {
					continue
				}
				if v < 0.84 {
					// Only near the edge does its finest roughness show.
					v += (noise.Fractal(float32(x)*u*0.07, float32(y)*u*0.07, 4, seed+1) - 0.5) * 0.22
				}
				cov := raster.Smooth(0.46, 0.54, v)
				if cov == 0 {
					continue
				}
				rim := 1 - raster.Smooth(0.52, 0.72, v)
				d := l.Alpha * cov * raster.Clamp(0.62+fl[x]*1.1+rim*0.38+fine[x%len(fine)]*0.30)
				pigment := l.Color.Mix(second, raster.Clamp(fl[x]*2.4+0.5))
				p := row[3*x : 3*x+3]
				for q := range p { // transparent pigment multiplies
					p[q] = uint16(float32(p[q]) * (1 - d*(1-pigment[q])))
				}
			}
		}
	})
}

// bokeh adds discs of light out of focus.
func (c *Canvas) bokeh(l *Layer, seed uint32) {
	soft := l.Blur
	if soft == 0 {
		soft = 0.12
	}
	c.discs(l, seed, func(t float64) float64 { return t }, func(p []uint16, k raster.Color, d, t float32) {
		cov := 1 - raster.Smooth(1-float32(soft), 1, d)
		t *= cov * (0.72 + 0.28*raster.Smooth(0.55, 0.97, d))
		v := raster.Load(p)
		for i := range v {
			v[i] = 1 - (1-v[i])*(1-k[i]*t)
		}
		raster.Store(p, v)
	})
}

// snow paints soft flakes, most of them small.
func (c *Canvas) snow(l *Layer, seed uint32) {
	l.Colors = []raster.Color{l.Color}
	c.discs(l, seed, func(t float64) float64 { return t * t * t }, func(p []uint16, k raster.Color, d, t float32) {
		raster.Blend(p, k, t*(1-raster.Smooth(0.3, 1, d)))
	})
}

// discs runs dot over the pixels of random discs; dot gets the distance from
// the middle in radii.
func (c *Canvas) discs(l *Layer, seed uint32, spread func(float64) float64, dot func(p []uint16, k raster.Color, d, t float32)) {
	r := noise.NewRand(uint64(seed) + 5)
	regions := l.Regions
	if len(regions) == 0 {
		regions = [][4]float64{{0, 0, 1000, 1250}}
	}
	n := int(float64(l.N) * math.Sqrt(c.Page.W*c.Page.H/(1000*1250)))
	for range n {
		g := c.Page.Rect(regions[r.Below(len(regions))])
		x, y := r.Between(g.X0, g.X1), r.Between(g.Y0, g.Y1)
		rad := l.Size[0] + (l.Size[1]-l.Size[0])*spread(r.Float())
		k, t := l.Colors[r.Below(len(l.Colors))], l.Alpha*float32(r.Between(0.35, 1))
		if c.onFace(x, y, rad) || c.nearText(x, y, rad) {
			continue
		}
		x, y, rad = x*c.Unit, y*c.Unit, math.Max(0.7, rad*c.Unit)
		for py := max(0, int(y-rad-1)); py < min(c.H, int(y+rad+2)); py++ {
			row := c.Row(py)
			for px := max(0, int(x-rad-1)); px < min(c.W, int(x+rad+2)); px++ {
				if d := math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y) / rad; d < 1 {
					dot(row[3*px:], k, float32(d), t)
				}
			}
		}
	}
}
