package app

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kinpict"
)

func TestHowMuchRoomIsLeft(t *testing.T) {
	const gib = 1 << 30
	type disk struct {
		free, total uint64
		err         error
	}
	for _, c := range []struct {
		name  string
		disks map[string]disk
		low   string // the folder that is named, "" for none
	}{
		{"half is free", map[string]disk{"/data": {free: 10 * gib, total: 20 * gib}}, ""},
		{"a tenth is free", map[string]disk{"/data": {free: 2 * gib, total: 20 * gib}}, ""},
		{"less than a tenth", map[string]disk{"/data": {free: 2*gib - 1, total: 20 * gib}}, "/data"},
		{"a small disk", map[string]disk{"/data": {free: 90 << 20, total: gib}}, "/data"},
		{"a large disk with ten GiB", map[string]disk{"/data": {free: 10 * gib, total: 4000 * gib}}, ""},
		{"a large disk with less", map[string]disk{"/data": {free: 10*gib - 1, total: 4000 * gib}}, "/data"},
		{"the database's is full", map[string]disk{"/data": {free: gib, total: gib}, "/db": {free: 1, total: gib}}, "/db"},
		{"one that does not tell", map[string]disk{"/data": {err: errors.New("gone")}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &space{ask: func(f string) (uint64, uint64, error) { d := c.disks[f]; return d.free, d.total, d.err }}
			for f := range c.disks {
				s.folders = append(s.folders, f)
			}
			low, err := s.low(), s.room()
			if (low == "") != (c.low == "") || !strings.Contains(low, c.low) {
				t.Errorf("says %q, want something of %q", low, c.low)
			}
			want := kinpict.Code("")
			if c.low != "" {
				want = kinpict.Unavailable
			}
			if kinpict.CodeOf(err) != want {
				t.Errorf("room: %v, want code %q", err, want)
			}
		})
	}
	free, total, err := freeSpace(t.TempDir())
	if err != nil || total == 0 || free > total {
		t.Errorf("%d of %d bytes free here, %v", free, total, err)
	}
	if _, _, err := freeSpace(t.TempDir() + "/none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// A disk that is nearly full is said where operators look, ends uploads, and
// nothing else.
func TestANearlyFullDiskTakesNoPhotos(t *testing.T) {
	cfg := looked(t)
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Ready(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if want := []string{cfg.Data, filepath.Join(cfg.Data, "blobs")}; !slices.Equal(a.space.folders, want) {
		t.Errorf("%q are watched, want %q", a.space.folders, want)
	}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string, body io.Reader) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, a.Config.PublicURL+path, body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", a.Config.PublicURL)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	draft := func() int {
		return ask("POST", "/create/draft", strings.NewReader("scenario=autumn&quality=standard")).Code
	}
	if got := draft(); got != http.StatusNoContent {
		t.Fatalf("with room: %d", got)
	}
	a.space.ask = func(string) (uint64, uint64, error) { return 5 << 30, 100 << 30, nil }
	if got := draft(); got != http.StatusServiceUnavailable {
		t.Errorf("a new guest's draft without room: %d, want 503", got)
	}
	if w := ask("GET", "/readyz", nil); w.Code != http.StatusOK || w.Body.String() != "ready\nnearly full: new photos wait, and the log says where\n" {
		t.Errorf("/readyz: %d %q", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/create", "/pricing"} {
		if w := ask("GET", path, nil); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
