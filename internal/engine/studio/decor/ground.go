package decor

import (
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

func (c *Canvas) fill(l *Layer, _ uint32) {
	c.Map(func(raster.Color) raster.Color { return l.Color })
}

// gradient runs from top to bottom, turned by Angle, or outwards from At when
// it has a radius.
func (c *Canvas) gradient(l *Layer, _ uint32) {
	const n = 1024
	var lut [n + 1]raster.Color
	for i := range lut {
		lut[i] = stopAt(l.Stops, float64(i)/n)
	}
	sn, cs := math.Sincos(l.Angle * math.Pi / 180)
	ax, ay := c.at(l)
	c.rows(func(y int, row []uint16) {
		v := (float64(y) + 0.5) / c.Unit
		for x := range c.W {
			u := (float64(x) + 0.5) / c.Unit
			q := 0.5 + (u-c.Page.W/2)*sn/c.Page.W + (v-c.Page.H/2)*cs/c.Page.H
			if l.Radius > 0 {
				q = math.Sqrt((u-ax)*(u-ax)+(v-ay)*(v-ay)) / l.Radius
			}
			raster.Blend(row[3*x:], lut[int(math.Max(0, math.Min(1, q))*n)], l.Alpha)
		}
	})
}

func stopAt(ss []Stop, x float64) raster.Color {
	if x <= ss[0].At {
		return ss[0].Color
	}
	for i := 1; i < len(ss); i++ {
		if x <= ss[i].At {
			return ss[i-1].Color.Mix(ss[i].Color, raster.Smooth(float32(ss[i-1].At), float32(ss[i].At), float32(x)))
		}
	}
	return ss[len(ss)-1].Color
}

// texture multiplies the page by 1 plus a fine seamless tile plus slow blotches.
func (c *Canvas) texture(tile *noise.Tile, blotch *noise.Field) {
	c.rows(func(y int, row []uint16) {
		fine, slow := tile.Row(y), make([]float32, c.W)
		blotch.Row(y, slow)
		for x, i := 0, 0; x < c.W; x++ {
			k := 1 + fine[i] + slow[x]
			if i++; i == len(fine) {
				i = 0
			}
			p := row[3*x : 3*x+3]
			for q := range p {
				p[q] = uint16(max(0, min(raster.Full, float32(p[q])*k)))
			}
		}
	})
}

// blotches is slow noise of the given strength, freq a unit.
func (c *Canvas) blotches(freq, amount float32, seed uint32) *noise.Field {
	q := freq / float32(c.Unit)
	// Three octaves end at four times the frequency; six steps to its wave are enough.
	step := max(1, int(1/(q*4*6)))
	return noise.NewField(c.W, c.H, step, raster.Bands, func(x, y float32) float32 {
		return (noise.Fractal(x*q, y*q, 3, seed) - 0.5) * amount
	})
}

// paper is the tooth of watercolour paper, lit from the upper left.
func (c *Canvas) paper(l *Layer, seed uint32) {
	q := float32(1 / c.Unit)
	tooth := func(u, v float32) float32 {
		return noise.Fractal(u*0.55, v*0.55, 3, seed)*0.7 + noise.Fractal(u*0.05+v*0.16, v*0.05-u*0.02, 3, seed+7)*0.5
	}
	tile := noise.NewTile(c.tileSize(), raster.Bands, func(x, y float32) float32 {
		u, v := x*q, y*q
		return (tooth(u, v) - tooth(u+0.7, v+0.7)) * l.Amount
	})
	c.texture(tile, c.blotches(0.006, l.Amount*0.5, seed+5))
}

// tileSize keeps repeats of a texture several hand-widths apart.
func (c *Canvas) tileSize() int { return max(64, min(768, int(420*c.Unit))) }

// plaster is a trowelled wall.
func (c *Canvas) plaster(l *Layer, seed uint32) {
	q := float32(1 / c.Unit)
	tile := noise.NewTile(c.tileSize(), raster.Bands, func(x, y float32) float32 {
		u, v := x*q, y*q
		return (noise.Fractal(u*0.05, v*0.05, 5, seed) - noise.Fractal((u+1.6)*0.05, (v+1.6)*0.05, 5, seed)) * l.Amount * 5
	})
	c.texture(tile, c.blotches(0.004, l.Amount, seed+9))
}

// linen is a plain weave.
func (c *Canvas) linen(l *Layer, seed uint32) {
	q := 1 / c.Unit
	tile := noise.NewTile(c.tileSize(), raster.Bands, func(x, y float32) float32 {
		u, v := float64(x)*q, float64(y)*q
		warp := noise.Value(float32(u*0.11), float32(math.Floor(v*0.9)), seed)
		weft := noise.Value(float32(math.Floor(u*0.9)), float32(v*0.11), seed+3)
		return l.Amount * (float32(math.Sin(u*0.9*2*math.Pi)*math.Sin(v*0.9*2*math.Pi)*0.25) + (warp+weft-1)*0.8)
	})
	c.texture(tile, c.blotches(0.004, l.Amount*0.5, seed+9))
}

// light brightens a disc, most in its middle.
func (c *Canvas) light(l *Layer, _ uint32) {
	ax, ay := c.at(l)
	r := l.Radius * math.Max(1, math.Sqrt(c.Page.W*c.Page.H/(1000*1250)))
	c.rows(func(y int, row []uint16) {
		dy := ((float64(y)+0.5)/c.Unit - ay) / r
		for x := range c.W {
			dx := ((float64(x)+0.5)/c.Unit - ax) / r
			q := 1 - dx*dx - dy*dy
			if q <= 0 {
				continue
			}
			g := float32(q*q) * l.Alpha
			k := raster.Load(row[3*x:])
			for i := range k {
				k[i] = 1 - (1-k[i])*(1-l.Color[i]*g)
			}
			raster.Store(row[3*x:], k)
		}
	})
}

// shade darkens towards the outside of a disc that follows the page's shape.
func (c *Canvas) shade(l *Layer, _ uint32) {
	ax, ay := c.at(l)
	rx, ry := l.Radius*c.Page.W/1000, l.Radius*c.Page.H/1250
	c.rows(func(y int, row []uint16) {
		dy := ((float64(y)+0.5)/c.Unit - ay) / ry
		for x := range c.W {
			dx := ((float64(x)+0.5)/c.Unit - ax) / rx
			g := raster.Smooth(0.35, 1.15, float32(math.Sqrt(dx*dx+dy*dy))) * l.Alpha
			if g == 0 {
				continue
			}
			k := raster.Load(row[3*x:])
			for i := range k {
				k[i] *= 1 - g*(1-l.Color[i])
			}
			raster.Store(row[3*x:], k)
		}
	})
}

// Finish lays vignette, grain and paper over the finished page.
func (c *Canvas) Finish(f Finish) {
	grain := noise.NewTile(c.tileSize(), raster.Bands, func(x, y float32) float32 {
		u := float32(1.7 / c.Unit)
		return ((noise.Value(x*u, y*u, 41)+noise.Hash(uint32(x), uint32(y), 9))*0.5 - 0.5) * f.Grain
	})
	cx, cy := float64(c.W)/2, float64(c.H)/2
	c.rows(func(y int, row []uint16) {
		fine := grain.Row(y)
		dy := (float64(y) - cy) / cy
		for x, i := 0, 0; x < c.W; x++ {
			dx := (float64(x) - cx) / cx
			k := 1 - f.Vignette*raster.Smooth(0.55, 1.5, float32(math.Sqrt(dx*dx+dy*dy)))
			n := fine[i]
			if i++; i == len(fine) {
				i = 0
			}
			p := row[3*x:]
			v := raster.Load(p)
			raster.Store(p, raster.Color{v[0]*k + n, v[1]*k + n, v[2]*k + n})
		}
	})
	if f.Paper > 0 {
		c.paper(&Layer{Amount: f.Paper}, 3)
	}
}
