package generation_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestRenditions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		calls := 0
		r.Resize = func(_ context.Context, data []byte, side int, format string) ([]byte, error) {
			calls++
			return append([]byte(format+" "), data...), nil
		}
		s := &stamp{}
		r.Marks = s
		g := r.made("one")
		original := r.file(g.ID, generation.Form{})
		for _, f := range []generation.Form{{Size: 4096}, {Format: "jpeg"}, {Size: 10, Format: "jpeg"}} {
			if !bytes.Equal(r.file(g.ID, f), original) {
				t.Errorf("%+v is not the stored picture", f)
			}
		}
		if calls > 0 {
			t.Errorf("the stored picture was encoded anew %d times", calls)
		}
		for _, c := range []struct {
			form    generation.Form
			name    string
			changes []generation.Change
		}{
			{generation.Form{Format: "png"}, "kinpict-gallery-2026-03-01.png", []generation.Change{generation.Converted}},
			{generation.Form{Size: 5}, "kinpict-gallery-2026-03-01.jpg", []generation.Change{generation.Resized}},
			{generation.Form{Size: 5, Format: "png"}, "kinpict-gallery-2026-03-01.png", []generation.Change{generation.Converted, generation.Resized}},
		} {
			calls, s.about = 0, nil
			x, err := r.Rendition(ctx, r.ann, g.ID, c.form)
			if err != nil {
				t.Fatal(err)
			}
			if calls > 0 {
				t.Errorf("%+v is made before anybody opens it", c.form)
			}
			first := r.read(x)
			if !bytes.HasSuffix(first, []byte("marked "+x.ContentType)) {
				t.Errorf("%+v is not marked", c.form)
			}
			if a := s.about; len(a) != 1 || !bytes.Equal(a[0].From, original) || len(a[0].Changes) != len(c.changes) || a[0].Changes[0] != c.changes[0] {
				t.Errorf("%+v is marked as %+v, want %v", c.form, a, c.changes)
			}
			if x.Name != c.name {
				t.Errorf("%+v is called %q, want %q", c.form, x.Name, c.name)
			}
			if again := r.read(x); calls != 1 || !bytes.Equal(first, again) {
				t.Errorf("%+v was made %d times", c.form, calls)
			}
		}
		_, err := r.Rendition(ctx, kinpict.Caller{AccountID: "acc_ben"}, g.ID, generation.Form{})
		r.refused("somebody else's", err, kinpict.NotFound)
	})
}

// Only so many are made at once, and who goes away gives the place back.
func TestRenderingIsBoundedAndCanceled(t *testing.T) {
	clock := storetest.NewClock()
	r := newRoom(t, storetest.New(t, "sqlite", clock), clock, nil)
	begun, end := make(chan bool), make(chan bool)
	r.Resize = func(ctx context.Context, data []byte, _ int, _ string) ([]byte, error) {
		begun <- true
		select {
		case <-end:
			return data, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	g := r.made("one")
	open := func(ctx context.Context, size int) chan error {
		done := make(chan error, 1)
		x, err := r.Rendition(t.Context(), r.ann, g.ID, generation.Form{Size: size})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := x.Open(ctx)
			done <- err
		}()
		return done
	}
	ctx, leave := context.WithCancel(t.Context())
	a, b := open(ctx, 1), open(t.Context(), 2)
	<-begun
	<-begun
	gone, cancel := context.WithCancel(t.Context())
	turned := make(chan error)
	for range 33 {
		waiter := open(gone, 3)
		go func() { turned <- <-waiter }()
	}
	if err := <-turned; kinpict.CodeOf(err) != kinpict.Unavailable {
		t.Errorf("one too many in the queue: %v", err)
	}
	cancel()
	for range 32 {
		if err := <-turned; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited and left: %v", err)
		}
	}
	if err := <-open(gone, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("who left the queue: %v", err)
	}
	c := open(t.Context(), 4)
	leave()
	if err := <-a; !errors.Is(err, context.Canceled) {
		t.Errorf("who left while it was made: %v", err)
	}
	<-begun // the place went to the next
	close(end)
	if err := errors.Join(<-b, <-c); err != nil {
		t.Error(err)
	}
}

func TestPrints(t *testing.T) {
	clock := storetest.NewClock()
	ctx := context.Background()
	r := newRoom(t, storetest.New(t, "sqlite", clock), clock, nil)
	g := r.made("one")
	fits, err := r.Papers(ctx, r.ann, g.ID)
	if err != nil || len(fits) == 0 {
		t.Fatalf("papers: %d, %v", len(fits), err)
	}
	x, err := r.Print(ctx, r.ann, g.ID, fits[0].Paper.ID)
	if err != nil {
		t.Fatal(err)
	}
	if data := r.read(x); !bytes.HasPrefix(data, []byte("%PDF-1.")) || x.ContentType != "application/pdf" || x.Name != "kinpict-gallery-2026-03-01-10x15.pdf" {
		t.Errorf("the sheet is %q, %q, %.8q", x.ContentType, x.Name, data)
	}
	_, err = r.Print(ctx, r.ann, g.ID, "b5")
	r.refused("a paper that is not there", err, kinpict.Invalid)
	_, err = r.Print(ctx, kinpict.Caller{AccountID: "acc_ben"}, g.ID, "a4")
	r.refused("somebody else's", err, kinpict.NotFound)
	a, err := r.Preview(ctx, r.ann, r.intent("free"), r.request())
	if err != nil {
		t.Fatal(err)
	}
	r.once()
	_, err = r.Print(ctx, r.ann, a.Generation.ID, "a4")
	r.refused("a preview", err, kinpict.Conflict)
	if fits, err := r.Papers(ctx, r.ann, a.Generation.ID); err != nil || len(fits) > 0 {
		t.Errorf("a preview has %d papers (%v)", len(fits), err)
	}
}
