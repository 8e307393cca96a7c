// Package tone gives photos from different cameras and lights one look, and
// keeps every face as dark or as light as its photo shows it.
package tone

import (
	"fmt"
	"math"

	"kinpict/internal/engine/studio/raster"
)

// A Grade is the colour treatment of a scenario. Zero values change nothing,
// but Sat, where 0 stands for 1.
type Grade struct {
	Auto       float32       `yaml:"auto"`     // strength of the automatic tone, 0..1
	Exposure   float32       `yaml:"exposure"` // stops
	Temp       float32       `yaml:"temp"`     // towards warm
	Tint       float32       `yaml:"tint"`     // towards magenta
	Contrast   float32       `yaml:"contrast"`
	Fade       float32       `yaml:"fade"` // lift of black
	Sat        float32       `yaml:"sat"`
	Mono       float32       `yaml:"mono"` // share of the single-coloured picture
	MonoTone   *raster.Color `yaml:"mono_tone"`
	Split      float32       `yaml:"split"` // strength of the two tones below
	Shadows    *raster.Color `yaml:"shadows"`
	Highlights *raster.Color `yaml:"highlights"`
}

// Check reports a value out of bounds.
func (g *Grade) Check() error {
	for _, v := range []struct {
		name   string
		v      float32
		lo, hi float32
	}{{"auto", g.Auto, 0, 1}, {"exposure", g.Exposure, -1, 1}, {"temp", g.Temp, -0.2, 0.2}, {"tint", g.Tint, -0.2, 0.2},
		{"contrast", g.Contrast, -0.5, 0.5}, {"fade", g.Fade, 0, 0.3}, {"sat", g.Sat, 0, 2}, {"mono", g.Mono, 0, 1}, {"split", g.Split, 0, 1}} {
		if !(v.v >= v.lo && v.v <= v.hi) {
			return fmt.Errorf("grade: %s %g is not in %g..%g", v.name, v.v, v.lo, v.hi)
		}
	}
	return nil
}

// Map returns the grade as a function of one colour.
func (g *Grade) Map() func(raster.Color) raster.Color {
	or := func(c *raster.Color, d raster.Color) raster.Color {
		if c != nil {
			return *c
		}
		return d
	}
	white := raster.Color{1, 1, 1}
	shadows, highlights, mono := or(g.Shadows, raster.Color{}), or(g.Highlights, white), or(g.MonoTone, white)
	for i, l := 0, shadows.Luma(); i < 3; i++ {
		shadows[i] -= l
	}
	for i, l := 0, highlights.Luma(); i < 3; i++ {
		highlights[i] -= l
	}
	sat := g.Sat
	if sat == 0 {
		sat = 1
	}
	ex := float32(math.Exp2(float64(g.Exposure)))
	gain := raster.Color{ex * (1 + g.Temp), ex * (1 - g.Tint), ex * (1 - g.Temp)}
	return func(c raster.Color) raster.Color {
		for i := range c {
			c[i] *= gain[i]
		}
		l := c.Luma()
		if g.Mono > 0 {
			// Light tones lose the tint, so that whites stay white.
			q := raster.Clamp(l)
			c = c.Mix(mono.Scale(q).Mix(raster.Color{q, q, q}, q*q), g.Mono)
			l = c.Luma()
		}
		lift := float32(0)
		cl := raster.Clamp(l)
		if g.Contrast != 0 {
			lift = g.Contrast * (raster.Smooth(0, 1, cl) - cl) * 2
		}
		dark, light := (1-cl)*(1-cl)*g.Split, cl*cl*g.Split
		for i := range c {
			v := raster.Clamp(l + (c[i]-l)*sat + lift + dark*shadows[i] + light*highlights[i])
			c[i] = g.Fade + v*(1-g.Fade)
		}
		return c
	}
}

// Auto measures a reduced picture and returns the correction of its exposure
// and colour cast. It looks at the whole picture and never at faces, so that
// nobody's skin is corrected.
func Auto(small *raster.Image, strength float32) func(raster.Color) raster.Color {
	n := small.W * small.H
	var h [256]int
	var sum [3]float64
	for i := range n {
		c := raster.Load(small.Pix[3*i:])
		h[int(c.Luma()*255)]++
		for k, v := range c {
			sum[k] += math.Pow(float64(v), 6)
		}
	}
	at := func(p float64) float32 {
		m := 0
		for i, c := range h {
			if m += c; float64(m) > p*float64(n) {
				return float32(i) / 255
			}
		}
		return 1
	}
	lo := min(at(0.004), 0.10) * strength
	hi := 1 - (1-max(at(0.996), 0.48))*strength
	mid := raster.Clamp((at(0.5) - lo) / (hi - lo))
	gamma := 1.0
	if mid > 0.02 && mid < 0.98 {
		gamma = math.Log(float64(mid+(0.43-mid)*0.45)) / math.Log(float64(mid))
	}
	gamma = 1 + (math.Max(0.62, math.Min(1.25, gamma))-1)*float64(strength)
	// Shades of grey with Minkowski norm 6 (Finlayson and Trezzi 2004). It is
	// trusted a third of the way only: a blue wall is no cast, and skin before it
	// would turn yellow.
	var mean float64
	for k := range sum {
		sum[k] = math.Pow(sum[k], 1.0/6)
		mean += sum[k] / 3
	}
	var gain raster.Color
	for k := range gain {
		v := math.Max(0.92, math.Min(1.10, mean/(sum[k]+1e-9)))
		gain[k] = 1 + (float32(v)-1)*0.35*strength
	}
	var lut [1026]float32
	for i := range lut {
		x := raster.Clamp((float32(i)/1024 - lo) / (hi - lo))
		lut[i] = float32(math.Pow(float64(x), gamma))
	}
	return func(c raster.Color) raster.Color {
		for k := range c {
			c[k] = lookup(&lut, c[k]*gain[k])
		}
		return c
	}
}

func lookup(lut *[1026]float32, v float32) float32 {
	v = raster.Clamp(v) * 1024
	i := int(v)
	return lut[i] + (lut[i+1]-lut[i])*(v-float32(i))
}

// Stats are mean and spread of luma and the colour differences.
type Stats struct{ Mean, Spread [3]float32 }

// Measure takes the statistics of a reduced picture.
func Measure(small *raster.Image) Stats {
	var s, q [3]float64
	n := float64(small.W * small.H)
	for i := range small.W * small.H {
		for k, v := range raster.Load(small.Pix[3*i:]).YCC() {
			s[k] += float64(v)
			q[k] += float64(v) * float64(v)
		}
	}
	var st Stats
	for k := range s {
		m := s[k] / n
		st.Mean[k], st.Spread[k] = float32(m), float32(math.Sqrt(math.Max(1e-6, q[k]/n-m*m)))
	}
	return st
}

// Average is the mean of several statistics.
func Average(all []Stats) Stats {
	var a Stats
	for _, s := range all {
		for k := range 3 {
			a.Mean[k] += s.Mean[k] / float32(len(all))
			a.Spread[k] += s.Spread[k] / float32(len(all))
		}
	}
	return a
}

// Harmonise pulls a picture with statistics s a share k of the way towards the
// statistics of the set, within bounds.
func Harmonise(s, set Stats, k float32) func(raster.Color) raster.Color {
	var mul, add raster.Color
	for i := range mul {
		mul[i] = 1 + (max(0.8, min(1.25, set.Spread[i]/s.Spread[i]))-1)*k
		add[i] = s.Mean[i]*(1-mul[i]) + max(-0.10, min(0.10, set.Mean[i]-s.Mean[i]))*k
	}
	return func(c raster.Color) raster.Color {
		c = c.YCC()
		for i := range c {
			c[i] = c[i]*mul[i] + add[i]
		}
		return c.RGB()
	}
}

// A Face is a face in a picture: centre and side of its square, in pixels.
type Face struct{ X, Y, S float64 }

// Skin samples the colours within the faces of a picture.
func Skin(m *raster.Image, faces []Face) []raster.Color {
	var out []raster.Color
	for _, f := range faces {
		x0, x1 := max(0, int(f.X-0.24*f.S)), min(m.W, int(f.X+0.24*f.S))
		y0, y1 := max(0, int(f.Y-0.22*f.S)), min(m.H, int(f.Y+0.30*f.S))
		step := max(1, int(f.S)/60)
		for y := y0; y < y1; y += step {
			for x := x0; x < x1; x += step {
				out = append(out, raster.Load(m.Row(y)[3*x:]))
			}
		}
	}
	return out
}

// Luma is the mean luma of colours, each sent through f.
func Luma(cs []raster.Color, f func(raster.Color) raster.Color) float64 {
	var sum float64
	for _, c := range cs {
		c = f(c)
		sum += float64(raster.Clamp(c[0]))*0.299 + float64(raster.Clamp(c[1]))*0.587 + float64(raster.Clamp(c[2]))*0.114
	}
	return sum / float64(len(cs))
}

// Same changes nothing.
func Same(c raster.Color) raster.Color { return c }

// Bounds of the face guard: the luma of faces after grading over before. Photos
// that are dark as a whole may gain more, because there the light was wrong.
const (
	GuardLow  = 1.0
	GuardHigh = 1.14
	GuardDark = 1.35
	// GuardNight is for photos whose lights are dark too: no skin is as dark as that.
	GuardNight = 2.1
	guardRoom  = 0.015
)

// Guard returns look, preceded by a gamma where look would make the skin darker
// or more than most times as light as before. It holds each photo to its own faces, never to a
// common tone, and comes first, because what a look has clipped is gone.
func Guard(look func(raster.Color) raster.Color, skin []raster.Color, before, most float64) func(raster.Color) raster.Color {
	if len(skin) < 20 {
		return look
	}
	got := Luma(skin, look)
	want := math.Max(before*GuardLow, math.Min(before*most+guardRoom, got))
	if math.Abs(want-got) < 0.004 {
		return look
	}
	var pre, post [1026]float32
	bent := func(c raster.Color) raster.Color { return look(each(&pre, c)) }
	if math.Abs(fitGamma(&pre, skin, bent, want)-want) < 0.01 {
		return bent
	}
	// A look that darkens everything is out of a first gamma's reach; a second one lifts its result.
	both := func(c raster.Color) raster.Color { return each(&post, bent(c)) }
	fitGamma(&post, skin, both, want)
	return both
}

func each(lut *[1026]float32, c raster.Color) raster.Color {
	return raster.Color{lookup(lut, c[0]), lookup(lut, c[1]), lookup(lut, c[2])}
}

// fitGamma fills lut with the gamma that brings the luma of skin through f,
// which uses lut, closest to want, and returns the luma reached.
func fitGamma(lut *[1026]float32, skin []raster.Color, f func(raster.Color) raster.Color, want float64) (got float64) {
	lo, hi := 0.2, 4.0
	for range 12 {
		gamma := math.Sqrt(lo * hi)
		for i := range lut {
			lut[i] = float32(math.Pow(float64(i)/1024, gamma))
		}
		if got = Luma(skin, f); got > want {
			lo = gamma
		} else {
			hi = gamma
		}
	}
	return got
}

// Character tells a picture without colour, and how many times as light a face
// in it may become: little in a photo with light in it, whatever its skin.
func Character(small *raster.Image) (mono bool, most float64) {
	var chroma float64
	var h [256]int
	n := small.W * small.H
	for i := range n {
		c := raster.Load(small.Pix[3*i:])
		chroma += float64(max(c[0], c[1], c[2]) - min(c[0], c[1], c[2]))
		h[int(c.Luma()*255)]++
	}
	at := func(share float64) float64 {
		m, v := 0, 0
		for ; float64(m) <= share*float64(n) && v < len(h); v++ {
			m += h[v]
		}
		return float64(v) / 255
	}
	most = GuardHigh
	if at(0.5) < 0.16 {
		most = math.Max(GuardDark, math.Min(GuardNight, 0.95/at(0.97)))
	}
	return chroma/float64(n) < 0.02, most
}
