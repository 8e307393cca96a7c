package generation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/provenance"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// A stamp marks by writing a word behind the picture, or fails.
type stamp struct {
	fails int // so many times
	about []generation.About
}

func (s *stamp) Mark(data []byte, contentType string, about generation.About) ([]byte, error) {
	if s.about = append(s.about, about); s.fails > 0 {
		s.fails--
		return nil, errors.New("no ink")
	}
	return append(bytes.Clone(data), "marked "+contentType...), nil
}

func TestPicturesAreMarkedBeforeTheyAreStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		s := &stamp{}
		r.Marks = s
		g := r.accept("one")
		r.once()
		data, im := r.file(g.ID, generation.Form{}), r.see(g.ID).Image
		if !bytes.HasSuffix(data, []byte("marked image/jpeg")) {
			t.Error("the stored picture is not marked")
		}
		if sum := sha256.Sum256(data); im.SHA256 != hex.EncodeToString(sum[:]) || im.Bytes != int64(len(data)) {
			t.Errorf("the generation names %d bytes of %s, the marked file has %d of %x", im.Bytes, im.SHA256, len(data), sum)
		}
		if a := s.about[0]; a.Preview || a.Generative || !a.At.Equal(r.clock.Now()) {
			t.Errorf("the picture was marked as %+v", a)
		}
	})
}

func TestAPictureThatCannotBeMarkedReturnsItsCredits(t *testing.T) {
	for _, c := range []struct {
		name    string
		fails   int
		status  kinpict.Status
		balance kinpict.Credits
	}{
		{"once", 1, kinpict.Succeeded, 76},
		{"for ever", generation.MaxAttempts, kinpict.Failed, 80},
	} {
		storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
			r := newRoom(t, db, clock, nil)
			r.Marks = &stamp{fails: c.fails}
			g := r.accept("one")
			for range generation.MaxAttempts {
				r.once()
				clock.Advance(generation.MaxRetryAfter)
			}
			now := r.see(g.ID)
			if b := r.balance(); now.Status != c.status || b.Balance != c.balance {
				t.Errorf("marking failed %s: %s with %d credits, want %s with %d", c.name, now.Status, b.Balance, c.status, c.balance)
			}
			if now.Status == kinpict.Failed && now.Failure != kinpict.FailedStorage {
				t.Errorf("the person is told %s", now.Failure)
			}
		})
	}
}

// reencoding is an engine whose answer had to be encoded anew.
type reencoding struct{ drawing }

func (e reencoding) Draw(ctx context.Context, job *engine.Job) (*engine.Picture, string, error) {
	p, name, err := e.drawing.Draw(ctx, job)
	if err == nil {
		p.Original, p.Generative = []byte("as it came"), true
	}
	return p, name, err
}

func TestMarksOfAnAnswerThatWasEncodedAnewAreKept(t *testing.T) {
	clock := storetest.NewClock()
	r := newRoom(t, storetest.New(t, "sqlite", clock), clock, nil)
	s := &stamp{}
	r.Marks, r.Engines = s, reencoding{}
	r.accept("one")
	r.once()
	if a := s.about[0]; string(a.From) != "as it came" || !a.Generative || len(a.Changes) != 1 || a.Changes[0] != generation.Recompressed {
		t.Errorf("the picture was marked as %+v", a)
	}
}

func TestChecksOfMarksAreLimitedByNetwork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		reads := 0
		check := func(network string) (*provenance.Report, error) {
			return r.CheckMarks(context.Background(), kinpict.Caller{Network: network}, func() ([]byte, error) {
				reads++
				return []byte("no picture"), nil
			})
		}
		for n := range generation.NetworkChecks {
			if rep, err := check("here"); err != nil || rep.State != provenance.Unmarked {
				t.Fatalf("check %d: %v %v", n+1, rep, err)
			}
		}
		if _, err := check("here"); kinpict.CodeOf(err) != kinpict.RateLimited {
			t.Errorf("one check too many: %v", err)
		}
		if reads != generation.NetworkChecks {
			t.Errorf("%d files were read for %d checks", reads, generation.NetworkChecks)
		}
		if _, err := check("there"); err != nil {
			t.Errorf("another network: %v", err)
		}
		clock.Advance(generation.CheckWindow)
		if _, err := check("here"); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}
