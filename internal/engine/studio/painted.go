package studio

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/paint"
	"kinpict/internal/engine/studio/raster"
)

// Sizes at which a brush stroke is one design unit wide: the root of a picture's
// area, and the side of a face. Smaller pictures and faces get a finer brush.
const (
	strokeArea = 430
	strokeFace = 125
)

// finished is photo i as its style wants it: a photo or a painting.
func (r *render) finished(ctx context.Context, i int, unit float64) (*raster.Image, error) {
	if r.styles[i].Brush != nil {
		return r.painted(ctx, i, unit)
	}
	return r.picture(i, unit), nil
}

// painted is photo i as a watercolour, cropped to its slot.
func (r *render) painted(ctx context.Context, i int, unit float64) (*raster.Image, error) {
	s, p, st := r.slots[i], r.photos[i], r.styles[i]
	ow, oh, _, _ := st.Opening(s.W, s.H)
	if len(p.subject.Faces) > 1 {
		// An oval would take heads off the people at its ends.
		st.Shape, st.Radius = "round", 0.40*math.Min(s.W, s.H)
	}
	stroke := math.Min(1.4, math.Sqrt(ow*oh)/strokeArea)
	faces := p.faces(r.parts[i], int(ow), int(oh)) // in units
	if n := float64(len(faces)); n > 0 {
		var size float64
		for _, f := range faces {
			size += f.S / n
		}
		stroke = math.Min(stroke, size/strokeFace)
	}
	stroke = math.Max(0.4, stroke)
	fine := math.Min(unit, paint.Finest/stroke)
	pic := r.picture(i, fine)
	b := paint.Brush{Unit: fine * stroke, Seed: uint32(r.job.Seed) + uint32(i)*1009, Ink: st.Brush.Ink, Loose: st.Brush.Loose}
	for _, f := range p.faces(r.parts[i], pic.W, pic.H) {
		b.Faces = append(b.Faces, paint.Face(f))
	}
	b.Focus = paint.Face{X: float64(pic.W) / 2, Y: float64(pic.H) / 2, S: 0.5 * float64(min(pic.W, pic.H))}
	if p.subject.Faces == nil {
		k := float64(pic.W) / r.parts[i].W()
		b.Focus.X, b.Focus.Y = (p.subject.FX-r.parts[i].X0)*k, (p.subject.FY-r.parts[i].Y0)*k
	}
	return paint.Watercolour(ctx, pic, int(ow*unit+0.5), int(oh*unit+0.5), b)
}
