package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
	"kinpict/internal/scenario"
	"kinpict/internal/wording"
)

// create shows the tool with what the person put together before, on this
// device or, signed in, on any. ?scenario= and ?words= come from a scenario's
// page, ?from= from a picture and ?held= from a request that waits.
func (s *Site) create(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	d, err := s.kept(r, v.caller)
	if err != nil {
		return err
	}
	// What the address asks for is a change of what is kept, like any other.
	have := s.shelf(r, v.caller)
	seen, err := s.seen(v, d, have)
	if err != nil {
		return err
	}
	if err := s.prefill(r, v, d); err != nil {
		return err
	}
	view, err := s.toolWith(v, d, have)
	if err != nil {
		return err
	}
	view.Seen, view.Fresh = seen, true
	if missing := gone(v.say(), d.Request.Photos, view.Photos); missing != "" && r.URL.Query().Get("from") != "" {
		view.Notice = &Notice{missing, v.say().Say("Add what is missing again; everything else is as it was. Nothing is taken before you press the button that names the cost.")}
	}
	return s.send(w, r, http.StatusOK, "create", view)
}

// prefill changes a draft by what the address asks for; it is kept only when
// the person goes on with it.
func (s *Site) prefill(r *http.Request, v *visit, d *intake.Draft) error {
	q := r.URL.Query()
	if id := q.Get("from"); id != "" {
		g, err := s.Studio.Generation(r.Context(), v.caller, id)
		if err != nil {
			return err
		}
		d.Request, d.Consent = g.Request, false
	}
	if id := q.Get("held"); id != "" {
		h, err := s.Studio.Held(r.Context(), v.caller, id)
		if err != nil {
			return err
		}
		d.Request, d.Consent = h.Request, false
	}
	if sc, err := s.Scenarios.Scenario(q.Get("scenario")); err == nil {
		d.Request.Scenario = sc.ID
		if n, err := strconv.Atoi(q.Get("words")); err == nil && n >= 0 && n < len(sc.In(v.say().Code).Examples) {
			d.Request.Instruction = sc.In(v.say().Code).Examples[n]
		}
	}
	return nil
}

// complete is a draft with what the page chooses where nothing was chosen yet.
func (s *Site) complete(v *visit, d intake.Draft) intake.Draft {
	q := &d.Request
	scenes, shapes := s.Scenarios.All(), s.shapes()
	if !slices.ContainsFunc(scenes, func(x *scenario.Scenario) bool { return x.ID == q.Scenario }) {
		q.Scenario = scenes[0].ID
	}
	if _, err := v.catalog.Rate(q.Quality); err != nil {
		q.Quality = v.catalog.Qualities[0].ID
	}
	if !slices.Contains(shapes, q.Aspect) && len(shapes) > 0 {
		q.Aspect = shapes[0]
	}
	return d
}

// tool is the create page of a draft.
func (s *Site) tool(r *http.Request, v *visit, d *intake.Draft) (*CreateView, error) {
	return s.toolWith(v, d, s.shelf(r, v.caller))
}

func (s *Site) toolWith(v *visit, d *intake.Draft, have shelf) (*CreateView, error) {
	say := v.say()
	shown := s.complete(v, *d)
	q := &shown.Request
	view := &CreateView{Page: v.titled(say.Say("Make a picture")), Key: s.key(), CatalogVersion: v.catalog.Version, MaxPhotos: kinpict.MaxPhotos,
		MaxMegabytes: int64(s.Intake.Limits.Bytes) >> 20, MaxInstruction: kinpict.MaxInstruction, Scenes: s.scenes(say), Now: v.now(),
		Selected: q.Scenario, Shape: q.Aspect, Instruction: q.Instruction, Quality: q.Quality, Consent: shown.Consent,
		Rates: rates(say, v.catalog, v.balance.Spendable)}
	view.Path = "/create" // also where a form was sent elsewhere
	for _, a := range s.shapes() {
		view.Shapes = append(view.Shapes, Shape{a, shapeName(say, a)})
	}
	view.OfferPreview = !slices.ContainsFunc(view.Rates, func(x Rate) bool { return x.Short == 0 })
	var photos []kinpict.Photo
	var err error
	if q.Photos, photos, err = have.sources(q.Photos); err != nil {
		return nil, err
	}
	view.Seen = shown.Mark()
	view.Photos, view.Told = cardsOf(say, q.Photos, photos), s.tell(say, *q, photos)
	view.Begun = len(view.Photos) > 0 || view.Instruction != "" || d.Helper != (intake.Helper{})
	view.Private = view.Signed || view.Begun // to everybody else it shows the same
	view.Helper, view.Seasons, view.Clothing, view.Moods = d.Helper, wording.Seasons, wording.Clothing, wording.Moods
	return view, nil
}

// shapeNames are the shapes by their aspect.
var shapeNames = map[kinpict.Aspect]string{"4:5": lang.N("Portrait, 4:5"), "1:1": lang.N("Square"), "3:2": lang.N("Landscape, 3:2"), "5:7": lang.N("Portrait, 5:7"),
	"210:297": lang.N("A4 page"), "5:4": lang.N("Landscape, 5:4")}

func shapeName(say *lang.Printer, a kinpict.Aspect) string {
	if name := shapeNames[a]; name != "" {
		return say.Told(name)
	}
	return string(a)
}

// shapes are the aspects every scenario is made in, so that one choice fits all.
func (s *Site) shapes() []kinpict.Aspect {
	all := s.Scenarios.All()
	return slices.DeleteFunc(slices.Clone(all[0].Aspects), func(a kinpict.Aspect) bool {
		return slices.ContainsFunc(all, func(sc *scenario.Scenario) bool { return !slices.Contains(sc.Aspects, a) })
	})
}

// cards are the photos of a request that are still there.
func (s *Site) cards(r *http.Request, c kinpict.Caller, uses []kinpict.PhotoUse) ([]Card, error) {
	uses, photos, err := s.sources(r, c, uses)
	return cardsOf(s.printer(r), uses, photos), err
}

// cardsOf are photos by their number and what the person wrote beside them. The
// names of their files are not kept: they may say where, when and who.
func cardsOf(say *lang.Printer, uses []kinpict.PhotoUse, photos []kinpict.Photo) []Card {
	var out []Card
	for i, u := range uses {
		name := say.Say("Photo %d", i+1)
		if u.Label != "" {
			name = say.Say("Photo %d, %s", i+1, u.Label)
		}
		out = append(out, Card{ID: u.ID, Src: photoURL(u.ID), Name: name, Role: u.Role, Label: u.Label, Notes: checkNotes(say, photos[i].Checks, uses)})
	}
	return out
}

func photoURL(id string) string { return "/api/v1/photos/" + url.PathEscape(id) + "/image?thumb=1" }

func redirect(w http.ResponseWriter, r *http.Request, to, name, value string) error {
	http.Redirect(w, r, to+"?"+url.Values{name: {value}}.Encode(), http.StatusSeeOther)
	return nil
}

// worded lets h answer a script in the words of the language, because the script
// shows them.
func (s *Site) worded(h httpd.Handler) httpd.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		e, ok := as(err)
		if !ok || !wantsJSON(r) {
			return err
		}
		told, say := *e, s.printer(r)
		told.Message, told.Hint, told.Err = say.Told(e.Message), say.Told(e.Hint), err
		return &told
	}
}
