package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
)

// addPhotos takes photos in: from the page's script one by one, answered in
// JSON, or without scripts as part of the whole form.
func (s *Site) addPhotos(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		return s.notTaken(w, r, c, err)
	}
	if wantsJSON(r) {
		if len(f.faults) > 0 {
			return f.faults[0]
		}
		return added(w, s.printer(r), f)
	}
	return s.shown(w, r, c, f)
}

// shown leads to the photos in the tool, or shows it with what is wrong with them.
func (s *Site) shown(w http.ResponseWriter, r *http.Request, c kinpict.Caller, f *sent) error {
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

// notTaken shows the tool as it is kept where a form could not be taken in:
// because it is too large, or because too many arrive at once.
func (s *Site) notTaken(w http.ResponseWriter, r *http.Request, c kinpict.Caller, err error) error {
	e, ok := as(err)
	if !ok || wantsJSON(r) {
		return err
	}
	status := httpd.Means(e.Code).Status
	if !slices.Contains([]int{http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusServiceUnavailable}, status) {
		return err
	}
	d, err := s.Intake.Draft(r.Context(), c)
	if err != nil {
		return err
	}
	v, err := s.visitBy(r, c)
	if err != nil {
		return err
	}
	httpd.FailureHeader(w.Header(), e)
	return s.again(w, r, v, &sent{draft: *d, faults: []error{e}}, status, nil)
}

func added(w http.ResponseWriter, say *lang.Printer, f *sent) error {
	type item struct {
		ID    string `json:"id"`
		Src   string `json:"src"`
		Notes []Note `json:"notes"`
	}
	items := []item{}
	for _, p := range f.added {
		items = append(items, item{p.ID, photoURL(p.ID), checkNotes(say, p.Checks, f.draft.Request.Photos)})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]any{"photos": items})
}

// deletePhoto takes a photo out of the draft, and deletes it unless something
// else needs it. Without scripts the page comes back at the photo beside it.
func (s *Site) deletePhoto(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		return s.notTaken(w, r, c, err)
	}
	id := r.PathValue("id")
	if _, err := s.Intake.EditDraft(r.Context(), c, func(d *intake.Draft) { d.Request.Photos = without(d.Request.Photos, id) }); err != nil {
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
	http.Redirect(w, r, "/create#"+beside(f.page.Request.Photos, id), http.StatusSeeOther)
	return nil
}

func without(list []kinpict.PhotoUse, id string) []kinpict.PhotoUse {
	return slices.DeleteFunc(slices.Clone(list), func(u kinpict.PhotoUse) bool { return u.ID == id })
}

// beside is where on the page somebody goes on who took a photo out.
func beside(list []kinpict.PhotoUse, id string) string {
	i := slices.IndexFunc(list, func(u kinpict.PhotoUse) bool { return u.ID == id })
	rest := without(list, id)
	if i < 0 || len(rest) == 0 {
		return "people"
	}
	return "card-" + url.PathEscape(rest[min(i, len(rest)-1)].ID)
}
