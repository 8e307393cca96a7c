// Package fake is a stand-in for an image engine: a server that speaks the
// OpenAI Images protocol, draws a plain grid of the photos it was sent, and
// fails on demand in every way an engine is known to fail. `kinpict
// fake-engine` serves it, and the tests of the adapters run against it.
//
// # Protocol
//
//	POST /v1/images/edits   one picture from the parts image[] and the fields
//	                        prompt, size, output_format, output_compression
//	GET  /v1/models         the models it pretends to have
//
// # Faults
//
// Without orders every call is answered well. Orders are given by
//
//	POST   /control {"mode":"block","times":2}   the next two calls are refused
//	POST   /control {"mode":"slow","arg":"5"}    every call takes 5 s (times 0)
//	GET    /control                              orders, counts, gates and calls so far
//	DELETE /control                              forgets orders and calls, opens gates
//
// Orders with times are used up first, in the order they came; then the one
// without applies. A call may also order for itself, so that a person can try a
// fault from the site: write fault:MODE or fault:MODE=ARG in the instruction,
// as in "[[fault:block]]".
//
// Modes lists the modes. The mode gate holds a call until it is released:
//
//	POST   /control/gates/NAME            makes the gate, shut
//	GET    /control/gates/NAME?waiting=2  answers once two calls wait at it
//	DELETE /control/gates/NAME            opens it; waiting calls go on
//
// The server keeps no pictures and no words, only their hashes. It has no
// login beyond the key and belongs on a loopback address.
package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is empty for a server that takes any key and has no corpus.
type Config struct {
	// Key, if set, is the only one accepted.
	Key string
	// Models are listed by GET /v1/models. Nil: "stand-in".
	Models []string
	// Corpus is where the mode corpus finds its files.
	Corpus fs.FS
	// Wait pauses for d or until ctx ends. Nil: real time.
	Wait func(ctx context.Context, d time.Duration) error
}

// A Server is the engine. It is an http.Handler and safe for concurrent use.
type Server struct {
	cfg Config
	mux *http.ServeMux

	mu     sync.Mutex // guards everything below
	always Order
	queue  []Order
	gates  map[string]*gate
	calls  []*Call
	count  int
	drawn  int
	// changed is closed and replaced whenever the report would read otherwise.
	changed chan struct{}
}

// An Order is a fault for calls to come.
type Order struct {
	Mode  string `json:"mode"`
	Arg   string `json:"arg,omitempty"`
	Times int    `json:"times,omitempty"` // 0: until another order without times
}

// A Call is what is remembered of one edits call.
type Call struct {
	N            int      `json:"n"`
	Mode         string   `json:"mode"`
	Arg          string   `json:"arg,omitempty"`
	Fields       []string `json:"fields"` // sorted names of the text parts
	Model        string   `json:"model"`
	Size         string   `json:"size"`
	PromptSHA256 string   `json:"prompt_sha256"`
	PromptBytes  int      `json:"prompt_bytes"`
	Images       []Upload `json:"images"`
	// Outcome is "open" while the call runs, then "answered", "dropped" by the
	// server, or "gave_up" when the caller left first.
	Outcome string `json:"outcome"`
}

// An Upload is one photo of a call.
type Upload struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Bytes       int    `json:"bytes"`
	SHA256      string `json:"sha256"`
	First       string `json:"first"` // the first 8 bytes, hex
}

// maxCalls is how many calls are remembered; the count goes on.
const maxCalls = 1000

// New returns a server that answers well until told otherwise.
func New(cfg Config) *Server {
	if cfg.Wait == nil {
		cfg.Wait = wait
	}
	if cfg.Models == nil {
		cfg.Models = []string{"stand-in"}
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), changed: make(chan struct{})}
	s.Reset()
	s.mux.HandleFunc("POST /v1/images/edits", s.edits)
	s.mux.HandleFunc("GET /v1/models", s.models)
	s.mux.HandleFunc("POST /control", s.order)
	s.mux.HandleFunc("GET /control", s.report)
	s.mux.HandleFunc("DELETE /control", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("POST /control/gates/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.Shut(r.PathValue("name"))
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("DELETE /control/gates/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.Open(r.PathValue("name"))
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("GET /control/gates/{name}", s.gateWaiting)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Order puts o before the calls to come. It fails on an unknown mode.
func (s *Server) Order(o Order) error {
	if _, ok := modes[o.Mode]; !ok {
		return fmt.Errorf("there is no mode %q; the modes are %s", o.Mode, strings.Join(modeNames(), ", "))
	}
	if o.Times < 0 {
		return errors.New("times must not be negative")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Times == 0 {
		s.always = o
	} else {
		s.queue = append(s.queue, o)
	}
	return nil
}

// Reset forgets orders and calls and opens every gate.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.gates {
		close(g.open)
	}
	s.gates, s.queue, s.calls, s.count, s.drawn = map[string]*gate{}, nil, nil, 0, 0
	s.always = Order{Mode: "ok"}
	s.moved()
}

// A Report is what GET /control answers.
type Report struct {
	Always Order          `json:"always"`
	Queue  []Order        `json:"queue"`
	Count  int            `json:"count"` // edits calls since the last reset
	Drawn  int            `json:"drawn"` // pictures drawn, delivered or not
	Gates  map[string]int `json:"gates"` // calls waiting at each shut gate
	Calls  []Call         `json:"calls"` // the last thousand
}

// Report is a copy of what happened so far.
func (s *Server) Report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Report{Always: s.always, Queue: slices.Clone(s.queue), Count: s.count, Drawn: s.drawn, Gates: map[string]int{}, Calls: []Call{}}
	for name, g := range s.gates {
		r.Gates[name] = g.waiting
	}
	for _, c := range s.calls {
		r.Calls = append(r.Calls, *c)
	}
	return r
}

var orderInWords = regexp.MustCompile(`fault:([a-z0-9-]+)(?:=([A-Za-z0-9._-]+))?`)

// next says which fault a call gets: its own, the first queued, or the standing one.
func (s *Server) next(prompt string) Order {
	if m := orderInWords.FindStringSubmatch(prompt); m != nil {
		if _, ok := modes[m[1]]; ok {
			return Order{Mode: m[1], Arg: m[2]}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return s.always
	}
	o := s.queue[0]
	if s.queue[0].Times--; s.queue[0].Times == 0 {
		s.queue = s.queue[1:]
	}
	return o
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) {
	var o Order
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	err := d.Decode(&o)
	if err == nil {
		err = s.Order(o)
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, problem("invalid_order", err.Error()))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) report(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Report())
}

// allowed answers 401 to a wrong key.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request) bool {
	if s.cfg.Key == "" || r.Header.Get("Authorization") == "Bearer "+s.cfg.Key {
		return true
	}
	writeJSON(w, http.StatusUnauthorized, problem("invalid_api_key", "Incorrect API key provided."))
	return false
}

// models fails like a revoked key while that is the standing order, so that a
// health check sees what a call would.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	s.mu.Lock()
	always := s.always
	s.mu.Unlock()
	switch always.Mode {
	case "unauthorized", "forbidden", "payment", "error", "html":
		m := modes[always.Mode]
		m.answer(s, &turn{w: w, r: r, arg: always.Arg, call: &Call{}})
		return
	}
	type model struct {
		ID     string `json:"id"`
		Object string `json:"object"`
	}
	var list struct {
		Object string  `json:"object"`
		Data   []model `json:"data"`
	}
	list.Object = "list"
	for _, id := range s.cfg.Models {
		list.Data = append(list.Data, model{id, "model"})
	}
	writeJSON(w, http.StatusOK, list)
}

// Bounds of a call: those of OpenAI, and of what a stand-in should hold.
const (
	maxBody   = 200 << 20
	maxImages = 16
)

func (s *Server) edits(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	t := &turn{w: w, r: r, fields: map[string]string{}}
	call := &Call{Outcome: "open"}
	if err := t.parse(call); err != nil {
		writeJSON(w, http.StatusBadRequest, problem("invalid_request_error", err.Error()))
		return
	}
	o := s.next(t.fields["prompt"])
	call.Mode, call.Arg = o.Mode, o.Arg
	t.arg, t.call = o.Arg, call
	s.mu.Lock()
	s.count++
	call.N = s.count
	s.calls = append(s.calls, call)
	if len(s.calls) > maxCalls {
		s.calls = s.calls[1:]
	}
	s.moved()
	s.mu.Unlock()

	outcome := "dropped"
	defer func() { // a cut connection is a panic on its way up
		s.mu.Lock()
		call.Outcome = outcome
		s.moved()
		s.mu.Unlock()
	}()
	m := modes[o.Mode]
	m.answer(s, t)
	outcome = "answered"
	if r.Context().Err() != nil {
		outcome = "gave_up"
	}
}

// parse reads the form into t and its outline into call.
func (t *turn) parse(call *Call) error {
	t.r.Body = http.MaxBytesReader(t.w, t.r.Body, maxBody)
	mr, err := t.r.MultipartReader()
	if err != nil {
		return err
	}
	for {
		p, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return err
		}
		switch name := p.FormName(); {
		case name == "image[]" || name == "image":
			if len(t.photos) == maxImages {
				return fmt.Errorf("more than %d images", maxImages)
			}
			sum := sha256.Sum256(data)
			call.Images = append(call.Images, Upload{Name: p.FileName(), ContentType: p.Header.Get("Content-Type"), Bytes: len(data),
				SHA256: hex.EncodeToString(sum[:]), First: hex.EncodeToString(data[:min(8, len(data))])})
			t.photos = append(t.photos, data)
		case name != "":
			t.fields[name] = string(data)
			call.Fields = append(call.Fields, name)
		}
	}
	// One more read sees the end of the body, after which the server notices a
	// caller that leaves.
	if _, err := io.Copy(io.Discard, t.r.Body); err != nil {
		return err
	}
	if len(t.photos) == 0 {
		return errors.New("missing required parameter: 'image'")
	}
	if t.fields["prompt"] == "" {
		return errors.New("missing required parameter: 'prompt'")
	}
	slices.Sort(call.Fields)
	sum := sha256.Sum256([]byte(t.fields["prompt"]))
	call.PromptSHA256, call.PromptBytes = hex.EncodeToString(sum[:]), len(t.fields["prompt"])
	call.Model, call.Size = t.fields["model"], t.fields["size"]
	return nil
}
