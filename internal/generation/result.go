package generation

import (
	"context"

	"kinpict"
	"kinpict/internal/store"
)

// Favourites lists those of the caller's pictures that are favourites, as
// Generations does.
func (s *Studio) Favourites(ctx context.Context, c kinpict.Caller, cursor string, limit int) (list []*kinpict.Generation, next string, err error) {
	return s.list(ctx, c, cursor, limit, (*store.Tx).Favourites)
}

// list is a page of what the store finds for the caller.
func (s *Studio) list(ctx context.Context, c kinpict.Caller, cursor string, limit int, find func(t *store.Tx, owner, before string, limit int) ([]*kinpict.Generation, error)) (list []*kinpict.Generation, next string, err error) {
	if c.Owner() == "" {
		return nil, "", unauthenticated()
	}
	limit = min(max(limit, 1), 100)
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		list, err = find(t, c.Owner(), cursor, limit+1)
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	return list, next, err
}

// Favour makes a finished picture of the caller's a favourite, or ends that.
// Twice is as good as once. NotFound, or Conflict where there is no picture.
func (s *Studio) Favour(ctx context.Context, c kinpict.Caller, id string, on bool) error {
	return s.DB.Update(ctx, func(t *store.Tx) error {
		g, err := owned(t, c, id)
		if err != nil {
			return err
		}
		done, err := t.Favour(g.Owner, id, on)
		if err == nil && !done {
			return errNoPicture
		}
		return err
	})
}

// errNoPicture refuses what needs a finished picture.
var errNoPicture = &kinpict.Error{Code: kinpict.Conflict, Message: "There is no finished picture here.", Hint: "Ask again when its status is succeeded."}

// Delete takes a finished generation of the caller's away for good: the picture
// and what is made of it, its words, its links, and those of its photos that
// nothing else needs. Its line in the statement stays and no credits move.
// Deleting it again does nothing. NotFound, or Conflict while it is on its way.
func (s *Studio) Delete(ctx context.Context, c kinpict.Caller, id string) error {
	ctx = context.WithoutCancel(ctx)
	var g *kinpict.Generation
	var photos []kinpict.Photo
	err := s.DB.Update(ctx, func(t *store.Tx) (err error) {
		photos = nil
		if g, err = owned(t, c, id); err != nil {
			if gone, lost := deleted(t, c, id); gone || lost != nil {
				return lost
			}
			return err
		}
		var done bool
		if photos, done, err = t.DeleteGeneration(g); err != nil || done {
			return err
		}
		if gone, err := deleted(t, c, id); gone || err != nil {
			return err
		}
		return &kinpict.Error{Code: kinpict.Conflict, Message: "This picture is still being made, so it cannot be deleted yet.",
			Hint: "Cancel it while it waits, or delete it once it is finished."}
	})
	if err != nil || g == nil {
		return err
	}
	// It is out of reach now. Bytes that cannot be removed at this moment are
	// removed by the next sweep.
	if g.Image != nil {
		s.made.drop(g.Image.SHA256)
		if err := s.empty(ctx, store.Gone{ID: g.ID, Key: g.Image.Key}); err != nil {
			s.Log.Error("a deleted picture waits for the sweep", "generation", id, "err", err)
		}
	}
	for _, p := range photos {
		if err := s.emptyPhoto(ctx, p); err != nil {
			s.Log.Error("a deleted photo waits for the sweep", "photo", p.ID, "err", err)
		}
	}
	return nil
}

// deleted reports whether the caller deleted the generation before.
func deleted(t *store.Tx, c kinpict.Caller, id string) (bool, error) {
	for _, owner := range owners(c) {
		if gone, err := t.Deleted(owner, id); gone || err != nil {
			return gone, err
		}
	}
	return false, nil
}

// owners are the ids under which the caller owns pictures.
func owners(c kinpict.Caller) (ids []string) {
	for _, id := range []string{c.AccountID, c.GuestID} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
