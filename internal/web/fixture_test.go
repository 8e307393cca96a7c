package web

import (
	"maps"
	"time"

	"kinpict"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
	"kinpict/internal/provenance"
	"kinpict/internal/scenario"
	"kinpict/internal/wording"
)

// A specimen is a page in one of its states.
type specimen struct {
	page string
	view any
}

var (
	languages = lang.Default()
	english   = lang.English()
)

var someDay = time.Date(2026, 11, 21, 18, 40, 0, 0, time.UTC)

func someScenes(d *dressing, say *lang.Printer) []Scene {
	var out []Scene
	for _, s := range []scenario.Scenario{
		{ID: "gallery", Title: "Gallery wall", Summary: "Frames with mats on a plaster wall.", MinPhotos: 1, MaxPhotos: 8,
			Tips: []string{"One face each is fine"}, Examples: []string{"The Morenos, 2026"}},
		{ID: "autumn", Title: "Autumn, all together", Summary: "Leaves, washes of colour and everyone in them.", MinPhotos: 2, MaxPhotos: 2},
		{ID: "beach", Title: "Beach evening", Summary: "Taped prints over painted sea and sand.", MinPhotos: 1, MaxPhotos: 8},
		{ID: "holiday", Title: "Holiday cards", Summary: "Gold frames, fir and foil lettering.", MinPhotos: 1, MaxPhotos: 8},
	} {
		out = append(out, d.scene(say, s.ID, &s))
	}
	return out
}

// someOperator is one whose words are looked at for what they could break.
var someOperator = Operator{Name: "Müller & <Söhne>", Address: "Lindenweg 3; 48683 Ahaus", Contact: "hello@example.org"}

// specimens are every page in every state it has, in English.
func specimens(d *dressing) map[string]specimen { return specimensIn(d, english) }

// specimensIn are the same in another language.
func specimensIn(d *dressing, say *lang.Printer) map[string]specimen {
	c := kinpict.DefaultCatalog()
	c.Version = 3
	n := 0
	key := func() string { n++; return "key_" + string(rune('a'+n%26)) }
	guest := Page{Path: "/x", Sandbox: true, Outbox: true, Previews: c.Guest.Previews, Languages: languages.All(), say: say}
	ann := guest
	ann.Signed, ann.Email, ann.Available, ann.Private = true, "ann@example.com", 36, true
	dark := ann
	dark.Theme = "dark"
	poor := ann
	poor.Available = 3
	model := guest
	model.Generative = true
	none := guest
	none.Previews = 0
	named := guest
	named.Operator = someOperator

	found := func(r provenance.Report) VerifyView {
		return VerifyView{Page: guest, MaxMegabytes: 20, Found: foundIn(say, &r)}
	}
	scenes := someScenes(d, say)
	cards := []Card{
		{ID: "pho_1", Src: "/api/v1/photos/pho_1/image?thumb=1", Name: "Photo 1", Role: "grandparent", Label: "Nana"},
		{ID: "pho_2", Src: "/api/v1/photos/pho_2/image?thumb=1", Name: "Photo 2", Notes: []Note{{"info", "", "Enough for 14 x 14 cm.", "A larger one prints larger."}, {"warning", "", "This photo is small. Faces may come out soft.", "Use the original."}}},
	}
	shop := packs(say, c, sale{}, key, "/held/hld_1")
	home := func(p Page) HomeView { return homeView(p, c, scenes) }
	create := func(p Page, f func(*CreateView)) CreateView {
		v := CreateView{Page: p, Key: "key_1", CatalogVersion: c.Version, MaxPhotos: kinpict.MaxPhotos, MaxMegabytes: 20,
			MaxInstruction: kinpict.MaxInstruction, Photos: cards, Scenes: scenes, Selected: "autumn", Quality: kinpict.Standard,
			Rates: rates(say, c, p.Available), Begun: true}
		if f != nil {
			f(&v)
		}
		return v
	}
	m := map[string]specimen{
		"home guest": {"home", home(guest)}, "home signed in": {"home", home(ann)}, "home in the dark": {"home", home(dark)}, "home with a model": {"home", home(model)},
		"home without previews": {"home", home(none)},
		"scenarios":             {"scenarios", ScenesView{Page: guest, Scenes: scenes}},
		"scenario":              {"scenario", SceneView{Page: guest, Scene: scenes[0], More: scenes[1:], Rates: rates(say, c, 0)}},
		"scenario, fixed count": {"scenario", SceneView{Page: model, Scene: scenes[1], More: scenes[2:], Rates: rates(say, c, 0)}},
		"pricing guest":         {"pricing", PricingView{Page: guest, Rates: rates(say, c, 0), Packs: packs(say, c, sale{}, key, "/create"), Example: example(say, c, scenes)}},
		"pricing signed in":     {"pricing", PricingView{Page: ann, Rates: rates(say, c, 36), Packs: packs(say, c, sale{}, key, "")}},
		"pricing, no preview":   {"pricing", PricingView{Page: none, Rates: rates(say, c, 0), Packs: packs(say, c, sale{}, key, "")}},

		"pricing with a code":   {"pricing", offered(guest, c, key, "eur", kinpict.Promo{Code: "SPRING-26", Percent: 25, Packs: []string{"credits-80"}})},
		"pricing, extra":        {"pricing", offered(ann, c, key, "usd", kinpict.Promo{Code: "EXTRA20", Bonus: 20})},
		"pricing, no such code": {"pricing", PricingView{Page: guest, Packs: packs(say, c, sale{}, key, ""), Offer: Offer{Typed: "<b>", Fault: say.Told("This code does not work here."), Open: "/checkout/return?id=pur_1"}}},

		"create empty":      {"create", create(guest, func(v *CreateView) { v.Photos = nil })},
		"create guest":      {"create", create(guest, nil)},
		"create spent":      {"create", create(guest, func(v *CreateView) { v.PreviewSpent = true; v.Notice = &Notice{"Used", "Sign in."} })},
		"create signed in":  {"create", create(ann, func(v *CreateView) { v.Consent = true; v.Quality = kinpict.Enhanced })},
		"create short":      {"create", create(poor, func(v *CreateView) { v.OfferPreview = true })},
		"create dearer":     {"create", create(ann, func(v *CreateView) { v.Changed = &Change{4, 5} })},
		"create incomplete": {"create", create(ann, func(v *CreateView) { v.Photos = nil; v.Problems = everyProblem() })},
		"create told": {"create", create(ann, func(v *CreateView) {
			v.Told = Told{Words: []Note{{"refused", "nude", "Not made.", "Say something else."}, {"info", "", "Long.", "Shorten it."}},
				Always: []Note{{"info", "", "Photos 1 and 2 are nearly the same.", "Keep one."}}, Enhanced: []Note{{"warning", "", "Photo 1 is small.", "Choose Standard."}}}
			v.Helper, v.Seasons, v.Clothing, v.Moods = intake.Helper{Season: "winter", Title: "Us"}, wording.Seasons, wording.Clothing, wording.Moods
			v.Photos = append([]Card{}, v.Photos...)
			v.Photos[0].Fault = "Not made."
			v.Problems = []Problem{{"label-pho_1", "Not made."}, {"instruction", "Not made."}}
		})},
		"create held": {"create", create(poor, func(v *CreateView) {
			v.Held = &Shortage{ID: "hld_1", Required: 4, Available: 3, Shortfall: 1, Debt: 2, ExpiresAt: someDay, Packs: shop}
		})},

		"compare":               {"compare", CompareView{Page: ann, ID: "gen_1", Scene: scenes[1], Picture: "/p", Width: 4, Height: 5, Sources: cards, Gone: say.Told("One photo is gone.")}},
		"compare, nothing left": {"compare", CompareView{Page: ann, ID: "gen_1", Scene: scenes[1], Picture: "/p", Width: 4, Height: 5}},
		"shared":                {"shared", SharedView{Page: guest, Picture: "/s/t/picture", Width: 4, Height: 5}},

		"policy credits":   {"policy-credits", PricingView{Page: guest, Rates: rates(say, c, 0), Packs: packs(say, c, sale{}, key, ""), Held: say.Days(7 * 24 * time.Hour)}},
		"policy, no guest": {"policy-credits", PricingView{Page: none, Rates: rates(say, c, 0), Packs: packs(say, c, sale{}, key, ""), Held: say.Days(7 * 24 * time.Hour)}},
		"policy privacy":   {"policy-privacy", PricingView{Page: guest, Retention: retention(say)}},
		"privacy, a model": {"policy-privacy", PricingView{Page: model}},
		"policy terms":     {"policy-terms", PricingView{Page: guest, Rates: rates(say, c, 0), Packs: packs(say, c, sale{}, key, "")}},
		"policy imprint":   {"policy-imprint", PricingView{Page: named}},
		"privacy, named":   {"policy-privacy", PricingView{Page: named, Retention: retention(say)}},
		"terms, named":     {"policy-terms", PricingView{Page: named, Rates: rates(say, c, 0)}},
		"use, named":       {"policy-acceptable-use", PricingView{Page: named}},
		"policy use":       {"policy-acceptable-use", PricingView{Page: guest}},
		"policy use, read": {"policy-acceptable-use", PricingView{Page: guest, Reads: true}},

		"offline":         {"offline", OfflineView{guest}},
		"verify":          {"verify", VerifyView{Page: guest, MaxMegabytes: 20}},
		"verify wrong":    {"verify", VerifyView{Page: guest, MaxMegabytes: 20, Faults: Faults{[]Problem{{"file", say.Told("Choose the picture you want to check.")}}}}},
		"verify ours":     {"verify", found(provenance.Report{Format: "jpeg", State: provenance.Intact, Signer: provenance.Ours, Issuer: "photos.example", Source: provenance.Captured, Note: provenance.Captured, Software: "Kinpict 1", At: someDay, Actions: []string{"c2pa.created"}})},
		"verify altered":  {"verify", found(provenance.Report{Format: "png", State: provenance.Altered, Altered: []string{provenance.PictureBytes}, Signer: provenance.Others, Issuer: "<b>", Note: provenance.Redrawn, Former: []provenance.Former{{State: provenance.Unproven, Signer: provenance.Others, Issuer: "x", Software: "Images 9"}}})},
		"verify unmarked": {"verify", found(provenance.Report{Format: "jpeg", State: provenance.Unmarked})},
	}
	maps.Copy(m, deskSpecimens(guest, ann))
	maps.Copy(m, bookSpecimens(guest, ann, c))
	maps.Copy(m, personSpecimens(guest, ann))
	maps.Copy(m, doorSpecimens(guest))
	maps.Copy(m, pictureSpecimens(guest, ann, poor, scenes, cards, shop))
	maps.Copy(m, failureSpecimens(guest))
	return m
}

func everyProblem() []Problem {
	var out []Problem
	for _, f := range []string{"photo-input", "scenes", "instruction", "consent"} {
		out = append(out, Problem{f, "Something is missing here."})
	}
	return out
}
