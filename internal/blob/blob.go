// Package blob keeps named bytes: photos, thumbnails, pictures. What is kept
// under a key never changes; a key is made once, for one content.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"kinpict"
)

// A Bucket keeps bytes under keys. It is safe for concurrent use.
type Bucket interface {
	// Put keeps data under key and returns once it would survive a power cut.
	// Until then the key does not exist; there is never half a content. Putting
	// the same bytes again does nothing, other bytes are ErrOther. A place that
	// cannot take more now is an Unavailable error.
	Put(ctx context.Context, key string, data []byte) error
	// Open returns the bytes under key, or a NotFound error.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes key. There need not be one.
	Delete(ctx context.Context, key string) error
	// List yields what is kept under keys that begin with prefix, in any order.
	// It ends after the first error.
	List(ctx context.Context, prefix string) iter.Seq2[Item, error]
}

// An Item is what a bucket knows of a key without opening it.
type Item struct {
	Key   string
	Bytes int64
	At    time.Time // when it was put
}

// ErrOther means that a key already names other bytes.
var ErrOther = errors.New("blob: the key is taken by other bytes")

// Bounds of a key, characters in all and of one segment.
const (
	maxKey     = 500
	maxSegment = 200
)

// CheckKey accepts segments of [a-z0-9._-], none empty and none beginning with
// a dot, joined by slashes. Such a key cannot leave its bucket, and is the same
// file on every file system.
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("blob: a key of %d characters", len(key))
	}
	for s := range strings.SplitSeq(key, "/") {
		if s == "" || s[0] == '.' || len(s) > maxSegment {
			return fmt.Errorf("blob: key %q has a bad segment %q", key, s)
		}
		for _, c := range []byte(s) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
				return fmt.Errorf("blob: key %q has the character %q", key, c)
			}
		}
	}
	return nil
}

// Missing is the NotFound error of a key.
func Missing(key string) error {
	return &kinpict.Error{Code: kinpict.NotFound, Message: "This file is not here any more.", Err: fmt.Errorf("blob: no %s", key)}
}

// Full is the Unavailable error of a bucket that cannot take more now.
func Full(err error) error {
	return &kinpict.Error{Code: kinpict.Unavailable, Message: "We cannot store files at the moment.",
		Hint: "Nothing was charged. Try again in a few minutes.", Err: err}
}
