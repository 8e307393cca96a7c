package decor

import (
	"image"
	"math"
	"strings"

	"kinpict/internal/engine/studio/lettering"
	"kinpict/internal/engine/studio/raster"
)

// The mark of a preview: its strength, and the size, spacing and slope of its
// lines, units and degrees.
const (
	markAlpha = 0.30
	markSize  = 30
	markRow   = 150
	markSlope = -28
)

// Mark repeats a line of text across the page, light on dark parts and dark on
// light ones, so that the page can be judged and not used.
func (c *Canvas) Mark(text string) {
	u := c.Unit
	line, ok := lettering.Set(strings.TrimSpace(text), "sans-medium", markSize*u, 0.12)
	if !ok {
		return
	}
	w, h := int(line.Width()+70*u), int(70*u)
	m := line.Mask(float64(w)/2, float64(h)*0.7, image.Rect(0, 0, w, h))
	g := raster.NewPlane(w, h)
	for y := range m.H {
		for x := range m.W {
			g.P[(y+m.Y)*w+x+m.X] = float32(m.A[y*m.W+x]) / 255
		}
	}
	// Decided on the surroundings, because single pixels would flip within a letter.
	const s = 4
	luma, _, _ := c.Reduced(s)
	luma = luma.Blur(math.Max(1, 20*u/s))
	sn, cs := math.Sincos(markSlope * math.Pi / 180)
	c.rows(func(y int, row []uint16) {
		around := make([]float32, c.W)
		luma.Span(y, s, around)
		for x := range c.W {
			lx, ly := cs*float64(x)+sn*float64(y), -sn*float64(x)+cs*float64(y)
			n := math.Floor(ly / (markRow * u))
			ly -= n * markRow * u
			if ly >= float64(h) {
				continue
			}
			lx = math.Mod(lx+n*0.37*float64(w), float64(w))
			if lx < 0 {
				lx += float64(w)
			}
			t := g.At(float32(lx), float32(ly))
			if t < 0.01 {
				continue
			}
			k := raster.Color{1, 1, 1}
			if around[x] > 0.55 {
				k = raster.Color{0.15, 0.15, 0.15}
			}
			raster.Blend(row[3*x:], k, markAlpha*t)
		}
	})
}
