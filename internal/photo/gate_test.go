package photo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"kinpict"
	"kinpict/internal/photo/heif"
)

// A large photo waits for its turn and is not overtaken; the next one beyond
// the queue is refused; whoever leaves is forgotten.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(100, 3)
		ctx := t.Context()
		first, err := g.Acquire(ctx, "first", 60)
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		enter := func(ctx context.Context, name string, weight int64) {
			go func() {
				release, err := g.Acquire(ctx, name, weight)
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
		if _, err := g.Acquire(ctx, "fourth", 1); kinpict.CodeOf(err) != kinpict.Unavailable {
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
		hold, err := g.Acquire(t.Context(), "ann", 60)
		if err != nil {
			t.Fatal(err)
		}
		defer hold()
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			if _, err := g.Acquire(ctx, "ann", 90); !errors.Is(err, context.Canceled) {
				t.Errorf("left with %v", err)
			}
		}()
		synctest.Wait()
		in := false
		go func() {
			release, err := g.Acquire(t.Context(), "ann", 40)
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
	hold, err := g.Acquire(t.Context(), "ann", GateMiB)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Normalise(t.Context(), "ann", read(t, "502-255x255.jpg"), DefaultLimits()); kinpict.CodeOf(err) != kinpict.ImageTooSmall {
		t.Errorf("a small photo got %v", err)
	}
	good := read(t, "101-baseline.jpg")
	if _, err := g.Normalise(t.Context(), "ann", good, DefaultLimits()); kinpict.CodeOf(err) != kinpict.Unavailable {
		t.Errorf("a good photo at a full gate got %v", err)
	}
	hold()
	for _, f := range []string{"101-baseline.jpg", "407-trunc-90.jpg", "427-flipped-scan-bytes.jpg"} {
		_, err := g.Normalise(t.Context(), "ann", read(t, f), DefaultLimits())
		if (err == nil) != (f == "101-baseline.jpg") {
			t.Errorf("%s: %v", f, err)
		}
	}
	if g.used != 0 {
		t.Errorf("%d MiB not given back", g.used)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Normalise(done, "ann", good, DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("a done context got %v", err)
	}
}

// Ordinary photos never wait behind heavy ones, of which one at a time is
// decoded; an owner has one waiting, and few wait together.
func TestGateHeavyLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(GateMiB, GateQueue)
		light, heic, huge := Header{Width: 4000, Height: 3000, Cost: 18 << 20}, Header{Width: 640, Height: 480, heic: &heif.Info{}}, Header{Width: 8000, Height: 6000, Cost: 360 << 20}
		var ended []string
		leave := map[string]chan struct{}{}
		enter := func(name, who string, h Header) {
			leave[name] = make(chan struct{})
			go func() {
				release, err := g.enter(t.Context(), who, h)
				if err != nil {
					ended = append(ended, name+" "+string(kinpict.CodeOf(err)))
					var e *kinpict.Error
					if !errors.As(err, &e) || e.Members["retry_after"] != ahead {
						t.Errorf("%s is not told when to come again: %v", name, err)
					}
					return
				}
				ended = append(ended, name+" in")
				<-leave[name]
				release()
			}()
			synctest.Wait()
		}
		expect := func(when string, want ...string) {
			t.Helper()
			if !slices.Equal(ended, want) {
				t.Errorf("%s: %q, want %q", when, ended, want)
			}
			ended = nil
		}
		enter("first", "ann", heic)
		expect("an empty lane", "first in")
		enter("second", "ann", huge)
		enter("third", "ann", heic)
		expect("one owner", "third rate_limited")
		for _, who := range []string{"ben", "cat", "dan"} {
			enter(who, who, heic)
		}
		expect("others wait")
		enter("eve", "eve", huge)
		expect("a full lane", "eve unavailable")
		enter("fay", "fay", light)
		enter("again", "ann", light)
		expect("ordinary photos", "fay in", "again in")
		for _, c := range []struct{ out, in string }{{"first", "second in"}, {"second", "ben in"}, {"ben", "cat in"}, {"cat", "dan in"}} {
			close(leave[c.out])
			synctest.Wait()
			expect("after "+c.out, c.in)
		}
		for _, name := range []string{"dan", "fay", "again"} {
			close(leave[name])
		}
		synctest.Wait()
		if g.used != 0 || g.lane.used != 0 {
			t.Errorf("%d MiB and %d in the lane left over", g.used, g.lane.used)
		}
	})
}
