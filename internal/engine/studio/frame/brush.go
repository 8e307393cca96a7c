package frame

import (
	"fmt"
	"math"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// A Brush makes a photo a watercolour, painted onto the page without a frame.
type Brush struct {
	Rough float64 `yaml:"rough"` // how far the edge strays inwards, units
	Ink   float32 `yaml:"ink"`   // strength of the lines
	Loose float32 `yaml:"loose"` // how far the surroundings of people dissolve
}

func (b *Brush) check() error {
	if b.Rough < 2 || b.Rough > 40 || b.Ink < 0 || b.Ink > 1 || b.Loose < 0 || b.Loose > 1 {
		return fmt.Errorf("brush: rough is not in 2..40, ink or loose not in 0..1")
	}
	return nil
}

// brushed lays a painting on the page: pigment darkens the paper under it, and
// the edge is where the brush stopped.
func (m *Mount) brushed(slot layout.Slot, st *Style, pic *raster.Image, n int) {
	g := m.geometry(slot, st, pic)
	mask := g.outline(m.Page)
	seed := m.Seed + uint32(n)*31
	u := m.Unit
	rough := st.Brush.Rough * u
	raster.Bands(mask.H, func(a, b int) {
		for y := a; y < b; y++ {
			row := m.Page.Row(y + mask.Y)
			for x := range mask.W {
				if mask.A[y*mask.W+x] == 0 {
					continue
				}
				lx, ly := g.local(float64(x+mask.X)+0.5, float64(y+mask.Y)+0.5)
				d := Distance(st.Shape, lx, ly, g.hw, g.hh, g.radius)
				cov := float32(1)
				if d > -4.5*rough {
					cov = 1 - raster.Smooth(-1.0, 0.15, float32(d/rough+ragged(lx/rough, ly/rough, seed)))
				}
				if cov <= 0 {
					continue
				}
				p := row[3*(x+mask.X):]
				c := g.pic.At(float32((lx-g.ox+g.pw)*g.sx), float32((ly-g.oy+g.ph)*g.sy))
				paper := raster.Load(p)
				// Pigment is carried to the edge of a wash and stays there.
				rim := 1 - 0.5*cov*(1-cov)
				for i := range c {
					c[i] *= paper[i] * rim
				}
				raster.Blend(p, c, cov)
			}
		}
	})
}

// ragged is how far inside the shape the brush stopped, in measures of its
// roughness, 0 to about 4: broad waves, small ones, and streaks of a dry brush.
func ragged(x, y float64, seed uint32) float64 {
	broad := float64(noise.Fractal(float32(x*0.16), float32(y*0.16), 3, seed)) - 0.5
	small := float64(noise.Fractal(float32(x*0.9), float32(y*0.9), 3, seed+1)) - 0.5
	streak := float64(noise.Fractal(float32((x+y)*0.10), float32((x-y)*1.3), 3, seed+3)) - 0.42
	return math.Max(0, 0.9+broad*4.6) + small*1.0 + math.Max(0, streak*0.9)
}
