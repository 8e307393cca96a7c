package intake_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"kinpict"
	"kinpict/internal/intake"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func uses(ids ...string) (out []kinpict.PhotoUse) {
	for _, id := range ids {
		out = append(out, kinpict.PhotoUse{ID: id})
	}
	return out
}

// Two pages show one draft, and one changed it since the other was shown.
func TestMergeKeepsWhatEitherPageChanged(t *testing.T) {
	shown := intake.Draft{Request: kinpict.Request{Scenario: "beach", Quality: "standard", Aspect: "4:5", Instruction: "lake", Photos: uses("a", "b")}, Consent: true,
		Helper: intake.Helper{Season: "summer", Clothing: "own", Mood: "calm", Title: "Us"}}
	changed := func(f func(*intake.Draft)) intake.Draft {
		d := shown
		d.Request.Photos = append([]kinpict.PhotoUse(nil), shown.Request.Photos...)
		f(&d)
		return d
	}
	for _, c := range []struct {
		name             string
		page, kept, want func(*intake.Draft)
	}{
		{"nothing", func(*intake.Draft) {}, func(*intake.Draft) {}, func(*intake.Draft) {}},
		{"words here, scenario there", func(d *intake.Draft) { d.Request.Instruction = "sea" }, func(d *intake.Draft) { d.Request.Scenario = "autumn" },
			func(d *intake.Draft) { d.Request.Instruction, d.Request.Scenario = "sea", "autumn" }},
		{"the same words: the last page wins", func(d *intake.Draft) { d.Request.Instruction = "sea" }, func(d *intake.Draft) { d.Request.Instruction = "park" },
			func(d *intake.Draft) { d.Request.Instruction = "sea" }},
		{"every part here", func(d *intake.Draft) {
			d.Request.Scenario, d.Request.Quality, d.Request.Aspect, d.Request.Instruction, d.Consent = "x", "enhanced", "1:1", "", false
			d.Helper = intake.Helper{Season: "a", Clothing: "b", Mood: "c", Title: "d"}
		}, func(*intake.Draft) {}, func(d *intake.Draft) {
			d.Request.Scenario, d.Request.Quality, d.Request.Aspect, d.Request.Instruction, d.Consent = "x", "enhanced", "1:1", "", false
			d.Helper = intake.Helper{Season: "a", Clothing: "b", Mood: "c", Title: "d"}
		}},
		{"every part there, but for what a page always chooses", func(*intake.Draft) {}, func(d *intake.Draft) { *d = intake.Draft{Request: kinpict.Request{Instruction: "new"}} },
			func(d *intake.Draft) {
				*d = intake.Draft{Request: kinpict.Request{Scenario: "beach", Quality: "standard", Aspect: "4:5", Instruction: "new"}}
			}},
		{"a photo added there stays", func(d *intake.Draft) { d.Request.Instruction = "sea" }, func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "c") },
			func(d *intake.Draft) { d.Request.Instruction, d.Request.Photos = "sea", uses("a", "b", "c") }},
		{"one added on either side", func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "d") }, func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "c") },
			func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "c", "d") }},
		{"one taken out here", func(d *intake.Draft) { d.Request.Photos = uses("b") }, func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "c") },
			func(d *intake.Draft) { d.Request.Photos = uses("b", "c") }},
		{"one taken out there does not come back", func(d *intake.Draft) { d.Request.Quality = "enhanced" }, func(d *intake.Draft) { d.Request.Photos = uses("b") },
			func(d *intake.Draft) { d.Request.Quality, d.Request.Photos = "enhanced", uses("b") }},
		{"all taken out there", func(*intake.Draft) {}, func(d *intake.Draft) { d.Request.Photos = nil }, func(d *intake.Draft) { d.Request.Photos = nil }},
		{"a role here, a name there", func(d *intake.Draft) { d.Request.Photos[0].Role = "child" }, func(d *intake.Draft) { d.Request.Photos[0].Label = "Ida" },
			func(d *intake.Draft) { d.Request.Photos[0] = kinpict.PhotoUse{ID: "a", Role: "child", Label: "Ida"} }},
		{"a photo that came since and is shown has the page's words", func(d *intake.Draft) {
			d.Request.Photos = append(d.Request.Photos, kinpict.PhotoUse{ID: "c", Label: "Ida"})
		},
			func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "c") },
			func(d *intake.Draft) {
				d.Request.Photos = append(d.Request.Photos, kinpict.PhotoUse{ID: "c", Label: "Ida"})
			}},
		{"more than a picture takes", func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "h") },
			func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "1", "2", "3", "4", "5", "6") },
			func(d *intake.Draft) { d.Request.Photos = uses("a", "b", "1", "2", "3", "4", "5", "6") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, want := intake.Merge(shown.Mark(), changed(c.page), changed(c.kept)), changed(c.want); !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
	page, kept := changed(func(d *intake.Draft) { d.Request.Photos = uses("b") }), changed(func(d *intake.Draft) { d.Request.Instruction = "park" })
	for _, mark := range []string{"", "x", "1.2.3|a", "." + shown.Mark()} {
		if got := intake.Merge(mark, page, kept); !reflect.DeepEqual(got, page) {
			t.Errorf("with the mark %q it is %+v", mark, got)
		}
	}
}

// Whoever edits last sees what was edited before: of photos that come at once,
// none is lost.
func TestEditsOfOneDraftFollowOneAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		var wg sync.WaitGroup
		for n := range kinpict.MaxPhotos {
			wg.Go(func() {
				if _, err := i.EditDraft(ctx, ann, func(d *intake.Draft) {
					d.Request.Photos = append(d.Request.Photos, kinpict.PhotoUse{ID: fmt.Sprint(n)})
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d, err := i.Draft(ctx, ann)
		if err != nil || len(d.Request.Photos) != kinpict.MaxPhotos {
			t.Errorf("%d of %d photos are kept: %v", len(d.Request.Photos), kinpict.MaxPhotos, err)
		}
	})
}

func TestAnEmptiedDraftLeavesNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		i, _ := open(t, db, clock)
		if err := i.SaveDraft(ctx, ann, intake.Draft{Consent: true}); err != nil {
			t.Fatal(err)
		}
		if d, err := i.EditDraft(ctx, ann, func(d *intake.Draft) { *d = intake.Draft{} }); err != nil || !reflect.DeepEqual(*d, intake.Draft{}) {
			t.Errorf("%+v, %v", d, err)
		}
		err := db.View(ctx, func(tx *store.Tx) error {
			body, err := tx.Draft(ann.Owner())
			if body != nil {
				t.Errorf("%s is kept", body)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
