package studio

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"

	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/decor"
	"kinpict/internal/engine/studio/frame"
	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/theme"
	"kinpict/internal/engine/studio/tone"
)

// previewMark is written across a guest's preview.
const previewMark = "Kinpict preview"

// harmony is how far photos are pulled towards their common tone.
const harmony = 0.35

// A render is one job being drawn.
type render struct {
	job           *engine.Job
	theme         *theme.Theme
	width, height int
	page          layout.Page // by the aspect, so that it is the same in every size
	short         int         // pixels of the short side
	source        int         // long side to which photos are reduced
	quality       int         // of the JPEG
	enhanced      bool

	photos  []*photo
	slots   []layout.Slot
	styles  []*frame.Style
	parts   []raster.Rect                     // of each photo, what shows
	figures []*figure                         // of each photo, the person cut out; nil for the others
	looks   []func(raster.Color) raster.Color // of each photo, tone and grade
}

func (r *render) step(s string) {
	if r.job.Progress != nil {
		r.job.Progress(s)
	}
}

func (r *render) draw(ctx context.Context) ([]byte, error) {
	r.step("reading_photos")
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	r.step("composing")
	unit := float64(r.short) / 1000
	r.arrange()
	if err := r.cutOut(ctx); err != nil {
		return nil, err
	}
	r.measure()
	c := r.canvas(unit)
	for i, l := range r.theme.Layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if l.Kind != decor.Photos {
			c.Draw(l, i)
			continue
		}
		if err := r.mount(ctx, c); err != nil {
			return nil, err
		}
		c.Clear = append(c.Clear, r.names(true)...)
	}
	r.step("finishing")
	c.Finish(r.theme.Finish)
	if r.job.Preview {
		c.Mark(previewMark)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return encode(c.Image, r.quality)
}

// read decodes the photos, two at a time, because a decoded one is large.
func (r *render) read(ctx context.Context) error {
	r.photos = make([]*photo, len(r.job.Photos))
	errs := make([]error, len(r.photos))
	var wg sync.WaitGroup
	free := make(chan struct{}, 2)
	for i, in := range r.job.Photos {
		free <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Add(1)
		go func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
				<-free
				wg.Done()
			}()
			r.photos[i], errs[i] = read(in, r.source)
		}()
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("photo %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *render) arrange() {
	subjects := make([]*layout.Subject, len(r.photos))
	for i, p := range r.photos {
		subjects[i] = p.subject
	}
	opening := func(s layout.Slot) (w, h, dx, dy float64) {
		return r.theme.Styles[s.Style].For(s).Opening(s.W, s.H)
	}
	r.slots = r.theme.Photos.Arrange(r.page, subjects, uint64(r.job.Seed), opening)
	for i, s := range r.slots {
		st := r.theme.Styles[s.Style].For(s)
		head := st.Head
		if head == 0 {
			head = r.theme.Photos.Head
		}
		w, h, _, _ := opening(s)
		r.styles = append(r.styles, st)
		r.parts = append(r.parts, subjects[i].Crop(w/h, head, s.Cover))
	}
}

// measure settles the tone of every photo from small copies, so that the large
// ones can be made one at a time.
func (r *render) measure() {
	stats := make([]tone.Stats, len(r.photos))
	for i, p := range r.photos {
		small := p.small(r.parts[i], 220)
		auto := r.theme.Grade.Auto
		if p.mono {
			auto /= 2
		}
		look := tone.Auto(small, auto)
		small.Map(look)
		r.looks = append(r.looks, look)
		p.judge = nil
		stats[i] = tone.Measure(small)
	}
	set, grade := tone.Average(stats), r.theme.Grade.Map()
	for i, auto := range r.looks {
		harmonise := tone.Harmonise(stats[i], set, harmony)
		r.looks[i] = func(c raster.Color) raster.Color { return grade(harmonise(auto(c))) }
	}
}

// keep are the faces as they will lie on the page, with room around them.
func (r *render) keep() []raster.Rect {
	var out []raster.Rect
	for i, s := range r.slots {
		w, h, dx, dy := r.styles[i].Opening(s.W, s.H)
		part := r.parts[i]
		kx, ky := w/part.W(), h/part.H()
		sn, cs := math.Sincos(s.Deg * math.Pi / 180)
		for _, f := range r.photos[i].subject.Faces {
			lx, ly := dx-w/2+(f.X-part.X0)*kx, dy-h/2+(f.Y-part.Y0)*ky
			x, y := s.X+cs*lx-sn*ly, s.Y+sn*lx+cs*ly
			a, b := 0.62*f.S*kx, 0.75*f.S*ky
			out = append(out, raster.Rect{X0: x - a, Y0: y - b, X1: x + a, Y1: y + b})
		}
	}
	return out
}

// canvas is the empty page, with what decoration must stay off.
func (r *render) canvas(unit float64) *decor.Canvas {
	texts := r.texts()
	return &decor.Canvas{
		Image: raster.New(r.width, r.height), Page: r.page, Unit: unit, Seed: uint64(r.job.Seed), Keep: r.keep(),
		Clear: append(decor.Lines(r.theme.Layers, r.page, texts), r.names(false)...), Shapes: r.theme.Shapes, Texts: texts,
	}
}

// texts are the title and the subtitle: a person's own, or else the scenario's.
func (r *render) texts() map[string]string {
	title, subtitle := titles(r.job.Instruction)
	if title == "" {
		title, subtitle = r.theme.Text.Title, first(subtitle, r.theme.Text.Subtitle)
	}
	return map[string]string{"title": title, "subtitle": subtitle}
}

// names are the places of the names beside the photos, with room around them:
// of those on a ribbon, which hides what was drawn before it, or of the others.
func (r *render) names(ribbon bool) []raster.Rect {
	var out []raster.Rect
	for i, s := range r.slots {
		if l := r.styles[i].Label; l != nil && (l.Plate != nil) == ribbon {
			if b := l.Box(r.photos[i].label, s, decor.Room); b.W() > 0 {
				out = append(out, b)
			}
		}
	}
	return out
}

// mount finishes and frames the photos one after another, the large ones
// first, so that small ones lie on top.
func (r *render) mount(ctx context.Context, c *decor.Canvas) error {
	m := frame.Mount{Page: c.Image, Unit: c.Unit, Seed: uint32(c.Seed)}
	order := make([]int, 0, len(r.slots))
	for small := range 2 {
		for i, s := range r.slots {
			if (s.Cover == 0) == (small == 1) {
				order = append(order, i)
			}
		}
	}
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.figures[i] != nil {
			r.sticker(&m, i)
			continue
		}
		pic, err := r.finished(ctx, i, c.Unit)
		if err != nil {
			return err
		}
		m.Draw(r.slots[i], r.styles[i], pic, i)
		r.photos[i].source = nil // a large photo is memory the next one can use
	}
	for i, s := range r.slots {
		if l := r.styles[i].Label; l != nil {
			m.Label(r.photos[i].label, s, l)
		}
	}
	return nil
}

// picture is photo i, cropped to its slot and graded.
func (r *render) picture(i int, unit float64) *raster.Image {
	s, p := r.slots[i], r.photos[i]
	ow, oh, _, _ := r.styles[i].Opening(s.W, s.H)
	k := unit
	if s.Deg != 0 {
		k *= 1.2 // turning costs sharpness
	}
	w, h := max(4, int(ow*k+0.5)), max(4, int(oh*k+0.5))
	part := p.drawn(r.parts[i])
	pic := p.source.Crop(part, w, h)
	faces := p.faces(r.parts[i], w, h)
	before := tone.Skin(pic, faces)
	amount := float32(0.35)
	if r.enhanced {
		tone.Finish(pic, faces, float64(w)/part.W())
		amount = 0.2 // Finish has sharpened already, against the grain
	}
	pic.Map(tone.Guard(r.looks[i], tone.Skin(pic, faces), tone.Luma(before, tone.Same), p.most))
	tone.Sharpen(pic, 0.9*math.Max(1, k*0.55), amount, 0.004, 0.02)
	return pic
}

var quoted = regexp.MustCompile(`"([^"\n]{0,80})"|“([^“”\n]{0,80})”|„([^„“”\n]{0,80})[“”]|«([^«»\n]{0,80})»`)

// titles are the first two strings in double quotes of an instruction.
func titles(instruction string) (title, subtitle string) {
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(instruction, -1) {
		if s := strings.TrimSpace(strings.Join(m[1:], "")); s != "" {
			out = append(out, s)
		}
	}
	out = append(out, "", "")
	return out[0], out[1]
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
