// Package face finds faces, and only finds them: nothing here tells one person
// from another. It evaluates the pico cascade of decision trees (Markuš et al.
// 2013, arXiv:1305.4537) on brightness comparisons.
//
// The trained cascade in the folder cascade is the frontal-face one shipped
// with github.com/esimov/pigo, under its MIT licence.
package face

import (
	_ "embed"
	"encoding/binary"
	"image"
	"math"
	"sort"
	"sync"

	"kinpict"
	"kinpict/internal/engine/studio/raster"
)

// Numbers below were chosen on 159 pictures: 78 of 100 portraits found, one
// false hit. What is missed are profiles, covered and deeply bowed faces. Of 88
// portraits whose edge cut through the face, 83 were found with the mirrored
// border and about one in four without; parts without a face gave no hit in either.
const (
	work     = 560   // long side searched, pixels
	smallest = 0.055 // smallest window over the short side
	accept   = 18    // summed score of a cluster
	tilt     = 22    // degrees of the two tilted passes
	tilted   = 0.8   // what a tilted pass's score counts
	stranger = 0.38  // faces below this share of the largest are passers-by
	mirror   = 0.14  // border mirrored around the picture, over its short side
	sideways = 40    // score a face needs to turn a photo that has none upright
)

//go:embed cascade/facefinder
var trained []byte

var finder = sync.OnceValue(func() *cascade { return parse(trained) })

type cascade struct {
	depth, trees int
	codes        []int8
	leaves       []float32
	stop         []float32
}

// parse reads the pico layout: 8 bytes, depth, number of trees, and for each
// tree 4*(2^depth-1) bytes of nodes, 2^depth leaves, one threshold.
func parse(b []byte) *cascade {
	le := binary.LittleEndian
	c := &cascade{depth: int(le.Uint32(b[8:])), trees: int(le.Uint32(b[12:]))}
	n := 1 << c.depth
	b = b[16:]
	for range c.trees {
		c.codes = append(c.codes, 0, 0, 0, 0)
		for _, v := range b[:4*(n-1)] {
			c.codes = append(c.codes, int8(v))
		}
		b = b[4*(n-1):]
		for i := range n {
			c.leaves = append(c.leaves, math.Float32frombits(le.Uint32(b[4*i:])))
		}
		c.stop = append(c.stop, math.Float32frombits(le.Uint32(b[4*n:])))
		b = b[4*n+4:]
	}
	return c
}

// score of the window of side s about (x, y), or -1 when it is no face.
func (c *cascade) score(pix []uint8, stride, x, y, s int) float32 {
	n := 1 << c.depth
	var sum float32
	x, y = x<<8, y<<8
	for t := range c.trees {
		codes := c.codes[4*n*t:]
		k := 1
		for range c.depth {
			q := codes[4*k : 4*k+4]
			a := (y+int(q[0])*s)>>8*stride + (x+int(q[1])*s)>>8
			b := (y+int(q[2])*s)>>8*stride + (x+int(q[3])*s)>>8
			k *= 2
			if pix[a] <= pix[b] {
				k++
			}
		}
		sum += c.leaves[n*t+k-n]
		if sum <= c.stop[t] {
			return -1
		}
	}
	return sum - c.stop[c.trees-1]
}

// Find returns the faces of a decoded picture, the surest first, as fractions
// of its width and height. Passers-by far smaller than the largest are left out.
func Find(img image.Image) []kinpict.Face { return In(raster.NewSource(img)) }

// In is Find for a photo of the engine. A face that the edge of the photo cuts
// is completed by a mirrored border, because the trained windows are whole.
func In(s *raster.Source) []kinpict.Face {
	g := stretch(s.Luma(work))
	pad := int(mirror * float64(min(g.W, g.H)))
	passes := [3][]window{}
	wide := reflect(g, pad)
	raster.Together(len(passes), func(i int) {
		passes[i] = search(wide, [...]float64{0, -tilt, tilt}[i], min(g.W, g.H))
	})
	var all []window
	for _, p := range passes {
		for _, f := range p {
			f.x, f.y = f.x-float64(pad), f.y-float64(pad)
			if whole(f, g) {
				all = append(all, f)
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].q > all[j].q })
	var kept []window
	var largest float64
next:
	for _, f := range all {
		if f.q < accept {
			continue
		}
		for _, o := range kept {
			if math.Hypot(f.x-o.x, f.y-o.y) < 0.6*math.Max(f.s, o.s) {
				continue next
			}
		}
		kept = append(kept, f)
		largest = math.Max(largest, f.s)
	}
	faces := []kinpict.Face{}
	w, h := float64(g.W), float64(g.H)
	for _, f := range kept {
		if f.s >= stranger*largest {
			faces = append(faces, kinpict.Face{X: f.x / w, Y: f.y / h, Size: math.Min(1, f.s/math.Min(w, h)), Score: f.q})
		}
	}
	return faces
}

// whole reports whether enough of a window lies in the picture for it to be a
// face there: its middle, with room to both sides of it.
func whole(f window, g *raster.Plane) bool {
	in := 0.22 * f.s
	return f.x >= in && f.y >= in && f.x <= float64(g.W)-in && f.y <= float64(g.H)-in
}

// Turns returns the quarter turns, clockwise, that put a photo upright in which
// no face was found: those at which one is found beyond doubt, or 0.
func Turns(s *raster.Source) int {
	g := stretch(s.Luma(work))
	ways := [...]int{1, 3}
	var found [len(ways)][]window
	raster.Together(len(ways), func(i int) { found[i] = search(quarter(g, ways[i]), 0, min(g.W, g.H)) })
	best, turns := float64(sideways), 0
	for i, list := range found {
		for _, f := range list {
			if f.q > best {
				best, turns = f.q, ways[i]
			}
		}
	}
	return turns
}

// quarter turns a plane n times clockwise.
func quarter(g *raster.Plane, n int) *raster.Plane {
	for range n {
		o := raster.NewPlane(g.H, g.W)
		for y := range g.H {
			for x := range g.W {
				o.P[x*o.W+o.W-1-y] = g.P[y*g.W+x]
			}
		}
		g = o
	}
	return g
}

// reflect returns the plane with a border of n pixels in which it is mirrored.
func reflect(g *raster.Plane, n int) *raster.Plane {
	o := raster.NewPlane(g.W+2*n, g.H+2*n)
	at := func(i, n int) int {
		if i < 0 {
			i = -1 - i
		}
		if i >= n {
			i = 2*n - 1 - i
		}
		return max(0, min(n-1, i))
	}
	for y := range o.H {
		row := g.P[at(y-n, g.H)*g.W:]
		for x := range o.W {
			o.P[y*o.W+x] = row[at(x-n, g.W)]
		}
	}
	return o
}

// A window is a square about (x, y) of side s with score q, in pixels searched.
type window struct{ x, y, s, q float64 }

// search runs one pass over the picture turned by deg degrees, with windows up
// to the given size, and returns clusters in the coordinates of the unturned one.
func search(g *raster.Plane, deg float64, short int) []window {
	c := finder()
	t := g
	if deg != 0 {
		t = turn(g, deg)
	}
	pix := make([]uint8, len(t.P))
	for i, v := range t.P {
		pix[i] = uint8(v*255 + 0.5)
	}
	var hits []window
	for s := max(20, int(float64(short)*smallest)); s <= short; s = int(float64(s)*1.1) + 1 {
		step, off := max(1, s*9/100), s/2+1
		for y := off; y < g.H-off; y += step {
			for x := off; x < g.W-off; x += step {
				if q := c.score(pix, g.W, x, y, s); q > 0 {
					hits = append(hits, window{float64(x), float64(y), float64(s), float64(q)})
				}
			}
		}
	}
	out := cluster(hits)
	if deg == 0 {
		return out
	}
	sn, cs := math.Sincos(deg * math.Pi / 180)
	cx, cy := float64(g.W)/2, float64(g.H)/2
	for i, f := range out {
		dx, dy := f.x-cx, f.y-cy
		out[i] = window{cx + cs*dx + sn*dy, cy - sn*dx + cs*dy, f.s, f.q * tilted}
	}
	return out
}

// cluster joins windows that overlap the best one by more than a fifth, or lie
// mostly within it, and adds up their scores.
func cluster(hits []window) []window {
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].q > hits[j].q })
	used := make([]bool, len(hits))
	var out []window
	for i, a := range hits {
		if used[i] {
			continue
		}
		var f window
		for j := i; j < len(hits); j++ {
			b := hits[j]
			if used[j] || !joined(a, b) {
				continue
			}
			used[j] = true
			f.x += b.q * b.x
			f.y += b.q * b.y
			f.s += b.q * b.s
			f.q += b.q
		}
		out = append(out, window{f.x / f.q, f.y / f.q, f.s / f.q, f.q})
	}
	return out
}

func joined(a, b window) bool {
	ox := (a.s+b.s)/2 - math.Abs(a.x-b.x)
	oy := (a.s+b.s)/2 - math.Abs(a.y-b.y)
	if ox <= 0 || oy <= 0 {
		return false
	}
	small := math.Min(a.s, b.s)
	in := math.Min(ox, small) * math.Min(oy, small)
	return in/(a.s*a.s+b.s*b.s-in) > 0.2 || in > 0.7*small*small
}

func turn(g *raster.Plane, deg float64) *raster.Plane {
	o := raster.NewPlane(g.W, g.H)
	sn, cs := math.Sincos(deg * math.Pi / 180)
	cx, cy := float64(g.W)/2, float64(g.H)/2
	for y := range g.H {
		for x := range g.W {
			dx, dy := float64(x)+0.5-cx, float64(y)+0.5-cy
			o.P[y*g.W+x] = g.At(float32(cx+cs*dx+sn*dy), float32(cy-sn*dx+cs*dy))
		}
	}
	return o
}

// stretch spreads the brightness from the 1st to the 99th percentile over the
// whole range, which is what finds faces in low light.
func stretch(g *raster.Plane) *raster.Plane {
	var h [256]int
	for _, v := range g.P {
		h[int(v*255)]++
	}
	at := func(p float64) float32 {
		n := 0
		for i, c := range h {
			if n += c; float64(n) > p*float64(len(g.P)) {
				return float32(i) / 255
			}
		}
		return 1
	}
	lo, hi := at(0.01), at(0.99)
	if hi-lo < 0.05 {
		return g
	}
	o := raster.NewPlane(g.W, g.H)
	for i, v := range g.P {
		o.P[i] = raster.Clamp((v - lo) / (hi - lo))
	}
	return o
}
