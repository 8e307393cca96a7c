package staff

import (
	"context"
	"errors"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// AuditTime is the most an audit from the console may take; beyond it, it is
// the command line's.
const AuditTime = 5 * time.Minute

// Books are what was proven last, and whether somebody proves them now.
type Books struct {
	Owed    kinpict.Credits
	Running *store.AuditRun
	Audit   *store.AuditRun
}

// Books are what is known of the books without reading all of them.
func (o *Office) Books(ctx context.Context, c kinpict.Caller) (b Books, err error) {
	if err := allowed(c); err != nil {
		return b, err
	}
	err = o.DB.View(ctx, func(tx *store.Tx) (err error) {
		if b.Owed, err = tx.CreditsOwed(); err != nil {
			return err
		}
		b.Running, b.Audit, err = tx.Audits()
		return err
	})
	return b, err
}

// Prove runs the audit of the whole, one at a time, and returns when it is done
// or ctx ends; it goes on then, at most AuditTime. Conflict while one runs.
func (o *Office) Prove(ctx context.Context, c kinpict.Caller) error {
	if err := allowed(c); err != nil {
		return err
	}
	id := o.IDs.New("aud_")
	err := o.DB.Update(ctx, func(tx *store.Tx) error {
		mine, err := tx.BeginAudit(id, c.AccountID, tx.Now().Add(-2*AuditTime))
		if err == nil && !mine {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "The books are being proven already.", Hint: "Look again in a minute."}
		}
		return err
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), AuditTime)
		defer cancel()
		err := o.prove(ctx, id)
		if err != nil {
			o.Log.Error("an audit from the console did not end", "audit", id, "err", err)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (o *Office) prove(ctx context.Context, id string) error {
	p, err := o.DB.Prove(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil {
		// So that another may begin.
		return errors.Join(err, o.DB.Update(ctx, func(tx *store.Tx) error { return tx.DropAudit(id) }))
	}
	return o.DB.Update(ctx, func(tx *store.Tx) error { return tx.EndAudit(id, p) })
}

// NoteAudit writes down what an audit at the command line found, so that the
// console knows of it.
func (o *Office) NoteAudit(ctx context.Context, actor string, began time.Time, p *store.Proof) error {
	return o.DB.Update(ctx, func(tx *store.Tx) error { return tx.NoteAudit(o.IDs.New("aud_"), actor, began, p) })
}
