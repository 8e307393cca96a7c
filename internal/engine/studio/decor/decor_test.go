package decor

import (
	"math"
	"testing"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/vector"
)

func disc(t *testing.T) *Shape {
	t.Helper()
	p, err := vector.Parse("M0 -50 C28 -50 50 -28 50 0 C50 28 28 50 0 50 C-28 50 -50 28 -50 0 C-50 -28 -28 -50 0 -50 Z")
	if err != nil {
		t.Fatal(err)
	}
	return &Shape{Size: 100, Fill: p}
}

func canvas(t *testing.T, w, h int) *Canvas {
	t.Helper()
	page := layout.NewPage(w, h)
	c := &Canvas{Image: raster.New(w, h), Page: page, Unit: float64(min(w, h)) / 1000, Seed: 3, Shapes: map[string]*Shape{"disc": disc(t)},
		Texts: map[string]string{"title": "Our title", "subtitle": "Below it"}}
	c.Map(func(raster.Color) raster.Color { return raster.Color{1, 1, 1} })
	return c
}

// touched counts the pixels of a part of the page, in units, that are not white.
func (c *Canvas) touched(r raster.Rect) (n int) {
	for y := max(0, int(r.Y0*c.Unit)); y < min(c.H, int(r.Y1*c.Unit)); y++ {
		for x := max(0, int(r.X0*c.Unit)); x < min(c.W, int(r.X1*c.Unit)); x++ {
			if raster.Load(c.Row(y)[3*x:]).Luma() < 0.98 {
				n++
			}
		}
	}
	return n
}

func TestDecorStaysOffFaces(t *testing.T) {
	face := raster.Rect{X0: 300, Y0: 300, X1: 700, Y1: 900}
	whole := [][4]float64{{0, 0, 1000, 1250}}
	red := raster.Color{0.7, 0.1, 0.1}
	for _, l := range []*Layer{
		{Kind: "scatter", Shapes: []string{"disc"}, Colors: []raster.Color{red}, N: 80, Size: [2]float64{60, 110}, Regions: whole},
		{Kind: "shape", Shapes: []string{"disc"}, Color: red, Size: [2]float64{200, 0}, At: [2]float64{500, 600}},
		{Kind: "snow", Color: red, N: 300, Size: [2]float64{5, 30}},
	} {
		free, kept := canvas(t, 240, 300), canvas(t, 240, 300)
		kept.Keep = []raster.Rect{face}
		free.Draw(l, 1)
		kept.Draw(l, 1)
		if free.touched(face) == 0 {
			t.Errorf("%s: nothing was drawn there without the rule either", l.Kind)
		}
		if n := kept.touched(face); n > 0 {
			t.Errorf("%s: %d pixels of a face are covered", l.Kind, n)
		}
	}
}

func TestEveryKindDrawsOnEveryPage(t *testing.T) {
	line := vector.Path{{{100, 100}, {500, 300}, {900, 100}, {900, 700}, {100, 700}}}
	k := []raster.Color{{0.2, 0.5, 0.3}, {0.6, 0.3, 0.2}}
	for kind := range drawers {
		l := &Layer{Kind: kind, Color: k[0], Colors: k, Stops: []Stop{{0, k[0]}, {1, k[1]}}, At: [2]float64{500, 900}, Radius: 300, Amount: 0.3,
			N: 60, Size: [2]float64{40, 70}, Shapes: []string{"disc"}, Regions: [][4]float64{{100, 100, 800, 600}}, Path: line, Stroke: 12, Gap: 30,
			Text: "title", Font: "serif", Width: 800, Density: 0.5}
		switch kind {
		case "rule":
			l.At = [2]float64{30, 0}
		case "light":
			l.Color = raster.Color{1, 0.9, 0.8}
		}
		if err := l.Check(map[string]*Shape{"disc": {}}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for _, size := range [][2]int{{120, 150}, {180, 120}} {
			c := canvas(t, size[0], size[1])
			if kind == "light" || kind == "bokeh" {
				c.Map(func(raster.Color) raster.Color { return raster.Color{0.5, 0.5, 0.5} })
			}
			was := append([]uint16(nil), c.Pix...)
			c.Draw(l, 2)
			changed := 0
			for i := range was {
				if was[i] != c.Pix[i] {
					changed++
				}
			}
			if changed < 30 {
				t.Errorf("%s changed %d samples of a page of %v", kind, changed, size)
			}
		}
	}
}

// A page under the mark is useless at any place: every part as large as a
// small photo is crossed, on dark and on light ground.
func TestMarkCrossesEveryPart(t *testing.T) {
	for _, ground := range []float32{0, 0.3, 0.55, 0.8, 1} {
		c := canvas(t, 640, 800)
		c.Map(func(raster.Color) raster.Color { return raster.Color{ground, ground, ground} })
		c.Mark("Kinpict preview")
		const part = 160
		for y := 0; y+part <= c.H; y += part {
			for x := 0; x+part <= c.W; x += part {
				n := 0
				for j := range part {
					for i := range part {
						if d := raster.Load(c.Row(y + j)[3*(x+i):])[0] - ground; math.Abs(float64(d)) > 0.05 {
							n++
						}
					}
				}
				if n < part*part/100 {
					t.Errorf("on %.2f the part at %d,%d has %d marked pixels", ground, x, y, n)
				}
			}
		}
	}
}

func TestLongTitleStaysOnThePage(t *testing.T) {
	c := canvas(t, 400, 500)
	c.Texts["title"] = "A very long title that nobody would write on a picture but somebody will"
	c.Draw(&Layer{Kind: "text", Text: "title", Font: "script-bold", Size: [2]float64{90, 0}, At: [2]float64{500, 600}, Width: 800}, 1)
	if n := c.touched(raster.Rect{X0: 0, Y0: 0, X1: 90, Y1: 1250}) + c.touched(raster.Rect{X0: 910, Y0: 0, X1: 1000, Y1: 1250}); n > 0 {
		t.Errorf("%d pixels of the title are in the margins", n)
	}
	if c.touched(raster.Rect{X0: 100, Y0: 500, X1: 900, Y1: 650}) == 0 {
		t.Error("there is no title")
	}
}

func TestLayerRefuses(t *testing.T) {
	k := []raster.Color{{}}
	for name, l := range map[string]*Layer{
		"a kind that is none":         {Kind: "explosion"},
		"a shape that is none":        {Kind: "shape", Shapes: []string{"unicorn"}},
		"leaves without end":          {Kind: "scatter", Shapes: []string{"disc"}, Colors: k, N: 1e6, Regions: [][4]float64{{0, 0, 9, 9}}},
		"leaves without a colour":     {Kind: "scatter", Shapes: []string{"disc"}, N: 5, Regions: [][4]float64{{0, 0, 9, 9}}},
		"leaves without a place":      {Kind: "scatter", Shapes: []string{"disc"}, Colors: k, N: 5},
		"leaves larger than the page": {Kind: "scatter", Shapes: []string{"disc"}, Colors: k, N: 5, Size: [2]float64{1, 5000}, Regions: [][4]float64{{0, 0, 9, 9}}},
		"more than opaque":            {Kind: "fill", Alpha: 3},
		"a wash of nothing":           {Kind: "wash"},
		"a gradient of one colour":    {Kind: "gradient", Stops: []Stop{{0, k[0]}}},
		"a light of no size":          {Kind: "light"},
		"text of another name":        {Kind: "text", Text: "price", Font: "serif", Size: [2]float64{20, 0}, Width: 500},
		"a font that is none":         {Kind: "text", Text: "title", Font: "comic", Size: [2]float64{20, 0}, Width: 500},
	} {
		if l.Check(map[string]*Shape{"disc": {}}) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
