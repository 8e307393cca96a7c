package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/print"
)

// results is what can be had of a finished picture.
func results(g *kinpict.Generation) *Results {
	r := &Results{Favourite: g.Favourite, Days: generation.ShareChoices, DaysNow: generation.ShareDays}
	if g.Funding == kinpict.FundedByPreview {
		return r
	}
	at := imageURL(g.ID)
	r.Files = []Form{
		{"Original", "As it was made, " + strings.ToUpper(strings.TrimPrefix(g.Image.ContentType, "image/")), at + "?download=1"},
		{"JPEG", "For sending and most print shops", at + "?format=jpeg&download=1"},
		{"PNG", "Larger, without loss", at + "?format=png&download=1"},
	}
	if max(g.Image.Width, g.Image.Height) > phone {
		r.Files = append(r.Files, Form{"Small JPEG", number(phone) + " pixels, for a phone", at + "?size=" + strconv.Itoa(phone) + "&format=jpeg&download=1"})
	}
	for _, f := range generation.PapersOf(g) {
		r.Prints = append(r.Prints, paper(g, f))
	}
	return r
}

// phone is the longer side of a picture that is sent to a phone, in pixels.
const phone = 2048

// paper says how a picture looks on a paper.
func paper(g *kinpict.Generation, f print.Fit) Print {
	p := Print{Size: f.Paper.Name, DPI: f.DPI, Lies: "Fills it",
		URL: "/api/v1/generations/" + url.PathEscape(g.ID) + "/print?paper=" + url.QueryEscape(f.Paper.ID) + "&download=1"}
	switch {
	case f.Matted:
		p.Lies = "White border"
	case f.Crop >= 0.005:
		p.Lies = fmt.Sprintf("Fills it, %.0f %% cut", 100*f.Crop)
	}
	switch f.Verdict() {
	case print.Sharp:
		p.Verdict, p.Class = "Sharp", "good"
	case print.OnAWall:
		p.Verdict, p.Class = "Fine on a wall", "warm"
	default:
		p.Verdict = "Needs Enhanced"
		if g.Request.Quality == kinpict.Enhanced {
			p.Verdict = "Soft"
		}
	}
	return p
}

// gone says which photos of a request are no longer kept, or "".
func gone(uses []kinpict.PhotoUse, have []Card) string {
	var names []string
	for i, u := range uses {
		if slices.ContainsFunc(have, func(c Card) bool { return c.ID == u.ID }) {
			continue
		}
		name := u.Label
		if name == "" {
			name = "photo " + strconv.Itoa(i+1)
			if u.Role != "" && u.Role != "other" {
				name += " (" + string(u.Role) + ")"
			}
		}
		names = append(names, name)
	}
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return "One photo of this picture is no longer kept: " + names[0] + "."
	default:
		return title(count(n, "photo", "photos")) + " of this picture are no longer kept: " + strings.Join(names[:n-1], ", ") + " and " + names[n-1] + "."
	}
}

// links are the private links of a picture that work.
func (s *Site) links(r *http.Request, c kinpict.Caller, id string) ([]Share, error) {
	list, err := s.Studio.Shares(r.Context(), c, id)
	out := make([]Share, len(list))
	for i, l := range list {
		out[i] = Share{ID: l.ID, ExpiresAt: l.ExpiresAt, Views: "Not opened yet"}
		if l.Views > 0 {
			out[i].Views = "Opened " + count(int(l.Views), "time", "times")
		}
	}
	return out, err
}

// favour keeps a picture among the favourites or takes it out, as the button said.
func (s *Site) favour(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.Studio.Favour(r.Context(), c, id, r.PostFormValue("on") == "1"); err != nil {
		return err
	}
	http.Redirect(w, r, "/generations/"+id, http.StatusSeeOther)
	return nil
}

func (s *Site) deletePicture(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	if err := s.Studio.Delete(r.Context(), c, r.PathValue("id")); err != nil {
		return err
	}
	return redirect(w, r, "/generations", "deleted", "1")
}

// compare shows the picture beside the photos it was made from.
func (s *Site) compare(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	g, err := s.Studio.Generation(r.Context(), v.caller, r.PathValue("id"))
	if err != nil {
		return err
	}
	if g.Image == nil {
		http.Redirect(w, r, "/generations/"+g.ID, http.StatusSeeOther)
		return nil
	}
	view := CompareView{Page: v.private("Picture and photos"), ID: g.ID, Scene: s.show(g.Request.Scenario), Picture: pictureURL(g.ID, 1080),
		Width: g.Image.Width, Height: g.Image.Height}
	if view.Sources, err = s.cards(r, v.caller, g.Request.Photos); err != nil {
		return err
	}
	for i := range view.Sources {
		view.Sources[i].Src = strings.TrimSuffix(view.Sources[i].Src, "?thumb=1") // large enough to look at
	}
	view.Gone = gone(g.Request.Photos, view.Sources)
	return s.send(w, r, http.StatusOK, "compare", view)
}

// share makes a private link and shows the picture's page with its address,
// which is told this once. The same press again shows the same one.
func (s *Site) share(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	id, key := r.PathValue("id"), r.PostFormValue("key")
	if len(key) > 100 {
		return &kinpict.Error{Code: httpd.RequestMalformed, Message: "The form could not be read.", Hint: "Go back and send it again."}
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil {
		days = generation.ShareDays
	}
	_, token, refused := s.Studio.Share(r.Context(), v.caller, key, id, days)
	e, ok := as(refused)
	if refused != nil && (!ok || e.Code != kinpict.Conflict && e.Code != kinpict.KeyReused) {
		return refused
	}
	g, err := s.Studio.Generation(r.Context(), v.caller, id)
	if err != nil {
		return errors.Join(err, refused)
	}
	view, err := s.develop(r, v, g)
	if err != nil {
		return err
	}
	if refused != nil {
		view.Notice = &Notice{e.Message, e.Hint}
		return s.send(w, r, httpd.Means(e.Code).Status, "generation", view)
	}
	view.Results.NewLink = s.ShareURL(token)
	return s.send(w, r, http.StatusCreated, "generation", view)
}

func (s *Site) revoke(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	l, err := s.Studio.Revoke(r.Context(), c, r.PathValue("id"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/generations/"+l.Generation+"#share", http.StatusSeeOther)
	return nil
}

// secret keeps the address of a page, which is all it takes to open it, from
// the sites it leads to and from search engines.
func secret(h http.Header) {
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

// shared is what a private link shows: the picture at viewing size, and nothing
// of whose it is.
func (s *Site) shared(w http.ResponseWriter, r *http.Request) error {
	secret(w.Header())
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	token := r.PathValue("token")
	x, err := s.Studio.Shared(r.Context(), v.caller.Network, token, r.Method == http.MethodGet)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "shared", SharedView{Page: v.private("A picture for you"), Picture: "/s/" + url.PathEscape(token) + "/picture",
		Width: x.Width, Height: x.Height})
}

func (s *Site) sharedPicture(w http.ResponseWriter, r *http.Request) error {
	secret(w.Header())
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	x, err := s.Studio.Shared(r.Context(), c.Network, r.PathValue("token"), false)
	if err != nil {
		return err
	}
	f := x.Rendition
	return httpd.Send(w, r, httpd.Content{ContentType: f.ContentType, Name: f.Name, ETag: f.ETag, Bytes: f.Bytes, Open: f.Open})
}
