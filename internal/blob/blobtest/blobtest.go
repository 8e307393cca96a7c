// Package blobtest says what every blob.Bucket must do, and spoils one on demand.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
)

var ctx = context.Background()

// Read returns all bytes under a key.
func Read(b blob.Bucket, key string) ([]byte, error) {
	r, err := b.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// Keys returns all keys with a prefix, sorted.
func Keys(t testing.TB, b blob.Bucket, prefix string) []string {
	t.Helper()
	var out []string
	for it, err := range b.List(ctx, prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		out = append(out, it.Key)
	}
	slices.Sort(out)
	return out
}

func put(t *testing.T, b blob.Bucket, key, data string) {
	t.Helper()
	if err := b.Put(ctx, key, []byte(data)); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func holds(t *testing.T, b blob.Bucket, key, want string) {
	t.Helper()
	if got, err := Read(b, key); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", key, got, err, want)
	}
}

func missing(t *testing.T, b blob.Bucket, key string) {
	t.Helper()
	if data, err := Read(b, key); kinpict.CodeOf(err) != kinpict.NotFound {
		t.Errorf("%s holds %q, %v; want not_found", key, data, err)
	}
}

// Conform runs the suite. open returns an empty bucket whose clock is now.
func Conform(t *testing.T, now func() time.Time, open func(t *testing.T) blob.Bucket) {
	t.Run("keeps what was put", func(t *testing.T) {
		b := open(t)
		missing(t, b, "photos/ann/1.jpg")
		put(t, b, "photos/ann/1.jpg", "one")
		put(t, b, "empty", "")
		holds(t, b, "photos/ann/1.jpg", "one")
		holds(t, b, "empty", "")
		missing(t, b, "photos/ann")
		missing(t, b, "photos/ann/1.jp")
	})
	t.Run("same bytes again do nothing, other bytes are refused", func(t *testing.T) {
		b := open(t)
		put(t, b, "a/b", "one")
		put(t, b, "a/b", "one")
		if err := b.Put(ctx, "a/b", []byte("two")); !errors.Is(err, blob.ErrOther) {
			t.Errorf("other bytes: %v, want ErrOther", err)
		}
		holds(t, b, "a/b", "one")
	})
	t.Run("deletes, also twice, also alone in its folder", func(t *testing.T) {
		b := open(t)
		put(t, b, "a/b/1", "one")
		put(t, b, "a/2", "two")
		for range 2 {
			if err := b.Delete(ctx, "a/b/1"); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		missing(t, b, "a/b/1")
		holds(t, b, "a/2", "two")
		put(t, b, "a/b/1", "other bytes now")
		holds(t, b, "a/b/1", "other bytes now")
	})
	t.Run("lists by prefix", func(t *testing.T) {
		b := open(t)
		for _, k := range []string{"photos/ann/1.jpg", "photos/ann/2.jpg", "photos/anna/3.jpg", "pictures/1.png"} {
			put(t, b, k, k)
		}
		for prefix, want := range map[string]int{"": 4, "photos/": 3, "photos/ann": 3, "photos/ann/": 2, "photos/ann/2": 1, "p": 4, "nothing/": 0, "photos/zoe/": 0, "../": 0} {
			if got := Keys(t, b, prefix); len(got) != want {
				t.Errorf("%q lists %v, want %d", prefix, got, want)
			}
		}
		for it, err := range b.List(ctx, "pictures/") {
			if err != nil || it.Bytes != int64(len("pictures/1.png")) || it.At.Sub(now()).Abs() > time.Second {
				t.Errorf("listed as %+v, %v; put at %v", it, err, now())
			}
		}
		for range b.List(ctx, "photos/") {
			break // a reader may stop
		}
	})
	t.Run("refuses keys that leave it", func(t *testing.T) {
		b := open(t)
		for _, key := range []string{"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/", "./a", "a/.hidden", ".tmp/x", "A", "a b", "a\x00b", "a\\b", "ü", "a:b",
			strings.Repeat("a", 201), strings.Repeat("a/", 300) + "a"} {
			for what, err := range map[string]error{"put": b.Put(ctx, key, []byte("x")), "delete": b.Delete(ctx, key), "open": opens(b, key)} {
				if err == nil || kinpict.CodeOf(err) == kinpict.NotFound {
					t.Errorf("%s %q: %v, want a refusal", what, key, err)
				}
			}
		}
		if got := Keys(t, b, ""); len(got) != 0 {
			t.Errorf("refused, yet kept: %v", got)
		}
	})
	t.Run("a done context does nothing", func(t *testing.T) {
		b := open(t)
		done, cancel := context.WithCancel(ctx)
		cancel()
		if err := b.Put(done, "a", []byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("put: %v", err)
		}
		missing(t, b, "a")
	})
	t.Run("many at once", func(t *testing.T) {
		b := open(t)
		data := bytes.Repeat([]byte("kinpict "), 8000)
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				if err := b.Put(ctx, "shared/one", data); err != nil {
					t.Errorf("shared: %v", err)
				}
			})
			wg.Go(func() {
				if got, err := Read(b, "shared/one"); err == nil && len(got) != len(data) {
					t.Errorf("a reader saw %d of %d bytes", len(got), len(data))
				}
			})
			wg.Go(func() { // folders come and go
				key := fmt.Sprintf("own/folder/%d", i)
				if err := errors.Join(b.Put(ctx, key, data), b.Delete(ctx, key)); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			})
		}
		wg.Wait()
		if got := Keys(t, b, ""); !slices.Equal(got, []string{"shared/one"}) {
			t.Errorf("kept %v", got)
		}
	})
}

func opens(b blob.Bucket, key string) error {
	_, err := Read(b, key)
	return err
}

// When a fault strikes: before the call has its effect, or after it, so that
// the caller is told of a failure that was none.
type When int

const (
	Never When = iota
	Before
	After
)

// ErrFault is what a Faulty bucket answers.
var ErrFault = errors.New("blobtest: fault on demand")

// Faulty is a bucket that fails on demand. Fault is asked about every call; op
// is "put", "open" or "delete". It must be safe for concurrent use if the
// bucket is used so.
type Faulty struct {
	blob.Bucket
	Fault func(op, key string) When
}

func (f *Faulty) strike(op, key string, call func() error) error {
	when := f.Fault(op, key)
	if when == Before {
		return fmt.Errorf("%s %s: %w", op, key, ErrFault)
	}
	if err := call(); err != nil || when == Never {
		return err
	}
	return fmt.Errorf("%s %s, done: %w", op, key, ErrFault)
}

func (f *Faulty) Put(ctx context.Context, key string, data []byte) error {
	return f.strike("put", key, func() error { return f.Bucket.Put(ctx, key, data) })
}

func (f *Faulty) Delete(ctx context.Context, key string) error {
	return f.strike("delete", key, func() error { return f.Bucket.Delete(ctx, key) })
}

// Open fails before or not at all: opening has no effect to come after.
func (f *Faulty) Open(ctx context.Context, key string) (r io.ReadCloser, err error) {
	if f.Fault("open", key) != Never {
		return nil, fmt.Errorf("open %s: %w", key, ErrFault)
	}
	return f.Bucket.Open(ctx, key)
}
