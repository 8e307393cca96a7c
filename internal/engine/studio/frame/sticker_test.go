package frame

import (
	"math"
	"testing"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
)

func sheet() (*raster.Image, Mount) {
	m := raster.New(200, 200)
	m.Map(func(raster.Color) raster.Color { return raster.Color{0.95, 0.93, 0.88} })
	return m, Mount{Page: m, Unit: 0.5, Seed: 3}
}

func flat(w, h int, c raster.Color) *raster.Image {
	m := raster.New(w, h)
	m.Map(func(raster.Color) raster.Color { return c })
	return m
}

// changed is the box of pixels that differ from the page's first.
func changed(m *raster.Image) (x0, y0, x1, y1 int) {
	x0, y0 = m.W, m.H
	first := raster.Load(m.Pix)
	for y := range m.H {
		for x := range m.W {
			if c := raster.Load(m.Row(y)[3*x:]); math.Abs(float64(c.Luma()-first.Luma())) > 0.01 {
				x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			}
		}
	}
	return x0, y0, x1, y1
}

func TestStickerShowsPersonDiscAndPaper(t *testing.T) {
	m, mount := sheet()
	slot := layout.Slot{X: 200, Y: 200, W: 200, H: 250}
	red, gold, card := raster.Color{0.8, 0.1, 0.1}, raster.Color{0.9, 0.7, 0.3}, raster.Color{1, 1, 1}
	st := &Style{Shape: "circle", Sticker: &Sticker{Border: 10, Paper: card, Discs: []raster.Color{gold}}}
	// A column in the middle of the slot, from a tenth below its top.
	a := raster.NewPlane(80, 100)
	for y := 10; y < 100; y++ {
		for x := 30; x < 50; x++ {
			a.P[y*80+x] = 1
		}
	}
	f := &Figure{Photo: flat(80, 100, red), Colours: flat(80, 100, red), Alpha: a, Shape: Scissors(a, 1.5)}
	mount.Sticker(slot, st, f, 0)
	near := func(x, y int, want raster.Color, what string) {
		t.Helper()
		c := raster.Load(m.Row(y)[3*x:])
		for i := range c {
			if math.Abs(float64(c[i]-want[i])) > 0.08 {
				t.Errorf("at %d,%d, %s, the sticker is %v, want %v", x, y, what, c, want)
				return
			}
		}
	}
	near(100, 55, red, "above the disc")
	near(100, 120, red, "on the disc")
	near(65, 120, gold, "beside the person")
	near(100, 46, card, "the paper above the head")
	near(53, 112, card, "the rim of the disc")
	near(60, 50, raster.Color{0.95, 0.93, 0.88}, "beside the head, off the disc")
	x0, y0, x1, y1 := changed(m)
	if u, b := 0.5, 2*10*0.5; float64(x0) < 100*u-b || float64(y0) < 75*u-b || float64(x1) > 300*u+b || float64(y1) > 325*u+b {
		t.Errorf("the sticker covers %d,%d to %d,%d, more than its slot and two borders", x0, y0, x1, y1)
	}
}

func TestScissorsDropSpecks(t *testing.T) {
	a := raster.NewPlane(60, 60)
	for y := 20; y < 60; y++ {
		for x := 15; x < 45; x++ {
			a.P[y*60+x] = 1
		}
	}
	a.P[5*60+5] = 1
	for y := 10; y < 20; y++ {
		a.P[y*60+30] = 1 // a single hair
	}
	s := Scissors(a, 3)
	if s.P[5*60+5] > 0.4 || s.P[12*60+30] > 0.4 || s.P[40*60+30] < 0.9 {
		t.Errorf("a speck is kept by %.2f, a hair by %.2f, the person by %.2f", s.P[5*60+5], s.P[12*60+30], s.P[40*60+30])
	}
}

func TestBrushedEdgeStaysWithinItsShape(t *testing.T) {
	m, mount := sheet()
	slot := layout.Slot{X: 200, Y: 200, W: 240, H: 280}
	st := &Style{Shape: "oval", Brush: &Brush{Rough: 11}}
	mount.Draw(slot, st, flat(120, 140, raster.Color{0.2, 0.3, 0.4}), 0)
	x0, y0, x1, y1 := changed(m)
	if x0 < 40 || y0 < 30 || x1 > 160 || y1 > 170 {
		t.Errorf("the painting covers %d,%d to %d,%d, more than its slot", x0, y0, x1, y1)
	}
	if x1-x0 < 90 || y1-y0 < 105 {
		t.Errorf("only %d by %d of 120 by 140 pixels are painted", x1-x0, y1-y0)
	}
	c, paper := raster.Load(m.Row(100)[3*100:]), raster.Color{0.95, 0.93, 0.88}
	for i, v := range (raster.Color{0.2, 0.3, 0.4}) {
		if math.Abs(float64(c[i]-v*paper[i])) > 0.02 {
			t.Errorf("the middle is %v, want the pigment times the paper", c)
		}
	}
	// White is bare paper.
	m, mount = sheet()
	mount.Draw(slot, st, flat(120, 140, raster.Color{1, 1, 1}), 0)
	if c := raster.Load(m.Row(100)[3*100:]); math.Abs(float64(c[0]-paper[0])) > 0.01 {
		t.Errorf("white paint covers paper: %v", c)
	}
}

func TestStickerAndBrushAreChecked(t *testing.T) {
	good := Sticker{Border: 10, Discs: []raster.Color{{}}, Round: "disc", Group: "card"}
	for name, change := range map[string]func(*Style){
		"a border wide as a face":   func(s *Style) { s.Sticker.Border = 90 },
		"no colours for discs":      func(s *Style) { s.Sticker.Discs = nil },
		"no style for round photos": func(s *Style) { s.Sticker.Round = "" },
		"no style for groups":       func(s *Style) { s.Sticker.Group = "" },
		"a brush of nothing":        func(s *Style) { s.Brush = &Brush{} },
		"more ink than there is":    func(s *Style) { s.Brush = &Brush{Rough: 10, Ink: 2} },
	} {
		k := good
		s := &Style{Shape: "circle", Sticker: &k}
		if err := s.Check(); err != nil {
			t.Fatalf("a good style: %v", err)
		}
		if change(s); s.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
