package httpd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Content is a person's picture, or a document of it, on its way out.
type Content struct {
	ContentType string
	Name        string // what it is called when it is kept
	Download    bool   // to be kept rather than shown
	// ETag names the content, quoted; weak for what is made on demand.
	ETag  string
	Bytes int64 // -1 while not known
	// Open is called only when the content is needed.
	Open func(context.Context) (io.ReadSeekCloser, error)
}

// Send answers a GET or HEAD with a content: not at all if the client has it,
// without making it for a HEAD, and in the ranges asked for.
func Send(w http.ResponseWriter, r *http.Request, f Content) error {
	h := w.Header()
	fresh := holds(r.Header.Get("If-None-Match"), f.ETag)
	if fresh || r.Method == http.MethodHead && f.Bytes < 0 {
		Picture(h, f.ContentType, f.Name, f.Download)
		h.Set("ETag", f.ETag)
		if fresh {
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
		}
		return nil
	}
	if r.Method == http.MethodHead && r.Header.Get("Range") == "" {
		Picture(h, f.ContentType, f.Name, f.Download)
		h.Set("ETag", f.ETag)
		h.Set("Accept-Ranges", "bytes")
		h.Set("Content-Length", strconv.FormatInt(f.Bytes, 10))
		return nil
	}
	content, err := f.Open(r.Context())
	if err != nil {
		return fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer content.Close()
	Picture(h, f.ContentType, f.Name, f.Download)
	h.Set("ETag", f.ETag)
	// It knows the rules of ranges; the time is left out, because a tag says more.
	http.ServeContent(w, r, "", time.Time{}, content)
	return nil
}

// holds reports whether an If-None-Match names the tag, compared weakly as
// RFC 9110, section 13.1.2 asks for.
func holds(header, tag string) bool {
	for name := range strings.SplitSeq(header, ",") {
		if name = strings.TrimSpace(name); name == "*" || name != "" && strings.TrimPrefix(name, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
