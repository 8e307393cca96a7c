package photo

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

// texture is grain of a size in pixels between two levels.
func texture(w, h, grain int, lo, hi uint8) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	small := image.NewGray(image.Rect(0, 0, w/grain+1, h/grain+1))
	for i := range small.Pix {
		small.Pix[i] = lo + uint8(rng.IntN(int(hi-lo)+1))
	}
	m := image.NewGray(image.Rect(0, 0, w, h))
	s := newScaler(resampler(small.Stride, w, float64(small.Stride)/float64(w), 0, false),
		resampler(h/grain+1, h, float64(h/grain+1)/float64(h), 0, false), false, m.Pix, w)
	for y := range h/grain + 1 {
		s.push(small.Pix[y*small.Stride:][:small.Stride])
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestAdvise(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want map[string]string // code to severity
	}{
		{"good", texture(1200, 900, 9, 20, 230), nil},
		{"small", texture(800, 600, 6, 20, 230), map[string]string{CheckSmall: "info"}},
		{"tiny", texture(400, 300, 3, 20, 230), map[string]string{CheckSmall: "warning"}},
		{"dark", texture(1200, 900, 9, 0, 34), map[string]string{CheckDark: "warning"}},
		{"burnt out", texture(1200, 900, 9, 252, 255), map[string]string{CheckBright: "info", CheckBlurred: "warning"}},
		{"a little soft", texture(1200, 900, 14, 60, 190), map[string]string{CheckBlurred: "info"}},
		{"blurred", texture(1200, 900, 68, 20, 230), map[string]string{CheckBlurred: "warning"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Normalise(context.Background(), c.data, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			got := Advise(n)
			if len(got) != len(c.want) {
				t.Errorf("advice %v (sharpness %.0f), want %v", got, sharpness(n.grey), c.want)
			}
			for _, check := range got {
				if c.want[check.Code] != check.Severity || check.Message == "" {
					t.Errorf("advice %+v, want %v", check, c.want)
				}
			}
		})
	}
}

func TestAdviseNamesThePrint(t *testing.T) {
	n, err := Normalise(context.Background(), read(t, "101-baseline.jpg"), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	const want = "This photo is 640 x 480 pixels, enough for a print of about 9 x 6 cm; the original may be larger."
	if got := Advise(n); len(got) != 1 || got[0].Message != want {
		t.Errorf("got %v, want %q", got, want)
	}
}
