package fake

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"kinpict/internal/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, cfg Config) (*Server, *httptest.Server) {
	t.Helper()
	if cfg.Wait == nil {
		cfg.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	}
	s := New(cfg)
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		srv.CloseClientConnections()
		srv.Close()
	})
	return s, srv
}

// edit sends one call with n photos, as curl would.
func edit(t *testing.T, ctx context.Context, base, prompt string, n int) (*http.Response, error) {
	t.Helper()
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	for i := range n {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="image[]"; filename="%d.jpg"`, i))
		h.Set("Content-Type", "image/jpeg")
		w, err := mw.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(enginetest.Photo(90, 120, uint8(30*i)))
	}
	for k, v := range map[string]string{"prompt": prompt, "size": "512x640", "model": "stand-in"} {
		mw.WriteField(k, v)
	}
	mw.Close()
	req, err := http.NewRequestWithContext(ctx, "POST", base+"/v1/images/edits", &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", mw.FormDataContentType())
	return http.DefaultClient.Do(req)
}

// status is the status of one call, and its picture if it has one.
func status(t *testing.T, base, prompt string, n int) (int, []byte) {
	t.Helper()
	resp, err := edit(t, t.Context(), base, prompt, n)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct {
		Data []struct {
			B64 string `json:"b64_json"`
		} `json:"data"`
	}
	json.NewDecoder(resp.Body).Decode(&a)
	if len(a.Data) == 0 {
		return resp.StatusCode, nil
	}
	pic, err := base64.StdEncoding.DecodeString(a.Data[0].B64)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, pic
}

func control(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestPictureIsAGridOfThePhotos(t *testing.T) {
	_, srv := serve(t, Config{})
	for n := 1; n <= 9; n++ {
		_, first := status(t, srv.URL, "p", n)
		_, again := status(t, srv.URL, "p", n)
		if !bytes.Equal(first, again) {
			t.Errorf("%d photos: two calls, two pictures", n)
		}
		m, _, err := image.Decode(bytes.NewReader(first))
		if err != nil || m.Bounds().Dx() != 512 || m.Bounds().Dy() != 640 {
			t.Fatalf("%d photos: %v", n, err)
		}
		cells := grid(n, image.Rect(16, 16, 496, 598), 16)
		if len(cells) != n {
			t.Fatalf("%d cells for %d photos", len(cells), n)
		}
		ground := m.At(1, 1)
		for i, c := range cells {
			if !c.In(m.Bounds()) || c.Dx() < 40 || c.Dy() < 40 {
				t.Errorf("%d photos: cell %d is %v", n, i, c)
			}
			if m.At((c.Min.X+c.Max.X)/2, (c.Min.Y+c.Max.Y)/2) == ground {
				t.Errorf("%d photos: cell %d shows the ground", n, i)
			}
			for j := range i {
				if c.Overlaps(cells[j]) {
					t.Errorf("%d photos: cells %d and %d overlap", n, i, j)
				}
			}
		}
	}
}

func TestOrders(t *testing.T) {
	_, srv := serve(t, Config{})
	order := func(body string, want int) {
		t.Helper()
		if got, text := control(t, "POST", srv.URL+"/control", body); got != want {
			t.Fatalf("order %s: %d %s, want %d", body, got, text, want)
		}
	}
	wants := func(when, prompt string, want ...int) {
		t.Helper()
		for i, w := range want {
			if got, _ := status(t, srv.URL, prompt, 1); got != w {
				t.Errorf("%s, call %d: status %d, want %d", when, i+1, got, w)
			}
		}
	}
	wants("no orders", "p", 200)
	order(`{"mode":"error","arg":"503","times":2}`, 204)
	order(`{"mode":"block","times":1}`, 204)
	order(`{"mode":"throttle"}`, 204)
	wants("own order goes first", "please [[fault:error=500]] now", 500)
	wants("words that are no mode", "default:nothing fault:unheard-of", 503)
	wants("the queue, then the standing one", "p", 503, 400, 429, 429)
	order(`{"mode":"ok"}`, 204)
	wants("well again", "p", 200)
	order(`{"mode":"unheard-of"}`, 400)
	order(`{"mode":"ok","tmies":2}`, 400)
	order(`{"mode":"ok","times":-1}`, 400)
	order(`not json`, 400)
}

func TestReportTellsCallsAndKeepsNoWords(t *testing.T) {
	s, srv := serve(t, Config{})
	status(t, srv.URL, "grandma in the garden", 2)
	_, text := control(t, "GET", srv.URL+"/control", "")
	if strings.Contains(text, "grandma") {
		t.Error("the report holds the prompt")
	}
	var r Report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	if r.Count != 1 || r.Drawn != 1 || len(r.Calls) != 1 {
		t.Fatalf("report %s", text)
	}
	c := r.Calls[0]
	if c.Size != "512x640" || c.Model != "stand-in" || c.PromptBytes != 21 || len(c.PromptSHA256) != 64 ||
		len(c.Images) != 2 || !strings.HasPrefix(c.Images[0].First, "ffd8ff") || strings.Join(c.Fields, " ") != "model prompt size" {
		t.Errorf("call %+v", c)
	}
	if err := s.Until(t.Context(), func(r Report) bool { return r.Calls[0].Outcome == "answered" }); err != nil {
		t.Error(err)
	}
	control(t, "DELETE", srv.URL+"/control", "")
	if n := s.Report().Count; n != 0 {
		t.Errorf("%d calls after a reset", n)
	}
}

func TestGateHoldsUntilOpened(t *testing.T) {
	s, srv := serve(t, Config{})
	gate := srv.URL + "/control/gates/kitchen"
	control(t, "POST", gate, "")
	s.Order(Order{Mode: "gate", Arg: "kitchen", Times: 2})
	done := make(chan int, 2)
	for range 2 {
		go func() {
			resp, err := edit(t, t.Context(), srv.URL, "p", 1)
			if err != nil {
				done <- 0
				return
			}
			resp.Body.Close()
			done <- resp.StatusCode
		}()
	}
	if code, _ := control(t, "GET", gate+"?waiting=2", ""); code != 200 {
		t.Fatalf("waiting for two: status %d", code)
	}
	if r := s.Report(); r.Drawn != 0 || r.Gates["kitchen"] != 2 || r.Calls[0].Outcome != "open" {
		t.Errorf("while held: %+v", r)
	}
	control(t, "DELETE", gate, "")
	for range 2 {
		if code := <-done; code != 200 {
			t.Errorf("after opening: status %d", code)
		}
	}
}

// Every mode that waits lets go when the caller leaves.
func TestCallerLeaves(t *testing.T) {
	for _, tt := range []struct {
		mode  string
		drawn int
	}{{"hang", 0}, {"gate", 0}, {"slow", 0}, {"late", 1}, {"drip", 1}} {
		t.Run(tt.mode, func(t *testing.T) {
			s, srv := serve(t, Config{Wait: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }})
			s.Order(Order{Mode: tt.mode})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				if s.Until(t.Context(), func(r Report) bool { return r.Count == 1 }) == nil {
					cancel()
				}
			}()
			if resp, err := edit(t, ctx, srv.URL, "p", 1); err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			left := func(r Report) bool { return r.Calls[0].Outcome == "gave_up" && r.Drawn == tt.drawn }
			if err := s.Until(t.Context(), left); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDripGivesEverythingInTheEnd(t *testing.T) {
	s, srv := serve(t, Config{})
	s.Order(Order{Mode: "drip", Arg: "4096"})
	if code, pic := status(t, srv.URL, "p", 1); code != 200 || len(pic) == 0 {
		t.Errorf("status %d, %d bytes", code, len(pic))
	}
}

func TestKeyAndModels(t *testing.T) {
	s, srv := serve(t, Config{Key: "k", Models: []string{"one", "two"}})
	get := func(key string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if code, text := get("k"); code != 200 || !strings.Contains(text, `"two"`) {
		t.Errorf("right key: %d %s", code, text)
	}
	if code, _ := get("other"); code != 401 {
		t.Errorf("wrong key: %d", code)
	}
	if code, _ := status(t, srv.URL, "p", 1); code != 401 {
		t.Errorf("a call without the key: %d", code)
	}
	s.Order(Order{Mode: "unauthorized"})
	if code, _ := get("k"); code != 401 {
		t.Errorf("a revoked key: %d", code)
	}
}

func TestCorpus(t *testing.T) {
	s, srv := serve(t, Config{Corpus: fstest.MapFS{"a.bin": {Data: []byte("bytes")}}})
	s.Order(Order{Mode: "corpus", Arg: "a.bin", Times: 1})
	if _, pic := status(t, srv.URL, "p", 1); string(pic) != "bytes" {
		t.Errorf("got %q", pic)
	}
	for _, name := range []string{"missing", "../fake.go", ""} {
		s.Order(Order{Mode: "corpus", Arg: name, Times: 1})
		if code, _ := status(t, srv.URL, "p", 1); code != 500 {
			t.Errorf("%q: status %d, want 500", name, code)
		}
	}
}

func TestMalformedCalls(t *testing.T) {
	_, srv := serve(t, Config{})
	if code, _ := control(t, "POST", srv.URL+"/v1/images/edits", "{}"); code != 400 {
		t.Errorf("JSON instead of a form: %d", code)
	}
	if code, _ := status(t, srv.URL, "p", 0); code != 400 {
		t.Errorf("no image: %d", code)
	}
	if code, _ := status(t, srv.URL, "", 1); code != 400 {
		t.Errorf("no prompt: %d", code)
	}
	if code, _ := status(t, srv.URL, "p", 17); code != 400 {
		t.Errorf("17 images: %d", code)
	}
}

// The manual has a row for every mode.
func TestModesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/engines.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Modes() {
		row := fmt.Sprintf("| `%s` | %s | %s |", m.Name, m.Arg, m.Means)
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/engines.md lacks the row\n%s", row)
		}
	}
}
