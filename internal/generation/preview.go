package generation

import (
	"context"
	"net/http"

	"kinpict"
	"kinpict/internal/store"
)

// Preview makes the one free preview: the same composition, smaller and marked.
// It takes no credits and is given back when it fails. GuestLimit when it has
// been used.
func (s *Studio) Preview(ctx context.Context, c kinpict.Caller, in kinpict.Intent, req kinpict.Request) (*Accepted, error) {
	return s.preview(ctx, c, in, req, "")
}

func (s *Studio) preview(ctx context.Context, c kinpict.Caller, in kinpict.Intent, req kinpict.Request, retryOf string) (*Accepted, error) {
	owner := c.Owner()
	if owner == "" {
		return nil, unauthenticated()
	}
	req.Quality = kinpict.Standard
	p, err := s.look(ctx, owner, in, &req, s.Now())
	if err != nil {
		return nil, err
	}
	if p.Replay != nil {
		return &Accepted{Replay: p.Replay}, nil
	}
	if s.doubtful(req) {
		return nil, unread(c, req)
	}
	if err := s.Engines.PreviewAvailable(ctx); err != nil {
		return nil, err
	}
	out := &Accepted{Generation: s.fresh(req, owner)}
	g := out.Generation
	g.Funding, g.CatalogUsed, g.RetryOf = kinpict.FundedByPreview, p.Catalog.Version, retryOf
	g.Guest = c.GuestID
	if g.Guest == "" {
		g.Guest = c.AccountID
	}
	network := NetworkPreviews
	if s.Relaxed {
		network = 0
	}
	status, body := in.Words(http.StatusAccepted, g, nil)
	err = s.DB.Update(ctx, func(t *store.Tx) error {
		out.Replay = nil
		first, err := t.Remember(owner, in, status, g.ID, body)
		if err != nil {
			return err
		}
		if !first {
			out.Replay, err = t.Replay(owner, in)
			return err
		}
		if err := t.SpendPreview(c.GuestID, c.AccountID, c.Network, p.Catalog.Guest.Previews, network, NetworkNewcomers); err != nil {
			return err
		}
		if c.AccountID != "" { // a guest's photos have their own, shorter time
			if err := t.TouchPhotos(owner, photoIDs(req), t.Now().Add(KeepPhotos)); err != nil {
				return err
			}
		}
		return t.PutPreview(g, owner, g.Guest, g.DeadlineAt)
	})
	if err != nil {
		return nil, err
	}
	if out.Replay != nil {
		out.Generation = nil
		return out, nil
	}
	s.hub.queued()
	return out, nil
}
