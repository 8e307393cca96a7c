package web

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
)

// A sent is the create page's form as it arrived.
type sent struct {
	url.Values
	page    intake.Draft // what the person has before their eyes: what a press asks for
	draft   intake.Draft // what is kept, with what another tab of theirs changed meanwhile
	added   []*kinpict.Photo
	fresh   bool    // new photos arrived after the consent box was ticked
	faults  []error // photos that were not taken in
	crowded bool    // one of the faults is that there is no room
}

// smallForm is a form that brings no photo worth counting as an upload, in bytes.
const smallForm = 16 << 10

// read reads the form, keeps what it says as the draft, and takes in the photos
// that came along: whatever happens next, nothing that was entered is lost.
func (s *Site) read(w http.ResponseWriter, r *http.Request, c kinpict.Caller) (*sent, error) {
	f := &sent{}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "multipart/form-data" {
		if err := r.ParseForm(); err != nil {
			return nil, &kinpict.Error{Code: httpd.RequestMalformed, Message: "The form could not be read.", Hint: "Go back and send it again.", Err: err}
		}
		f.Values = r.PostForm
		return f, s.keep(r.Context(), c, f)
	}
	lim := httpd.FormLimits{Files: kinpict.MaxPhotos, FileBytes: int64(s.Intake.Limits.Bytes), Fields: 64, Skip: true}
	if large := r.ContentLength < 0 || r.ContentLength > smallForm; large {
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
	f.Values, r.Form = form.Values, form.Values
	for _, err := range form.Skipped {
		if kinpict.CodeOf(err) == kinpict.FileTooLarge {
			f.faults = append(f.faults, err)
		} else {
			f.full()
		}
	}
	if err := s.keep(r.Context(), c, f); err != nil {
		return nil, err
	}
	if len(form.Files) == 0 {
		return f, nil
	}
	// Only now: who has to wait for a place has their words kept.
	release, err := s.uploads.Take(c.Counted())
	if err != nil {
		return nil, err
	}
	defer release()
	for _, file := range form.Files {
		if err := s.take(r.Context(), c, f, file); err != nil {
			return nil, err
		}
	}
	return f, s.join(r.Context(), c, f)
}

// sends reports whether the form came by a button that goes on. Its word about
// the photos holds also for those that come in the same press.
func (f *sent) sends() bool {
	return slices.Contains([]string{"make", "preview", "signin"}, f.Get("do"))
}

// keep puts what the page says into the draft. A script that sends a photo alone
// says nothing.
func (s *Site) keep(ctx context.Context, c kinpict.Caller, f *sent) error {
	if !f.Has("scenario") && !f.Has("quality") {
		d, err := s.Intake.Draft(ctx, c)
		if err == nil {
			f.page, f.draft = *d, *d
		}
		return err
	}
	f.page = f.says()
	d, err := s.Intake.EditDraft(ctx, c, func(d *intake.Draft) {
		*d = intake.Merge(f.Get("seen"), f.page, *d)
		if f.Has("anew") { // the word was given for photos that came after the last mark
			d.Consent = f.page.Consent
		}
	})
	if err == nil {
		f.draft = *d
	}
	return err
}

// says is the draft the form's fields make.
func (f *sent) says() intake.Draft {
	var d intake.Draft
	q := &d.Request
	q.Scenario, q.Quality, q.Instruction, q.Aspect = f.Get("scenario"), f.Get("quality"), lines(f.Get("instruction")), kinpict.Aspect(f.Get("aspect"))
	d.Consent, d.Helper = f.Get("consent") == "yes", helperOf(f.Get)
	for _, id := range f.Values["photo"] {
		if len(q.Photos) < kinpict.MaxPhotos && !has(q.Photos, id) {
			q.Photos = append(q.Photos, kinpict.PhotoUse{ID: id, Role: kinpict.Role(f.Get("role-" + id)), Label: strings.TrimSpace(f.Get("label-" + id))})
		}
	}
	return d
}

// lines puts line breaks as browsers send them in the form they are kept in.
func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func has(list []kinpict.PhotoUse, id string) bool {
	return slices.ContainsFunc(list, func(u kinpict.PhotoUse) bool { return u.ID == id })
}

// take makes a photo of one uploaded file, or puts its reason among the faults.
func (s *Site) take(ctx context.Context, c kinpict.Caller, f *sent, file *httpd.File) error {
	if len(f.draft.Request.Photos)+len(f.added) >= kinpict.MaxPhotos {
		f.full()
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
		// Those before it are there, and stay.
		return errors.Join(err, s.join(ctx, c, f))
	}
	if !has(f.draft.Request.Photos, p.ID) && !slices.ContainsFunc(f.added, func(x *kinpict.Photo) bool { return x.ID == p.ID }) {
		f.fresh = true
	}
	f.added = append(f.added, p)
	return nil
}

// full says, once, that there is room for no more.
func (f *sent) full() {
	if !f.crowded {
		f.crowded = true
		f.faults = append(f.faults, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("A picture takes up to %d photos.", kinpict.MaxPhotos),
			Hint: "Remove one to add another."})
	}
}

// join puts the photos that were taken in into the draft, beside those another
// tab put there meanwhile.
func (s *Site) join(ctx context.Context, c kinpict.Caller, f *sent) error {
	if len(f.added) == 0 {
		return nil
	}
	put := func(d *intake.Draft) (left bool) {
		for _, p := range f.added {
			switch {
			case has(d.Request.Photos, p.ID):
			case len(d.Request.Photos) < kinpict.MaxPhotos:
				d.Request.Photos = append(d.Request.Photos, kinpict.PhotoUse{ID: p.ID})
			default:
				left = true
			}
		}
		if f.fresh && !f.sends() {
			d.Consent = false
		}
		return left
	}
	var left bool
	d, err := s.Intake.EditDraft(ctx, c, func(d *intake.Draft) { left = put(d) })
	if err != nil {
		return err
	}
	f.draft = *d
	put(&f.page)
	if left {
		f.full()
	}
	return nil
}
