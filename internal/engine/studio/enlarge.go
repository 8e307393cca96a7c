package studio

import (
	"fmt"
	"math"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/layout"
)

// Enlargements arranges the photos as Draw would and compares every place, in
// pixels of each quality, with the pixels of the part of the photo that shows.
// It reads no photo: one without faces is taken to be about its middle.
func (e *Engine) Enlargements(p engine.Plan) ([]engine.Enlargement, error) {
	out := make([]engine.Enlargement, len(p.Photos))
	for _, quality := range []string{kinpict.Standard, kinpict.Enhanced} {
		job := &engine.Job{Scenario: p.Scenario, Aspect: p.Aspect, Seed: p.Seed, Quality: quality, Photos: make([]engine.Photo, len(p.Photos))}
		r, err := e.plan(job)
		if err != nil {
			return nil, err
		}
		drawn := make([]float64, len(p.Photos)) // pixels drawn from for one judged
		for i, in := range p.Photos {
			if in.Width < 1 || in.Height < 1 {
				return nil, fmt.Errorf("photo %d is %d by %d pixels", i+1, in.Width, in.Height)
			}
			long := float64(max(in.Width, in.Height))
			k := math.Min(1, judged/long)
			drawn[i] = math.Min(1, float64(r.source)/long) / k
			s := &layout.Subject{W: float64(in.Width) * k, H: float64(in.Height) * k}
			s.Faces = pixels(in.Faces, s.W, s.H)
			s.FX, s.FY = s.W/2, s.H/2
			r.photos = append(r.photos, &photo{subject: s})
		}
		r.arrange()
		main := 0
		for i, s := range r.slots {
			w, _, _, _ := r.styles[i].Opening(s.W, s.H)
			k := w * float64(r.short) / 1000 / (r.parts[i].W() * drawn[i])
			if quality == kinpict.Standard {
				out[i].Standard = k
			} else {
				out[i].Enhanced = k
			}
			if m := r.slots[main]; s.W*s.H > m.W*m.H {
				main = i
			}
		}
		if quality == kinpict.Enhanced {
			out[main].Main = true
		}
	}
	return out, nil
}
