package generation

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Accept takes the credits and queues the picture in one commit. The same
// intent again answers what it answered before.
//
// Errors: Unauthenticated; Invalid; PriceChanged when the price rose since the
// version the person was shown; RateLimited after very many cancels; HeldForReview, with the request held until a
// person has read it; InsufficientCredits, with the request held;
// EngineUnavailable; KeyReused. Whatever the error, nothing was charged.
func (s *Studio) Accept(ctx context.Context, c kinpict.Caller, in kinpict.Intent, req kinpict.Request) (*Accepted, error) {
	return s.accept(ctx, c, in, req, order{})
}

// An order is what sets a resumed or retried request apart.
type order struct {
	held    *kinpict.HeldRequest
	retryOf string
}

func (o order) heldID() string {
	if o.held == nil {
		return ""
	}
	return o.held.ID
}

func (s *Studio) accept(ctx context.Context, c kinpict.Caller, in kinpict.Intent, req kinpict.Request, o order) (*Accepted, error) {
	if c.AccountID == "" {
		return nil, unauthenticated()
	}
	ids := photoIDs(req)
	read := o.held != nil && o.held.Decision == kinpict.HoldApproved
	for range 4 {
		// A photo used within the last day is kept long enough as it is.
		p, err := s.look(ctx, c.AccountID, in, &req, s.Now().Add(KeepPhotos-24*time.Hour))
		if err != nil {
			return nil, err
		}
		if p.Replay != nil {
			return &Accepted{Replay: p.Replay}, nil
		}
		if v := req.CatalogVersion; v != 0 && v != p.Catalog.Version {
			if p.Shown, err = s.DB.Edition(ctx, v); err != nil && kinpict.CodeOf(err) != kinpict.NotFound {
				return nil, err
			}
		}
		cost, err := quote(&req, p)
		if err != nil {
			return nil, err
		}
		if !read && s.doubtful(req) {
			if a, err := s.holdForSafety(ctx, c, in, req, cost, p, o); !errors.Is(err, errRead) {
				return a, err
			}
			read = true
		}
		if err := s.Engines.Available(ctx); err != nil {
			return nil, err
		}
		if p.Fading > 0 || o.held != nil {
			if err := s.keepPhotos(ctx, c.AccountID, ids, KeepPhotos); err != nil {
				return nil, err
			}
		}
		g := s.fresh(req, c.AccountID)
		g.Funding, g.Credits, g.CatalogUsed, g.RetryOf = kinpict.FundedByCredits, cost, p.Catalog.Version, o.retryOf
		status, body := in.Words(http.StatusAccepted, g, nil)
		replay, err := s.DB.Accept(ctx, &store.Acceptance{AccountID: c.AccountID, Intent: in, Status: status, Answer: body, Generation: g, Deadline: g.DeadlineAt, Held: o.heldID()})
		switch {
		case errors.Is(err, store.ErrMoved):
			continue // the price book changed between the quote and the commit
		case errors.Is(err, store.ErrInactive):
			return nil, inactive()
		case errors.Is(err, store.ErrShort):
			a, err := s.hold(ctx, c, in, req, cost, p, o)
			if errors.Is(err, errEnough) {
				continue
			}
			return a, err
		case err != nil && o.held != nil:
			// The database refuses what was taken back or refused meanwhile.
			if _, over := s.onward(ctx, c, o.held.ID); over != nil {
				return nil, over
			}
			return nil, err
		case err != nil:
			return nil, err
		case replay != nil:
			return &Accepted{Replay: replay}, nil
		}
		s.hub.queued()
		return &Accepted{Generation: g}, nil
	}
	return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "Prices or credits are changing right now.", Hint: "Nothing was charged. Try again in a few seconds."}
}

func inactive() error {
	return &kinpict.Error{Code: kinpict.Forbidden, Message: "This account cannot make pictures at the moment.", Hint: "Your credits are kept. Ask whoever runs this service why."}
}

// look reads what is known of the request before it is priced: what the same
// key was answered, if so, and otherwise that the request can be fulfilled and
// its photos are there.
func (s *Studio) look(ctx context.Context, owner string, in kinpict.Intent, req *kinpict.Request, fading time.Time) (*store.Prospect, error) {
	if in.Key == "" {
		return nil, &kinpict.Error{Code: kinpict.KeyRequired, Message: "This request needs an Idempotency-Key.", Hint: "Send a new random key for each new request."}
	}
	ids := photoIDs(*req)
	p, err := s.DB.Prospect(ctx, owner, in, ids, fading)
	if err != nil || p.Replay != nil {
		return p, err
	}
	if p.Canceled >= CancelsAnHour && !s.Relaxed {
		return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: "Very many pictures were canceled within the hour.",
			Hint: "Nothing was charged. Wait a while, then make the next one.", Members: map[string]any{"retry_after": max(1, int(p.CancelsEnd.Sub(s.Now())/time.Second))}}
	}
	if err := s.check(req); err != nil {
		return nil, err
	}
	if p.Photos < len(ids) {
		return nil, photoGone()
	}
	return p, nil
}

func photoIDs(req kinpict.Request) []string {
	ids := make([]string, len(req.Photos))
	for i, p := range req.Photos {
		ids[i] = p.ID
	}
	return ids
}

// fresh is a queued generation for a request.
func (s *Studio) fresh(req kinpict.Request, owner string) *kinpict.Generation {
	now := s.Now()
	g := &kinpict.Generation{ID: s.IDs.New(kinpict.GenerationPrefix), Owner: owner, Request: req, Status: kinpict.Queued,
		Step: kinpict.Steps[0], CreatedAt: now.Truncate(time.Microsecond).UTC(), DeadlineAt: now.Add(FromAccept)}
	// The seed comes from the id, so that the same generation is the same picture.
	g.Seed = int64(binary.BigEndian.Uint64([]byte(g.ID)[len(g.ID)-8:]) & (1<<53 - 1))
	return g
}

// quote finds the price, and refuses when it is higher than the one shown. A
// lower one simply applies.
func quote(req *kinpict.Request, p *store.Prospect) (kinpict.Credits, error) {
	rate, err := p.Catalog.Rate(req.Quality)
	if err != nil {
		return 0, err
	}
	if req.CatalogVersion == 0 || req.CatalogVersion == p.Catalog.Version {
		return rate.Credits, nil
	}
	if p.Shown == nil {
		return 0, invalid("catalog_version", "The prices you were shown are not known here.", "Load the page, or read the catalog, again.")
	}
	shown, err := p.Shown.Rate(req.Quality)
	if err != nil || rate.Credits > shown.Credits {
		return 0, priceChanged(req.Quality, shown.Credits, rate.Credits, p.Catalog.Version)
	}
	return rate.Credits, nil
}

func priceChanged(quality string, shown, now kinpict.Credits, version int64) error {
	return &kinpict.Error{Code: kinpict.PriceChanged,
		Message: fmt.Sprintf("A %s picture now uses %d credits; you were shown %d.", quality, now, shown),
		Hint:    "Nothing was charged. Confirm the new price to go on.",
		Members: map[string]any{"quality": quality, "shown_credits": shown, "credits": now, "catalog_version": version}}
}

func (s *Studio) keepPhotos(ctx context.Context, owner string, ids []string, d time.Duration) error {
	return s.DB.Update(ctx, func(t *store.Tx) error { return t.TouchPhotos(owner, ids, t.Now().Add(d)) })
}

// Cancel stops a request that no worker has begun and returns its credits.
// NotCancelable once it has begun; a canceled one is answered again.
func (s *Studio) Cancel(ctx context.Context, c kinpict.Caller, id string) (g *kinpict.Generation, err error) {
	err = s.DB.Update(context.WithoutCancel(ctx), func(t *store.Tx) error {
		if g, err = owned(t, c, id); err != nil {
			return err
		}
		won, err := t.Cancel(g.Owner, id)
		if err != nil {
			return err
		}
		if won {
			if err := giveBack(t, g, "canceled"); err != nil {
				return err
			}
			// Canceling is never refused, or the credits would be gone; the next picture is.
			if _, err := t.AllowMany(store.LimitCancels.Of(g.Owner), 1, math.MaxInt64-1, store.CancelWindow); err != nil {
				return err
			}
		}
		if g, err = t.Job(id); err != nil {
			return err
		}
		if g.Status != kinpict.Canceled {
			return &kinpict.Error{Code: kinpict.NotCancelable, Message: "This picture is already being made, so it cannot be canceled.",
				Hint: "If it does not come out, the credits come back by themselves."}
		}
		return nil
	})
	if err == nil {
		s.hub.changed(id)
	}
	return g, err
}

// giveBack returns what paid for a generation: its credits, or the guest's
// preview. The caller's compare-and-set on the generation makes it once.
func giveBack(t *store.Tx, g *kinpict.Generation, why string) error {
	if g.Funding == kinpict.FundedByPreview {
		// Signing in while the picture was being made has made it the account's.
		now, err := t.Job(g.ID)
		if err != nil {
			return err
		}
		return t.GiveBackPreview(now.Guest, now.Owner)
	}
	done, err := t.Return(g.ID, why)
	if err == nil && !done {
		return fmt.Errorf("generation %s: its charge was closed before it", g.ID)
	}
	return err
}

// Retry makes a new request from the photos and words of one that failed or was
// canceled. It is charged anew, or is a preview again if that one was.
func (s *Studio) Retry(ctx context.Context, c kinpict.Caller, in kinpict.Intent, id string, catalogVersion int64) (*Accepted, error) {
	g, err := s.Generation(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if g.Status != kinpict.Failed && g.Status != kinpict.Canceled {
		return nil, &kinpict.Error{Code: kinpict.NotRetryable, Message: "Only a picture that did not come out can be tried again.",
			Hint: "Make another one from the create page."}
	}
	req := g.Request
	if req.CatalogVersion = catalogVersion; catalogVersion == 0 {
		req.CatalogVersion = g.CatalogUsed // what the person confirmed the first time
	}
	if g.Funding == kinpict.FundedByPreview {
		return s.preview(ctx, c, in, req, id)
	}
	return s.accept(ctx, c, in, req, order{retryOf: id})
}
