package studio

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"

	"kinpict/internal/engine/enginetest"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/face/facetest"
	"kinpict/internal/engine/studio/frame"
	"kinpict/internal/engine/studio/layout"
)

// someone is a photo of a drawn person with hair of one colour before a ground of
// another, and of how many faces it tells.
func someone(t *testing.T, hair, ground color.RGBA, faces int) engine.Photo {
	t.Helper()
	const w, h, x0, y0, s = 300, 360, 150, 150, 80
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x-x0)/s, float64(y-y0)/s
			c := ground
			switch {
			case v >= 0.75 && math.Abs(u) < math.Min(1.35, 0.4+1.4*(v-0.75)):
				c = color.RGBA{160, 40, 50, 255}
			case math.Hypot(u/0.40, (v-0.06)/0.55) < 1 || v > 0.3 && v < 0.9 && math.Abs(u) < 0.3:
				c = color.RGBA{216, 166, 140, 255}
			case math.Hypot(u/0.52, (v+0.08)/0.70) < 1:
				c = hair
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	p := engine.Photo{JPEG: b.Bytes(), Label: "Ann", Faces: []kinpict.Face{}}
	for i := range faces {
		p.Faces = append(p.Faces, kinpict.Face{X: float64(x0)/w + 0.2*float64(i), Y: float64(y0) / h, Size: float64(s) / w, Score: 50})
	}
	return p
}

// arranged is a job up to the cutting out.
func arranged(t *testing.T, j *engine.Job) (*render, layout.Page) {
	t.Helper()
	r, err := (&Engine{short: 128}).plan(j)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.read(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.arrange()
	return r, r.page
}

func TestDoubtfulCutsBecomeRound(t *testing.T) {
	brown, blue := color.RGBA{70, 44, 30, 255}, color.RGBA{115, 160, 210, 255}
	night := color.RGBA{18, 16, 18, 255}
	for _, tt := range []struct {
		name  string
		photo engine.Photo
		cut   bool
		style string
	}{
		{"a person before a plain ground", someone(t, brown, blue, 1), true, "sticker"},
		{"hair as dark as the night", someone(t, night, night, 1), false, "disc"},
		{"a pet", someone(t, brown, blue, 0), false, "disc"},
		{"a group", someone(t, brown, blue, 3), false, "card"},
	} {
		j := job(find(t, "scrapbook"), 1)
		j.Photos = []engine.Photo{tt.photo}
		r, _ := arranged(t, j)
		before := r.slots[0]
		if err := r.cutOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := r.slots[0]
		if (r.figures[0] != nil) != tt.cut || got.Style != tt.style {
			t.Errorf("%s: cut out %v as %q, want %v as %q", tt.name, r.figures[0] != nil, got.Style, tt.cut, tt.style)
		}
		if got.X != before.X || got.Y+got.H/2 > before.Y+before.H/2+1e-9 || got.H > before.H+1e-9 {
			t.Errorf("%s: went from %+v to %+v", tt.name, before, got)
		}
	}
}

// What is drawn of a sticker, its border included, lies in its slot and two
// borders around it.
func TestStickersStayOnThePageAndApart(t *testing.T) {
	s := find(t, "scrapbook")
	for _, a := range s.Aspects {
		for n := 1; n <= kinpict.MaxPhotos; n++ {
			j := job(s, n)
			j.Aspect = a
			r, page := arranged(t, j)
			border := r.theme.Styles["sticker"].Sticker.Border
			for i, b := range r.slots {
				if b.X-b.W/2 < 2*border || b.Y-b.H/2 < 2*border || b.X+b.W/2 > page.W-2*border || b.Y+b.H/2 > page.H-2*border {
					t.Errorf("%s, %d photos: %+v runs over a page of %v", a, n, b, page)
				}
				d := frame.Disc(b)
				if d.X != b.X || d.W > b.W+1e-9 || math.Abs(d.Y+d.H/2-b.Y-b.H/2) > 1e-9 {
					t.Errorf("%s, %d photos: the disc %+v is not at the foot of %+v", a, n, d, b)
				}
				for _, o := range r.slots[:i] {
					if math.Abs(b.X-o.X) < (b.W+o.W)/2+2*border && math.Abs(b.Y-o.Y) < (b.H+o.H)/2+2*border {
						t.Errorf("%s, %d photos: %+v and %+v touch", a, n, b, o)
					}
				}
			}
		}
	}
}

// A preview shows what is sold: where photos lie, which part shows and who is cut
// out do not depend on the quality, of photos larger than they are judged at.
func TestEveryQualityShowsTheSame(t *testing.T) {
	large := func(p engine.Photo) engine.Photo {
		m := picture(p)
		return photoOf(p.Label, scaled(m, 7*m.Bounds().Dx(), 7*m.Bounds().Dy()), p.Faces)
	}
	blue := color.RGBA{115, 160, 210, 255}
	photos := []engine.Photo{
		large(someone(t, color.RGBA{70, 44, 30, 255}, blue, 1)),
		large(someone(t, color.RGBA{100, 138, 180, 255}, blue, 1)), // hair hardly darker than the ground
		large(photoOf("", facetest.Drawing(300, 240, 150, 120, 95), nil)),
	}
	var first *render
	for name, change := range map[string]func(*engine.Job){
		"standard": func(*engine.Job) {},
		"enhanced": func(j *engine.Job) { j.Quality = kinpict.Enhanced },
		"preview":  func(j *engine.Job) { j.Preview = true },
	} {
		j := job(find(t, "scrapbook"), 3)
		j.Photos, j.Aspect = photos, "210:297"
		change(j)
		r, err := New().plan(j)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.read(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.arrange()
		if err := r.cutOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = r
			continue
		}
		for i := range photos {
			if r.slots[i] != first.slots[i] || r.parts[i] != first.parts[i] {
				t.Errorf("%s: photo %d lies in %+v and shows %v, before %+v and %v", name, i+1, r.slots[i], r.parts[i], first.slots[i], first.parts[i])
			}
			a, b := r.figures[i], first.figures[i]
			if (a == nil) != (b == nil) || a != nil && !slices.Equal(a.alpha.P, b.alpha.P) {
				t.Errorf("%s: photo %d is cut out otherwise", name, i+1)
			}
		}
	}
}

func TestFigureThatLeavesItsSlotDoesNotFit(t *testing.T) {
	j := job(find(t, "scrapbook"), 1)
	j.Photos = []engine.Photo{someone(t, color.RGBA{70, 44, 30, 255}, color.RGBA{115, 160, 210, 255}, 1)}
	r, _ := arranged(t, j)
	f, err := r.figure(context.Background(), 0)
	if err != nil || f == nil || !f.fits() {
		t.Fatalf("a plain figure does not fit its slot: %v, %v", f, err)
	}
	w := f.shape.W
	f.shape.P[w/2] = 1
	if f.fits() {
		t.Error("a hat that goes on above the slot fits it")
	}
	f.shape.P[w/2] = 0
	for y := range f.shape.H / 2 {
		f.shape.P[y*w] = 1
	}
	if f.fits() {
		t.Error("hair that goes on beside the slot fits it")
	}
}

func TestPaintersStopWhereverTheyAre(t *testing.T) {
	for _, id := range []string{"keepsake", "scrapbook"} {
		j := job(find(t, id), 2)
		e := &Engine{short: 100}
		count := enginetest.NewPatience(1 << 40)
		if _, err := e.Draw(count, j); err != nil {
			t.Fatal(err)
		}
		asked := 1<<40 - count.Left()
		if asked < 100 {
			t.Errorf("%s asks %d times whether to go on, want often", id, asked)
		}
		for n := range int64(5) {
			p := enginetest.NewPatience(n * asked / 5)
			if pic, err := e.Draw(p, j); pic != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("%s cancelled after %d of %d: %v", id, n*asked/5, asked, err)
			}
		}
	}
}

func TestPaintedPicturesRepeat(t *testing.T) {
	for _, id := range []string{"keepsake", "scrapbook"} {
		e := &Engine{short: 160}
		_, a := draw(t, e, job(find(t, id), 3))
		if _, b := draw(t, e, job(find(t, id), 3)); !bytes.Equal(a, b) {
			t.Errorf("%s: the same job gave other bytes", id)
		}
		if s := find(t, id); s.Pace != "painted" {
			t.Errorf("%s has the pace %q", id, s.Pace)
		}
	}
}
