package generation

import (
	"context"
	"errors"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Pictures that no generation names are deleted once they are this old, far
// beyond what lies between storing one and delivering it, and looked for this
// far back: an older one was looked at before.
const (
	orphanAge    = time.Hour
	orphanWindow = 48 * time.Hour
)

// Sweep deletes pictures that their owners deleted and that could not be removed
// then, and those that a worker stored and nobody was given, because it died in
// between. What fails of the one does not stop the other.
func (s *Studio) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepDeleted(ctx), s.sweepOrphans(ctx))
}

func (s *Studio) sweepOrphans(ctx context.Context) error {
	now := s.Now()
	var failed error
	for item, err := range s.Blobs.List(ctx, "pictures/") {
		if err != nil {
			return errors.Join(failed, err)
		}
		if age := now.Sub(item.At); age < orphanAge || age > orphanWindow {
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
// process died or the bucket was away, and forgets links long dead.
func (s *Studio) sweepDeleted(ctx context.Context) error {
	const most = 100
	var gone []store.Gone
	err := s.DB.View(ctx, func(t *store.Tx) (err error) {
		gone, err = t.GonePictures(most)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range gone {
		errs = append(errs, s.empty(ctx, g))
	}
	errs = append(errs, s.DB.Update(ctx, func(t *store.Tx) error { return t.SweepShares() }))
	return errors.Join(errs...)
}
