package photo

import (
	"context"
	"fmt"
	"image"
	"image/color"
)

// A raster hands out the rows of a decoded picture, top to bottom, as luma and
// chroma. Where chroma is subsampled vertically, rows in between have none.
type raster struct {
	w, h   int
	sx, sy int // pixels a chroma sample covers
	row    func(y int) (luma, cb, cr []uint8)
}

// newRaster wraps what the decoders return. Alpha is laid on white.
func newRaster(m image.Image, video bool) (*raster, error) {
	r := &raster{w: m.Bounds().Dx(), h: m.Bounds().Dy(), sx: 1, sy: 1}
	switch m := m.(type) {
	case *image.YCbCr:
		r.planes(m)
		return r, nil
	case *image.Gray:
		none := make([]uint8, (r.w+1)/2)
		for i := range none {
			none[i] = 128
		}
		r.sx, r.sy = 2, 2
		r.row = func(y int) (luma, cb, cr []uint8) {
			if y%2 == 0 {
				cb, cr = none, none
			}
			return m.Pix[y*m.Stride:][:r.w], cb, cr
		}
		return r, nil
	}
	pixels, err := pixelReader(m, r.w, video)
	if err != nil {
		return nil, err
	}
	buf := make([]uint8, 3*r.w)
	luma, cb, cr := buf[:r.w], buf[r.w:2*r.w], buf[2*r.w:]
	r.row = func(y int) (l, b, c []uint8) {
		pixels(y, luma, cb, cr)
		return luma, cb, cr
	}
	return r, nil
}

func (r *raster) planes(m *image.YCbCr) {
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		r.sx = 2
	case image.YCbCrSubsampleRatio420:
		r.sx, r.sy = 2, 2
	case image.YCbCrSubsampleRatio440:
		r.sy = 2
	case image.YCbCrSubsampleRatio411:
		r.sx = 4
	case image.YCbCrSubsampleRatio410:
		r.sx, r.sy = 4, 2
	}
	cw := (r.w + r.sx - 1) / r.sx
	r.row = func(y int) (luma, cb, cr []uint8) {
		luma = m.Y[y*m.YStride:][:r.w]
		if y%r.sy == 0 {
			o := y / r.sy * m.CStride
			cb, cr = m.Cb[o:][:cw], m.Cr[o:][:cw]
		}
		return luma, cb, cr
	}
}

// pixelReader converts rows of interleaved pixels. It covers what image/png,
// image/jpeg and x/image/webp return, and an error says they changed.
func pixelReader(m image.Image, w int, video bool) (func(y int, luma, cb, cr []uint8), error) {
	rgb := func(at func(y, x int) (r, g, b uint8)) func(y int, luma, cb, cr []uint8) {
		return func(y int, luma, cb, cr []uint8) {
			for x := range w {
				luma[x], cb[x], cr[x] = color.RGBToYCbCr(at(y, x))
			}
		}
	}
	switch m := m.(type) {
	case *image.RGBA: // from our decoders always opaque
		return rgb(func(y, x int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+4*x:][:3:3]
			return p[0], p[1], p[2]
		}), nil
	case *image.RGBA64:
		return rgb(func(y, x int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+8*x:][:6:6]
			return p[0], p[2], p[4]
		}), nil
	case *image.Gray16:
		return rgb(func(y, x int) (r, g, b uint8) {
			v := m.Pix[y*m.Stride+2*x]
			return v, v, v
		}), nil
	case *image.NRGBA:
		return rgb(func(y, x int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+4*x:][:4:4]
			return onWhite(p[0], p[3]), onWhite(p[1], p[3]), onWhite(p[2], p[3])
		}), nil
	case *image.NRGBA64:
		return rgb(func(y, x int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+8*x:][:7:7]
			return onWhite(p[0], p[6]), onWhite(p[2], p[6]), onWhite(p[4], p[6])
		}), nil
	case *image.CMYK:
		return rgb(func(y, x int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+4*x:][:4:4]
			return color.CMYKToRGB(p[0], p[1], p[2], p[3])
		}), nil
	case *image.Paletted:
		var flat [256][3]uint8
		for i, c := range m.Palette {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			flat[i] = [3]uint8{onWhite(n.R, n.A), onWhite(n.G, n.A), onWhite(n.B, n.A)}
		}
		return rgb(func(y, x int) (r, g, b uint8) {
			c := &flat[m.Pix[y*m.Stride+x]]
			return c[0], c[1], c[2]
		}), nil
	case *image.NYCbCrA: // from x/image/webp always 4:2:0
		l, c := fullRange()
		if !video {
			return nil, fmt.Errorf("alpha plane outside WebP")
		}
		return rgb(func(y, x int) (r, g, b uint8) {
			ci, a := y/2*m.CStride+x/2, m.A[y*m.AStride+x]
			r, g, b = color.YCbCrToRGB(l[m.Y[y*m.YStride+x]], c[m.Cb[ci]], c[m.Cr[ci]])
			return onWhite(r, a), onWhite(g, a), onWhite(b, a)
		}), nil
	}
	return nil, fmt.Errorf("decoder returned %T", m)
}

func onWhite(v, alpha uint8) uint8 {
	return uint8((uint32(v)*uint32(alpha) + 255*(255-uint32(alpha)) + 127) / 255)
}

// fullRange are the tables from the 16..235 range of video samples, in which
// lossy WebP stores them (RFC 6386, 9.2) and x/image/webp returns them, to the
// full range of JPEG.
func fullRange() (luma, chroma *[256]uint8) {
	luma, chroma = new([256]uint8), new([256]uint8)
	for i := range 256 {
		luma[i] = clamp(int32(((i-16)*255*2 + 219) / (2 * 219)))
		chroma[i] = clamp(int32(128 + ((i-128)*255*2+224*sign(i-128))/(2*224)))
	}
	return luma, chroma
}

func sign(v int) int {
	if v < 0 {
		return -1
	}
	return 1
}

// render scales a raster to w times h, both as stored, and turns it by an Exif
// orientation. The result is 4:2:0.
func render(ctx context.Context, r *raster, w, h, orientation int) (*image.YCbCr, error) {
	mirrorX := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8
	mirrorY := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7
	out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	kx, ky := float64(r.w)/float64(w), float64(r.h)/float64(h)
	luma := newScaler(
		resampler(r.w, w, kx, float64(r.w), mirrorX),
		resampler(r.h, h, ky, float64(r.h), mirrorY),
		mirrorY, out.Y, out.YStride)
	sx, sy := float64(r.sx), float64(r.sy)
	cw, ch := (w+1)/2, (h+1)/2
	cols := resampler((r.w+r.sx-1)/r.sx, cw, 2*kx/sx, float64(r.w)/sx, mirrorX)
	rows := resampler((r.h+r.sy-1)/r.sy, ch, 2*ky/sy, float64(r.h)/sy, mirrorY)
	cb := newScaler(cols, rows, mirrorY, out.Cb, out.CStride)
	cr := newScaler(cols, rows, mirrorY, out.Cr, out.CStride)
	for y := range r.h {
		if y%64 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		l, b, c := r.row(y)
		luma.push(l)
		if b != nil {
			cb.push(b)
			cr.push(c)
		}
	}
	if orientation < 5 {
		return out, nil
	}
	turned := image.NewYCbCr(image.Rect(0, 0, h, w), image.YCbCrSubsampleRatio420)
	transpose(turned.Y, out.Y, w, h, turned.YStride, out.YStride)
	transpose(turned.Cb, out.Cb, cw, ch, turned.CStride, out.CStride)
	transpose(turned.Cr, out.Cr, cw, ch, turned.CStride, out.CStride)
	return turned, nil
}
