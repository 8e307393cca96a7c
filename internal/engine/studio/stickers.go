package studio

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/cutout"
	"kinpict/internal/engine/studio/frame"
	"kinpict/internal/engine/studio/raster"
)

const (
	// figureSide is the most pixels of the long side at which people are cut out;
	// a photo that has fewer about its people is not enlarged for it.
	figureSide = 512
	// mostCut is the most people cut out of one photo; more are a group picture.
	mostCut = 2
	// leastFace is the side of a face below which a photo is too coarse to cut, in pixels.
	leastFace = 48
	// calm is the radius scissors turn, over the side of a face.
	calm = 0.022
)

// heads are the heights of a face over its slot that are tried, the largest
// first, until hair and hat fit the slot.
var heads = []float64{0.42, 0.37, 0.32}

// A figure is a person cut out, over the part of the photo the slot shows.
type figure struct{ alpha, shape *raster.Plane }

// cutOut cuts the people out of the photos whose style wants it. Where that
// cannot be trusted, the photo becomes a round one in the place of the disc.
func (r *render) cutOut(ctx context.Context) error {
	r.figures = make([]*figure, len(r.slots))
	for i, st := range r.styles {
		if st.Sticker == nil {
			continue
		}
		f, err := r.figure(ctx, i)
		if err != nil {
			return err
		}
		if f != nil {
			r.figures[i] = f
			continue
		}
		s := r.slots[i]
		s.Style = st.Sticker.Group
		if !r.grouped(i) {
			s = frame.Disc(s)
			s.Style = st.Sticker.Round
		}
		plain := r.theme.Styles[s.Style].For(s)
		if plain.Line != nil {
			plain.Line.Color = st.Sticker.Discs[i%len(st.Sticker.Discs)]
		}
		r.slots[i], r.styles[i] = s, plain
		head := plain.Head
		if head == 0 {
			head = r.theme.Photos.Head
		}
		w, h, _, _ := plain.Opening(s.W, s.H)
		r.parts[i] = r.photos[i].subject.Crop(w/h, head, 0)
	}
	return nil
}

// grouped reports whether photo i is of a group, or has a wide slot for one.
func (r *render) grouped(i int) bool {
	return len(r.photos[i].subject.Faces) > mostCut || r.slots[i].W > r.slots[i].H
}

// figure cuts photo i out, or returns nil where it had better stay round. It
// settles the part of the photo the slot shows.
func (r *render) figure(ctx context.Context, i int) (*figure, error) {
	p, s := r.photos[i], r.slots[i]
	faces := p.subject.Faces
	// Without colour a dark ground and a dark shoulder are one.
	if len(faces) == 0 || p.mono || r.grouped(i) {
		return nil, nil
	}
	// A wide part of the photo, so that the background is seen for what it is.
	win := raster.Rect{X0: p.subject.W, Y0: p.subject.H}
	for _, f := range faces {
		if f.S < leastFace {
			return nil, nil
		}
		win.X0, win.X1 = math.Min(win.X0, f.X-2.2*f.S), math.Max(win.X1, f.X+2.2*f.S)
		win.Y0, win.Y1 = math.Min(win.Y0, f.Y-1.7*f.S), math.Max(win.Y1, f.Y+2.6*f.S)
	}
	win = raster.Rect{X0: math.Max(0, win.X0), Y0: math.Max(0, win.Y0), X1: math.Min(p.subject.W, win.X1), Y1: math.Min(p.subject.H, win.Y1)}
	small := p.small(win, min(figureSide, int(math.Max(win.W(), win.H()))))
	var found []cutout.Face
	for _, f := range p.faces(win, small.W, small.H) {
		found = append(found, cutout.Face(f))
	}
	cut, err := cutout.Person(ctx, small, found)
	if err != nil || !cut.Sure() {
		return nil, err
	}
	for _, head := range heads {
		part := p.subject.Crop(s.W/s.H, head, 0)
		if part.Y1 > win.Y1+1 || part.X0 < win.X0-1 || part.X1 > win.X1+1 {
			continue
		}
		if f := figureIn(cut.Alpha, win, part, faces[0].S); f.fits() {
			r.parts[i] = part
			return f, nil
		}
	}
	return nil, nil
}

// figureIn is what of a cut over win lies in part.
func figureIn(alpha *raster.Plane, win, part raster.Rect, face float64) *figure {
	k := float64(alpha.W) / win.W()
	w, h := max(8, int(part.W()*k)), max(8, int(part.H()*k))
	f := &figure{alpha: raster.NewPlane(w, h)}
	for y := range h {
		for x := range w {
			sx, sy := part.X0+(float64(x)+0.5)/float64(w)*part.W(), part.Y0+(float64(y)+0.5)/float64(h)*part.H()
			if sy >= win.Y0 {
				f.alpha.P[y*w+x] = alpha.At(float32((sx-win.X0)*k), float32((sy-win.Y0)*k))
			}
		}
	}
	f.shape = frame.Scissors(f.alpha, calm*face*k)
	return f
}

// fits reports whether the figure stays clear of the upper edge of its slot
// and of the sides above the disc.
func (f *figure) fits() bool {
	w, h := f.shape.W, f.shape.H
	for x := range w {
		if f.shape.P[x] > 0.5 || f.shape.P[h/40*w+x] > 0.5 {
			return false
		}
	}
	above := h - int(float64(w)*0.5) // the middle of the disc
	touched := 0
	for y := range above {
		if f.shape.P[y*w] > 0.5 || f.shape.P[y*w+w-1] > 0.5 {
			touched++
		}
	}
	return touched*12 < above
}

// sticker mounts the figure of photo i.
func (r *render) sticker(m *frame.Mount, i int) {
	f := r.figures[i]
	photo := r.picture(i, m.Unit)
	// Colours without background are worth knowing at the size of the cut only.
	k := math.Min(1, float64(f.alpha.W)/float64(photo.W))
	small := r.picture(i, m.Unit*k)
	a := raster.NewPlane(small.W, small.H)
	for y := range a.H {
		for x := range a.W {
			a.P[y*a.W+x] = f.alpha.At((float32(x)+0.5)*float32(f.alpha.W)/float32(a.W), (float32(y)+0.5)*float32(f.alpha.H)/float32(a.H))
		}
	}
	colours := cutout.Colours(small, a, max(8, small.W/18))
	m.Sticker(r.slots[i], r.styles[i], &frame.Figure{Photo: photo, Colours: colours, Alpha: f.alpha, Shape: f.shape}, i)
}
