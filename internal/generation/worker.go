package generation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/store"
)

// Work draws what is queued and watches over what is being drawn, here or by
// others, until ctx ends. What is being drawn then goes back to the queue.
func (s *Studio) Work(ctx context.Context) {
	var wg sync.WaitGroup
	for range max(s.Workers, 1) {
		wg.Go(func() { s.work(ctx) })
	}
	wg.Go(func() {
		tick := time.NewTicker(Round)
		defer tick.Stop()
		for {
			if err := s.Watchdog(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("watchdog", "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	wg.Wait()
}

func (s *Studio) work(ctx context.Context) {
	poll := time.NewTicker(max(s.Poll, 50*time.Millisecond))
	defer poll.Stop()
	for ctx.Err() == nil {
		did, err := s.Once(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("worker", "err", err)
		}
		if did && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.hub.wake():
		case <-poll.C:
		}
	}
}

// Once claims the generation that has waited longest and works on it to the end
// of the attempt. It reports whether there was one.
func (s *Studio) Once(ctx context.Context) (bool, error) {
	var g *kinpict.Generation
	err := s.DB.Update(ctx, func(t *store.Tx) (err error) {
		g, err = t.Claim(s.Worker, Lease, FromClaim)
		return err
	})
	if err != nil || g == nil {
		return false, err
	}
	s.hub.queued() // there may be more: let another worker look
	s.hub.changed(g.ID)
	return true, s.attempt(ctx, g)
}

// attempt draws once and brings the outcome to the books. Whatever happens to
// ctx, the outcome is written: giving credits back outlives the request.
func (s *Studio) attempt(ctx context.Context, g *kinpict.Generation) error {
	f := store.Fence{ID: g.ID, Worker: s.Worker, Attempt: g.Attempts}
	drawing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	drawing, cancel := context.WithTimeout(drawing, g.DeadlineAt.Sub(s.Now()))
	defer cancel()
	beating := s.beat(drawing, f, stop)
	pic, name, err := s.draw(drawing, g, f)
	var im *kinpict.Image
	if err == nil {
		pic, err = s.mark(g, pic)
	}
	if err == nil {
		im, err = s.save(drawing, g, f, pic)
	}
	lost := errors.Is(context.Cause(drawing), errLost)
	stop(nil)
	<-beating
	after := context.WithoutCancel(ctx)
	switch {
	case lost:
		s.Log.Warn("result of a lost lease dropped", "generation", g.ID, "attempt", g.Attempts)
		return s.drop(after, im)
	case err == nil:
		return s.deliver(after, g, f, name, im)
	case ctx.Err() != nil:
		return s.letGo(after, f)
	}
	s.Log.Warn("attempt failed", "generation", g.ID, "attempt", g.Attempts, "err", err)
	return s.fail(after, g, f, err)
}

// errLost: the lease ran out and somebody else has the job.
var errLost = errors.New("lease lost")

// beat keeps the lease until ctx ends and cancels the work with errLost when it
// is gone.
func (s *Studio) beat(ctx context.Context, f store.Fence, stop context.CancelCauseFunc) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var held bool
			err := s.DB.Update(ctx, func(t *store.Tx) (err error) {
				held, err = t.Beat(f, Lease)
				return err
			})
			if err == nil && !held {
				stop(errLost)
				return
			}
		}
	}()
	return done
}

// A failure of ours, as opposed to the engine's.
type failure struct {
	code  kinpict.FailureCode
	final bool
	err   error
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %v", f.code, f.err) }
func (f *failure) Unwrap() error { return f.err }

// draw gathers the photos and asks the engines.
func (s *Studio) draw(ctx context.Context, g *kinpict.Generation, f store.Fence) (*engine.Picture, string, error) {
	sc, err := s.Scenarios.Scenario(g.Request.Scenario)
	if err != nil {
		return nil, "", &failure{kinpict.FailedEngine, true, err}
	}
	photos, err := s.photos(ctx, g)
	if err != nil {
		return nil, "", err
	}
	return s.Engines.Draw(ctx, &engine.Job{ID: g.ID, Attempt: g.Attempts, Scenario: sc, Quality: g.Request.Quality, Aspect: g.Request.Aspect,
		Instruction: g.Request.Instruction, Photos: photos, Seed: g.Seed, Preview: g.Funding == kinpict.FundedByPreview,
		Progress: func(step string) { s.step(ctx, f, step) }})
}

func (s *Studio) step(ctx context.Context, f store.Fence, step string) {
	// A step that is not noted costs nothing but the sight of it.
	if err := s.DB.Update(ctx, func(t *store.Tx) error { _, err := t.Step(f, step); return err }); err == nil {
		s.hub.changed(f.ID)
	}
}

// photos reads the request's photos, in its order.
func (s *Studio) photos(ctx context.Context, g *kinpict.Generation) ([]engine.Photo, error) {
	var rows []kinpict.Photo
	err := s.DB.View(ctx, func(t *store.Tx) error {
		// The owner as of now: a guest may have signed in since the claim, and the photos moved.
		now, err := t.Job(g.ID)
		if err != nil {
			return err
		}
		rows, err = t.PhotosByID(now.Owner, photoIDs(g.Request))
		return err
	})
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return nil, &failure{kinpict.FailedPhotos, true, err}
	}
	if err != nil {
		return nil, err
	}
	out := make([]engine.Photo, len(rows))
	for i, p := range rows {
		r, err := s.Blobs.Open(ctx, p.Key)
		if kinpict.CodeOf(err) == kinpict.NotFound {
			return nil, &failure{kinpict.FailedPhotos, true, err}
		}
		if err != nil {
			return nil, &failure{kinpict.FailedStorage, false, err}
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, &failure{kinpict.FailedStorage, false, err}
		}
		out[i] = engine.Photo{JPEG: data, Role: g.Request.Photos[i].Role, Label: g.Request.Photos[i].Label, Faces: p.Faces}
	}
	return out, nil
}

// save puts the picture into the bucket, under a key of this attempt, so that a
// late one can never overwrite what was delivered.
func (s *Studio) save(ctx context.Context, g *kinpict.Generation, f store.Fence, pic *engine.Picture) (*kinpict.Image, error) {
	s.step(ctx, f, "saving")
	sum := sha256.Sum256(pic.Data)
	ext := ".jpg"
	if pic.ContentType == "image/png" {
		ext = ".png"
	}
	im := &kinpict.Image{Key: fmt.Sprintf("pictures/%s/%d-%x%s", g.ID, g.Attempts, sum[:4], ext), ContentType: pic.ContentType, Width: pic.Width, Height: pic.Height,
		Bytes: int64(len(pic.Data)), SHA256: hex.EncodeToString(sum[:]), Generative: pic.Generative}
	if err := s.Blobs.Put(ctx, im.Key, pic.Data); err != nil {
		return nil, &failure{kinpict.FailedStorage, false, err}
	}
	return im, nil
}

// deliver marks the generation done and its credits earned in one commit.
func (s *Studio) deliver(ctx context.Context, g *kinpict.Generation, f store.Fence, name string, im *kinpict.Image) error {
	var won bool
	err := s.DB.Update(ctx, func(t *store.Tx) (err error) {
		if won, err = t.Succeed(f, name, im); err != nil || !won {
			return err
		}
		if g.Funding != kinpict.FundedByCredits {
			return s.tell(t, g.ID)
		}
		if done, err := t.Settle(g.ID); err != nil || !done {
			return errors.Join(err, fmt.Errorf("generation %s: its charge was closed before it", g.ID))
		}
		return s.tell(t, g.ID)
	})
	if err != nil {
		return err
	}
	s.hub.changed(g.ID)
	if !won {
		s.Log.Warn("late result dropped", "generation", g.ID, "attempt", g.Attempts)
		return s.drop(ctx, im)
	}
	return nil
}

// drop deletes a picture that nobody will see.
func (s *Studio) drop(ctx context.Context, im *kinpict.Image) error {
	if im == nil {
		return nil
	}
	return s.Blobs.Delete(ctx, im.Key)
}

// letGo hands the job back at shutdown, without counting the attempt.
func (s *Studio) letGo(ctx context.Context, f store.Fence) error {
	return s.DB.Update(ctx, func(t *store.Tx) error { _, err := t.Unclaim(f); return err })
}

// fail decides between another attempt and the end, and at the end returns what
// was paid in the same commit.
func (s *Studio) fail(ctx context.Context, g *kinpict.Generation, f store.Fence, err error) error {
	code, final, spend := kinpict.FailedEngine, false, 0
	var ours *failure
	var theirs *engine.Error
	switch outcome := engine.OutcomeOf(err); {
	case errors.As(err, &ours):
		code, final = ours.code, ours.final
	case outcome == engine.Refused:
		code, final = kinpict.FailedRefused, true
	case outcome == engine.Config:
		code, final = kinpict.FailedConfig, true
	case outcome == engine.Bad:
		final = true
	case outcome == engine.Ambiguous:
		spend = 1
		if errors.Is(err, context.DeadlineExceeded) {
			code = kinpict.FailedTimeout
		}
	}
	// 2, 4, 8 seconds, up to half as much again, or what the engine asked for.
	after := time.Duration(float64(time.Second<<g.Attempts) * (1 + s.Jitter()/2))
	if errors.As(err, &theirs) && theirs.Outcome == engine.Throttled {
		after = max(after, min(theirs.RetryAfter, MaxRetryAfter))
	}
	if g.Attempts >= MaxAttempts || s.Now().Add(after).After(g.DeadlineAt) {
		final = true
	}
	err = s.DB.Update(ctx, func(t *store.Tx) error {
		if !final {
			_, err := t.Again(f, after, spend)
			return err
		}
		won, err := t.Fail(f, code, spend)
		if err != nil || !won {
			return err
		}
		return s.giveUp(t, g, string(code))
	})
	s.hub.changed(g.ID)
	return err
}

// giveUp returns what paid for a generation that failed in this transaction, and
// tells who asked to be told.
func (s *Studio) giveUp(t *store.Tx, g *kinpict.Generation, why string) error {
	if err := giveBack(t, g, why); err != nil {
		return err
	}
	return s.tell(t, g.ID)
}

// Watchdog does one round: jobs of dead workers go back to the queue or, out of
// tries, fail; what waited past its deadline fails; dead lots are swept and old
// answers forgotten. Credits return in the commit that fails the job.
func (s *Studio) Watchdog(ctx context.Context) error {
	const most = 100 // a round: a clock that jumps must not become a storm of returns
	var lost, overdue []*kinpict.Generation
	var due []string
	err := s.DB.View(ctx, func(t *store.Tx) (err error) {
		if lost, err = t.Lost(most); err != nil {
			return err
		}
		if overdue, err = t.Overdue(most); err != nil {
			return err
		}
		due, err = t.SweepDue(most)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	end := func(g *kinpict.Generation, code kinpict.FailureCode) {
		errs = append(errs, s.DB.Update(ctx, func(t *store.Tx) error {
			won, err := t.Expire(g.ID, code)
			if err != nil || !won {
				return err
			}
			return s.giveUp(t, g, string(code))
		}))
		s.hub.changed(g.ID)
	}
	for _, g := range lost {
		s.Log.Warn("worker lost", "generation", g.ID, "attempt", g.Attempts, "worker", g.LeaseOwner)
		if g.Attempts >= MaxAttempts || !g.DeadlineAt.After(s.Now()) {
			end(g, kinpict.FailedAttempts)
			continue
		}
		errs = append(errs, s.DB.Update(ctx, func(t *store.Tx) error { _, err := t.Requeue(g.ID); return err }))
		s.hub.queued()
	}
	for _, g := range overdue {
		end(g, kinpict.FailedTimeout)
	}
	for _, id := range due {
		errs = append(errs, s.DB.Update(ctx, func(t *store.Tx) error { return t.Sweep(id) }))
	}
	for n := int64(most); n == most && ctx.Err() == nil; {
		err := s.DB.Update(ctx, func(t *store.Tx) (err error) {
			n, err = t.ForgetAnswers(most)
			return err
		})
		if err != nil {
			errs = append(errs, err)
			break
		}
	}
	return errors.Join(errs...)
}
