package generation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// How many requests of one account wait at once, and how many are put aside for
// credits an hour, whether they were taken back or not: each of them costs
// nothing and leaves a row.
const (
	MaxWaiting  = 20
	HoldsAnHour = 60
	HoldWindow  = time.Hour
)

// errEnough: credits arrived between the refusal and holding the request.
var errEnough = errors.New("there are enough credits now")

// hold parks a request that could not be paid, in the commit that stores its
// 402, so that the person finds it again after a top-up. A request that was
// held already stays the one it is. RateLimited, with nothing kept and the key
// unused, if too many wait and none of them is this one, or too many were held.
func (s *Studio) hold(ctx context.Context, c kinpict.Caller, in kinpict.Intent, req kinpict.Request, cost kinpict.Credits, p *store.Prospect, o order) (*Accepted, error) {
	var out *Accepted
	var short error
	err := s.DB.Update(ctx, func(t *store.Tx) error {
		out, short = nil, nil
		// The account's row first, so that what waits is counted in one piece.
		if _, err := t.LockAccount(c.AccountID); err != nil {
			return err
		}
		bal, err := t.Balance(c.AccountID)
		if err != nil {
			return err
		}
		if bal.Spendable >= cost {
			return errEnough
		}
		if o.held != nil {
			short = insufficient(cost, bal, p.Catalog, o.held)
			return nil
		}
		r, err := t.Replay(c.AccountID, in)
		if err != nil || r != nil {
			out = &Accepted{Replay: r}
			return err
		}
		h, err := s.place(t, c.AccountID, req)
		if err != nil {
			return err
		}
		fresh := h == nil
		if fresh {
			h = &kinpict.HeldRequest{ID: s.IDs.New(kinpict.HeldPrefix), AccountID: c.AccountID, Reason: kinpict.HeldForCredits, Request: req, Cost: cost,
				CreatedAt: t.Now(), ExpiresAt: t.Now().Add(store.KeepHeld), Language: in.Language}
			h.Request.CatalogVersion = p.Catalog.Version
		}
		short = insufficient(cost, bal, p.Catalog, h)
		status, body := in.Words(http.StatusPaymentRequired, nil, short)
		first, err := t.Remember(c.AccountID, in, status, h.ID, body)
		if err != nil {
			return err
		}
		if !first {
			r, err := t.Replay(c.AccountID, in)
			out = &Accepted{Replay: r}
			return err
		}
		if !fresh {
			return nil
		}
		if err := t.TouchPhotos(c.AccountID, photoIDs(req), h.ExpiresAt); err != nil {
			return err
		}
		return t.PutHeld(h)
	})
	if err != nil || out != nil {
		return out, err
	}
	return nil, short
}

// place counts a request that is to be held. With no place left it is the equal
// one that waits, the newest, or RateLimited. nil for one that gets its own.
func (s *Studio) place(t *store.Tx, accountID string, req kinpict.Request) (same *kinpict.HeldRequest, err error) {
	if s.Relaxed {
		return nil, nil
	}
	list, err := t.Waiting(accountID)
	if err != nil {
		return nil, err
	}
	if len(list) >= MaxWaiting {
		for _, h := range slices.Backward(list) {
			if s.State(h) == kinpict.HeldForCredits && alike(h.Request, req) {
				same = h
				break
			}
		}
		if same == nil {
			return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: fmt.Sprintf("%d of your requests wait already.", len(list)),
				Hint: "Nothing was charged. Go on with one that waits, or take one back."}
		}
		return same, nil // nothing more waits than before
	}
	return nil, s.countHold(t, accountID)
}

// countHold counts a request that is put aside, for whatever reason. RateLimited
// when there are too many.
func (s *Studio) countHold(t *store.Tx, accountID string) error {
	if s.Relaxed {
		return nil
	}
	bucket := store.LimitHolds.Of(accountID)
	ok, err := t.Allow(bucket, HoldsAnHour, HoldWindow)
	if err != nil || ok {
		return err
	}
	wait, err := t.Frees(bucket, HoldWindow)
	if err != nil {
		return err
	}
	return &kinpict.Error{Code: kinpict.RateLimited, Message: "Very many requests were put aside within the hour.",
		Hint: "Nothing was charged. Go on with one that waits, or come back later.", Members: map[string]any{"retry_after": int((wait + time.Second - 1) / time.Second)}}
}

// insufficient says what is missing and what would help.
func insufficient(cost kinpict.Credits, b kinpict.Balance, cat *kinpict.Catalog, h *kinpict.HeldRequest) error {
	short := cost - b.Spendable
	packs := make([]map[string]any, len(cat.Packs))
	for i, p := range cat.Packs {
		packs[i] = map[string]any{"id": p.ID, "credits": p.Credits, "price": p.Prices[0], "supports": cat.Supports(p.Credits)}
	}
	m := map[string]any{"required": cost, "available": b.Available, "shortfall": short, "packs": packs,
		"held_request": map[string]any{"id": h.ID, "expires_at": h.ExpiresAt, "url": "/held/" + h.ID, "state": kinpict.HeldForCredits}}
	if b.Debt > 0 {
		m["debt"] = b.Debt
	}
	return &kinpict.Error{Code: kinpict.InsufficientCredits,
		Message: fmt.Sprintf("This picture uses %d credits and you have %d, so you need %d more.", cost, b.Available, short),
		Hint:    "Nothing was taken. Your photos and words are kept; add credits and go on with one press.",
		Members: m}
}

// Held returns one of the caller's held requests, or NotFound.
func (s *Studio) Held(ctx context.Context, c kinpict.Caller, id string) (h *kinpict.HeldRequest, err error) {
	if c.AccountID == "" {
		return nil, unauthenticated()
	}
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		h, err = t.Held(c.AccountID, id)
		return err
	})
	return h, err
}

// onward is Held for one that may go on now: HeldForReview while a person has
// it, and when they refused it.
func (s *Studio) onward(ctx context.Context, c kinpict.Caller, id string) (*kinpict.HeldRequest, error) {
	h, err := s.Held(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if state := s.State(h); h.GenerationID == "" && (state == "looking" || state == kinpict.HoldRefused) {
		return nil, heldForReview(h)
	}
	return h, nil
}

// Resume sends a held request again, once: first is true for the press that
// charged, later presses get the same generation. catalogVersion is the price
// book the person has just been shown, 0 for the one the request was held with;
// PriceChanged when it has become dearer than that, InsufficientCredits while
// it is still short, HeldForReview until a person has approved it who had to
// read it. What they approved is not read again; what is refused by the rules is
// refused all the same.
func (s *Studio) Resume(ctx context.Context, c kinpict.Caller, id string, catalogVersion int64) (g *kinpict.Generation, first bool, err error) {
	h, err := s.onward(ctx, c, id)
	if err != nil {
		return nil, false, err
	}
	if h.GenerationID == "" {
		req := h.Request
		if catalogVersion != 0 {
			req.CatalogVersion = catalogVersion
		}
		// The held request's id is the key: however often it is pressed, one charge.
		hash := sha256.Sum256([]byte(h.ID))
		a, err := s.accept(ctx, c, kinpict.Intent{Route: "resume", Key: h.ID, Hash: hash[:]}, req, order{held: h})
		if err != nil {
			return nil, false, err
		}
		first = a.Generation != nil
		if first {
			h.GenerationID = a.Generation.ID
		} else {
			h.GenerationID = a.Replay.Ref
		}
	}
	g, err = s.Generation(ctx, c, h.GenerationID)
	return g, first, err
}
