package billing

import (
	"context"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Guesses is how many codes that do not work an account, and a network, may try
// in an hour. Codes that work are not counted.
const Guesses = 10

const guessWindow = time.Hour

// CreatePromo stores a new code. It starts now unless it says when. Conflict if
// there was ever one of that name.
func (s *Shop) CreatePromo(ctx context.Context, actor string, p kinpict.Promo) (*kinpict.Promo, error) {
	p.CreatedBy, p.CreatedAt = actor, s.Now()
	if p.StartsAt.IsZero() {
		p.StartsAt = p.CreatedAt
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	if !p.EndsAt.IsZero() && !p.EndsAt.After(p.CreatedAt) {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "The code would have ended already."}
	}
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		book, err := tx.Catalog()
		if err != nil {
			return err
		}
		for _, id := range p.Packs {
			if _, err := book.Pack(id); err != nil {
				return err
			}
		}
		fresh, err := tx.AddPromo(&p)
		if err == nil && fresh {
			return tx.NoteStaff(store.StaffAct{ID: s.IDs.New("act_"), Actor: actor, Kind: "promo code made", Subject: p.Code})
		}
		if err == nil && !fresh {
			err = &kinpict.Error{Code: kinpict.Conflict, Message: "There was a code " + p.Code + " before.", Hint: "Choose another word: what a code does never changes."}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// Promos are all codes, newest first.
func (s *Shop) Promos(ctx context.Context) (all []*kinpict.Promo, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Promos()
		return err
	})
	return all, err
}

// EndPromo ends a code now. Checkouts opened with it keep their price. Conflict
// if it has ended, NotFound if there is none.
func (s *Shop) EndPromo(ctx context.Context, actor, code string) (p *kinpict.Promo, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndPromo(code, actor)
		if err == nil && ended {
			err = tx.NoteStaff(store.StaffAct{ID: s.IDs.New("act_"), Actor: actor, Kind: "promo code ended", Subject: code})
		}
		if err != nil {
			return err
		}
		if p, err = tx.Promo(code); err == nil && !ended {
			err = &kinpict.Error{Code: kinpict.Conflict, Message: "The code " + code + " has ended."}
		}
		return err
	})
	return p, err
}

// Promo is what a code does that a person typed, for showing prices with it.
// Guests may ask too. PromoRefused if it does not work now, RateLimited after too many of those.
func (s *Shop) Promo(ctx context.Context, c kinpict.Caller, typed string) (*kinpict.Promo, error) {
	return s.promoFor(ctx, c, nil, typed)
}

// promoFor looks a typed code up for the caller. It is nil for an empty one, and
// for an intent that has its answer: that goes on as it was, whatever became of the code.
//
// A guess is counted before it is looked at and taken back if it was right, in
// one transaction: many guesses at once are counted like one after the other.
func (s *Shop) promoFor(ctx context.Context, c kinpict.Caller, in *kinpict.Intent, typed string) (*kinpict.Promo, error) {
	if typed == "" {
		return nil, nil
	}
	var p *kinpict.Promo
	var limited, answered bool
	var open string
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		p, limited, answered, open = nil, false, false, ""
		if in != nil {
			replay, err := tx.Replay(c.AccountID, *in)
			if answered = replay != nil; err != nil || answered {
				return err
			}
		}
		buckets := guessBuckets(c)
		for _, b := range buckets {
			ok, err := tx.Allow(b, Guesses, guessWindow)
			if err != nil {
				return err
			}
			if limited = !ok && !s.Relaxed; limited {
				return nil
			}
		}
		found, err := tx.Promo(kinpict.PromoCode(typed))
		if kinpict.CodeOf(err) == kinpict.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		left, err := tx.PromoLeft(found.Code, c.AccountID)
		if err != nil {
			return err
		}
		if !left {
			if open, err = tx.OpenWithPromo(c.AccountID, found.Code); err != nil || open == "" {
				return err
			}
		}
		p = found
		for _, b := range buckets {
			if err := tx.Unuse(b, guessWindow); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case limited:
		return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: "There were many codes that did not work.",
			Hint: "Buy without a code, or try it again in an hour.", Members: map[string]any{"retry_after": int(guessWindow / time.Second)}}
	case p == nil && !answered:
		return nil, errPromo
	case open != "":
		return nil, inCheckout(open)
	}
	return p, nil
}

// inCheckout is the answer for a code whose last use the account holds itself.
func inCheckout(open string) error {
	return &kinpict.Error{Code: kinpict.PromoRefused, Message: "This code is in a checkout of yours that is still open.",
		Hint: "Go on with that one, or wait until it ends.", Members: map[string]any{"checkout": open}}
}

// guessBuckets are what a caller's guesses are counted in.
func guessBuckets(c kinpict.Caller) []string {
	var out []string
	if c.AccountID != "" {
		out = append(out, store.LimitPromos.Of(c.AccountID))
	}
	if c.Network != "" {
		out = append(out, "promo from "+c.Network)
	}
	return out
}

// errPromo is the one answer for a code that does not work: unknown, not yet,
// over or used up is all the same to the person, and tells a guesser nothing.
var errPromo = &kinpict.Error{Code: kinpict.PromoRefused, Message: "This code does not work here.",
	Hint: "Look at how it is spelled, and at what and when it is for. Nothing was bought."}

// redeem is the price of a pack with the code, which is counted, and the credits
// the code adds. One statement decides who has the last use of a code.
func (s *Shop) redeem(tx *store.Tx, accountID string, p *kinpict.Promo, pack string, full kinpict.Money) (kinpict.Money, kinpict.Credits, error) {
	if p == nil {
		return full, 0, nil
	}
	price, bonus, fits := p.On(pack, full)
	if !fits {
		return full, 0, errPromo
	}
	ok, err := tx.UsePromo(p.Code, accountID)
	if err != nil {
		return full, 0, err
	}
	if ok {
		return price, bonus, nil
	}
	open, err := tx.OpenWithPromo(accountID, p.Code)
	if err != nil {
		return full, 0, err
	}
	if open != "" {
		return full, 0, inCheckout(open)
	}
	return full, 0, errPromo
}
