package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kinpict/internal/web"
)

// The helper works with plain forms: everything stays, and pressing twice is
// pressing once.
func TestTheHelperPutsChoicesIntoWords(t *testing.T) {
	h := open(t)
	b := h.browser()
	b.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := b.get("/create").form(t)
	f.Set("role-"+f["photo"][0], "grandparent")
	f.Set("label-"+f["photo"][0], "Nana")
	f.Set("scenario", "beach")
	f.Set("season", "summer")
	f.Set("mood", "calm")
	f.Set("title", "Us & them")
	f.Set("instruction", "our dog in front")
	f.Set("consent", "yes")
	f.Set("do", "words")
	const words = `"Us & them" The picture shows a grandparent. Make it a summer by the sea. The season is summer, with warm bright light. The mood is calm. our dog in front`
	for range 2 {
		b.upload("/create", f).to(t, "/create")
		b.get("/create").want(t, 200, `value="Nana"`, `value="grandparent" selected`, `value="summer" selected`, `value="calm" selected`, `value="Us & them"`,
			"<details class=\"helper\" open>", ">"+words+"</textarea>")
		f.Set("instruction", words)
	}
}

func TestForbiddenWordsAreExplainedAndNothingIsTaken(t *testing.T) {
	h := open(t)
	b := h.browser()
	b.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := b.get("/create").form(t)
	id := f["photo"][0]
	f.Set("consent", "yes")
	f.Set("instruction", "everyone n u d e at the lake")
	f.Set("do", "check")
	b.upload("/create", f).to(t, "/create")
	b.get("/create").want(t, 200, "<q data-words>n u d e</q>", "Nobody is shown without clothes here.")
	f.Set("do", "preview")
	b.upload("/create", f).want(t, 422, "Problem:", `href="#instruction"`, "“n u d e”: Nobody is shown without clothes here.", "Nothing was charged.", "everyone n u d e at the lake", id)
	f.Set("instruction", `"At the lake"`)
	f.Set("label-"+id, "Hitler")
	b.upload("/create", f).want(t, 422, `href="#label-`+id, `id="label-err-`+id, "Hatred against people")
	f.Set("label-"+id, "Nana")
	b.upload("/create", f).to(t, "/generations/gen_") // the preview was not spent
}

// The page's script gets as JSON what the page would say.
func TestTheScriptIsToldWhatThePageSays(t *testing.T) {
	h := open(t)
	b := h.browser()
	b.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := b.get("/create").form(t)
	f.Set("instruction", "put us on the moon")
	f.Set("title", "Us")
	ask := func(path string) (told struct {
		Instruction string
		web.Told
	}) {
		r, err := http.NewRequest("POST", b.url+path, strings.NewReader(f.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := b.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(&told); err != nil || res.StatusCode != 200 {
			t.Fatalf("%s answers %d, %v", path, res.StatusCode, err)
		}
		return told
	}
	if told := ask("/create/draft"); len(told.Words) != 2 || told.Words[0].Kind != "info" || len(told.Always) != 1 {
		t.Errorf("a draft is told %+v", told)
	}
	f.Set("do", "words")
	if told := ask("/create"); told.Instruction != `"Us" Make it an autumn in the park. put us on the moon` {
		t.Errorf("the words are %q", told.Instruction)
	}
}

// Two photos that are nearly the same are told once, on the card of the later.
func TestNearCopiesAreToldOnTheirCardAlone(t *testing.T) {
	h := open(t)
	b := h.browser()
	b.upload("/create/photos", url.Values{}, snapshot(t, 1), snapshot(t, 2)).to(t, "/create")
	page := b.get("/create").want(t, 200).text
	if n := strings.Count(page, "looks like another photo"); n != 1 || strings.Contains(page, "nearly the same") {
		t.Errorf("told on %d cards, and below: %v", n, strings.Contains(page, "nearly the same"))
	}
}
