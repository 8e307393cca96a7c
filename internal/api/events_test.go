package api_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinpict/internal/httpd"
)

func TestAStreamThatWasSeenEnds(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		r.credits(ann)
		g, err := ann.Generate(ctx, r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		r.draw()
		path, auth := "/api/v1/generations/"+g.ID+"/events", map[string]string{"Authorization": "Bearer " + ann.Token}
		resp, body := r.raw("GET", path, auth, "")
		if resp.StatusCode != 200 || !strings.HasPrefix(body, "retry: 2000\n\nid: ") || strings.Count(body, "data: ") != 1 ||
			!strings.Contains(body, `"status":"succeeded"`) || !strings.HasSuffix(body, "\n\n") {
			r.Fatalf("%d\n%s", resp.StatusCode, body)
		}
		for k, v := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": ""} {
			if resp.Header.Get(k) != v {
				r.Errorf("%s is %q, want %q", k, resp.Header.Get(k), v)
			}
		}
		_, id, _ := strings.Cut(body, "id: ")
		auth["Last-Event-ID"], _, _ = strings.Cut(id, "\n")
		if resp, _ := r.raw("GET", path, auth, ""); resp.StatusCode != http.StatusNoContent {
			r.Errorf("after the end was seen: %d, want 204", resp.StatusCode)
		}
	})
}

// A stream nothing happens on shows that it lives, and ends when the server stops.
func TestAStreamBeatsAndStops(t *testing.T) {
	oneKind(t, func(r *rig) {
		ann := r.person("ann")
		r.credits(ann)
		g, err := ann.Generate(r.Context(), r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		r.api.Beat(time.Millisecond)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			r.Fatal(err)
		}
		ctx, stop := context.WithCancel(r.Context())
		defer stop()
		served := make(chan error, 1)
		go func() { served <- httpd.Serve(ctx, ln, r.handler, slog.New(slog.DiscardHandler)) }()
		req, err := http.NewRequest("GET", "http://"+ln.Addr().String()+"/api/v1/generations/"+g.ID+"/events", nil)
		if err != nil {
			r.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+ann.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			r.Fatal(err)
		}
		defer resp.Body.Close()
		lines, beats := bufio.NewScanner(resp.Body), 0
		for lines.Scan() {
			if lines.Text() == ": still here" {
				if beats++; beats == 3 {
					stop()
				}
			}
		}
		if lines.Err() != nil || beats < 3 {
			r.Errorf("%d beats, then %v", beats, lines.Err())
		}
		if err := <-served; err != nil {
			r.Errorf("stop: %v", err)
		}
	})
}
