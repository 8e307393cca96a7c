package web

import (
	"encoding/json"
	"net/http"
	"net/url"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

const picturesPerPage = 24

func (s *Site) generations(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	say := v.say()
	view := GenerationsView{Page: v.private(say.Say("My pictures")), Favourites: r.FormValue("favourite") == "1", Deleted: r.FormValue("deleted") == "1",
		Later: r.FormValue("cursor") != "", Withdrawn: r.FormValue("withdrawn") == "1"}
	if v.caller.Owner() == "" {
		return s.send(w, r, http.StatusOK, "generations", view)
	}
	find := s.Studio.Generations
	if view.Favourites {
		find = s.Studio.Favourites
	}
	list, next, err := find(r.Context(), v.caller, r.FormValue("cursor"), picturesPerPage)
	if err != nil {
		return err
	}
	view.Next = url.QueryEscape(next)
	for _, g := range list {
		t := tile(say, g, s.show(say, g.Request.Scenario).Title)
		if t.Working {
			view.Working++
		}
		view.Items = append(view.Items, t)
	}
	if wantsJSON(r) {
		return s.wallNow(w, view)
	}
	if !view.Later && !view.Favourites {
		if view.Waits, err = s.waits(r, v); err != nil {
			return err
		}
	}
	if view.Working > 0 {
		view.Refresh = 10
	}
	return s.send(w, r, http.StatusOK, "generations", view)
}

// waits are the caller's requests that wait, so that nobody needs their address.
func (s *Site) waits(r *http.Request, v *visit) ([]Held, error) {
	list, err := s.Studio.Waiting(r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	say := v.say()
	var out []Held
	for _, h := range list {
		out = append(out, waitingLine(say, h, s.show(say, h.Request.Scenario).Title, s.Studio.State(h)))
	}
	return out, nil
}

func waitingLine(say *lang.Printer, h *kinpict.HeldRequest, title, state string) Held {
	line := Held{ID: h.ID, Title: title, Label: qualityName(say, h.Request.Quality), State: say.Say("Waits for credits"), At: h.CreatedAt}
	switch state {
	case "looking":
		line.State, line.Class = say.Say("A person is looking at this"), "tint"
	case kinpict.HoldApproved:
		line.State, line.Class = say.Say("You can go on"), "good"
	case kinpict.HoldRefused:
		line.State, line.Class = say.Say("Not made as it is worded"), "bad"
	}
	return line
}

// wallNow says how far each picture of a page is that is not done yet. Where one
// of them is missing, the page is another.
func (s *Site) wallNow(w http.ResponseWriter, view GenerationsView) error {
	said := map[string]string{}
	for _, t := range view.Items {
		if t.Working {
			said[t.ID] = t.State
		}
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"state": "waiting", "said": said})
}

func tile(say *lang.Printer, g *kinpict.Generation, title string) Tile {
	t := Tile{ID: g.ID, Title: title, Label: qualityName(say, g.Request.Quality), Favourite: g.Favourite, Returned: g.Returned > 0, At: g.CreatedAt}
	if g.Funding == kinpict.FundedByPreview {
		t.Label = say.Say("Free preview")
	}
	switch {
	case g.Status == kinpict.Succeeded && g.Image != nil:
		t.Picture, t.Width, t.Height = pictureURL(g.ID, 480), g.Image.Width, g.Image.Height
	case g.Status == kinpict.Failed && g.Returned > 0:
		t.State = say.Say("Did not come out. %d credits returned.", int64(g.Returned))
	case g.Status == kinpict.Failed:
		t.State = say.Say("Did not come out")
	case g.Status == kinpict.Canceled:
		t.State = say.Say("Canceled")
	case g.Status == kinpict.Queued:
		t.State, t.Working = say.Say("Waiting for its turn"), true
	default:
		t.State, t.Working = say.Told(steps[kinpict.Steps[stage(g)]]), true
	}
	return t
}

func (s *Site) generation(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	g, err := s.Studio.Generation(r.Context(), v.caller, r.PathValue("id"))
	if err != nil {
		return err
	}
	view, err := s.develop(r, v, g)
	if err != nil {
		return err
	}
	if r.FormValue("late") == "1" && g.Status == kinpict.Running {
		say := v.say()
		view.Notice = &Notice{say.Say("It is being made already."), say.Say("Canceling is possible only while a picture waits for its turn.")}
	}
	return s.send(w, r, http.StatusOK, "generation", view)
}

// develop is the page of a generation as it stands.
func (s *Site) develop(r *http.Request, v *visit, g *kinpict.Generation) (*GenerationView, error) {
	e, err := s.Studio.Estimate(r.Context(), g)
	if err != nil {
		return nil, err
	}
	say := v.say()
	view := generationView(v.page, g, s.show(say, g.Request.Scenario), e, s.Now())
	view.Key, view.CatalogVersion, view.Cost = s.key(), v.catalog.Version, g.Credits
	if rate, err := v.catalog.Rate(g.Request.Quality); err == nil {
		view.Cost = rate.Credits
	}
	view.Short = view.Cost > v.balance.Spendable
	if view.Sources, err = s.cards(r, v.caller, g.Request.Photos); err != nil {
		return nil, err
	}
	view.Gone = gone(say, g.Request.Photos, view.Sources)
	if view.Results != nil && !view.Preview {
		view.Results.Key = s.key()
		view.Results.Shares, err = s.links(r, v.caller, g.ID)
	}
	return &view, err
}

func (s *Site) cancel(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	_, err = s.Studio.Cancel(r.Context(), c, id)
	if kinpict.CodeOf(err) == kinpict.NotCancelable {
		return redirect(w, r, "/generations/"+id, "late", "1") // the page shows how far it is
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/generations/"+id, http.StatusSeeOther)
	return nil
}

// retry makes a failed picture again from the same photos and words, at the
// price the button named.
func (s *Site) retry(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	in, err := intent(r, "POST /generations/"+id+"/retry", version(r))
	if err != nil {
		return err
	}
	in.Language = v.say().Code
	a, err := s.Studio.Retry(r.Context(), v.caller, in, id, max(0, version(r))) // left out: as confirmed the first time
	if e, ok := as(err); ok {
		switch e.Code {
		case kinpict.ContentNotAllowed:
			http.Redirect(w, r, "/create?from="+id+"#words", http.StatusSeeOther) // where the words can be changed
			return nil
		case kinpict.InsufficientCredits, kinpict.HeldForReview:
			if id, ok := heldID(e); ok {
				http.Redirect(w, r, "/held/"+id, http.StatusSeeOther)
				return nil
			}
		case kinpict.PriceChanged:
			g, err := s.Studio.Generation(r.Context(), v.caller, id)
			if err != nil {
				return err
			}
			view, err := s.develop(r, v, g)
			if err != nil {
				return err
			}
			was, _ := e.Members["shown_credits"].(kinpict.Credits)
			view.Changed = &Change{was, view.Cost}
			return s.send(w, r, httpd.Means(e.Code).Status, "generation", view)
		}
	}
	if err != nil {
		return err
	}
	return goOn(w, r, a)
}
