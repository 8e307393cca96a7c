package engine

import (
	"testing"

	"kinpict"
)

// A ruler is a scripted engine that says how far photos are enlarged.
type ruler struct{ *scripted }

func (ruler) Enlargements(p Plan) ([]Enlargement, error) {
	return make([]Enlargement, len(p.Photos)), nil
}

func TestChainAsksTheEngineThatWouldDrawAboutEnlargements(t *testing.T) {
	for _, tt := range []struct {
		name   string
		photos int
		down   bool
		want   int
	}{
		{"the first redraws photos", 2, false, 0},
		{"the first is down", 2, true, 2},
		{"too many photos for the first", 6, false, 6},
		{"too many photos for any", 9, true, 0},
	} {
		r := newChainRig(t, func(cfg *ChainConfig, r *chainRig) {
			cfg.Engines[1] = ruler{r.house}
			if tt.down {
				r.paid.check = &Error{Outcome: Config, Detail: "scripted"}
			}
		})
		r.Check(t.Context())
		got, err := r.Enlargements(Plan{Photos: make([]kinpict.Photo, tt.photos)})
		if err != nil || len(got) != tt.want {
			t.Errorf("%s: %d answers, error %v, want %d", tt.name, len(got), err, tt.want)
		}
	}
}
