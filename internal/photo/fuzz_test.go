package photo

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"kinpict"
)

// small keeps a run cheap and lets through sizes a fuzzer can fill.
func small() Limits {
	return Limits{Bytes: 1 << 16, Pixels: 1 << 16, Side: 2048, Short: 1, Aspect: 2048,
		Decode: 4 * mib, Scans: 20, Samples: 1 << 20}
}

func seed(f *testing.F) {
	for _, u := range uploads(f) {
		if b := read(f, u.File); len(b) <= small().Bytes {
			f.Add(b)
		}
	}
	f.Add(crafted(markerSOF2, 64, 64, 3, 3))
	f.Add(crafted(markerSOF0, 64, 64, 4, 1))
	f.Add(craftedPNG(8, 8, 16, 6, chunk("eXIf", exif(binary.BigEndian, entry{tagOrientation, 3, 1, 6}))))
	f.Add(craftedWebP(vp8l(64, 64, 40)))
}

// FuzzInspect: no input panics, every refusal is worded, and what passes is
// within the limits.
func FuzzInspect(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, lim := range []Limits{small(), DefaultLimits()} {
			h, err := Inspect(data, lim)
			if err != nil {
				var e *kinpict.Error
				if !errors.As(err, &e) || e.Message == "" || e.Hint == "" {
					t.Fatalf("refused without words: %v", err)
				}
				continue
			}
			if h.Cost <= 0 || h.Cost > lim.Decode || h.Scans > lim.Scans || h.Orientation < 1 || h.Orientation > 8 ||
				h.Width < 1 || h.Height < 1 || h.Width*h.Height > lim.Pixels || h.Weight() < 1 {
				t.Fatalf("passed as %+v", h)
			}
		}
	})
}

// FuzzNormalise: the picture that comes out has the size Inspect announced,
// and decoding never panics into our hands, which would be a decoder's bug.
func FuzzNormalise(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := small()
		h, err := Inspect(data, lim)
		if err != nil || h.Type == HEIC { // which starts a process; heif has its own fuzzer
			return
		}
		n, err := Normalise(context.Background(), data, lim)
		if err != nil {
			if kinpict.CodeOf(err) == kinpict.Internal {
				t.Fatal(err)
			}
			return
		}
		if w, ht := h.Upright(); n.Width != w || n.Height != ht {
			t.Fatalf("%dx%d, announced as %dx%d", n.Width, n.Height, w, ht)
		}
		checkNormal(t, n, data)
		Advise(n)
	})
}
