package disk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/blob/blobtest"
	"kinpict/internal/blob/disk"
)

var ctx = context.Background()

// noon is far from the machine's own clock, so that a mix-up shows.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, dir string, now func() time.Time) *disk.Bucket {
	t.Helper()
	b, err := disk.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConform(t *testing.T) {
	blobtest.Conform(t, noon, func(t *testing.T) blob.Bucket { return open(t, t.TempDir(), noon) })
}

func files(t *testing.T, dir string) (n int) {
	t.Helper()
	if err := filepath.Walk(dir, func(_ string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			n++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStartRemovesWhatADeadProcessLeft(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, noon)
	if err := b.Put(ctx, "photos/ann/1.jpg", []byte("whole")); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, ".tmp", fmt.Sprintf("%d-4711", noon().Unix()))
	if err := os.WriteFile(half, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys := blobtest.Keys(t, b, ""); len(keys) != 1 {
		t.Errorf("half a file is visible: %v", keys)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{59 * time.Minute, 2}, {time.Hour, 1}} {
		open(t, dir, func() time.Time { return noon().Add(c.after) })
		if n := files(t, dir); n != c.left {
			t.Errorf("started %v later: %d files, want %d", c.after, n, c.left)
		}
	}
	if got, err := blobtest.Read(b, "photos/ann/1.jpg"); string(got) != "whole" {
		t.Errorf("the whole file holds %q, %v", got, err)
	}
}

func TestAFailedPutLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, noon)
	if err := os.Symlink("nowhere", filepath.Join(dir, "photos")); err != nil { // in the way of the folder
		t.Fatal(err)
	}
	if err := b.Put(ctx, "photos/1.jpg", []byte("x")); kinpict.CodeOf(err) != kinpict.Internal {
		t.Errorf("put: %v, want an internal error", err)
	}
	if n := files(t, dir); n != 1 {
		t.Errorf("%d files, want only the one in the way", n)
	}
}
