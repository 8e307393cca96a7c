package web

import (
	"net/http"
	"strings"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

// press is the button on the create page. Whatever it leads to, the draft is kept
// first; only a request that was accepted takes it along.
func (s *Site) press(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.CallerOrGuest(w, r)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, c)
	if err != nil {
		return s.notTaken(w, r, c, err)
	}
	v, err := s.visitBy(r, c)
	if err != nil {
		return err
	}
	do := f.Get("do")
	if do == "save" {
		http.Redirect(w, r, "/create", http.StatusSeeOther)
		return nil
	}
	if (do == "words" || do == "check") && len(f.faults) == 0 {
		if do == "words" {
			if err := s.compose(r, c, f); err != nil {
				return err
			}
		}
		return s.look(w, r, c, f)
	}
	if do == "words" || do == "check" {
		return s.again(w, r, v, f, http.StatusUnprocessableEntity, nil)
	}
	if do == "signin" || do != "preview" && !v.page.Signed {
		return redirect(w, r, "/sign-in", "next", "/create")
	}
	if p := incomplete(v.say(), f); len(p) > 0 || len(f.faults) > 0 {
		return s.again(w, r, v, f, http.StatusUnprocessableEntity, p)
	}

	req := f.page.Request
	req.CatalogVersion = version(r)
	run, route := s.Studio.Accept, "POST /create"
	if do == "preview" {
		run, route = s.Studio.Preview, "POST /create preview"
	}
	in, err := intent(r, route, req)
	if err != nil {
		return err
	}
	in.Language = v.say().Code
	// Incomplete has seen to it that the box is ticked.
	if err := s.Intake.Consent(r.Context(), c, v.say().Say("Everyone in these photos, or their parent, agreed to this.")); err != nil {
		return err
	}
	a, err := run(r.Context(), c, in, req)
	if err != nil {
		return s.refused(w, r, v, f, err)
	}
	if a.Generation != nil || a.Replay.Status == http.StatusAccepted {
		// Also when the same press came twice: reading this form made it the draft again.
		s.forget(r.Context(), c, req)
	}
	return goOn(w, r, a)
}

// incomplete is what has to be there before anything else is asked.
func incomplete(say *lang.Printer, f *sent) []Problem {
	var out []Problem
	if len(f.page.Request.Photos) == 0 {
		out = append(out, Problem{"photo-input", say.Say("Add at least one photo, so that there is someone to show.")})
	}
	if !f.page.Consent {
		out = append(out, Problem{"consent", say.Say("Please confirm that everyone in these photos, or their parent, agreed.")})
	}
	return out
}

// goOn leads to what an accepted request became, also when the same press
// arrives twice.
func goOn(w http.ResponseWriter, r *http.Request, a *generation.Accepted) error {
	to := "/generations/"
	switch {
	case a.Generation != nil:
		to += a.Generation.ID
	case strings.HasPrefix(a.Replay.Ref, kinpict.HeldPrefix):
		to = "/held/" + a.Replay.Ref // its page says what is missing, or who reads it
	default:
		to += a.Replay.Ref
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// refused shows the tool again with the reason, and everything still in it.
func (s *Site) refused(w http.ResponseWriter, r *http.Request, v *visit, f *sent, err error) error {
	e, ok := as(err)
	if !ok {
		return err
	}
	switch e.Code {
	case kinpict.Unauthenticated:
		return redirect(w, r, "/sign-in", "next", "/create")
	case kinpict.InsufficientCredits:
		if id, ok := heldID(e); ok {
			return s.short(w, r, v, f, id)
		}
		return err
	case kinpict.HeldForReview:
		if id, ok := heldID(e); ok {
			http.Redirect(w, r, "/held/"+id, http.StatusSeeOther)
			return nil
		}
		return err
	case kinpict.Invalid:
		return s.again(w, r, v, f, http.StatusUnprocessableEntity, problems(v.say(), e))
	case kinpict.ContentNotAllowed:
		return s.again(w, r, v, f, http.StatusUnprocessableEntity, notAllowed(v.say(), e, f.page.Request))
	case kinpict.Internal:
		return err
	}
	view, err := s.tool(r, v, &f.draft)
	if err != nil {
		return err
	}
	switch e.Code {
	case kinpict.PriceChanged:
		was, _ := e.Members["shown_credits"].(kinpict.Credits)
		now, _ := e.Members["credits"].(kinpict.Credits)
		view.Changed = &Change{was, now}
	case kinpict.KeyReused:
		view.Notice = &Notice{v.say().Say("This page was sent before"), v.say().Say("It was changed since. Check it, then press the button again to send it as it is now.")}
	case kinpict.GuestLimit:
		view.PreviewSpent = true
		fallthrough
	default:
		view.Notice = noticeOf(v.say(), e)
	}
	httpd.FailureHeader(w.Header(), e)
	return s.send(w, r, httpd.Means(e.Code).Status, "create", view)
}

// heldID is the request that was put aside instead of accepted.
func heldID(e *kinpict.Error) (string, bool) {
	held, _ := e.Members["held_request"].(map[string]any)
	id, ok := held["id"].(string)
	return id, ok
}

// fields are the request's parts by where the page has them.
var fields = map[string]string{"photos": "photo-input", "scenario": "scenes", "aspect": "aspect", "instruction": "instruction", "quality": "quality"}

// problems are what a use case found wrong, at the fields of the page.
func problems(say *lang.Printer, e *kinpict.Error) []Problem {
	list, _ := e.Members["errors"].([]map[string]string)
	var out []Problem
	for _, m := range list {
		field := fields[m["field"]]
		if field == "" {
			field = "h-order"
		}
		out = append(out, Problem{field, sentences(say, m["message"], e.Hint)})
	}
	if len(out) == 0 {
		out = append(out, Problem{"h-order", sentences(say, e.Message, e.Hint)})
	}
	return out
}

// sentences says one after the other; either may be empty.
func sentences(say *lang.Printer, message, hint string) string {
	return strings.TrimSpace(say.Told(message) + " " + say.Told(hint))
}

// again shows the tool with what has to be put right.
func (s *Site) again(w http.ResponseWriter, r *http.Request, v *visit, f *sent, status int, p []Problem) error {
	view, err := s.tool(r, v, &f.draft)
	if err != nil {
		return err
	}
	for _, fault := range f.faults {
		if e, ok := as(fault); ok {
			p = append(p, Problem{"photo-input", sentences(v.say(), e.Message, e.Hint)})
			if e.Code == kinpict.FileTooLarge {
				status = http.StatusRequestEntityTooLarge
			}
		}
	}
	view.Problems = p
	view.troubled()
	if view.Fault("instruction") != "" {
		view.Told.Words = nil // it says so already
	}
	for i := range view.Photos {
		view.Photos[i].Fault = view.Fault("label-" + view.Photos[i].ID)
	}
	return s.send(w, r, status, "create", view)
}

// short shows the tool with what is missing and how to add it. The request is
// held under id; the page that comes after paying goes on with it.
func (s *Site) short(w http.ResponseWriter, r *http.Request, v *visit, f *sent, id string) error {
	h, err := s.Studio.Held(r.Context(), v.caller, id)
	if kinpict.CodeOf(err) == kinpict.NotFound || err == nil && h.GenerationID != "" {
		// It has gone on, or had its time: its page says which.
		http.Redirect(w, r, "/held/"+id, http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	rate, err := v.catalog.Rate(h.Request.Quality)
	if err != nil {
		return err
	}
	if rate.Credits <= v.balance.Spendable {
		http.Redirect(w, r, "/held/"+id, http.StatusSeeOther)
		return nil
	}
	view, err := s.tool(r, v, &f.draft)
	if err != nil {
		return err
	}
	view.Held = &Shortage{ID: h.ID, Required: rate.Credits, Available: v.balance.Available, Shortfall: rate.Credits - v.balance.Spendable, Debt: v.balance.Debt,
		ExpiresAt: h.ExpiresAt, Packs: packs(v.say(), v.catalog, sale{currency: s.currency(r)}, s.key, "/held/"+h.ID)}
	view.Title = v.say().Say("More credits needed")
	return s.send(w, r, http.StatusUnprocessableEntity, "create", view)
}
