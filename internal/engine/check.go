package engine

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// Limits of a picture from an engine. They are those of an upload, because the
// bytes come from elsewhere all the same.
const (
	maxPictureBytes  = 20 << 20
	maxPicturePixels = 50_000_000
	maxPictureSide   = 16_384
	minPictureSide   = 256
	maxDecodeCost    = 384 << 20 // bytes the standard decoders would take
	maxScans         = 100       // of a progressive JPEG; each one walks the whole picture
)

// VerifyPicture judges what an engine answered to job. The picture must be one
// whole still image in JPEG, PNG or WebP, within the limits above, in the
// asked aspect within 2 %, with at least the pixels info promises.
//
// What it returns may be stored and sent: an engine's JPEG or PNG byte for
// byte, so that provenance marks survive, unless it carries Exif, comments or
// other baggage, CMYK, or bytes after its end; those are encoded anew, and WebP
// becomes PNG. The size is the
// one decoded, whatever the engine said.
//
// A failure is an Ambiguous *Error: a picture came, and may have been paid for.
func VerifyPicture(pic *Picture, job *Job, info Info) (*Picture, error) {
	bad := func(format string, a ...any) (*Picture, error) {
		return nil, &Error{Outcome: Ambiguous, Detail: "unusable picture: " + fmt.Sprintf(format, a...)}
	}
	if pic == nil || len(pic.Data) == 0 {
		return bad("no bytes")
	}
	if len(pic.Data) > maxPictureBytes {
		return bad("%d bytes, at most %d", len(pic.Data), maxPictureBytes)
	}
	c, err := inspect(pic.Data)
	if err != nil {
		return bad("%v", err)
	}
	switch {
	case c.animated:
		return bad("it moves")
	case c.width > maxPictureSide || c.height > maxPictureSide || c.width*c.height > maxPicturePixels:
		return bad("%dx%d is too large", c.width, c.height)
	case c.width < minPictureSide || c.height < minPictureSide:
		return bad("%dx%d is too small", c.width, c.height)
	case c.scans > maxScans:
		return bad("%d scans, at most %d", c.scans, maxScans)
	case c.cost > maxDecodeCost:
		return bad("decoding takes %d MiB, at most %d", c.cost>>20, maxDecodeCost>>20)
	}
	if job != nil {
		aw, ah, err := job.Aspect.Ratio()
		if err != nil {
			return nil, &Error{Outcome: Bad, Detail: "the aspect cannot be drawn", Err: err}
		}
		if r := float64(c.width*ah) / float64(c.height*aw); r < 0.98 || r > 1.02 {
			return bad("%dx%d is not %s", c.width, c.height, job.Aspect)
		}
		if want := info.Pixels[job.Quality]; !job.Preview && c.width*c.height < want {
			return bad("%dx%d is %d pixels, promised %d", c.width, c.height, c.width*c.height, want)
		}
	}

	m, err := c.decode(bytes.NewReader(pic.Data))
	if err != nil {
		return bad("%v", err)
	}
	out := &Picture{Data: pic.Data, ContentType: "image/" + c.format, Width: m.Bounds().Dx(), Height: m.Bounds().Dy()}
	_, cmyk := m.(*image.CMYK)
	switch {
	case c.format == "webp", c.format == "png" && c.unclean:
		out.ContentType = "image/png"
		out.Data, err = encode(func(b *bytes.Buffer) error { return png.Encode(b, m) })
	case c.unclean || cmyk:
		out.Data, err = encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, m, &jpeg.Options{Quality: 95}) })
	}
	if err != nil {
		return bad("%v", err)
	}
	if &out.Data[0] != &pic.Data[0] {
		out.Original = pic.Data
	}
	return out, nil
}

func encode(to func(*bytes.Buffer) error) ([]byte, error) {
	var b bytes.Buffer
	if err := to(&b); err != nil {
		return nil, err
	}
	if b.Len() > maxPictureBytes {
		return nil, fmt.Errorf("%d bytes once encoded, at most %d", b.Len(), maxPictureBytes)
	}
	return b.Bytes(), nil
}

// decode reads the whole picture with the decoder of its own format and no other.
func (c container) decode(r *bytes.Reader) (image.Image, error) {
	switch c.format {
	case "jpeg":
		return jpeg.Decode(r)
	case "png":
		return png.Decode(r)
	default:
		return webp.Decode(r)
	}
}
