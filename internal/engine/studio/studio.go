// Package studio is the built-in engine: it composes a picture from the photos
// themselves. It finds faces, crops, grades, frames, cuts out, paints and
// decorates; it invents nobody, moves nobody into a scene, and uses no generative
// model. The same job with the same seed gives the same bytes.
//
// The rooms below it: raster and noise hold pixels, vector and lettering draw
// shapes and type, face finds faces, tone grades, layout places and crops,
// frame mounts, paint makes watercolours, cutout parts people from backgrounds,
// decor paints the page, theme reads the scenario's layout.
package studio

import (
	"context"
	"errors"
	"fmt"
	"image"
	"runtime/debug"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/face"
	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/theme"
	"kinpict/internal/scenario"
)

// Name is what the engine is called in settings and records.
const Name = "studio"

// Short sides of the pictures, in pixels, and the quality of their JPEG.
const (
	shortStandard = 1536
	shortEnhanced = 3072
	shortPreview  = 640
)

// Bounds of width to height a page can be laid out for.
const (
	narrowest = 0.5
	widest    = 2.0
)

// An Engine draws pictures. The zero value is ready.
type Engine struct {
	// short overrides the short side; tests set it to be quick.
	short int
}

// New returns the engine.
func New() *Engine { return &Engine{} }

// Info describes the engine. The pixels promised are those of a square, which
// has the fewest.
func (e *Engine) Info() engine.Info {
	square := func(short int) int {
		if e.short > 0 {
			short = e.short
		}
		return short * short
	}
	return engine.Info{
		Name:      Name,
		MaxPhotos: kinpict.MaxPhotos,
		Pixels:    map[string]int{kinpict.Standard: square(shortStandard), kinpict.Enhanced: square(shortEnhanced)},
		Timeout:   2 * time.Minute,
		Weight:    map[string]int{kinpict.Standard: 256, kinpict.Enhanced: 400},
		Verified:  "built in; every scenario is drawn by its tests",
	}
}

// Check reports nothing: the engine needs no network, key or quota.
func (e *Engine) Check(ctx context.Context) error { return ctx.Err() }

// Validate reports why the engine could not draw a scenario, in the words of
// its file.
func Validate(s *scenario.Scenario) error {
	if _, err := theme.Parse(&s.Layout); err != nil {
		return fmt.Errorf("scenario %s: %w", s.ID, err)
	}
	for _, a := range s.Aspects {
		if _, _, err := pageShape(a); err != nil {
			return fmt.Errorf("scenario %s: %w", s.ID, err)
		}
	}
	return nil
}

// Faces finds the faces in a picture, the surest first. It tells nobody apart.
func Faces(img image.Image) []kinpict.Face { return face.Find(img) }

// Turns tells the quarter turns, clockwise, that put a picture upright in which
// Faces found none, or 0.
func Turns(img image.Image) int { return face.Turns(raster.NewSource(img)) }

// Draw composes the picture. Faces of a photo that are given, even none, are
// taken as they are; where the list is nil they are looked for.
func (e *Engine) Draw(ctx context.Context, job *engine.Job) (pic *engine.Picture, err error) {
	defer func() {
		if r := recover(); r != nil {
			pic, err = nil, &engine.Error{Outcome: engine.Bad, Detail: fmt.Sprintf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	r, err := e.plan(job)
	if err != nil {
		return nil, &engine.Error{Outcome: engine.Bad, Detail: "the job cannot be drawn", Err: err}
	}
	data, err := r.draw(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &engine.Error{Outcome: engine.Bad, Detail: "drawing", Err: err}
	}
	return &engine.Picture{Data: data, ContentType: "image/jpeg", Width: r.width, Height: r.height}, nil
}

// plan checks the job and settles its measures.
func (e *Engine) plan(job *engine.Job) (*render, error) {
	if n := len(job.Photos); n < 1 || n > kinpict.MaxPhotos {
		return nil, fmt.Errorf("%d photos, want 1 to %d", n, kinpict.MaxPhotos)
	}
	if job.Scenario == nil {
		return nil, errors.New("no scenario")
	}
	th, err := theme.Parse(&job.Scenario.Layout)
	if err != nil {
		return nil, err
	}
	aspect := job.Aspect
	if aspect == "" && len(job.Scenario.Aspects) > 0 {
		aspect = job.Scenario.Aspects[0]
	}
	aw, ah, err := pageShape(aspect)
	if err != nil {
		return nil, err
	}
	r := &render{job: job, theme: th, short: shortStandard, source: judged, quality: 92}
	switch {
	case job.Preview:
		r.short, r.quality = shortPreview, 80
	case job.Quality == kinpict.Enhanced:
		r.short, r.source, r.quality, r.enhanced = shortEnhanced, 3000, 95, true
	case job.Quality != kinpict.Standard:
		return nil, fmt.Errorf("quality %q is not known", job.Quality)
	}
	if e.short > 0 {
		r.short = e.short
	}
	r.page = layout.NewPage(aw, ah)
	side := min(aw, ah)
	r.width, r.height = (r.short*aw+side/2)/side, (r.short*ah+side/2)/side
	return r, nil
}

// pageShape reads an aspect and refuses pages too long to be laid out.
func pageShape(a kinpict.Aspect) (w, h int, err error) {
	if w, h, err = a.Ratio(); err != nil {
		return 0, 0, err
	}
	if q := float64(w) / float64(h); q < narrowest || q > widest {
		return 0, 0, fmt.Errorf("aspect %s is not between 1:2 and 2:1", a)
	}
	return w, h, nil
}
