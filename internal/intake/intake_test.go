package intake_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/blob/blobtest"
	"kinpict/internal/blob/disk"
	"kinpict/internal/intake"
	"kinpict/internal/photo"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var (
	ctx   = context.Background()
	ann   = kinpict.Caller{AccountID: "acc_ann"}
	ben   = kinpict.Caller{AccountID: "acc_ben"}
	guest = kinpict.Caller{GuestID: "gst_1"}
)

// upload draws a photo; every seed is another one.
func upload(seed int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 300, 280))
	for y := range 280 {
		for x := range 300 {
			m.Set(x, y, color.RGBA{uint8(x*7 + seed*31), uint8(y*5 ^ x), uint8(seed * 53), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func open(t *testing.T, db *store.DB, clock *storetest.Clock) (*intake.Intake, *blobtest.Faulty) {
	t.Helper()
	d, err := disk.Open(t.TempDir(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	f := &blobtest.Faulty{Bucket: d, Fault: func(string, string) blobtest.When { return blobtest.Never }}
	return &intake.Intake{DB: db, Blobs: f, IDs: kinpict.IDs{Now: clock.Now, Rand: rand.Reader}, Now: clock.Now,
		Gate: photo.NewGate(photo.GateMiB, 64), Limits: photo.DefaultLimits()}, f
}

func add(t *testing.T, i *intake.Intake, c kinpict.Caller, data []byte) *kinpict.Photo {
	t.Helper()
	p, err := i.Add(ctx, c, data)
	if err != nil {
		t.Fatalf("add: %v", err)
	}
	return p
}

func want(t *testing.T, what string, err error, code kinpict.Code) {
	t.Helper()
	if kinpict.CodeOf(err) != code {
		t.Errorf("%s: got %v, want code %q", what, err, code)
	}
}

func sweep(t *testing.T, i *intake.Intake) {
	t.Helper()
	if err := i.Sweep(ctx); err != nil {
		t.Fatalf("sweep: %v", err)
	}
}

func seen(t *testing.T, i *intake.Intake, c kinpict.Caller) int {
	t.Helper()
	ps, err := i.Photos(ctx, c)
	if err != nil {
		t.Fatalf("photos: %v", err)
	}
	return len(ps)
}

func TestAddedPhotoCanBeSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		i.Faces = func(b []byte) []kinpict.Face { return []kinpict.Face{{X: .5, Y: .25, Size: .1, Score: 9}} }
		original := upload(1)
		p := add(t, i, ann, original)
		if p.Width != 300 || p.Height != 280 || p.Owner != "acc_ann" || len(p.Faces) != 1 || !p.ExpiresAt.Equal(clock.Now().Add(30*24*time.Hour)) {
			t.Errorf("photo %+v", p)
		}
		got, err := i.Photo(ctx, ann, p.ID)
		if err != nil || got.SHA256 != p.SHA256 || len(got.Checks) != len(p.Checks) || got.Faces[0] != p.Faces[0] {
			t.Errorf("photo %+v, %v; want %+v", got, err, p)
		}
		for _, thumb := range []bool{false, true} {
			r, _, err := i.Open(ctx, ann, p.ID, thumb)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if _, derr := jpeg.Decode(bytes.NewReader(data)); err != nil || derr != nil || r.Close() != nil {
				t.Errorf("thumb %v: %v, %v", thumb, err, derr)
			}
			if bytes.Equal(data, original) || !thumb && int64(len(data)) != p.Bytes {
				t.Errorf("thumb %v: %d bytes of %d", thumb, len(data), p.Bytes)
			}
		}
		if keys := blobtest.Keys(t, f, ""); len(keys) != 2 {
			t.Errorf("kept %v, want the photo and its thumbnail", keys)
		}
		g := add(t, i, guest, upload(2))
		if !g.ExpiresAt.Equal(clock.Now().Add(24 * time.Hour)) {
			t.Errorf("a guest's photo lives until %v", g.ExpiresAt)
		}
	})
}

func TestAddRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		for _, c := range []struct {
			name string
			who  kinpict.Caller
			data []byte
			code kinpict.Code
		}{
			{"from nobody", kinpict.Caller{Network: "home"}, upload(1), kinpict.Unauthenticated},
			{"nothing", ann, nil, kinpict.FileEmpty},
			{"a web page", ann, []byte("<html>"), kinpict.UnsupportedMediaType},
			{"half a photo", ann, upload(1)[:5000], kinpict.ImageTruncated},
		} {
			_, err := i.Add(ctx, c.who, c.data)
			want(t, c.name, err, c.code)
		}
		if keys := blobtest.Keys(t, f, ""); len(keys) != 0 {
			t.Errorf("refused, yet kept: %v", keys)
		}
	})
}

func TestSameUploadIsTheSamePhotoOfItsOwnerOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		p := add(t, i, ann, upload(1))
		clock.Advance(48 * time.Hour)
		again := add(t, i, ann, upload(1))
		if again.ID != p.ID || !again.ExpiresAt.Equal(clock.Now().Add(30*24*time.Hour)) {
			t.Errorf("the same upload is %s until %v, want %s kept longer", again.ID, again.ExpiresAt, p.ID)
		}
		if b := add(t, i, ben, upload(1)); b.ID == p.ID {
			t.Error("two owners share a photo")
		}
		if err := i.Delete(ctx, ann, p.ID); err != nil {
			t.Fatal(err)
		}
		if fresh := add(t, i, ann, upload(1)); fresh.ID == p.ID {
			t.Error("a deleted photo came back")
		}

		var wg sync.WaitGroup
		ids := make([]string, 8)
		for n := range ids {
			wg.Go(func() {
				if p, err := i.Add(ctx, ann, upload(2)); err != nil {
					t.Errorf("add: %v", err)
				} else {
					ids[n] = p.ID
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("uploads at once made %v, want one photo", ids)
				break
			}
		}
		if keys := blobtest.Keys(t, f, "photos/acc_ann/"); len(keys) != 4 {
			t.Errorf("two photos of ann's keep %d files: %v", len(keys), keys)
		}
	})
}

func TestNeededPhotosAreNotDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		update := func(fn func(*store.Tx) error) {
			t.Helper()
			if err := db.Update(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Seed(ctx, kinpict.DefaultCatalog()); err != nil {
			t.Fatal(err)
		}
		update(func(tx *store.Tx) error {
			_, _, err := tx.AddAccount(kinpict.Account{ID: ann.AccountID, Email: "ann@example.org", Role: kinpict.Customer})
			return err
		})
		for name, c := range map[string]struct {
			needs func(*store.Tx, kinpict.Request) error
			ends  func(*store.Tx) error
		}{
			"a queued picture": {
				func(tx *store.Tx, q kinpict.Request) error {
					return tx.PutPreview(&kinpict.Generation{ID: "gen_1", Owner: ann.AccountID, Request: q, CatalogUsed: 1, CreatedAt: tx.Now()}, ann.AccountID, "", tx.Now().Add(time.Hour))
				},
				func(tx *store.Tx) error { _, err := tx.Cancel(ann.AccountID, "gen_1"); return err },
			},
			"a held request that has its time": {
				func(tx *store.Tx, q kinpict.Request) error {
					return tx.PutHeld(&kinpict.HeldRequest{ID: "hld_1", AccountID: ann.AccountID, Request: q, Cost: 4, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour)})
				},
				func(*store.Tx) error { clock.Advance(time.Hour); return nil },
			},
		} {
			p, other := add(t, i, ann, upload(3)), add(t, i, ann, upload(4))
			update(func(tx *store.Tx) error {
				return c.needs(tx, kinpict.Request{Quality: "standard", Scenario: "autumn", Photos: []kinpict.PhotoUse{{ID: p.ID, Label: other.ID}}})
			})
			want(t, "deleting what "+name+" needs", i.Delete(ctx, ann, p.ID), kinpict.Conflict)
			if _, err := i.Photo(ctx, ann, p.ID); err != nil {
				t.Errorf("what %s needs: %v", name, err)
			}
			want(t, "deleting beside "+name, i.Delete(ctx, ann, other.ID), "")
			update(c.ends)
			want(t, "deleting after "+name, i.Delete(ctx, ann, p.ID), "")
		}
	})
}

func TestOthersPhotosAreNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		p := add(t, i, ann, upload(1))
		for name, c := range map[string]kinpict.Caller{"another account": ben, "a guest": guest} {
			_, err := i.Photo(ctx, c, p.ID)
			want(t, name+" looks", err, kinpict.NotFound)
			_, _, err = i.Open(ctx, c, p.ID, false)
			want(t, name+" opens", err, kinpict.NotFound)
			want(t, name+" deletes", i.Delete(ctx, c, p.ID), kinpict.NotFound)
			if n := seen(t, i, c); n != 0 {
				t.Errorf("%s sees %d photos", name, n)
			}
			err = db.Update(ctx, func(tx *store.Tx) error {
				if err := tx.TouchPhotos(c.Owner(), []string{p.ID}, tx.Now().Add(999*time.Hour)); err != nil {
					return err
				}
				_, err := tx.PhotosByID(c.Owner(), []string{p.ID})
				return err
			})
			want(t, name+" uses", err, kinpict.NotFound)
			if err != nil && !strings.Contains(err.Error(), p.ID) {
				t.Errorf("%v does not name the photo", err)
			}
		}
		for what, f := range map[string]func() error{
			"look":  func() error { _, err := i.Photo(ctx, kinpict.Caller{}, p.ID); return err },
			"list":  func() error { _, err := i.Photos(ctx, kinpict.Caller{}); return err },
			"draft": func() error { _, err := i.Draft(ctx, kinpict.Caller{}); return err },
		} {
			want(t, "nobody: "+what, f(), kinpict.Unauthenticated)
		}
		got, err := i.Photo(ctx, ann, p.ID)
		if err != nil || !got.ExpiresAt.Equal(p.ExpiresAt) {
			t.Errorf("ann's photo afterwards: %+v, %v", got, err)
		}
	})
}

// keep puts a photo row of that many bytes, as if it had been uploaded.
func keep(t *testing.T, db *store.DB, who, id string, bytes int64, life time.Duration) {
	t.Helper()
	if err := db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.AddPhoto(kinpict.Photo{ID: id, Owner: who, Key: "photos/" + id + ".jpg", ThumbKey: "photos/" + id + ".thumb.jpg", Width: 1, Height: 1,
			Bytes: bytes, SHA256: id, SourceSHA256: id, ExpiresAt: tx.Now().Add(life)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestQuotas(t *testing.T) {
	const mib = 1 << 20
	cases := []struct {
		name    string
		who     kinpict.Caller
		files   int
		bytes   int64 // of each
		then    func(t *testing.T, i *intake.Intake, c kinpict.Caller, clock *storetest.Clock)
		relaxed bool
		full    bool
	}{
		{name: "a guest's ninth and tenth", who: guest, files: 9, bytes: mib},
		{name: "a guest's eleventh", who: guest, files: 10, bytes: mib, full: true},
		{name: "a guest's 40 MiB", who: guest, files: 2, bytes: 20 * mib, full: true},
		{name: "a guest who deletes and adds", who: guest, files: 10, bytes: mib, full: true, then: deleteAll},
		{name: "a guest who deletes, waits for the sweep and adds", who: guest, files: 10, bytes: mib, full: true,
			then: func(t *testing.T, i *intake.Intake, c kinpict.Caller, clock *storetest.Clock) {
				deleteAll(t, i, c, clock)
				clock.Advance(23 * time.Hour)
				sweep(t, i)
			}},
		{name: "a guest on the next day", who: guest, files: 10, bytes: mib,
			then: func(t *testing.T, i *intake.Intake, c kinpict.Caller, clock *storetest.Clock) {
				clock.Advance(24 * time.Hour)
			}},
		{name: "a guest under relaxed limits", who: guest, files: 10, bytes: mib, relaxed: true},
		{name: "an account's 2 GiB", who: ann, files: 2, bytes: 1024 * mib, full: true},
		{name: "an account that made room", who: ann, files: 2, bytes: 1024 * mib, then: deleteAll},
		{name: "an account's 11th", who: ann, files: 10, bytes: mib},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for n, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				i, f := open(t, db, clock)
				i.Relaxed = c.relaxed
				who := own(c.who, n)
				for k := range c.files {
					keep(t, db, who.Owner(), fmt.Sprintf("pho_%d_%d", n, k), c.bytes, 24*time.Hour)
				}
				if c.then != nil {
					c.then(t, i, who, clock)
				}
				_, err := i.Add(ctx, who, upload(1))
				if !c.full {
					want(t, "add", err, "")
					return
				}
				want(t, "add", err, kinpict.QuotaExceeded)
				if keys := blobtest.Keys(t, f, ""); len(keys) != 0 {
					t.Errorf("refused, yet kept: %v", keys)
				}
			})
		}
	})
}

// own is the nth caller of the same kind.
func own(c kinpict.Caller, n int) kinpict.Caller {
	if c.AccountID != "" {
		return kinpict.Caller{AccountID: fmt.Sprintf("%s%d", c.AccountID, n)}
	}
	return kinpict.Caller{GuestID: fmt.Sprintf("%s%d", c.GuestID, n)}
}

func deleteAll(t *testing.T, i *intake.Intake, c kinpict.Caller, _ *storetest.Clock) {
	t.Helper()
	ps, err := i.Photos(ctx, c)
	for _, p := range ps {
		err = errors.Join(err, i.Delete(ctx, c, p.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestUploadsAtOnceKeepTheQuota(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		var wg sync.WaitGroup
		for n := range 16 {
			wg.Go(func() {
				if _, err := i.Add(ctx, guest, upload(n)); err != nil && kinpict.CodeOf(err) != kinpict.QuotaExceeded {
					t.Errorf("upload %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		if n := seen(t, i, guest); n != 10 {
			t.Errorf("a guest got %d photos at once, want 10", n)
		}
		if keys := blobtest.Keys(t, f, ""); len(keys) != 20 {
			t.Errorf("%d files for 10 photos", len(keys))
		}
	})
}

func TestUploadThatDiesLeavesNothingToSee(t *testing.T) {
	cases := []struct {
		name   string
		suffix string
		when   blobtest.When
		left   int // files until the sweep
	}{
		{"before the photo is stored", ".jpg", blobtest.Before, 0},
		{"after the photo is stored", ".jpg", blobtest.After, 1},
		{"before the thumbnail is stored", ".thumb.jpg", blobtest.Before, 1},
		{"between the files and the row", ".thumb.jpg", blobtest.After, 2},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for n, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				i, f := open(t, db, clock)
				ann := own(ann, n)
				good := add(t, i, ann, upload(1))
				f.Fault = func(op, key string) blobtest.When {
					if op == "put" && strings.HasSuffix(key, c.suffix) {
						return c.when
					}
					return blobtest.Never
				}
				if _, err := i.Add(ctx, ann, upload(2)); !errors.Is(err, blobtest.ErrFault) {
					t.Fatalf("add: %v, want the fault", err)
				}
				f.Fault = func(string, string) blobtest.When { return blobtest.Never }
				if n := seen(t, i, ann); n != 1 {
					t.Errorf("%d photos are seen, want the good one", n)
				}
				for _, at := range []struct {
					wait time.Duration
					left int
				}{{time.Hour - time.Second, 2 + c.left}, {time.Second, 2}} {
					clock.Advance(at.wait)
					sweep(t, i)
					if keys := blobtest.Keys(t, f, ""); len(keys) != at.left {
						t.Errorf("%v later: %v, want %d files", at.wait, keys, at.left)
					}
				}
				if _, err := i.Photo(ctx, ann, good.ID); err != nil {
					t.Errorf("the good photo: %v", err)
				}
				add(t, i, ann, upload(2))
			})
		}
	})
}

func TestPhotosGoWhenTheirTimeComes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		g, a, used := add(t, i, guest, upload(1)), add(t, i, ann, upload(1)), add(t, i, ann, upload(2))
		if err := i.SaveDraft(ctx, guest, intake.Draft{Consent: true}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(24 * time.Hour)
		_, err := i.Photo(ctx, guest, g.ID)
		want(t, "a guest's photo after 24 h, unswept", err, kinpict.NotFound)
		if again := add(t, i, guest, upload(1)); again.ID == g.ID {
			t.Error("an expired photo was handed out")
		}
		sweep(t, i)
		if keys := blobtest.Keys(t, f, "photos/gst_1/"); len(keys) != 2 {
			t.Errorf("a guest's files after the sweep: %v, want the fresh photo's", keys)
		}
		if d, err := i.Draft(ctx, guest); err != nil || d.Consent {
			t.Errorf("a guest's draft after 24 h: %+v, %v", d, err)
		}
		if err := db.Update(ctx, func(tx *store.Tx) error {
			return tx.TouchPhotos("acc_ann", []string{used.ID}, tx.Now().Add(37*24*time.Hour))
		}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(29 * 24 * time.Hour)
		sweep(t, i)
		_, err = i.Photo(ctx, ann, a.ID)
		want(t, "an account's photo after 30 days", err, kinpict.NotFound)
		if _, err := i.Photo(ctx, ann, used.ID); err != nil {
			t.Errorf("one used since: %v", err)
		}
		if keys := blobtest.Keys(t, f, ""); len(keys) != 2 {
			t.Errorf("files %v, want those of the one used since", keys)
		}
	})
}

func TestDeletedBytesGoEvenIfTheBucketFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		p := add(t, i, ann, upload(1))
		f.Fault = func(op, key string) blobtest.When {
			if op == "delete" {
				return blobtest.Before
			}
			return blobtest.Never
		}
		want(t, "delete", i.Delete(ctx, ann, p.ID), "")
		_, err := i.Photo(ctx, ann, p.ID)
		want(t, "deleted photo", err, kinpict.NotFound)
		want(t, "delete again", i.Delete(ctx, ann, p.ID), kinpict.NotFound)
		if err := i.Sweep(ctx); !errors.Is(err, blobtest.ErrFault) {
			t.Errorf("sweep: %v, want the fault reported", err)
		}
		f.Fault = func(string, string) blobtest.When { return blobtest.Never }
		sweep(t, i)
		if keys := blobtest.Keys(t, f, ""); len(keys) != 0 {
			t.Errorf("bytes of a deleted photo remain: %v", keys)
		}
	})
}

func TestSweepLeavesOtherThingsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, f := open(t, db, clock)
		if err := f.Put(ctx, "pictures/gen_1.png", []byte("x")); err != nil {
			t.Fatal(err)
		}
		// A guest's photo keeps its key when an account claims it.
		p := add(t, i, guest, upload(1))
		if err := db.Update(ctx, func(tx *store.Tx) error {
			if _, _, err := tx.AddAccount(kinpict.Account{ID: "acc_ann", Email: "ann@example.com", Role: kinpict.Customer}); err != nil {
				return err
			}
			return tx.ClaimGuest("gst_1", "acc_ann", tx.Now().Add(intake.AccountLife), true)
		}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(48 * time.Hour)
		sweep(t, i)
		if _, err := blobtest.Read(f, "pictures/gen_1.png"); err != nil {
			t.Errorf("a picture: %v", err)
		}
		r, _, err := i.Open(ctx, ann, p.ID, false)
		if err != nil {
			t.Fatalf("a claimed photo: %v", err)
		}
		r.Close()
	})
}

func TestDrafts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		if d, err := i.Draft(ctx, ann); err != nil || d.Request.Instruction != "" {
			t.Errorf("no draft yet: %+v, %v", d, err)
		}
		saved := intake.Draft{Consent: true, Request: kinpict.Request{Quality: kinpict.Enhanced, Scenario: "autumn", Instruction: "all of us <b>\"together\"</b>\n\u2603",
			Photos: []kinpict.PhotoUse{{ID: "pho_1", Role: "grandparent", Label: "Oma"}}, Aspect: "4:5", CatalogVersion: 3}}
		for _, d := range []intake.Draft{{Consent: false}, saved} {
			if err := i.SaveDraft(ctx, ann, d); err != nil {
				t.Fatal(err)
			}
		}
		got, err := i.Draft(ctx, ann)
		if err != nil || fmt.Sprint(*got) != fmt.Sprint(saved) {
			t.Errorf("draft %+v, %v; want %+v", got, err, saved)
		}
		if d, err := i.Draft(ctx, ben); err != nil || d.Consent {
			t.Errorf("ben's draft is ann's: %+v, %v", d, err)
		}
		want(t, "a huge draft", i.SaveDraft(ctx, ann, intake.Draft{Request: kinpict.Request{Instruction: strings.Repeat("x", 40<<10)}}), kinpict.Invalid)
		if err := i.SaveDraft(ctx, ann, intake.Draft{}); err != nil {
			t.Fatal(err)
		}
		if d, err := i.Draft(ctx, ann); err != nil || d.Consent {
			t.Errorf("emptied, yet there: %+v, %v", d, err)
		}
	})
}

var _ blob.Bucket = (*blobtest.Faulty)(nil)
