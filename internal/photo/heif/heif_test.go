package heif_test

import (
	"context"
	"errors"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kinpict/internal/photo/heif"
	"kinpict/internal/photo/heif/heiftest"
)

const maxPixels = 50_000_000

func anySize(int, int) error { return nil }

func inspect(t *testing.T, b []byte) *heif.Info {
	t.Helper()
	info, err := heif.Inspect(b, anySize)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestDecode(t *testing.T) {
	data := heiftest.File{}.Bytes()
	info := inspect(t, data)
	m, err := heif.Decode(t.Context(), data, info.Memory, info.Coded)
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, heiftest.Width, heiftest.Height) {
		t.Errorf("decoded %v", m.Bounds())
	}
}

// What a child may not do ends it, and its parent says which of the reasons it
// was. The child answers ErrNoProcess where the bound held as it should.
func TestChildIsBounded(t *testing.T) {
	data := heiftest.File{}.Bytes()
	for _, c := range []struct {
		does string
		want error
	}{
		{"spin", heif.ErrTooLong},
		{"eat", heif.ErrTooLong},
		{"kill", heif.ErrTooLong},
		{"open", heif.ErrNoProcess},
		{"create", heif.ErrNoProcess},
		{"environment", heif.ErrNoProcess},
		{"long", heif.ErrDamaged},
		{"flood", heif.ErrDamaged},
		{"short", heif.ErrDamaged},
		{"large", heif.ErrDamaged},
		{"stride", heif.ErrDamaged},
	} {
		t.Run(c.does, func(t *testing.T) {
			heif.WithArgs([]string{c.does}, func() {
				m, err := heif.Decode(t.Context(), data, 64<<20, maxPixels)
				if m != nil || !errors.Is(err, c.want) {
					t.Errorf("a child that does %q gave %v, want %v", c.does, err, c.want)
				}
			})
			noChildren(t)
		})
	}
}

// A child whose time is up before it worked much has not met a bad file.
func TestStarvedChild(t *testing.T) {
	heif.WithArgs([]string{"hang"}, func() {
		heif.WithWall(50*time.Millisecond, func() {
			if m, err := heif.Decode(t.Context(), heiftest.File{}.Bytes(), 64<<20, maxPixels); m != nil || !errors.Is(err, heif.ErrStarved) {
				t.Errorf("a child without time: %v, want %v", err, heif.ErrStarved)
			}
		})
	})
	noChildren(t)
}

// A request that ends takes its child along.
func TestCancelEndsTheChild(t *testing.T) {
	heif.WithArgs([]string{"hang"}, func() {
		ctx, cancel := context.WithCancelCause(t.Context())
		went := errors.New("went away")
		done := make(chan error)
		go func() {
			_, err := heif.Decode(ctx, heiftest.File{}.Bytes(), 64<<20, maxPixels)
			done <- err
		}()
		for len(children(t)) == 0 {
			select {
			case err := <-done:
				t.Fatalf("ended by itself: %v", err)
			default:
			}
		}
		cancel(went)
		if err := <-done; !errors.Is(err, went) {
			t.Errorf("got %v, want the reason of the request's end", err)
		}
	})
	noChildren(t)
}

func noChildren(t *testing.T) {
	t.Helper()
	if c := children(t); len(c) > 0 {
		t.Errorf("children left: %v", c)
	}
}

// children lists processes of ours, also those that ended and were not waited for.
func children(t *testing.T) (out []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Fatalf("no processes to look at: %v", err)
	}
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it just ended
		}
		// The name in parentheses may hold anything; the parent is the second field after it.
		rest := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(rest) > 1 && rest[1] == strconv.Itoa(os.Getpid()) {
			out = append(out, string(b))
		}
	}
	return out
}

// The decoder gets no more memory than it was given, and none of the bytes.
func TestDecodeRefuses(t *testing.T) {
	good := heiftest.File{}.Bytes()
	for _, c := range []struct {
		name              string
		data              []byte
		memory, maxPixels int64
	}{
		{"cut", good[:len(good)*2/3], 64 << 20, maxPixels},
		{"no picture at all", []byte("not a photo"), 64 << 20, maxPixels},
		{"more pixels than were let pass", good, 64 << 20, 640*480 - 1},
		{"too little memory", heiftest.File{Tiles: 8}.Bytes(), 8 << 20, maxPixels},
	} {
		if m, err := heif.Decode(t.Context(), c.data, c.memory, c.maxPixels); m != nil || !errors.Is(err, heif.ErrDamaged) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// No library of the system is loaded to decode, in whatever way the program is
// built: the module that would do so is not part of it.
func TestNoSystemLibrary(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "kinpict/cmd/kinpict").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range strings.Fields(string(out)) {
		if strings.HasPrefix(p, "github.com/ebitengine/purego") || strings.HasPrefix(p, "github.com/gen2brain/heic") {
			t.Errorf("the program contains %s, which loads libheif from the system", p)
		}
	}
	if !strings.Contains(string(out), "github.com/tetratelabs/wazero") {
		t.Error("the program contains no decoder")
	}
}
