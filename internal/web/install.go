package web

import (
	"crypto/sha256"
	_ "embed" // for the worker's source
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"

	"kinpict"
	"kinpict/internal/lang"
)

// What makes the site something to install: the manifest, the worker that
// answers without a network, the page it shows then, and photos shared from
// other programs.

// lightPaper is the colour of the page in the light theme, which systems show around
// and before it.
const lightPaper = "#f5f4ef"

// photoTypes are the photos the file dialog and the share sheet offer. The
// endings of HEIC too, for systems that know no type for it.
var photoTypes = []string{"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", ".heic", ".heif"}

// SharePath is where a system sends photos that are shared with the site.
const SharePath = "/create/shared"

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

func (s *Site) manifest(w http.ResponseWriter, r *http.Request) error {
	say := s.printer(r)
	png := func(name, size, purpose string) manifestIcon {
		return manifestIcon{s.assets.url(name), size + "x" + size, "image/png", purpose}
	}
	icons := []manifestIcon{{s.assets.url("icon.svg"), "any", "image/svg+xml", "any"},
		png("icon-192.png", "192", "any"), png("icon-512.png", "512", "any"),
		png("maskable-192.png", "192", "maskable"), png("maskable-512.png", "512", "maskable")}
	if l := s.ownLogo(); l != nil && s.skin.Files()["img/icon-192.png"] == nil {
		icons = []manifestIcon{{s.assets.url(l.Name), l.Sizes(), l.Type, "any"}}
	}
	shortcut := func(name, url string) map[string]any {
		return map[string]any{"name": name, "url": url, "icons": icons[:1]}
	}
	body, err := json.Marshal(map[string]any{
		"id": "/", "name": s.skin.Name(), "short_name": s.skin.Name(),
		"description": say.Say("Family pictures with everyone in them."),
		"lang":        say.Code, "dir": say.Dir, "start_url": "/", "scope": "/", "display": "standalone",
		"background_color": lightPaper, "theme_color": lightPaper,
		"categories": []string{"photo", "lifestyle"},
		"icons":      icons,
		"shortcuts": []map[string]any{shortcut(say.Say("Make a picture"), "/create"), shortcut(say.Say("My pictures"), "/generations"),
			shortcut(say.Say("Credits"), "/credits")},
		"share_target": map[string]any{"action": SharePath, "method": "POST", "enctype": "multipart/form-data",
			"params": map[string]any{"files": []map[string]any{{"name": "photos", "accept": photoTypes}}}},
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/manifest+json")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Vary", "Accept-Language, Cookie")
	_, err = w.Write(body)
	return err
}

// takeShared adds photos another program shared to the draft, as if they had
// been chosen in the tool, and shows the tool. A share whose session has ended
// becomes a guest's, so that its photos are not lost.
func (s *Site) takeShared(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		return s.notTaken(w, r, c, err)
	}
	if len(f.added) == 0 && len(f.faults) == 0 {
		f.faults = append(f.faults, &kinpict.Error{Code: kinpict.Invalid, Message: "No photo came with what was shared.", Hint: "Share JPEG, PNG, WebP or HEIC files."})
	}
	return s.shown(w, r, c, f)
}

// OfflineView feeds offline.html.
type OfflineView struct{ Page }

// offline is the page the worker keeps for a time without a network. Nothing in
// it is anybody's.
func (s *Site) offline(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.send(w, r, http.StatusOK, "offline", OfflineView{s.blank(r)})
}

//go:embed worker/sw.js
var workerSource string

// shell are the files the worker fetches before they are asked for: what the
// offline page is made of.
var shell = []string{"app.css", "icon.svg", "fonts/besley.woff2", "fonts/figtree.woff2"}

// newWorker makes the worker's file. It is another one whenever a file of the
// site or the offline page is, which is how browsers learn to throw away what
// they kept.
func newWorker(d *dressing, said []*lang.Printer) (*asset, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, d.assets.hash)
	for _, p := range said {
		page, err := d.render("offline", OfflineView{Page{say: p}})
		if err != nil {
			return nil, err
		}
		sum.Write(page)
	}
	var urls []string
	for _, name := range shell {
		urls = append(urls, strconv.Quote(d.assets.url(name)))
	}
	source := strings.NewReplacer("{{version}}", hex.EncodeToString(sum.Sum(nil))[:12], "{{hash}}", d.assets.hash, "{{first}}", strings.Join(urls, ",")).Replace(workerSource)
	m := minify.New()
	m.AddFunc("text/javascript", js.Minify)
	small, err := m.String("text/javascript", source)
	if err != nil {
		return nil, fmt.Errorf("minify the worker: %w", err)
	}
	return newAsset(contentTypes[".js"], []byte(small)), nil
}

// serveWorker answers GET /sw.js. It lies at the root because a worker answers
// for what lies beside and below it.
func (s *Site) serveWorker(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-cache")
	s.worker.write(w, r)
	return nil
}
