package studio

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"math"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/face"
	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/tone"
)

// judged is the long side, in pixels, at which photos are judged in every quality
// and in previews: what is cropped, cut out or turned is the same in all of them,
// so that a preview promises nothing the picture does not keep.
const judged = 2000

// A photo is a decoded input and what was found out about it.
type photo struct {
	source  *raster.Source // what is drawn from
	judge   *raster.Source // what is judged by; its pixels are those of subject
	subject *layout.Subject
	label   string
	mono    bool
	most    float64 // times as light as in the photo its faces may become
}

// read decodes a photo, reduces it to a long side of most pixels for drawing and
// of judged pixels for finding what to show of it.
func read(in engine.Photo, most int) (*photo, error) {
	img, err := jpeg.Decode(bytes.NewReader(in.JPEG))
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	whole := raster.NewSource(img)
	judge := whole.Reduce(judged)
	source := judge
	if most != judged {
		source = whole.Reduce(most)
	}
	faces := in.Faces
	if faces == nil {
		faces = face.In(judge)
	}
	if len(faces) == 0 {
		// A camera held sideways that did not say so.
		if n := face.Turns(judge); n != 0 {
			judge, source = judge.Turn(n), source.Turn(n)
			faces = face.In(judge)
		}
	}
	p := &photo{source: source, judge: judge, label: in.Label, subject: &layout.Subject{W: float64(judge.W), H: float64(judge.H)}}
	p.subject.Faces = pixels(faces, p.subject.W, p.subject.H)
	small := p.small(raster.Rect{X1: p.subject.W, Y1: p.subject.H}, 200)
	p.mono, p.most = tone.Character(small)
	if len(p.subject.Faces) == 0 {
		x, y := interest(small)
		p.subject.FX, p.subject.FY = x*p.subject.W, y*p.subject.H
	}
	return p, nil
}

// pixels turns faces from fractions to pixels and leaves out impossible ones,
// which only a caller's mistake could make.
func pixels(faces []kinpict.Face, w, h float64) []layout.Face {
	var out []layout.Face
	for _, f := range faces {
		if f.X >= 0 && f.X <= 1 && f.Y >= 0 && f.Y <= 1 && f.Size > 0.005 && f.Size <= 1 {
			out = append(out, layout.Face{X: f.X * w, Y: f.Y * h, S: f.Size * math.Min(w, h)})
		}
	}
	return out
}

// small is a part of the photo with a long side of about n pixels, for measuring.
func (p *photo) small(r raster.Rect, n int) *raster.Image {
	k := float64(n) / math.Max(r.W(), r.H())
	return p.judge.Crop(r, max(8, int(r.W()*k)), max(8, int(r.H()*k)))
}

// drawn is a part of the photo in the pixels it is drawn from.
func (p *photo) drawn(r raster.Rect) raster.Rect {
	kx, ky := float64(p.source.W)/p.subject.W, float64(p.source.H)/p.subject.H
	return raster.Rect{X0: r.X0 * kx, Y0: r.Y0 * ky, X1: r.X1 * kx, Y1: r.Y1 * ky}
}

// faces are the faces as they lie in a picture of w by h pixels of part r.
func (p *photo) faces(r raster.Rect, w, h int) []tone.Face {
	kx, ky := float64(w)/r.W(), float64(h)/r.H()
	var out []tone.Face
	for _, f := range p.subject.Faces {
		out = append(out, tone.Face{X: (f.X - r.X0) * kx, Y: (f.Y - r.Y0) * ky, S: f.S * kx})
	}
	return out
}

// interest is the weighted middle of what stands out by detail and colour,
// drawn to the centre, as fractions of width and height.
func interest(m *raster.Image) (x, y float64) {
	w, h := m.W, m.H
	l, cb, cr := m.Reduced(1)
	blur := float64(w) / 7
	bl, bb, br := l.Blur(blur), cb.Blur(blur), cr.Blur(blur)
	d := raster.NewPlane(w, h)
	for j := 1; j < h-1; j++ {
		for i := 1; i < w-1; i++ {
			k := j*w + i
			edge := math.Hypot(float64(l.P[k+1]-l.P[k-1]), float64(l.P[k+w]-l.P[k-w]))
			a, b, c := float64(l.P[k]-bl.P[k]), float64(cb.P[k]-bb.P[k]), float64(cr.P[k]-br.P[k])
			u, v := float64(2*i)/float64(w)-1, float64(2*j)/float64(h)-0.96
			d.P[k] = float32((math.Sqrt(1.5*a*a+2*b*b+2*c*c) + 0.6*edge) * math.Exp(-(u*u+v*v)*0.9))
		}
	}
	d = d.Blur(float64(w) / 22)
	var sx, sy, sum float64
	for j := range h {
		for i := range w {
			// The power lets the strongest spot outweigh a busy ground.
			k := math.Pow(float64(d.P[j*w+i]), 2.5)
			sx, sy, sum = sx+k*(float64(i)+0.5), sy+k*(float64(j)+0.5), sum+k
		}
	}
	if sum == 0 {
		return 0.5, 0.5
	}
	return sx / sum / float64(w), sy / sum / float64(h)
}
