package intake_test

import (
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob/blobtest"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// The same photo comes a second time, and may be deleted again, while the first
// upload is being made into a photo.
func TestSameUploadWhileTheFirstIsUnderWay(t *testing.T) {
	cases := []struct {
		name    string
		deleted bool          // the one that came between
		bucket  blobtest.When // how removing the bytes of the one too many ends
		files   int           // before the sweep
	}{
		{"it stays", false, blobtest.Never, 2},
		{"it stays and the bucket fails", false, blobtest.Before, 4},
		{"it is deleted", true, blobtest.Never, 2},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for n, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				i, f := open(t, db, clock)
				ann := own(ann, n)
				var between *kinpict.Photo
				none := func(string, string) blobtest.When { return blobtest.Never }
				f.Fault = func(op, key string) blobtest.When {
					if op != "put" || !strings.HasSuffix(key, ".thumb.jpg") {
						return blobtest.Never
					}
					f.Fault = none
					between = add(t, i, ann, upload(1))
					if c.deleted {
						if err := i.Delete(ctx, ann, between.ID); err != nil {
							t.Fatalf("delete: %v", err)
						}
					}
					f.Fault = func(op, _ string) blobtest.When {
						if op == "delete" {
							return c.bucket
						}
						return blobtest.Never
					}
					return blobtest.Never
				}
				first := add(t, i, ann, upload(1))
				f.Fault = none
				if (first.ID == between.ID) == c.deleted {
					t.Errorf("the first upload is photo %s, the one between %s", first.ID, between.ID)
				}
				if _, err := i.Photo(ctx, ann, between.ID); (kinpict.CodeOf(err) == kinpict.NotFound) != c.deleted {
					t.Errorf("the photo between: %v", err)
				}
				if got := seen(t, i, ann); got != 1 {
					t.Errorf("%d photos are seen, want 1", got)
				}
				if keys := blobtest.Keys(t, f, ""); len(keys) != c.files {
					t.Errorf("%v, want %d files", keys, c.files)
				}
				clock.Advance(2 * time.Hour)
				sweep(t, i)
				keys := blobtest.Keys(t, f, "")
				if len(keys) != 2 || !strings.Contains(keys[0], first.ID) {
					t.Errorf("after the sweep %v, want the two files of %s", keys, first.ID)
				}
			})
		}
	})
}
