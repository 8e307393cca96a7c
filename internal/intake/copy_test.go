package intake_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"

	"kinpict"
	"kinpict/internal/intake"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// scene draws soft hills; two seeds are two photos, two qualities two copies.
func scene(seed float64, quality int) []byte {
	m := image.NewGray(image.Rect(0, 0, 400, 320))
	for y := range 320 {
		for x := range 400 {
			m.SetGray(x, y, color.Gray{uint8(128 + 60*math.Sin(float64(x)/40*seed) + 60*math.Cos(float64(y)/30*seed+seed))})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// A copy of a photo is named as one, and only to the person who has both.
func TestCopyIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		copyOf := func(p *kinpict.Photo) string {
			at := slices.IndexFunc(p.Checks, func(c kinpict.Check) bool { return c.Code == intake.CheckCopy })
			if at < 0 {
				return ""
			}
			if p.Checks[at].Message == "" || p.Checks[at].Help == "" {
				t.Error("without words")
			}
			return p.Checks[at].Photo
		}
		first := add(t, i, ann, scene(1, 95))
		for _, c := range []struct {
			name string
			who  kinpict.Caller
			data []byte
			want string
		}{
			{"another photo", ann, scene(2.3, 95), ""},
			{"a copy", ann, scene(1, 60), first.ID},
			{"a copy somebody else has", ben, scene(1, 50), ""},
			{"the same file again, which is the same photo", ann, scene(1, 95), ""},
		} {
			p := add(t, i, c.who, c.data)
			if got := copyOf(p); got != c.want {
				t.Errorf("%s: said to be a copy of %q, want %q", c.name, got, c.want)
			}
			if kept, err := i.Photo(ctx, c.who, p.ID); err != nil || copyOf(kept) != c.want {
				t.Errorf("%s: kept as a copy of %q, %v", c.name, copyOf(kept), err)
			}
		}
		want(t, "delete", i.Delete(ctx, ann, first.ID), "")
		if got := copyOf(add(t, i, ann, scene(1, 40))); got == first.ID {
			t.Error("a deleted photo is still compared with")
		}
	})
}
