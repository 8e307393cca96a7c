// Package paint turns a photo into a watercolour: flat patches of colour whose
// edges follow the forms, drawn lines, pigment that gathers and granulates on
// paper, and surroundings that dissolve into loose wash. It keeps every face
// recognisable and as light or dark as its photo shows it. Nothing is invented:
// each stroke is a mean of the pixels under it.
//
// The patches are an anisotropic Kuwahara filter with polynomial weights
// (Kyprianidis, Semmo, Kang, Döllner 2010), the lines an extended difference of
// Gaussians smoothed along the flow (Winnemöller, Kyprianidis, Olsen 2012), the
// pigment density follows Bousseau et al. 2006.
package paint

import (
	"context"

	"kinpict/internal/engine/studio/raster"
)

// Finest is the most pixels a design unit that strokes are worth computing at;
// a larger painting is enlarged from them while pigment, lines and paper are
// laid on at its full size.
const Finest = 1.9

// A Face is a face in the photo: centre and side of its square, in pixels.
type Face struct{ X, Y, S float64 }

// A Brush is how a photo is painted.
type Brush struct {
	Unit  float64 // pixels of the photo a design unit
	Seed  uint32
	Faces []Face
	// Focus is what stays clear where there is no face, in pixels.
	Focus Face
	// Ink is the strength of the drawn lines, 0..1.
	Ink float32
	// Loose is how far what surrounds the people dissolves, 0..1.
	Loose float32
}

// Watercolour paints m at w by h pixels. White in the result is bare paper, so
// it is meant to be multiplied onto the page. It stops soon after ctx does.
func Watercolour(ctx context.Context, m *raster.Image, w, h int, b Brush) (*raster.Image, error) {
	u := b.Unit
	f, err := newFlow(ctx, m, 1.5*u)
	if err != nil {
		return nil, err
	}
	sketch, err := kuwahara(ctx, m, f, 2.2*u)
	if err != nil {
		return nil, err
	}
	lines, err := drawLines(ctx, sketch, f, 1.05*u)
	if err != nil {
		return nil, err
	}
	patches, err := kuwahara(ctx, m, f, 3.8*u)
	if err != nil {
		return nil, err
	}
	if patches, err = kuwahara(ctx, patches, f, 2.8*u); err != nil {
		return nil, err
	}
	s := &sheet{Brush: b, photo: m, sketch: sketch, patches: patches, lines: lines, w: w, h: h}
	return s.paint(ctx)
}

// rows runs f over the rows of a picture on all processors; it leaves rows
// out once ctx is done, and says so.
func rows(ctx context.Context, n int, f func(y int)) error {
	raster.Bands(n, func(a, b int) {
		for y := a; y < b; y++ {
			if ctx.Err() != nil {
				return
			}
			f(y)
		}
	})
	return ctx.Err()
}
