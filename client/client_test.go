package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"kinpict"
)

// at is a client of a server that answers with f, and that does not wait.
func at(t *testing.T, f http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return &Client{Base: s.URL + "/", pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func TestErrorsAreTheServersWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   kinpict.Error
	}{
		{"a problem", 402, `{"type":"urn:x","title":"T","status":402,"detail":"Too few.","code":"insufficient_credits","hint":"Add some.","shortfall":3}`,
			kinpict.Error{Code: kinpict.InsufficientCredits, Message: "Too few.", Hint: "Add some.", Members: map[string]any{"shortfall": json.Number("3")}}},
		{"a proxy's page", 502, "<html>Bad Gateway</html>",
			kinpict.Error{Code: kinpict.Unavailable, Message: "The server answered 502 Bad Gateway.", Hint: "Try again in a few seconds."}},
		{"another site", 404, "not here",
			kinpict.Error{Code: kinpict.Internal, Message: "The server answered 404 Not Found.", Hint: "Is this the address of a Kinpict?"}},
		{"JSON that is no problem", 400, `{"error":"x"}`,
			kinpict.Error{Code: kinpict.Internal, Message: "The server answered 400 Bad Request.", Hint: "Is this the address of a Kinpict?"}},
	} {
		cl := at(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		_, err := cl.Credits(t.Context())
		var got *kinpict.Error
		if !errors.As(err, &got) || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		_, err = cl.Image(t.Context(), "gen_1", 0, "")
		if kinpict.CodeOf(err) != c.want.Code {
			t.Errorf("%s, for a file: %v", c.name, err)
		}
	}
}

func TestMembers(t *testing.T) {
	err := fmt.Errorf("generate: %w", &kinpict.Error{Code: kinpict.InsufficientCredits, Members: map[string]any{"shortfall": json.Number("3"), "held_request": map[string]any{"id": "hld_1"}}})
	if m, ok := Members[Shortfall](err); !ok || m.Shortfall != 3 || m.HeldRequest.ID != "hld_1" {
		t.Errorf("%+v %v", m, ok)
	}
	if _, ok := Members[Shortfall](io.EOF); ok {
		t.Error("a shortfall was found in an error that has none")
	}
}

func TestWhatIsSent(t *testing.T) {
	var got *http.Request
	cl := at(t, func(w http.ResponseWriter, r *http.Request) { got = r; io.WriteString(w, "{}") })
	cl.Token = "kp_secret"
	if _, err := cl.Generate(t.Context(), "", Request{}); err != nil {
		t.Fatal(err)
	}
	first := got.Header.Get("Idempotency-Key")
	if first == "" || got.Header.Get("Authorization") != "Bearer kp_secret" || got.Header.Get("Origin") != "" || got.URL.Path != "/api/v1/generations" {
		t.Errorf("%s %v", got.URL, got.Header)
	}
	if _, err := cl.Generate(t.Context(), "", Request{}); err != nil || got.Header.Get("Idempotency-Key") == first {
		t.Errorf("two wishes have one key: %v", err)
	}
	if _, err := cl.Generate(t.Context(), "mine", Request{}); err != nil || got.Header.Get("Idempotency-Key") != "mine" {
		t.Errorf("the given key was not sent: %v", err)
	}
	cl.Token = ""
	if _, err := cl.Preview(t.Context(), "", Request{}); err != nil || got.Header.Get("Origin")+"/" != cl.Base || got.Header.Get("Authorization") != "" {
		t.Errorf("a guest's request says %v, %v", got.Header, err)
	}
	if _, err := cl.Generation(t.Context(), "../credits"); err != nil || got.URL.EscapedPath() != "/api/v1/generations/..%2Fcredits" {
		t.Errorf("an id led to %s, %v", got.URL.EscapedPath(), err)
	}
}

func event(id, status string) string {
	return fmt.Sprintf("id: %s\ndata: {\"id\":\"gen_1\",\"status\":%q}\n\n", id, status)
}

func TestWatchTakesUpBrokenStreams(t *testing.T) {
	var seen []string
	cl := at(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Last-Event-ID"))
		switch len(seen) {
		case 1:
			io.WriteString(w, "retry: 2000\n\n"+event("a", "queued")+": still here\n\n"+event("b", "running")+"id: c\ndata: {\"id\":\"ge")
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		case 3:
			io.WriteString(w, event("b", "running")+event("d", "succeeded"))
		}
	})
	var got []kinpict.Status
	for g, err := range cl.Watch(t.Context(), "gen_1") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, g.Status)
	}
	if want := []kinpict.Status{"queued", "running", "running", "succeeded"}; !reflect.DeepEqual(got, want) {
		t.Errorf("saw %v, want %v", got, want)
	}
	if want := []string{"", "b", "b"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("took up after %q, want %q", seen, want)
	}
}

func TestWatchGivesUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     func(w http.ResponseWriter)
		code  kinpict.Code
		tries int
	}{
		{"a refusal is final", func(w http.ResponseWriter) {
			w.WriteHeader(404)
			io.WriteString(w, `{"code":"not_found","detail":"No."}`)
		}, kinpict.NotFound, 1},
		{"a server that is gone", func(w http.ResponseWriter) { w.WriteHeader(503) }, kinpict.Unavailable, reconnects + 1},
		{"streams that end at once", func(w http.ResponseWriter) { io.WriteString(w, "retry: 1\n\n") }, kinpict.Unavailable, reconnects + 1},
		{"what is no JSON", func(w http.ResponseWriter) { io.WriteString(w, "data: {\n\n") }, kinpict.Internal, 1},
		{"seen already", func(w http.ResponseWriter) { w.WriteHeader(204) }, "", 1},
	} {
		tries := 0
		cl := at(t, func(w http.ResponseWriter, _ *http.Request) { tries++; c.f(w) })
		var last error
		for _, err := range cl.Watch(t.Context(), "gen_1") {
			last = err
		}
		if kinpict.CodeOf(last) != c.code || tries != c.tries {
			t.Errorf("%s: %v after %d tries, want %q after %d", c.name, last, tries, c.code, c.tries)
		}
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cl := at(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, event("a", "queued"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	n := 0
	for g, err := range cl.Watch(ctx, "gen_1") {
		switch n++; n {
		case 1:
			if err != nil || g.Status != "queued" {
				t.Fatalf("%+v, %v", g, err)
			}
			cancel()
		case 2:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want the context's end", err)
			}
		default:
			t.Fatal("it goes on")
		}
	}
	if n != 2 {
		t.Errorf("%d turns, want 2", n)
	}
}

// A secret in the address must not reach a log through an error.
func TestErrorsDoNotNameTheAddress(t *testing.T) {
	cl := &Client{Base: "http://user:hunter2@127.0.0.1:1"}
	if _, err := cl.Catalog(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
