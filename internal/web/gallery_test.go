package web

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict/internal/httpd"
)

var gallery = flag.String("web.gallery", "", "address to show every specimen at until standard input ends; empty: run the tests")

func TestMain(m *testing.M) {
	flag.Parse()
	if *gallery == "" {
		os.Exit(m.Run())
	}
	if err := show(*gallery); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// show lets the browser tests of internal/e2e, which cannot import what stands
// in a test, look at the specimens. It prints its address.
func show(addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	public := &url.URL{Scheme: "http", Host: ln.Addr().String()}
	h, err := exhibit(public)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(public)
	return http.Serve(ln, h)
}

// exhibit serves every specimen as the site serves its pages: behind the same
// edge, with the same assets. GET /specimens/{language} lists their names. What
// a page fetches besides is answered by a stand-in, so that nothing is missing.
func exhibit(public *url.URL) (http.Handler, error) {
	d, err := dress()
	if err != nil {
		return nil, err
	}
	rooms := map[string]map[string]specimen{}
	for _, p := range languages.All() {
		rooms[p.Code] = specimensIn(d, p)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /a/{hash}/{path...}", d.assets)
	mux.HandleFunc("GET /specimens/{language}", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, slices.Sorted(maps.Keys(rooms[r.PathValue("language")])))
	})
	mux.HandleFunc("GET /specimens/{language}/{name}", func(w http.ResponseWriter, r *http.Request) {
		s, found := rooms[r.PathValue("language")][r.PathValue("name")]
		if !found {
			http.NotFound(w, r)
			return
		}
		if err := d.send(w, r, http.StatusOK, s.page, s.view); err != nil {
			panic(err)
		}
	})
	picture := d.assets.files["img/scenario-autumn-720.webp"]
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Sec-Fetch-Dest") == "image":
			httpd.Picture(w.Header(), picture.contentType, "", false)
			_, _ = w.Write(picture.plain)
		case r.Header.Get("Accept") == "text/event-stream":
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case r.URL.Path == "/sw.js": // a worker that does nothing
			w.Header().Set("Content-Type", "text/javascript")
		case slices.Contains([]string{"empty", "manifest"}, r.Header.Get("Sec-Fetch-Dest")):
			writeJSON(w, struct{}{})
		default:
			http.NotFound(w, r)
		}
	})
	edge := &httpd.Edge{Public: public, Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return "req_gallery" }}
	return edge.Wrap(mux), nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// The gallery is worth looking at only if it shows all there is, as the product
// sends it.
func TestGalleryShowsEverySpecimen(t *testing.T) {
	h, err := exhibit(&url.URL{Scheme: "http", Host: "kinpict.example"})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	for _, p := range languages.All() {
		var names []string
		if err := json.Unmarshal(get("/specimens/"+p.Code).Body.Bytes(), &names); err != nil || len(names) < 100 {
			t.Fatalf("%s: %d specimens: %v", p.Code, len(names), err)
		}
		for _, n := range names {
			w := get("/specimens/" + p.Code + "/" + url.PathEscape(n))
			foreign := n == "sandbox" // another company's page, which has one language
			if w.Code != http.StatusOK || !foreign && !strings.Contains(w.Body.String(), `<html lang="`+p.Code+`"`) {
				t.Errorf("%s in %s: %d %.200s", n, p.Code, w.Code, w.Body)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "require-trusted-types-for 'script'") || strings.Contains(csp, "unsafe-") {
				t.Errorf("%s is shown under the policy %q", n, csp)
			}
		}
	}
}
