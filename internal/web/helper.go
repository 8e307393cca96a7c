package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"kinpict"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
	"kinpict/internal/scenario"
	"kinpict/internal/wording"
)

// A Note is something the create page says about a photo, the words or the
// request. Kind is refused, warning or info, and has an icon each.
type Note struct {
	Kind  string `json:"kind"`
	Words string `json:"words"` // what it is about, if it is about certain words
	Say   string `json:"say"`
	Help  string `json:"help"`
}

// choiceNames are the names of the helper's choices, which package wording keeps
// for all who offer them.
var choiceNames = []string{
	lang.N("Spring"), lang.N("Summer"), lang.N("Autumn"), lang.N("Winter"), lang.N("The holidays"),
	lang.N("As in the photos"), lang.N("Everyday clothes"), lang.N("Festive clothes"), lang.N("Light summer clothes"), lang.N("Warm knitwear"), lang.N("Colours that match"), lang.N("Traditional dress"),
	lang.N("Calm"), lang.N("Cheerful"), lang.N("Warm and close"), lang.N("Festive"), lang.N("Playful"), lang.N("Classic portrait"),
}

// kinds of notes by their severity; what is not here is for information.
var noteKinds = map[string]string{kinpict.Refused: "refused", "warning": "warning"}

func noteKind(severity string) string {
	if k := noteKinds[severity]; k != "" {
		return k
	}
	return "info"
}

// checkNotes are the checks worth a line: what only tells that all is well, such
// as that metadata is gone, stays with the API, and so does that a photo is like
// one that is not in the tool.
func checkNotes(say *lang.Printer, list []kinpict.Check, tool []kinpict.PhotoUse) []Note {
	out := []Note{}
	for _, c := range list {
		if c.Photo != "" && !has(tool, c.Photo) {
			continue
		}
		if c.Help != "" || c.Severity == "warning" {
			out = append(out, Note{noteKind(c.Severity), "", say.Told(c.Message), say.Told(c.Help)})
		}
	}
	return out
}

func wordNotes(say *lang.Printer, list []kinpict.Finding) []Note {
	out := []Note{}
	for _, f := range list {
		out = append(out, Note{noteKind(f.Severity), f.Words, say.Told(f.Message), say.Told(f.Help)})
	}
	return out
}

// A Told is what is known of a draft before anything is pressed.
type Told struct {
	Words    []Note `json:"words"`
	Always   []Note `json:"always"`
	Standard []Note `json:"standard"`
	Enhanced []Note `json:"enhanced"`
}

// An Advised is notes about one quality.
type Advised struct {
	Quality string
	Notes   []Note
}

// ByQuality is the notes that depend on the quality.
func (t Told) ByQuality() []Advised {
	return []Advised{{kinpict.Standard, t.Standard}, {kinpict.Enhanced, t.Enhanced}}
}

// tell looks a draft over. photos are in the order of the request's uses.
func (s *Site) tell(say *lang.Printer, req kinpict.Request, photos []kinpict.Photo) Told {
	a := s.Studio.Advise(req, photos)
	// The later of two that are nearly the same says so on its own card.
	a.Always = slices.DeleteFunc(a.Always, func(c kinpict.Check) bool { return c.Code == "duplicates" })
	return Told{Words: wordNotes(say, s.Studio.Words(req, photos)), Always: checkNotes(say, a.Always, req.Photos),
		Standard: checkNotes(say, a.ByQuality[kinpict.Standard], req.Photos), Enhanced: checkNotes(say, a.ByQuality[kinpict.Enhanced], req.Photos)}
}

// A shelf is the photos somebody has, read when they are first asked for.
type shelf func() ([]kinpict.Photo, error)

func (s *Site) shelf(r *http.Request, c kinpict.Caller) shelf {
	return sync.OnceValues(func() ([]kinpict.Photo, error) {
		if c.Owner() == "" {
			return nil, nil
		}
		return s.Intake.Photos(r.Context(), c)
	})
}

// sources are the photos of a request that are still there, with their uses.
func (s *Site) sources(r *http.Request, c kinpict.Caller, uses []kinpict.PhotoUse) ([]kinpict.PhotoUse, []kinpict.Photo, error) {
	return s.shelf(r, c).sources(uses)
}

func (f shelf) sources(uses []kinpict.PhotoUse) ([]kinpict.PhotoUse, []kinpict.Photo, error) {
	if len(uses) == 0 {
		return nil, nil, nil
	}
	have, err := f()
	if err != nil {
		return nil, nil, err
	}
	var kept []kinpict.PhotoUse
	var photos []kinpict.Photo
	for _, u := range uses {
		if i := slices.IndexFunc(have, func(p kinpict.Photo) bool { return p.ID == u.ID }); i >= 0 {
			kept, photos = append(kept, u), append(photos, have[i])
		}
	}
	return kept, photos, nil
}

// compose puts the helper's choices into the instruction, in the language of the page.
func (s *Site) compose(r *http.Request, c kinpict.Caller, f *sent) error {
	req := f.page.Request
	var photos []kinpict.Photo
	var err error
	if req.Photos, photos, err = s.sources(r, c, req.Photos); err != nil {
		return err
	}
	h := f.page.Helper
	words := s.Studio.Compose(wording.Wish{Language: s.printer(r).Code, Season: h.Season, Clothing: h.Clothing, Mood: h.Mood, Title: h.Title, Words: req.Instruction}, req, photos)
	f.page.Request.Instruction = words
	d, err := s.Intake.EditDraft(r.Context(), c, func(d *intake.Draft) { d.Request.Instruction = words })
	if err == nil {
		f.draft = *d
	}
	return err
}

// look answers the page's script with what is known of the page's draft and with
// its mark, and a browser without it with the page itself, at the words.
func (s *Site) look(w http.ResponseWriter, r *http.Request, c kinpict.Caller, f *sent) error {
	if !wantsJSON(r) {
		http.Redirect(w, r, "/create#words", http.StatusSeeOther)
		return nil
	}
	req := f.page.Request
	var photos []kinpict.Photo
	var err error
	if req.Photos, photos, err = s.sources(r, c, req.Photos); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(struct {
		Instruction string `json:"instruction"`
		Seen        string `json:"seen"`
		Told
	}{req.Instruction, f.page.Mark(), s.tell(s.printer(r), req, photos)})
}

// notAllowed are the problems of a request with forbidden words: which words, and
// where the page has them.
func notAllowed(say *lang.Printer, e *kinpict.Error, req kinpict.Request) []Problem {
	out := problems(say, e)
	found, _ := e.Members["findings"].([]kinpict.Finding)
	for i := range out {
		if len(found) > 0 {
			out[i].Message = say.Say("“%s”: %s", found[0].Words, out[i].Message)
		}
		for k, u := range req.Photos {
			if list, _ := e.Members["errors"].([]map[string]string); len(list) > i && list[i]["field"] == labelField(k) {
				out[i].Field = "label-" + u.ID
			}
		}
	}
	return out
}

func labelField(i int) string { return "photos[" + strconv.Itoa(i) + "].label" }

// slow says which scenarios take longer.
func slow(s *scenario.Scenario) bool { return s != nil && s.Pace == scenario.Painted }

// helperOf reads the helper's part of the form.
func helperOf(get func(string) string) intake.Helper {
	return intake.Helper{Season: get("season"), Clothing: get("clothing"), Mood: get("mood"), Title: strings.TrimSpace(get("title"))}
}
