package frame

import (
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// The light comes from the upper left.
const lightX, lightY = -0.55, -0.83

// shade colours a moulding. t goes from 0 at the outer to 1 at the inner edge,
// (nx, ny) is the outward normal on the page, along runs along the moulding in
// units.
func (m *Moulding) shade(t, nx, ny, along float64, seed uint32) raster.Color {
	facing := nx*lightX + ny*lightY
	c := m.Color
	switch m.Kind {
	case "gold":
		// Bead, scoop, bead.
		profile := math.Cos(t*math.Pi*2)*0.5 + 0.35*math.Cos(t*math.Pi*6)
		slope := math.Sin(t*math.Pi*2)*2 + 0.9*math.Sin(t*math.Pi*6)
		l := facing * slope * 0.30
		n := float64(noise.Fractal(float32(along*0.9), float32(t*9), 3, seed)) - 0.5
		v := float32((0.66 + 0.10*profile + l*0.72 + n*0.12) * 1.28)
		hi := float32(math.Pow(math.Max(0, l+0.22+0.1*profile), 3) * 0.55)
		return raster.Color{raster.Clamp(c[0]*v + hi*0.9), raster.Clamp(c[1]*v + hi*0.86), raster.Clamp(c[2]*v + hi*0.74)}
	case "wood":
		g := noise.Fractal(float32(along*0.06), float32(t*3.2), 4, seed)
		g2 := noise.Fractal(float32(along*0.02), float32(t*14), 3, seed+9)
		v := 0.80 + 0.34*(g-0.5) + 0.30*(g2-0.5) + float32(facing*math.Cos(t*math.Pi)*0.16)
		return c.Scale(v * 1.12)
	}
	s := math.Cos(t * math.Pi)
	l := float32(facing * s * s * s * 0.20)
	n := (noise.Hash(uint32(int(along*7)), uint32(t*40), seed) - 0.5) * 0.012
	return c.Scale(1 + l).Add(l*0.15 + n)
}
