// Package vector draws outlines: it reads SVG path data, moves and widens the
// outlines, and turns them into coverage masks.
package vector

import (
	"fmt"
	"image"
	"image/draw"
	"math"
	"strconv"

	xvector "golang.org/x/image/vector"

	"kinpict/internal/engine/studio/raster"
)

// A Point is x and y.
type Point [2]float64

// A Path is a set of polylines; curves are flattened when they are read.
type Path [][]Point

// Parse reads the commands M L H V C Q Z, absolute and relative.
func Parse(d string) (Path, error) {
	r := reader{d: d}
	for {
		c, ok := r.command()
		if !ok {
			break
		}
		if err := r.step(c); err != nil {
			return nil, err
		}
	}
	if r.i < len(d) {
		return nil, fmt.Errorf("path data: unexpected %q at %d", d[r.i], r.i)
	}
	r.end()
	return r.path, nil
}

type reader struct {
	d         string
	i         int
	last      byte
	at, start Point
	line      []Point
	path      Path
}

func (r *reader) space() {
	for r.i < len(r.d) && (r.d[r.i] == ' ' || r.d[r.i] == ',' || r.d[r.i] == '\n' || r.d[r.i] == '\t') {
		r.i++
	}
}

// command returns the next command letter, or the last one again before a number.
func (r *reader) command() (byte, bool) {
	r.space()
	if r.i == len(r.d) {
		return 0, false
	}
	c := r.d[r.i]
	switch {
	case c|32 >= 'a' && c|32 <= 'z':
		r.i++
		r.last = c
		return c, true
	case (c >= '0' && c <= '9' || c == '-' || c == '.') && r.last != 0 && r.last|32 != 'z':
		// Points after a move are lines.
		if r.last|32 == 'm' {
			return r.last - 'm' + 'l', true
		}
		return r.last, true
	}
	return 0, false
}

func (r *reader) numbers(n int) ([]float64, error) {
	out := make([]float64, n)
	for k := range out {
		r.space()
		a := r.i
		if r.i < len(r.d) && r.d[r.i] == '-' {
			r.i++
		}
		for r.i < len(r.d) && (r.d[r.i] >= '0' && r.d[r.i] <= '9' || r.d[r.i] == '.') {
			r.i++
		}
		v, err := strconv.ParseFloat(r.d[a:r.i], 64)
		if err != nil {
			return nil, fmt.Errorf("path data: want a number at %d", a)
		}
		out[k] = v
	}
	return out, nil
}

func (r *reader) end() {
	if len(r.line) > 1 {
		r.path = append(r.path, r.line)
	}
	r.line = nil
}

func (r *reader) step(c byte) error {
	want := map[byte]int{'m': 2, 'l': 2, 'h': 1, 'v': 1, 'q': 4, 'c': 6, 'z': 0}
	n, ok := want[c|32]
	if !ok {
		return fmt.Errorf("path data: command %q is not known", c)
	}
	v, err := r.numbers(n)
	if err != nil {
		return err
	}
	var o Point
	if c >= 'a' {
		o = r.at
	}
	p := func(k int) Point { return Point{o[0] + v[k], o[1] + v[k+1]} }
	switch c | 32 {
	case 'm':
		r.end()
		r.at = p(0)
		r.start = r.at
		r.line = []Point{r.at}
		return nil
	case 'z':
		r.at = r.start
		r.end()
		return nil
	}
	if len(r.line) == 0 {
		r.line = []Point{r.at}
	}
	switch c | 32 {
	case 'l':
		r.at = p(0)
		r.line = append(r.line, r.at)
	case 'h':
		r.at[0] = o[0] + v[0]
		r.line = append(r.line, r.at)
	case 'v':
		r.at[1] = o[1] + v[0]
		r.line = append(r.line, r.at)
	case 'q':
		// A quadratic curve is the cubic with its handles at two thirds.
		a, b, e := r.at, p(0), p(2)
		r.curve(Point{a[0] + (b[0]-a[0])*2/3, a[1] + (b[1]-a[1])*2/3}, Point{e[0] + (b[0]-e[0])*2/3, e[1] + (b[1]-e[1])*2/3}, e)
	case 'c':
		r.curve(p(0), p(2), p(4))
	}
	return nil
}

func (r *reader) curve(b, c, d Point) {
	const pieces = 14
	a := r.at
	for k := 1; k <= pieces; k++ {
		t := float64(k) / pieces
		u := 1 - t
		w0, w1, w2, w3 := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		r.line = append(r.line, Point{w0*a[0] + w1*b[0] + w2*c[0] + w3*d[0], w0*a[1] + w1*b[1] + w2*c[1] + w3*d[1]})
	}
	r.at = d
}

// Map returns the path with every point sent through f.
func (p Path) Map(f func(Point) Point) Path {
	o := make(Path, len(p))
	for i, line := range p {
		o[i] = make([]Point, len(line))
		for j, v := range line {
			o[i][j] = f(v)
		}
	}
	return o
}

// Place returns the path scaled, turned by deg degrees and moved to (x, y).
func (p Path) Place(x, y, scale, deg float64) Path {
	s, c := math.Sincos(deg * math.Pi / 180)
	s, c = s*scale, c*scale
	return p.Map(func(v Point) Point { return Point{c*v[0] - s*v[1] + x, s*v[0] + c*v[1] + y} })
}

// Stroke widens polylines to outlines; width gets the place along the line, 0 to 1.
func (p Path) Stroke(width func(t float64) float64) Path {
	var o Path
	for _, line := range p {
		n := len(line)
		if n < 2 {
			continue
		}
		out := make([]Point, 2*n)
		for i, v := range line {
			a, b := line[max(0, i-1)], line[min(n-1, i+1)]
			dx, dy := b[0]-a[0], b[1]-a[1]
			d := math.Hypot(dx, dy)
			if d == 0 {
				d = 1
			}
			h := width(float64(i)/float64(n-1)) / 2
			nx, ny := -dy/d*h, dx/d*h
			out[i] = Point{v[0] + nx, v[1] + ny}
			out[2*n-1-i] = Point{v[0] - nx, v[1] - ny}
		}
		o = append(o, out)
	}
	return o
}

// SameTurn turns every outline the same way round, so that overlapping ones
// add up instead of cutting holes.
func (p Path) SameTurn() Path {
	for _, line := range p {
		var area float64
		for j, v := range line {
			w := line[(j+1)%len(line)]
			area += v[0]*w[1] - w[0]*v[1]
		}
		if area < 0 {
			for a, b := 0, len(line)-1; a < b; a, b = a+1, b-1 {
				line[a], line[b] = line[b], line[a]
			}
		}
	}
	return p
}

// Fill is the coverage of the path (non-zero winding) within clip, in pixels.
func (p Path) Fill(clip image.Rectangle) *raster.Mask {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, line := range p {
		for _, v := range line {
			x0, x1 = math.Min(x0, v[0]), math.Max(x1, v[0])
			y0, y1 = math.Min(y0, v[1]), math.Max(y1, v[1])
		}
	}
	if !(x1 > x0) || !(y1 > y0) {
		return &raster.Mask{}
	}
	box := image.Rect(int(math.Floor(x0))-1, int(math.Floor(y0))-1, int(math.Ceil(x1))+1, int(math.Ceil(y1))+1).Intersect(clip)
	if box.Empty() {
		return &raster.Mask{}
	}
	w, h := box.Dx(), box.Dy()
	r := xvector.NewRasterizer(w, h)
	ox, oy := float64(box.Min.X), float64(box.Min.Y)
	for _, line := range p {
		if len(line) < 3 {
			continue
		}
		r.MoveTo(float32(line[0][0]-ox), float32(line[0][1]-oy))
		for _, v := range line[1:] {
			r.LineTo(float32(v[0]-ox), float32(v[1]-oy))
		}
		r.ClosePath()
	}
	a := image.NewAlpha(image.Rect(0, 0, w, h))
	r.DrawOp = draw.Src
	r.Draw(a, a.Bounds(), image.Opaque, image.Point{})
	return &raster.Mask{X: box.Min.X, Y: box.Min.Y, W: w, H: h, A: a.Pix}
}

// UnmarshalText reads path data, so that paths may stand in scenario files.
func (p *Path) UnmarshalText(b []byte) (err error) {
	*p, err = Parse(string(b))
	return err
}
