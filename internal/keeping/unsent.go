package keeping

import (
	"context"
	"encoding/json"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

type heldOf struct {
	ID         string          `json:"id"`
	Request    kinpict.Request `json:"request"`
	Cost       kinpict.Credits `json:"cost"`
	Generation string          `json:"generation,omitempty"`
	Held       time.Time       `json:"held_at"`
	Expires    time.Time       `json:"expires_at"`
	Reason     string          `json:"reason"`
	Decision   string          `json:"decision,omitempty"`
	Decided    time.Time       `json:"decided_at,omitzero"`
	Note       string          `json:"note,omitempty"`
	Withdrawn  time.Time       `json:"withdrawn_at,omitzero"`
	Language   string          `json:"language,omitempty"`
}

// unsent writes the draft and the requests that wait, for credits or for a
// person. Who of the staff decided is not told.
func (a *archive) unsent(ctx context.Context) error {
	var draft []byte
	if err := a.k.DB.Read(ctx, func(tx *store.Tx) (err error) {
		draft, err = tx.Draft(a.account.ID)
		return err
	}); err != nil {
		return err
	}
	if err := a.list("drafts.json", "drafts", func(put func(any) error) error {
		if draft == nil {
			return nil
		}
		return put(json.RawMessage(draft))
	}); err != nil {
		return err
	}
	return a.list("held-requests.json", "held_requests", func(put func(any) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last *kinpict.HeldRequest) ([]*kinpict.HeldRequest, error) {
			return tx.HeldRequests(a.account.ID, last, batch)
		}, func(h *kinpict.HeldRequest) error {
			return put(heldOf{ID: h.ID, Request: h.Request, Cost: h.Cost, Generation: h.GenerationID, Held: h.CreatedAt, Expires: h.ExpiresAt, Reason: h.Reason,
				Decision: h.Decision, Decided: h.DecidedAt, Note: h.Note, Withdrawn: h.WithdrawnAt, Language: h.Language})
		})
	})
}
