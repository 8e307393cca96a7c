// Package cutout parts a person from the background of a photo without a
// trained model: where a body is likely below a given face, what colours it and
// the background have, and the cheapest border between them (after GrabCut,
// Rother, Kolmogorov, Blake 2004). It runs three times with different settings,
// takes the majority, and says how far the runs agree, because a cut that hangs
// on a setting is better not used.
package cutout

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/raster"
)

// Gate is the agreement of the runs from which a cut is worth showing. Of 80
// portraits judged by eye half passed it, with one bad cut in twelve.
const Gate = 0.94

// work is the long side at which pictures are parted, in pixels.
const work = 280

// A Face is a face in the picture: centre and side of its square, in pixels.
type Face struct{ X, Y, S float64 }

// A Cut is a person parted from the background.
type Cut struct {
	// Alpha is how much of each pixel of the picture is the person.
	Alpha *raster.Plane
	// Agreement is the share of pixels all runs gave to the person among those
	// any run did, 0..1.
	Agreement float64
	// Open is the share of the outline about the head, 0..1, along which inside
	// and outside look alike: there a hat or hair goes on beyond the cut.
	Open float64
	// Border is the share of the upper edge and the sides of the picture about
	// the head that the person touches, 0..1: there the photo itself ends.
	Border float64
}

// Bounds of a sure cut besides Gate.
const (
	mostOpen   = 0.17
	mostBorder = 0.02
)

// Sure reports whether the cut can be trusted.
func (c *Cut) Sure() bool {
	return c.Agreement >= Gate && c.Open <= mostOpen && c.Border <= mostBorder
}

// A setting is one run: how dear a border is, how much places count beside
// colours, how much the likely body counts.
type setting struct {
	border, place, body float64
	seed                uint64
}

var settings = [3]setting{{5, 0.25, 1.7, 11}, {9, 0, 1.5, 37}, {7, 0.5, 1.7, 71}}

// Person cuts out whom the faces belong to. It stops soon after ctx does, with
// its error, and is the same for the same picture on any number of processors.
func Person(ctx context.Context, m *raster.Image, faces []Face) (*Cut, error) {
	s := newScene(m, faces)
	var masks [len(settings)][]bool
	raster.Together(len(settings), func(i int) { masks[i] = s.part(ctx, settings[i]) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, any := 0, 0
	voted := make([]bool, s.w*s.h)
	for i := range voted {
		n := 0
		for _, k := range masks {
			if k[i] {
				n++
			}
		}
		voted[i] = n*2 > len(masks)
		if n == len(masks) {
			all++
		}
		if n > 0 {
			any++
		}
	}
	voted = s.tidy(voted)
	c := &Cut{Agreement: float64(all) / math.Max(1, float64(any))}
	c.Open, c.Border = s.doubts(voted)
	hard := raster.NewPlane(s.w, s.h)
	for i, b := range voted {
		if b {
			hard.P[i] = 1
		}
	}
	var err error
	c.Alpha, err = refine(ctx, m, hard)
	return c, err
}

// A scene is a picture at the size it is parted.
type scene struct {
	w, h  int
	lab   [][3]float32
	body  []float32 // how likely each pixel is of the person
	faces []Face
}

func newScene(m *raster.Image, faces []Face) *scene {
	var ch [3]*raster.Plane
	for i := range ch {
		p := raster.NewPlane(m.W, m.H)
		for j := range p.P {
			p.P[j] = float32(m.Pix[3*j+i]) * (1.0 / raster.Full)
		}
		ch[i] = p.Fit(work)
	}
	s := &scene{w: ch[0].W, h: ch[0].H}
	k := float64(s.w) / float64(m.W)
	for _, f := range faces {
		s.faces = append(s.faces, Face{f.X * k, f.Y * k, f.S * k})
	}
	s.lab = make([][3]float32, s.w*s.h)
	s.body = make([]float32, s.w*s.h)
	raster.Bands(s.h, func(a, b int) {
		for i := a * s.w; i < b*s.w; i++ {
			l, p, q := lab(ch[0].P[i], ch[1].P[i], ch[2].P[i])
			// Lightness counts less than colour: shadows fall on people too.
			s.lab[i] = [3]float32{0.8 * l, p, q}
			s.body[i] = s.likely(i%s.w, i/s.w)
		}
	})
	return s
}

// likely is how likely pixel (x, y) is of the person: an ellipse of head and
// hair about the face, and a neck that widens into shoulders below.
func (s *scene) likely(x, y int) float32 {
	best := 0.05
	for _, f := range s.faces {
		u, v := (float64(x)+0.5-f.X)/f.S, (float64(y)+0.5-f.Y)/f.S
		head := math.Hypot(u/0.58, (v+0.13)/0.83)
		best = math.Max(best, 0.97-0.59*step(0.62, 1.02, head)-0.33*step(1.0, 1.42, head))
		half := 0.0
		switch {
		case v < 0.45:
		case v < 0.85:
			half = 0.42 + (v-0.45)*0.9
		case v < 1.35:
			half = 0.78 + (v-0.85)*1.5
		default:
			half = 1.53 + math.Min(v-1.35, 1.5)*0.22
		}
		if half > 0 {
			e := math.Abs(u) / half
			p := 0.96 - 0.50*step(0.55, 1.0, e) - 0.40*step(1.0, 1.45, e)
			best = math.Max(best, p*(0.35+0.65*step(0.45, 0.7, v)))
		}
	}
	return float32(best)
}

func step(a, b, x float64) float64 {
	t := math.Max(0, math.Min(1, (x-a)/(b-a)))
	return t * t * (3 - 2*t)
}

// lab is CIE L*a*b* of an sRGB colour, each over 100.
func lab(r, g, b float32) (l, p, q float32) {
	linear := func(v float32) float64 {
		if v <= 0.04045 {
			return float64(v) / 12.92
		}
		return math.Pow((float64(v)+0.055)/1.055, 2.4)
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x, y, z := linear(r), linear(g), linear(b)
	fx := f((0.4124*x + 0.3576*y + 0.1805*z) / 0.95047)
	fy := f(0.2126*x + 0.7152*y + 0.0722*z)
	fz := f((0.0193*x + 0.1192*y + 0.9505*z) / 1.08883)
	return float32(1.16*fy - 0.16), float32(5 * (fx - fy)), float32(2 * (fy - fz))
}

// apart is the squared difference in colour of two pixels.
func (s *scene) apart(i, j int) float64 {
	a, b := &s.lab[i], &s.lab[j]
	return sq(float64(a[0]-b[0])) + sq(float64(a[1]-b[1])) + sq(float64(a[2]-b[2]))
}

func sq(x float64) float64 { return x * x }
