package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"kinpict"
)

// From the press to the picture, by a person who reads the words in between.
func TestWordsAPersonReads(t *testing.T) {
	h := open(t)
	h.studio.SafetyHold = true
	staff := kinpict.Caller{AccountID: "acc_staff", Role: kinpict.Support}
	ann, ben := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	h.clock.Advance(time.Second) // the newest mail is his
	ben.signIn("ben@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	words := func(b *browser, text, do string) page {
		t.Helper()
		f := b.get("/create").form(t)
		if len(f["photo"]) == 0 {
			b.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
			f = b.get("/create").form(t)
		}
		f.Set("do", do)
		f.Set("instruction", text)
		f.Set("consent", "yes")
		return b.upload("/create", f)
	}
	decide := func(id, decision, note string) {
		t.Helper()
		if _, err := h.studio.Decide(t.Context(), staff, id[len("/held/"):], decision, note); err != nil {
			t.Fatal(err)
		}
	}

	held := words(ann, "Grandpa and the coffin he built", "make").to(t, "/held/hld_")
	ann.get(held).want(t, 200, "A person is looking at this", "<q>coffin</q>", "Nobody opens your photos", "your credits are not taken", held+"/withdraw", "Change the words")
	if again := words(ann, "Grandpa and the coffin he built", "make").to(t, "/held/"); again != held {
		t.Errorf("the same words wait twice, as %s and %s", held, again)
	}
	ann.post(held, url.Values{}).to(t, held) // nothing to press yet
	ann.get("/create?held="+held[len("/held/"):]).want(t, 200, "Grandpa and the coffin he built")
	ann.get("/generations").want(t, 200, `href="`+held+`"`, "A person is looking at this")
	ann.get("/credits").want(t, 200, "80")
	ben.get(held).want(t, 404)
	ben.post(held+"/withdraw", url.Values{}).want(t, 404)
	h.browser().post(held+"/withdraw", url.Values{}).to(t, "/sign-in?next=%2Fheld%2F")

	decide(held, kinpict.HoldApproved, "He <did> build it")
	ann.get(held).want(t, 200, "You can go on", "He <did> build it", "Make picture, 4 credits", "Left after this")
	ann.get("/generations").want(t, 200, "You can go on")
	made := ann.post(held, url.Values{"catalog_version": {"1"}}).to(t, "/generations/gen_")
	ann.get(made).want(t, 200, "4 credits taken")
	ann.get(held).want(t, 200, "This picture has been made", made)
	ann.post(held+"/withdraw", url.Values{}).to(t, held)

	refused := words(ann, "A coffin of snow", "make").to(t, "/held/hld_")
	decide(refused, kinpict.HoldRefused, "")
	ann.get(refused).want(t, 200, "This picture is not made as it is worded", "These words can be read in a way that is not made here.", "Nothing was taken", "Change the words")
	ann.post(refused, url.Values{"catalog_version": {"1"}}).to(t, refused)
	ann.get("/generations").want(t, 200, "Not made as it is worded")
	// The same words do not go to another reader.
	ann.post(refused+"/withdraw", url.Values{}).to(t, refused)
	words(ann, "A coffin of snow", "make").to(t, refused)

	// A failed one is read before it is tried again.
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	ann.get(made).want(t, 200, "This one didn’t come out")
	ann.post(made+"/retry", url.Values{"key": {"again"}, "catalog_version": {"1"}}).to(t, "/generations/gen_") // these words were read

	// A guest's preview is refused at its words, with a way out.
	guest := h.browser()
	words(guest, "A coffin of snow", "preview").want(t, 422, "“coffin”", "sign in: then a person reads them first")
	ann.get("/policies/acceptable-use").want(t, 200, "a person of ours reads them")
	h.studio.SafetyHold = false
	if p := ann.get("/policies/acceptable-use"); p.StatusCode != 200 || strings.Contains(p.text, "a person of ours reads them") {
		t.Error("the policy tells of people who read, and nobody does")
	}
}

func TestARequestThatWaitsForCreditsIsTakenBack(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("do", "make")
	f.Set("consent", "yes")
	ann.upload("/create", f).want(t, 422)
	held := ann.upload("/create", f).to(t, "/held/hld_")
	ann.get("/generations").want(t, 200, held, "Waits for credits")
	ann.get(held).want(t, 200, "Take this request back")
	ann.post(held+"/withdraw", url.Values{}).to(t, "/generations?withdrawn=1")
	ann.buy("").want(t, 200, "80 credits added")
	ann.post(held, url.Values{"catalog_version": {"1"}}).want(t, 404, "You took it back")
	if p := ann.get("/generations"); strings.Contains(p.text, held) {
		t.Error("it is listed still")
	}
}
