package billing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"kinpict"
	"kinpict/internal/store"
)

// Webhook takes in what a provider sent. Nil means that we have it, not that it
// came to anything: what does not fit is put aside and reported, since sending
// it again would not help, and what fails for now is tried again by Work. With a
// Queue it is processed after it is answered.
//
// Errors: NotFound for another provider, Invalid for a bad signature or body,
// Unavailable while nothing can be stored; then the provider has to try again.
func (s *Shop) Webhook(ctx context.Context, provider string, header http.Header, body []byte) error {
	if provider != s.Provider.Name() {
		return &kinpict.Error{Code: kinpict.NotFound, Message: fmt.Sprintf("There is no payment provider %q here.", provider), Hint: "Check the address of the webhook endpoint."}
	}
	e, err := s.Provider.Event(header, body)
	if err != nil {
		return err
	}
	if e.ID == "" {
		return &kinpict.Error{Code: kinpict.Invalid, Message: "The event has no id."}
	}
	in := &store.Event{Provider: provider, ID: e.ID, Type: e.Type, Object: e.Object, Payload: body}
	// An event of the wrong mode has no object here that could be asked about.
	foreign := e.Problem
	if e.Object != "" && e.Livemode != s.Live {
		foreign = wrongMode
	}
	mine := false
	err = s.DB.Update(ctx, func(tx *store.Tx) (err error) {
		mine, err = tx.ReceiveEvent(in, tx.Now().Add(claim))
		if err != nil || !mine {
			return err
		}
		switch {
		case foreign != "":
			return tx.SettleEvent(in, store.EventQuarantined, foreign)
		case e.Object == "":
			return tx.SettleEvent(in, store.EventIgnored, "")
		}
		return nil
	})
	if err != nil || !mine {
		return err
	}
	if foreign != "" {
		s.report(ctx, "payment event put aside", e.ID, &Mismatch{e.Object, foreign})
		return nil
	}
	if e.Object == "" {
		return nil
	}
	if s.Queue == nil {
		return s.process(ctx, in)
	}
	select {
	case s.Queue <- in:
	default: // the claim runs out within a minute, then Work takes it
	}
	return nil
}

// Attend processes the events that Webhook put into Queue, several at a time,
// until ctx ends. What it leaves there is in the inbox as well.
func (s *Shop) Attend(ctx context.Context) {
	var wg sync.WaitGroup
	for range attendants {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case e := <-s.Queue:
					if err := s.process(ctx, e); err != nil && ctx.Err() == nil {
						s.report(ctx, "payment event not settled", e.ID, err)
					}
				}
			}
		})
	}
	wg.Wait()
}

const wrongMode = "the event and the shop are not in the same mode, live or test"

// process brings the object of a claimed event up to date and settles the
// event, or leaves it for later. Its error is only that it could not even write that.
func (s *Shop) process(ctx context.Context, e *store.Event) error {
	err := s.syncObject(ctx, e.Object)
	ctx = context.WithoutCancel(ctx)
	var write func(tx *store.Tx) error
	switch {
	case err == nil:
		write = func(tx *store.Tx) error { return tx.SettleEvent(e, store.EventDone, "") }
	case isMismatch(err) != nil || e.Attempts+1 >= maxAttempts:
		s.report(ctx, "payment event put aside", e.ID, err)
		write = func(tx *store.Tx) error { return tx.SettleEvent(e, store.EventQuarantined, err.Error()) }
	default:
		s.log().LogAttrs(ctx, slog.LevelWarn, "payment event waits", slog.String("event", e.ID), slog.Any("err", err))
		write = func(tx *store.Tx) error {
			return tx.DelayEvent(e, tx.Now().Add(backOff(e.Attempts+1)), err.Error())
		}
	}
	return s.DB.Update(ctx, write)
}

// report tells staff about something they have to look at.
func (s *Shop) report(ctx context.Context, what, id string, err error) {
	s.log().LogAttrs(ctx, slog.LevelError, what, slog.String("provider", s.Provider.Name()), slog.String("id", id), slog.Any("err", err))
}
