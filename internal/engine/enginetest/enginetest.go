// Package enginetest is what every engine must do, as one suite: draw what was
// asked for, stop when told, leave the job alone, bear parallel calls, and name
// its errors. An engine's own tests call Conform beside their tables of faults.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // results may be PNG
	"reflect"
	"sync"
	"testing"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
)

// A Subject is an engine under test and what the suite must know about it.
type Subject struct {
	Engine engine.Engine
	// Scenario is drawn in every case. Nil is enough for engines that read
	// only its words; the built-in engine needs one with a layout.
	Scenario *scenario.Scenario
	// Aspects are tried in turn. Nil means 4:5, 1:1 and 3:2.
	Aspects []kinpict.Aspect
	// Deterministic engines answer equal jobs with equal bytes.
	Deterministic bool
	// Hold makes the next Draw wait for ever once it is under way and tells
	// when it got there. Nil: the suite cancels from Progress instead, so the
	// engine must report at least one step.
	Hold func(t *testing.T) (reached <-chan struct{})
}

// Conform runs the suite. Run it once with -race.
func Conform(t *testing.T, s Subject) {
	if s.Aspects == nil {
		s.Aspects = []kinpict.Aspect{"4:5", "1:1", "3:2"}
	}
	t.Run("declares itself", s.declares)
	t.Run("draws what was asked for", s.draws)
	t.Run("stops before it starts", s.stopsBefore)
	t.Run("stops under way", s.stopsUnderWay)
	t.Run("leaves the job alone", s.leavesJob)
	t.Run("bears parallel calls", s.parallel)
	t.Run("names what it cannot draw", s.refusesNonsense)
	if s.Deterministic {
		t.Run("draws the same twice", s.repeats)
	}
}

// Job is a valid job of two drawn photos, different on every call with another n.
func (s Subject) Job(n int) *engine.Job {
	sc := s.Scenario
	if sc == nil {
		sc = &scenario.Scenario{ID: "garden", Version: 1, Title: "In the garden", MinPhotos: 1, MaxPhotos: 8,
			Aspects: []kinpict.Aspect{"4:5"}, Prompt: "A family in a sunny garden, late afternoon."}
	}
	return &engine.Job{
		ID: fmt.Sprintf("gen_%035d", n), Attempt: 1, Scenario: sc,
		Quality: kinpict.Standard, Aspect: "4:5", Instruction: "Bright and calm.", Seed: int64(n) + 1,
		Photos: []engine.Photo{
			{JPEG: Photo(600, 800, uint8(40*n)), Role: "parent", Label: "Ann", Faces: []kinpict.Face{{X: .5, Y: .4, Size: .4, Score: .9}}},
			{JPEG: Photo(800, 600, uint8(40*n+90)), Role: "child", Label: "Ben", Faces: []kinpict.Face{{X: .5, Y: .4, Size: .4, Score: .9}}},
		},
	}
}

// Photo draws a stand-in for a portrait, a pale oval on a ramp of one hue, and
// returns it as JPEG. Equal arguments give equal bytes.
func Photo(w, h int, hue uint8) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{hue, uint8(200 * y / h), uint8(200 * x / w), 255}
			dx, dy := float64(x)/float64(w)-.5, float64(y)/float64(h)-.4
			if dx*dx*9+dy*dy*6 < .35 {
				c = color.RGBA{232, 200 - hue/8, 176, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		panic("enginetest: " + err.Error()) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}

func (s Subject) declares(t *testing.T) {
	info := s.Engine.Info()
	if info.Name == "" || info.Verified == "" {
		t.Errorf("name %q, verified %q: both must say something", info.Name, info.Verified)
	}
	if info.MaxPhotos < 1 {
		t.Errorf("takes %d photos, want at least 1", info.MaxPhotos)
	}
	if info.Timeout <= 0 {
		t.Errorf("an attempt may take %v, want a bound", info.Timeout)
	}
	for q := range info.Pixels {
		if q != kinpict.Standard && q != kinpict.Enhanced {
			t.Errorf("promises pixels for %q, which is no quality", q)
		}
	}
}

func (s Subject) draws(t *testing.T) {
	for _, q := range []string{kinpict.Standard, kinpict.Enhanced} {
		for i, a := range s.Aspects {
			t.Run(fmt.Sprintf("%s %s", q, a), func(t *testing.T) {
				job := s.Job(i)
				job.Quality, job.Aspect = q, a
				pic, err := s.Engine.Draw(t.Context(), job)
				if err != nil {
					t.Fatalf("draw: %v", err)
				}
				s.looksRight(t, job, pic)
			})
		}
	}
}

func (s Subject) looksRight(t *testing.T, job *engine.Job, pic *engine.Picture) {
	t.Helper()
	m, format, err := image.Decode(bytes.NewReader(pic.Data))
	if err != nil {
		t.Fatalf("the picture does not decode: %v", err)
	}
	if got := "image/" + format; got != pic.ContentType {
		t.Errorf("content type %s, the bytes are %s", pic.ContentType, got)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if w != pic.Width || h != pic.Height {
		t.Errorf("said %dx%d, drew %dx%d", pic.Width, pic.Height, w, h)
	}
	aw, ah, err := job.Aspect.Ratio()
	if err != nil {
		t.Fatal(err)
	}
	if r := float64(w*ah) / float64(h*aw); r < .98 || r > 1.02 {
		t.Errorf("%dx%d is %.1f %% off %s", w, h, 100*(r-1), job.Aspect)
	}
	if want := s.Engine.Info().Pixels[job.Quality]; w*h < want {
		t.Errorf("%dx%d is %d pixels, promised %d", w, h, w*h, want)
	}
}

// stopped reports errors that are not the context's.
func stopped(t *testing.T, pic *engine.Picture, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("drew after being told to stop: picture %v, error %v; want context.Canceled", pic != nil, err)
	}
}

func (s Subject) stopsBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pic, err := s.Engine.Draw(ctx, s.Job(0))
	stopped(t, pic, err)
}

func (s Subject) stopsUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	job := s.Job(0)
	if s.Hold == nil {
		job.Progress = func(string) { cancel() }
		pic, err := s.Engine.Draw(ctx, job)
		if ctx.Err() == nil {
			t.Fatal("reported no step, so it could not be told to stop; set Subject.Hold or call job.Progress")
		}
		stopped(t, pic, err)
		return
	}
	reached := s.Hold(t)
	type result struct {
		pic *engine.Picture
		err error
	}
	done := make(chan result, 1)
	go func() {
		pic, err := s.Engine.Draw(ctx, job)
		done <- result{pic, err}
	}()
	select {
	case <-reached:
	case r := <-done:
		t.Fatalf("came back before it was held: %v", r.err)
	}
	cancel()
	r := <-done
	stopped(t, r.pic, r.err)
}

// clone copies what an engine could write to.
func clone(job *engine.Job) *engine.Job {
	c := *job
	sc := *job.Scenario
	sc.Aspects = append([]kinpict.Aspect(nil), sc.Aspects...)
	c.Scenario = &sc
	c.Photos = nil
	for _, p := range job.Photos {
		p.JPEG = bytes.Clone(p.JPEG)
		p.Faces = append([]kinpict.Face(nil), p.Faces...)
		c.Photos = append(c.Photos, p)
	}
	return &c
}

func (s Subject) leavesJob(t *testing.T) {
	job := s.Job(2)
	before := clone(job)
	if _, err := s.Engine.Draw(t.Context(), job); err != nil {
		t.Fatalf("draw: %v", err)
	}
	if !reflect.DeepEqual(before, job) {
		t.Error("the job is not what it was before drawing")
	}
}

func (s Subject) parallel(t *testing.T) {
	shared := s.Job(3)
	var wg sync.WaitGroup
	for i := range 4 {
		job := shared
		if i%2 == 1 {
			job = s.Job(i)
		}
		wg.Go(func() {
			pic, err := s.Engine.Draw(t.Context(), job)
			if err != nil {
				t.Errorf("call %d: %v", i, err)
				return
			}
			s.looksRight(t, job, pic)
		})
	}
	wg.Wait()
}

func (s Subject) refusesNonsense(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*engine.Job)
	}{
		{"unknown quality", func(j *engine.Job) { j.Quality = "ultra" }},
		{"no quality", func(j *engine.Job) { j.Quality = "" }},
		{"aspect that is none", func(j *engine.Job) { j.Aspect = "wide" }},
		{"aspect of zero", func(j *engine.Job) { j.Aspect = "4:0" }},
		{"no photos", func(j *engine.Job) { j.Photos = nil }},
		{"too many photos", func(j *engine.Job) {
			for len(j.Photos) <= s.Engine.Info().MaxPhotos {
				j.Photos = append(j.Photos, j.Photos[0])
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job := s.Job(0)
			tt.spoil(job)
			_, err := s.Engine.Draw(t.Context(), job)
			var e *engine.Error
			if !errors.As(err, &e) || e.Outcome != engine.Bad {
				t.Errorf("got %v, want an *engine.Error with outcome bad", err)
			}
		})
	}
}

func (s Subject) repeats(t *testing.T) {
	var first []byte
	for i := range 2 {
		pic, err := s.Engine.Draw(t.Context(), s.Job(1))
		if err != nil {
			t.Fatalf("draw %d: %v", i+1, err)
		}
		if i == 0 {
			first = pic.Data
		} else if !bytes.Equal(first, pic.Data) {
			t.Errorf("equal jobs gave %d and %d different bytes", len(first), len(pic.Data))
		}
	}
}
