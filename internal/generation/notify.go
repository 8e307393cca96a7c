package generation

import (
	"context"

	"kinpict"
	"kinpict/internal/store"
)

// Notify has the caller mailed once when a picture of theirs is done or its
// credits are back, or, with on false, not any more. language is the one they
// ask in, such as "de"; what their account says wins over it. Twice is as good
// as once. Nobody is mailed who did not ask, and nobody for what they canceled.
//
// The error is Unauthenticated for a guest, NotFound, or Conflict for a picture
// that has ended, or that is a guest's preview still.
func (s *Studio) Notify(ctx context.Context, c kinpict.Caller, id string, on bool, language string) error {
	if c.AccountID == "" {
		return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "Sign in to be told by e-mail.", Hint: "Your preview moves to your account with you."}
	}
	return s.DB.Update(ctx, func(t *store.Tx) error {
		g, err := owned(t, c, id)
		if err != nil {
			return err
		}
		done, err := t.Notify(c.AccountID, id, language, on)
		switch {
		case err != nil || done:
			return err
		case g.Owner != c.AccountID:
			return &kinpict.Error{Code: kinpict.Conflict, Message: "This preview belongs to no account yet, so there is no address to write to.",
				Hint: "Sign in once more in this browser: the preview moves to your account."}
		}
		return &kinpict.Error{Code: kinpict.Conflict, Message: "There is nothing left to wait for.", Hint: "Look at the picture's page."}
	})
}
