package generation_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// file reads a rendition of one of ann's pictures.
func (r *room) file(id string, f generation.Form) []byte {
	r.t.Helper()
	x, err := r.Rendition(context.Background(), r.ann, id, f)
	if err != nil {
		r.t.Fatalf("rendition: %v", err)
	}
	return r.read(x)
}

func (r *room) read(x *generation.Rendition) []byte {
	r.t.Helper()
	file, err := x.Open(context.Background())
	if err != nil {
		r.t.Fatalf("open %s: %v", x.Name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		r.t.Fatal(err)
	}
	return data
}

// made is a finished picture of ann's.
func (r *room) made(key string) *kinpict.Generation {
	r.t.Helper()
	g := r.accept(key)
	r.once()
	if g = r.see(g.ID); g.Status != kinpict.Succeeded {
		r.t.Fatalf("the picture is %s", g.Status)
	}
	return g
}

func (r *room) kept(key string) bool {
	r.t.Helper()
	f, err := r.blobs.Open(context.Background(), key)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return false
	}
	if err != nil {
		r.t.Fatal(err)
	}
	f.Close()
	return true
}

func (r *room) lines() []kinpict.Transaction {
	r.t.Helper()
	var lines []kinpict.Transaction
	if err := r.DB.View(context.Background(), func(t *store.Tx) (err error) {
		lines, err = t.Statement(store.Sought{AccountID: r.ann.AccountID}, 50)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return lines
}

func (r *room) refused(what string, err error, code kinpict.Code) {
	r.t.Helper()
	if kinpict.CodeOf(err) != code {
		r.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestADeletedPictureIsGoneEverywhereAndTheBooksStayWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		g, other := r.made("one"), r.accept("two")
		if err := r.Favour(ctx, r.ann, g.ID, true); err != nil {
			t.Fatal(err)
		}
		_, token, err := r.Share(ctx, r.ann, "", g.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		before := r.lines()
		reading, err := r.Rendition(ctx, r.ann, g.ID, generation.Form{})
		if err != nil {
			t.Fatal(err)
		}
		file, err := reading.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()

		for range 2 { // a second press is as good as one
			if err := r.Delete(ctx, r.ann, g.ID); err != nil {
				t.Fatalf("delete: %v", err)
			}
		}
		if data, err := io.ReadAll(file); err != nil || int64(len(data)) != g.Image.Bytes {
			t.Errorf("who was downloading it has %d bytes (%v), want %d", len(data), err, g.Image.Bytes)
		}
		_, err = r.Generation(ctx, r.ann, g.ID)
		r.refused("its page", err, kinpict.NotFound)
		_, err = r.Rendition(ctx, r.ann, g.ID, generation.Form{})
		r.refused("its picture", err, kinpict.NotFound)
		_, err = r.Shared(ctx, "net", token, true)
		r.refused("its link", err, kinpict.NotFound)
		r.refused("keeping it", r.Favour(ctx, r.ann, g.ID, true), kinpict.NotFound)
		_, _, err = r.Share(ctx, r.ann, "", g.ID, 0)
		r.refused("sharing it", err, kinpict.NotFound)
		_, err = r.Retry(ctx, r.ann, r.intent("again"), g.ID, 0)
		r.refused("trying it again", err, kinpict.NotFound)
		for name, list := range map[string]func(context.Context, kinpict.Caller, string, int) ([]*kinpict.Generation, string, error){"wall": r.Generations, "favourites": r.Favourites} {
			all, _, err := list(ctx, r.ann, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range all {
				if x.ID == g.ID {
					t.Errorf("it still hangs among the %s", name)
				}
			}
		}
		if r.kept(g.Image.Key) {
			t.Error("its bytes are still kept")
		}
		for _, p := range r.photos {
			if !r.kept("photos/" + p.ID + ".jpg") {
				t.Error("a photo another picture needs is gone")
			}
		}
		after := r.lines()
		if len(after) != len(before) {
			t.Fatalf("the statement had %d lines and has %d", len(before), len(after))
		}
		for i := range after {
			if a, b := after[i], before[i]; a.Amount != b.Amount || a.AvailableAfter != b.AvailableAfter || a.Generation != b.Generation || a.Deleted != (a.Generation == g.ID) {
				t.Errorf("line %d was %+v and is %+v", i, b, a)
			}
		}
		a, err := r.Accept(ctx, r.ann, r.intent("one"), r.request())
		if err != nil || a.Replay == nil || a.Replay.Ref != g.ID || len(a.Replay.Body) != 0 {
			t.Errorf("its key again: %+v, %v", a, err)
		}

		// The photos go with the last picture that needs them.
		r.once()
		if err := r.Delete(ctx, r.ann, other.ID); err != nil {
			t.Fatal(err)
		}
		for _, p := range r.photos {
			if r.kept("photos/" + p.ID + ".jpg") {
				t.Error("a photo nothing needs is still kept")
			}
		}
		if b := r.balance(); b.Available != 72 {
			t.Errorf("%d credits are left, want 72", b.Available)
		}
	})
}

func TestDeletingFollowsTheStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		var r *room
		var last string
		var during error
		r = newRoom(t, db, clock, func(context.Context, *engine.Job) error {
			during = r.Delete(ctx, r.ann, last)
			return nil
		})
		queued := r.accept("queued")
		r.refused("a queued one", r.Delete(ctx, r.ann, queued.ID), kinpict.Conflict)
		if _, err := r.Cancel(ctx, r.ann, queued.ID); err != nil {
			t.Fatal(err)
		}
		if err := r.Delete(ctx, r.ann, queued.ID); err != nil {
			t.Errorf("a canceled one: %v", err)
		}
		r.photos = r.addPhotos(r.ann.AccountID, 1) // the others went with it
		last = r.accept("running").ID
		r.once()
		r.refused("a running one", during, kinpict.Conflict)
		if g := r.see(last); g.Status != kinpict.Succeeded {
			t.Errorf("it is %s", g.Status)
		}
		ben := kinpict.Caller{AccountID: r.IDs.New(kinpict.AccountPrefix)}
		r.refused("somebody else's", r.Delete(ctx, ben, last), kinpict.NotFound)
		r.refused("somebody else's deleted one", r.Delete(ctx, ben, queued.ID), kinpict.NotFound)
		r.refused("none", r.Delete(ctx, r.ann, "gen_none"), kinpict.NotFound)
	})
}

// stuck cannot delete what has a key that begins so.
type stuck struct {
	blob.Bucket
	keys string
}

func (b stuck) Delete(ctx context.Context, key string) error {
	if strings.HasPrefix(key, b.keys) {
		return errors.New("the bucket is away")
	}
	return b.Bucket.Delete(ctx, key)
}

// The process dies, or the bucket is away, between the commit and the bytes.
func TestBytesOfADeletedPictureAreSwept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		g := r.made("one")
		clock.Advance(100 * 24 * time.Hour) // far older than any picture nobody was given
		r.Blobs = stuck{r.blobs, ""}
		if err := r.Delete(ctx, r.ann, g.ID); err != nil {
			t.Fatalf("delete: %v", err)
		}
		_, err := r.Generation(ctx, r.ann, g.ID)
		r.refused("its page", err, kinpict.NotFound)
		if !r.kept(g.Image.Key) {
			t.Fatal("the bucket was not away")
		}
		clock.Advance(2 * time.Hour)
		found, err := db.Audit(ctx, store.Whole)
		if err != nil || len(found) != 1 || found[0].Check != "A31" || found[0].Subject != g.ID {
			t.Errorf("two hours later the auditor says %v (%v), want A31 of the picture", found, err)
		}
		r.Blobs = r.blobs
		for range 2 {
			if err := r.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if r.kept(g.Image.Key) {
			t.Error("the sweep left its bytes")
		}
	})
}

// A picture that cannot be removed does not keep others from being removed.
func TestSweepGoesOnAfterAFault(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		g := r.made("one")
		r.Blobs = stuck{r.blobs, g.Image.Key}
		if err := r.Delete(ctx, r.ann, g.ID); err != nil {
			t.Fatalf("delete: %v", err)
		}
		orphan := "pictures/" + g.ID + "/9-dead.jpg"
		if err := r.blobs.Put(ctx, orphan, []byte("late")); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Hour)
		if err := r.Sweep(ctx); err == nil {
			t.Error("the sweep told of no fault")
		}
		if r.kept(orphan) {
			t.Error("the sweep left a picture that nobody was given")
		}
		r.Blobs = r.blobs
		if err := r.Sweep(ctx); err != nil || r.kept(g.Image.Key) {
			t.Errorf("the next sweep: %v; the deleted picture is still there: %v", err, r.kept(g.Image.Key))
		}
	})
}

func TestFavourites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		var want []string
		for _, key := range []string{"a", "b", "c", "d"} {
			clock.Advance(time.Second)
			g := r.made(key)
			if key == "b" {
				continue
			}
			for range 2 {
				if err := r.Favour(ctx, r.ann, g.ID, true); err != nil {
					t.Fatal(err)
				}
			}
			want = append([]string{g.ID}, want...)
		}
		waits := r.accept("waits")
		r.refused("one without a picture", r.Favour(ctx, r.ann, waits.ID, true), kinpict.Conflict)
		r.refused("somebody else's", r.Favour(ctx, kinpict.Caller{AccountID: "acc_ben", GuestID: "gst_ben"}, want[0], true), kinpict.NotFound)

		var got []string
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			page, next, err := r.Favourites(ctx, r.ann, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range page {
				if !g.Favourite {
					t.Errorf("%s is among the favourites and is none", g.ID)
				}
				got = append(got, g.ID)
			}
			cursor = next
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("the favourites are %v, want %v", got, want)
		}
		if err := r.Favour(ctx, r.ann, want[0], false); err != nil {
			t.Fatal(err)
		}
		if page, _, err := r.Favourites(ctx, r.ann, "", 9); err != nil || len(page) != 2 {
			t.Errorf("after one was taken out there are %d (%v), want 2", len(page), err)
		}
	})
}
