package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"

	"golang.org/x/image/webp"

	"kinpict"
	"kinpict/internal/photo/heif"
)

// A Header is what a file says about itself, read without decoding a pixel.
type Header struct {
	Type        string // JPEG, PNG, WebP or HEIC
	Width       int    // as stored, before turning
	Height      int
	Orientation int // Exif, 1 to 8; 5 to 8 swap the sides
	Scans       int // of a JPEG, else 0

	// Cost is the memory in bytes the decoder will ask for at once: samples of
	// a JPEG, five times that if it is progressive (a coefficient takes four
	// bytes), and the four-channel copy of CMYK and RGB ones; pixels of a PNG
	// at their stored depth, twice that if interlaced; pixels of a WebP with
	// its alpha plane or palette; the memory a HEIC decoder is given.
	Cost int64

	// Removed is what the file carries besides the picture.
	Removed Removed

	samples int64  // visited over all scans of a JPEG
	profile []byte // ICC, complete and inflated, or nil
	video   bool   // sample values span 16 to 235, as in lossy WebP
	matrix  lumaMatrix
	heic    *heif.Info
}

// Upright is the size of the picture once turned.
func (h Header) Upright() (width, height int) {
	if h.Orientation >= 5 {
		return h.Height, h.Width
	}
	return h.Width, h.Height
}

// turn adds quarter turns, clockwise, to the orientation.
func (h *Header) turn(quarters int) {
	for _, round := range [2][4]int{{1, 6, 3, 8}, {2, 7, 4, 5}} { // upright and mirrored, as Exif numbers them
		if i := slices.Index(round[:], h.Orientation); i >= 0 {
			h.Orientation = round[((i+quarters)%4+4)%4]
			return
		}
	}
}

// Weight is what normalising takes, in MiB, as Gate counts it: the decoder's
// share and four bytes for each pixel of the result.
func (h Header) Weight() int64 {
	w, ht := fit(h.Width, h.Height, OutputSide)
	if h.heic != nil { // of the child process as well
		return (h.heic.Total + 4*int64(w)*int64(ht) + mib - 1) / mib
	}
	return (h.Cost + 4*int64(w)*int64(ht) + mib - 1) / mib
}

// Removed says what a file carried that the normalised photo does not.
type Removed struct {
	Location bool `json:"location"` // GPS position
	Camera   bool `json:"camera"`   // make, model, serial number, settings, dates
	Names    bool `json:"names"`    // author, owner, caption, keywords, face names
	Text     bool `json:"text"`     // comments, notes of programs
	Extra    bool `json:"extra"`    // bytes behind the picture: a video, a second picture
}

// Message says it in one sentence, or "" when there was nothing to remove.
func (r Removed) Message() string {
	var what []string
	for _, p := range []struct {
		is   bool
		name string
	}{
		{r.Location, "the location"},
		{r.Camera, "camera details"},
		{r.Names, "names and captions"},
		{r.Text, "embedded text"},
		{r.Extra, "data attached behind the picture"},
	} {
		if p.is {
			what = append(what, p.name)
		}
	}
	switch len(what) {
	case 0:
		return ""
	case 1:
		return "We removed " + what[0] + " from this photo."
	}
	last := len(what) - 1
	return "We removed " + strings.Join(what[:last], ", ") + " and " + what[last] + " from this photo."
}

// Inspect decides whether a file may be decoded. It reads headers and walks
// over markers and chunks, in time linear in len(data) and memory that does
// not depend on it, save for a colour profile of at most 512 KiB.
//
// The error is a *kinpict.Error that names the limit and the actual value:
// FileEmpty, FileTooLarge, UnsupportedMediaType, UnsupportedEncoding,
// ImageCorrupt, ImageTruncated, ImageTooSmall, ImageTooManyPixels (also when
// the decoder's memory is the limit), ImageTooComplex, ImageAspect or
// ImageAnimated.
func Inspect(data []byte, lim Limits) (Header, error) {
	if err := lim.checkBytes(len(data)); err != nil {
		return Header{}, err
	}
	kind, err := sniff(data)
	if err != nil {
		return Header{}, err
	}
	h := Header{Type: kind, Orientation: 1}
	switch kind {
	case JPEG:
		err = h.readJPEG(data, lim)
	case PNG:
		err = h.readPNG(data, lim)
	case WebP:
		err = h.readWebP(data, lim)
	case HEIC:
		err = h.readHEIC(data, lim)
	}
	if err != nil {
		return Header{}, err
	}
	if err := lim.checkWork(h); err != nil {
		return Header{}, err
	}
	return h, h.agree(data)
}

// agree asks the decoder for its own reading of the header. The limits are
// worth nothing if the decoder sees another picture than Inspect did, such as
// a WebP whose canvas and frame differ.
func (h Header) agree(data []byte) error {
	var c image.Config
	var err error
	r := bytes.NewReader(data)
	switch h.Type {
	case JPEG:
		c, err = jpeg.DecodeConfig(r)
	case PNG:
		c, err = png.DecodeConfig(r)
	case WebP:
		c, err = webp.DecodeConfig(r)
	case HEIC:
		return nil // what its decoder sees is compared when it has seen it
	}
	if err != nil {
		return decodeFault(err)
	}
	if c.Width != h.Width || c.Height != h.Height {
		return corrupt(fmt.Sprintf("header read as %dx%d and %dx%d", h.Width, h.Height, c.Width, c.Height))
	}
	return nil
}

// decodeFault puts a decoder's error in words.
func decodeFault(err error) error {
	var e *kinpict.Error
	var ju jpeg.UnsupportedError
	var pu png.UnsupportedError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e = truncated(err.Error())
	case errors.As(err, &ju):
		e = unsupported("The photo is a rare kind of JPEG, which cannot be read here.")
	case errors.As(err, &pu):
		e = unsupported("The photo is a rare kind of PNG, which cannot be read here.")
	default:
		e = corrupt(err.Error())
	}
	e.Err = fmt.Errorf("photo: %w", err)
	return e
}
