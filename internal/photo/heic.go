package photo

import (
	"context"
	"errors"
	"fmt"
	"image"

	"kinpict"
	"kinpict/internal/photo/heif"
)

// readHEIC reads the boxes of a HEIC file. Width and Height are those of the
// upright picture: the decoder turns it as the file says, and the Exif block of
// such a file, which repeats the same turn, is read for everything but that.
func (h *Header) readHEIC(data []byte, lim Limits) error {
	info, err := heif.Inspect(data, lim.checkSize)
	if err != nil {
		return heicFault(err)
	}
	h.Width, h.Height = info.Width, info.Height
	if info.Cropped {
		if err := lim.checkSize(h.Width, h.Height); err != nil {
			return err
		}
	}
	if len(info.Exif) > 0 {
		h.readExif(info.Exif)
		h.Orientation = 1
	}
	if len(info.XMP) > 0 {
		h.readXMP(info.XMP)
	}
	h.Removed.Extra = info.More
	h.Cost, h.heic = info.Memory, info
	h.profile = info.Profile
	if c := info.Colour; c != nil {
		// Where both stand the profile says which colours, and this how they
		// were turned into luma and chroma (ISO/IEC 23000-22, 7.3.6.4).
		h.video = !c.Full && c.Matrix != matrixRGB
		if h.matrix, err = matrixOf(c.Matrix); err != nil {
			return err
		}
		if h.profile == nil {
			if h.profile, err = profileOf(c.Primaries, c.Transfer); err != nil {
				return err
			}
		}
	}
	return nil
}

// heicFault puts what heif.Inspect and heif.Decode say in words.
func heicFault(err error) error {
	var e *kinpict.Error
	switch {
	case errors.As(err, &e): // a limit's
		return e
	case errors.Is(err, heif.ErrTruncated):
		e = truncated(err.Error())
	case errors.Is(err, heif.ErrUnsupported):
		e = unsupported("The photo is a rare kind of HEIC, which cannot be read here.")
	case errors.Is(err, heif.ErrSequence):
		e = animated()
	case errors.Is(err, heif.ErrTooLong):
		e = fault(kinpict.ImageTooComplex, saveAnew, "Reading this HEIC photo takes more time or memory than a photo may.")
	case errors.Is(err, heif.ErrNoProcess), errors.Is(err, heif.ErrStarved):
		e = fault(kinpict.Unavailable, "Try again in a minute, or add the photo as a JPEG.", "HEIC photos cannot be read at the moment.")
	case errors.Is(err, heif.ErrDamaged), errors.Is(err, heif.ErrStructure):
		e = corrupt(err.Error())
	default:
		return err // of the context
	}
	e.Err = fmt.Errorf("photo: %w", err)
	return e
}

// decodeHEIC has a child process decode the file and checks the size of what
// came back against what the boxes said.
func (h Header) decodeHEIC(ctx context.Context, data []byte) (image.Image, error) {
	m, err := heif.Decode(ctx, data, h.heic.Memory, h.heic.Coded)
	if err != nil {
		return nil, heicFault(err)
	}
	w, ht := m.Bounds().Dx(), m.Bounds().Dy()
	if h.heic.Cropped && w <= h.Width+1 && ht <= h.Height+1 {
		return m, DefaultLimits().checkSize(w, ht)
	}
	if w != h.Width || ht != h.Height {
		return nil, corrupt(fmt.Sprintf("decoded to %dx%d, boxes say %dx%d", w, ht, h.Width, h.Height))
	}
	return m, nil
}
