package intake

import (
	"context"
	"net/http"

	"kinpict"
	"kinpict/internal/store"
)

// AddOnce is Add for a client that names its wish: the same key with the same
// bytes is answered as it was, with other bytes it is KeyReused.
func (i *Intake) AddOnce(ctx context.Context, c kinpict.Caller, in kinpict.Intent, data []byte) (*kinpict.Photo, *kinpict.Replay, error) {
	who, err := owner(c)
	if err != nil {
		return nil, nil, err
	}
	var r *kinpict.Replay
	err = i.DB.Read(ctx, func(tx *store.Tx) (err error) {
		r, err = tx.Replay(who, in)
		return err
	})
	if err != nil || r != nil {
		return nil, r, err
	}
	// Adding twice is adding once, so the answer may be kept in a commit of its own.
	p, err := i.Add(ctx, c, data)
	if err != nil {
		return nil, nil, err
	}
	status, body := in.Words(http.StatusCreated, p, nil)
	err = i.DB.Update(ctx, func(tx *store.Tx) error {
		r = nil
		first, err := tx.Remember(who, in, status, p.ID, body)
		if err == nil && !first {
			r, err = tx.Replay(who, in)
		}
		return err
	})
	return p, r, err
}
