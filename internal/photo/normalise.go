package photo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// A Normal is an upload made safe: upright, sRGB, 8 bits, no metadata.
type Normal struct {
	JPEG          []byte
	Width, Height int
	SHA256        string // of JPEG, hex

	Thumb                   []byte // JPEG
	ThumbWidth, ThumbHeight int

	Type    string  // of the upload: JPEG, PNG, WebP or HEIC
	Removed Removed // what the upload carried besides pixels

	Likeness Likeness

	grey *image.Gray // the thumbnail's luma, for Advise
}

// Normalise inspects, decodes and rewrites an upload. Errors are those of
// Inspect, or the cause of a done context. The bytes of data appear nowhere in
// the result.
//
// It uses the memory Header.Weight says and up to a few seconds of one core.
// A process that serves many people calls it through a Gate.
func Normalise(ctx context.Context, data []byte, lim Limits) (*Normal, error) {
	h, err := Inspect(data, lim)
	if err != nil {
		return nil, err
	}
	return h.normalise(ctx, data)
}

func (h Header) normalise(ctx context.Context, data []byte) (*Normal, error) {
	m, err := h.decode(ctx, data)
	if err != nil {
		return nil, err
	}
	picture, err := h.develop(ctx, m)
	if err != nil {
		return nil, err
	}
	n := &Normal{Type: h.Type, Removed: h.Removed, Width: picture.Rect.Dx(), Height: picture.Rect.Dy()}
	if n.JPEG, err = encodeJPEG(picture, Quality); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(n.JPEG)
	n.SHA256 = hex.EncodeToString(sum[:])

	n.ThumbWidth, n.ThumbHeight = fit(n.Width, n.Height, ThumbSide)
	r := &raster{w: n.Width, h: n.Height, sx: 1, sy: 1}
	r.planes(picture)
	thumb, err := render(ctx, r, n.ThumbWidth, n.ThumbHeight, 1)
	if err != nil {
		return nil, err
	}
	n.grey = &image.Gray{Pix: thumb.Y, Stride: thumb.YStride, Rect: thumb.Rect}
	n.Likeness = likenessOf(n.grey)
	if n.Thumb, err = encodeJPEG(thumb, thumbQuality); err != nil {
		return nil, err
	}
	return n, nil
}

// decode runs the decoder for the type. A decoder that panics has met a file
// it was not written for, which is the file's fault here, not the process's.
func (h Header) decode(ctx context.Context, data []byte) (m image.Image, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, corrupt(fmt.Sprintf("decoder panicked: %v", r))
		}
	}()
	if h.Type == HEIC {
		return h.decodeHEIC(ctx, data)
	}
	src := &feed{ctx: ctx, data: data}
	switch h.Type {
	case JPEG:
		m, err = jpeg.Decode(src)
	case PNG:
		m, err = png.Decode(src)
	case WebP:
		m, err = webp.Decode(src)
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, decodeFault(err)
	case m.Bounds() != image.Rect(0, 0, h.Width, h.Height):
		return nil, corrupt(fmt.Sprintf("decoded to %v, header says %dx%d", m.Bounds(), h.Width, h.Height))
	}
	return m, nil
}

// feed hands data to a decoder in small pieces, so that one whose context has
// ended finds out at its next read. A piece holds a dozen empty scans at most.
type feed struct {
	ctx  context.Context
	data []byte
}

const feedSize = 512

func (f *feed) Read(p []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	if len(f.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.data[:min(len(f.data), feedSize)])
	f.data = f.data[n:]
	return n, nil
}

// develop makes the upright sRGB picture.
func (h Header) develop(ctx context.Context, m image.Image) (*image.YCbCr, error) {
	w, ht := fit(m.Bounds().Dx(), m.Bounds().Dy(), OutputSide)
	picture, ready := m.(*image.YCbCr)
	ready = ready && picture.SubsampleRatio == image.YCbCrSubsampleRatio420 &&
		h.Orientation == 1 && w == m.Bounds().Dx() && ht == m.Bounds().Dy()
	if !ready {
		r, err := newRaster(m, h.video)
		if err != nil {
			return nil, fmt.Errorf("photo: %w", err)
		}
		if picture, err = render(ctx, r, w, ht, h.Orientation); err != nil {
			return nil, err
		}
	}
	colours := true
	switch m.(type) {
	case *image.YCbCr:
		if h.video {
			luma, chroma := fullRange()
			remap(picture.Y, luma)
			remap(picture.Cb, chroma)
			remap(picture.Cr, chroma)
		}
		h.matrix.toJPEG(picture)
	case *image.Gray, *image.Gray16, *image.CMYK:
		colours = false // an RGB profile says nothing about these
		if h.video && h.Type == HEIC {
			luma, _ := fullRange()
			remap(picture.Y, luma)
		}
	}
	if c := parseProfile(h.profile); c != nil && colours {
		c.apply(picture)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return picture, nil
}

func remap(p []uint8, t *[256]uint8) {
	for i, v := range p {
		p[i] = t[v]
	}
}

// encodeJPEG writes the tables, the frame and the scan. image/jpeg writes no
// application or comment segment at all.
func encodeJPEG(m *image.YCbCr, quality int) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(m.Rect.Dx() * m.Rect.Dy() / 4)
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, errors.Join(errors.New("photo: encode"), err)
	}
	return b.Bytes(), nil
}
