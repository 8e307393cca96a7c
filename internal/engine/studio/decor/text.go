package decor

import (
	"math"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/lettering"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/vector"
)

// measured is the pixels a unit at which lines are measured for what keeps clear
// of them: one size for every quality, so that each strews the same.
const measured = 2.0

// Room is how far what is strewn stays from a line of text, in pixels: size are
// those of an em, u those of a unit.
func Room(size, u float64) float64 { return 0.12*size + 6*u }

// line is the line of a text layer at u pixels a unit; ok is false without one.
func (l *Layer) line(page layout.Page, texts map[string]string, u float64) (line lettering.Line, ok bool) {
	text := texts[l.Text]
	if l.Upper {
		text = capitals(text)
	}
	line, ok = lettering.Set(text, l.Font, l.Size[0]*u, l.Track)
	if !ok {
		return line, false
	}
	return line.Fit((l.Width + page.W - 1000) * u), true
}

// Lines are the boxes of the title and the subtitle with room around them, in units.
func Lines(layers []*Layer, page layout.Page, texts map[string]string) []raster.Rect {
	var out []raster.Rect
	for _, l := range layers {
		if l.Kind != "text" {
			continue
		}
		if line, ok := l.line(page, texts, measured); ok {
			b, pad := line.Box(page.X(l.At[0])*measured, page.Y(l.At[1])*measured, 0), Room(line.Size, measured)
			out = append(out, raster.Rect{X0: (b.X0 - pad) / measured, Y0: (b.Y0 - pad) / measured, X1: (b.X1 + pad) / measured, Y1: (b.Y1 + pad) / measured})
		}
	}
	return out
}

// nearText reports whether a disc touches a line of text; all in units.
func (c *Canvas) nearText(x, y, r float64) bool {
	for _, k := range c.Clear {
		if math.Hypot(x-min(max(x, k.X0), k.X1), y-min(max(y, k.Y0), k.Y1)) < r {
			return true
		}
	}
	return false
}

// onText reports whether a stamp, its shadow included, touches a line of text.
func (c *Canvas) onText(s stamp) bool {
	if len(c.Clear) == 0 {
		return false
	}
	room := 0.03 * s.size // half a vein, and the edge of the colour
	if s.shadow > 0 {
		room = 0.2 * s.size
	}
	k := s.size / s.shape.Size
	for _, p := range []vector.Path{s.shape.Fill, s.shape.Veins} {
		for _, line := range p.Place(s.x, s.y, k, s.deg) {
			for _, box := range c.Clear {
				box = raster.Rect{X0: box.X0 - room, Y0: box.Y0 - room, X1: box.X1 + room, Y1: box.Y1 + room}
				if crosses(line, box) {
					return true
				}
			}
		}
	}
	return false
}

// crosses reports whether a closed outline shares a point with a box.
func crosses(line []vector.Point, box raster.Rect) bool {
	x, y := (box.X0+box.X1)/2, (box.Y0+box.Y1)/2
	within := false // the middle of the box, by the even-odd rule
	for i, b := range line {
		a := line[(i+len(line)-1)%len(line)]
		// The stretch of a to b that is inside the box (Liang and Barsky 1984).
		from, to := 0.0, 1.0
		for _, e := range [4][2]float64{{a[0] - b[0], a[0] - box.X0}, {b[0] - a[0], box.X1 - a[0]}, {a[1] - b[1], a[1] - box.Y0}, {b[1] - a[1], box.Y1 - a[1]}} {
			switch q := e[1] / e[0]; {
			case e[0] == 0 && e[1] < 0:
				to = -1
			case e[0] < 0:
				from = max(from, q)
			case e[0] > 0:
				to = min(to, q)
			}
		}
		if from <= to {
			return true
		}
		if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			within = !within
		}
	}
	return within
}

// text sets the title or subtitle about its place, with short rules beside it
// when Stroke is set: Stroke thick and Gap long.
func (c *Canvas) text(l *Layer, _ uint32) {
	u := c.Unit
	line, ok := l.line(c.Page, c.Texts, u)
	if !ok {
		return
	}
	x, y := c.at(l)
	x, y = x*u, y*u
	m := line.Mask(x, y, c.bounds())
	c.Shadow(m, 0.6*u, 2*u, 3*u, l.Shadow, raster.Color{})
	if l.Foil {
		c.Paint(m, l.Alpha, c.foil(l.Color))
	} else {
		c.PaintFlat(m, l.Alpha, l.Color)
	}
	if l.Stroke == 0 {
		return
	}
	half := line.Width()/2 + 26*u
	for _, side := range []float64{-1, 1} {
		a, b, ym := x+side*half, x+side*(half+l.Gap*u), y-line.Size*0.34
		if math.Min(a, b) < 20*u || math.Max(a, b) > float64(c.W)-20*u {
			continue
		}
		s := l.Stroke * u / 2
		c.PaintFlat(vector.Path{{{a, ym - s}, {b, ym - s}, {b, ym + s}, {a, ym + s}}}.Fill(c.bounds()), l.Alpha*0.8, l.Color)
	}
}
