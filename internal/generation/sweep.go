package generation

import (
	"context"
	"errors"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// orphanAge is how old pictures are that no generation names when they are
// deleted, far beyond what lies between storing one and delivering it.
const orphanAge = time.Hour

// Sweep deletes pictures that their owners deleted and that could not be removed
// then, and those that a worker stored and nobody was given, because it died in
// between. What fails of the one does not stop the other.
func (s *Studio) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepDeleted(ctx), s.sweepOrphans(ctx))
}

func (s *Studio) sweepOrphans(ctx context.Context) error {
	now := s.Now()
	// What was old enough at the last whole sweep was looked at then. The first
	// of a process looks at everything, for nobody may have swept before it.
	before := time.UnixMicro(s.swept.Load()).Add(-2 * orphanAge)
	var failed error
	for item, err := range s.Blobs.List(ctx, "pictures/") {
		if err != nil {
			return errors.Join(failed, err)
		}
		if now.Sub(item.At) < orphanAge || item.At.Before(before) {
			continue
		}
		var known bool
		err := s.DB.Read(ctx, func(t *store.Tx) (err error) {
			known, err = t.PictureNamed(item.Key)
			return err
		})
		if err != nil {
			return errors.Join(failed, err)
		}
		if !known {
			failed = errors.Join(failed, s.Blobs.Delete(ctx, item.Key))
		}
	}
	if failed == nil {
		s.swept.Store(now.UnixMicro())
	}
	return failed
}

// empty removes the bytes of a deleted picture.
func (s *Studio) empty(ctx context.Context, g store.Gone) error {
	if err := s.Blobs.Delete(ctx, g.Key); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(t *store.Tx) error { return t.EmptyPicture(g.ID) })
}

func (s *Studio) emptyPhoto(ctx context.Context, p kinpict.Photo) error {
	for _, key := range []string{p.Key, p.ThumbKey} {
		if key == "" {
			continue
		}
		if err := s.Blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return s.DB.Update(ctx, func(t *store.Tx) error { return t.EmptyPhoto(p.ID) })
}

// sweepDeleted removes the bytes of pictures that were deleted while the
// process died or the bucket was away, and forgets links long dead and the words
// of requests that waited too long.
func (s *Studio) sweepDeleted(ctx context.Context) error {
	const most = 100
	var errs []error
	var after string
	for gone := make([]store.Gone, most); len(gone) == most; {
		err := s.DB.View(ctx, func(t *store.Tx) (err error) {
			gone, err = t.GonePictures(after, most)
			return err
		})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, g := range gone {
			errs = append(errs, s.empty(ctx, g))
			after = g.ID
		}
	}
	errs = append(errs, s.DB.Update(ctx, func(t *store.Tx) error { return t.SweepShares() }),
		s.sweepHeld(ctx))
	return errors.Join(errs...)
}

// sweepHeld forgets the words of requests that waited too long. Whoever waited
// for a person that never came is told, once.
func (s *Studio) sweepHeld(ctx context.Context) error {
	return s.DB.Update(ctx, func(t *store.Tx) error {
		unread, err := t.Unread(100)
		if err != nil {
			return err
		}
		for _, h := range unread {
			mine, err := t.Forget(h.ID) // another process may sweep, too
			if err != nil {
				return err
			}
			if !mine {
				continue
			}
			if err := s.apologise(t, h); err != nil {
				return err
			}
		}
		if len(unread) == 100 {
			return nil // the rest next time, with their mails
		}
		return t.SweepHeld()
	})
}
