package engine

import (
	"kinpict"
	"kinpict/internal/scenario"
)

// A Plan is what is known of a picture before it is asked for and paid: enough
// to say how its photos will fill it.
type Plan struct {
	Scenario *scenario.Scenario
	Aspect   kinpict.Aspect  // empty: the scenario's first
	Photos   []kinpict.Photo // of which Width, Height and Faces count
	Seed     int64           // arrangements differ a little by seed
}

// An Enlargement is how far one photo must be enlarged: pixels of the picture
// for one pixel of the photo, along a side. Up to 1 nothing is lost.
type Enlargement struct {
	Standard float64
	Enhanced float64
	// Main marks the photo in the largest place, the one a person looks at first.
	Main bool
}

// GainEnds is the enlargement above which a photo gains nothing from Enhanced:
// its pixels are spread out, and the detail that was paid for is not there.
const GainEnds = 2.5

// An Enlarger is an Engine that draws from the photos' own pixels and can tell
// beforehand how far they will go. It answers one Enlargement a photo, in the
// photos' order, from numbers alone, in some ten milliseconds.
type Enlarger interface {
	Enlargements(p Plan) ([]Enlargement, error)
}

// Enlargements asks the first engine that would draw. Where that one redraws
// photos, or cannot tell, the answer is empty.
func (c *Chain) Enlargements(p Plan) ([]Enlargement, error) {
	for _, m := range c.members[:c.listed] {
		c.mu.Lock()
		ok := m.usable(c.now())
		c.mu.Unlock()
		if !ok || len(p.Photos) > m.info.MaxPhotos {
			continue
		}
		if e, can := m.engine.(Enlarger); can {
			return e.Enlargements(p)
		}
		return nil, nil
	}
	return nil, nil
}
