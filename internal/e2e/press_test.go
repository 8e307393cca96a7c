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
// for no fault and for a size that was drawn before.
func (p *press) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.quick || r.URL.Path != "/v1/images/edits" {
		p.Server.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
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
