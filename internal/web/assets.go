package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

//go:embed assets
var embedded embed.FS

// contentTypes of the files that are served; a file of another kind stays inside.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".png":   "image/png",
	".webp":  "image/webp",
	".woff2": "font/woff2",
}

// An asset is one file in the forms it can be sent in. Text is compressed when
// it is first asked for, because most processes are never asked.
type asset struct {
	contentType string
	plain       []byte
	gzip        func() []byte // nil for what is compressed already
	brotli      func() []byte
}

// assets is everything under one content hash: the address of a file changes
// when any file does, so relative imports between modules keep working and
// browsers may keep what they have for ever.
type assets struct {
	hash  string
	files map[string]*asset
}

// newAssets reads, concatenates and minifies. The style sheets become one, in
// the order of their names; the cascade layers decide what wins. What is laid
// over ours takes the place of the file of its name, or stands beside the others.
func newAssets(dir fs.FS, over map[string][]byte) (*assets, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(dir, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	for name, data := range over {
		// Icons of ours lie beside the folders.
		if root := strings.TrimPrefix(name, "img/"); files[root] != nil {
			name = root
		}
		files[name] = data
	}
	m := minify.New()
	m.AddFunc("text/css", css.Minify)
	m.AddFunc("text/javascript", js.Minify)
	a := &assets{files: map[string]*asset{}}
	sum := sha256.New()
	var sheet bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, kind := files[name], contentTypes[path.Ext(name)]
		if kind == "" {
			continue
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(data))
		sum.Write(data)
		switch {
		case strings.HasPrefix(name, "css/"):
			sheet.Write(data)
			continue
		case path.Ext(name) == ".js":
			if data, err = m.Bytes("text/javascript", data); err != nil {
				return nil, fmt.Errorf("minify %s: %w", name, err)
			}
		case path.Ext(name) == ".css":
			if data, err = m.Bytes("text/css", data); err != nil {
				return nil, fmt.Errorf("minify %s: %w", name, err)
			}
		}
		a.files[name] = newAsset(kind, data)
	}
	data, err := m.Bytes("text/css", sheet.Bytes())
	if err != nil {
		return nil, fmt.Errorf("minify the style sheet: %w", err)
	}
	a.files["app.css"] = newAsset(contentTypes[".css"], data)
	a.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return a, nil
}

func newAsset(contentType string, data []byte) *asset {
	f := &asset{contentType: contentType, plain: data}
	if strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "svg") {
		f.gzip = sync.OnceValue(func() []byte {
			return squeeze(data, gzip.BestCompression)
		})
		f.brotli = sync.OnceValue(func() []byte {
			var b bytes.Buffer
			z := brotli.NewWriterLevel(&b, brotli.BestCompression)
			z.Write(data)
			z.Close()
			return b.Bytes()
		})
	}
	return f
}

func squeeze(data []byte, level int) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic("web: " + err.Error()) // a level that does not exist
	}
	z.Write(data) // a buffer takes everything
	z.Close()
	return b.Bytes()
}

// url is the address of a file. It panics on a name that is not there, because
// only our own templates ask.
func (a *assets) url(name string) string {
	if a.files[name] == nil {
		panic("web: there is no asset " + name)
	}
	return "/a/" + a.hash + "/" + name
}

// ServeHTTP answers GET /a/{hash}/{path...}.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := a.files[r.PathValue("path")]
	if f == nil || r.PathValue("hash") != a.hash {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	f.write(w, r)
}

// write answers in the form the client takes.
func (f *asset) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	if strings.Contains(f.contentType, "svg") {
		// Opened by itself a drawing is a document, and it may be an operator's.
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	}
	body := f.plain
	if f.brotli != nil {
		h.Set("Vary", "Accept-Encoding")
		switch accept := r.Header.Get("Accept-Encoding"); {
		case accepts(accept, "br"):
			h.Set("Content-Encoding", "br")
			body = f.brotli()
		case accepts(accept, "gzip"):
			h.Set("Content-Encoding", "gzip")
			body = f.gzip()
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// accepts reports whether an Accept-Encoding header names a coding without
// refusing it (RFC 9110, 12.5.3).
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
			v, err := strconv.ParseFloat(q, 64)
			return !ok || err != nil || v > 0
		}
	}
	return false
}
