// Package keeping is what we keep of a person: it says how much, hands all of
// it to them, and removes it when they go.
//
// Deleting an account is one commit. Whatever it was doing ends there, what is
// left of its credits is given up, and every row that names the person or holds
// their words goes or is emptied; the books stay under the account's id, which
// names nobody. Files follow at once, or with a later Sweep if the process dies
// in between.
package keeping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/lang"
	"kinpict/internal/store"
)

const (
	// ExportsADay is how often a person may take everything with them in 24 hours.
	ExportsADay = 10
	// settle is how long after a deletion rows are looked for that somebody
	// wrote who had been let in just before.
	settle = 24 * time.Hour
	batch  = 100
)

// A Keeper says, hands out and removes what is kept of a person. All fields but
// Languages and Relaxed are required.
type Keeper struct {
	DB        *store.DB
	Blobs     blob.Bucket
	IDs       kinpict.IDs
	Now       func() time.Time
	Log       *slog.Logger
	Languages *lang.Set // of the archive's words; nil means all there are
	Version   string    // of the product
	// Statement is the shop's, from the newest line on: a page and the cursor of
	// the next.
	Statement func(ctx context.Context, c kinpict.Caller, cursor string, limit int) ([]kinpict.Transaction, string, error)
	// Receipt is the signed receipt of a purchase that was paid.
	Receipt func(ctx context.Context, c kinpict.Caller, purchase string) ([]byte, error)
	// Redact takes the person's words out of a review's evidence.
	Redact func(evidence []byte) ([]byte, error)
	// Pseudonym is the name of an address under which it is remembered for a time
	// that it had its preview; nil remembers nothing.
	Pseudonym func(address string) string
	Relaxed   bool // no limit on exports, for load tests
}

// Kept says how much is kept of the caller.
func (k *Keeper) Kept(ctx context.Context, c kinpict.Caller) (a *kinpict.Account, kept *kinpict.Kept, err error) {
	if err := signedIn(c); err != nil {
		return nil, nil, err
	}
	err = k.DB.View(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.Account(c.AccountID); err != nil {
			return err
		}
		kept, err = tx.Kept(a)
		return err
	})
	return a, kept, err
}

// Fresh reports whether the caller may delete their account without signing in
// again.
func (k *Keeper) Fresh(c kinpict.Caller) bool { return c.Fresh(k.Now()) }

// Delete deletes the caller's account and everything kept of them, at once and
// for ever, and says what went.
//
// Errors: Unauthenticated; SignInAgain for a browser that signed in longer than
// FreshSignIn ago; Invalid for an address that is not theirs; Conflict, with the
// number, if more credits would be given up than f.Credits; Forbidden for an
// account that staff hold.
func (k *Keeper) Delete(ctx context.Context, c kinpict.Caller, f kinpict.Farewell) (*kinpict.Deletion, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	if !k.Fresh(c) {
		return nil, &kinpict.Error{Code: kinpict.SignInAgain, Message: "Deleting an account needs a fresh sign-in.",
			Hint: fmt.Sprintf("Sign in again, then come back within %d minutes.", kinpict.FreshSignIn/time.Minute)}
	}
	var a *kinpict.Account
	err := k.DB.Read(ctx, func(tx *store.Tx) (err error) {
		a, err = tx.Account(c.AccountID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(strings.TrimSpace(f.Address), a.Email) || a.Email == "" {
		const m = "This is not the address of the account."
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: m, Hint: "Spell it as it stands on the account page.",
			Members: map[string]any{"errors": []map[string]string{{"field": "address", "message": m}}}}
	}
	return k.remove(ctx, c.AccountID, kinpict.AskedByPerson, "", f.Credits)
}

// DeleteFor deletes somebody's account at their request, for operators. It asks
// for no confirmation and gives up whatever is left.
func (k *Keeper) DeleteFor(ctx context.Context, staff kinpict.Caller, accountID string) (*kinpict.Deletion, error) {
	if staff.Role != kinpict.Operator {
		return nil, &kinpict.Error{Code: kinpict.Forbidden, Message: "Only operators delete the accounts of others."}
	}
	return k.remove(ctx, accountID, kinpict.AskedByStaff, cmp.Or(staff.AccountID, "command"), math.MaxInt64)
}

// What staff did with somebody else's account, as the trail names it.
const (
	DeedDeleted  = "account deleted"
	DeedExported = "account exported"
)

func (k *Keeper) remove(ctx context.Context, accountID, by, staff string, agreed kinpict.Credits) (*kinpict.Deletion, error) {
	// What was begun is finished, whoever hangs up.
	ctx = context.WithoutCancel(ctx)
	id := k.IDs.New(kinpict.DeletionPrefix)
	var d *kinpict.Deletion
	var done bool
	err := k.DB.Update(ctx, func(tx *store.Tx) (err error) {
		d = &kinpict.Deletion{ID: id, AccountID: accountID, AskedBy: by}
		a, err := tx.Account(accountID)
		if err != nil {
			return err
		}
		if k.Pseudonym != nil && a.Email != "" {
			if err := tx.RememberPreviews(accountID, k.Pseudonym(a.Email)); err != nil {
				return err
			}
		}
		done, err = tx.DeleteAccount(d, agreed, k.Redact)
		if err == nil && done && staff != "" {
			err = tx.NoteStaff(store.StaffAct{ID: k.IDs.New("act_"), Actor: staff, Kind: DeedDeleted, Subject: accountID})
		}
		if err != nil || done {
			return err
		}
		if a.Status != "closed" {
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "This account is on hold and cannot be deleted now.", Hint: "Ask whoever runs this service why."}
		}
		d, err = tx.DeletionOf(accountID)
		return err
	})
	if errors.Is(err, store.ErrNotGiven) {
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("%d credits would be given up, more than was agreed to.", d.Forfeited),
			Hint: "Look at your credits again, then confirm the new number.", Members: map[string]any{"credits": d.Forfeited}}
	}
	if err != nil {
		return nil, err
	}
	if done {
		k.Log.Info("account deleted", "account", accountID, "asked_by", by, "deletion", id)
	}
	// Nobody reaches them any more. Files that cannot be removed at this moment
	// are removed by a sweep.
	if err := k.empty(ctx, accountID); err != nil {
		k.Log.Error("files of a deleted account wait for the sweep", "account", accountID, "err", err)
		return d, nil
	}
	// The words are to go from the database's own files as well. What somebody
	// reads just now goes with the next sweep.
	if _, err := k.DB.Scrub(ctx); err != nil {
		k.Log.Error("the database's log waits for the sweep", "account", accountID, "err", err)
	}
	return k.Deletion(ctx, d.ID)
}

// Deletion returns a deletion by its id, which nobody guesses, or NotFound.
func (k *Keeper) Deletion(ctx context.Context, id string) (d *kinpict.Deletion, err error) {
	err = k.DB.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = tx.Deletion(id)
		return err
	})
	return d, err
}

// empty removes the files of a deleted account. One that stays does not keep
// the others.
func (k *Keeper) empty(ctx context.Context, accountID string) error {
	var stayed error
	stay := 0
	// gone reports whether a file's bytes are.
	gone := func(keys ...string) bool {
		var err error
		for _, key := range keys {
			if key != "" {
				err = errors.Join(err, k.Blobs.Delete(ctx, key))
			}
		}
		if err == nil {
			return true
		}
		if stay++; stayed == nil {
			stayed = err
		}
		return false
	}
	var lastPhoto kinpict.Photo
	var lastPicture string
	for {
		var photos, emptied []kinpict.Photo
		var pictures, removed []store.Gone
		if err := k.DB.View(ctx, func(tx *store.Tx) (err error) {
			if photos, err = tx.GonePhotosOf(accountID, lastPhoto, batch); err != nil {
				return err
			}
			pictures, err = tx.GonePicturesOf(accountID, lastPicture, batch)
			return err
		}); err != nil {
			return err
		}
		for _, p := range photos {
			if lastPhoto = p; gone(p.Key, p.ThumbKey) {
				emptied = append(emptied, p)
			}
		}
		for _, g := range pictures {
			if lastPicture = g.ID; gone(g.Key) {
				removed = append(removed, g)
			}
		}
		last := len(photos) < batch && len(pictures) < batch
		if err := k.DB.Update(ctx, func(tx *store.Tx) error {
			for _, p := range emptied {
				if err := tx.EmptyPhoto(p.ID); err != nil {
					return err
				}
			}
			for _, g := range removed {
				if err := tx.EmptyPicture(g.ID); err != nil {
					return err
				}
			}
			if !last {
				return nil
			}
			_, err := tx.FinishDeletion(accountID)
			return err
		}); err != nil {
			return err
		}
		if last {
			break
		}
	}
	if stayed != nil {
		return fmt.Errorf("%d files stay, the first because: %w", stay, stayed)
	}
	return nil
}

// Sweep finishes what deletions of the last day, and those with files left,
// could not finish themselves, and takes out of the database's files what
// anybody deleted.
func (k *Keeper) Sweep(ctx context.Context) error {
	var failed error
	for after := (*kinpict.Deletion)(nil); ; {
		var todo []*kinpict.Deletion
		if err := k.DB.Read(ctx, func(tx *store.Tx) (err error) {
			todo, err = tx.DeletionsToFinish(tx.Now().Add(-settle), after, batch)
			return err
		}); err != nil {
			return errors.Join(failed, fmt.Errorf("sweep deletions: %w", err))
		}
		for _, d := range todo {
			err := k.DB.Update(ctx, func(tx *store.Tx) error { return tx.Strip(d.AccountID) })
			if err == nil {
				err = k.empty(ctx, d.AccountID)
			}
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("deletion %s: %w", d.ID, err))
			}
			after = d
		}
		if len(todo) < batch {
			break
		}
	}
	if _, err := k.DB.Scrub(ctx); err != nil {
		failed = errors.Join(failed, fmt.Errorf("sweep the database's log: %w", err))
	}
	return failed
}

func signedIn(c kinpict.Caller) error {
	if c.AccountID == "" {
		return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "Please sign in first.", Hint: "What we keep of you belongs to your account."}
	}
	return nil
}
