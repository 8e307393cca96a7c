package httpd_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kinpict/internal/httpd"
)

// Whoever may not enter a room reads the same as where nothing is: status, body
// and headers, for every method and spelling.
func TestARoomIsNotThereForOthers(t *testing.T) {
	room := http.NewServeMux()
	room.HandleFunc("GET /back", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") })
	room.HandleFunc("POST /back/door", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "done") })
	main := http.NewServeMux()
	main.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "home") })
	edge := &httpd.Edge{Public: &url.URL{Scheme: "http", Host: "kinpict.example"}, Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return "req" },
		Rooms: []httpd.Room{{Prefix: "/back", Mux: room, Enter: func(r *http.Request) bool { return r.Header.Get("Cookie") == "key=1" }}}}
	h := edge.Wrap(main)
	ask := func(method, path string, in bool) *http.Response {
		r := httptest.NewRequest(method, "http://kinpict.example/", nil)
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if in {
			r.Header.Set("Cookie", "key=1")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	read := func(res *http.Response) string {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var s strings.Builder
		s.WriteString(res.Status + "\n")
		_ = res.Header.Write(&s)
		return s.String() + string(b)
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
		for _, path := range []string{"/back", "/back/", "/back/door", "/back/none", "/back//door", "/back/../back/door", "/back/%2e%2e/back", "/%62ack", "//back"} {
			nowhere := strings.NewReplacer("back", "nope", "%62ack", "%6eope").Replace(path)
			if got, want := read(ask(method, path, false)), read(ask(method, nowhere, false)); got != want {
				t.Errorf("%s %s answers\n%s\nand where nothing is\n%s", method, path, got, want)
			}
		}
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{{"GET", "/back", 200}, {"POST", "/back/door", 200}, {"GET", "/back/door", 405}, {"GET", "/back/none", 404}, {"GET", "/backyard", 404}, {"GET", "/", 200}} {
		if res := ask(c.method, c.path, true); res.StatusCode != c.status {
			t.Errorf("%s %s inside answers %s, want %d", c.method, c.path, res.Status, c.status)
		}
	}
}
