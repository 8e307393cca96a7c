package generation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/blob/disk"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/scenario"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// drawing is an engine that does what the test says.
type drawing func(ctx context.Context, job *engine.Job) error

func (d drawing) Available(context.Context) error        { return nil }
func (d drawing) PreviewAvailable(context.Context) error { return nil }

func (d drawing) Draw(ctx context.Context, job *engine.Job) (*engine.Picture, string, error) {
	if d != nil {
		if err := d(ctx, job); err != nil {
			return nil, "test", err
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 10)), nil); err != nil {
		return nil, "test", err
	}
	return &engine.Picture{Data: b.Bytes(), ContentType: "image/jpeg", Width: 8, Height: 10}, "test", nil
}

// A room is a studio with one customer who owns 80 credits and two photos.
type room struct {
	*generation.Studio
	t      *testing.T
	clock  *storetest.Clock
	ann    kinpict.Caller
	photos []kinpict.PhotoUse
	blobs  blob.Bucket
}

func newRoom(t *testing.T, db *store.DB, clock *storetest.Clock, draw drawing) *room {
	t.Helper()
	ctx := context.Background()
	bucket, err := disk.Open(t.TempDir(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	ids := kinpict.IDs{Now: clock.Now, Rand: rand.Reader}
	r := &room{t: t, clock: clock, blobs: bucket, Studio: &generation.Studio{DB: db, Engines: draw, Blobs: bucket, Scenarios: scenario.Builtin(), IDs: ids,
		Now: clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Worker: "wrk_1", Jitter: func() float64 { return 0 }}}
	if err := db.Seed(ctx, kinpict.DefaultCatalog()); err != nil {
		t.Fatal(err)
	}
	r.ann = kinpict.Caller{AccountID: ids.New(kinpict.AccountPrefix), Role: kinpict.Customer}
	r.update(func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: r.ann.AccountID, Email: "ann@example.org", Role: kinpict.Customer})
		return err
	})
	r.photos = r.addPhotos(r.ann.AccountID, 2)
	r.grant(80)
	return r
}

func (r *room) update(fn func(*store.Tx) error) {
	r.t.Helper()
	if err := r.DB.Update(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) addPhotos(owner string, n int) (uses []kinpict.PhotoUse) {
	r.t.Helper()
	for i := range n {
		p := kinpict.Photo{ID: r.IDs.New(kinpict.PhotoPrefix), Owner: owner, Width: 8, Height: 8, Bytes: 1, SHA256: "x", SourceSHA256: fmt.Sprint(owner, i, r.clock.Now()),
			ExpiresAt: r.clock.Now().Add(24 * time.Hour)}
		p.Key, p.ThumbKey = "photos/"+p.ID+".jpg", "photos/"+p.ID+"-thumb.jpg"
		if err := r.blobs.Put(context.Background(), p.Key, []byte{byte(i)}); err != nil {
			r.t.Fatal(err)
		}
		r.update(func(tx *store.Tx) error { _, err := tx.AddPhoto(p); return err })
		uses = append(uses, kinpict.PhotoUse{ID: p.ID, Role: "parent"})
	}
	return uses
}

func (r *room) grant(n kinpict.Credits) {
	r.t.Helper()
	id := r.IDs.New("adj_")
	r.update(func(tx *store.Tx) error {
		_, err := tx.Grant(store.Grant{LotID: r.IDs.New(kinpict.LotPrefix), AccountID: r.ann.AccountID, Kind: kinpict.LotAdjust, SourceType: "adjustment", SourceID: id,
			Credits: n, Actor: "test", Reason: "test"})
		return err
	})
}

func (r *room) request() kinpict.Request {
	return kinpict.Request{Quality: kinpict.Standard, Scenario: "gallery", Photos: r.photos, Instruction: "all together"}
}

func (r *room) intent(key string) kinpict.Intent {
	return kinpict.Intent{Route: "generations", Key: key, Hash: []byte("the same body")}
}

func (r *room) accept(key string) *kinpict.Generation {
	r.t.Helper()
	a, err := r.Accept(context.Background(), r.ann, r.intent(key), r.request())
	if err != nil {
		r.t.Fatalf("accept: %v", err)
	}
	return a.Generation
}

func (r *room) balance() kinpict.Balance {
	r.t.Helper()
	var b kinpict.Balance
	if err := r.DB.View(context.Background(), func(tx *store.Tx) (err error) {
		b, err = tx.Balance(r.ann.AccountID)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *room) once() bool {
	r.t.Helper()
	did, err := r.Once(context.Background())
	if err != nil {
		r.t.Fatalf("work: %v", err)
	}
	return did
}

func (r *room) see(id string) *kinpict.Generation {
	r.t.Helper()
	g, err := r.Generation(context.Background(), r.ann, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

func outcome(o engine.Outcome) drawing {
	return func(context.Context, *engine.Job) error {
		return &engine.Error{Outcome: o, Detail: "as the test wants"}
	}
}

// first returns err on the first attempt only.
func first(o engine.Outcome) drawing {
	return func(_ context.Context, job *engine.Job) error {
		if job.Attempt == 1 {
			return outcome(o)(nil, nil)
		}
		return nil
	}
}

// TestEveryFaultEndsDeliveredOrReturned is the promise: 80 credits, one request
// of 4, and afterwards either a picture and 76, or no picture and 80.
func TestEveryFaultEndsDeliveredOrReturned(t *testing.T) {
	for _, c := range []struct {
		name     string
		draw     drawing
		break_   func(r *room)
		status   kinpict.Status
		failure  kinpict.FailureCode
		attempts int
	}{
		{name: "it simply works", status: kinpict.Succeeded, attempts: 1},
		{name: "refused", draw: outcome(engine.Refused), status: kinpict.Failed, failure: kinpict.FailedRefused, attempts: 1},
		{name: "our job was bad", draw: outcome(engine.Bad), status: kinpict.Failed, failure: kinpict.FailedEngine, attempts: 1},
		{name: "the key was revoked", draw: outcome(engine.Config), status: kinpict.Failed, failure: kinpict.FailedConfig, attempts: 1},
		{name: "down for ever", draw: outcome(engine.Transient), status: kinpict.Failed, failure: kinpict.FailedEngine, attempts: 3},
		{name: "throttled for ever", draw: outcome(engine.Throttled), status: kinpict.Failed, failure: kinpict.FailedEngine, attempts: 3},
		{name: "no answer for ever", draw: outcome(engine.Ambiguous), status: kinpict.Failed, failure: kinpict.FailedEngine, attempts: 3},
		{name: "down once", draw: first(engine.Transient), status: kinpict.Succeeded, attempts: 2},
		{name: "no answer once", draw: first(engine.Ambiguous), status: kinpict.Succeeded, attempts: 2},
		{name: "an error nobody knows", draw: func(context.Context, *engine.Job) error { return errors.New("what") }, status: kinpict.Failed, failure: kinpict.FailedEngine, attempts: 3},
		{name: "too slow", draw: func(context.Context, *engine.Job) error { return context.DeadlineExceeded }, status: kinpict.Failed, failure: kinpict.FailedTimeout, attempts: 3},
		{name: "a photo's file is gone", status: kinpict.Failed, failure: kinpict.FailedPhotos, attempts: 1, break_: func(r *room) {
			if err := r.blobs.Delete(context.Background(), "photos/"+r.photos[0].ID+".jpg"); err != nil {
				r.t.Fatal(err)
			}
		}},
		{name: "the disk is full", status: kinpict.Failed, failure: kinpict.FailedStorage, attempts: 3, break_: func(r *room) { r.Blobs = &fullDisk{r.blobs, 99} }},
		{name: "the disk was full once", status: kinpict.Succeeded, attempts: 2, break_: func(r *room) { r.Blobs = &fullDisk{r.blobs, 1} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				r := newRoom(t, db, clock, c.draw)
				g := r.accept("one")
				if b := r.balance(); b.Available != 76 {
					t.Errorf("once accepted %d credits are left, want 76", b.Available)
				}
				if c.break_ != nil {
					c.break_(r)
				}
				for range generation.MaxAttempts + 1 {
					r.once()
					clock.Advance(70 * time.Second)
				}
				got := r.see(g.ID)
				if got.Status != c.status || got.Failure != c.failure || got.Attempts != c.attempts {
					t.Errorf("it ended %s (%s) after %d attempts, want %s (%s) after %d", got.Status, got.Failure, got.Attempts, c.status, c.failure, c.attempts)
				}
				want, back := kinpict.Credits(76), kinpict.Credits(0)
				if c.status == kinpict.Failed {
					want, back = 80, 4
				}
				if b := r.balance(); b.Available != want || got.Returned != back {
					t.Errorf("%d credits are left and %d came back, want %d and %d", b.Available, got.Returned, want, back)
				}
				if c.status == kinpict.Succeeded {
					if data := r.file(g.ID, generation.Form{}); int64(len(data)) != got.Image.Bytes {
						t.Errorf("the picture has %d bytes, want %d", len(data), got.Image.Bytes)
					}
				}
			})
		})
	}
}

// fullDisk refuses so many pictures.
type fullDisk struct {
	blob.Bucket
	times int
}

func (f *fullDisk) Put(ctx context.Context, key string, data []byte) error {
	if f.times--; f.times >= 0 {
		return blob.Full(errors.New("no space"))
	}
	return f.Bucket.Put(ctx, key, data)
}

func TestWorkerDiesAndAnotherFinishes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		g := r.accept("one")
		dead := claim(r, "wrk_dead")
		clock.Advance(generation.Lease)
		if err := r.Watchdog(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !r.once() {
			t.Fatal("the dead worker's job was not found")
		}
		if got := r.see(g.ID); got.Status != kinpict.Succeeded || got.Attempts != 2 {
			t.Errorf("it is %s after %d attempts, want succeeded after 2", got.Status, got.Attempts)
		}
		// The dead one comes back with its own result: the fence holds.
		r.update(func(tx *store.Tx) error {
			won, err := tx.Succeed(store.Fence{ID: g.ID, Worker: "wrk_dead", Attempt: dead.Attempts}, "test", &kinpict.Image{Key: "late"})
			if won {
				t.Error("a late result replaced the one that was delivered")
			}
			return err
		})
		if b := r.balance(); b.Available != 76 {
			t.Errorf("%d credits are left, want 76", b.Available)
		}
	})
}

func TestWorkerDiesThreeTimesAndTheCreditsComeBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		g := r.accept("one")
		for range generation.MaxAttempts {
			if claim(r, "wrk_dead") == nil {
				t.Fatal("nothing to claim")
			}
			clock.Advance(generation.Lease)
			if err := r.Watchdog(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.see(g.ID); got.Status != kinpict.Failed || got.Failure != kinpict.FailedAttempts {
			t.Errorf("it is %s (%s), want failed (%s)", got.Status, got.Failure, kinpict.FailedAttempts)
		}
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
	})
}

func TestNobodyTakesItInTimeAndTheCreditsComeBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		g := r.accept("one")
		clock.Advance(generation.FromAccept)
		for range 2 {
			if err := r.Watchdog(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.see(g.ID); got.Status != kinpict.Failed || got.Failure != kinpict.FailedTimeout {
			t.Errorf("it is %s (%s), want failed (%s)", got.Status, got.Failure, kinpict.FailedTimeout)
		}
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
	})
}

func claim(r *room, worker string) (g *kinpict.Generation) {
	r.t.Helper()
	r.update(func(tx *store.Tx) (err error) {
		g, err = tx.Claim(worker, generation.Lease, generation.FromClaim)
		return err
	})
	return g
}

// A worker that dies between storing the picture and delivering it leaves one
// that nobody was given.
func TestSweepDeletesPicturesNobodyWasGiven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		ctx := context.Background()
		g := r.accept("one")
		r.once()
		orphan := "pictures/" + g.ID + "/9-dead.jpg"
		if err := r.blobs.Put(ctx, orphan, []byte("late")); err != nil {
			t.Fatal(err)
		}
		left := func() (keys []string) {
			for item, err := range r.blobs.List(ctx, "pictures/") {
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, item.Key)
			}
			return keys
		}
		if err := r.Sweep(ctx); err != nil || len(left()) != 2 {
			t.Errorf("at once %v are left (%v), want both: a delivery may be under way", left(), err)
		}
		// Nobody swept for a week: the machine was asleep.
		clock.Advance(7 * 24 * time.Hour)
		if err := r.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if keys := left(); len(keys) != 1 || keys[0] != r.see(g.ID).Image.Key {
			t.Errorf("%v are left, want only the picture that was delivered", keys)
		}
	})
}

func TestShutdownHandsTheJobBackUncounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, stop := context.WithCancel(context.Background())
		r := newRoom(t, db, clock, func(ctx context.Context, job *engine.Job) error {
			stop()
			<-ctx.Done()
			return ctx.Err()
		})
		g := r.accept("one")
		if _, err := r.Once(ctx); err != nil {
			t.Fatal(err)
		}
		if got := r.see(g.ID); got.Status != kinpict.Queued || got.Attempts != 0 {
			t.Errorf("it is %s after %d attempts, want queued after 0", got.Status, got.Attempts)
		}
	})
}

func TestCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		ctx := context.Background()
		g := r.accept("one")
		stranger := kinpict.Caller{AccountID: "acc_stranger"}
		if _, err := r.Cancel(ctx, stranger, g.ID); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("a stranger cancels: %v, want not_found", err)
		}
		for range 2 { // the second press finds it canceled
			if got, err := r.Cancel(ctx, r.ann, g.ID); err != nil || got.Status != kinpict.Canceled || got.Returned != 4 {
				t.Errorf("cancel: %+v, %v", got, err)
			}
		}
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
		g = r.accept("two")
		claim(r, "wrk_1")
		if _, err := r.Cancel(ctx, r.ann, g.ID); kinpict.CodeOf(err) != kinpict.NotCancelable {
			t.Errorf("cancel once begun: %v, want not_cancelable", err)
		}
		if b := r.balance(); b.Available != 76 {
			t.Errorf("%d credits are left, want 76", b.Available)
		}
	})
}

// Each cancel leaves two lines in the books for ever. Canceling itself is never
// refused: the credits would be gone.
func TestAfterVeryManyCancelsTheNextPictureWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		ctx := context.Background()
		r.update(func(tx *store.Tx) error {
			_, err := tx.AllowMany(store.LimitCancels.Of(r.ann.AccountID), generation.CancelsAnHour-1, 1<<40, store.CancelWindow)
			return err
		})
		clock.Advance(10 * time.Minute)
		last, waiting := r.accept("last"), r.accept("waiting")
		for range 2 { // a second press is not counted
			if g, err := r.Cancel(ctx, r.ann, last.ID); err != nil || g.Returned != 4 {
				t.Fatalf("cancel: %+v, %v", g, err)
			}
		}
		for what, ask := range map[string]func() (*generation.Accepted, error){
			"another picture":           func() (*generation.Accepted, error) { return r.Accept(ctx, r.ann, r.intent("another"), r.request()) },
			"the canceled one again":    func() (*generation.Accepted, error) { return r.Retry(ctx, r.ann, r.intent("again"), last.ID, 0) },
			"a preview of this account": func() (*generation.Accepted, error) { return r.Preview(ctx, r.ann, r.intent("preview"), r.request()) },
		} {
			_, err := ask()
			r.refused(what, err, kinpict.RateLimited)
			var e *kinpict.Error
			if errors.As(err, &e) && e.Members["retry_after"] != 50*60 {
				t.Errorf("%s: come back in %v s, want 50 minutes", what, e.Members["retry_after"])
			}
		}
		if b := r.balance(); b.Available != 76 {
			t.Errorf("%d credits are left, want 76", b.Available)
		}
		if a, err := r.Accept(ctx, r.ann, r.intent("last"), r.request()); err != nil || a.Replay == nil {
			t.Errorf("the same press again: %+v, %v, want its answer", a, err)
		}
		if g, err := r.Cancel(ctx, r.ann, waiting.ID); err != nil || g.Returned != 4 {
			t.Errorf("one that waits is canceled: %+v, %v", g, err)
		}
		r.Relaxed = true
		if _, err := r.Cancel(ctx, r.ann, r.accept("under relaxed limits").ID); err != nil {
			t.Fatal(err)
		}
		r.Relaxed = false
		clock.Advance(50 * time.Minute)
		r.accept("an hour later")
	})
}

// TestShortRequestWaitsAndResumesOnce: 2 credits, one request of 4, a top-up,
// and fifty presses of the same button.
func TestShortRequestWaitsAndResumesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		ctx := context.Background()
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 78, "test", "test", "") })
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.request())
		var e *kinpict.Error
		if !errors.As(err, &e) || e.Code != kinpict.InsufficientCredits {
			t.Fatalf("accept with 2 credits: %v", err)
		}
		if e.Members["required"] != kinpict.Credits(4) || e.Members["available"] != kinpict.Credits(2) || e.Members["shortfall"] != kinpict.Credits(2) {
			t.Errorf("the refusal says %v, want required 4, available 2, shortfall 2", e.Members)
		}
		held := e.Members["held_request"].(map[string]any)["id"].(string)
		if _, _, err := r.Resume(ctx, r.ann, held, 0); kinpict.CodeOf(err) != kinpict.InsufficientCredits {
			t.Errorf("resume while short: %v", err)
		}
		r.grant(10)
		// The old key stays declined: a late duplicate of an old click charges nothing.
		if a, err := r.Accept(ctx, r.ann, r.intent("one"), r.request()); err != nil || a.Replay == nil || a.Replay.Status != 402 || a.Replay.Ref != held {
			t.Errorf("the declined key again: %+v, %v", a, err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		ids, firsts := map[string]bool{}, 0
		for range 50 {
			wg.Go(func() {
				g, first, err := r.Resume(ctx, r.ann, held, 0)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("resume: %v", err)
					return
				}
				ids[g.ID] = true
				if first {
					firsts++
				}
			})
		}
		wg.Wait()
		if len(ids) != 1 || firsts != 1 {
			t.Errorf("50 presses made %d generations, %d of them said to be the first", len(ids), firsts)
		}
		if b := r.balance(); b.Available != 8 {
			t.Errorf("%d credits are left, want 8", b.Available)
		}
		r.once()
		clock.Advance(store.KeepHeld)
		if _, err := r.Held(ctx, r.ann, held); err != nil {
			t.Errorf("a resumed request is forgotten: %v", err)
		}
	})
}

func TestHeldRequestWaitsSevenDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		ctx := context.Background()
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 80, "test", "test", "") })
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.request())
		var e *kinpict.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		held := e.Members["held_request"].(map[string]any)["id"].(string)
		r.grant(80)
		clock.Advance(store.KeepHeld - time.Second)
		if _, err := r.Held(ctx, r.ann, held); err != nil {
			t.Errorf("after almost seven days: %v", err)
		}
		clock.Advance(time.Second)
		if _, _, err := r.Resume(ctx, r.ann, held, 0); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("after seven days: %v, want not_found", err)
		}
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
	})
}

func TestPriceChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		ctx := context.Background()
		price := func(n kinpict.Credits) {
			c := kinpict.DefaultCatalog()
			c.Qualities[0].Credits = n
			r.update(func(tx *store.Tx) error { return tx.PutCatalog(c, "test", "test") })
			clock.Advance(time.Second)
		}
		running := r.accept("before") // by price book 1, at 4 credits
		req := r.request()
		req.CatalogVersion = 1
		price(6)
		_, err := r.Accept(ctx, r.ann, r.intent("dearer"), req)
		var e *kinpict.Error
		if !errors.As(err, &e) || e.Code != kinpict.PriceChanged || e.Members["shown_credits"] != kinpict.Credits(4) || e.Members["credits"] != kinpict.Credits(6) {
			t.Errorf("a dearer price: %v %v, want price_changed from 4 to 6", err, e)
		}
		req.CatalogVersion = 2
		if a, err := r.Accept(ctx, r.ann, r.intent("confirmed"), req); err != nil || a.Generation.Credits != 6 {
			t.Errorf("the confirmed price: %+v, %v", a, err)
		}
		price(3)
		if a, err := r.Accept(ctx, r.ann, r.intent("cheaper"), req); err != nil || a.Generation.Credits != 3 {
			t.Errorf("a cheaper price: %+v, %v, want 3 credits", a, err)
		}
		req.CatalogVersion = 99
		if _, err := r.Accept(ctx, r.ann, r.intent("unknown"), req); kinpict.CodeOf(err) != kinpict.Invalid {
			t.Errorf("a price book nobody printed: %v", err)
		}
		// What was taken before comes back as it was taken.
		if _, err := r.Cancel(ctx, r.ann, running.ID); err != nil {
			t.Fatal(err)
		}
		if b := r.balance(); b.Available != 80-6-3 {
			t.Errorf("%d credits are left, want 71", b.Available)
		}
	})
}

func TestRefusalsChargeNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		others := r.addPhotos("acc_other", 1)
		for _, c := range []struct {
			name   string
			caller kinpict.Caller
			key    string
			change func(*kinpict.Request)
			code   kinpict.Code
		}{
			{"nobody", kinpict.Caller{}, "k", nil, kinpict.Unauthenticated},
			{"a guest", kinpict.Caller{GuestID: "gst_1"}, "k", nil, kinpict.Unauthenticated},
			{"no key", r.ann, "", nil, kinpict.KeyRequired},
			{"no such scenario", r.ann, "k", func(q *kinpict.Request) { q.Scenario = "moon" }, kinpict.Invalid},
			{"no such quality", r.ann, "k", func(q *kinpict.Request) { q.Quality = "best" }, kinpict.Invalid},
			{"no such aspect", r.ann, "k", func(q *kinpict.Request) { q.Aspect = "9:1" }, kinpict.Invalid},
			{"no photos", r.ann, "k", func(q *kinpict.Request) { q.Photos = nil }, kinpict.Invalid},
			{"nine photos", r.ann, "k", func(q *kinpict.Request) { q.Photos = r.addPhotos(r.ann.AccountID, 9) }, kinpict.Invalid},
			{"one photo twice", r.ann, "k", func(q *kinpict.Request) { q.Photos = append(q.Photos[:1:1], q.Photos[0]) }, kinpict.Invalid},
			{"somebody else's photo", r.ann, "k", func(q *kinpict.Request) { q.Photos = others }, kinpict.Invalid},
			{"no such role", r.ann, "k", func(q *kinpict.Request) { q.Photos = []kinpict.PhotoUse{{ID: r.photos[0].ID, Role: "boss"}} }, kinpict.Invalid},
			{"a novel", r.ann, "k", func(q *kinpict.Request) { q.Instruction = string(bytes.Repeat([]byte("a"), 1001)) }, kinpict.Invalid},
		} {
			req := r.request()
			if c.change != nil {
				c.change(&req)
			}
			if _, err := r.Accept(context.Background(), c.caller, r.intent(c.key), req); kinpict.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", c.name, err, c.code)
			}
		}
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
	})
}

func TestRetryIsANewChargeFromTheSameRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, outcome(engine.Refused))
		ctx := context.Background()
		g := r.accept("one")
		if _, err := r.Retry(ctx, r.ann, r.intent("early"), g.ID, 0); kinpict.CodeOf(err) != kinpict.NotRetryable {
			t.Errorf("retry while queued: %v", err)
		}
		r.once()
		a, err := r.Retry(ctx, r.ann, r.intent("again"), g.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n := r.see(a.Generation.ID); n.RetryOf != g.ID || n.Request.Instruction != g.Request.Instruction || len(n.Request.Photos) != 2 || n.Credits != 4 {
			t.Errorf("the retry is %+v", n)
		}
		if b := r.balance(); b.Available != 76 {
			t.Errorf("%d credits are left, want 76", b.Available)
		}
	})
}

func TestPreviewIsFreeOnceAndGivenBackOnFailure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		fails := true
		r := newRoom(t, db, clock, func(_ context.Context, job *engine.Job) error {
			if !job.Preview {
				t.Error("a preview was drawn as a paid picture")
			}
			if fails {
				return outcome(engine.Refused)(nil, nil)
			}
			return nil
		})
		ctx := context.Background()
		guest := kinpict.Caller{GuestID: "gst_1", Network: "net"}
		req := r.request()
		req.Photos = r.addPhotos(guest.GuestID, 2)
		ask := func(key string) (*generation.Accepted, error) { return r.Preview(ctx, guest, r.intent(key), req) }
		if _, err := ask("one"); err != nil {
			t.Fatal(err)
		}
		if _, err := ask("two"); kinpict.CodeOf(err) != kinpict.GuestLimit {
			t.Errorf("a second preview: %v, want guest_limit", err)
		}
		r.once() // fails, so the preview comes back
		fails = false
		a, err := ask("three")
		if err != nil {
			t.Fatalf("after a failure: %v", err)
		}
		r.once()
		if _, err := ask("four"); kinpict.CodeOf(err) != kinpict.GuestLimit {
			t.Errorf("after a success: %v, want guest_limit", err)
		}
		if _, err := r.Generation(ctx, r.ann, a.Generation.ID); kinpict.CodeOf(err) != kinpict.NotFound {
			t.Errorf("somebody else sees the preview: %v", err)
		}
		// Signing in keeps it; no credits move.
		r.update(func(tx *store.Tx) error {
			return tx.ClaimGuest(guest.GuestID, r.ann.AccountID, clock.Now().Add(time.Hour), true)
		})
		if g := r.see(a.Generation.ID); g.Status != kinpict.Succeeded || g.Credits != 0 {
			t.Errorf("the claimed preview is %+v", g)
		}
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
	})
}

func TestWatchTellsEveryChangeAndEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		step := make(chan string)
		r := newRoom(t, db, clock, func(_ context.Context, job *engine.Job) error {
			for s := range step {
				job.Progress(s)
			}
			return nil
		})
		g := r.accept("one")
		seen, err := r.Watch(context.Background(), r.ann, g.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now := <-seen; now.Status != kinpict.Queued {
			t.Errorf("first it is %s, want queued", now.Status)
		}
		done := make(chan bool)
		go func() { done <- r.once() }()
		if now := <-seen; now.Status != kinpict.Running {
			t.Errorf("then it is %s, want running", now.Status)
		}
		step <- "composing"
		for now := range seen {
			if now.Step == "composing" {
				break
			}
		}
		close(step)
		var last *kinpict.Generation
		for last = range seen {
		}
		<-done
		if last == nil || last.Status != kinpict.Succeeded {
			t.Errorf("last it is %+v, want succeeded", last)
		}
	})
}

// People are told that a photo stays for 30 days after its last use.
func TestEveryUseKeepsThePhotosForTheirWholeTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		kept := func(what string, slack time.Duration) {
			t.Helper()
			r.update(func(tx *store.Tx) error {
				for _, u := range r.photos {
					p, err := tx.Photo(r.ann.AccountID, u.ID)
					if err != nil {
						return err
					}
					if left := p.ExpiresAt.Sub(tx.Now()); left > generation.KeepPhotos || left < generation.KeepPhotos-slack {
						t.Errorf("after %s a photo stays for %v", what, left)
					}
				}
				return nil
			})
		}
		use := func(key string) {
			t.Helper()
			if _, err := r.Cancel(context.Background(), r.ann, r.accept(key).ID); err != nil {
				t.Fatal(err)
			}
		}
		use("first")
		kept("the first picture", 0)
		clock.Advance(2 * 24 * time.Hour)
		use("second")
		kept("another two days later", 0)
		clock.Advance(time.Hour)
		use("third")
		kept("another on the same day", 24*time.Hour)
		clock.Advance(5 * 24 * time.Hour)
		if _, err := r.Preview(context.Background(), r.ann, r.intent("preview"), r.request()); err != nil {
			t.Fatal(err)
		}
		kept("a preview", 0)
	})
}
