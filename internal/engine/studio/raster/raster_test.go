package raster_test

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"kinpict/internal/engine/studio/raster"
)

func TestConstantStaysConstant(t *testing.T) {
	g := raster.NewPlane(37, 23)
	for i := range g.P {
		g.P[i] = 0.4
	}
	for name, o := range map[string]*raster.Plane{
		"box 1": g.Box(1), "box 9": g.Box(9), "box wider than the plane": g.Box(60),
		"blur 0.8": g.Blur(0.8), "blur 7": g.Blur(7), "fit": g.Fit(10),
	} {
		for i, v := range o.P {
			if math.Abs(float64(v)-0.4) > 1e-5 {
				t.Errorf("%s: sample %d became %g", name, i, v)
				break
			}
		}
	}
}

func TestPhotoOfOneColourStaysThatColour(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 61, 43))
	for i := range grey.Pix {
		grey.Pix[i] = 200
	}
	see := image.NewNRGBA(image.Rect(0, 0, 61, 43)) // nothing but transparency
	for name, tt := range map[string]struct {
		img  image.Image
		want raster.Color
	}{
		"grey":        {grey, raster.Color{200.0 / 255, 200.0 / 255, 200.0 / 255}},
		"4:2:0":       {ycc(image.YCbCrSubsampleRatio420), rgb(180, 90, 60)},
		"4:2:2":       {ycc(image.YCbCrSubsampleRatio422), rgb(180, 90, 60)},
		"4:4:0":       {ycc(image.YCbCrSubsampleRatio440), rgb(180, 90, 60)},
		"4:4:4":       {ycc(image.YCbCrSubsampleRatio444), rgb(180, 90, 60)},
		"transparent": {see, raster.Color{1, 1, 1}},
	} {
		src := raster.NewSource(tt.img)
		for _, s := range []*raster.Source{src, src.Reduce(20)} {
			m := s.Crop(raster.Rect{X0: 1.5, Y0: 0, X1: float64(s.W), Y1: float64(s.H) - 2.5}, 33, 90)
			for i := 0; i < len(m.Pix); i += 3 {
				c := raster.Load(m.Pix[i:])
				for k := range c {
					if math.Abs(float64(c[k]-tt.want[k])) > 0.012 {
						t.Fatalf("%s at %d px: pixel %d is %v, want %v", name, s.W, i/3, c, tt.want)
					}
				}
			}
		}
	}
}

func rgb(r, g, b uint8) raster.Color {
	return raster.Color{float32(r) / 255, float32(g) / 255, float32(b) / 255}
}

func ycc(ratio image.YCbCrSubsampleRatio) image.Image {
	m := image.NewYCbCr(image.Rect(0, 0, 61, 43), ratio)
	y, cb, cr := color.RGBToYCbCr(180, 90, 60)
	fill := func(p []uint8, v uint8) {
		for i := range p {
			p[i] = v
		}
	}
	fill(m.Y, y)
	fill(m.Cb, cb)
	fill(m.Cr, cr)
	return m
}

// A crop at its own size is a copy, and a half-size one keeps a ramp a ramp.
func TestCropKeepsARamp(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 120, 40))
	for i := range img.Pix {
		img.Pix[i] = uint8(2 * (i % 120))
	}
	s := raster.NewSource(img)
	same := s.Crop(raster.Rect{X0: 10, Y0: 5, X1: 110, Y1: 35}, 100, 30)
	half := s.Crop(raster.Rect{X0: 10, Y0: 5, X1: 110, Y1: 35}, 50, 15)
	for x := 5; x < 45; x++ {
		if got, want := raster.Load(same.Row(12)[3*x:])[0]*255, float32(2*(x+10)); math.Abs(float64(got-want)) > 0.01 {
			t.Errorf("copied pixel %d is %g, want %g", x, got, want)
		}
		if got, want := raster.Load(half.Row(7)[3*x:])[0]*255, float32(2*(2*x+10))+1; math.Abs(float64(got-want)) > 0.6 {
			t.Errorf("halved pixel %d is %g, want %g", x, got, want)
		}
	}
}

func TestQuarterTurns(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 8, 4), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(4 * i)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(100+i), uint8(150-i)
	}
	s := raster.NewSource(m)
	full := func(s *raster.Source) []uint16 {
		return s.Crop(raster.Rect{X1: float64(s.W), Y1: float64(s.H)}, s.W, s.H).Pix
	}
	once := s.Turn(1)
	if once.W != 4 || once.H != 8 {
		t.Fatalf("a photo of 8 by 4 became one of %d by %d", once.W, once.H)
	}
	a, b := full(s), full(once)
	for y := range 4 {
		for x := range 8 {
			for k := range 3 {
				if was, is := a[(y*8+x)*3+k], b[(x*4+3-y)*3+k]; was != is {
					t.Fatalf("pixel %d,%d was %d and is %d", x, y, was, is)
				}
			}
		}
	}
	if !slices.Equal(full(s.Turn(4)), a) {
		t.Error("four quarter turns changed the photo")
	}
}

func TestColoursSurviveTheirConversion(t *testing.T) {
	for _, want := range []raster.Color{{0, 0, 0}, {1, 1, 1}, {0.8, 0.2, 0.3}, {0.1, 0.5, 0.9}, {0.4, 0.4, 0.4}} {
		m := raster.New(41, 3)
		m.Map(func(raster.Color) raster.Color { return want })
		o := m.YCbCr()
		var sum [3]float64
		for i := range 41 * 3 {
			r, g, b, _ := o.At(i%41, i/41).RGBA()
			for k, v := range []uint32{r, g, b} {
				sum[k] += float64(v) / 65535 / (41 * 3)
				if d := float64(v)/65535 - float64(want[k]); math.Abs(d) > 0.011 {
					t.Fatalf("%v became %v", want, o.At(i%41, i/41))
				}
			}
		}
		for k := range sum {
			if math.Abs(sum[k]-float64(want[k])) > 0.004 {
				t.Errorf("%v became %.3f on average", want, sum)
				break
			}
		}
	}
}

func TestPanicInAPieceReachesTheCaller(t *testing.T) {
	for name, run := range map[string]func(){
		"bands":    func() { raster.Bands(1000, func(a, _ int) { fail(a == 0) }) },
		"together": func() { raster.Together(3, func(i int) { fail(i == 2) }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic was lost", name)
				}
			}()
			run()
		}()
	}
}

func fail(now bool) {
	if now {
		panic("here")
	}
}

func TestTogetherRunsEachOnce(t *testing.T) {
	var ran [5]int
	raster.Together(len(ran), func(i int) { ran[i]++ })
	if ran != [5]int{1, 1, 1, 1, 1} {
		t.Errorf("pieces ran %v times, want once each", ran)
	}
}

func TestParseColor(t *testing.T) {
	if c, err := raster.ParseColor("#ff8000"); err != nil || c[0] != 1 || c[2] != 0 {
		t.Errorf("#ff8000 is %v, %v", c, err)
	}
	for _, s := range []string{"", "ff8000", "#ff80", "#ff80000", "#gg8000", "red"} {
		if _, err := raster.ParseColor(s); err == nil {
			t.Errorf("%q is a colour", s)
		}
	}
}

func TestShadowDarkensOnlyItsSurroundings(t *testing.T) {
	m := raster.New(200, 200)
	m.Map(func(raster.Color) raster.Color { return raster.Color{0.8, 0.8, 0.8} })
	k := &raster.Mask{X: 80, Y: 80, W: 40, H: 40, A: make([]uint8, 1600)}
	for i := range k.A {
		k.A[i] = 255
	}
	m.Shadow(k, 0, 0, 8, 0.5, raster.Color{})
	at := func(x, y int) float32 { return raster.Load(m.Row(y)[3*x:])[0] }
	if mid := at(100, 100); mid > 0.45 || mid < 0.38 {
		t.Errorf("under the mask it is %g, want about 0.4", mid)
	}
	if far := at(10, 10); far < 0.799 {
		t.Errorf("far away it is %g, want 0.8", far)
	}
	if l, r := at(70, 100), at(129, 100); math.Abs(float64(l-r)) > 0.03 {
		t.Errorf("the shadow leans: %g on the left, %g on the right", l, r)
	}
}
