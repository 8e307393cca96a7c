package generation

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"kinpict"
	"kinpict/internal/print"
)

// rendering is how many derived files are made at once in this process: each
// holds a decoded picture in memory.
const rendering = 2

// waiting is how many more may wait for that; the others are told to come back.
const waiting = 32

// A Form is how a picture is asked for. The zero value is the picture as it was
// made, byte for byte.
type Form struct {
	// Size is the longer side in pixels, never more than there are; 0: all.
	Size int
	// Format is "jpeg", "png", or "" for the one it was made in.
	Format string
}

// A Rendition is a file of a picture, not made before it is opened.
type Rendition struct {
	ContentType string
	// Name is what the file is called: the occasion and the day, no words of the person's.
	Name string
	// ETag names the content; weak for what is made on demand.
	ETag string
	// Bytes is the file's length, -1 for what is not made yet.
	Bytes int64
	Open  func(ctx context.Context) (io.ReadSeekCloser, error)
}

// Rendition is a picture of the caller's in a form. NotFound until there is one.
func (s *Studio) Rendition(ctx context.Context, c kinpict.Caller, id string, f Form) (*Rendition, error) {
	g, err := s.picture(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return s.rendition(g, f), nil
}

// picture is a generation of the caller's that has one.
func (s *Studio) picture(ctx context.Context, c kinpict.Caller, id string) (*kinpict.Generation, error) {
	g, err := s.Generation(ctx, c, id)
	if err == nil && g.Image == nil {
		err = &kinpict.Error{Code: kinpict.NotFound, Message: "This picture is not ready.", Hint: "Ask again when its status is succeeded."}
	}
	return g, err
}

func (s *Studio) rendition(g *kinpict.Generation, f Form) *Rendition {
	im := g.Image
	made := strings.TrimPrefix(im.ContentType, "image/")
	if f.Format == "" {
		f.Format = made
	}
	if f.Size >= max(im.Width, im.Height) {
		f.Size = 0
	}
	if f.Format == made && f.Size == 0 {
		return &Rendition{ContentType: im.ContentType, Name: fileName(g, f.Format), ETag: `"` + im.SHA256 + `"`, Bytes: im.Bytes,
			Open: func(ctx context.Context) (io.ReadSeekCloser, error) { return s.stored(ctx, im) }}
	}
	return s.derived(g, f)
}

// derived is a rendition that is encoded anew.
func (s *Studio) derived(g *kinpict.Generation, f Form) *Rendition {
	key := fmt.Sprintf("%s-%d-%s", g.Image.SHA256, f.Size, f.Format)
	return s.lazily(g, "image/"+f.Format, fileName(g, f.Format), key, func(ctx context.Context, data []byte) ([]byte, error) {
		return s.encode(ctx, g, data, f)
	})
}

// lazily is a file that is made of the stored bytes when it is opened, or taken
// from what was made a moment ago.
func (s *Studio) lazily(g *kinpict.Generation, contentType, name, key string, encode func(context.Context, []byte) ([]byte, error)) *Rendition {
	return &Rendition{ContentType: contentType, Name: name, ETag: `W/"` + key + `"`, Bytes: -1,
		Open: func(ctx context.Context) (io.ReadSeekCloser, error) {
			if data := s.made.get(key); data != nil {
				return inMemory(data), nil
			}
			release, err := s.turn(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			data, err := s.original(ctx, g.Image)
			if err != nil {
				return nil, err
			}
			if data, err = encode(ctx, data); err != nil {
				return nil, fmt.Errorf("picture %s as %s: %w", g.ID, name, err)
			}
			s.made.put(key, data)
			return inMemory(data), nil
		}}
}

// encode makes a copy in a form and marks it as one.
func (s *Studio) encode(ctx context.Context, g *kinpict.Generation, data []byte, f Form) ([]byte, error) {
	out, err := s.Resize(ctx, data, f.Size, f.Format)
	if err != nil || s.Marks == nil {
		return out, err
	}
	about := About{From: data}
	if "image/"+f.Format != g.Image.ContentType {
		about.Changes = append(about.Changes, Converted)
	}
	if f.Size != 0 {
		about.Changes = append(about.Changes, Resized)
	}
	if len(about.Changes) == 0 {
		about.Changes = append(about.Changes, Recompressed)
	}
	return s.Marks.Mark(out, "image/"+f.Format, about)
}

// fileName says the occasion and the day, which tells pictures in a folder
// apart, and nothing a person wrote.
func fileName(g *kinpict.Generation, ext string) string {
	what := g.Request.Scenario
	if g.Funding == kinpict.FundedByPreview {
		what += "-preview"
	}
	if ext == "jpeg" {
		ext = "jpg"
	}
	return "kinpict-" + what + "-" + g.CreatedAt.UTC().Format("2006-01-02") + "." + ext
}

// stored opens the picture as it was made.
func (s *Studio) stored(ctx context.Context, im *kinpict.Image) (io.ReadSeekCloser, error) {
	r, err := s.Blobs.Open(ctx, im.Key)
	if err != nil {
		return nil, err
	}
	if seekable, ok := r.(io.ReadSeekCloser); ok {
		return seekable, nil
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, im.Bytes))
	return inMemory(data), err
}

func (s *Studio) original(ctx context.Context, im *kinpict.Image) ([]byte, error) {
	r, err := s.Blobs.Open(ctx, im.Key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, im.Bytes))
}

// turn waits for a place among those that render, or for ctx to end. It is
// Unavailable if too many wait already.
func (s *Studio) turn(ctx context.Context) (release func(), err error) {
	s.queue.Do(func() { s.turns = make(chan struct{}, rendering) })
	defer s.waits.Add(-1)
	if s.waits.Add(1) > waiting {
		return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "Many pictures are being prepared right now.", Hint: "Try again in a moment."}
	}
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Papers are the sizes of paper a picture of the caller's suits. None for a
// preview, which is not made for paper.
func (s *Studio) Papers(ctx context.Context, c kinpict.Caller, id string) ([]print.Fit, error) {
	g, err := s.picture(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return PapersOf(g), nil
}

// PapersOf is the same of a generation that is known.
func PapersOf(g *kinpict.Generation) []print.Fit {
	if g.Image == nil || g.Funding == kinpict.FundedByPreview {
		return nil
	}
	return print.Fits(g.Image.Width, g.Image.Height)
}

// Print is a sheet of a picture of the caller's as a PDF. NotFound, Invalid for
// a paper the picture does not suit, or Conflict for a preview.
func (s *Studio) Print(ctx context.Context, c kinpict.Caller, id, paper string) (*Rendition, error) {
	g, err := s.picture(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if g.Funding == kinpict.FundedByPreview {
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: "A free preview is too small and marked, so it is not laid out for paper.",
			Hint: "Make the picture with credits to print it."}
	}
	fit, ok := print.On(paper, g.Image.Width, g.Image.Height)
	if !ok {
		return nil, invalid("paper", "This picture is not laid out for that paper.", "Choose one of the papers listed with the picture.")
	}
	name := strings.TrimSuffix(fileName(g, "pdf"), ".pdf") + "-" + fit.Paper.ID + ".pdf"
	return s.lazily(g, "application/pdf", name, g.Image.SHA256+"-print-"+fit.Paper.ID, func(_ context.Context, data []byte) ([]byte, error) {
		return print.Sheet(print.Picture{Data: data, ContentType: g.Image.ContentType, Width: g.Image.Width, Height: g.Image.Height,
			Generative: g.Image.Generative, At: g.FinishedAt}, fit)
	}), nil
}

// inMemory is a file that lies in memory.
func inMemory(data []byte) io.ReadSeekCloser { return memory{bytes.NewReader(data)} }

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// keepMade bounds the derived files kept in memory, in bytes. They are what a
// wall of thumbnails asks for again and again.
const keepMade = 32 << 20

// A shelf keeps derived files that were asked for lately. What lies here is
// found only after the store has said that the picture is there and whose it
// is. Its zero value is ready.
type shelf struct {
	mu    sync.Mutex // guards all below
	files map[string][]byte
	order []string // oldest first
	bytes int
}

func (h *shelf) get(key string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.files[key]
}

// put keeps a file in place of the oldest. One that would take a quarter of the
// shelf is not kept.
func (h *shelf) put(key string, data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.files == nil {
		h.files = map[string][]byte{}
	}
	if _, there := h.files[key]; there || len(data) > keepMade/4 {
		return
	}
	h.files[key] = data
	h.order = append(h.order, key)
	for h.bytes += len(data); h.bytes > keepMade; {
		h.remove(0)
	}
}

// drop forgets what was made of the picture with that hash.
func (h *shelf) drop(sha256 string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.order) - 1; i >= 0; i-- {
		if strings.HasPrefix(h.order[i], sha256) {
			h.remove(i)
		}
	}
}

func (h *shelf) remove(i int) {
	key := h.order[i]
	h.bytes -= len(h.files[key])
	delete(h.files, key)
	h.order = append(h.order[:i], h.order[i+1:]...)
}
