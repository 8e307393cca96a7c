package studio

import (
	"context"
	"image"
	"slices"
	"testing"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/decor"
	"kinpict/internal/engine/studio/frame"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/scenario"
)

// inked is where drawing changes a grey page.
func inked(c *decor.Canvas, draw func(*decor.Canvas)) (at []image.Point) {
	k := *c
	k.Image = raster.New(c.W, c.H)
	k.Map(func(raster.Color) raster.Color { return raster.Color{0.5, 0.5, 0.5} })
	was := slices.Clone(k.Pix)
	draw(&k)
	for i := 0; i < len(was); i += 3 {
		if !slices.Equal(was[i:i+3], k.Pix[i:i+3]) {
			at = append(at, image.Pt(i/3%c.W, i/3/c.W))
		}
	}
	return at
}

// box is the box of what is drawn.
func box(c *decor.Canvas, draw func(*decor.Canvas)) (b image.Rectangle) {
	for _, p := range inked(c, draw) {
		b = b.Union(image.Rectangle{p, p.Add(image.Pt(1, 1))})
	}
	return b
}

func TestNothingIsStrewnOnText(t *testing.T) {
	strewn := []string{"scatter", "shape", "bough", "tree", "snow", "bokeh"}
	var photos []*photo
	for _, s := range scenario.Builtin().All() {
		for _, a := range s.Aspects {
			for name, say := range map[string]string{
				"the scenario's own": "", "a short title": `"Us"`, "a title of sixteen letters": `"The Okoro Family"`,
				"long lines": `"The Okoro-Fitzgerald and Vandenberg families" "A long weekend by the sea, September to October"`,
			} {
				r, err := (&Engine{short: 200}).plan(&engine.Job{Scenario: s, Quality: kinpict.Standard, Aspect: a, Seed: 7, Photos: drawn()[:3], Instruction: say})
				if err != nil {
					t.Fatal(err)
				}
				if r.photos = photos; photos == nil {
					if err := r.read(context.Background()); err != nil {
						t.Fatal(err)
					}
					photos = r.photos
				}
				r.arrange()
				c := r.canvas(float64(r.short) / 1000)
				var lines, ribbons []image.Rectangle
				titles := 0
				for i, l := range r.theme.Layers {
					if l.Kind == "text" {
						plain := *l
						plain.Stroke, plain.Shadow = 0, 0 // the rules beside a line and its shadow are not text
						lines = append(lines, box(c, func(c *decor.Canvas) { c.Draw(&plain, i) }))
						if !lines[len(lines)-1].Empty() {
							titles++
						}
					}
				}
				if titles == 0 {
					t.Errorf("%s, %s, %s: no title is drawn", s.ID, a, name)
				}
				for i, slot := range r.slots {
					l := r.styles[i].Label
					if l == nil {
						continue
					}
					plain := *l
					plain.Halo = 0
					b := box(c, func(c *decor.Canvas) {
						(&frame.Mount{Page: c.Image, Unit: c.Unit}).Label(r.photos[i].label, slot, &plain)
					})
					if l.Plate != nil {
						ribbons = append(ribbons, b)
					} else {
						lines = append(lines, b)
					}
				}
				for i, l := range r.theme.Layers {
					if l.Kind == decor.Photos { // from here on a ribbon no longer lies on top
						c.Clear, lines = append(c.Clear, r.names(true)...), append(lines, ribbons...)
					}
					if !slices.Contains(strewn, l.Kind) {
						continue
					}
					n := 0
					for _, p := range inked(c, func(c *decor.Canvas) { c.Draw(l, i) }) {
						if slices.ContainsFunc(lines, p.In) {
							n++
						}
					}
					if n > 0 {
						t.Errorf("%s, %s, %s: %d pixels of layer %d, %s, are on text", s.ID, a, name, n, i+1, l.Kind)
					}
				}
			}
		}
	}
}
