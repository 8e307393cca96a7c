package e2e

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"kinpict/internal/config"
	limits "kinpict/internal/photo"
)

// wire sends bytes as they are, says that no more will come if half is set, and
// returns the status of the answer, 0 where there is none.
func (s *stack) wire(text string, half bool) int {
	s.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		s.Fatal(err)
	}
	if half {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			s.Fatal(err)
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// Uploads that lie about their length, break off or come in strange framing are
// refused, leave nothing, and do not stand in the way of the same photo sent
// well. Connection by connection, as no client of ours would send them.
func TestUploadsOnTheWire(t *testing.T) {
	var data string
	s := newStack(t, "sqlite", func(c *config.Config) { data = c.Data })
	ann := s.person("ann")
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n" + string(photo(3)) + "\r\n--b--\r\n"
	head := func(proto string, lines ...string) string {
		return "POST /api/v1/photos " + proto + "\r\nHost: " + strings.TrimPrefix(s.url, "http://") + "\r\nAuthorization: Bearer " + ann.Token +
			"\r\nContent-Type: multipart/form-data; boundary=b\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d", n) }
	large := strings.Replace(body, "\r\n\r\n", "\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n", 1)
	for _, c := range []struct {
		name, text string
		half       bool
		want       []int
	}{
		{"a wrong token is refused before the body is sent", strings.Replace(head("HTTP/1.1", length(20<<20)), ann.Token, "kp_wrong", 1), false, []int{401}},
		{"too long is refused before the body is sent", head("HTTP/1.1", length(1<<40)), false, []int{413}},
		{"cut at half", head("HTTP/1.1", length(len(body))) + body[:len(body)/2], true, []int{400}},
		{"cut in the last boundary", head("HTTP/1.1", length(len(body))) + body[:len(body)-4], true, []int{400}},
		{"longer than it says", head("HTTP/1.1", length(len(body)/2)) + body, false, []int{400}},
		{"two lengths", head("HTTP/1.1", length(len(body)), length(10)) + body, false, []int{400}},
		{"a length that is no number", head("HTTP/1.1", "Content-Length: many") + body, false, []int{400}},
		{"an unknown framing", head("HTTP/1.1", "Transfer-Encoding: smuggled") + body, false, []int{400, 501}},
		{"a chunk of nonsense", head("HTTP/1.1", "Transfer-Encoding: chunked") + "zz\r\n" + body, false, []int{400}},
		{"cut in a part's header line", head("HTTP/1.1", length(40)) + body[:40], false, []int{400}},
		{"chunks that stop", head("HTTP/1.1", "Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s", len(body), body[:100]), true, []int{400}},
		{"no host", strings.Replace(head("HTTP/1.1", length(len(body)))+body, "Host: ", "Xost: ", 1), false, []int{400}},
		{"a header of a megabyte in a part", head("HTTP/1.1", length(len(large))) + large, false, []int{400, 413}},
		{"a header of a line feed", head("HTTP/1.1", "X-A: b\x00c", length(len(body))) + body, false, []int{400}},
	} {
		got, fine := s.wire(c.text, c.half), false
		for _, w := range c.want {
			fine = fine || got == w
		}
		if !fine {
			t.Errorf("%s: answered %d, want %v", c.name, got, c.want)
		}
	}
	if n := filesIn(t, filepath.Join(data, "blobs")); n != 0 {
		t.Errorf("%d files were left behind", n)
	}
	if list, err := ann.Photos(s.Context()); err != nil || len(list.Items) != 0 {
		t.Errorf("%d photos were made of what was refused, %v", len(list.Items), err)
	}
	// The same bytes sent again, whole, in both versions of the protocol, are one photo.
	for _, proto := range []string{"HTTP/1.1", "HTTP/1.0", "HTTP/1.1"} {
		if got := s.wire(head(proto, length(len(body)))+body, false); got != 201 {
			t.Errorf("sent well over %s: answered %d", proto, got)
		}
	}
	if list, err := ann.Photos(s.Context()); err != nil || len(list.Items) != 1 {
		t.Errorf("three times the same bytes made %d photos, %v", len(list.Items), err)
	}
	if n := filesIn(t, filepath.Join(data, "blobs")); n != 2 {
		t.Errorf("one photo is %d files, want the picture and its thumbnail", n)
	}
}

func filesIn(t *testing.T, dir string) (n int) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// What is published is what is held, and HEIC is named.
func TestLimitsAreThose(t *testing.T) {
	s := newStack(t, "sqlite", nil)
	got, err := s.person("ann").Limits(s.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, u := limits.DefaultLimits(), got.Upload
	if fmt.Sprint(u.Types) != "[image/jpeg image/png image/webp image/heic]" {
		t.Errorf("types %v", u.Types)
	}
	for name, v := range map[string][2]int64{
		"bytes": {u.MaxBytes, int64(l.Bytes)}, "pixels": {u.MaxPixels, int64(l.Pixels)}, "side": {int64(u.MaxSide), int64(l.Side)},
		"short side": {int64(u.MinSide), int64(l.Short)}, "aspect": {int64(u.MaxAspect), int64(l.Aspect)}, "scans": {int64(u.MaxScans), int64(l.Scans)},
		"memory": {u.MaxDecodeBytes, l.Decode}, "steps": {u.MaxSteps, l.Samples},
	} {
		if v[0] != v[1] || v[0] == 0 {
			t.Errorf("%s: published %d, held %d", name, v[0], v[1])
		}
	}
}
