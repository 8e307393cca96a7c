package api_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
	"kinpict/internal/wording"
)

func TestForbiddenWordsAreAProblemAndChargeNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRig(t, db, clock)
		ann := r.person("ann")
		r.pay(r.credits(ann))
		ctx := context.Background()
		req := r.ask(ann)
		req.Instruction = "everyone s.e.x.y"
		_, err := ann.Generate(ctx, "k1", req)
		e := r.refused("forbidden words", err, kinpict.ContentNotAllowed)
		if e != nil && (e.Hint == "" || e.Message == "") {
			t.Errorf("the problem says %+v", e)
		}
		_, err = ann.Preview(ctx, "k2", req)
		r.refused("forbidden words in a preview", err, kinpict.ContentNotAllowed)
		r.available(ann, 80)

		p, err := ann.Check(ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		if p.OK || len(p.Instruction.Findings) != 1 || p.Instruction.Findings[0].Code != "sexual" || p.Instruction.Findings[0].Words != "s.e.x.y" || p.Instruction.Findings[0].At != 9 {
			t.Errorf("the preflight says %+v", p)
		}
		req.Instruction = `"Us"`
		if p, err = ann.Check(ctx, req); err != nil || !p.OK || p.Credits != 4 || p.Available != 80 || p.LeftAfter != 76 || len(p.Photos) != len(req.Photos) {
			t.Errorf("the preflight of a good request says %+v, %v", p, err)
		}
		r.available(ann, 80)
		// The refused key is still good for a request that may be made.
		if _, err := ann.Generate(ctx, "k1", req); err != nil {
			t.Errorf("the same key with other words: %v", err)
		}
	})
}

func TestInstructionsAreComposed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRig(t, db, clock)
		nobody := r.guest()
		ctx := context.Background()
		got, err := nobody.Compose(ctx, client.Wish{Scenario: "beach", Season: "summer", Title: "Us", Words: "our dog in front",
			Photos: []client.WishPhoto{{Role: "grandparent", People: 2}, {Role: "child"}, {Role: "pet"}}})
		if err != nil {
			t.Fatal(err)
		}
		const want = `"Us" The picture shows two grandparents, a child and a dog. Make it a summer by the sea. The season is summer, with warm bright light. our dog in front`
		if got.Instruction != want || len(got.Findings) != 0 {
			t.Errorf("got %q, %+v\nwant %q", got.Instruction, got.Findings, want)
		}
		_, err = nobody.Compose(ctx, client.Wish{Scenario: "moon"})
		r.refused("no such scenario", err, kinpict.Invalid)
		_, err = nobody.Compose(ctx, client.Wish{Mood: "grim"})
		r.refused("no such mood", err, kinpict.Invalid)
	})
}

// The choices of the API are those of the helper.
func TestTheAPIOffersTheHelpersChoices(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	b, err := os.ReadFile("openapi.json")
	if err == nil {
		err = json.Unmarshal(b, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	for field, list := range map[string][]wording.Choice{"season": wording.Seasons, "clothing": wording.Clothing, "mood": wording.Moods} {
		if got := doc.Components.Schemas["Wish"].Properties[field].Enum; !slices.Equal(got, wording.IDs(list)) {
			t.Errorf("%s is one of %s, want %s", field, strings.Join(got, ", "), strings.Join(wording.IDs(list), ", "))
		}
	}
}
