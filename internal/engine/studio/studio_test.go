package studio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/enginetest"
	"kinpict/internal/engine/studio/face/facetest"
	"kinpict/internal/scenario"
	"kinpict/internal/srgb"
)

// drawn is a JPEG of a drawn person, no two alike, and where its face is.
var drawn = sync.OnceValue(func() []engine.Photo {
	skins := []color.RGBA{{236, 200, 178, 255}, {120, 80, 60, 255}, {200, 150, 115, 255}, {70, 46, 38, 255}}
	sizes := [][2]int{{300, 400}, {400, 300}, {320, 320}, {520, 260}}
	var out []engine.Photo
	for i := range kinpict.MaxPhotos {
		w, h := sizes[i%4][0], sizes[i%4][1]
		m := image.NewRGBA(image.Rect(0, 0, w, h))
		cx, cy, r := float64(w)*(0.4+0.03*float64(i)), float64(h)*0.42, float64(min(w, h))*0.2
		for y := range h {
			for x := range w {
				c := color.RGBA{uint8(60 + 20*i + x/8), uint8(120 + y/6), uint8(200 - 18*i), 255}
				u, v := (float64(x)-cx)/r, (float64(y)-cy)/r
				switch {
				case math.Hypot(u/0.9, v/1.2) < 1:
					c = skins[i%4]
					if math.Hypot(math.Abs(u)-0.35, v+0.15) < 0.12 || math.Hypot(u/0.4, (v-0.55)/0.1) < 1 {
						c = color.RGBA{40, 20, 20, 255}
					}
				case v > 1 && math.Abs(u) < 1.8:
					c = color.RGBA{uint8(30 * i), 60, uint8(220 - 20*i), 255}
				}
				m.SetRGBA(x, y, c)
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			panic(err)
		}
		out = append(out, engine.Photo{JPEG: b.Bytes(), Label: []string{"Ann", "", "Łukasz", "Grandma Rose"}[i%4],
			Faces: []kinpict.Face{{X: cx / float64(w), Y: cy / float64(h), Size: 2.1 * r / float64(min(w, h)), Score: 50}}})
	}
	return out
})

func job(s *scenario.Scenario, photos int) *engine.Job {
	return &engine.Job{ID: "gen_test", Attempt: 1, Scenario: s, Quality: kinpict.Standard, Seed: 7, Photos: drawn()[:photos]}
}

func find(t *testing.T, id string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Builtin().Scenario(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// draw decodes the picture and holds it to what the engine said about it.
func draw(t *testing.T, e *Engine, j *engine.Job) (image.Image, []byte) {
	t.Helper()
	p, err := e.Draw(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	m, kind, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil || "image/"+kind != p.ContentType || m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height {
		t.Fatalf("a %s of %v was announced as %s of %dx%d, %v", kind, m.Bounds(), p.ContentType, p.Width, p.Height, err)
	}
	return m, p.Data
}

func TestEveryScenarioDrawsAnyNumberOfPhotos(t *testing.T) {
	e := &Engine{short: 128}
	for _, s := range scenario.Builtin().All() {
		if err := Validate(s); err != nil {
			t.Error(err)
			continue
		}
		for n := 1; n <= kinpict.MaxPhotos; n++ {
			j := job(s, n)
			j.Aspect = s.Aspects[n%len(s.Aspects)]
			m, _ := draw(t, e, j)
			w, h, _ := j.Aspect.Ratio()
			if d := float64(m.Bounds().Dx())/float64(m.Bounds().Dy()) - float64(w)/float64(h); math.Abs(d) > 0.01 {
				t.Errorf("%s, %d photos: %v is not %s", s.ID, n, m.Bounds(), j.Aspect)
			}
		}
	}
}

func TestEveryAspectOfEveryScenario(t *testing.T) {
	e := &Engine{short: 128}
	for _, s := range scenario.Builtin().All() {
		for _, want := range []kinpict.Aspect{"4:5", "1:1", "3:2", "5:7"} {
			if !slices.Contains(s.Aspects, want) {
				t.Errorf("%s does not come in %s", s.ID, want)
			}
		}
		for _, a := range s.Aspects {
			j := job(s, 3)
			j.Aspect = a
			draw(t, e, j)
		}
	}
}

func TestSameJobSameBytes(t *testing.T) {
	e := &Engine{short: 200}
	s := find(t, "autumn")
	_, a := draw(t, e, job(s, 3))
	_, b := draw(t, e, job(s, 3))
	if !bytes.Equal(a, b) {
		t.Error("the same job gave other bytes")
	}
	other := job(s, 3)
	other.Seed++
	if _, c := draw(t, e, other); bytes.Equal(a, c) {
		t.Error("another seed gave the same bytes")
	}
}

func TestQualities(t *testing.T) {
	s := find(t, "portrait-wall")
	e := &Engine{short: 200}
	standard, enhanced := job(s, 2), job(s, 2)
	enhanced.Quality = kinpict.Enhanced
	_, a := draw(t, e, standard)
	_, b := draw(t, e, enhanced)
	if bytes.Equal(a, b) {
		t.Error("at the same size the enhanced picture is the standard one")
	}
	for quality, pixels := range New().Info().Pixels {
		for _, a := range s.Aspects {
			j := job(s, 1)
			j.Quality, j.Aspect = quality, a
			r, err := New().plan(j)
			if err != nil {
				t.Fatal(err)
			}
			if r.width*r.height < pixels || min(r.width, r.height) != map[string]int{"standard": 1536, "enhanced": 3072}[quality] {
				t.Errorf("%s in %s is %dx%d, promised %d pixels", quality, a, r.width, r.height, pixels)
			}
		}
	}
}

func TestPictureSaysItsColoursAndHowLargeItPrints(t *testing.T) {
	_, b := draw(t, &Engine{short: 100}, job(find(t, "gallery"), 1))
	want := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 2, 1, 1, 44, 1, 44, 0, 0}
	if !bytes.HasPrefix(b, want) {
		t.Errorf("the file begins % x, want a JFIF header of 300 dots an inch", b[:20])
	}
	if !bytes.Contains(b, append([]byte("ICC_PROFILE\x00\x01\x01"), srgb.Profile()...)) {
		t.Error("the file has no profile of sRGB")
	}
}

func TestPreviewIsSmallMarkedAndTheSameComposition(t *testing.T) {
	s := find(t, "gallery")
	j := job(s, 2)
	plain, _ := draw(t, &Engine{short: 640}, j)
	p := job(s, 2)
	p.Preview = true
	p.Quality = kinpict.Enhanced // a preview costs nothing and gains nothing by it
	marked, _ := draw(t, New(), p)
	if marked.Bounds() != image.Rect(0, 0, 640, 800) {
		t.Fatalf("a preview is %v, want 640x800", marked.Bounds())
	}
	differ := 0
	for y := range 800 {
		for x := range 640 {
			a, b := color.GrayModel.Convert(plain.At(x, y)).(color.Gray).Y, color.GrayModel.Convert(marked.At(x, y)).(color.Gray).Y
			if max(a, b)-min(a, b) > 24 {
				differ++
			}
		}
	}
	if share := float64(differ) / (640 * 800); share < 0.015 || share > 0.2 {
		t.Errorf("the mark changes %.3f of the picture", share)
	}
}

func TestBadJobsAreFinal(t *testing.T) {
	s := find(t, "gallery")
	for name, change := range map[string]func(*engine.Job){
		"no photos":          func(j *engine.Job) { j.Photos = nil },
		"nine photos":        func(j *engine.Job) { j.Photos = slices.Repeat(drawn()[:1], 9) },
		"no scenario":        func(j *engine.Job) { j.Scenario = nil },
		"a broken photo":     func(j *engine.Job) { j.Photos = []engine.Photo{{JPEG: j.Photos[0].JPEG[:900]}} },
		"a quality unknown":  func(j *engine.Job) { j.Quality = "golden" },
		"a page like a tape": func(j *engine.Job) { j.Aspect = "9:1" },
		"no aspect at all":   func(j *engine.Job) { j.Aspect = "big" },
	} {
		j := job(s, 2)
		change(j)
		p, err := (&Engine{short: 128}).Draw(context.Background(), j)
		if p != nil || err == nil || engine.OutcomeOf(err) != engine.Bad {
			t.Errorf("%s: %v, want a final error", name, err)
		}
	}
}

func TestPanicBecomesAnError(t *testing.T) {
	j := job(find(t, "gallery"), 1)
	j.Progress = func(string) { panic("of the caller") }
	p, err := (&Engine{short: 128}).Draw(context.Background(), j)
	var e *engine.Error
	if p != nil || !errors.As(err, &e) || e.Outcome != engine.Bad || !strings.Contains(e.Detail, "of the caller") {
		t.Errorf("got %v, want a final error with the panic", err)
	}
}

func TestDrawStopsWhenItIsCancelled(t *testing.T) {
	for _, at := range []string{"reading_photos", "composing", "finishing"} {
		ctx, cancel := context.WithCancel(context.Background())
		j := job(find(t, "autumn"), 3)
		var after []string
		j.Progress = func(step string) {
			if ctx.Err() != nil {
				after = append(after, step)
			}
			if step == at {
				cancel()
			}
		}
		p, err := (&Engine{short: 128}).Draw(ctx, j)
		if p != nil || !errors.Is(err, context.Canceled) || len(after) > 1 {
			t.Errorf("cancelled while %s: %v, and went on with %v", at, err, after)
		}
		cancel()
	}
}

func TestStepsAreTold(t *testing.T) {
	j := job(find(t, "gallery"), 1)
	var got []string
	j.Progress = func(s string) { got = append(got, s) }
	draw(t, &Engine{short: 100}, j)
	if !slices.Equal(got, kinpict.Steps[1:4]) {
		t.Errorf("steps were %v, want %v", got, kinpict.Steps[1:4])
	}
}

func TestConcurrentJobsAreAlone(t *testing.T) {
	e := &Engine{short: 100}
	s := find(t, "holiday")
	_, want := draw(t, e, job(s, 2))
	got := make([][]byte, 4)
	var wg sync.WaitGroup
	for i := range got {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if p, err := e.Draw(context.Background(), job(s, 2)); err == nil {
				got[i] = p.Data
			}
		}()
	}
	wg.Wait()
	for i, b := range got {
		if !bytes.Equal(b, want) {
			t.Errorf("job %d of four at once came out differently", i+1)
		}
	}
}

func TestGivenFacesAreTakenAsTheyAre(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, facetest.Drawing(400, 400, 200, 190, 170), nil); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		given []kinpict.Face
		want  int
	}{
		"not looked for yet": {nil, 1},
		"known to have none": {[]kinpict.Face{}, 0},
		"known to have two":  {[]kinpict.Face{{X: 0.2, Y: 0.3, Size: 0.2}, {X: 0.8, Y: 0.3, Size: 0.2}}, 2},
		"given nonsense":     {[]kinpict.Face{{X: 7, Y: 0.5, Size: 0.2}, {X: -0.1, Y: 0.5, Size: 0.2}, {X: 0.5, Y: math.NaN(), Size: 0.2}, {X: 0.5, Y: 0.5, Size: -1}}, 0},
	} {
		p, err := read(engine.Photo{JPEG: b.Bytes(), Faces: tt.given}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.subject.Faces); got != tt.want {
			t.Errorf("%s: %d faces, want %d", name, got, tt.want)
		}
	}
}

func TestTitles(t *testing.T) {
	for _, tt := range []struct{ in, title, subtitle string }{
		{``, "", ""},
		{`please make it warm`, "", ""},
		{`"The Okoro Family"`, "The Okoro Family", ""},
		{`call it "The Okoros" and below "Lagos and Leeds", with "love"`, "The Okoros", "Lagos and Leeds"},
		{`“Grandma’s garden” and „Sommer“`, "Grandma’s garden", "Sommer"},
		{`« La famille »`, "La famille", ""},
		{`a 5" by 7" print`, "by 7", ""},
		{`an open " quote`, "", ""},
		{`"" "kept"`, "kept", ""},
	} {
		if a, b := titles(tt.in); a != tt.title || b != tt.subtitle {
			t.Errorf("%s gives %q and %q, want %q and %q", tt.in, a, b, tt.title, tt.subtitle)
		}
	}
}

func TestThemeRefuses(t *testing.T) {
	good := find(t, "gallery")
	for name, change := range map[string][2]string{
		"an unknown field":       {"vignette:", "vinyet:"},
		"an unknown kind":        {"kind: plaster", "kind: marble"},
		"a style that is none":   {"styles: [gold, black, oak]", "styles: [gold, silver]"},
		"a colour that is none":  {"#26221f", "blackish"},
		"a grade out of bounds":  {"contrast: 0.05", "contrast: 50"},
		"no photos on the page":  {"kind: photos", "kind: plaster"},
		"a finish out of bounds": {"grain: 0.014", "grain: 14"},
		"an area off the sheet":  {"area: [84, 84, 832, 968]", "area: [84, 84, 832, 9680]"},
	} {
		text, err := yaml.Marshal(&good.Layout)
		if err != nil {
			t.Fatal(err)
		}
		old, now := change[0], change[1]
		if !strings.Contains(string(text), old) {
			t.Fatalf("%s: the scenario has no %q", name, old)
		}
		s := *good
		if err := yaml.Unmarshal([]byte(strings.Replace(string(text), old, now, 1)), &s.Layout); err != nil {
			t.Fatal(err)
		}
		if err := Validate(&s); err == nil || !strings.Contains(err.Error(), "gallery") {
			t.Errorf("%s: %v, want an error that names the scenario", name, err)
		}
	}
}

func TestConforms(t *testing.T) {
	enginetest.Conform(t, enginetest.Subject{Engine: &Engine{short: 160}, Scenario: find(t, "gallery"), Deterministic: true})
}

func TestInfoPromisesNoModel(t *testing.T) {
	i := New().Info()
	if i.Name != "studio" || i.Generative || i.MaxPhotos != kinpict.MaxPhotos || i.Timeout <= 0 {
		t.Errorf("info is %+v", i)
	}
	if err := New().Check(context.Background()); err != nil {
		t.Error(err)
	}
}

var _ engine.Engine = New()

func ExampleFaces() {
	fmt.Println(len(Faces(image.NewGray(image.Rect(0, 0, 200, 200)))))
	// Output: 0
}
