package billing

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Balance is what the caller has.
func (s *Shop) Balance(ctx context.Context, c kinpict.Caller) (b kinpict.Balance, err error) {
	if err := signedIn(c); err != nil {
		return b, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		b, err = tx.Balance(c.AccountID)
		return err
	})
	return b, err
}

// Lots are the caller's lots with something left, in the order they are spent.
func (s *Shop) Lots(ctx context.Context, c kinpict.Caller) (lots []kinpict.Lot, err error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		lots, err = tx.Lots(c.AccountID)
		return err
	})
	return lots, err
}

// Holdings is what the caller has and the lots it lies in, of one moment.
func (s *Shop) Holdings(ctx context.Context, c kinpict.Caller) (b kinpict.Balance, lots []kinpict.Lot, err error) {
	if err := signedIn(c); err != nil {
		return b, nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if b, err = tx.Balance(c.AccountID); err != nil {
			return err
		}
		lots, err = tx.Lots(c.AccountID)
		return err
	})
	return b, lots, err
}

// TwoPeople is the most credits of an adjustment that one person makes alone.
// More need a second person to approve them.
const TwoPeople kinpict.Credits = 1000

// An Adjustment is credits that staff give, take or forgive.
type Adjustment struct {
	// ID makes the adjustment once for ever, for imports and retries: again it
	// changes nothing, and Conflict for another account or kind. Empty: a new one.
	ID        string
	AccountID string
	Kind      string // of a grant: kinpict.LotPromo or kinpict.LotAdjust, the default
	Credits   kinpict.Credits
	ExpiresAt time.Time // of a grant; zero: never
	Reason    string    // required; the person sees it
	Note      string    // for staff
	// Approver is the address or id of who else agreed: another account of the
	// staff, and not the one it goes to. Required above TwoPeople.
	Approver string
}

// address is what looks like an e-mail address in a text.
var address = regexp.MustCompile(`[^\s@]+@[^\s@]+\.[^\s@]+`)

// check says who acts, or why the adjustment may not be made.
func (a *Adjustment) check(c kinpict.Caller) (actor string, err error) {
	if c.Role != kinpict.Support && c.Role != kinpict.Operator {
		return "", &kinpict.Error{Code: kinpict.Forbidden, Message: "Only staff adjust credits."}
	}
	actor = c.AccountID
	if actor == "" {
		actor = "command" // an operator at the shell of the server
	}
	bad := func(format string, args ...any) (string, error) {
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf(format, args...)}
	}
	a.Reason, a.Approver = strings.TrimSpace(a.Reason), strings.TrimSpace(a.Approver)
	switch {
	case a.Reason == "":
		return bad("An adjustment needs a reason.")
	case address.MatchString(a.Reason) || address.MatchString(a.Note):
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: "A reason stays in the books for ever, also when the person is gone, so it names no address.",
			Hint: "Say what happened, and not to whom."}
	case a.Credits < 1 || a.Credits > kinpict.MaxPack:
		return bad("An adjustment is between 1 and %d credits.", kinpict.MaxPack)
	case a.Approver == actor || a.Approver != "" && strings.EqualFold(a.Approver, c.Email):
		return bad("Nobody approves their own adjustment.")
	case a.Credits > TwoPeople && a.Approver == "":
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("More than %d credits need a second person's approval.", TwoPeople),
			Hint: "Name who else agreed: approver in a request, --approver at the command line."}
	}
	if a.Approver != "" {
		a.Note = strings.TrimSpace(a.Note + " [approved by " + a.Approver + "]")
	}
	return actor, nil
}

// Grant gives credits and reports whether it did: an ID gives once for ever.
func (s *Shop) Grant(ctx context.Context, c kinpict.Caller, a Adjustment) (given bool, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) (err error) {
		given, err = s.GrantIn(tx, c, a)
		return err
	})
	return given, err
}

// GrantIn is Grant as a part of a larger transaction.
func (s *Shop) GrantIn(tx *store.Tx, c kinpict.Caller, a Adjustment) (given bool, err error) {
	actor, err := a.check(c)
	if err != nil {
		return false, err
	}
	if a.Kind == "" {
		a.Kind = kinpict.LotAdjust
	}
	if a.Kind != kinpict.LotAdjust && a.Kind != kinpict.LotPromo {
		return false, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("Staff cannot give credits of the kind %q.", a.Kind), Hint: "Choose promo or adjust."}
	}
	if !a.ExpiresAt.IsZero() && !a.ExpiresAt.After(s.Now()) {
		return false, &kinpict.Error{Code: kinpict.Invalid, Message: "The credits would have expired already."}
	}
	if a.ID == "" {
		a.ID = s.IDs.New("adj_")
	}
	kind := store.AdjustGrant
	if a.Kind == kinpict.LotPromo {
		kind = store.AdjustPromo
	}
	if done, _, err := tx.Adjusted(a.AccountID, a.ID, kind); err != nil || done {
		return false, err
	}
	if err := approved(tx, c, a.Approver, a.AccountID); err != nil {
		return false, err
	}
	return tx.Grant(store.Grant{LotID: s.IDs.New(kinpict.LotPrefix), AccountID: a.AccountID, Kind: a.Kind, SourceType: "adjustment", SourceID: a.ID,
		Credits: a.Credits, ExpiresAt: a.ExpiresAt, Actor: actor, Reason: a.Reason, Note: a.Note})
}

// GoodwillIn gives back, as a part of a larger transaction, a.Credits of what a
// delivered picture of the account cost, to the lots they came from. Conflict
// if it was not delivered, or has less left to give back; NotFound if it is not
// the account's.
func (s *Shop) GoodwillIn(tx *store.Tx, c kinpict.Caller, generation string, a Adjustment) error {
	actor, err := a.check(c)
	if err != nil {
		return err
	}
	if _, err := tx.Generation(a.AccountID, generation); err != nil {
		return err
	}
	if err := approved(tx, c, a.Approver, a.AccountID); err != nil {
		return err
	}
	return tx.Goodwill(generation, a.Credits, actor, a.Reason, a.Note)
}

// Take removes credits, in the order they would be spent. InsufficientCredits if
// there are fewer; then nothing is taken. An ID takes once for ever.
func (s *Shop) Take(ctx context.Context, c kinpict.Caller, a Adjustment) error {
	actor, err := a.check(c)
	if err != nil {
		return err
	}
	if a.ID == "" {
		a.ID = s.IDs.New("adj_")
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if done, _, err := tx.Adjusted(a.AccountID, a.ID, store.AdjustTake); err != nil || done {
			return err
		}
		if err := approved(tx, c, a.Approver, a.AccountID); err != nil {
			return err
		}
		return tx.Take(a.AccountID, a.ID, a.Credits, actor, a.Reason, a.Note)
	})
}

// Forgive waives up to a.Credits of the account's debt and returns how many. An
// ID forgives once for ever, and again returns what it did then.
func (s *Shop) Forgive(ctx context.Context, c kinpict.Caller, a Adjustment) (n kinpict.Credits, err error) {
	actor, err := a.check(c)
	if err != nil {
		return 0, err
	}
	if a.ID == "" {
		a.ID = s.IDs.New("adj_")
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) (err error) {
		done, before, err := tx.Adjusted(a.AccountID, a.ID, store.AdjustForgive)
		if n = before; err != nil || done {
			return err
		}
		if err := approved(tx, c, a.Approver, a.AccountID); err != nil {
			return err
		}
		n, err = tx.Forgive(a.AccountID, a.ID, a.Credits, actor, a.Reason, a.Note)
		return err
	})
	return n, err
}
