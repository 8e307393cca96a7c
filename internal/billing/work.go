package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kinpict/internal/store"
)

// Work runs Tick at once and then at each pulse until ctx ends, and compares
// with the provider when that is due. Any number of
// processes may work at the same time.
func (s *Shop) Work(ctx context.Context) {
	pulse := s.Pulse
	if pulse == nil {
		t := time.NewTicker(defaultPulse)
		defer t.Stop()
		pulse = t.C
	}
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.log().LogAttrs(ctx, slog.LevelError, "billing round failed", slog.Any("err", err))
		}
		if _, err := s.ReconcileDue(ctx); err != nil && ctx.Err() == nil {
			s.report(ctx, "payments not compared", s.Provider.Name(), err)
		}
		select {
		case <-ctx.Done():
			return
		case <-pulse:
		}
	}
}

// Tick does one round: events that wait, purchases to ask the provider about,
// checkouts that nobody can pay any more, events old enough to be forgotten,
// refunds that got no answer.
// What a provider does not answer is asked again later and is no error here.
func (s *Shop) Tick(ctx context.Context) error {
	var events []*store.Event
	var ids []string
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		if _, err := tx.ExpirePurchases(); err != nil {
			return err
		}
		if _, err := tx.PruneEvents(now.Add(-eventsKept)); err != nil {
			return err
		}
		waiting, err := tx.WaitingEvents(s.Provider.Name(), round)
		if err != nil {
			return err
		}
		events = events[:0]
		for _, e := range waiting {
			mine, err := tx.ClaimEvent(e, now.Add(claim))
			if err != nil {
				return err
			}
			if mine {
				events = append(events, e)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("billing: %w", err)
	}
	var failed error
	for _, e := range events {
		failed = errors.Join(failed, s.process(ctx, e))
	}
	// Only now: what an event was about need not be asked again.
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		now := tx.Now()
		ids, err = tx.AskAbout(s.Provider.Name(), now.Add(-askOpen), now.Add(-askSettled), now.Add(-askRecent), now.Add(-askClosed), round)
		return err
	})
	if err != nil {
		return errors.Join(failed, err)
	}
	for _, id := range ids {
		failed = errors.Join(failed, s.ask(ctx, id))
	}
	return errors.Join(failed, s.retryRefunds(ctx))
}

// ask is Sync for the worker: a purchase whose question fails goes to the end
// of the row, so that it does not hold up the others.
func (s *Shop) ask(ctx context.Context, id string) error {
	p, err := s.sync(ctx, id, "")
	if err == nil || ctx.Err() != nil {
		return nil
	}
	if isMismatch(err) != nil {
		s.report(ctx, "payment does not fit its purchase", id, err)
		return nil
	}
	s.log().LogAttrs(ctx, slog.LevelWarn, "purchase not asked about", slog.String("id", id), slog.Any("err", err))
	if p == nil {
		return nil
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.SetPurchase(p)
		return err
	})
}
