package vector_test

import (
	"image"
	"math"
	"testing"

	"kinpict/internal/engine/studio/vector"
)

func area(t *testing.T, d string) float64 {
	t.Helper()
	p, err := vector.Parse(d)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, v := range p.Fill(image.Rect(0, 0, 100, 100)).A {
		sum += float64(v) / 255
	}
	return sum
}

func TestFillCoversTheShape(t *testing.T) {
	for _, tt := range []struct {
		name, d string
		want    float64
	}{
		{"absolute lines", "M10 10 L60 10 L60 40 L10 40 Z", 1500},
		{"relative lines", "m10,10 l50,0 0,30 -50,0z", 1500},
		{"horizontal and vertical", "M10 10H60V40H10Z", 1500},
		{"lines after a move", "M10 10 60 10 60 40 10 40 Z", 1500},
		{"a quarter of a disc", "M50 50 L90 50 C90 72.09 72.09 90 50 90 Z", math.Pi * 400},
		{"a parabola", "M10 50 Q50 0 90 50 Z", 80 * 50 / 3},
		{"two parts", "M0 0H10V10H0Z M20 20H30V30H20Z", 200},
		{"cut off by the page", "M80 80 H180 V180 H80 Z", 400},
	} {
		if got := area(t, tt.d); math.Abs(got-tt.want) > 0.01*tt.want+2 {
			t.Errorf("%s covers %.1f pixels, want %.1f", tt.name, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, d := range []string{"M10", "M10 10 L", "M0 0 A1 1 0 0 0 2 2", "10 10", "M0 0 L1 x", "M1 1 Z 5", "M0 0 L--1 2"} {
		if p, err := vector.Parse(d); err == nil {
			t.Errorf("%q was read as %v", d, p)
		}
	}
}

func TestCrossingStrokesAddUp(t *testing.T) {
	// One stroke runs down, one up: unturned, the overlap would cancel out.
	p := vector.Path{{{10, 50}, {90, 50}}, {{50, 90}, {50, 10}}}.Stroke(func(float64) float64 { return 10 }).SameTurn()
	m := p.Fill(image.Rect(0, 0, 100, 100))
	if v := m.A[(50-m.Y)*m.W+50-m.X]; v != 255 {
		t.Errorf("where the strokes cross the coverage is %d", v)
	}
}
