package web_test

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"kinpict/internal/generation"
	"kinpict/internal/provenance"
)

// check sends a file to the page as a browser without scripts does.
func (b *browser) check(data []byte) page {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", `<script>.jpg`)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return b.do("POST", "/verify", form.FormDataContentType(), &body)
}

func TestThePageSaysWhatAPictureIs(t *testing.T) {
	h := open(t)
	own, err := provenance.NewIssuer([]byte("the secret of this installation"), "photos.example")
	if err != nil {
		t.Fatal(err)
	}
	h.studio.Issuer = own
	b := h.browser()
	if p := b.do("GET", "/verify", "", nil); p.StatusCode != 200 || !strings.Contains(p.text, `href="/verify"`) {
		t.Errorf("the page: %d, or nothing links to it", p.StatusCode)
	}
	ours, err := own.Mark(snapshot(t, 1), provenance.About{Software: "Kinpict", Version: "1", At: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(ours)
	changed[len(changed)-50] ^= 1
	for _, c := range []struct {
		name   string
		data   []byte
		status int
		says   []string
	}{
		{"ours", ours, 200, []string{"made here, and nothing was changed since", "An arrangement of real photos", "25 November 2026", "photos.example"}},
		{"changed", changed, 200, []string{"changed afterwards", "the picture itself"}},
		{"plain", snapshot(t, 1), 200, []string{"carries no marks"}},
		{"a letter", []byte("<b>hello</b>"), 200, []string{"neither a JPEG nor a PNG"}},
		{"nothing", nil, 400, []string{"Choose the picture"}},
		{"too large", make([]byte, generation.MaxChecked+1), 413, []string{"larger than"}},
	} {
		p := b.check(c.data)
		if p.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.name, p.StatusCode, c.status)
		}
		for _, s := range c.says {
			if !strings.Contains(p.text, s) {
				t.Errorf("%s: the page does not say %q", c.name, s)
			}
		}
		if p.Header.Get("Set-Cookie") != "" || strings.Contains(p.text, "<script>.jpg") {
			t.Errorf("%s: a cookie came, or the file's name", c.name)
		}
	}
	for range generation.NetworkChecks {
		b.check([]byte("x"))
	}
	if p := b.check([]byte("x")); p.StatusCode != 429 {
		t.Errorf("beyond the limit: %d", p.StatusCode)
	}
	if p := b.do("GET", "/.well-known/kinpict-issuer.pem", "", nil); p.StatusCode != 200 || p.text != string(own.Authority()) {
		t.Errorf("the certificate: %d %.100s", p.StatusCode, p.text)
	}
}
