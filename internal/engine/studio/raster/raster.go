// Package raster holds the pixels of the studio engine: a 16-bit RGB image, a
// float plane, an 8-bit coverage mask, and the resampling and blurring on them.
//
// Values are sRGB-encoded. Sixteen bits keep half the memory of floats and
// leave 256 steps below one step of the finished JPEG, so that a picture may
// pass through a dozen layers without banding.
package raster

import (
	"fmt"
	"image"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"kinpict/internal/engine/studio/noise"
)

// Full is the value of a white sample.
const Full = 65535

// An Image is interleaved RGB, three samples a pixel.
type Image struct {
	W, H int
	Pix  []uint16
}

// New returns a black image of w by h pixels.
func New(w, h int) *Image { return &Image{w, h, make([]uint16, w*h*3)} }

// Row returns the samples of row y.
func (m *Image) Row(y int) []uint16 { return m.Pix[y*m.W*3 : (y+1)*m.W*3] }

// A Color is red, green and blue in 0..1.
type Color [3]float32

// ParseColor reads #rrggbb.
func ParseColor(s string) (Color, error) {
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 || s[0] != '#' {
		return Color{}, fmt.Errorf("%q is not a colour, want #rrggbb", s)
	}
	return Color{float32(v>>16&255) / 255, float32(v>>8&255) / 255, float32(v&255) / 255}, nil
}

// Mix goes from c to d as t goes from 0 to 1.
func (c Color) Mix(d Color, t float32) Color {
	return Color{Lerp(c[0], d[0], t), Lerp(c[1], d[1], t), Lerp(c[2], d[2], t)}
}

// Add returns c with v added to every channel, clamped.
func (c Color) Add(v float32) Color { return Color{Clamp(c[0] + v), Clamp(c[1] + v), Clamp(c[2] + v)} }

// Scale returns c with every channel multiplied by v, clamped.
func (c Color) Scale(v float32) Color {
	return Color{Clamp(c[0] * v), Clamp(c[1] * v), Clamp(c[2] * v)}
}

// Luma is the Rec. 601 luma of c.
func (c Color) Luma() float32 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }

// Ramp reads a row of colours at x in 0..1.
func Ramp(cs []Color, x float32) Color {
	x = Clamp(x) * float32(len(cs)-1)
	i := int(x)
	if i >= len(cs)-1 {
		return cs[len(cs)-1]
	}
	return cs[i].Mix(cs[i+1], x-float32(i))
}

// Load is the colour of the three samples at p.
func Load(p []uint16) Color {
	const k = 1.0 / Full
	_ = p[2]
	return Color{float32(p[0]) * k, float32(p[1]) * k, float32(p[2]) * k}
}

// Store writes c, clamped, to the three samples at p.
func Store(p []uint16, c Color) {
	_ = p[2]
	p[0], p[1], p[2] = quantise(c[0]), quantise(c[1]), quantise(c[2])
}

func quantise(x float32) uint16 {
	x = x*Full + 0.5
	if x < 0 {
		return 0
	}
	if x > Full {
		return Full
	}
	return uint16(x)
}

// Blend moves the three samples at p towards c by t.
func Blend(p []uint16, c Color, t float32) { Store(p, Load(p).Mix(c, t)) }

// At is the bilinear value at (x, y), where (0.5, 0.5) is the centre of the
// first pixel. Outside the image the edge goes on.
func (m *Image) At(x, y float32) Color {
	x0, fx := split(x - 0.5)
	y0, fy := split(y - 0.5)
	xa, xb := clampInt(x0, 0, m.W-1)*3, clampInt(x0+1, 0, m.W-1)*3
	ra, rb := m.Row(clampInt(y0, 0, m.H-1)), m.Row(clampInt(y0+1, 0, m.H-1))
	a := Load(ra[xa:]).Mix(Load(ra[xb:]), fx)
	return a.Mix(Load(rb[xa:]).Mix(Load(rb[xb:]), fx), fy)
}

func split(x float32) (int, float32) {
	f := float32(math.Floor(float64(x)))
	return int(f), x - f
}

// Luma returns the Rec. 601 luma of every pixel.
func (m *Image) Luma() *Plane {
	g := NewPlane(m.W, m.H)
	Bands(m.H, func(a, b int) {
		for i := a * m.W; i < b*m.W; i++ {
			g.P[i] = Load(m.Pix[3*i:]).Luma()
		}
	})
	return g
}

// YCbCr converts to 8 bits a sample, with chroma at half the resolution as
// the JPEG will have it, and a little fixed noise in luma, so that smooth
// gradients do not show steps. It takes 1.5 bytes a pixel where RGBA takes 4.
func (m *Image) YCbCr() *image.YCbCr {
	out := image.NewYCbCr(image.Rect(0, 0, m.W, m.H), image.YCbCrSubsampleRatio420)
	Bands((m.H+1)/2, func(a, b int) {
		for cy := a; cy < b; cy++ {
			for cx := range (m.W + 1) / 2 {
				var cb, cr, n float32
				for y := 2 * cy; y < min(m.H, 2*cy+2); y++ {
					row := m.Row(y)
					for x := 2 * cx; x < min(m.W, 2*cx+2); x++ {
						c := Load(row[3*x:])
						l := c.Luma()
						cb += c[2] - l
						cr += c[0] - l
						n++
						// The noise is less than a step, so that black and white stay what they are.
						d := noise.Hash(uint32(x), uint32(y), 77)*0.9 + 0.05
						out.Y[y*out.YStride+x] = uint8(min(255, l*255+d))
					}
				}
				i := cy*out.CStride + cx
				out.Cb[i] = uint8(max(0, min(255, cb/n*(255*0.5/0.886)+128.5)))
				out.Cr[i] = uint8(max(0, min(255, cr/n*(255*0.5/0.701)+128.5)))
			}
		}
	})
	return out
}

// Bands runs f over [0, n) in contiguous pieces on all processors and waits. A
// panic in f is raised again in the caller, where it can be recovered.
func Bands(n int, f func(a, b int)) {
	w := runtime.GOMAXPROCS(0)
	if w == 1 || n < 4*w {
		f(0, n)
		return
	}
	// More pieces than processors, because pieces differ in work.
	step := (n + 4*w - 1) / (4 * w)
	next := make(chan int, 4*w)
	for a := 0; a < n; a += step {
		next <- a
	}
	close(next)
	Together(w, func(int) {
		for a := range next {
			f(a, min(a+step, n))
		}
	})
}

// Together runs f for 0 to n-1 at the same time and waits. A panic in f is raised
// again in the caller, where it can be recovered.
func Together(n int, f func(i int)) {
	var (
		wg   sync.WaitGroup
		once sync.Once
		bad  any
	)
	for i := range n {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					once.Do(func() { bad = r })
				}
			}()
			f(i)
		})
	}
	wg.Wait()
	if bad != nil {
		panic(bad)
	}
}

// Clamp limits x to 0..1.
func Clamp(x float32) float32 {
	if x < 0 {
		return 0
	}
	if x > 1 {
		return 1
	}
	return x
}

// Lerp goes from a to b as t goes from 0 to 1.
func Lerp(a, b, t float32) float32 { return a + (b-a)*t }

// Smooth is the cubic step from 0 at a to 1 at b.
func Smooth(a, b, x float32) float32 {
	t := Clamp((x - a) / (b - a))
	return t * t * (3 - 2*t)
}

func clampInt(x, lo, hi int) int { return max(lo, min(hi, x)) }

// UnmarshalText reads #rrggbb, so that colours may stand in scenario files.
func (c *Color) UnmarshalText(b []byte) (err error) {
	*c, err = ParseColor(string(b))
	return err
}
