// Package disk keeps blobs as files below one folder.
//
// A content is written to a temporary file, synced, renamed to its key, and its
// folder synced: a reader sees all of it or nothing, and so does the next start
// after a power cut. Temporary files a dead process left are removed when they
// are an hour old.
package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kinpict/internal/blob"
)

// temporary is the folder of unfinished files. Its name is no valid segment of
// a key, so it never meets one.
const temporary = ".tmp"

// staleAfter is far beyond the time one Put may take.
const staleAfter = time.Hour

// A Bucket is a folder. Several processes may use it at once.
type Bucket struct {
	root string
	now  func() time.Time
}

var _ blob.Bucket = (*Bucket)(nil)

// Open makes the folder if it is missing and removes what dead processes left.
func Open(root string, now func() time.Time) (*Bucket, error) {
	b := &Bucket{root, now}
	if err := os.MkdirAll(filepath.Join(root, temporary), 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	if err := b.Tidy(); err != nil {
		return nil, err
	}
	return b, nil
}

// Tidy removes temporary files begun more than an hour ago.
func (b *Bucket) Tidy() error {
	entries, err := os.ReadDir(filepath.Join(b.root, temporary))
	if err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	for _, e := range entries {
		// The name says when: the file's own time is another clock's.
		begun, _, _ := strings.Cut(e.Name(), "-")
		s, _ := strconv.ParseInt(begun, 10, 64)
		if b.now().Sub(time.Unix(s, 0)) < staleAfter {
			continue
		}
		if err := os.Remove(filepath.Join(b.root, temporary, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	return nil
}

func (b *Bucket) file(key string) string { return filepath.Join(b.root, filepath.FromSlash(key)) }

// Put implements blob.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, data []byte) error {
	if err := errors.Join(blob.CheckKey(key), ctx.Err()); err != nil {
		return err
	}
	name := b.file(key)
	there, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = b.write(name, data)
	case err == nil && !bytes.Equal(there, data):
		return fmt.Errorf("%w: %s", blob.ErrOther, key)
	case err == nil:
		// Whoever put it may have died before the folder was synced.
		err = syncDir(filepath.Dir(name))
	}
	return explain(key, err)
}

func (b *Bucket) write(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Join(b.root, temporary), fmt.Sprintf("%d-*", b.now().Unix()))
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close(), os.Chtimes(f.Name(), time.Time{}, b.now()))
	if err == nil {
		err = b.settle(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// settle renames a finished file to where it belongs. A folder may be removed
// as empty between making it and using it, each time by another Delete.
func (b *Bucket) settle(from, to string) error {
	var err error
	for range 20 {
		if err = b.makeDir(filepath.Dir(to)); err == nil {
			err = os.Rename(from, to)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// makeDir makes dir and syncs every folder that got a new name in it.
func (b *Bucket) makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		return syncDir(filepath.Dir(dir))
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist) && dir != b.root:
		if err := b.makeDir(filepath.Dir(dir)); err != nil {
			return err
		}
		return b.makeDir(dir)
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements blob.Bucket.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := errors.Join(blob.CheckKey(key), ctx.Err()); err != nil {
		return nil, err
	}
	f, err := os.Open(b.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.Missing(key)
	}
	if err != nil {
		return nil, explain(key, err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() { // a folder is no blob
		return nil, errors.Join(blob.Missing(key), err, f.Close())
	}
	return f, nil
}

// Delete implements blob.Bucket. It also removes folders that became empty.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := errors.Join(blob.CheckKey(key), ctx.Err()); err != nil {
		return err
	}
	name := b.file(key)
	err := os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		if err = syncDir(filepath.Dir(name)); errors.Is(err, fs.ErrNotExist) {
			err = nil // another Delete removed the folder with it
		}
	}
	if err != nil {
		return explain(key, err)
	}
	for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
		if os.Remove(b.file(dir)) != nil { // not empty, as a rule
			break
		}
	}
	return nil
}

// List implements blob.Bucket.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[blob.Item, error] {
	return func(yield func(blob.Item, error) bool) {
		start := b.root
		if dir, _ := path.Split(prefix); blob.CheckKey(strings.TrimSuffix(dir, "/")) == nil {
			start = b.file(dir)
		}
		err := filepath.WalkDir(start, func(name string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist): // deleted while we walk
				return nil
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case e.IsDir() && e.Name() == temporary:
				return fs.SkipDir
			case !e.Type().IsRegular():
				return nil
			}
			rel, err := filepath.Rel(b.root, name)
			if err != nil {
				return err
			}
			key := filepath.ToSlash(rel)
			if !strings.HasPrefix(key, prefix) || blob.CheckKey(key) != nil {
				return nil
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(blob.Item{Key: key, Bytes: info.Size(), At: info.ModTime().UTC()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(blob.Item{}, fmt.Errorf("blobs: list %q: %w", prefix, err))
		}
	}
}

// explain tells a full disk, which passes, from a broken one, which does not.
func explain(key string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("blob %s: %w", key, err)
	for _, passing := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, passing) {
			return blob.Full(err)
		}
	}
	return err
}
