package lettering_test

import (
	"image"
	"testing"

	"kinpict/internal/engine/studio/lettering"
)

var page = image.Rect(0, 0, 800, 120)

func ink(l lettering.Line) (sum int) {
	for _, v := range l.Mask(400, 80, page).A {
		sum += int(v)
	}
	return sum
}

func set(t *testing.T, text, font string) lettering.Line {
	t.Helper()
	l, ok := lettering.Set(text, font, 40, 0)
	if !ok {
		t.Fatalf("%q cannot be set in %s", text, font)
	}
	return l
}

func TestNoLetterIsLost(t *testing.T) {
	for _, letters := range []string{"ŁłŁł", "řůřů", "ЖжЖж", "ễưễư", "ΩέΩέ", "ȘșȚț", "ßøåñ"} {
		for _, font := range []string{"script", "script-bold", "sans", "sans-medium", "roman", "serif", "serif-italic"} {
			// A letter that is missing takes no room.
			if w := set(t, letters, font).Width(); w < 4*9 {
				t.Errorf("%s in %s is %.0f wide", letters, font, w)
			}
		}
	}
}

func TestFontWithoutALetterGivesWay(t *testing.T) {
	for _, font := range []string{"script", "script-bold"} {
		if got, want := set(t, "Łukasz", font).Width(), set(t, "Łukasz", "serif-italic").Width(); got != want {
			t.Errorf("in %s it is %.1f wide, in the font that has its letters %.1f", font, got, want)
		}
	}
	if set(t, "Lukas", "script").Width() == set(t, "Lukas", "serif-italic").Width() {
		t.Error("a name the script can write is not written in it")
	}
}

func TestWhatCannotBeDrawnIsLeftOut(t *testing.T) {
	if a, b := ink(set(t, "Mia 🐶", "script")), ink(set(t, "Mia", "serif-italic")); a < b/2 || a > 2*b {
		t.Errorf("Mia with a dog has %d of ink, without %d", a, b)
	}
	for _, s := range []string{"", "   ", "🐶🐶", "家族", "—", "\u202e"} {
		if _, ok := lettering.Set(s, "serif", 40, 0); ok {
			t.Errorf("%q is said to be drawn", s)
		}
	}
}

func TestFit(t *testing.T) {
	l := set(t, "The Featherstonehaugh-Cholmondeley Family", "serif")
	for _, w := range []float64{700, 300, 60} {
		f := l.Fit(w)
		if got := f.Width(); got > w {
			t.Errorf("fitted to %.0f pixels it is %.1f", w, got)
		}
		if f.Size < l.Size/3-0.1 {
			t.Errorf("fitted to %.0f pixels it is %.1f high, too small to read", w, f.Size)
		}
	}
}

func TestLineIsCentred(t *testing.T) {
	m := set(t, "HOH", "sans").Mask(400, 80, page)
	var sum, at float64
	for y := range m.H {
		for x := range m.W {
			v := float64(m.A[y*m.W+x])
			sum += v
			at += v * (float64(m.X+x) + 0.5)
		}
	}
	if mid := at / sum; mid < 398.5 || mid > 401.5 {
		t.Errorf("its middle is at %.1f, want 400", mid)
	}
}

func TestTurnedKeepsItsInk(t *testing.T) {
	l := set(t, "Grandma", "serif")
	var flat, turned int
	for _, v := range l.Turned(200, 200, 0, image.Rect(0, 0, 400, 400)).A {
		flat += int(v)
	}
	for _, v := range l.Turned(200, 200, 17, image.Rect(0, 0, 400, 400)).A {
		turned += int(v)
	}
	if turned < flat*95/100 || turned > flat*105/100 {
		t.Errorf("turning changed the ink from %d to %d", flat, turned)
	}
}

func TestCheckNamesTheFonts(t *testing.T) {
	if err := lettering.Check("comic"); err == nil {
		t.Error("there is a font called comic")
	}
	if err := lettering.Check("roman"); err != nil {
		t.Error(err)
	}
}
