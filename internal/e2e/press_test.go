package e2e

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"kinpict/internal/engine/fake"
)

// A press is the stand-in engine on a loopback address. Every answer comes from
// the stand-in; one that is well and has been drawn before is not drawn again,
// so that tests measure the product.
type press struct {
	*fake.Server
	url string // up to and including /v1

	mu    sync.Mutex
	drawn map[string][]byte // by size
	quick bool
	then  string // see after
}

func newPress(t testing.TB) *press {
	p := &press{Server: fake.New(fake.Config{}), drawn: map[string][]byte{}}
	srv := httptest.NewServer(p)
	p.url = srv.URL + "/v1"
	t.Cleanup(func() {
		p.Reset() // calls that wait at a gate go on
		srv.CloseClientConnections()
		srv.Close()
	})
	return p
}

// ServeHTTP hands a call to the stand-in, unless quick is set and the call asks
// for no fault and for a size that was drawn before, or after has plans for it.
func (p *press) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	quick, then := p.quick, p.then
	p.mu.Unlock()
	if r.URL.Path != "/v1/images/edits" || !quick && then == "" {
		p.Server.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if then != "" {
		p.wait(w, r, body, then)
		return
	}
	size, prompt := asked(r, body)
	p.mu.Lock()
	answer := p.drawn[size]
	p.mu.Unlock()
	if answer == nil || strings.Contains(prompt, "fault:") {
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(prompt, "fault:") {
			p.Server.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		p.Server.ServeHTTP(rec, r)
		if answer = rec.Body.Bytes(); rec.Code == http.StatusOK {
			p.mu.Lock()
			p.drawn[size] = answer
			p.mu.Unlock()
		}
	}
	w.Header().Set("Content-Type", "application/json")
	// The caller may have been killed.
	_, _ = w.Write(answer)
}

// after has the next call wait at the gate called "gate" and then be answered as
// told: the stand-in's own gate answers well and no other way.
func (p *press) after(then string) {
	p.Shut("gate")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.then = then
}

func (p *press) wait(w http.ResponseWriter, r *http.Request, body []byte, then string) {
	p.mu.Lock()
	p.then = ""
	p.mu.Unlock()
	if p.Order(fake.Order{Mode: "gate", Arg: "gate", Times: 1}) != nil || p.Order(fake.Order{Mode: then, Times: 1}) != nil {
		panic("the stand-in knows no such mode")
	}
	for _, to := range []http.ResponseWriter{httptest.NewRecorder(), w} {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		p.Server.ServeHTTP(to, again)
	}
}

func asked(r *http.Request, body []byte) (size, prompt string) {
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return size, prompt
		}
		switch part.FormName() {
		case "size", "prompt":
			text, _ := io.ReadAll(part)
			if part.FormName() == "size" {
				size = string(text)
			} else {
				prompt = string(text)
			}
		}
	}
}
