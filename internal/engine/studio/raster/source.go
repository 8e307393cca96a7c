package raster

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// A Source is a decoded photo as the JPEG had it: 8-bit luma, and chroma at
// full or part resolution, or none. A 12-megapixel photo takes 18 MB here and
// would take 144 MB as floats.
type Source struct {
	W, H   int
	luma   bytePlane
	cb, cr bytePlane // empty for a grey photo
}

type bytePlane struct {
	w, h, stride int
	p            []uint8
}

// A Rect is a rectangle with fractions of pixels, or of design units.
type Rect struct{ X0, Y0, X1, Y1 float64 }

// W is the width.
func (r Rect) W() float64 { return r.X1 - r.X0 }

// H is the height.
func (r Rect) H() float64 { return r.Y1 - r.Y0 }

// NewSource takes over any decoded image. Transparent parts become white.
func NewSource(img image.Image) *Source {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	switch s := img.(type) {
	case *image.YCbCr:
		// Chroma of a picture that starts at an odd pixel would be shifted; decoders start at 0.
		cw, ch := s.CStride, len(s.Cb)/max(1, s.CStride)
		switch s.SubsampleRatio {
		case image.YCbCrSubsampleRatio444:
			cw, ch = w, h
		case image.YCbCrSubsampleRatio422:
			cw, ch = (w+1)/2, h
		case image.YCbCrSubsampleRatio420:
			cw, ch = (w+1)/2, (h+1)/2
		case image.YCbCrSubsampleRatio440:
			cw, ch = w, (h+1)/2
		case image.YCbCrSubsampleRatio411:
			cw, ch = (w+3)/4, h
		case image.YCbCrSubsampleRatio410:
			cw, ch = (w+3)/4, (h+1)/2
		}
		return &Source{w, h, bytePlane{w, h, s.YStride, s.Y[s.YOffset(b.Min.X, b.Min.Y):]},
			bytePlane{cw, ch, s.CStride, s.Cb[s.COffset(b.Min.X, b.Min.Y):]},
			bytePlane{cw, ch, s.CStride, s.Cr[s.COffset(b.Min.X, b.Min.Y):]}}
	case *image.Gray:
		return &Source{W: w, H: h, luma: bytePlane{w, h, s.Stride, s.Pix}}
	}
	flat := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Over)
	s := &Source{w, h, newBytePlane(w, h), newBytePlane(w, h), newBytePlane(w, h)}
	for i := range s.luma.p {
		p := flat.Pix[4*i:]
		s.luma.p[i], s.cb.p[i], s.cr.p[i] = color.RGBToYCbCr(p[0], p[1], p[2])
	}
	return s
}

func newBytePlane(w, h int) bytePlane { return bytePlane{w, h, w, make([]uint8, w*h)} }

// Reduce returns the photo with a long side of at most n pixels; a photo that
// is small enough comes back as it is.
func (s *Source) Reduce(n int) *Source {
	long := max(s.W, s.H)
	if long <= n {
		return s
	}
	w, h := max(1, (s.W*n+long/2)/long), max(1, (s.H*n+long/2)/long)
	o := &Source{W: w, H: h, luma: s.luma.reduce(w, h)}
	if len(s.cb.p) > 0 {
		cw, ch := max(1, s.cb.w*n/long), max(1, s.cb.h*n/long)
		o.cb, o.cr = s.cb.reduce(cw, ch), s.cr.reduce(cw, ch)
	}
	return o
}

// reduce averages over the exact footprint of every new pixel.
func (b bytePlane) reduce(w, h int) bytePlane {
	o := newBytePlane(w, h)
	tx := makeTaps(0, float64(b.w), w, b.w, boxKernel)
	ty := makeTaps(0, float64(b.h), h, b.h, boxKernel)
	Bands(h, func(y0, y1 int) {
		acc := make([]float32, b.w)
		for y := y0; y < y1; y++ {
			clear(acc)
			for i, k := range ty[y].w {
				for x, v := range b.p[(ty[y].from+i)*b.stride:][:b.w] {
					acc[x] += k * float32(v)
				}
			}
			d := o.p[y*w:]
			for x, t := range tx {
				var v float32
				for i, k := range t.w {
					v += k * acc[t.from+i]
				}
				d[x] = uint8(v + 0.5)
			}
		}
	})
	return o
}

// Turn returns the photo turned n quarters clockwise.
func (s *Source) Turn(n int) *Source {
	for range n {
		s = &Source{W: s.H, H: s.W, luma: s.luma.turn(), cb: s.cb.turn(), cr: s.cr.turn()}
	}
	return s
}

func (b bytePlane) turn() bytePlane {
	if len(b.p) == 0 {
		return b
	}
	o := newBytePlane(b.h, b.w)
	for y := range b.h {
		for x, v := range b.p[y*b.stride:][:b.w] {
			o.p[x*o.stride+o.w-1-y] = v
		}
	}
	return o
}

// Luma is the photo's brightness with a long side of at most n pixels.
func (s *Source) Luma(n int) *Plane {
	r := &Source{W: s.W, H: s.H, luma: s.luma}
	r = r.Reduce(n)
	g := NewPlane(r.W, r.H)
	for y := range r.H {
		for x, v := range r.luma.p[y*r.luma.stride:][:r.W] {
			g.P[y*r.W+x] = float32(v) / 255
		}
	}
	return g
}

// row writes columns x0 to x1 of row y as RGB floats in 0..1 to dst.
func (s *Source) row(y, x0, x1 int, dst []float32) {
	ys := s.luma.p[y*s.luma.stride:]
	if len(s.cb.p) == 0 {
		for x := x0; x < x1; x++ {
			v := float32(ys[x]) * (1.0 / 255)
			dst[0], dst[1], dst[2] = v, v, v
			dst = dst[3:]
		}
		return
	}
	cy := y * s.cb.h / s.H
	cbs, crs := s.cb.p[cy*s.cb.stride:], s.cr.p[cy*s.cr.stride:]
	// A fixed-point walk over the chroma columns spares a division a pixel.
	stepX := s.cb.w << 16 / s.W
	cx := x0 * stepX
	last := s.cb.w - 1
	for x := x0; x < x1; x++ {
		c := min(cx>>16, last)
		cx += stepX
		v := float32(ys[x]) * (1.0 / 255)
		cb, cr := (float32(cbs[c])-128)*(1.0/255), (float32(crs[c])-128)*(1.0/255)
		dst[0] = Clamp(v + 1.402*cr)
		dst[1] = Clamp(v - 0.344136*cb - 0.714136*cr)
		dst[2] = Clamp(v + 1.772*cb)
		dst = dst[3:]
	}
}

// A kernel is a resampling filter and the distance at which it ends.
type kernel struct {
	support float64
	f       func(x float64) float64
}

var lanczos3 = kernel{3, func(x float64) float64 {
	if x == 0 {
		return 1
	}
	if x <= -3 || x >= 3 {
		return 0
	}
	px := math.Pi * x
	return 3 * math.Sin(px) * math.Sin(px/3) / (px * px)
}}

var boxKernel = kernel{0.5, nil}

type taps struct {
	from int
	w    []float32
}

// makeTaps maps n new samples onto src0..src1 of limit old ones.
func makeTaps(src0, src1 float64, n, limit int, k kernel) []taps {
	scale := (src1 - src0) / float64(n)
	wide := math.Max(1, scale)
	ts := make([]taps, n)
	for i := range ts {
		c := src0 + (float64(i)+0.5)*scale - 0.5
		lo, hi := int(math.Ceil(c-k.support*wide)), int(math.Floor(c+k.support*wide))
		if k.f == nil { // exact overlap of pixels
			lo, hi = int(math.Floor(c+0.5-wide/2)), int(math.Ceil(c+0.5+wide/2))-1
		}
		a, b := clampInt(lo, 0, limit-1), clampInt(hi, 0, limit-1)
		w := make([]float32, b-a+1)
		var sum float64
		for j := lo; j <= hi; j++ {
			var v float64
			if k.f == nil {
				v = math.Max(0, math.Min(float64(j+1), c+0.5+wide/2)-math.Max(float64(j), c+0.5-wide/2))
			} else {
				v = k.f((float64(j) - c) / wide)
			}
			w[clampInt(j, a, b)-a] += float32(v)
			sum += v
		}
		for j := range w {
			w[j] /= float32(sum)
		}
		ts[i] = taps{a, w}
	}
	return ts
}

// Crop resamples the rectangle r of the photo to w by h pixels (Lanczos 3).
// Rows stream through a small ring, so that the cost in memory is the result.
func (s *Source) Crop(r Rect, w, h int) *Image {
	tx := makeTaps(r.X0, r.X1, w, s.W, lanczos3)
	ty := makeTaps(r.Y0, r.Y1, h, s.H, lanczos3)
	x0, x1, ring := s.W, 0, 0
	for _, t := range tx {
		x0, x1 = min(x0, t.from), max(x1, t.from+len(t.w))
	}
	for _, t := range ty {
		ring = max(ring, len(t.w))
	}
	out := New(w, h)
	Bands(h, func(a, b int) {
		line := make([]float32, (x1-x0)*3)
		rows := make([]float32, ring*w*3)
		acc := make([]float32, w*3)
		done := ty[a].from
		for y := a; y < b; y++ {
			t := ty[y]
			for done = max(done, t.from); done < t.from+len(t.w); done++ {
				s.row(done, x0, x1, line)
				filterRow(rows[done%ring*w*3:][:w*3], line, tx, x0)
			}
			clear(acc)
			for i, k := range t.w {
				for x, v := range rows[(t.from+i)%ring*w*3:][:w*3] {
					acc[x] += k * v
				}
			}
			d := out.Row(y)
			for x, v := range acc {
				d[x] = quantise(v)
			}
		}
	})
	return out
}

func filterRow(dst, line []float32, tx []taps, x0 int) {
	for x, t := range tx {
		var r, g, b float32
		p := line[(t.from-x0)*3:]
		for i, k := range t.w {
			q := p[3*i : 3*i+3]
			r += k * q[0]
			g += k * q[1]
			b += k * q[2]
		}
		dst[3*x], dst[3*x+1], dst[3*x+2] = r, g, b
	}
}
