package frame

import (
	"errors"
	"fmt"
	"image"
	"math"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

// A Sticker makes a photo a paper cut-out: the person on a coloured disc at the
// foot of the slot, head and shoulders standing out above it. The slot must be
// higher than wide. Photos that do not cut well take the style Round instead, in
// the disc's place, and those of groups the style Group, in the whole slot.
type Sticker struct {
	Border float64        `yaml:"border"` // of paper, about the disc and the person
	Paper  raster.Color   `yaml:"paper"`
	Discs  []raster.Color `yaml:"discs"` // handed out in turn
	Round  string         `yaml:"round"`
	Group  string         `yaml:"group"`
}

func (s *Sticker) check() error {
	switch {
	case s.Border < 2 || s.Border > 40:
		return fmt.Errorf("sticker: border %g is not in 2..40", s.Border)
	case len(s.Discs) == 0:
		return errors.New("sticker: no discs")
	case s.Round == "" || s.Group == "":
		return errors.New("sticker: no style for round photos, or none for groups")
	}
	return nil
}

// Disc is where the disc of a sticker lies in its slot, and where a round photo
// lies instead.
func Disc(s layout.Slot) layout.Slot {
	s.Y += (s.H - s.W) / 2
	s.H = s.W
	return s
}

// A Figure is a person cut out of a photo that fills a slot. Alpha and Shape lie
// over the slot at any size: how much is the person, and the calm outline scissors
// would follow, 1 inside. Colours are the photo's without its background, for
// where Alpha is below 1.
type Figure struct {
	Photo, Colours *raster.Image
	Alpha, Shape   *raster.Plane
}

// Scissors smooths a person's outline the way scissors would: specks and tufts
// go. r is the least radius they turn, in samples. The outline is at one half.
func Scissors(a *raster.Plane, r float64) *raster.Plane {
	cut := func(g *raster.Plane, sigma float64, t float32) *raster.Plane {
		o := g.Blur(sigma)
		for i, v := range o.P {
			o.P[i] = 0
			if v > t {
				o.P[i] = 1
			}
		}
		return o
	}
	b := raster.NewPlane(a.W, a.H)
	for i, v := range a.P {
		if v > 0.5 {
			b.P[i] = 1
		}
	}
	// The last blur is for reading the outline at any size without steps.
	return cut(cut(b, r, 0.62), r, 0.40).Blur(math.Max(0.8, 0.4*r))
}

// Free is the signed distance of (x, y) in slot units, from its middle, to what a
// figure may fill: the disc, and the column above it.
func Free(s layout.Slot, inset, x, y float64) float64 {
	r := s.W/2 - inset
	if y -= (s.H - s.W) / 2; y < 0 {
		return math.Abs(x) - r
	}
	return math.Hypot(x, y) - r
}

// Sticker mounts a figure as the n-th photo.
func (m *Mount) Sticker(slot layout.Slot, st *Style, f *Figure, n int) {
	u, border := m.Unit, st.Sticker.Border
	d := Disc(slot)
	x0, y0 := (slot.X-slot.W/2)*u, (slot.Y-slot.H/2)*u
	cx, cy, r := d.X*u, d.Y*u, d.W/2*u
	edge, pad := f.outline(slot, border)
	box := image.Rect(int(x0-2*border*u), int(y0-2*border*u), int(x0+(slot.W+2*border)*u)+1, int(y0+(slot.H+2*border)*u)+1).Intersect(m.bounds())
	if box.Empty() {
		return
	}
	k := float64(edge.W-2*pad) / (slot.W * u) // samples of the outline a pixel
	mask := &raster.Mask{X: box.Min.X, Y: box.Min.Y, W: box.Dx(), H: box.Dy(), A: make([]uint8, box.Dx()*box.Dy())}
	rim := func(x, y float64) float32 {
		return raster.Smooth(0.5-0.035, 0.5+0.035, edge.At(float32((x-x0)*k)+float32(pad), float32((y-y0)*k)+float32(pad)))
	}
	raster.Bands(mask.H, func(a, b int) {
		for y := a; y < b; y++ {
			for x := range mask.W {
				px, py := float64(x+mask.X)+0.5, float64(y+mask.Y)+0.5
				disc := raster.Clamp(float32(r - math.Hypot(px-cx, py-cy) + 0.5))
				mask.A[y*mask.W+x] = uint8(max(disc, rim(px, py))*255 + 0.5)
			}
		}
	})
	if sh := st.Shadow; sh != nil {
		m.Page.Shadow(mask, sh.DX*u, sh.DY*u, sh.Blur*u, sh.Alpha, shadowTone)
		m.Page.Shadow(mask, sh.DX*u*0.18, sh.DY*u*0.18, math.Max(0.8, sh.Blur*u*0.16), sh.Contact, shadowTone)
	}
	ground := st.Sticker.Discs[n%len(st.Sticker.Discs)]
	q := float32(0.7 / u)
	m.Page.Paint(mask, 1, func(x, y int) raster.Color {
		px, py := float64(x)+0.5, float64(y)+0.5
		paper := st.Sticker.Paper.Add((noise.Fractal(float32(x)*q, float32(y)*q, 3, m.Seed) - 0.5) * 0.025)
		c := paper
		if in := raster.Clamp(float32(r - border*u - math.Hypot(px-cx, py-cy) + 0.5)); in > 0 {
			c = c.Mix(ground.Add((noise.Fractal(float32(x)*q*0.1, float32(y)*q*0.1, 4, m.Seed+uint32(n))-0.5)*0.06), in)
			c = c.Mix(paper, rim(px, py))
		}
		free := -Free(slot, border, (px-cx)/u+d.X-slot.X, (py-cy)/u+d.Y-slot.Y) * u
		within := raster.Clamp(float32(free + 0.5))
		sx, sy := (px-x0)/(slot.W*u), (py-y0)/(slot.H*u)
		if within == 0 || sy < 0 {
			return c
		}
		within *= raster.Smooth(0.4, 0.6, over(f.Shape, sx, sy))
		if within == 0 {
			return c
		}
		a := over(f.Alpha, sx, sy)
		person := f.Photo.At(float32(sx*float64(f.Photo.W)), float32(sy*float64(f.Photo.H)))
		if a < 0.99 {
			person = f.Colours.At(float32(sx*float64(f.Colours.W)), float32(sy*float64(f.Colours.H))).Mix(person, raster.Smooth(0.9, 0.99, a))
		}
		return c.Mix(paper.Mix(person, a), within)
	})
}

// over is the plane at a place in 0..1 of its sides.
func over(g *raster.Plane, x, y float64) float32 {
	return g.At(float32(x*float64(g.W)), float32(y*float64(g.H)))
}

// outline is a field whose value one half lies a border outside the figure, with
// pad samples of room around the slot.
func (f *Figure) outline(slot layout.Slot, border float64) (edge *raster.Plane, pad int) {
	k := float64(f.Shape.W) / slot.W
	pad = int(3*border*k) + 2
	g := raster.NewPlane(f.Shape.W+2*pad, f.Shape.H+2*pad)
	for y := range f.Shape.H {
		for x := range f.Shape.W {
			u, v := (float64(x)+0.5)/k-slot.W/2, (float64(y)+0.5)/k-slot.H/2
			if f.Shape.P[y*f.Shape.W+x] > 0.5 && Free(slot, border, u, v) < 0 {
				g.P[(y+pad)*g.W+x+pad] = 1
			}
		}
	}
	// A straight edge blurred by s falls to 0.09 at 1.34 s.
	sigma := border * k / 1.34
	edge = g.Blur(sigma)
	for i, v := range edge.P {
		edge.P[i] = raster.Clamp(0.5 + (v-0.09)*2)
	}
	return edge, pad
}
