package web

import (
	"net/http"

	"kinpict"
)

// notify has a person told by mail when a picture is done, or, with on=0, not.
func (s *Site) notify(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	err = s.Studio.Notify(r.Context(), c, id, r.FormValue("on") != "0", s.printer(r).Code)
	// It has ended in the meantime: the page shows how.
	if err != nil && kinpict.CodeOf(err) != kinpict.Conflict {
		return err
	}
	http.Redirect(w, r, "/generations/"+id, http.StatusSeeOther)
	return nil
}
