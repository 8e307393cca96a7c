package generation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// untouched checks what a refusal must leave as it was.
func (r *room) untouched(what string) {
	r.t.Helper()
	if b := r.balance(); b.Available != 80 {
		r.t.Errorf("%s: %d credits are left, want 80", what, b.Available)
	}
	list, _, err := r.Generations(context.Background(), r.ann, "", 10)
	if err != nil || len(list) > 0 {
		r.t.Errorf("%s: %d pictures were made (%v)", what, len(list), err)
	}
}

func notAllowed(t *testing.T, what, field string, err error) {
	t.Helper()
	var e *kinpict.Error
	if !errors.As(err, &e) || e.Code != kinpict.ContentNotAllowed {
		t.Errorf("%s: %v, want content_not_allowed", what, err)
		return
	}
	if e.Message == "" || !strings.Contains(e.Hint, "Nothing was charged") {
		t.Errorf("%s: it says %q, %q", what, e.Message, e.Hint)
	}
	if at := e.Members["errors"].([]map[string]string)[0]["field"]; at != field {
		t.Errorf("%s: the fault is at %s, want %s", what, at, field)
	}
}

func TestForbiddenWordsAreRefusedEverywhereAndChargeNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		guest := kinpict.Caller{GuestID: "gst_1", Network: "net"}
		theirs := r.addPhotos(guest.GuestID, 1)
		for field, change := range map[string]func(*kinpict.Request){
			"instruction":     func(q *kinpict.Request) { q.Instruction = "everyone n.a.k.e.d" },
			"photos[0].label": func(q *kinpict.Request) { q.Photos = []kinpict.PhotoUse{{ID: q.Photos[0].ID, Label: "Pornstar"}} },
		} {
			req := r.request()
			change(&req)
			_, err := r.Accept(ctx, r.ann, r.intent("paid"), req)
			notAllowed(t, "accept", field, err)
			_, err = r.Preview(ctx, r.ann, r.intent("free"), req)
			notAllowed(t, "an account's preview", field, err)
			req.Photos = theirs
			change(&req)
			_, err = r.Preview(ctx, guest, r.intent("free"), req)
			notAllowed(t, "a guest's preview", field, err)
			r.untouched(field)
		}
		// The preview was not spent, and the keys not used up.
		req := r.request()
		req.Photos = theirs
		if _, err := r.Preview(ctx, guest, r.intent("free"), req); err != nil {
			t.Errorf("a preview with other words: %v", err)
		}
		r.accept("paid")
	})
}

// A short request with forbidden words is refused for its words, and not held.
func TestForbiddenWordsAreNotHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 80, "test", "test", "") })
		req := r.request()
		req.Instruction = "covered in blood"
		_, err := r.Accept(context.Background(), r.ann, r.intent("one"), req)
		notAllowed(t, "accept without credits", "instruction", err)
	})
}

// What was stored before a rule was made is refused when it goes on.
func TestForbiddenWordsAreRefusedWhenResumedOrTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, outcome(engine.Refused))
		req := r.request()
		req.Aspect, req.Instruction = "4:5", "everyone naked"
		h := &kinpict.HeldRequest{ID: r.IDs.New(kinpict.HeldPrefix), AccountID: r.ann.AccountID, Request: req, Cost: 4, CreatedAt: clock.Now(), ExpiresAt: clock.Now().Add(time.Hour)}
		r.update(func(tx *store.Tx) error { return tx.PutHeld(h) })
		_, _, err := r.Resume(ctx, r.ann, h.ID, 0)
		notAllowed(t, "resume", "instruction", err)
		r.untouched("resume")

		g := &kinpict.Generation{ID: r.IDs.New(kinpict.GenerationPrefix), Funding: kinpict.FundedByCredits, Owner: r.ann.AccountID, Request: req, Status: kinpict.Queued,
			Step: "accepted", CreatedAt: clock.Now(), DeadlineAt: clock.Now().Add(time.Hour), Credits: 4, CatalogUsed: 1}
		if _, err := db.Accept(ctx, &store.Acceptance{AccountID: r.ann.AccountID, Intent: r.intent("old"), Status: 202, Generation: g, Deadline: g.DeadlineAt}); err != nil {
			t.Fatal(err)
		}
		r.once()
		if g := r.see(g.ID); g.Status != kinpict.Failed {
			t.Fatalf("the old picture is %s", g.Status)
		}
		_, err = r.Retry(ctx, r.ann, r.intent("again"), g.ID, 0)
		notAllowed(t, "retry", "instruction", err)
		if b := r.balance(); b.Available != 80 {
			t.Errorf("%d credits are left, want 80", b.Available)
		}
	})
}

// foretelling is an engine that knows how far photos are enlarged.
type foretelling struct {
	drawing
	list       []engine.Enlargement
	generative bool
}

func (f foretelling) Info() engine.Info { return engine.Info{Generative: f.generative} }

func (f foretelling) Enlargements(engine.Plan) ([]engine.Enlargement, error) { return f.list, nil }

func checkCodes(list []kinpict.Check) (out []string) {
	for _, c := range list {
		out = append(out, c.Code)
		if c.Message == "" || c.Help == "" {
			out = append(out, "without words")
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestPreflightTellsBeforeAnythingIsCharged(t *testing.T) {
	face := []kinpict.Face{{X: 0.5, Y: 0.5, Size: 0.3}}
	for _, c := range []struct {
		name   string
		photos []kinpict.Photo
		change func(*kinpict.Request)
		engine foretelling
		take   kinpict.Credits
		ok     bool
		advice string
		words  string
	}{
		{name: "all is well", photos: []kinpict.Photo{{Faces: face}, {Faces: face}}, ok: true},
		{name: "nobody is found", photos: []kinpict.Photo{{}, {}}, ok: true, advice: "nobody_found"},
		{name: "a pet needs no face", photos: []kinpict.Photo{{}, {}}, change: func(q *kinpict.Request) { q.Photos[1].Role = "pet" }, ok: true},
		{name: "one photo twice", photos: []kinpict.Photo{{SHA256: "x", Faces: face}, {SHA256: "x", Faces: face}}, ok: true, advice: "duplicates"},
		{name: "near copies", photos: []kinpict.Photo{{ID: "pho_a", Faces: face}, {Faces: face, Checks: []kinpict.Check{{Code: "near", Photo: "pho_a"}}}}, ok: true, advice: "duplicates"},
		{name: "six photos", photos: []kinpict.Photo{{Faces: face}, {}, {}, {}, {}, {}}, ok: true, advice: "crowded_when_small"},
		{name: "too small for enhanced", photos: []kinpict.Photo{{Faces: face}}, change: func(q *kinpict.Request) { q.Quality = "enhanced" },
			engine: foretelling{list: []engine.Enlargement{{Standard: 1.4, Enhanced: 2.8, Main: true}}}, ok: true, advice: "no_gain_from_enhanced"},
		{name: "the same in standard", photos: []kinpict.Photo{{Faces: face}},
			engine: foretelling{list: []engine.Enlargement{{Standard: 1.4, Enhanced: 2.8, Main: true}}}, ok: true},
		{name: "too small for either", photos: []kinpict.Photo{{Faces: face}},
			engine: foretelling{list: []engine.Enlargement{{Standard: 2.6, Enhanced: 5.2, Main: true}}}, ok: true, advice: "small_for_its_place"},
		{name: "forbidden words", photos: []kinpict.Photo{{Faces: face}}, change: func(q *kinpict.Request) { q.Instruction = "nude" }, words: "nudity"},
		{name: "a forbidden name", photos: []kinpict.Photo{{Faces: face}}, change: func(q *kinpict.Request) { q.Photos[0].Label = "Hitler" }},
		{name: "the studio cannot", photos: []kinpict.Photo{{Faces: face}}, change: func(q *kinpict.Request) { q.Instruction = `"Us" put us on the moon` }, ok: true, words: "studio_place"},
		{name: "a model can", photos: []kinpict.Photo{{Faces: face}}, change: func(q *kinpict.Request) { q.Instruction = `"Us" put us on the moon` },
			engine: foretelling{generative: true}, ok: true},
		{name: "too few credits", photos: []kinpict.Photo{{Faces: face}}, take: 78},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				r := newRoom(t, db, clock, nil)
				r.Engines = c.engine
				req := r.request()
				req.Photos, req.Instruction = nil, `"Us"`
				for i, p := range c.photos {
					if p.ID == "" {
						p.ID = r.IDs.New(kinpict.PhotoPrefix)
					}
					if p.SHA256 == "" {
						p.SHA256 = p.ID
					}
					p.Owner, p.Key, p.ThumbKey, p.SourceSHA256 = r.ann.AccountID, p.ID, p.ID+"t", string(rune('a'+i))
					p.Width, p.Height, p.Bytes, p.ExpiresAt = 800, 1000, 1, clock.Now().Add(time.Hour)
					r.update(func(tx *store.Tx) error { _, err := tx.AddPhoto(p); return err })
					req.Photos = append(req.Photos, kinpict.PhotoUse{ID: p.ID})
				}
				if c.change != nil {
					c.change(&req)
				}
				if c.take > 0 {
					r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", c.take, "test", "test", "") })
				}
				got, err := r.Preflight(context.Background(), r.ann, req)
				if err != nil {
					t.Fatal(err)
				}
				if got.OK != c.ok {
					t.Errorf("ok is %v", got.OK)
				}
				if s := strings.Join(checkCodes(got.Advice), " "); s != c.advice {
					t.Errorf("advice %q, want %q", s, c.advice)
				}
				var words []string
				for _, f := range got.Findings {
					words = append(words, f.Code)
				}
				if s := strings.Join(words, " "); s != c.words {
					t.Errorf("findings %q, want %q", s, c.words)
				}
				cost := map[string]kinpict.Credits{"standard": 4, "enhanced": 9}[req.Quality]
				left := 80 - c.take
				if got.Credits != cost || got.Available != left || got.LeftAfter != max(0, left-cost) || got.Shortfall != max(0, cost-left) {
					t.Errorf("it takes %d of %d, leaves %d, lacks %d", got.Credits, got.Available, got.LeftAfter, got.Shortfall)
				}
				if len(got.Photos) != len(c.photos) || got.Pace != "framed" {
					t.Errorf("%d photos at pace %q", len(got.Photos), got.Pace)
				}
				if b := r.balance(); b.Available != left {
					t.Errorf("%d credits are left, want %d", b.Available, left)
				}
			})
		})
	}
}

func TestPreflightRefusesWhatCouldNotBeSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		others := r.addPhotos("acc_other", 1)
		for name, c := range map[string]struct {
			caller kinpict.Caller
			change func(*kinpict.Request)
			code   kinpict.Code
		}{
			"nobody":                {kinpict.Caller{}, func(*kinpict.Request) {}, kinpict.Unauthenticated},
			"somebody else's photo": {r.ann, func(q *kinpict.Request) { q.Photos = others }, kinpict.Invalid},
			"no such quality":       {r.ann, func(q *kinpict.Request) { q.Quality = "best" }, kinpict.Invalid},
			"no such scenario":      {r.ann, func(q *kinpict.Request) { q.Scenario = "moon" }, kinpict.Invalid},
		} {
			req := r.request()
			c.change(&req)
			if _, err := r.Preflight(context.Background(), c.caller, req); kinpict.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
	})
}
