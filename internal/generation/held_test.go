package generation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// poor is a room where ann has one credit, so that every picture is held.
func poor(t *testing.T, f func(ctx context.Context, r *room)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 79, "test", "test", "") })
		f(context.Background(), r)
	})
}

// unpaid asks for a picture of its own words and returns what was held of it.
func (r *room) unpaid(ctx context.Context, key, words string) (string, error) {
	req := r.request()
	req.Instruction = words
	_, err := r.Accept(ctx, r.ann, r.intent(key), req)
	var e *kinpict.Error
	if !errors.As(err, &e) || e.Code != kinpict.InsufficientCredits {
		return "", err
	}
	return e.Members["held_request"].(map[string]any)["id"].(string), nil
}

func (r *room) waiting(ctx context.Context) (ids []string) {
	r.t.Helper()
	list, err := r.Waiting(ctx, r.ann)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range list {
		ids = append(ids, h.ID)
	}
	return ids
}

// What waits is bounded, also when it comes at once; what waited stays, and is
// what an equal request leads to.
func TestOnlySoManyRequestsWaitForCredits(t *testing.T) {
	poor(t, func(ctx context.Context, r *room) {
		var wg sync.WaitGroup
		for i := range generation.MaxWaiting + 10 {
			wg.Go(func() {
				if _, err := r.unpaid(ctx, fmt.Sprint("at once ", i), fmt.Sprint("picture ", i)); err != nil && kinpict.CodeOf(err) != kinpict.RateLimited {
					r.t.Errorf("at once: %v", err)
				}
			})
		}
		wg.Wait()
		ids := r.waiting(ctx)
		if len(ids) != generation.MaxWaiting {
			r.t.Fatalf("%d wait, want %d", len(ids), generation.MaxWaiting)
		}
		oldest, err := r.Held(ctx, r.ann, ids[0])
		if err != nil {
			r.t.Fatal(err)
		}
		_, err = r.unpaid(ctx, "full", "one more")
		r.wantCode("with no place left", err, kinpict.RateLimited)
		for range 2 {
			a, err := r.Accept(ctx, r.ann, r.intent("equal"), oldest.Request)
			var e *kinpict.Error
			switch {
			case errors.As(err, &e) && e.Code == kinpict.InsufficientCredits:
				if m := e.Members["held_request"].(map[string]any); m["id"] != oldest.ID || e.Members["shortfall"] != kinpict.Credits(3) {
					r.t.Errorf("an equal one is told %v, want %s and 3 short", e.Members, oldest.ID)
				}
			case err != nil || a.Replay == nil || a.Replay.Status != 402 || a.Replay.Ref != oldest.ID:
				r.t.Errorf("an equal one: %+v, %v", a, err)
			}
		}
		if now := r.waiting(ctx); fmt.Sprint(now) != fmt.Sprint(ids) {
			r.t.Errorf("what waits is %v, want the same as before: %v", now, ids)
		}
		r.wantCode("taking one back", r.Withdraw(ctx, r.ann, ids[5]), "")
		// The key that was refused is not used up.
		if _, err := r.unpaid(ctx, "full", "one more"); err != nil {
			r.t.Errorf("once there is a place: %v", err)
		}
		r.Relaxed = true
		if _, err := r.unpaid(ctx, "relaxed", "under relaxed limits"); err != nil {
			r.t.Errorf("under relaxed limits: %v", err)
		}
		r.Relaxed = false
		// Who has the credits is not asked how much waits, and goes on with what does.
		r.grant(40)
		r.accept("paid")
		if _, first, err := r.Resume(ctx, r.ann, ids[0], 0); err != nil || !first {
			r.t.Errorf("going on: %v, %v", first, err)
		}
		r.wantLeft("two pictures", 33)
	})
}

// Taking back makes a place at once, but not another sixty.
func TestOnlySoManyRequestsAreHeldAnHour(t *testing.T) {
	poor(t, func(ctx context.Context, r *room) {
		ask := func(i int) (string, error) {
			return r.unpaid(ctx, fmt.Sprint("key ", i), fmt.Sprint("picture ", i))
		}
		for i := range generation.HoldsAnHour - 1 {
			id, err := ask(i)
			if err != nil {
				r.t.Fatalf("request %d: %v", i, err)
			}
			r.wantCode("taking it back", r.Withdraw(ctx, r.ann, id), "")
			if i == 0 {
				r.clock.Advance(20 * time.Minute)
			}
		}
		// Pressed often, the last is one, and every press gets its answer.
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				a, err := r.Accept(ctx, r.ann, r.intent("last"), r.request())
				if kinpict.CodeOf(err) != kinpict.InsufficientCredits && (err != nil || a.Replay == nil || a.Replay.Status != 402) {
					r.t.Errorf("the last: %+v, %v", a, err)
				}
			})
		}
		wg.Wait()
		last := r.waiting(ctx)
		_, err := ask(generation.HoldsAnHour)
		r.wantCode("one more within the hour", err, kinpict.RateLimited)
		var e *kinpict.Error
		if errors.As(err, &e) && e.Members["retry_after"] != 40*60 {
			r.t.Errorf("come back in %v s, want 40 minutes", e.Members["retry_after"])
		}
		if ids := r.waiting(ctx); len(last) != 1 || fmt.Sprint(ids) != fmt.Sprint(last) {
			r.t.Errorf("%v wait, and %v after a refusal; want the last alone", last, ids)
		}
		if a, err := r.Accept(ctx, r.ann, r.intent("key 0"), r.request()); err != nil || a.Replay == nil || a.Replay.Status != 402 {
			r.t.Errorf("the first press again: %+v, %v, want its answer", a, err)
		}
		r.clock.Advance(40 * time.Minute)
		if _, err := ask(generation.HoldsAnHour); err != nil {
			r.t.Errorf("an hour later: %v", err)
		}
		r.wantLeft("all that time", 1)
	})
}
