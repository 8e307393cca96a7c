package openai

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"kinpict"
	"kinpict/internal/engine"
)

// A form is a multipart body held as pieces, so that the photos are not copied
// once more for every attempt.
type form struct {
	pieces [][]byte
	typ    string
}

// form lays the job out as the edits call wants it: the photos as repeated
// parts image[], then one text part a setting.
func (e *Engine) form(job *engine.Job) (form, error) {
	w, h, err := size(job.Aspect, e.cfg.Pixels[job.Quality], e.cfg.Dialect != engine.SDCpp)
	if err != nil {
		return form{}, &engine.Error{Outcome: engine.Bad, Detail: "no size for this aspect", Err: err}
	}
	var f form
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	cut := func() {
		f.pieces = append(f.pieces, bytes.Clone(b.Bytes()))
		b.Reset()
	}
	for i, p := range job.Photos {
		head := textproto.MIMEHeader{}
		head.Set("Content-Disposition", fmt.Sprintf(`form-data; name="image[]"; filename="image-%d.jpg"`, i+1))
		head.Set("Content-Type", "image/jpeg")
		if _, err := mw.CreatePart(head); err != nil {
			return form{}, &engine.Error{Outcome: engine.Bad, Detail: "the form cannot be built", Err: err}
		}
		cut()
		f.pieces = append(f.pieces, p.JPEG)
	}
	fields := [][2]string{
		{"model", e.cfg.Model},
		{"n", "1"},
		{"output_compression", "95"},
		{"output_format", "jpeg"},
		{"prompt", engine.Prompt(job, e.cfg.Dialect)},
		{"quality", e.cfg.Effort[job.Quality]},
		{"size", fmt.Sprintf("%dx%d", w, h)},
	}
	if e.cfg.SafetyIdentifier != nil {
		fields = append(fields, [2]string{"safety_identifier", e.cfg.SafetyIdentifier(job)})
	}
	for _, kv := range fields {
		if kv[1] == "" {
			continue
		}
		if err := mw.WriteField(kv[0], kv[1]); err != nil {
			return form{}, &engine.Error{Outcome: engine.Bad, Detail: "the form cannot be built", Err: err}
		}
	}
	if err := mw.Close(); err != nil {
		return form{}, &engine.Error{Outcome: engine.Bad, Detail: "the form cannot be built", Err: err}
	}
	cut()
	f.typ = mw.FormDataContentType()
	return f, nil
}

// attach makes f the body of req. GetBody lets the transport replace a
// connection that died idle, before a single byte went out on it.
func (f form) attach(req *http.Request) {
	req.Header.Set("Content-Type", f.typ)
	req.ContentLength = 0
	for _, p := range f.pieces {
		req.ContentLength += int64(len(p))
	}
	req.GetBody = func() (io.ReadCloser, error) {
		rs := make([]io.Reader, len(f.pieces))
		for i, p := range f.pieces {
			rs[i] = bytes.NewReader(p)
		}
		return io.NopCloser(io.MultiReader(rs...)), nil
	}
	req.Body, _ = req.GetBody() // never fails: the pieces are in memory
}

// Bounds of a size, from the OpenAI documentation of models with free sizes
// (November 2026): sides in whole sixteens, 1:3 to 3:1, longest side under
// 3840, 655,360 to 8,294,400 pixels. Only the first two are asked of a
// stable-diffusion.cpp server.
const (
	grid      = 16
	maxRatio  = 3
	maxSide   = 3824
	minPixels = 655_360
	maxPixels = 8_294_400
	// sizeBand is how far from the wanted number of pixels a size may lie, in
	// percent, to meet the aspect exactly.
	sizeBand = 15
)

// size is the width and height nearest to the aspect, and among those nearest
// to want pixels, that the vendor accepts.
func size(a kinpict.Aspect, want int, vendor bool) (w, h int, err error) {
	aw, ah, err := a.Ratio()
	if err != nil {
		return 0, 0, err
	}
	if aw > maxRatio*ah || ah > maxRatio*aw {
		return 0, 0, fmt.Errorf("%s is longer than %d:1", a, maxRatio)
	}
	low, high := want*(100-sizeBand)/100, want*(100+sizeBand)/100
	if vendor {
		low, high = max(low, minPixels), min(high, maxPixels)
	}
	bestOff, bestMiss := 1e9, 0
	for x := grid; x <= maxSide; x += grid {
		near := (x*ah/aw + grid/2) / grid * grid
		for _, y := range []int{near - grid, near, near + grid} {
			n := x * y
			if y < grid || y > maxSide || n < low || n > high || x > maxRatio*y || y > maxRatio*x {
				continue
			}
			off := float64(x*ah) / float64(y*aw)
			if off < 1 {
				off = 1 / off
			}
			miss := max(n-want, want-n)
			if off < bestOff || off == bestOff && miss < bestMiss {
				bestOff, bestMiss, w, h = off, miss, x, y
			}
		}
	}
	if w == 0 {
		return 0, 0, fmt.Errorf("no size of %s has about %d pixels", a, want)
	}
	return w, h, nil
}
