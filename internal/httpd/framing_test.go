package httpd

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestFramingThatCanBeReadInTwoWays(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Errorf("body: %v", err)
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, mux, slog.New(slog.DiscardHandler)) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()

	const (
		start   = "POST /form HTTP/1.1\r\nHost: kinpict.example\r\n"
		length  = "Content-Length: 5\r\n"
		chunked = "Transfer-Encoding: chunked\r\n"
		chunks  = "5\r\nhello\r\n0\r\n\r\n"
		plain   = start + length + "\r\nhello"
	)
	for _, c := range []struct {
		name   string
		sent   []string // each after the answer to the one before
		want   []int    // statuses
		closed bool     // after the last
	}{
		{"a length", []string{plain, plain, plain}, []int{200, 200, 200}, false},
		{"chunks", []string{start + chunked + "\r\n" + chunks}, []int{200}, true},
		{"chunks on a connection that was used", []string{plain, plain, start + chunked + "\r\n" + chunks}, []int{200, 200, 200}, true},
		{"chunks that name a length inside", []string{start + chunked + "\r\n" + "13\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"}, []int{200}, true},
		{"both", []string{start + length + chunked + "\r\n" + chunks}, []int{400}, true},
		{"both, the other way round", []string{start + chunked + length + "\r\n" + chunks}, []int{400}, true},
		{"both, in other letters", []string{start + "content-LENGTH: 5\r\n" + chunked + "\r\n" + chunks}, []int{400}, true},
		{"both, in lines that end short", []string{"POST /form HTTP/1.1\nHost: a\nContent-Length: 5\nTransfer-Encoding: chunked\n\n" + chunks}, []int{400}, true},
		{"both, on a connection that was used", []string{plain, start + length + chunked + "\r\n" + chunks}, []int{200, 400}, true},
		{"both, on the heels of another", []string{plain + start + length + chunked + "\r\n" + chunks, ""}, []int{200, 400}, true},
		{"another on the heels of chunks", []string{start + chunked + "\r\n" + chunks + plain}, []int{200}, true},
	} {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		for i, text := range c.sent {
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("%s: answer %d: %v", c.name, i+1, err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.want[i] {
				t.Errorf("%s: answer %d is %d %q, %v; want %d", c.name, i+1, resp.StatusCode, body, err, c.want[i])
			}
			if i < len(c.sent)-1 {
				continue
			}
			if resp.Close != c.closed {
				t.Errorf("%s: the connection is to be closed: %v, want %v", c.name, resp.Close, c.closed)
			} else if c.closed {
				if n, _ := in.Read(make([]byte, 1)); n > 0 {
					t.Errorf("%s: more was answered", c.name)
				}
			}
		}
		conn.Close()
	}
}

// Behind an edge such a request gets what every refused one gets, a page too.
func TestFramingIsRefusedByTheEdge(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	edge := &Edge{Public: &url.URL{Scheme: "http", Host: "kinpict.example"}, Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return "req_1" },
		Fail: func(w http.ResponseWriter, r *http.Request, err error) {
			w.WriteHeader(Status(err))
			_, _ = io.WriteString(w, "a page: "+err.Error())
		}}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, edge.Wrap(http.NewServeMux()), slog.New(slog.DiscardHandler)) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /form HTTP/1.1\r\nHost: kinpict.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 400 || !strings.HasPrefix(string(body), "a page: ") || !resp.Close {
		t.Errorf("%d %q, close %v, %v", resp.StatusCode, body, resp.Close, err)
	}
	if resp.Header.Get("X-Request-Id") != "req_1" || resp.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("it lacks the headers of an answer: %v", resp.Header)
	}
}
