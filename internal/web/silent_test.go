package web_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// silent begins an upload to path that never comes, and returns what the server
// says once it waits for it, or instead.
func (h *house) silent(path string) string {
	h.Helper()
	host := strings.TrimPrefix(h.url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 8000000\r\nExpect: 100-continue\r\n\r\n", path, host, h.url)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		h.Fatal(err)
	}
	return line
}

// Uploads that never come keep nobody's away: not those of others on the same
// network, until it has very many, and never those of a person who signed in.
func TestSilentUploadsKeepNobodyOut(t *testing.T) {
	h := open(t)
	ann, guest := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	form := ann.get("/create").form(t)
	for n := range 63 {
		if line := h.silent("/create/photos"); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("silent upload %d: %s", n+1, line)
		}
	}
	guest.upload("/create/photos", form, snapshot(t, 1)).to(t, "/create")
	if line := h.silent("/create/photos"); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Errorf("the last one let in: %s", line)
	}
	if line := h.silent("/create/photos"); !strings.HasPrefix(line, "HTTP/1.1 429 ") {
		t.Errorf("one too many for a network, by a guest nobody has seen: %s", line)
	}
	ann.upload("/create/photos", form, snapshot(t, 2)).to(t, "/create")
}

// Nor do they keep files from being checked.
func TestSilentChecksKeepNobodyOut(t *testing.T) {
	h := open(t)
	for n := range 8 {
		if line := h.silent("/verify"); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("silent check %d: %s", n+1, line)
		}
	}
	if p := h.browser().check(snapshot(t, 1)); p.StatusCode != http.StatusOK {
		t.Errorf("a check beside silent ones answered %d", p.StatusCode)
	}
}
