package web

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
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
	d := &intake.Draft{}
	if v.caller.Owner() != "" {
		if d, err = s.Intake.Draft(r.Context(), v.caller); err != nil {
			return err
		}
	}
	if err := s.prefill(r, v, d); err != nil {
		return err
	}
	view, err := s.tool(r, v, d)
	if err != nil {
		return err
	}
	if missing := gone(v.page.language(), d.Request.Photos, view.Photos); missing != "" && r.URL.Query().Get("from") != "" {
		view.Notice = &Notice{missing, "Add what is missing again; everything else is as it was. Nothing is taken before you press the button that names the cost."}
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
		if n, err := strconv.Atoi(q.Get("words")); err == nil && n >= 0 && n < len(sc.Examples) {
			d.Request.Instruction = sc.Examples[n]
		}
	}
	return nil
}

// tool is the create page of a draft.
func (s *Site) tool(r *http.Request, v *visit, d *intake.Draft) (*CreateView, error) {
	view := &CreateView{Page: v.titled("Make a picture"), Key: s.key(), CatalogVersion: v.catalog.Version, MaxPhotos: kinpict.MaxPhotos,
		MaxMegabytes: int64(s.Intake.Limits.Bytes) >> 20, MaxInstruction: kinpict.MaxInstruction, Scenes: s.scenes(v.page.say), Shapes: s.shapes(),
		Selected: d.Request.Scenario, Shape: d.Request.Aspect, Instruction: d.Request.Instruction, Quality: d.Request.Quality, Consent: d.Consent,
		Rates: rates(v.page.say, v.catalog, v.balance.Spendable)}
	view.Path = "/create" // also where a form was sent elsewhere
	view.Private = true
	if !slices.ContainsFunc(view.Scenes, func(x Scene) bool { return x.ID == view.Selected }) {
		view.Selected = view.Scenes[0].ID
	}
	if _, err := v.catalog.Rate(view.Quality); err != nil {
		view.Quality = v.catalog.Qualities[0].ID
	}
	if !slices.ContainsFunc(view.Shapes, func(x Shape) bool { return x.Aspect == view.Shape }) && len(view.Shapes) > 0 {
		view.Shape = view.Shapes[0].Aspect
	}
	view.OfferPreview = !slices.ContainsFunc(view.Rates, func(x Rate) bool { return x.Short == 0 })
	req := d.Request
	var photos []kinpict.Photo
	var err error
	if req.Photos, photos, err = s.sources(r, v.caller, req.Photos); err != nil {
		return nil, err
	}
	req.Scenario, req.Aspect = view.Selected, view.Shape
	view.Photos, view.Told = cardsOf(req.Photos, photos), s.tell(req, photos)
	view.Begun = len(view.Photos) > 0 || view.Instruction != "" || d.Helper != (intake.Helper{})
	view.Helper, view.Seasons, view.Clothing, view.Moods = d.Helper, wording.Seasons, wording.Clothing, wording.Moods
	return view, nil
}

var shapes = map[kinpict.Aspect]string{"4:5": "Portrait, 4:5", "1:1": "Square", "3:2": "Landscape, 3:2", "5:7": "Portrait, 5:7", "210:297": "A4 page", "5:4": "Landscape, 5:4"}

// shapes are the aspects every scenario is made in, so that one choice fits all.
func (s *Site) shapes() []Shape {
	all := s.Scenarios.All()
	var out []Shape
	for _, a := range all[0].Aspects {
		everywhere := true
		for _, sc := range all {
			everywhere = everywhere && slices.Contains(sc.Aspects, a)
		}
		if everywhere {
			name := shapes[a]
			if name == "" {
				name = string(a)
			}
			out = append(out, Shape{a, name})
		}
	}
	return out
}

// cards are the photos of a request that are still there.
func (s *Site) cards(r *http.Request, c kinpict.Caller, uses []kinpict.PhotoUse) ([]Card, error) {
	uses, photos, err := s.sources(r, c, uses)
	return cardsOf(uses, photos), err
}

// cardsOf are photos by their number and what the person wrote beside them. The
// names of their files are not kept: they may say where, when and who.
func cardsOf(uses []kinpict.PhotoUse, photos []kinpict.Photo) []Card {
	var out []Card
	for i, u := range uses {
		name := "Photo " + strconv.Itoa(i+1)
		if u.Label != "" {
			name += ", " + u.Label
		}
		out = append(out, Card{ID: u.ID, Src: photoURL(u.ID), Name: name, Role: u.Role, Label: u.Label, Notes: checkNotes(photos[i].Checks)})
	}
	return out
}

func photoURL(id string) string { return "/api/v1/photos/" + url.PathEscape(id) + "/image?thumb=1" }

// A sent is the create page's form as it arrived.
type sent struct {
	url.Values
	draft  intake.Draft
	added  []*kinpict.Photo
	fresh  bool    // photos came that the word about everyone in them was not given for
	faults []error // photos that were not taken in
}

// smallForm is a form that brings no photo worth counting as an upload, in bytes.
const smallForm = 16 << 10

// read reads the form, takes in the photos that came along, and keeps all of it
// as the draft: whatever happens next, nothing is lost.
func (s *Site) read(w http.ResponseWriter, r *http.Request, c kinpict.Caller) (*sent, error) {
	f := &sent{}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "multipart/form-data" {
		lim := httpd.FormLimits{Files: kinpict.MaxPhotos, FileBytes: int64(s.Intake.Limits.Bytes), Fields: 64}
		large := r.ContentLength < 0 || r.ContentLength > smallForm
		if large {
			arrival, err := s.arrivals.Begin(c.Counted())
			if err != nil {
				return nil, err
			}
			defer arrival.End()
			lim.Arrival = arrival
		}
		form, err := httpd.ReadForm(w, r, lim)
		if err != nil {
			return nil, err
		}
		defer form.Close()
		if large {
			release, err := s.uploads.Take(c.Counted())
			if err != nil {
				return nil, err
			}
			defer release()
		}
		f.Values, r.Form = form.Values, form.Values
		if err := s.prepare(r.Context(), c, f); err != nil {
			return nil, err
		}
		for _, file := range form.Files {
			if err := s.take(r.Context(), c, f, file); err != nil {
				return nil, err
			}
		}
	} else {
		if err := r.ParseForm(); err != nil {
			return nil, &kinpict.Error{Code: httpd.RequestMalformed, Message: "The form could not be read.", Hint: "Go back and send it again.", Err: err}
		}
		f.Values = r.PostForm
		if err := s.prepare(r.Context(), c, f); err != nil {
			return nil, err
		}
	}
	if f.fresh && !f.sends() {
		f.draft.Consent = false
	}
	return f, s.Intake.SaveDraft(r.Context(), c, f.draft)
}

// sends reports whether the form came by a button that goes on. Its word about
// the photos holds also for those that come in the same press.
func (f *sent) sends() bool {
	return slices.Contains([]string{"make", "preview", "signin"}, f.Get("do"))
}

// prepare makes the draft: what the form says, or, where a script sends a photo
// alone, the one that is kept.
func (s *Site) prepare(ctx context.Context, c kinpict.Caller, f *sent) error {
	if !f.Has("scenario") && !f.Has("quality") {
		d, err := s.Intake.Draft(ctx, c)
		if err == nil {
			f.draft = *d
		}
		return err
	}
	q := &f.draft.Request
	q.Scenario, q.Quality, q.Instruction, q.Aspect = f.Get("scenario"), f.Get("quality"), lines(f.Get("instruction")), kinpict.Aspect(f.Get("aspect"))
	f.draft.Consent, f.draft.Helper = f.Get("consent") == "yes", helperOf(f.Get)
	for _, id := range f.Values["photo"] {
		if len(q.Photos) < kinpict.MaxPhotos && !slices.ContainsFunc(q.Photos, func(u kinpict.PhotoUse) bool { return u.ID == id }) {
			q.Photos = append(q.Photos, kinpict.PhotoUse{ID: id, Role: kinpict.Role(f.Get("role-" + id)), Label: strings.TrimSpace(f.Get("label-" + id))})
		}
	}
	return nil
}

// lines puts line breaks as browsers send them in the form they are kept in.
func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// take puts one uploaded file among the draft's photos, or its reason among the faults.
func (s *Site) take(ctx context.Context, c kinpict.Caller, f *sent, file *httpd.File) error {
	if len(f.draft.Request.Photos) >= kinpict.MaxPhotos {
		f.faults = append(f.faults, &kinpict.Error{Code: kinpict.Invalid, Message: "A picture takes up to " + strconv.Itoa(kinpict.MaxPhotos) + " photos.",
			Hint: "Remove one to add another."})
		return nil
	}
	data, err := file.Bytes()
	if err != nil {
		return err
	}
	p, err := s.Intake.Add(ctx, c, data)
	if e, ok := as(err); ok && httpd.Means(e.Code).Status < 500 {
		f.faults = append(f.faults, e)
		return nil
	}
	if err != nil {
		return err
	}
	f.added = append(f.added, p)
	if !slices.ContainsFunc(f.draft.Request.Photos, func(u kinpict.PhotoUse) bool { return u.ID == p.ID }) {
		f.draft.Request.Photos = append(f.draft.Request.Photos, kinpict.PhotoUse{ID: p.ID})
		f.fresh = true
	}
	return nil
}

// saveDraft keeps what the page's script sends while the person is at it.
func (s *Site) saveDraft(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		return s.look(w, r, c, f)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// addPhotos takes photos in: from the page's script one by one, answered in
// JSON, or without scripts as part of the whole form.
func (s *Site) addPhotos(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		if e, ok := as(err); ok && !wantsJSON(r) && httpd.Means(e.Code).Status == http.StatusRequestEntityTooLarge {
			return s.tooLarge(w, r, c, e)
		}
		return err
	}
	if wantsJSON(r) {
		if len(f.faults) > 0 {
			return f.faults[0]
		}
		return added(w, f.added)
	}
	if len(f.faults) == 0 {
		http.Redirect(w, r, "/create#people", http.StatusSeeOther)
		return nil
	}
	v, err := s.visitBy(r, c)
	if err != nil {
		return err
	}
	return s.again(w, r, v, f, http.StatusUnprocessableEntity, nil)
}

// tooLarge shows the tool as it was kept, because the form itself was not read.
func (s *Site) tooLarge(w http.ResponseWriter, r *http.Request, c kinpict.Caller, e *kinpict.Error) error {
	d, err := s.Intake.Draft(r.Context(), c)
	if err != nil {
		return err
	}
	v, err := s.visitBy(r, c)
	if err != nil {
		return err
	}
	return s.again(w, r, v, &sent{draft: *d, faults: []error{e}}, http.StatusRequestEntityTooLarge, nil)
}

func added(w http.ResponseWriter, photos []*kinpict.Photo) error {
	type item struct {
		ID    string `json:"id"`
		Src   string `json:"src"`
		Notes []Note `json:"notes"`
	}
	items := []item{}
	for _, p := range photos {
		items = append(items, item{p.ID, photoURL(p.ID), checkNotes(p.Checks)})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]any{"photos": items})
}

// deletePhoto takes a photo out of the draft, and deletes it unless something
// else needs it.
func (s *Site) deletePhoto(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	f.draft.Request.Photos = slices.DeleteFunc(f.draft.Request.Photos, func(u kinpict.PhotoUse) bool { return u.ID == id })
	if err := s.Intake.SaveDraft(r.Context(), c, f.draft); err != nil {
		return err
	}
	// Gone already is as good, and one that is needed stays.
	if err := s.Intake.Delete(r.Context(), c, id); err != nil && httpd.Status(err) >= 500 {
		return err
	}
	if wantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, "/create#people", http.StatusSeeOther)
	return nil
}

func redirect(w http.ResponseWriter, r *http.Request, to, name, value string) error {
	http.Redirect(w, r, to+"?"+url.Values{name: {value}}.Encode(), http.StatusSeeOther)
	return nil
}
