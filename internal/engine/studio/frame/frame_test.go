package frame_test

import (
	"math"
	"testing"

	"kinpict/internal/engine/studio/frame"
	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
)

// The distance of neighbouring pixels differs by at most the pixel's step: a
// jump would be a visible seam, as an arch once had where its round part begins.
func TestDistanceHasNoSeam(t *testing.T) {
	for _, shape := range []string{"rect", "round", "arch", "circle", "oval"} {
		hw, hh := 300.0, 420.0
		limit := 1.001
		if shape == "oval" {
			limit = 1.6 // a first-order distance is steeper near the flat sides
		}
		for y := -430.0; y < 430; y++ {
			for x := -310.0; x < 310; x += 3 {
				d := frame.Distance(shape, x, y, hw, hh, 40)
				if d < -60 {
					continue
				}
				right, down := frame.Distance(shape, x+1, y, hw, hh, 40), frame.Distance(shape, x, y+1, hw, hh, 40)
				if math.Abs(right-d) > limit || math.Abs(down-d) > limit {
					t.Fatalf("%s: the distance jumps from %g to %g and %g at %g,%g", shape, d, right, down, x, y)
				}
			}
		}
	}
}

func TestShapesEndWhereTheySay(t *testing.T) {
	for _, tt := range []struct {
		shape string
		x, y  float64
	}{
		{"rect", 100, 140}, {"round", 100, 0}, {"arch", 100, 140}, {"arch", 0, -140}, {"arch", 100, -40}, {"circle", 0, 100}, {"oval", 0, 140}, {"oval", 100, 0},
	} {
		if d := frame.Distance(tt.shape, tt.x, tt.y, 100, 140, 20); math.Abs(d) > 1e-9 {
			t.Errorf("%s: the edge at %g,%g is %g away", tt.shape, tt.x, tt.y, d)
		}
	}
}

func page() *raster.Image {
	m := raster.New(300, 300)
	m.Map(func(raster.Color) raster.Color { return raster.Color{0, 0, 1} })
	return m
}

func at(m *raster.Image, x, y int) raster.Color { return raster.Load(m.Row(y)[3*x:]) }

func TestMountShowsPictureMatAndFrame(t *testing.T) {
	red := raster.New(160, 160)
	red.Map(func(raster.Color) raster.Color { return raster.Color{0.9, 0, 0} })
	st := &frame.Style{Shape: "rect", Frame: &frame.Moulding{W: 10, Kind: "flat", Color: raster.Color{0, 0.5, 0}}, Mat: &frame.Mat{W: 30, Color: raster.Color{1, 1, 1}}}
	slot := layout.Slot{X: 150, Y: 150, W: 240, H: 240}
	for _, deg := range []float64{0, 8} {
		slot.Deg = deg
		m := frame.Mount{Page: page(), Unit: 1}
		m.Draw(slot, st, red, 0)
		if c := at(m.Page, 150, 150); c[0] < 0.8 || c[1] > 0.1 {
			t.Errorf("at %g degrees the picture is %v", deg, c)
		}
		if c := at(m.Page, 150, 57); c[0] < 0.7 || c[2] < 0.7 {
			t.Errorf("at %g degrees the mat is %v", deg, c)
		}
		if c := at(m.Page, 150, 35); c[1] < 0.3 || c[0] > 0.3 {
			t.Errorf("at %g degrees the frame is %v", deg, c)
		}
		if c := at(m.Page, 3, 150); c != (raster.Color{0, 0, 1}) {
			t.Errorf("at %g degrees the page beside it is %v", deg, c)
		}
	}
}

func TestUprightPictureIsCopiedExactly(t *testing.T) {
	pic := raster.New(101, 101)
	for i := range pic.Pix {
		pic.Pix[i] = uint16(i % 2 * raster.Full)
	}
	m := frame.Mount{Page: page(), Unit: 1}
	m.Draw(layout.Slot{X: 150.3, Y: 149.6, W: 101, H: 101}, &frame.Style{Shape: "rect"}, pic, 0)
	want := at(pic, 50, 50)
	found := false
	for y := 148; y <= 152; y++ {
		for x := 148; x <= 152; x++ {
			c := at(m.Page, x, y)
			for _, v := range c {
				if v > 0.001 && v < 0.999 {
					t.Fatalf("pixel %d,%d was blended to %v", x, y, c)
				}
			}
			found = found || c == want
		}
	}
	if !found {
		t.Error("the picture is not there")
	}
}

func TestSmallSlotsGetThinMounts(t *testing.T) {
	st := &frame.Style{Shape: "rect", Mat: &frame.Mat{W: 40}, Border: &[4]float64{10, 10, 50, 10}}
	small, large := st.For(layout.Slot{W: 140, H: 140}), st.For(layout.Slot{W: 900, H: 900})
	if w, _, _, _ := small.Opening(140, 140); w < 60 {
		t.Errorf("a slot of 140 leaves %g for the picture", w)
	}
	if small.Mat.W >= st.Mat.W || large.Mat.W <= st.Mat.W || st.Border[2] != 50 {
		t.Errorf("mats are %g and %g for a nominal %g", small.Mat.W, large.Mat.W, st.Mat.W)
	}
}

func TestStyleRefuses(t *testing.T) {
	for name, s := range map[string]*frame.Style{
		"a shape that is none": {Shape: "star"},
		"a frame of jelly":     {Shape: "rect", Frame: &frame.Moulding{W: 10, Kind: "jelly"}},
		"a frame too wide":     {Shape: "rect", Frame: &frame.Moulding{W: 300, Kind: "gold"}},
		"a negative border":    {Shape: "rect", Border: &[4]float64{-1, 0, 0, 0}},
		"a huge blur":          {Shape: "rect", Shadow: &frame.Shadow{Blur: 1e6}},
		"a font that is none":  {Shape: "rect", Label: &frame.Label{Font: "comic", Size: 20}},
		"a huge label":         {Shape: "rect", Label: &frame.Label{Font: "sans", Size: 900}},
	} {
		if s.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
