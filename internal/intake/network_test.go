package intake_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob/blobtest"
	"kinpict/internal/intake"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// begin saves the first draft of a guest nobody has seen yet.
func begin(i *intake.Intake, network string, n int) error {
	return i.SaveDraft(context.Background(), kinpict.Caller{GuestID: fmt.Sprintf("gst_new%d", n), Network: network}, intake.Draft{Consent: true})
}

// trace reports whether anything of a guest is kept.
func trace(t *testing.T, db *store.DB, guest string) bool {
	t.Helper()
	var kept bool
	if err := db.View(ctx, func(tx *store.Tx) error {
		body, err := tx.Draft(guest)
		if err != nil {
			return err
		}
		n, err := tx.Counted("photos/"+guest, 24*time.Hour)
		kept = body != nil || n > 0
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return kept
}

// A new guest costs nothing, so what they begin is counted for their network,
// and beyond its share nothing is written.
func TestNewGuestsOfANetworkBeginOnlySoManyDrafts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		fill(t, db, "guest drafts from flooded", intake.NetworkDrafts-1)
		want(t, "the last that is let in", begin(i, "flooded", 1), "")
		for n := range 5 {
			err := begin(i, "flooded", 2+n)
			want(t, "one more", err, kinpict.RateLimited)
			var e *kinpict.Error
			if errors.As(err, &e) {
				if s, _ := e.Members["retry_after"].(int); s < 1 || s > 24*3600 {
					t.Errorf("come back in %d s, want within the day", s)
				}
			}
		}
		for n := range 5 {
			if trace(t, db, fmt.Sprintf("gst_new%d", 2+n)) {
				t.Error("a guest who was refused left something")
			}
		}
		if !trace(t, db, "gst_new1") {
			t.Error("a guest who was let in left nothing")
		}
		want(t, "whoever began before goes on", begin(i, "flooded", 1), "")
		want(t, "another network", begin(i, "home", 20), "")
		want(t, "an account behind the network", i.SaveDraft(ctx, kinpict.Caller{AccountID: "acc_ann", Network: "flooded"}, intake.Draft{Consent: true}), "")
		if err := i.SaveDraft(ctx, kinpict.Caller{GuestID: "gst_empty", Network: "home"}, intake.Draft{}); err != nil || trace(t, db, "gst_empty") {
			t.Errorf("an empty draft of nobody we know: %v, or it left something", err)
		}
		clock.Advance(24 * time.Hour)
		want(t, "on the next day", begin(i, "flooded", 30), "")
		fill(t, db, "guest drafts from flooded", intake.NetworkDrafts)
		i.Relaxed = true
		want(t, "under relaxed limits", begin(i, "flooded", 31), "")
	})
}

// fill uses up so much of a bucket as if others had.
func fill(t *testing.T, db *store.DB, bucket string, n int64) {
	t.Helper()
	if err := db.Update(ctx, func(tx *store.Tx) error {
		if ok, err := tx.AllowMany(bucket, n, 1<<40, 24*time.Hour); err != nil || !ok {
			return fmt.Errorf("%v, %w", ok, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestNewGuestsOfANetworkBringOnlySoManyPhotos(t *testing.T) {
	const files, bytes = "guest photos from flooded", "guest photo bytes from flooded"
	for _, c := range []struct {
		name   string
		bucket string
		used   int64
		code   kinpict.Code
	}{
		{"the last photo", files, intake.NetworkQuota.Files - 1, ""},
		{"one photo more", files, intake.NetworkQuota.Files, kinpict.RateLimited},
		{"room for a small one", bytes, intake.NetworkQuota.Bytes - 1<<20, ""},
		{"room for less than that", bytes, intake.NetworkQuota.Bytes - 100, kinpict.RateLimited},
		{"no byte of room", bytes, intake.NetworkQuota.Bytes, kinpict.RateLimited},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				i, f := open(t, db, clock)
				early := kinpict.Caller{GuestID: "gst_early", Network: "flooded"}
				add(t, i, early, upload(9))
				clock.Advance(24 * time.Hour)
				fill(t, db, c.bucket, c.used)
				before := len(blobtest.Keys(t, f, ""))
				_, err := i.Add(ctx, kinpict.Caller{GuestID: "gst_late", Network: "flooded"}, upload(1))
				want(t, "a new guest", err, c.code)
				if c.code != "" && (len(blobtest.Keys(t, f, "")) != before || trace(t, db, "gst_late")) {
					t.Error("what was refused left something")
				}
				if c.bucket == files && c.code == "" {
					_, err := i.Add(ctx, kinpict.Caller{GuestID: "gst_later", Network: "flooded"}, upload(3))
					want(t, "the one after the last", err, kinpict.RateLimited)
				}
				_, err = i.Add(ctx, kinpict.Caller{AccountID: "acc_ann", Network: "flooded"}, upload(2))
				want(t, "an account behind the network", err, "")
				_, err = i.Add(ctx, kinpict.Caller{GuestID: "gst_home", Network: "home"}, upload(2))
				want(t, "another network", err, "")
			})
		})
	}
}

// Whoever has an area has very many networks, so that their share is counted for
// the area too. What its guests were refused counts for nobody.
func TestTheNetworksOfAnAreaShareWhatItsGuestsBring(t *testing.T) {
	const drafts, files, bytes = "guest drafts from ", "guest photos from ", "guest photo bytes from "
	from := func(n int, area string) kinpict.Caller {
		return kinpict.Caller{GuestID: fmt.Sprintf("gst_%s%d", area, n), Network: fmt.Sprint(area, " network ", n), Area: area}
	}
	for _, c := range []struct {
		name         string
		bucket       string
		limit, spare int64 // of the area; what is left of it, enough for one
		bring        func(i *intake.Intake, who kinpict.Caller, n int) error
	}{
		{"drafts", drafts, 5 * intake.NetworkDrafts, 1, func(i *intake.Intake, who kinpict.Caller, _ int) error {
			return i.SaveDraft(ctx, who, intake.Draft{Consent: true})
		}},
		{"photos", files, 5 * intake.NetworkQuota.Files, 1, func(i *intake.Intake, who kinpict.Caller, n int) error {
			_, err := i.Add(ctx, who, upload(n))
			return err
		}},
		{"bytes", bytes, 5 * intake.NetworkQuota.Bytes, 0, func(i *intake.Intake, who kinpict.Caller, n int) error {
			_, err := i.Add(ctx, who, upload(n))
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				i, f := open(t, db, clock)
				fill(t, db, c.bucket+"flooded", c.limit-c.spare)
				if c.spare > 0 {
					want(t, "the last that is let in", c.bring(i, from(1, "flooded"), 1), "")
				}
				before := len(blobtest.Keys(t, f, ""))
				late := from(2, "flooded")
				want(t, "one more, of a network nobody came from", c.bring(i, late, 2), kinpict.RateLimited)
				if len(blobtest.Keys(t, f, "")) != before || trace(t, db, late.GuestID) || counted(t, db, c.bucket+late.Network) != 0 {
					t.Error("what was refused left something")
				}
				want(t, "another area", c.bring(i, from(3, "home"), 3), "")
				want(t, "an account in the area", c.bring(i, kinpict.Caller{AccountID: "acc_ann", Network: late.Network, Area: late.Area}, 4), "")
				clock.Advance(24 * time.Hour)
				want(t, "on the next day", c.bring(i, from(5, "flooded"), 5), "")
			})
		})
	}
}

func counted(t *testing.T, db *store.DB, bucket string) (n int64) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Counted(bucket, 24*time.Hour)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// With no room left, nothing new is taken in, and what is there stays of use.
func TestNothingIsTakenInWithoutRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		p := add(t, i, ann, upload(1))
		begun := kinpict.Caller{GuestID: "gst_begun", Network: "home"}
		if err := i.SaveDraft(ctx, begun, intake.Draft{Consent: true}); err != nil {
			t.Fatal(err)
		}
		full := true
		i.Room = func() error {
			if full {
				return &kinpict.Error{Code: kinpict.Unavailable, Message: "full"}
			}
			return nil
		}
		files := len(blobtest.Keys(t, f, ""))
		_, err := i.Add(ctx, ann, upload(2))
		want(t, "a new photo", err, kinpict.Unavailable)
		want(t, "a new guest's draft", begin(i, "home", 1), kinpict.Unavailable)
		if n := len(blobtest.Keys(t, f, "")); n != files {
			t.Errorf("%d files more", n-files)
		}
		if again, err := i.Add(ctx, ann, upload(1)); err != nil || again.ID != p.ID {
			t.Errorf("a photo that is there: %v, %v", again, err)
		}
		want(t, "the draft of an account", i.SaveDraft(ctx, ann, intake.Draft{Request: kinpict.Request{Photos: uses(p.ID)}}), "")
		want(t, "a draft that was begun", i.SaveDraft(ctx, begun, intake.Draft{}), "")
		full = false
		_, err = i.Add(ctx, ann, upload(2))
		want(t, "once there is room", err, "")
	})
}
