package httpd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"kinpict"
)

func TestStopLetsRequestsFinishAndEndsStreams(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan string, 2), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		entered <- "slow"
		<-release
		if r.Context().Err() != nil {
			t.Error("the stop cut a request under way")
		}
		io.WriteString(w, "finished")
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		entered <- "stream"
		<-Stopping(r.Context())
		io.WriteString(w, "ended")
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, mux, slog.New(slog.DiscardHandler)) }()

	type answer struct {
		body string
		err  error
	}
	get := func(path string) <-chan answer {
		c := make(chan answer, 1)
		go func() {
			resp, err := http.Get("http://" + ln.Addr().String() + path)
			if err != nil {
				c <- answer{err: err}
				return
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			c <- answer{string(b), err}
		}()
		return c
	}
	slow, stream := get("/slow"), get("/stream")
	<-entered
	<-entered
	stop()
	if a := <-stream; a.err != nil || a.body != "ended" {
		t.Errorf("the stream answered %+v", a)
	}
	close(release)
	if a := <-slow; a.err != nil || a.body != "finished" {
		t.Errorf("the request under way answered %+v", a)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestTakenPortIsAnError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := Serve(context.Background(), ln, http.NewServeMux(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("Serve on a closed listener said nothing")
	}
}

// A refused upload is answered before the client is told to send it.
func TestTooLargeIsRefusedWithoutContinue(t *testing.T) {
	s := newSite(t, "http://kinpict.example")
	srv := httptest.NewServer(s)
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /large HTTP/1.1\r\nHost: kinpict.example\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, " 413 ") {
		t.Errorf("answer %q, %v; want 413 and no 100", line, err)
	}
}

// deadlines is a connection that notes the read deadlines it was given.
type deadlines struct {
	http.ResponseWriter
	read []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.read = append(d.read, t); return nil }

type reads struct{ errs []error }

func (r *reads) Read(b []byte) (int, error) {
	err := r.errs[0]
	r.errs = r.errs[1:]
	if err != nil {
		return 0, err
	}
	return 16 << 10, nil
}

func (r *reads) Close() error { return nil }

func TestSlowBodiesRunOutOfTime(t *testing.T) {
	start := time.Unix(1000, 0)
	conn := &deadlines{ResponseWriter: httptest.NewRecorder()}
	p := &paced{ReadCloser: &reads{errs: []error{nil, nil, os.ErrDeadlineExceeded}}, conn: http.NewResponseController(conn), start: start, now: func() time.Time { return start }}
	_, err := io.Copy(io.Discard, p)
	if kinpict.CodeOf(err) != RequestTimeout {
		t.Errorf("error %v, want request_timeout", err)
	}
	for i, want := range []time.Duration{10 * time.Second, 11 * time.Second, 12 * time.Second} {
		if got := conn.read[i].Sub(start); got != want {
			t.Errorf("read %d may take until %s, want %s", i, got, want)
		}
	}

	p = &paced{ReadCloser: &reads{errs: []error{nil, io.EOF}}, conn: http.NewResponseController(conn), start: start, now: func() time.Time { return start }}
	if _, err := io.Copy(io.Discard, p); err != nil || !conn.read[len(conn.read)-1].IsZero() {
		t.Errorf("after the end of the body: %v, deadline %v, want none", err, conn.read[len(conn.read)-1])
	}

	for _, broken := range []error{io.ErrUnexpectedEOF, errors.New("malformed chunked encoding")} {
		p = &paced{ReadCloser: &reads{errs: []error{nil, broken}}, conn: http.NewResponseController(conn), start: start, now: func() time.Time { return start }}
		if _, err := io.Copy(io.Discard, p); Status(err) != 400 {
			t.Errorf("%v became %v, want a 400", broken, err)
		}
	}
}

func TestReadyz(t *testing.T) {
	now := time.Unix(1000, 0)
	var fault error
	n := 0
	mux := http.NewServeMux()
	Health(mux, func() time.Time { return now }, func(context.Context) error { n++; return fault })
	get := func(path string) int {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code
	}
	first, second := get("/readyz"), get("/readyz")
	if first != 200 || second != 200 || n != 1 {
		t.Errorf("%d probes for two questions within a second, want one", n)
	}
	fault = errors.New("disk full")
	now = now.Add(2 * time.Second)
	if got := get("/readyz"); got != 503 {
		t.Errorf("readyz is %d with a full disk, want 503", got)
	}
	if got := get("/healthz"); got != 200 {
		t.Errorf("healthz is %d, want 200", got)
	}
	fault = nil
	now = now.Add(2 * time.Second)
	if got := get("/readyz"); got != 200 {
		t.Errorf("readyz is %d after recovery, want 200", got)
	}

	hang := make(chan struct{})
	defer close(hang)
	p := &prober{now: func() time.Time { return now }, wait: time.Millisecond, probe: func(context.Context) error { <-hang; return nil }}
	if err := p.ask(context.Background()); err == nil {
		t.Error("a probe that hangs counts as ready")
	}
}

func TestSlots(t *testing.T) {
	s := &Slots{All: 3, Each: 2}
	first, err := s.Take("ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take("ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take("ann"); Status(err) != 429 {
		t.Errorf("ann's third: %v, want 429", err)
	}
	if _, err := s.Take("ben"); err != nil {
		t.Errorf("ben's first: %v", err)
	}
	if _, err := s.Take("cleo"); Status(err) != 503 {
		t.Errorf("a fourth of three: %v, want 503", err)
	}
	first()
	first() // giving back twice must not make a place
	if _, err := s.Take("cleo"); err != nil {
		t.Errorf("after one gave back: %v", err)
	}
	if _, err := s.Take("dora"); Status(err) != 503 {
		t.Errorf("a place appeared from nowhere: %v", err)
	}
}

// Whoever has many accounts in one place leaves places to the others.
func TestSlotsOfOneNetwork(t *testing.T) {
	s := &Slots{All: 4, Each: 1, Near: 2}
	var back []func()
	for _, who := range []string{"ann", "ben"} {
		release, err := s.TakeNear(who, "evil")
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, release)
	}
	if _, err := s.TakeNear("cleo", "evil"); Status(err) != 429 {
		t.Errorf("a third from one network: %v, want 429", err)
	}
	if _, err := s.TakeNear("ann", "home"); Status(err) != 429 {
		t.Errorf("ann's second, from elsewhere: %v, want 429", err)
	}
	if _, err := s.TakeNear("dora", "home"); err != nil {
		t.Errorf("from another network: %v", err)
	}
	back[0]()
	back[0]()
	if _, err := s.TakeNear("cleo", "evil"); err != nil {
		t.Errorf("after one gave back: %v", err)
	}
	if _, err := s.TakeNear("emil", "evil"); Status(err) != 429 {
		t.Errorf("a place appeared from nowhere: %v", err)
	}
}

// A reader takes bytes at a speed of its own; time passes while it does, and no
// longer than the deadline allows.
type reader struct {
	http.ResponseWriter
	now   time.Time
	until time.Time
	speed int // bytes a second
}

func (r *reader) SetWriteDeadline(t time.Time) error {
	r.until = t
	return nil
}

func (r *reader) Write(b []byte) (int, error) {
	if done := r.now.Add(time.Duration(len(b)) * time.Second / time.Duration(r.speed)); done.Before(r.until) {
		r.now = done
		return len(b), nil
	}
	if r.now.Before(r.until) {
		r.now = r.until
	}
	return 0, os.ErrDeadlineExceeded
}

// An answer that holds a place is cut for who reads too slowly on the whole, and
// not for who waits for us.
func TestASlowReaderHoldsNoPlace(t *testing.T) {
	const size, chunk = 11 << 20, 32 << 10
	for _, c := range []struct {
		name  string
		speed int
		paced bool
		ours  time.Duration // what each chunk takes us
		whole bool
		most  time.Duration
	}{
		{"fast", 10 << 20, true, 0, true, 2 * time.Second},
		{"a phone far out", ReadRate + 1000, true, 0, true, 6 * time.Minute},
		{"a phone far out, from a server that is slow", ReadRate + 1000, true, 10 * time.Second, true, 2 * time.Hour},
		{"half as fast", ReadRate / 2, true, 0, false, 2 * time.Minute},
		{"a trickle", 2 << 10, true, 0, false, 35 * time.Second},
		{"a trickle for an answer that holds no place", 2 << 10, false, 0, true, 2 * time.Hour},
		{"nothing at all", 1, true, 0, false, writeStall},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := time.Unix(0, 0)
			r := &reader{ResponseWriter: httptest.NewRecorder(), now: begun, speed: c.speed}
			rec := &recorder{ResponseWriter: r, now: func() time.Time { return r.now }}
			if c.paced {
				AtLeast(struct{ http.ResponseWriter }{rec}) // hidden: nothing to do
				AtLeast(wrapping{rec})
			}
			n := 0
			var err error
			for n < size && err == nil {
				r.now = r.now.Add(c.ours)
				var wrote int
				wrote, err = rec.Write(make([]byte, chunk))
				n += wrote
			}
			if took := r.now.Sub(begun); (err == nil) != c.whole || took > c.most {
				t.Errorf("%d of %d bytes in %s, %v; want all: %t, in %s", n, size, took, err, c.whole, c.most)
			}
		})
	}
}

// wrapping is a writer around another that says so.
type wrapping struct{ http.ResponseWriter }

func (w wrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// One owner's uploads under way leave room for another's; what has arrived
// counts until its upload ends.
func TestArrivals(t *testing.T) {
	a := NewArrivals(3, 2, 100, 60)
	begin := func(who string) *Arrival {
		t.Helper()
		x, err := a.Begin(who)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	first, second := begin("ann"), begin("ann")
	if _, err := a.Begin("ann"); Status(err) != 429 {
		t.Errorf("ann's third: %v, want 429", err)
	}
	other := begin("ben")
	for _, c := range []struct {
		name   string
		of     *Arrival
		bytes  int64
		status int
	}{
		{"some of hers", first, 30, 0},
		{"as much as she may", second, 30, 0},
		{"a byte more", second, 1, 429},
		{"his", other, 40, 0},
		{"a byte more than there is room", other, 1, 503},
	} {
		if err := c.of.grow(c.bytes); (err != nil || c.status != 0) && Status(err) != c.status {
			t.Errorf("%s: %v, want %d", c.name, err, c.status)
		}
	}
	first.End()
	if err := second.grow(30); err != nil {
		t.Errorf("after one ended: %v", err)
	}
	second.End()
	other.End()
	if a.used != 0 || len(a.by) != 0 || a.requests.used != 0 {
		t.Errorf("left over: %d bytes, %v, %d requests", a.used, a.by, a.requests.used)
	}
}

func TestPictureCannotRunAnything(t *testing.T) {
	h := http.Header{}
	Picture(h, "image/jpeg", "Grüße \"x\".jpg", false)
	want := map[string]string{
		"Content-Type": "image/jpeg", "Content-Security-Policy": "default-src 'none'; sandbox", "X-Robots-Tag": "noindex",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Content-Disposition":          "inline; filename=\"Gr__e _x_.jpg\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22x%22.jpg",
	}
	for k, v := range want {
		if h.Get(k) != v {
			t.Errorf("%s is %q, want %q", k, h.Get(k), v)
		}
	}
	for _, name := range []string{"a\"; filename=\"b", "a\r\nb", `a\" b`, "a%22b", "../a"} {
		Picture(h, "image/jpeg", name, true)
		got := h.Get("Content-Disposition")
		_, _, err := mime.ParseMediaType(got)
		if err != nil || !strings.HasSuffix(got, "; filename*=UTF-8''"+strings.ReplaceAll(url.QueryEscape(name), "+", "%20")) || strings.Count(got, `"`) != 2 || strings.ContainsAny(got, "\r\n\\/") {
			t.Errorf("a file called %q is announced as %s", name, got)
		}
	}
}
