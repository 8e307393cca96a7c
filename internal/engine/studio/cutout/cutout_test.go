package cutout

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"kinpict/internal/engine/enginetest"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
)

const side = 140

var face = Face{X: 70, Y: 58, S: 34}

// person reports whether (x, y) is of the drawn person: a head and shoulders.
func person(x, y int) bool {
	u, v := (float64(x)-face.X)/face.S, (float64(y)-face.Y)/face.S
	return math.Hypot(u/0.52, (v+0.08)/0.75) < 1 || v > 0.4 && v < 0.9 && math.Abs(u) < 0.3 ||
		v >= 0.75 && math.Abs(u) < math.Min(1.35, 0.4+1.4*(v-0.75))
}

// draw paints the person before a ground, with a little grain.
func draw(hair, ground raster.Color) *raster.Image {
	m := raster.New(side, side)
	for y := range side {
		for x := range side {
			u, v := (float64(x)-face.X)/face.S, (float64(y)-face.Y)/face.S
			c := ground
			if person(x, y) {
				switch {
				case v >= 0.75:
					c = raster.Color{0.62, 0.16, 0.20}
				case math.Hypot(u/0.40, (v-0.06)/0.55) < 1 || v > 0.3:
					c = raster.Color{0.85, 0.65, 0.55}
				default:
					c = hair
				}
			}
			raster.Store(m.Row(y)[3*x:], c.Add((noise.Hash(uint32(x), uint32(y), 1)-0.5)*0.03))
		}
	}
	return m
}

func cut(t *testing.T, m *raster.Image) *Cut {
	t.Helper()
	c, err := Person(context.Background(), m, []Face{face})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	brown = raster.Color{0.28, 0.18, 0.12}
	blue  = raster.Color{0.45, 0.62, 0.82}
)

func TestPersonBeforeAPlainGround(t *testing.T) {
	c := cut(t, draw(brown, blue))
	if !c.Sure() {
		t.Errorf("a plain cut is doubted: %.3f agree, %.3f open, %.3f at the border", c.Agreement, c.Open, c.Border)
	}
	var both, any float64
	for y := range side {
		for x := range side {
			a := float64(c.Alpha.P[y*side+x])
			b := 0.0
			if person(x, y) {
				b = 1
			}
			both += math.Min(a, b)
			any += math.Max(a, b)
		}
	}
	if both/any < 0.95 {
		t.Errorf("the cut and the person share %.3f of their pixels, want 0.95", both/any)
	}
}

func TestDoubtfulCutsAreToldApart(t *testing.T) {
	high := draw(brown, blue)
	copy(high.Pix, high.Pix[3*side*36:]) // moves the head out of the upper edge
	for name, tt := range map[string]struct {
		m *raster.Image
		f Face
	}{
		"hair as dark as the night behind it": {draw(raster.Color{0.06, 0.06, 0.07}, raster.Color{0.07, 0.06, 0.07}), face},
		"a head cut off by the photo's edge":  {high, Face{face.X, face.Y - 36, face.S}},
	} {
		c, err := Person(context.Background(), tt.m, []Face{tt.f})
		if err != nil {
			t.Fatal(err)
		}
		if c.Sure() {
			t.Errorf("%s: is trusted with %.3f agree, %.3f open, %.3f at the border", name, c.Agreement, c.Open, c.Border)
		}
	}
}

func TestSureAsksForAllThree(t *testing.T) {
	good := Cut{Agreement: Gate, Open: mostOpen, Border: mostBorder}
	if !good.Sure() {
		t.Errorf("%+v is doubted", good)
	}
	for _, c := range []Cut{
		{Agreement: Gate - 0.01, Open: good.Open, Border: good.Border},
		{Agreement: 1, Open: good.Open + 0.01}, {Agreement: 1, Border: good.Border + 0.01},
	} {
		if c.Sure() {
			t.Errorf("%+v is trusted", c)
		}
	}
}

// A brim of the hat's colour left outside is what the outline cannot see by contrast.
func TestOutlineThroughOneColourIsOpen(t *testing.T) {
	m := draw(brown, blue)
	s := newScene(m, []Face{face})
	whole, part := make([]bool, s.w*s.h), make([]bool, s.w*s.h)
	for i := range whole {
		whole[i] = person(i%s.w, i/s.w)
		part[i] = whole[i] && float64(i%s.w) > face.X-0.25*face.S
	}
	a, _ := s.doubts(whole)
	b, _ := s.doubts(part)
	if a > mostOpen || b < mostOpen {
		t.Errorf("the outline of a person is open by %.3f, of one who lost the side of the head by %.3f; the bound is %.2f", a, b, mostOpen)
	}
}

func TestTidyKeepsOnePersonWithoutHoles(t *testing.T) {
	s := newScene(draw(brown, blue), []Face{face})
	fg := make([]bool, s.w*s.h)
	for i := range fg {
		fg[i] = person(i%s.w, i/s.w)
	}
	want := slices.Clone(fg)
	fg[int(face.Y)*s.w+int(face.X)] = false // a hole
	fg[5*s.w+5] = true                      // a speck
	if got := s.tidy(fg); !slices.Equal(got, want) {
		t.Error("a hole was left open or a speck kept")
	}
}

func TestSameCutOnAnyNumberOfProcessors(t *testing.T) {
	m := draw(brown, blue)
	a := cut(t, m)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if b := cut(t, m); !slices.Equal(a.Alpha.P, b.Alpha.P) || a.Agreement != b.Agreement || a.Open != b.Open {
		t.Error("one processor cuts otherwise")
	}
}

func TestStopsWhereverItIs(t *testing.T) {
	m := draw(brown, blue)
	count := enginetest.NewPatience(1 << 40)
	if _, err := Person(count, m, []Face{face}); err != nil {
		t.Fatal(err)
	}
	asked := 1<<40 - count.Left()
	for n := range int64(6) {
		p := enginetest.NewPatience(n * asked / 6)
		if _, err := Person(p, m, []Face{face}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %d of %d: %v", n*asked/6, asked, err)
		}
	}
}

func TestColoursLoseTheGround(t *testing.T) {
	m, a := raster.New(80, 40), raster.NewPlane(80, 40)
	red, ground := raster.Color{0.8, 0.2, 0.2}, raster.Color{0.1, 0.3, 0.9}
	for y := range 40 {
		for x := range 80 {
			t := raster.Clamp((float32(x) - 30) / 20)
			a.P[y*80+x] = t
			raster.Store(m.Row(y)[3*x:], ground.Mix(red, t))
		}
	}
	o := Colours(m, a, 16)
	for x := 41; x < 80; x++ {
		c := raster.Load(o.Row(20)[3*x:])
		for i := range c {
			if math.Abs(float64(c[i]-red[i])) > 0.15 {
				t.Fatalf("at %d, where the person is %.2f, the colour is %v, want %v", x, a.P[20*80+x], c, red)
			}
		}
	}
}
