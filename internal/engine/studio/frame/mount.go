package frame

import (
	"image"
	"math"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/lettering"
	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/vector"
)

var shadowTone = raster.Color{0.10, 0.07, 0.06}

// A Mount draws photos on a page of Unit pixels a design unit.
type Mount struct {
	Page *raster.Image
	Unit float64
	Seed uint32
}

// Draw mounts pic, already cropped to the opening of the slot, as the n-th
// photo. The style must be the one For the slot.
func (m *Mount) Draw(slot layout.Slot, st *Style, pic *raster.Image, n int) {
	if st.Brush != nil {
		m.brushed(slot, st, pic, n)
		return
	}
	g := m.geometry(slot, st, pic)
	mask := g.outline(m.Page)
	if mask.W == 0 {
		return
	}
	if sh := st.Shadow; sh != nil {
		u := m.Unit
		m.Page.Shadow(mask, sh.DX*u, sh.DY*u, sh.Blur*u, sh.Alpha, shadowTone)
		m.Page.Shadow(mask, sh.DX*u*0.18, sh.DY*u*0.18, math.Max(0.8, sh.Blur*u*0.16), sh.Contact, shadowTone)
	}
	seed := m.Seed + uint32(n)*13
	raster.Bands(mask.H, func(a, b int) {
		for y := a; y < b; y++ {
			row := m.Page.Row(y + mask.Y)
			for x := range mask.W {
				if cov := mask.A[y*mask.W+x]; cov != 0 {
					p := row[3*(x+mask.X):]
					raster.Blend(p, g.color(float64(x+mask.X)+0.5, float64(y+mask.Y)+0.5, seed), float32(cov)/255)
				}
			}
		}
	})
	if st.Tape != nil {
		m.tape(slot, *st.Tape, n)
	}
}

// geometry is a mount in pixels.
type geometry struct {
	st             *Style
	pic            *raster.Image
	unit           float64
	cx, cy, sn, cs float64 // middle and turn of the slot
	hw, hh         float64 // half sizes of the slot
	ox, oy         float64 // middle of the picture from the slot's
	pw, ph         float64 // half sizes of the picture
	fw, mw         float64 // widths of frame and mat
	radius, inner  float64
	sx, sy         float64 // pixels of pic for one of the page
}

func (m *Mount) geometry(slot layout.Slot, st *Style, pic *raster.Image) *geometry {
	u := m.Unit
	g := &geometry{st: st, pic: pic, unit: u, cx: slot.X * u, cy: slot.Y * u, hw: slot.W * u / 2, hh: slot.H * u / 2}
	g.sn, g.cs = math.Sincos(slot.Deg * math.Pi / 180)
	pw, ph, ox, oy := st.Opening(slot.W, slot.H)
	g.pw, g.ph, g.ox, g.oy = pw*u/2, ph*u/2, ox*u, oy*u
	if slot.Deg == 0 {
		// On the pixel grid the picture is copied and not blurred by half a pixel.
		g.cx += math.Round(g.cx+g.ox-g.pw) - (g.cx + g.ox - g.pw)
		g.cy += math.Round(g.cy+g.oy-g.ph) - (g.cy + g.oy - g.ph)
	}
	if st.Frame != nil {
		g.fw = st.Frame.W * u
	}
	if st.Mat != nil {
		g.mw = st.Mat.W * u
	}
	g.radius = st.Radius * u
	g.inner = math.Max(0, g.radius-g.fw-g.mw)
	g.sx, g.sy = float64(pic.W)/(2*g.pw), float64(pic.H)/(2*g.ph)
	if slot.Deg == 0 && math.Abs(g.sx-1) < 0.02 && math.Abs(g.sy-1) < 0.02 {
		g.sx, g.sy = 1, 1
	}
	return g
}

// outline is the coverage of the whole mount.
func (g *geometry) outline(page *raster.Image) *raster.Mask {
	bw := math.Abs(g.cs)*(g.hw+2) + math.Abs(g.sn)*(g.hh+2)
	bh := math.Abs(g.sn)*(g.hw+2) + math.Abs(g.cs)*(g.hh+2)
	box := image.Rect(int(g.cx-bw), int(g.cy-bh), int(g.cx+bw)+1, int(g.cy+bh)+1).Intersect(image.Rect(0, 0, page.W, page.H))
	if box.Empty() {
		return &raster.Mask{}
	}
	m := &raster.Mask{X: box.Min.X, Y: box.Min.Y, W: box.Dx(), H: box.Dy(), A: make([]uint8, box.Dx()*box.Dy())}
	raster.Bands(m.H, func(a, b int) {
		for y := a; y < b; y++ {
			for x := range m.W {
				lx, ly := g.local(float64(x+m.X)+0.5, float64(y+m.Y)+0.5)
				d := Distance(g.st.Shape, lx, ly, g.hw, g.hh, g.radius)
				m.A[y*m.W+x] = uint8(math.Max(0, math.Min(1, 0.5-d))*255 + 0.5)
			}
		}
	})
	return m
}

func (g *geometry) local(x, y float64) (lx, ly float64) {
	dx, dy := x-g.cx, y-g.cy
	return g.cs*dx + g.sn*dy, -g.sn*dx + g.cs*dy
}

// color of the mount at the pixel centre (x, y): picture, what surrounds it,
// frame, line and sheen, from the inside out.
func (g *geometry) color(x, y float64, seed uint32) raster.Color {
	st := g.st
	lx, ly := g.local(x, y)
	px, py := lx-g.ox, ly-g.oy
	c := g.pic.At(float32((px+g.pw)*g.sx), float32((py+g.ph)*g.sy))
	bare := g.fw == 0 && g.mw == 0
	if st.Border != nil || !bare {
		d := g.toPicture(px, py)
		if d > -1 {
			c = c.Mix(g.surround(d, lx, ly, px, py), float32(math.Max(0, math.Min(1, d+0.5))))
		}
		if !bare && d < 0 {
			c = c.Scale(g.innerShade(d, px, py))
		}
	}
	if g.fw > 0 {
		c = g.moulding(c, lx, ly, seed)
	}
	if l := st.Line; l != nil {
		d := l.Gap*g.unit - g.toPicture(px, py)
		if t := 0.5 + l.W*g.unit/2 - math.Abs(d); t > 0 {
			c = c.Mix(l.Color, float32(math.Min(1, t))*0.9)
		}
	}
	if st.Sheen > 0 {
		c = c.Add(st.Sheen * float32(lx/g.hw-ly/g.hh) * 0.5)
	}
	return c
}

func (g *geometry) toPicture(px, py float64) float64 {
	return Distance(g.st.Shape, px, py, g.pw, g.ph, g.inner)
}

// surround is the paper or mat at distance d outside the picture.
func (g *geometry) surround(d, lx, ly, px, py float64) raster.Color {
	c := raster.Color{1, 1, 1}
	if g.st.Paper != nil {
		c = *g.st.Paper
	}
	bevel := 2.2 * g.unit
	if g.mw > 0 {
		c = g.st.Mat.Color
		if d < bevel {
			// The cut edge of the card shows its white core, lit from above.
			v := float32(-0.10)
			if px/g.pw+py/g.ph > 0 {
				v = 0.03
			}
			return raster.Color{0.97, 0.965, 0.95}.Add(v)
		}
	}
	k := 0.9 / g.unit
	return c.Add((noise.Fractal(float32(lx*k), float32(ly*k), 2, 91) - 0.5) * 0.016)
}

// innerShade is the shadow that mat or frame throws on the picture.
func (g *geometry) innerShade(d, px, py float64) float32 {
	top, left := (py+g.ph)/(9*g.unit), (px+g.pw)/(9*g.unit)
	if g.st.Shape != "rect" && g.st.Shape != "round" {
		top, left = -d/(7*g.unit), 9
	}
	if top > 6 && left > 6 {
		return 1
	}
	return float32(1 - math.Exp(-math.Max(0, top))*0.34 - math.Exp(-math.Max(0, left))*0.20)
}

func (g *geometry) moulding(c raster.Color, lx, ly float64, seed uint32) raster.Color {
	dist := func(x, y float64) float64 { return Distance(g.st.Shape, x, y, g.hw, g.hh, g.radius) }
	in := -dist(lx, ly)
	if in >= g.fw+1 {
		if g.mw > 0 && in < g.fw+8*g.unit {
			c = c.Scale(float32(1 - 0.30*math.Exp(-(in-g.fw)/(3.2*g.unit))))
		}
		return c
	}
	const e = 0.7
	nx, ny := dist(lx+e, ly)-dist(lx-e, ly), dist(lx, ly+e)-dist(lx, ly-e)
	l := math.Hypot(nx, ny) + 1e-9
	nx, ny = nx/l, ny/l
	along := (ly*nx - lx*ny) / g.unit
	// The normal is turned back to the page, because the light does not turn with the slot.
	f := g.st.Frame.shade(math.Max(0, math.Min(1, in/g.fw)), g.cs*nx-g.sn*ny, g.sn*nx+g.cs*ny, along, seed+uint32(math.Abs(nx)*3))
	return c.Mix(f, float32(math.Max(0, math.Min(1, g.fw-in+0.5))))
}

// tape sticks a strip of paper tape over the upper edge.
func (m *Mount) tape(s layout.Slot, color raster.Color, n int) {
	u := m.Unit
	k := math.Max(0.62, math.Min(1.3, math.Sqrt(s.W*s.H)/Nominal))
	r := noise.NewRand(uint64(m.Seed) + uint64(n)*77)
	off, up := r.Between(-0.08, 0.08)*s.W*u, -s.H*u/2
	sn, cs := math.Sincos(s.Deg * math.Pi / 180)
	x, y := s.X*u+cs*off-sn*up, s.Y*u+sn*off+cs*up
	w, h, tooth := 92*k*u, 27*k*u, 2.6*k*u
	strip := []vector.Point{{-w / 2, -h / 2}, {w / 2, -h / 2}}
	for i := 1; i <= 8; i++ {
		strip = append(strip, vector.Point{w/2 - tooth*float64(i%2), -h/2 + h*float64(i)/8})
	}
	strip = append(strip, vector.Point{-w / 2, h / 2})
	for i := 1; i < 8; i++ {
		strip = append(strip, vector.Point{-w/2 + tooth*float64(i%2), h/2 - h*float64(i)/8})
	}
	mask := vector.Path{strip}.Place(x, y, 1, s.Deg+r.Between(-5, 5)).Fill(m.bounds())
	m.Page.Shadow(mask, 0.6*u, 1.6*u, 2.2*u, 0.28, shadowTone)
	q := 1 / u
	m.Page.Paint(mask, 0.80, func(x, y int) raster.Color {
		return color.Add((noise.Fractal(float32(float64(x)*q*0.10), float32(float64(y)*q*0.9), 3, uint32(n)) - 0.5) * 0.08)
	})
}

func (m *Mount) bounds() image.Rectangle { return image.Rect(0, 0, m.Page.W, m.Page.H) }

// line is the name of the photo in the slot at u pixels a unit, and the middle of
// its baseline in pixels; ok is false when none of its letters can be drawn.
func (l *Label) line(text string, s layout.Slot, u float64) (line lettering.Line, x, y float64, ok bool) {
	line, ok = lettering.Set(text, l.Font, l.Size*u, l.Track)
	if !ok {
		return line, 0, 0, false
	}
	sn, cs := math.Sincos(s.Deg * math.Pi / 180)
	down := s.H*(0.5-s.Cover) + l.DY
	return line.Fit(s.W * u * 0.86), (s.X - sn*down) * u, (s.Y + cs*down) * u, true
}

// ribbonWidth is how long the ribbon of a label is between its tails, in pixels.
func ribbonWidth(line lettering.Line) float64 { return line.Width() + 38*line.Size/29 }

// Box is where the name of the photo in the slot is, its ribbon included, with
// room around it, which is told the pixels of an em and of a unit; in units, and
// empty where nothing is written.
func (l *Label) Box(text string, s layout.Slot, room func(size, u float64) float64) raster.Rect {
	const u = 2 // one size for every quality, so that each keeps as clear
	line, x, y, ok := l.line(text, s, u)
	if !ok {
		return raster.Rect{}
	}
	b, pad := line.Box(x, y, s.Deg), room(line.Size, u)
	if l.Plate != nil {
		w := ribbonWidth(line)/2 + line.Size/2
		b = raster.Rect{X0: math.Min(b.X0, x-w), Y0: math.Min(b.Y0, y-line.Size), X1: math.Max(b.X1, x+w), Y1: math.Max(b.Y1, y+line.Size*0.4)}
	}
	return raster.Rect{X0: (b.X0 - pad) / u, Y0: (b.Y0 - pad) / u, X1: (b.X1 + pad) / u, Y1: (b.Y1 + pad) / u}
}

// Label writes the name of the photo in the slot. A name none of whose letters
// can be drawn is left out.
func (m *Mount) Label(text string, s layout.Slot, l *Label) {
	u := m.Unit
	line, x, y, ok := l.line(text, s, u)
	if !ok {
		return
	}
	if l.Plate != nil {
		m.ribbon(x, y-line.Size*0.28, ribbonWidth(line), line.Size*1.32, *l.Plate)
	}
	mask := line.Turned(x, y, s.Deg, m.bounds())
	if l.Halo > 0 {
		m.dim(s, line.Size, l)
		m.Page.Shadow(mask, 0, 0.6*u, 2.5*u, l.Halo, raster.Color{})
	}
	m.Page.PaintFlat(mask, 0.94, l.Color)
}

// dim darkens the foot of the picture in an upright slot, so that light
// lettering can be read on light photos.
func (m *Mount) dim(s layout.Slot, size float64, l *Label) {
	if s.Deg != 0 {
		return
	}
	u := m.Unit
	in := math.Max(0, -l.DY*u-size*0.75) // what frames the picture from below
	x0, x1 := int((s.X-s.W/2)*u+in+0.5), int((s.X+s.W/2)*u-in+0.5)
	foot := (s.Y+s.H/2)*u - in
	high := 3.2 * size
	raster.Bands(int(high), func(a, b int) {
		for i := a; i < b; i++ {
			y := int(foot+0.5) - 1 - i
			if y < 0 || y >= m.Page.H {
				continue
			}
			t := 1 - float32(i)/float32(high)
			k := 1 - l.Halo*0.95*t*t
			p := m.Page.Row(y)[3*max(0, x0) : 3*max(0, min(m.Page.W, x1))]
			for j := range p {
				p[j] = uint16(float32(p[j]) * k)
			}
		}
	})
}

// ribbon draws a swallow-tailed paper ribbon about (x, y).
func (m *Mount) ribbon(x, y, w, h float64, color raster.Color) {
	u, t := m.Unit, 0.38*h
	mask := vector.Path{{{x - w/2 - t, y - h/2}, {x + w/2 + t, y - h/2}, {x + w/2, y}, {x + w/2 + t, y + h/2}, {x - w/2 - t, y + h/2}, {x - w/2, y}}}.Fill(m.bounds())
	m.Page.Shadow(mask, 1.5*u, 3*u, 4*u, 0.34, raster.Color{0.2, 0.14, 0.1})
	q := 0.05 / u
	m.Page.Paint(mask, 1, func(px, py int) raster.Color {
		n := (noise.Fractal(float32(float64(px)*q), float32(float64(py)*q), 3, 5) - 0.5) * 0.06
		return color.Add(n - 0.05*float32(math.Abs(float64(py)-y)/h))
	})
}
