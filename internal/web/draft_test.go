package web_test

import (
	"net/url"
	"strings"
	"testing"
)

// Starting fresh leaves nothing of the draft, and nothing of anybody else's.
func TestStartFresh(t *testing.T) {
	h := open(t)
	ann, bob := h.browser(), h.browser()
	for _, b := range []*browser{ann, bob} {
		if strings.Contains(b.get("/create").want(t, 200).text, "/create/fresh") {
			t.Error("an empty page offers to start fresh")
		}
		b.upload("/create/photos", url.Values{"scenario": {"beach"}, "quality": {"enhanced"}, "instruction": {"At the lake"}, "title": {"Us"}}, snapshot(t, 1)).to(t, "/create")
	}
	f := ann.get("/create").want(t, 200, `action="/create/fresh"`, "At the lake").form(t)
	ann.post("/create/fresh", nil).to(t, "/create")
	p := ann.get("/create").want(t, 200)
	if strings.Contains(p.text, "At the lake") || strings.Contains(p.text, f.Get("photo")) || strings.Contains(p.text, `value="Us"`) || strings.Contains(p.text, "/create/fresh") {
		t.Error("something of the draft is still there")
	}
	ann.post("/create/draft", f).want(t, 204)
	if strings.Contains(ann.get("/create").text, "Photo 1") {
		t.Error("the photo is still kept")
	}
	ann.post("/create/fresh", nil).to(t, "/create")
	bob.get("/create").want(t, 200, "At the lake", `value="Us"`)
	ann.post("/create/fresh", nil).to(t, "/create") // twice is as good
}

// A photo that a request waits with stays when its draft is thrown away.
func TestStartFreshLeavesWhatARequestNeeds(t *testing.T) {
	ann := open(t).browser()
	ann.signIn("ann@example.com")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("do", "make")
	held := ann.upload("/create", f).want(t, 422, "/held/hld_")
	at := held.text[strings.Index(held.text, "/held/hld_"):]
	at = at[:strings.Index(at, `"`)]
	ann.post("/create/fresh", nil).to(t, "/create")
	ann.get(at).want(t, 200, f.Get("photo"))
}

// Photos that came before are told apart by what the person wrote beside them.
func TestPhotosAreCalledByTheirLabels(t *testing.T) {
	ann := open(t).browser()
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1), snapshot(t, 2)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("label-"+f["photo"][1], "Nana")
	f.Del("consent")
	f.Set("do", "preview")
	ann.upload("/create", f).want(t, 422, `alt="Photo 1"`, `alt="Photo 2, Nana"`, `aria-label="Remove Photo 2, Nana"`)
}

// The pack in the frame has the button that stands out.
func TestTheFramedPackStandsOut(t *testing.T) {
	cards := strings.Split(open(t).browser().get("/pricing").want(t, 200).text, `<section class="card pack`)[1:]
	framed := 0
	for _, c := range cards {
		best := strings.HasPrefix(c, " best")
		if best {
			framed++
		}
		if quiet := strings.Contains(c[:strings.Index(c, "</form>")], "btn big wide quiet"); quiet == best {
			t.Errorf("framed: %t, quiet button: %t", best, quiet)
		}
	}
	if framed != 1 {
		t.Errorf("%d packs are framed, want 1", framed)
	}
}
