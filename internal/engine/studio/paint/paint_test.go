package paint

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

const side = 120

// portrait draws a face of one skin with eyes and mouth before a plain ground,
// and under the nose a hard shadow.
func portrait(skin raster.Color) (*raster.Image, Face) {
	m := raster.New(side, side)
	f := Face{X: 60, Y: 55, S: 52}
	for y := range side {
		for x := range side {
			u, v := (float64(x)-f.X)/f.S, (float64(y)-f.Y)/f.S
			c := raster.Color{0.45, 0.52, 0.60}
			switch {
			case math.Hypot(math.Abs(u)-0.2, v+0.12) < 0.06 || math.Hypot(u/0.2, (v-0.35)/0.04) < 1:
				c = raster.Color{0.1, 0.06, 0.05}
			case math.Abs(u) < 0.10 && v > 0.12 && v < 0.26:
				c = skin.Scale(0.25)
			case math.Hypot(u/0.5, v/0.68) < 1:
				c = skin
			case v > 0.6 && math.Abs(u) < 1:
				c = raster.Color{0.5, 0.12, 0.2}
			}
			raster.Store(m.Row(y)[3*x:], c)
		}
	}
	return m, f
}

var skins = map[string]raster.Color{
	"pale": {0.93, 0.80, 0.72}, "tan": {0.72, 0.53, 0.42}, "brown": {0.46, 0.31, 0.24}, "dark": {0.26, 0.17, 0.14},
}

func painted(t *testing.T, m *raster.Image, w, h int, b Brush) *raster.Image {
	t.Helper()
	o, err := Watercolour(context.Background(), m, w, h, b)
	if err != nil || o.W != w || o.H != h {
		t.Fatalf("a painting of %d by %d, %v", w, h, err)
	}
	return o
}

func luma(m *raster.Image, x0, y0, x1, y1 int) float64 {
	var sum float64
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			sum += float64(raster.Load(m.Row(y)[3*x:]).Luma())
		}
	}
	return sum / float64((x1-x0)*(y1-y0))
}

func TestFacesKeepTheirOwnSkin(t *testing.T) {
	for name, skin := range skins {
		m, f := portrait(skin)
		for _, k := range []int{1, 2} { // as it is, and enlarged
			o := painted(t, m, k*side, k*side, Brush{Unit: 1, Faces: []Face{f}, Ink: 0.85, Loose: 0.9})
			before, after := luma(m, 45, 44, 75, 72), luma(o, 45*k, 44*k, 75*k, 72*k)
			if q := after / before; q < 0.97 || q > 1.25 {
				t.Errorf("%s skin came out %.2f times as light, %d times the size", name, q, k)
			}
			cheek := raster.Load(o.Row(62 * k)[3*45*k:])
			for i := range cheek {
				if d := float64(cheek[i]/cheek.Luma() - skin[i]/skin.Luma()); math.Abs(d) > 0.2 {
					t.Errorf("%s skin changed its hue: %v became %v", name, skin, cheek)
				}
			}
		}
	}
}

func TestFeaturesStay(t *testing.T) {
	for name, skin := range skins {
		m, f := portrait(skin)
		o := painted(t, m, side, side, Brush{Unit: 1, Faces: []Face{f}, Ink: 0.85, Loose: 0.9})
		eye, cheek := luma(o, 48, 47, 51, 50), luma(o, 40, 58, 46, 62)
		if eye > 0.9*cheek {
			t.Errorf("%s: an eye of luma %.2f can hardly be told from a cheek of %.2f", name, eye, cheek)
		}
	}
}

func TestHardShadowIsNoBlot(t *testing.T) {
	m, f := portrait(skins["pale"])
	o := painted(t, m, side, side, Brush{Unit: 1, Faces: []Face{f}, Ink: 0.85, Loose: 0.9})
	cheek := luma(m, 40, 58, 46, 62)
	before, after := luma(m, 57, 63, 63, 66)/cheek, luma(o, 57, 63, 63, 66)/luma(o, 40, 58, 46, 62)
	if after < 1.7*before || after < 0.45 {
		t.Errorf("the shadow under a nose is %.2f as light as a cheek, and was %.2f", after, before)
	}
}

// The only texture a flat picture may get is that of water and paper.
func TestFlatStaysFlat(t *testing.T) {
	ctx := context.Background()
	for _, c := range []raster.Color{{0.1, 0.1, 0.1}, {0.5, 0.4, 0.3}, {1, 1, 1}} {
		m := raster.New(64, 48)
		m.Map(func(raster.Color) raster.Color { return c })
		f, err := newFlow(ctx, m, 2)
		if err != nil {
			t.Fatal(err)
		}
		if k := slices.Max(f.coherent); k > 0 {
			t.Errorf("a flat picture flows somewhere: %g", k)
		}
		k, err := kuwahara(ctx, m, f, 5)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range k.Pix {
			if d := int(v) - int(m.Pix[i]); d < -16 || d > 16 {
				t.Fatalf("sample %d of a flat picture of %v went from %d to %d", i, c, m.Pix[i], v)
			}
		}
		l, err := drawLines(ctx, m, f, 1.2)
		if err != nil {
			t.Fatal(err)
		}
		if ink := slices.Max(l.P); ink > 1e-4 {
			t.Errorf("a flat picture of %v has lines of %g", c, ink)
		}
		// Columns and rows of means show stripes and seams that pixels hide.
		o := painted(t, m, 64, 48, Brush{Unit: 1, Focus: Face{32, 24, 100}, Ink: 1})
		all := luma(o, 0, 0, 64, 48)
		for x := range 64 {
			if d := luma(o, x, 0, x+1, 48) - all; math.Abs(d) > 0.09 {
				t.Errorf("column %d of a flat picture of %v is off by %.3f", x, c, d)
			}
		}
	}
}

func TestPatchesKeepEdges(t *testing.T) {
	m := raster.New(60, 40)
	for y := range 40 {
		for x := range 60 {
			v := 0.25 + 0.12*(noise.Hash(uint32(x), uint32(y), 3)-0.5)
			if x >= 30 {
				v += 0.5
			}
			raster.Store(m.Row(y)[3*x:], raster.Color{v, v, v})
		}
	}
	f, err := newFlow(context.Background(), m, 2)
	if err != nil {
		t.Fatal(err)
	}
	k, err := kuwahara(context.Background(), m, f, 4)
	if err != nil {
		t.Fatal(err)
	}
	for y := 5; y < 35; y++ {
		for _, side := range []struct {
			x    int
			want float32
		}{{10, 0.25}, {28, 0.25}, {31, 0.75}, {50, 0.75}} {
			if v := raster.Load(k.Row(y)[3*side.x:])[0]; math.Abs(float64(v-side.want)) > 0.05 {
				t.Fatalf("at %d,%d the patch is %.3f, want %.2f: calm within a form, sharp at its edge", side.x, y, v, side.want)
			}
		}
	}
}

func TestSurroundingsDissolveAndPeopleDoNot(t *testing.T) {
	m, f := portrait(skins["tan"])
	b := Brush{Unit: 1, Faces: []Face{f}, Loose: 0}
	solid := painted(t, m, side, side, b)
	b.Loose = 1
	loose := painted(t, m, side, side, b)
	if a, b := luma(solid, 2, 2, 12, 118), luma(loose, 2, 2, 12, 118); b < a+0.15 {
		t.Errorf("the edge of the picture is %.2f light, and %.2f where it dissolves", a, b)
	}
	if a, b := luma(solid, 45, 44, 75, 72), luma(loose, 45, 44, 75, 72); math.Abs(a-b) > 0.01 {
		t.Errorf("a face dissolves: %.3f became %.3f", a, b)
	}
}

func TestSamePictureOnAnyNumberOfProcessors(t *testing.T) {
	m, f := portrait(skins["brown"])
	b := Brush{Unit: 1, Seed: 5, Faces: []Face{f}, Ink: 0.8, Loose: 0.8}
	first := painted(t, m, 150, 150, b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if second := painted(t, m, 150, 150, b); !slices.Equal(first.Pix, second.Pix) {
		t.Error("one processor paints another picture")
	}
	b.Seed++
	if other := painted(t, m, 150, 150, b); slices.Equal(first.Pix, other.Pix) {
		t.Error("another seed paints the same picture")
	}
}

func TestStopsWhereverItIs(t *testing.T) {
	m, f := portrait(skins["tan"])
	count := enginetest.NewPatience(1 << 40)
	b := Brush{Unit: 1, Faces: []Face{f}}
	if _, err := Watercolour(count, m, side, side, b); err != nil {
		t.Fatal(err)
	}
	asked := 1<<40 - count.Left()
	if asked < 5*side {
		t.Errorf("a painting asked %d times whether to go on, want at least once a row of every pass", asked)
	}
	for n := range int64(8) {
		p := enginetest.NewPatience(n * asked / 8)
		if o, err := Watercolour(p, m, side, side, b); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %d of %d: %v, %v", n*asked/8, asked, o, err)
		}
		if late := -p.Left(); late > 200 {
			t.Errorf("cancelled after %d of %d it asked %d times more", n*asked/8, asked, late)
		}
	}
}
