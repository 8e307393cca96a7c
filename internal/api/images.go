package api

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

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
	file, im, err := a.Studio.Image(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	defer file.Close()
	made := strings.TrimPrefix(im.ContentType, "image/")
	if format == "" {
		format = made
	}
	name := "kinpict-" + c.id() + "." + map[string]string{"jpeg": "jpg", "png": "png"}[format]
	if format == made && (size == 0 || size >= max(im.Width, im.Height)) {
		return c.picture(file, im.Bytes, im.ContentType, name)
	}
	release, err := take(c.ctx(), a.resizes)
	if err != nil {
		return err
	}
	defer release()
	data, err := io.ReadAll(io.LimitReader(file, im.Bytes))
	if err != nil {
		return fmt.Errorf("read picture %s: %w", im.Key, err)
	}
	if data, err = a.Resize(c.ctx(), data, size, format); err != nil {
		return fmt.Errorf("resize picture %s: %w", im.Key, err)
	}
	return c.picture(strings.NewReader(string(data)), int64(len(data)), "image/"+format, name)
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
