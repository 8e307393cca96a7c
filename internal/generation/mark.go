package generation

import (
	"context"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/provenance"
	"kinpict/internal/store"
)

// A Marker writes into a picture, where machines read it, what the picture is
// and where it comes from, and signs that.
type Marker interface {
	// Mark returns data, an image/jpeg or image/png, with its marks. The same
	// input gives the same bytes.
	Mark(data []byte, contentType string, about About) ([]byte, error)
}

// About is what is known of a file that is to be marked.
type About struct {
	// Generative: a trained model redrew people, so this is no mere arrangement
	// of photos.
	Generative bool
	// Preview: a guest's free sample.
	Preview bool
	// At is when the picture was made. Zero names no time, which keeps a file
	// that is made on demand the same each time.
	At time.Time
	// From is the marked file that data was made from, nil for a new picture.
	// Its marks are kept beside the new ones, and it decides Generative and
	// Preview.
	From []byte
	// Changes is what was done to From, in order.
	Changes []Change
}

// A Change is one step from a stored picture to a derived file.
type Change string

const (
	Converted    Change = "converted"    // another format
	Resized      Change = "resized"      // other pixels
	Recompressed Change = "recompressed" // encoded anew in the same format
)

// mark returns the picture as it is stored. A picture that cannot be marked is
// one that cannot be saved: nobody is given one that does not say what it is.
func (s *Studio) mark(g *kinpict.Generation, pic *engine.Picture) (*engine.Picture, error) {
	if s.Marks == nil {
		return pic, nil
	}
	about := About{Generative: pic.Generative, Preview: g.Funding == kinpict.FundedByPreview, At: s.Now(), From: pic.Original}
	if pic.Original != nil {
		about.Changes = []Change{Recompressed}
	}
	data, err := s.Marks.Mark(pic.Data, pic.ContentType, about)
	if err != nil {
		return nil, &failure{kinpict.FailedStorage, false, fmt.Errorf("mark: %w", err)}
	}
	marked := *pic
	marked.Data = data
	return &marked, nil
}

// Checks of marks that one network may ask for, and in what time.
const (
	NetworkChecks = 60
	CheckWindow   = time.Hour
)

// MaxChecked is the largest file whose marks are checked, in bytes.
const MaxChecked = 20 << 20

// CheckMarks says what a file's marks are and whether they hold. Anybody may ask and
// nothing is kept. read is called for the file only where the caller's network
// is within its limit; beyond it the error is RateLimited.
func (s *Studio) CheckMarks(ctx context.Context, c kinpict.Caller, read func() ([]byte, error)) (*provenance.Report, error) {
	if !s.Relaxed {
		allowed := false
		err := s.DB.Update(ctx, func(t *store.Tx) (err error) {
			allowed, err = t.Allow("check from "+c.Network, NetworkChecks, CheckWindow)
			return err
		})
		if err != nil {
			return nil, err
		}
		if !allowed {
			return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: "Many pictures were checked from your network within the hour.",
				Hint:    "Try again later, or check the file with any program that reads Content Credentials.",
				Members: map[string]any{"retry_after": int(CheckWindow / time.Second)}}
		}
	}
	data, err := read()
	if err != nil {
		return nil, err
	}
	return s.Issuer.Inspect(data), nil
}
