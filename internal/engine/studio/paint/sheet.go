package paint

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

var (
	inkTone = raster.Color{0.26, 0.20, 0.19}
	white   = raster.Color{1, 1, 1}
)

// A sheet is a painting while pigment is laid on.
type sheet struct {
	Brush
	photo, sketch, patches *raster.Image
	lines                  *raster.Plane
	w, h                   int

	tone  [1025]float32 // luma of the wash for luma of the photo
	skin  float32       // mean luma of the faces after tone, 0 without any
	hue   raster.Color  // what skin adds to grey
	clear *raster.Plane // 1 on people, 0 far from them; a coarse plane
	face  *raster.Plane // 1 on faces
	nose  *raster.Plane // 1 between nose and mouth, where hard light throws its shadow
	edges *raster.Plane // where two patches meet
}

// darkest is the luma black becomes at most: watercolour never is black, but it
// stays well below the darkest skin.
const darkest = 0.17

// expose settles the tone. It bends the middle so that skin comes out as light as
// it is in the photo or a little lighter, whatever its own colour.
func (s *sheet) expose() {
	gamma, floor := 0.78, darkest
	skin := s.skinLuma()
	if skin > 0 {
		floor = math.Min(darkest, 0.5*skin)
		want := math.Min(0.93, skin*1.07+0.01)
		gamma = math.Max(0.5, math.Min(1.7, math.Log((want-floor)/(1-floor))/math.Log(skin)))
	}
	for i := range s.tone {
		s.tone[i] = float32(floor + (1-floor)*math.Pow(float64(i)/1024, gamma))
	}
	if skin > 0 {
		s.skin = s.tone[int(skin*1024)]
	}
}

// skinLuma is the mean luma within the faces of the photo, or 0; it notes their hue.
func (s *sheet) skinLuma() float64 {
	var sum [3]float64
	n := 0.0
	for _, f := range s.Faces {
		x0, x1 := max(0, int(f.X-0.24*f.S)), min(s.photo.W, int(f.X+0.24*f.S))
		y0, y1 := max(0, int(f.Y-0.22*f.S)), min(s.photo.H, int(f.Y+0.30*f.S))
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				for i, v := range raster.Load(s.photo.Row(y)[3*x:]) {
					sum[i] += float64(v)
				}
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	mean := raster.Color{float32(sum[0] / n), float32(sum[1] / n), float32(sum[2] / n)}
	l := mean.Luma()
	for i, v := range mean {
		s.hue[i] = v - l
	}
	return math.Max(0.02, math.Min(0.98, float64(l)))
}

// coarse is pixels of the photo a cell of the halo.
const coarse = 8

// halo marks what stays clear: the face, and below it the widening body. It
// follows the face's geometry and no outline, because a wrong outline shows in a
// painting and a soft geometric one never does.
func (s *sheet) halo() {
	w, h := s.photo.W/coarse+2, s.photo.H/coarse+2
	s.clear, s.face, s.nose = raster.NewPlane(w, h), raster.NewPlane(w, h), raster.NewPlane(w, h)
	for y := range h {
		for x := range w {
			px, py := float64(x*coarse), float64(y*coarse)
			var clear, face, nose float64
			for _, f := range s.Faces {
				u, v := (px-f.X)/f.S, (py-f.Y)/f.S
				d := math.Hypot(u/0.98, (v+0.05)/1.16)
				if v > 0 {
					d = math.Hypot(u/(0.98+0.42*math.Min(v, 1.2)), v/1.9)
				}
				clear = math.Max(clear, 1-step(0.60, 1.0, d))
				face = math.Max(face, 1-step(0.75, 1.05, math.Hypot(u/0.50, (v-0.03)/0.62)))
				nose = math.Max(nose, 1-step(0.5, 1.0, math.Hypot(u/0.30, (v-0.20)/0.22)))
			}
			if len(s.Faces) == 0 {
				clear = 1 - step(0.75, 1.35, math.Hypot(px-s.Focus.X, py-s.Focus.Y)/s.Focus.S)
			}
			i := y*w + x
			s.clear.P[i], s.face.P[i], s.nose.P[i] = float32(clear), float32(face), float32(nose)
		}
	}
}

func step(a, b, x float64) float64 { return float64(raster.Smooth(float32(a), float32(b), float32(x))) }

// findEdges measures where the painted patches differ, for pigment gathers there.
func (s *sheet) findEdges() {
	l := s.patches.Luma()
	g := raster.NewPlane(l.W, l.H)
	for y := 1; y < l.H-1; y++ {
		for i := y*l.W + 1; i < (y+1)*l.W-1; i++ {
			dx, dy := l.P[i+1]-l.P[i-1], l.P[i+l.W]-l.P[i-l.W]
			g.P[i] = float32(math.Sqrt(float64(dx*dx + dy*dy)))
		}
	}
	s.edges = g.Blur(1.1 * s.Unit)
}

// paint lays washes, pigment and lines on white paper.
func (s *sheet) paint(ctx context.Context) (*raster.Image, error) {
	s.expose()
	s.halo()
	s.findEdges()
	out := raster.New(s.w, s.h)
	k := float64(s.photo.W) / float64(s.w) // pixels of the photo a pixel of the sheet
	u := float32(k / s.Unit)               // units a pixel of the sheet
	slow := max(1, int(3/u))
	field := func(freq float32, octaves int, seed uint32) *noise.Field {
		return noise.NewField(s.w, s.h, slow, raster.Bands, func(x, y float32) float32 {
			return noise.Fractal(x*u*freq, y*u*freq, octaves, seed) - 0.5
		})
	}
	wobbleX, wobbleY := field(0.028, 2, s.Seed), field(0.028, 2, s.Seed+40)
	turbulence, dry := field(0.012, 3, s.Seed+5), field(0.06, 2, s.Seed+8)
	size := max(64, min(512, int(300/u)))
	grain := noise.NewTile(size, raster.Bands, func(x, y float32) float32 {
		return noise.Fractal(x*u*0.55, y*u*0.55, 3, s.Seed+6) - 0.5
	})
	fields := []*noise.Field{wobbleX, wobbleY, turbulence, dry}
	err := rows(ctx, s.h, func(y int) {
		var lines [4][]float32
		for i, f := range fields {
			lines[i] = make([]float32, s.w)
			f.Row(y, lines[i])
		}
		row, fine := out.Row(y), grain.Row(y)
		for x := range s.w {
			reach := float32(3.2 * s.Unit) // of the unsteady hand, pixels
			d := dab{
				x: (float32(x)+0.5)*float32(k) + lines[0][x]*reach, y: (float32(y)+0.5)*float32(k) + lines[1][x]*reach,
				turbulence: lines[2][x], dry: lines[3][x], grain: fine[x%len(fine)],
			}
			raster.Store(row[3*x:], s.color(d))
		}
	})
	return out, err
}

// A dab is one place on the sheet: where it lies in the photo, and the noise of
// water, brush and paper there, each about 0.
type dab struct{ x, y, turbulence, dry, grain float32 }

// color of a dab, from the wash to the ink.
func (s *sheet) color(d dab) raster.Color {
	cx, cy := d.x/coarse+0.5, d.y/coarse+0.5
	clear, face := s.clear.At(cx, cy), s.face.At(cx, cy)
	c := s.patches.At(d.x, d.y)
	if face > 0 {
		// Features are painted with a finer brush, for the likeness is in them.
		c = c.Mix(s.sketch.At(d.x, d.y), 0.75*face)
	}
	c = s.wash(c, face, s.nose.At(cx, cy))
	l := c.Luma()
	density := 1 + d.turbulence*(1.3-1.05*face) + d.grain*(0.12+0.30*l)*(1-0.5*face) + raster.Clamp(s.edges.At(d.x, d.y)*6)*0.34*(1-0.6*face)
	for i, v := range c {
		c[i] = raster.Clamp(v * (1 - (1-v)*(density-1)))
	}
	line := s.lines.At(d.x, d.y)
	low := 0.012 + 0.012*face
	ink := raster.Smooth(low, low+0.09, line) * s.Ink * raster.Clamp(0.86+d.dry*1.5) * (1 - 0.30*face) * (0.35 + 0.65*clear)
	c = c.Mix(inkTone, ink)
	// The surroundings dissolve into thin wash and bare paper.
	bare := s.Loose * (1 - raster.Smooth(0.05, 0.85, clear)) * raster.Clamp(0.74+d.turbulence*2.2)
	return c.Mix(white, bare)
}

// wash is the colour of a patch as thinned pigment: lifted, in soft steps of
// tone, and on faces with shadows opened, so that hard light leaves no blot.
func (s *sheet) wash(c raster.Color, face, nose float32) raster.Color {
	l := max(0.004, c.Luma())
	t := s.tone[int(raster.Clamp(l)*1024)]
	opened := float32(0)
	if face > 0 && t < s.skin {
		opened = (s.skin - t) * (0.24*face + 0.30*nose)
		t += opened
	}
	// Lifted colours keep a part of their chroma only, or deep browns turn orange.
	k := 0.55 + 0.45*min(2.4, t/l)
	for i, v := range c {
		c[i] = t + (v-l)*k + s.hue[i]*opened
	}
	if face >= 1 {
		return c
	}
	const steps = 7
	base := float32(math.Floor(float64(t*steps))) / steps
	stepped := base + raster.Smooth(0.30, 0.70, (t-base)*steps)/steps
	return c.Scale(1 + (stepped/t-1)*0.22*(1-face))
}
