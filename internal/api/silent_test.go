package api_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
)

// silent begins an upload that never comes, and returns what the server says
// once it waits for it, or instead.
func (r *rig) silent(token string) string {
	r.Helper()
	conn, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { conn.Close() })
	if token != "" {
		token = "Authorization: Bearer " + token + "\r\n"
	}
	fmt.Fprintf(conn, "POST /api/v1/photos HTTP/1.1\r\nHost: kinpict.example\r\n%sContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 8000000\r\nExpect: 100-continue\r\n\r\n", token)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		r.Fatal(err)
	}
	return line
}

// Uploads that never come keep nobody out, not even those who sent them, until
// there are very many from one account or one network.
func TestSilentUploadsKeepNobodyOut(t *testing.T) {
	oneKind(t, func(r *rig) {
		ann, ben := r.person("ann"), r.person("ben")
		for _, token := range []string{"", ann.Token} {
			for n := range 63 {
				if line := r.silent(token); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
					r.Fatalf("silent upload %d of %q: %s", n+1, token, line)
				}
			}
		}
		photo := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n" + string(picture(400, 300)) + "\r\n--x--\r\n"
		for who, token := range map[string]string{"a guest": "", "ann": ann.Token, "ben": ben.Token} {
			h := map[string]string{"Content-Type": "multipart/form-data; boundary=x"}
			if token != "" {
				h["Authorization"] = "Bearer " + token
			}
			if resp, body := r.raw("POST", "/api/v1/photos", h, photo); resp.StatusCode != 201 {
				r.Errorf("%s beside silent uploads: %d %s", who, resp.StatusCode, body)
			}
		}
		for _, token := range []string{"", ann.Token} {
			if line := r.silent(token); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
				r.Errorf("the last one let in of %q: %s", token, line)
			}
			if line := r.silent(token); !strings.HasPrefix(line, "HTTP/1.1 429 ") {
				r.Errorf("one too many of %q: %s", token, line)
			}
		}
	})
}
