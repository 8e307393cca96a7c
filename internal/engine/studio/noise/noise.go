// Package noise makes repeatable randomness: lattice noise for textures and a
// small generator for placements. The same seed gives the same picture on
// every machine.
package noise

import "math"

// Hash maps a lattice point and a seed to 0..1, below 1.
func Hash(x, y, seed uint32) float32 {
	h := x*0x8da6b343 ^ y*0xd8163841 ^ seed*0xcb1ab31f
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	h ^= h >> 15
	return float32(h>>8) * (1.0 / (1 << 24))
}

// Value is smooth value noise in 0..1 with a lattice of one unit.
func Value(x, y float32, seed uint32) float32 {
	ix, iy := int32(x), int32(y)
	if float32(ix) > x {
		ix--
	}
	if float32(iy) > y {
		iy--
	}
	tx, ty := x-float32(ix), y-float32(iy)
	tx = tx * tx * tx * (tx*(tx*6-15) + 10)
	ty = ty * ty * ty * (ty*(ty*6-15) + 10)
	ux, uy := uint32(ix), uint32(iy)
	a, b := Hash(ux, uy, seed), Hash(ux+1, uy, seed)
	c, d := Hash(ux, uy+1, seed), Hash(ux+1, uy+1, seed)
	a += (b - a) * tx
	c += (d - c) * tx
	return a + (c-a)*ty
}

// Fractal sums octaves of Value, each at twice the frequency and half the
// strength, in 0..1 about 0.5.
func Fractal(x, y float32, octaves int, seed uint32) float32 {
	var sum, total float32
	amp := float32(1)
	for i := range octaves {
		sum += amp * Value(x, y, seed+uint32(i)*101)
		total += amp
		amp *= 0.5
		// The lattice turns every octave, which hides its axes.
		x, y = (x*0.8-y*0.6)*2.03+17.1, (x*0.6+y*0.8)*2.03+5.7
	}
	return sum / total
}

// A Field is a slow function over the pixels, evaluated on a coarse grid and
// interpolated, where evaluating it for every pixel would be wasted.
type Field struct {
	step, cols int
	p          []float32
}

// NewField evaluates f every step pixels over w by h pixels; f gets pixels. Its
// finest detail must span several steps. run spreads the rows over processors.
func NewField(w, h, step int, run func(n int, f func(a, b int)), f func(x, y float32) float32) *Field {
	step = max(1, step)
	cols, rows := (w+step-1)/step+1, (h+step-1)/step+1
	g := &Field{step, cols, make([]float32, cols*rows)}
	run(rows, func(a, b int) {
		for r := a; r < b; r++ {
			for c := range cols {
				g.p[r*cols+c] = f(float32(c*step), float32(r*step))
			}
		}
	})
	return g
}

// Row writes the values of row y to dst.
func (g *Field) Row(y int, dst []float32) { g.Span(0, y, dst) }

// Span writes the values of row y from column x0 on to dst.
func (g *Field) Span(x0, y int, dst []float32) {
	r := y / g.step
	fy := float32(y%g.step) / float32(g.step)
	top := g.p[r*g.cols : (r+1)*g.cols]
	low := top
	if fy > 0 {
		low = g.p[(r+1)*g.cols : (r+2)*g.cols]
	}
	inv := 1 / float32(g.step)
	for i := 0; i < len(dst); {
		x := x0 + i
		c, k := x/g.step, x%g.step
		a := top[c] + (low[c]-top[c])*fy
		b := top[c+1] + (low[c+1]-top[c+1])*fy
		for ; k < g.step && i < len(dst); k, i = k+1, i+1 {
			dst[i] = a + (b-a)*float32(k)*inv
		}
	}
}

// A Rand is an xorshift generator.
type Rand struct{ s uint64 }

// NewRand returns a generator; near seeds give unlike sequences.
func NewRand(seed uint64) *Rand {
	s := (seed ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	s ^= s >> 29
	s *= 0x94d049bb133111eb
	return &Rand{s ^ s>>32 | 1}
}

// Float is in 0..1, below 1.
func (r *Rand) Float() float64 {
	r.s ^= r.s << 13
	r.s ^= r.s >> 7
	r.s ^= r.s << 17
	return float64(r.s>>11) / (1 << 53)
}

// Between is in lo..hi.
func (r *Rand) Between(lo, hi float64) float64 { return lo + (hi-lo)*r.Float() }

// Below is a whole number in 0..n-1.
func (r *Rand) Below(n int) int { return int(r.Float() * float64(n)) }

// Turn is an angle in radians.
func (r *Rand) Turn() float64 { return r.Between(0, 2*math.Pi) }

// A Tile is a square of a fine texture that repeats without a seam. Textures
// too fine for a Field and too slow for every pixel are kept in one.
type Tile struct {
	size int
	p    []float32
}

// NewTile evaluates f, which gets pixels, over a square of size pixels.
func NewTile(size int, run func(n int, f func(a, b int)), f func(x, y float32) float32) *Tile {
	t := &Tile{size, make([]float32, size*size)}
	// Near its left and upper edge the tile fades into what lies beyond the opposite one.
	fade := float32(size) / 8
	s := float32(size)
	run(size, func(a, b int) {
		for y := a; y < b; y++ {
			v := float32(y)
			wy := max(0, 1-v/fade)
			for x := range size {
				u := float32(x)
				wx := max(0, 1-u/fade)
				k := f(u, v)
				if wx > 0 {
					k += (f(u+s, v) - k) * wx
				}
				if wy > 0 {
					q := f(u, v+s)
					if wx > 0 {
						q += (f(u+s, v+s) - q) * wx
					}
					k += (q - k) * wy
				}
				t.p[y*size+x] = k
			}
		}
	})
	return t
}

// Row is row y, to be read modulo its length.
func (t *Tile) Row(y int) []float32 {
	y %= t.size
	return t.p[y*t.size : (y+1)*t.size]
}
