package intake_test

import (
	"image"
	"image/jpeg"
	"testing"

	"kinpict"
	"kinpict/internal/intake"
	"kinpict/internal/photo"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// read is a photo as the bucket has it, or its thumbnail.
func read(t *testing.T, i *intake.Intake, id string, thumb bool) image.Image {
	t.Helper()
	r, _, err := i.Open(ctx, ann, id, thumb)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m, err := jpeg.Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A photo taken with the camera on its side stands upright everywhere it is
// seen, and only where a face says so.
func TestPhotoOnItsSideIsTurned(t *testing.T) {
	for name, tt := range map[string]struct {
		upright bool // a face is found as the photo lies
		turns   int
		w, h    int
		turned  bool
	}{
		"a face upright":      {true, 1, 300, 280, false},
		"no face at all":      {false, 0, 300, 280, false},
		"a face to the left":  {false, 1, 280, 300, true},
		"a face to the right": {false, 3, 280, 300, true},
		"a face upside down":  {false, 2, 300, 280, true},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				i, _ := open(t, db, clock)
				looks := 0
				i.Faces = func([]byte) []kinpict.Face {
					if looks++; tt.upright || looks > 1 {
						return []kinpict.Face{{X: .5, Y: .4, Size: .3, Score: 60}}
					}
					return nil
				}
				i.Turns = func([]byte) int { return tt.turns }
				p := add(t, i, ann, upload(1))
				m, small := read(t, i, p.ID, false).Bounds(), read(t, i, p.ID, true).Bounds()
				if p.Width != tt.w || p.Height != tt.h || m.Dx() != tt.w || m.Dy() != tt.h || (small.Dx() < small.Dy()) != (tt.w < tt.h) {
					t.Errorf("the photo is %d by %d, its bytes %v, its thumbnail %v", p.Width, p.Height, m, small)
				}
				said, none := false, false
				for _, c := range p.Checks {
					said = said || c.Code == intake.CheckTurned
					none = none || c.Code == photo.CheckNoFace
				}
				if said != tt.turned || none != (len(p.Faces) == 0) {
					t.Errorf("faces %v, checks %+v", p.Faces, p.Checks)
				}
			})
		})
	}
}

// Turning goes from where the file says up is.
