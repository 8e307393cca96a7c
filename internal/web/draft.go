package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"kinpict"
	"kinpict/internal/httpd"
)

// startFresh empties the draft, and deletes the photos that nothing else needs.
func (s *Site) startFresh(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	d, err := s.Intake.Draft(r.Context(), c)
	if err != nil {
		return err
	}
	if err := s.Intake.DropDraft(r.Context(), c); err != nil {
		return err
	}
	for _, u := range d.Request.Photos {
		// Gone already is as good, and one that is needed stays.
		if err := s.Intake.Delete(r.Context(), c, u.ID); err != nil && httpd.Status(err) >= 500 {
			return err
		}
	}
	http.Redirect(w, r, "/create", http.StatusSeeOther)
	return nil
}

// forget empties the draft of a request that went on its way. The request is
// accepted and paid by then, so nothing that fails here may look like a failure.
func (s *Site) forget(ctx context.Context, c kinpict.Caller) {
	if err := s.Intake.DropDraft(context.WithoutCancel(ctx), c); err != nil {
		httpd.Log(ctx).Error("a draft stays after its request was accepted", "err", err)
	}
}

// forgetSame empties the draft if it still is the request that went on. Another
// one, begun since, stays.
func (s *Site) forgetSame(ctx context.Context, c kinpict.Caller, q kinpict.Request) {
	d, err := s.Intake.Draft(context.WithoutCancel(ctx), c)
	if err != nil {
		httpd.Log(ctx).Error("a draft stays after its request was accepted", "err", err)
		return
	}
	p := d.Request
	if p.Scenario == q.Scenario && p.Quality == q.Quality && strings.TrimSpace(p.Instruction) == q.Instruction && slices.Equal(p.Photos, q.Photos) {
		s.forget(ctx, c)
	}
}
