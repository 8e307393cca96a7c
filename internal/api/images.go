package api

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"kinpict/internal/generation"
	"kinpict/internal/httpd"
)

// Bounds of ?size=, in pixels of the longer side.
const (
	minSize = 64
	maxSize = 4096
)

// generationImage sends the picture as it was made, or made smaller, or in the
// other format.
func (a *API) generationImage(c *call) error {
	q := c.r.URL.Query()
	size, err := number(q.Get("size"), "size", minSize, maxSize)
	if err != nil {
		return err
	}
	format, err := choice(q.Get("format"), "format", "jpeg", "png")
	if err != nil {
		return err
	}
	r, err := a.Studio.Rendition(c.ctx(), c.caller, c.id(), generation.Form{Size: size, Format: format})
	return c.file(r, err)
}

// generationPrint sends the picture laid out for a paper.
func (a *API) generationPrint(c *call) error {
	r, err := a.Studio.Print(c.ctx(), c.caller, c.id(), c.r.URL.Query().Get("paper"))
	return c.file(r, err)
}

// file sends a rendition, to be kept where ?download=1 says so.
func (c *call) file(r *generation.Rendition, err error) error {
	if err != nil {
		return err
	}
	download, err := choice(c.r.URL.Query().Get("download"), "download", "0", "1")
	if err != nil {
		return err
	}
	return httpd.Send(c.w, c.r, httpd.Content{ContentType: r.ContentType, Name: r.Name, Download: download == "1", ETag: r.ETag, Bytes: r.Bytes, Open: r.Open})
}

func (a *API) photoImage(c *call) error {
	thumb, err := choice(c.r.URL.Query().Get("thumb"), "thumb", "0", "1")
	if err != nil {
		return err
	}
	file, p, err := a.Intake.Open(c.ctx(), c.caller, c.id(), thumb == "1")
	if err != nil {
		return err
	}
	defer file.Close()
	n := p.Bytes
	if thumb == "1" {
		n = -1
	}
	return c.picture(file, n, "image/jpeg", "photo.jpg")
}

// picture sends n bytes, or all there are for -1.
func (c *call) picture(file io.Reader, n int64, contentType, name string) error {
	httpd.Picture(c.w.Header(), contentType, name, false)
	if n >= 0 {
		c.w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	}
	if c.r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(c.w, file); err != nil {
		return fmt.Errorf("send picture: %w", err)
	}
	return nil
}
