package web

import (
	"strconv"
	"time"

	"kinpict"
	"kinpict/internal/generation"
)

// pictureSpecimens are the pages of a picture, of the wall, and of a request
// that waits, in every state.
func pictureSpecimens(guest, ann, poor Page, scenes []Scene, cards []Card, shop []Pack) map[string]specimen {
	say := guest.language()
	paid, free := kinpict.FundedByCredits, kinpict.FundedByPreview
	some := generation.Estimate{Low: 5 * time.Second, High: 12 * time.Second, From: 20, Ahead: 2}
	slow := generation.Estimate{Low: 100 * time.Second, High: 4 * time.Minute, From: 20}
	picture := func(p Page, g kinpict.Generation, e generation.Estimate) GenerationView {
		g.ID, g.Owner, g.CreatedAt, g.FinishedAt, g.DeadlineAt = "gen_1", kinpict.AccountPrefix+"1", someDay, someDay.Add(2*time.Minute), someDay.Add(10*time.Minute)
		g.Request = kinpict.Request{Quality: kinpict.Standard, Scenario: "autumn"}
		v := generationView(p, &g, scenes[1], e, someDay.Add(74*time.Second))
		v.Sources, v.Cost, v.Key = cards, 4, "key_2"
		return v
	}
	image := &kinpict.Image{ContentType: "image/png", Width: 1536, Height: 1920, Bytes: 3_140_000}
	wide := &kinpict.Image{ContentType: "image/jpeg", Width: 3072, Height: 2048, Bytes: 1_800_000}
	ready := func(im *kinpict.Image, f func(*GenerationView)) specimen {
		v := picture(ann, kinpict.Generation{Funding: paid, Status: kinpict.Succeeded, Credits: 4, Image: im}, generation.Estimate{})
		if f != nil {
			f(&v)
		}
		return specimen{"generation", v}
	}
	links := []Share{{"shr_1", someDay, say.Say("Opened %d times", 0)}, {"shr_2", someDay, say.Say("Opened %d times", 2)}}
	nana := gone(say, []kinpict.PhotoUse{{ID: "pho_9", Role: "grandparent"}}, cards)
	failed := func(p Page, pays kinpict.Funding, why kinpict.FailureCode, f func(*GenerationView)) specimen {
		g := kinpict.Generation{Funding: pays, Status: kinpict.Failed, Failure: why}
		if pays == paid {
			g.Credits, g.Returned = 4, 4
		}
		v := picture(p, g, generation.Estimate{})
		if f != nil {
			f(&v)
		}
		return specimen{"generation", v}
	}
	working := func(p Page, pays kinpict.Funding, status kinpict.Status, step string, e generation.Estimate, f func(*GenerationView)) specimen {
		g := kinpict.Generation{Funding: pays, Status: status, Step: step}
		if pays == paid {
			g.Credits = 4
		}
		v := picture(p, g, e)
		if f != nil {
			f(&v)
		}
		return specimen{"generation", v}
	}
	tiles := []Tile{
		tile(say, &kinpict.Generation{ID: "gen_4", Status: kinpict.Queued, Request: kinpict.Request{Quality: kinpict.Standard}, CreatedAt: someDay}, scenes[3].Title),
		tile(say, &kinpict.Generation{ID: "gen_3", Status: kinpict.Running, Step: "composing", Request: kinpict.Request{Quality: kinpict.Standard}, CreatedAt: someDay}, scenes[2].Title),
		tile(say, &kinpict.Generation{ID: "gen_1", Status: kinpict.Succeeded, Image: image, Favourite: true, Request: kinpict.Request{Quality: kinpict.Standard}, CreatedAt: someDay}, scenes[1].Title),
		tile(say, &kinpict.Generation{ID: "gen_5", Status: kinpict.Succeeded, Image: wide, Request: kinpict.Request{Quality: kinpict.Enhanced}, CreatedAt: someDay}, scenes[0].Title),
		tile(say, &kinpict.Generation{ID: "gen_2", Status: kinpict.Failed, Returned: 9, Request: kinpict.Request{Quality: kinpict.Enhanced}, CreatedAt: someDay}, scenes[2].Title),
		tile(say, &kinpict.Generation{ID: "gen_6", Status: kinpict.Failed, Funding: free, CreatedAt: someDay}, scenes[0].Title),
		tile(say, &kinpict.Generation{ID: "gen_7", Status: kinpict.Canceled, Returned: 4, Request: kinpict.Request{Quality: kinpict.Standard}, CreatedAt: someDay}, scenes[3].Title),
	}
	wall := func(f func(*GenerationsView)) specimen {
		v := GenerationsView{Page: ann}
		f(&v)
		return specimen{"generations", v}
	}
	held := func(f func(*HeldView)) specimen {
		v := HeldView{Page: ann, ID: "hld_1", Scene: scenes[0], Quality: qualityName(say, kinpict.Standard), Instruction: "At the lake", Sources: cards, Cost: 4, Left: 32,
			CatalogVersion: 3, ExpiresAt: someDay}
		f(&v)
		return specimen{"held", v}
	}
	checkout := func(state string, f func(*CheckoutView)) specimen {
		v := CheckoutView{Page: ann, ID: "pur_1", Credits: 80, State: state, Bill: billOf(&kinpict.Purchase{Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"}})}
		v.Title = paying(say, state)
		if f != nil {
			f(&v)
		}
		return specimen{"checkout", v}
	}
	m := map[string]specimen{
		"generation queued":       working(ann, paid, kinpict.Queued, "accepted", some, nil),
		"generation queued, next": working(ann, paid, kinpict.Queued, "accepted", generation.Estimate{}, func(v *GenerationView) { v.Notify = true }),
		"generation running":      working(ann, paid, kinpict.Running, "composing", some, nil),
		"generation slow":         working(ann, paid, kinpict.Running, "finishing", slow, func(v *GenerationView) { v.Notify = true }),
		"generation late":         working(ann, paid, kinpict.Running, "saving", generation.Estimate{From: 9, Late: true}, nil),
		"generation, too late": working(ann, paid, kinpict.Running, "reading_photos", some, func(v *GenerationView) {
			v.Notice = &Notice{say.Told("It is being made already."), say.Told("Canceling is possible only while a picture waits for its turn.")}
		}),
		"preview queued":         working(guest, free, kinpict.Queued, "accepted", some, nil),
		"preview running":        working(guest, free, kinpict.Running, "finishing", some, nil),
		"preview late":           working(guest, free, kinpict.Running, "composing", generation.Estimate{From: 9, Late: true}, nil),
		"generation ready":       ready(image, nil),
		"generation ready, wide": ready(wide, nil),
		"generation shared": ready(image, func(v *GenerationView) {
			v.Results.NewLink, v.Results.Favourite, v.Results.Shares = "https://kinpict.example/s/abc", true, links
		}),
		"generation, full of links": ready(image, func(v *GenerationView) {
			v.Gone, v.Results.Shares, v.Notice = nana, links, &Notice{say.Say("It is being made already."), say.Say("Nothing was made.")}
		}),
		"generation failed, dearer":   failed(ann, paid, kinpict.FailedEngine, func(v *GenerationView) { v.Changed, v.Cost = &Change{4, 5}, 5 }),
		"generation failed, short":    failed(poor, paid, kinpict.FailedStorage, func(v *GenerationView) { v.Short = true }),
		"generation failed, photos":   failed(ann, paid, kinpict.FailedPhotos, func(v *GenerationView) { v.Gone = nana }),
		"generation failed, in dark":  failed(dark(ann), paid, kinpict.FailedEngine, nil),
		"generation running, in dark": working(dark(ann), paid, kinpict.Running, "composing", some, nil),
		"generation canceled": {"generation", picture(ann, kinpict.Generation{Funding: paid, Status: kinpict.Canceled, Credits: 1, Returned: 1},
			generation.Estimate{})},
		"preview ready, guest":     {"generation", picture(guest, kinpict.Generation{Funding: free, Status: kinpict.Succeeded, Image: image}, generation.Estimate{})},
		"preview ready, signed in": {"generation", picture(ann, kinpict.Generation{Funding: free, Status: kinpict.Succeeded, Image: image}, generation.Estimate{})},
		"preview failed":           failed(guest, free, kinpict.FailedEngine, nil),
		"preview canceled":         {"generation", picture(guest, kinpict.Generation{Funding: free, Status: kinpict.Canceled}, generation.Estimate{})},

		"generations empty, guest":                   {"generations", GenerationsView{Page: guest}},
		"generations empty, account":                 wall(func(v *GenerationsView) {}),
		"favourites empty":                           wall(func(v *GenerationsView) { v.Favourites = true }),
		"generations, last page":                     wall(func(v *GenerationsView) { v.Later = true }),
		"favourites, older":                          wall(func(v *GenerationsView) { v.Favourites, v.Later, v.Next, v.Items = true, true, "c", tiles[2:3] }),
		"generations after deleting":                 wall(func(v *GenerationsView) { v.Deleted = true }),
		"generations after a request was taken back": wall(func(v *GenerationsView) { v.Withdrawn, v.Items = true, tiles[2:] }),
		"generations, requests wait": wall(func(v *GenerationsView) {
			v.Items = tiles[2:]
			for i, state := range []string{"credits", "looking", "approved", "refused"} {
				h := &kinpict.HeldRequest{ID: "hld_" + strconv.Itoa(i), Request: kinpict.Request{Quality: kinpict.Standard}, CreatedAt: someDay}
				v.Waits = append(v.Waits, waitingLine(say, h, scenes[i].Title, state))
			}
		}),
		"generations, nothing but a request": wall(func(v *GenerationsView) {
			v.Waits = []Held{waitingLine(say, &kinpict.HeldRequest{ID: "hld_1", Request: kinpict.Request{Quality: kinpict.Enhanced}, CreatedAt: someDay}, scenes[1].Title, "looking")}
		}),
		"generations":              wall(func(v *GenerationsView) { v.Next, v.Items = "c", tiles[2:] }),
		"generations on their way": wall(func(v *GenerationsView) { v.Working, v.Items = 2, tiles }),

		"held": held(func(*HeldView) {}),
		"held short": held(func(v *HeldView) {
			v.Page, v.Shortfall, v.Packs, v.Debt = poor, 1, shop, 2
		}),
		"held dearer":        held(func(v *HeldView) { v.Changed, v.Cost = &Change{Was: 4, Now: 5}, 5 }),
		"held cheaper":       held(func(v *HeldView) { v.Changed = &Change{Was: 5, Now: 4} }),
		"held, a photo gone": held(func(v *HeldView) { v.Gone = nana }),
		"held, looked at": held(func(v *HeldView) {
			v.State, v.Doubts, v.Title = "looking", []string{"coffin", "hanging from the ceiling"}, waitingTitle(say, "looking")
		}),
		"held, looked at, poor and a photo gone": held(func(v *HeldView) {
			v.Page, v.State, v.Gone, v.Shortfall, v.Packs = poor, "looking", nana, 1, shop
		}),
		"held, approved":        held(func(v *HeldView) { v.State = "approved" }),
		"held, approved, noted": held(func(v *HeldView) { v.State, v.Note = "approved", "A lovely idea.\nEnjoy it." }),
		"held, approved, short": held(func(v *HeldView) { v.Page, v.State, v.Shortfall, v.Packs = poor, "approved", 1, shop }),
		"held, approved, dearer": held(func(v *HeldView) {
			v.State, v.Changed, v.Cost = "approved", &Change{Was: 4, Now: 5}, 5
		}),
		"held, refused": held(func(v *HeldView) { v.State = "refused" }),
		"held, refused, noted": held(func(v *HeldView) {
			v.State, v.Note = "refused", "Please leave out the coffin: it frightens people who do not know the story."
		}),
		"held done": held(func(v *HeldView) { v.Done = "gen_1" }),
		"held over": held(func(v *HeldView) { v.Over, v.Days = true, 7 }),

		"checkout paid":         checkout("paid", nil),
		"checkout to":           checkout("paid", func(v *CheckoutView) { v.Back = "/create" }),
		"checkout held":         checkout("paid", func(v *CheckoutView) { v.Held = &Waiting{"hld_1", 4, 3} }),
		"checkout wait":         checkout("waiting", func(v *CheckoutView) { v.URL = "https://pay.example/x"; v.Refresh = 4 }),
		"checkout back":         checkout("returned", nil),
		"checkout failed":       checkout("failed", func(v *CheckoutView) { v.Back = "/held/hld_1" }),
		"checkout expired":      checkout("expired", nil),
		"checkout gone":         checkout("gone", func(v *CheckoutView) { v.Page, v.ID = guest, "" }),
		"checkout, all of it":   checkout("paid", func(v *CheckoutView) { v.Bill = fullBill() }),
		"checkout, with a code": checkout("waiting", func(v *CheckoutView) { v.Bill = fullBill() }),
	}
	for _, why := range []kinpict.FailureCode{kinpict.FailedRefused, kinpict.FailedEngine, kinpict.FailedTimeout, kinpict.FailedPhotos, kinpict.FailedStorage,
		kinpict.FailedConfig, kinpict.FailedAttempts} {
		m["generation failed: "+string(why)] = failed(ann, paid, why, nil)
	}
	return m
}

func dark(p Page) Page {
	p.Theme = "dark"
	return p
}
