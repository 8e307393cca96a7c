package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinpict"
)

// A Client talks to one Kinpict. The zero value but for Base works for what
// needs no account. It is safe for concurrent use.
type Client struct {
	// Base is the site's address, such as http://localhost:8080.
	Base string
	// Token is an API token. Without one the cookies of HTTP's jar count, as
	// for a guest.
	Token string
	// HTTP sends the requests; nil means http.DefaultClient. It must not have a
	// Timeout if Watch is used.
	HTTP *http.Client
	// NewKey makes an Idempotency-Key where a call was given none; nil means a
	// random one.
	NewKey func() string

	// pause waits between two streams; tests do not.
	pause func(context.Context, time.Duration) error
}

// A Reply is an answer as it came.
type Reply struct {
	Status   int
	Replayed bool // it was given before to the same key
	Header   http.Header
	Body     []byte
}

// maxReply bounds an answer that is read into memory.
const maxReply = 16 << 20

// Call sends in as JSON, nil for no body, with an Idempotency-Key unless that
// is "", and decodes the answer into out unless that is nil. path begins with
// a slash and is relative to Base. A refusal is a *kinpict.Error, and the reply
// is there too.
func (c *Client) Call(ctx context.Context, method, path, key string, in, out any) (*Reply, error) {
	var body io.Reader
	header := http.Header{}
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
		header.Set("Content-Type", "application/json")
	}
	if key != "" {
		header.Set("Idempotency-Key", key)
	}
	return c.send(ctx, method, path, header, body, out)
}

func (c *Client) send(ctx context.Context, method, path string, header http.Header, body io.Reader, out any) (*Reply, error) {
	resp, err := c.open(ctx, method, path, header, body)
	if resp == nil {
		return nil, err
	}
	defer resp.Body.Close()
	reply := &Reply{Status: resp.StatusCode, Replayed: resp.Header.Get("Idempotent-Replayed") == "true", Header: resp.Header}
	b, rerr := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	reply.Body = b
	switch {
	case rerr != nil:
		return reply, unreachable(rerr)
	case len(b) > maxReply:
		return reply, fmt.Errorf("the answer to %s %s has more than %d bytes", method, path, maxReply)
	case resp.StatusCode >= 300:
		return reply, problem(resp.StatusCode, b)
	case out != nil:
		if err := json.Unmarshal(b, out); err != nil {
			return reply, fmt.Errorf("decode answer to %s %s: %w", method, path, err)
		}
	}
	return reply, nil
}

// open sends a request and returns the answer unread.
func (c *Client) open(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	base := strings.TrimSuffix(c.Base, "/")
	r, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("User-Agent", "kinpict-client")
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	} else {
		// The site takes a cookie only with a word on where the request comes from.
		r.Header.Set("Origin", base)
	}
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	resp, err := h.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, unreachable(err)
	}
	return resp, nil
}

func unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, which may hold a secret
	}
	return &kinpict.Error{Code: kinpict.Unavailable, Message: "The server cannot be reached.",
		Hint: "Check the address and whether it runs, then try again; the same Idempotency-Key is never charged twice.", Err: err}
}

// problem is the error of a problem document, or of whatever came instead.
func problem(status int, body []byte) *kinpict.Error {
	var p Problem
	members := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if json.Unmarshal(body, &p) != nil || p.Code == "" || d.Decode(&members) != nil {
		e := &kinpict.Error{Code: kinpict.Internal, Message: fmt.Sprintf("The server answered %d %s.", status, http.StatusText(status)),
			Hint: "Is this the address of a Kinpict?"}
		if status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout {
			e.Code, e.Hint = kinpict.Unavailable, "Try again in a few seconds."
		}
		return e
	}
	for _, own := range []string{"type", "title", "status", "detail", "code", "hint"} {
		delete(members, own)
	}
	return &kinpict.Error{Code: p.Code, Message: p.Detail, Hint: p.Hint, Members: members}
}

func (c *Client) key(given string) string {
	switch {
	case given != "":
		return given
	case c.NewKey != nil:
		return c.NewKey()
	}
	return rand.Text()
}

// Members decodes what an error says besides its sentence, such as a Shortfall,
// and reports whether err is one from the server and fits.
func Members[T any](err error) (*T, bool) {
	var e *kinpict.Error
	if !errors.As(err, &e) {
		return nil, false
	}
	b, err := json.Marshal(e.Members)
	if err != nil {
		return nil, false
	}
	v := new(T)
	return v, json.Unmarshal(b, v) == nil
}
