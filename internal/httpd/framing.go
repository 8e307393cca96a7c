package httpd

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync"

	"kinpict"
)

// A request with both Content-Length and Transfer-Encoding is one that two
// servers may cut at different places, which is how a request is smuggled past
// the first (RFC 9112, 11.2). net/http drops the length before a handler sees
// either, so the heads of requests are looked at as they come over the wire.

// framed hands out connections that remember the head of the request they are
// reading.
type framed struct{ net.Listener }

func (l framed) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &wire{TCPConn: tcp, looking: true}, err
	}
	return c, err
}

// maxHead is more than a server with its MaxHeaderBytes takes.
const maxHead = 64 << 10

// A wire is a connection and the head of its current request.
type wire struct {
	*net.TCPConn
	mu      sync.Mutex // the server looks for the client's end beside the handler
	looking bool       // head is still growing
	head    []byte     // up to its empty line, once that came
	ahead   []byte     // what came of the next one
}

func (c *wire) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.looking:
		c.add(b[:n])
	case len(b) == 1:
		// So the server learns whether the client is still there. If it is, this is
		// the first byte of its next request.
		c.ahead = append([]byte{}, b[:n]...)
	}
	return n, err
}

func (c *wire) add(b []byte) {
	from := max(0, len(c.head)-3)
	c.head = append(c.head, b...)
	for _, end := range []string{"\r\n\r\n", "\n\n", "\n\r\n"} {
		if i := bytes.Index(c.head[from:], []byte(end)); i >= 0 {
			c.head, c.looking = c.head[:from+i], false
		}
	}
	if len(c.head) > maxHead {
		c.head, c.looking = nil, false
	}
}

// next is called between two requests.
func (c *wire) next() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head, c.looking = nil, true
	c.add(c.ahead)
	c.ahead = nil
}

// taken returns the head of the current request, and keeps it no longer.
func (c *wire) taken() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	head := c.head
	c.head, c.looking = nil, false
	return head
}

// ambiguous reports whether a chunked request's head has a length as well. So
// counts a head that did not come by itself, because it was sent on the heels
// of another request: what else it says was not seen.
func ambiguous(r *http.Request, head []byte) bool {
	if !bytes.HasPrefix(head, []byte(r.Method+" "+r.RequestURI+" ")) {
		return true
	}
	for line := range bytes.Lines(head) {
		if name, _, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Length")) {
			return true
		}
	}
	return false
}

type wireKey struct{}

// plainly serves requests whose end is beyond doubt. After a chunked one the
// connection closes, so that nothing behind it is ever taken for a request.
func plainly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(wireKey{}).(*wire)
		if !ok {
			h.ServeHTTP(w, r)
			return
		}
		head := c.taken()
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
			if ambiguous(r, head) {
				err := &kinpict.Error{Code: RequestMalformed, Message: "The request says in two ways how long it is.",
					Hint: "Send either Content-Length or Transfer-Encoding."}
				if e, ok := h.(*edged); ok {
					e.refusing(err).ServeHTTP(w, r)
				} else {
					Problem(w, r, err)
				}
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// remember puts the connection where plainly finds it.
func remember(ctx context.Context, c net.Conn) context.Context {
	if w, ok := c.(*wire); ok {
		return context.WithValue(ctx, wireKey{}, w)
	}
	return ctx
}

// between lets a connection look at the head of its next request.
func between(c net.Conn, state http.ConnState) {
	if w, ok := c.(*wire); ok && state == http.StateIdle {
		w.next()
	}
}
