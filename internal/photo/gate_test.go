package photo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"kinpict"
)

// A large photo waits for its turn and is not overtaken; the next one beyond
// the queue is refused; whoever leaves is forgotten.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(100, 3)
		ctx := t.Context()
		first, err := g.Acquire(ctx, 60)
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		enter := func(ctx context.Context, name string, weight int64) {
			go func() {
				release, err := g.Acquire(ctx, weight)
				order = append(order, fmt.Sprint(name, " ", err))
				if err == nil {
					release()
				}
			}()
			synctest.Wait()
		}
		enter(ctx, "large", 1000) // more than there is: all of it
		enter(ctx, "small", 10)   // would fit, but waits behind
		leaving, leave := context.WithCancelCause(ctx)
		enter(leaving, "impatient", 90)
		if len(order) != 0 {
			t.Fatalf("let in early: %v", order)
		}
		if _, err := g.Acquire(ctx, 1); kinpict.CodeOf(err) != kinpict.Unavailable {
			t.Errorf("a fourth in a queue of three got %v", err)
		}
		leave(errors.New("went away"))
		synctest.Wait()
		first()
		first() // gives back once only
		synctest.Wait()
		if want := []string{"impatient went away", "large <nil>", "small <nil>"}; !slices.Equal(order, want) {
			t.Errorf("order was %q, want %q", order, want)
		}
		if g.used != 0 || g.waiting.Len() != 0 {
			t.Errorf("%d MiB and %d waiters left over", g.used, g.waiting.Len())
		}
	})
}

// When the one at the front leaves, those behind who fit come in.
func TestGateFrontLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(100, 3)
		hold, err := g.Acquire(t.Context(), 60)
		if err != nil {
			t.Fatal(err)
		}
		defer hold()
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			if _, err := g.Acquire(ctx, 90); !errors.Is(err, context.Canceled) {
				t.Errorf("left with %v", err)
			}
		}()
		synctest.Wait()
		in := false
		go func() {
			release, err := g.Acquire(t.Context(), 40)
			in = err == nil
			if in {
				release()
			}
		}()
		synctest.Wait()
		if in {
			t.Error("overtook")
		}
		leave()
		synctest.Wait()
		if !in {
			t.Error("still waiting behind someone who left")
		}
	})
}

// Behind the gate a bad file is refused without waiting, a good one gets
// through, and everything is given back.
func TestGateNormalise(t *testing.T) {
	g := NewGate(GateMiB, 0)
	hold, err := g.Acquire(t.Context(), GateMiB)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Normalise(t.Context(), read(t, "502-255x255.jpg"), DefaultLimits()); kinpict.CodeOf(err) != kinpict.ImageTooSmall {
		t.Errorf("a small photo got %v", err)
	}
	good := read(t, "101-baseline.jpg")
	if _, err := g.Normalise(t.Context(), good, DefaultLimits()); kinpict.CodeOf(err) != kinpict.Unavailable {
		t.Errorf("a good photo at a full gate got %v", err)
	}
	hold()
	for _, f := range []string{"101-baseline.jpg", "407-trunc-90.jpg", "427-flipped-scan-bytes.jpg"} {
		_, err := g.Normalise(t.Context(), read(t, f), DefaultLimits())
		if (err == nil) != (f == "101-baseline.jpg") {
			t.Errorf("%s: %v", f, err)
		}
	}
	if g.used != 0 {
		t.Errorf("%d MiB not given back", g.used)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Normalise(done, good, DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("a done context got %v", err)
	}
}
