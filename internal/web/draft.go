package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
)

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

// draftState answers the page's script, when the person comes back to its tab,
// whether anything it shows has changed meanwhile: the draft in another tab, or
// who is signed in, the balance or the prices.
func (s *Site) draftState(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	d, err := s.kept(r, v.caller)
	if err != nil {
		return err
	}
	seen, err := s.seen(v, d, s.shelf(r, v.caller))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, no-store")
	return json.NewEncoder(w).Encode(map[string]string{"seen": seen, "now": v.now()})
}

// kept is the draft of whoever asks, an empty one for nobody.
func (s *Site) kept(r *http.Request, c kinpict.Caller) (*intake.Draft, error) {
	if c.Owner() == "" {
		return &intake.Draft{}, nil
	}
	return s.Intake.Draft(r.Context(), c)
}

// seen is the mark of a draft as the page shows it.
func (s *Site) seen(v *visit, d *intake.Draft, have shelf) (string, error) {
	shown := s.complete(v, *d)
	var err error
	shown.Request.Photos, _, err = have.sources(shown.Request.Photos)
	return shown.Mark(), err
}

// now tells apart what of a visit the page shows beside the draft.
func (v *visit) now() string {
	return fmt.Sprintf("%s.%d.%d.%d", v.caller.AccountID, v.balance.Available, v.balance.Spendable, v.catalog.Version)
}

// startFresh empties the draft, and deletes the photos that nothing else needs.
func (s *Site) startFresh(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	var photos []kinpict.PhotoUse
	if _, err := s.Intake.EditDraft(r.Context(), c, func(d *intake.Draft) { photos, *d = d.Request.Photos, intake.Draft{} }); err != nil {
		return err
	}
	for _, u := range photos {
		// Gone already is as good, and one that is needed stays.
		if err := s.Intake.Delete(r.Context(), c, u.ID); err != nil && httpd.Status(err) >= 500 {
			return err
		}
	}
	http.Redirect(w, r, "/create", http.StatusSeeOther)
	return nil
}

// forget empties the draft of a request that went on its way, unless another tab
// has added to it since. The request is accepted and paid by then, so nothing
// that fails here may look like a failure.
func (s *Site) forget(ctx context.Context, c kinpict.Caller, went kinpict.Request) {
	s.forgetIf(ctx, c, func(q kinpict.Request) bool {
		return !slices.ContainsFunc(q.Photos, func(u kinpict.PhotoUse) bool { return !has(went.Photos, u.ID) })
	})
}

// forgetSame empties the draft if it still is the request that went on. Another
// one, begun since, stays.
func (s *Site) forgetSame(ctx context.Context, c kinpict.Caller, went kinpict.Request) {
	s.forgetIf(ctx, c, func(q kinpict.Request) bool {
		return q.Scenario == went.Scenario && q.Quality == went.Quality && strings.TrimSpace(q.Instruction) == went.Instruction && slices.Equal(q.Photos, went.Photos)
	})
}

func (s *Site) forgetIf(ctx context.Context, c kinpict.Caller, went func(kinpict.Request) bool) {
	_, err := s.Intake.EditDraft(context.WithoutCancel(ctx), c, func(d *intake.Draft) {
		if went(d.Request) {
			*d = intake.Draft{}
		}
	})
	if err != nil {
		httpd.Log(ctx).Error("a draft stays after its request was accepted", "err", err)
	}
}
