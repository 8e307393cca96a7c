package photo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"kinpict/internal/srgb"
)

// density of our own pictures' copies, dots an inch, as the pictures have it.
const density = 300

// Resize makes a copy of one of our own pictures, a JPEG or PNG, with the
// longer side at most side pixels; it never enlarges, and side 0 keeps the
// size. format is "jpeg" or "png". It is not for uploads: nothing bounds what
// decoding may cost.
func Resize(ctx context.Context, data []byte, side int, format string) ([]byte, error) {
	m, _, err := image.Decode(&feed{ctx: ctx, data: data})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("photo: decode our own picture: %w", err)
	}
	if b := m.Bounds(); side != 0 && max(b.Dx(), b.Dy()) > side {
		r, err := newRaster(m, false)
		if err != nil {
			return nil, err
		}
		w, h := fit(b.Dx(), b.Dy(), side)
		if m, err = render(ctx, r, w, h, 1); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	switch format {
	case "jpeg":
		err = jpeg.Encode(&out, m, &jpeg.Options{Quality: Quality})
	case "png":
		err = png.Encode(&out, m)
	default:
		err = fmt.Errorf("no format %q", format)
	}
	if err != nil {
		return nil, errors.Join(errors.New("photo: encode"), err)
	}
	if format == "png" {
		return srgb.PNG(out.Bytes(), density), nil
	}
	return srgb.JPEG(out.Bytes(), density), nil
}
