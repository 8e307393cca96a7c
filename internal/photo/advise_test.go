package photo

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"

	"kinpict"
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
		{"even grey", texture(1200, 900, 9, 126, 129), map[string]string{CheckBlank: "warning"}},
		{"just not even", texture(1200, 900, 9, 110, 140), map[string]string{CheckBlurred: "warning"}},
		{"panorama", texture(2510, 1000, 20, 20, 230), map[string]string{CheckPanorama: "info"}},
		{"as wide as film goes", texture(2490, 1000, 20, 20, 230), nil},
		{"large enough for the wall", texture(1063, 800, 8, 20, 230), nil},
		{"one pixel short of it", texture(1062, 800, 8, 20, 230), map[string]string{CheckSmall: "info"}},
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
				if c.want[check.Code] != check.Severity || check.Message == "" || check.Help == "" {
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
	const want = "This photo is 640 x 480 pixels, enough for a print of about 9 x 6 cm."
	if got := Advise(n); len(got) != 1 || got[0].Message != want {
		t.Errorf("got %v, want %q", got, want)
	}
}

// screen draws a phone's screenshot: bars, lines of writing and, if grain, a
// photograph's noise over all of it.
func screen(w, h int, text, grain bool) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := uint8(245)
			switch {
			case y < h/12 || y > h*11/12:
				v = 30
			case text && y/20%3 == 1 && x > w/10 && x < w*8/10 && x/10%2 == 0:
				v = 20
			}
			if grain {
				v = uint8(min(max(int(v)+rng.IntN(61)-30, 0), 255))
			}
			m.SetGray(x, y, color.Gray{v})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestScreenshot(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want bool
	}{
		{"a phone's", screen(590, 1278, true, false), true},
		{"a computer's", screen(1280, 800, true, false), true},
		{"square", screen(900, 900, true, false), false},
		{"without writing", screen(590, 1278, false, false), false},
		{"with grain, as a photo saved as PNG", screen(590, 1278, true, true), false},
		{"a JPEG", texture(590, 1278, 6, 20, 230), false},
	} {
		n, err := Normalise(t.Context(), c.data, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(Advise(n), func(k kinpict.Check) bool { return k.Code == CheckScreenshot }); got != c.want {
			t.Errorf("%s: said to be a screenshot %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAdviseFaces(t *testing.T) {
	face := func(x, y, size float64) []kinpict.Face { return []kinpict.Face{{X: x, Y: y, Size: size}} }
	for _, c := range []struct {
		name  string
		w, h  int
		faces []kinpict.Face
		want  []string
	}{
		{"nobody", 1000, 800, nil, []string{CheckNoFace}},
		{"in the middle", 1000, 800, face(0.5, 0.5, 0.4), nil},
		{"at the edge", 1000, 800, face(0.16, 0.5, 0.4), nil},                                 // box from 0 to 320
		{"an eighth of it outside", 1000, 800, face(0.115, 0.5, 0.4), []string{CheckFaceCut}}, // from -45, a little more than 0.12 of 320
		{"a tenth of it outside", 1000, 800, face(0.128, 0.5, 0.4), nil},
		{"below the frame", 800, 1000, face(0.5, 0.97, 0.3), []string{CheckFaceCut}},
		{"above it", 800, 1000, face(0.5, 0.03, 0.3), []string{CheckFaceCut}},
		{"to the right", 800, 1000, face(0.98, 0.5, 0.3), []string{CheckFaceCut}},
		{"nearly all of it", 1000, 800, face(0.5, 0.5, 0.91), nil},
		{"all of it", 1000, 800, face(0.5, 0.5, 0.93), []string{CheckFaceFull}},
		{"the second of two cut", 1000, 800, append(face(0.5, 0.5, 0.3), face(0, 0.5, 0.3)...), []string{CheckFaceCut}},
	} {
		var got []string
		for _, k := range AdviseFaces(c.w, c.h, c.faces) {
			got = append(got, k.Code)
			if k.Message == "" || k.Help == "" {
				t.Errorf("%s: no words", c.name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A copy is recognised in whatever size, format and quality it comes, another
// picture is not.
func TestLikeness(t *testing.T) {
	like := func(b []byte) Likeness {
		n, err := Normalise(t.Context(), b, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		return n.Likeness
	}
	first := like(read(t, "101-baseline.jpg"))
	for _, f := range []string{"102-progressive.jpg", "104-444.jpg", "301-lossy.webp", "131-orientation-1.jpg", "138-orientation-8.jpg"} {
		if !first.Near(like(read(t, f))) {
			t.Errorf("%s is a copy and not recognised", f)
		}
	}
	small, err := Resize(t.Context(), read(t, "101-baseline.jpg"), 400, "png")
	if err != nil {
		t.Fatal(err)
	}
	if !first.Near(like(small)) {
		t.Error("a smaller copy is not recognised")
	}
	a, b := like(texture(1200, 900, 100, 20, 230)), like(texture(1200, 900, 90, 20, 230))
	if a.Near(first) || a.Near(b) {
		t.Errorf("%s, %s and %s are near", first, a, b)
	}
	if even := like(texture(1200, 900, 9, 120, 135)); even != "" || even.Near(even) || even.Near(first) {
		t.Errorf("an even picture is like others: %q", even)
	}
	flip := []byte(first)
	for i := range 3 { // twelve bits
		flip[i] = "fedcba9876543210"[bytes.IndexByte([]byte("0123456789abcdef"), flip[i])]
	}
	if !first.Near(Likeness(flip)) {
		t.Error("twelve bits of difference are too many")
	}
	if flip[3] ^= 1; first.Near(Likeness(flip)) {
		t.Error("thirteen bits of difference are few enough")
	}
}
