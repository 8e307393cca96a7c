package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
	"kinpict/internal/print"
)

// results is what can be had of a finished picture.
func results(say *lang.Printer, g *kinpict.Generation) *Results {
	r := &Results{Favourite: g.Favourite}
	if g.Funding == kinpict.FundedByPreview {
		return r
	}
	for _, n := range generation.ShareChoices {
		r.Days = append(r.Days, Choice{n, say.Say("%d days", n), n == generation.ShareDays})
	}
	at, im := imageURL(g.ID), g.Image
	made := strings.ToUpper(strings.TrimPrefix(im.ContentType, "image/"))
	r.Files = []Form{{say.Say("Original"), say.Say("As it was made. %s, %d × %d pixels, %s", made, im.Width, im.Height, megabytes(say, im.Bytes)), at + "?download=1"}}
	if made != "JPEG" {
		r.Files = append(r.Files, Form{"JPEG", say.Say("For sending and most print shops. %d × %d pixels", im.Width, im.Height), at + "?format=jpeg&download=1"})
	}
	if made != "PNG" {
		r.Files = append(r.Files, Form{"PNG", say.Say("Larger, without loss. %d × %d pixels", im.Width, im.Height), at + "?format=png&download=1"})
	}
	if long := max(im.Width, im.Height); long > phone {
		r.Files = append(r.Files, Form{say.Say("Small JPEG"), say.Say("For a phone. %d × %d pixels", im.Width*phone/long, im.Height*phone/long),
			at + "?size=" + strconv.Itoa(phone) + "&format=jpeg&download=1"})
	}
	for _, f := range generation.PapersOf(g) {
		r.Prints = append(r.Prints, paper(say, g, f))
	}
	return r
}

// phone is the longer side of a picture that is sent to a phone, in pixels.
const phone = 2048

// megabytes writes the size of a file as a person reads it.
func megabytes(say *lang.Printer, n int64) string {
	if n < 100e3 {
		return say.Say("%d KB", max(1, (n+500)/1000))
	}
	return say.Say("%.1f MB", float64(n)/1e6)
}

// paper says how a picture looks on a paper.
func paper(say *lang.Printer, g *kinpict.Generation, f print.Fit) Print {
	p := Print{Size: f.Paper.Name, DPI: f.DPI, Lies: say.Say("Fills it"),
		URL: "/api/v1/generations/" + url.PathEscape(g.ID) + "/print?paper=" + url.QueryEscape(f.Paper.ID) + "&download=1"}
	if inches, ok := strings.CutSuffix(f.Paper.Name, " in"); ok {
		p.Size = say.Say("%s in", inches)
	}
	switch {
	case f.Matted:
		p.Lies = say.Say("White border")
	case f.Crop >= 0.005:
		p.Lies = say.Say("Fills it, %d %% cut", int(100*f.Crop+0.5))
	}
	switch f.Verdict() {
	case print.Sharp:
		p.Verdict, p.Class = say.Say("Sharp"), "good"
	case print.OnAWall:
		p.Verdict, p.Class = say.Say("Fine on a wall"), "warm"
	default:
		p.Verdict = say.Say("Needs Enhanced")
		if g.Request.Quality == kinpict.Enhanced {
			p.Verdict = say.Say("Soft")
		}
	}
	return p
}

// gone says which photos of a request are no longer kept, or "".
func gone(say *lang.Printer, uses []kinpict.PhotoUse, have []Card) string {
	names, n := "", 0
	for i, u := range uses {
		if slices.ContainsFunc(have, func(c Card) bool { return c.ID == u.ID }) {
			continue
		}
		name := u.Label
		switch {
		case name != "":
		case u.Role != "" && u.Role != "other":
			name = say.Say("photo %d (%s)", i+1, say.Told(string(u.Role)))
		default:
			name = say.Say("photo %d", i+1)
		}
		if n++; n == 1 {
			names = name
			continue
		}
		names = say.Say("%s and %s", names, name)
	}
	if n == 0 {
		return ""
	}
	return say.Say("%d photos of this picture are no longer kept: %s.", n, names)
}

// links are the private links of a picture that work.
func (s *Site) links(r *http.Request, c kinpict.Caller, id string) ([]Share, error) {
	list, err := s.Studio.Shares(r.Context(), c, id)
	say := s.printer(r)
	out := make([]Share, len(list))
	for i, l := range list {
		out[i] = Share{ID: l.ID, ExpiresAt: l.ExpiresAt, Views: say.Say("Opened %d times", l.Views)}
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
	view := CompareView{Page: v.private(v.say().Say("Picture and photos")), ID: g.ID, Scene: s.show(v.say(), g.Request.Scenario), Picture: pictureURL(g.ID, 1080),
		Width: g.Image.Width, Height: g.Image.Height}
	if view.Sources, err = s.cards(r, v.caller, g.Request.Photos); err != nil {
		return err
	}
	for i := range view.Sources {
		view.Sources[i].Src = strings.TrimSuffix(view.Sources[i].Src, "?thumb=1") // large enough to look at
	}
	view.Gone = gone(v.say(), g.Request.Photos, view.Sources)
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
		say := v.say()
		view.Notice = noticeOf(say, e)
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
	return s.send(w, r, http.StatusOK, "shared", SharedView{Page: v.private(v.say().Say("A picture for you")), Picture: "/s/" + url.PathEscape(token) + "/picture",
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
