package intake

import (
	"context"

	"kinpict"
	"kinpict/internal/store"
)

// Consent notes that the caller confirmed something about the people in their
// photos: the very words they read, and when. A guest's goes along when they
// sign in, and is forgotten with their photos if they do not.
func (i *Intake) Consent(ctx context.Context, c kinpict.Caller, wording string) error {
	who, err := owner(c)
	if err != nil {
		return err
	}
	return i.DB.Update(ctx, func(tx *store.Tx) error { return tx.PutConsent(who, wording) })
}
