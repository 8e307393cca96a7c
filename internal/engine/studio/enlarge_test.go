package studio

import (
	"context"
	"math"
	"testing"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
)

func TestEnlargementsTellWhoGainsFromEnhanced(t *testing.T) {
	face := []kinpict.Face{{X: 0.5, Y: 0.4, Size: 0.4}}
	for _, s := range scenario.Builtin().All() {
		for _, a := range s.Aspects {
			for name, tt := range map[string]struct {
				w, h  int
				gains bool
			}{"from a phone": {2304, 3072, true}, "from a message": {300, 400, false}} {
				got, err := New().Enlargements(engine.Plan{Scenario: s, Aspect: a, Seed: 1, Photos: []kinpict.Photo{
					{Width: tt.w, Height: tt.h, Faces: face}, {Width: tt.w, Height: tt.h, Faces: face}, {Width: tt.w, Height: tt.h}}})
				if err != nil {
					t.Fatal(err)
				}
				mains := 0
				for _, e := range got {
					if e.Main {
						mains++
						if gains := e.Enhanced < engine.GainEnds; gains != tt.gains {
							t.Errorf("%s in %s: a photo %s is enlarged %.2f times, gains: %v", s.ID, a, name, e.Enhanced, gains)
						}
					}
					// Sources of phones are read at more pixels for Enhanced, so the ratio lies below 2 there.
					if k := e.Enhanced / e.Standard; k < 1.25 || k > 2.001 || !tt.gains && k < 1.999 {
						t.Errorf("%s in %s: enlarged %.2f and %.2f times", s.ID, a, e.Standard, e.Enhanced)
					}
				}
				if len(got) != 3 || mains != 1 {
					t.Errorf("%s in %s: %d answers and %d main photos, want 3 and 1", s.ID, a, len(got), mains)
				}
			}
		}
	}
}

// What is told beforehand is what is drawn.
func TestEnlargementsAreThoseOfThePicture(t *testing.T) {
	for _, s := range scenario.Builtin().All() {
		j := job(s, 4)
		r, err := New().plan(j)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.read(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.arrange()
		r.measure()
		p := engine.Plan{Scenario: s, Seed: j.Seed}
		for i, ph := range r.photos {
			p.Photos = append(p.Photos, kinpict.Photo{Width: ph.source.W, Height: ph.source.H, Faces: j.Photos[i].Faces})
		}
		got, err := New().Enlargements(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.slots {
			w := float64(r.picture(i, float64(r.short)/1000).W)
			if r.slots[i].Deg != 0 {
				w /= 1.2
			}
			if want := w / r.parts[i].W(); math.Abs(got[i].Standard/want-1) > 0.02 {
				t.Errorf("%s: photo %d is enlarged %.3f times, told were %.3f", s.ID, i+1, want, got[i].Standard)
			}
		}
	}
}

func TestEnlargementsRefuseWhatCannotBeDrawn(t *testing.T) {
	s := find(t, "gallery")
	one := []kinpict.Photo{{Width: 900, Height: 900}}
	for name, p := range map[string]engine.Plan{
		"no scenario":      {Photos: one},
		"no photos":        {Scenario: s},
		"a page too long":  {Scenario: s, Aspect: "9:1", Photos: one},
		"a photo of no px": {Scenario: s, Photos: []kinpict.Photo{{}}},
	} {
		if got, err := New().Enlargements(p); err == nil {
			t.Errorf("%s: %v, want an error", name, got)
		}
	}
}

var _ engine.Enlarger = New()
