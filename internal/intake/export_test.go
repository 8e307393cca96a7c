package intake

import (
	"context"

	"kinpict"
)

// SaveDraft keeps a draft in place of the one before.
func (i *Intake) SaveDraft(ctx context.Context, c kinpict.Caller, d Draft) error {
	_, err := i.EditDraft(ctx, c, func(kept *Draft) { *kept = d })
	return err
}
