package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kinpict/internal/scenario"
	"kinpict/internal/web"
)

// script asks as the page's script does, in a language, and returns the answer.
func (b *browser) script(method, path, language string, form url.Values) (status int, answer map[string]any) {
	b.Helper()
	r, err := http.NewRequest(method, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	for k, v := range map[string]string{"Origin": b.url, "Accept": "application/json", "Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"} {
		r.Header.Set(k, v)
	}
	res, err := b.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		b.Fatalf("%s %s answers %d: %v", method, path, res.StatusCode, err)
	}
	return res.StatusCode, answer
}

// Two tabs of one person show the tool. What either changes stays, and of one
// field the last word wins.
func TestTwoTabsLoseNothingOfEachOther(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without"}[scripts], func(t *testing.T) {
			ann := open(t).browser()
			ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
			one, two := ann.get("/create").form(t), ann.get("/create").form(t)
			one.Set("scenario", scenario.Builtin().All()[0].ID) // as it is shown
			keep := func(f url.Values) {
				if !scripts {
					ann.post("/create/draft", f).want(t, 204)
					return
				}
				status, answer := ann.script("POST", "/create/draft", "en", f)
				if status != 200 {
					t.Fatalf("a draft is answered %d", status)
				}
				f.Set("seen", answer["seen"].(string))
			}
			two.Set("scenario", "beach")
			two.Set("title", "Us")
			ann.upload("/create/photos", two, snapshot(t, 2)).to(t, "/create")
			one.Set("instruction", "At the lake")
			one.Set("label-"+one.Get("photo"), "Nana")
			keep(one)
			p := ann.get("/create").want(t, 200, "At the lake", `value="Nana"`, `value="beach" checked`, `value="Us"`)
			if n := len(p.form(t)["photo"]); n != 2 {
				t.Fatalf("%d photos are kept, want 2", n)
			}
			two.Set("instruction", "At the sea")
			keep(two)
			ann.get("/create").want(t, 200, "At the sea", `value="Nana"`)
			one.Set("mood", "calm")
			keep(one)
			if scripts { // whose page knows that it sent its own words before
				ann.get("/create").want(t, 200, "At the sea", `value="calm" selected`)
			}

			// What is sent is what that page shows; what it does not show stays.
			one.Set("do", "preview")
			ann.upload("/create", one).to(t, "/generations/gen_")
			left := ann.get("/create").form(t)
			if n := len(left["photo"]); n != 2 || left["photo"][1] == one.Get("photo") {
				t.Errorf("after the other tab's press the tool holds %v", left["photo"])
			}
		})
	}
}

// The script learns what changed while the person was in another tab.
func TestATabLearnsWhatChangedMeanwhile(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	state := func() (seen, now string) {
		t.Helper()
		status, answer := ann.script("GET", "/create/draft", "en", nil)
		if status != 200 {
			t.Fatalf("the state is answered %d", status)
		}
		return answer["seen"].(string), answer["now"].(string)
	}
	f := ann.get("/create").form(t)
	seen, now := state()
	if seen != f.Get("seen") {
		t.Errorf("a page just shown has the mark %q, the draft %q", f.Get("seen"), seen)
	}
	f.Set("instruction", "At the lake")
	f.Set("aspect", "4:5")
	_, answer := ann.script("POST", "/create/draft", "en", f)
	if seen, _ = state(); seen != answer["seen"] {
		t.Errorf("after its own change the page has the mark %q, the draft %q", answer["seen"], seen)
	}
	ann.upload("/create/photos", url.Values{}, snapshot(t, 2)).to(t, "/create")
	if other, _ := state(); other == seen {
		t.Error("another tab's photo changes nothing")
	}
	if _, same := state(); same != now {
		t.Errorf("nothing was bought, and %q became %q", now, same)
	}
	ann.buy("").want(t, 200, "80 credits added")
	if _, bought := state(); bought == now {
		t.Error("credits bought in another tab change nothing")
	}
	if status, _ := h.browser().script("GET", "/create/draft", "en", nil); status != 200 {
		t.Errorf("a stranger's state is answered %d", status)
	}
}

// One photo that is too large, or one too many, takes neither the others nor the words along.
func TestPhotosThatDoNotFitTakeNothingAlong(t *testing.T) {
	large := bytes.Repeat([]byte{0xff}, 20<<20+1)
	for _, c := range []struct {
		name   string
		files  func(*testing.T) [][]byte
		status int
		says   string
		photos int
	}{
		{"too large", func(t *testing.T) [][]byte { return [][]byte{snapshot(t, 1), large, snapshot(t, 2)} }, 413, "larger than 20", 2},
		{"too many", func(t *testing.T) (out [][]byte) {
			for n := range 10 {
				out = append(out, snapshot(t, uint8(n)))
			}
			return out
		}, 422, "A picture takes up to 8 photos. Remove one to add another.", 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			ann := open(t).browser()
			f := ann.get("/create").form(t)
			f.Set("instruction", "At the lake")
			ann.upload("/create/photos", f, c.files(t)...).want(t, c.status, c.says, "At the lake", `id="tool"`)
			if n := len(ann.get("/create").want(t, 200, "At the lake").form(t)["photo"]); n != c.photos {
				t.Errorf("%d photos are kept, want %d", n, c.photos)
			}
		})
	}
}

// Who has to wait for a place to upload has their words kept, and may try again.
func TestWordsAreKeptWhileUploadsWait(t *testing.T) {
	ann := open(t, (*web.Site).Crowd).browser()
	f := ann.get("/create").form(t)
	f.Set("instruction", "At the lake")
	for _, path := range []string{"/create/photos", "/create"} {
		f.Set("do", "preview")
		p := ann.upload(path, f, snapshot(t, 1)).want(t, 429, "At the lake", `id="tool"`, "Problem:")
		if p.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to try again", path)
		}
	}
	ann.get("/create").want(t, 200, "At the lake")
}

// Without scripts the page comes back where the person was.
func TestAfterRemovingAPhotoThePageIsBesideIt(t *testing.T) {
	ann := open(t).browser()
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1), snapshot(t, 2), snapshot(t, 3)).to(t, "/create")
	f := ann.get("/create").form(t)
	ids := f["photo"]
	for _, c := range []struct{ remove, at string }{{ids[1], "card-" + ids[2]}, {ids[2], "card-" + ids[0]}, {ids[0], "people"}} {
		p := ann.get("/create")
		to, err := ann.upload("/create/photos/"+c.remove+"/delete", p.form(t)).want(t, 303).Location()
		if err != nil || to.Fragment != c.at {
			t.Errorf("removing %s leads to #%s, want #%s", c.remove, to.Fragment, c.at)
		}
		if at := ann.get("/create"); !strings.Contains(at.text, `id="`+c.at+`"`) {
			t.Errorf("there is nothing at #%s", c.at)
		}
	}
}

// The script shows what it is answered, so it is answered in the page's language.
func TestTheScriptIsAnsweredInItsLanguage(t *testing.T) {
	ann := open(t).browser()
	f := url.Values{"scenario": {"beach"}, "quality": {"standard"}, "season": {"autumn"}, "title": {"Wir"}, "do": {"words"}}
	if _, answer := ann.script("POST", "/create", "de", f); answer["instruction"] != `"Wir" Das Motiv ist ein Sommer am Meer. Die Jahreszeit ist der Herbst, mit goldenem Laub.` {
		t.Errorf("the words are %q", answer["instruction"])
	}
	f.Set("instruction", strings.Repeat("ä", 40000))
	status, answer := ann.script("POST", "/create/draft", "de", f)
	if status != 422 || answer["detail"] != "Das ist zu lang, um es aufzuheben." {
		t.Errorf("what is far too long is answered %d, %q", status, answer["detail"])
	}
}
