// Package generation is the life of a request: it is quoted, accepted and paid
// for in one commit, drawn by a worker, and delivered, or the same credits go
// back. It also holds requests that wait for credits or for a person who reads
// their words, and the guest's free preview.
//
//	            claim               picture stored, charge earned
//	queued ──────────────▶ running ───────────────────────────────▶ succeeded
//	  │ ▲                    │  │
//	  │ └── try again, lease ┘  └── refused, out of tries or time ─▶ failed
//	  └── cancel ─▶ canceled                    (credits returned in the same commit)
//
// Every arrow is one compare-and-set on the generation's row; the charge moves
// in the same transaction.
package generation

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/engine"
	"kinpict/internal/lang"
	"kinpict/internal/provenance"
	"kinpict/internal/scenario"
	"kinpict/internal/store"
)

// Engines is what draws: one engine or a chain of them.
type Engines interface {
	// Available returns a kinpict.EngineUnavailable error when nothing could draw now.
	Available(ctx context.Context) error
	// PreviewAvailable is the same for a guest's preview.
	PreviewAvailable(ctx context.Context) error
	// Draw returns a verified picture and the name of the engine that drew it.
	Draw(ctx context.Context, job *engine.Job) (*engine.Picture, string, error)
}

// Times and counts of a request's life.
const (
	// MaxAttempts is how often a picture is tried before its credits go back.
	MaxAttempts = 3
	// FromClaim and FromAccept bound how long a person waits.
	FromClaim  = 10 * time.Minute
	FromAccept = 30 * time.Minute
	// Lease is how long a worker may be silent before it counts as dead.
	Lease = 30 * time.Second
	// Round is how often the watchdog looks; with Lease it finds a dead worker's
	// job well within 60 seconds.
	Round = 5 * time.Second
	// MaxRetryAfter caps what an engine may ask us to wait.
	MaxRetryAfter = time.Minute
	// NetworkPreviews is how many previews one network may take a day.
	NetworkPreviews = 30
	// NetworkNewcomers is how many more the accounts that are younger than a day
	// may take there: many households may share an address.
	NetworkNewcomers = 100
	// CancelsAnHour is how many pictures somebody may cancel before the next one
	// has to wait: each leaves lines in the books for ever.
	CancelsAnHour = 60
	// KeepPhotos is how long a photo lives after its last use.
	KeepPhotos = kinpict.KeepPhotos
	// KeepHeld is how long a request waits, and its photos with it.
	KeepHeld = store.KeepHeld
	// KeepShares is how long a dead link is still listed.
	KeepShares = store.KeepShares
)

// A Studio runs requests. Its fields are set once, before use.
type Studio struct {
	DB        *store.DB
	Engines   Engines
	Blobs     blob.Bucket
	Scenarios *scenario.Set
	// Marks writes into every file what it is. Nil leaves files as they are.
	Marks Marker
	// Issuer knows this installation's own marks. Nil knows none.
	Issuer *provenance.Issuer
	IDs    kinpict.IDs
	Now    func() time.Time
	Log    *slog.Logger
	// Worker names this process in leases. It must differ between processes.
	Worker string
	// Workers is how many pictures are drawn at once.
	Workers int
	// Poll is how often a worker looks for work it was not told about.
	Poll time.Duration
	// Relaxed lifts the limits that keep strangers from using too much.
	Relaxed bool
	// SafetyHold has a person read words that can be read two ways before a paid
	// request is accepted. Without it they are advice.
	SafetyHold bool
	// Jitter spreads retries: a number in [0, 1).
	Jitter func() float64
	// Resize decodes a JPEG or PNG and encodes it as "jpeg" or "png" with the
	// longer side at most side pixels, 0 for as it is.
	Resize func(ctx context.Context, data []byte, side int, format string) ([]byte, error)
	// PublicURL begins the links in mails, without a slash at its end.
	PublicURL string
	// Languages are those mails are written in. Nil means all there are.
	Languages *lang.Set
	// ShareKey is the secret the tokens of private links are made with.
	ShareKey []byte

	hub   hub
	made  shelf
	paces paces
	swept atomic.Int64 // microseconds: the last whole sweep of this process
	queue sync.Once
	turns chan struct{} // places among those that render
	waits atomic.Int64  // how many wait for one
}

// Accepted is the outcome of a request: the generation it made, or what was
// answered to the same key before.
type Accepted struct {
	Generation *kinpict.Generation
	Replay     *kinpict.Replay
}

// Generation returns one of the caller's generations, or NotFound.
func (s *Studio) Generation(ctx context.Context, c kinpict.Caller, id string) (g *kinpict.Generation, err error) {
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		g, err = owned(t, c, id)
		return err
	})
	return g, err
}

// owned finds a generation among what the caller owns: by account, and by the
// device cookie a preview was made with.
func owned(t *store.Tx, c kinpict.Caller, id string) (*kinpict.Generation, error) {
	g, err := t.Generation(c.Owner(), id)
	if kinpict.CodeOf(err) == kinpict.NotFound && c.AccountID != "" && c.GuestID != "" {
		return t.Generation(c.GuestID, id)
	}
	return g, err
}

// Generations lists the caller's generations, newest first; next is the cursor
// of the following page, "" on the last. limit is 1 to 100.
func (s *Studio) Generations(ctx context.Context, c kinpict.Caller, cursor string, limit int) (list []*kinpict.Generation, next string, err error) {
	return s.list(ctx, c, cursor, limit, (*store.Tx).Generations)
}

// Ahead is how many requests are drawn before this one.
func (s *Studio) Ahead(ctx context.Context, id string) (n int, err error) {
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		n, err = t.Ahead(id)
		return err
	})
	return n, err
}

// Watch sends the generation as it is and then each change, that of its place in
// the queue among them, until it is done or ctx ends, and closes the channel.
func (s *Studio) Watch(ctx context.Context, c kinpict.Caller, id string) (<-chan *kinpict.Generation, error) {
	g, err := s.Generation(ctx, c, id)
	if err != nil {
		return nil, err
	}
	out := make(chan *kinpict.Generation, 1)
	signal, stop := s.hub.wait(id)
	go func() {
		defer close(out)
		defer stop()
		// Another process may be drawing it, so signals alone are not enough.
		poll := time.NewTicker(max(s.Poll, 200*time.Millisecond))
		defer poll.Stop()
		place := -1
		for last := (*kinpict.Generation)(nil); ; {
			moved := false
			if e, err := s.Estimate(ctx, g); err == nil && e.Ahead != place {
				moved, place = true, e.Ahead
			}
			if last == nil || moved || g.Status != last.Status || g.Step != last.Step || g.Attempts != last.Attempts || g.Notify != last.Notify {
				select {
				case out <- g:
				case <-ctx.Done():
					return
				}
			}
			if last = g; last.Status.Done() {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-signal:
			case <-poll.C:
			}
			if g, err = s.Generation(ctx, c, id); err != nil {
				return
			}
		}
	}()
	return out, nil
}

func unauthenticated() error {
	return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "Sign in to use credits.",
		Hint: "Your photos and words are kept while you sign in."}
}
