package web

import (
	"net/http"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/people"
)

// browserCookie binds a sign-in link to the browser that asked for it.
const browserCookie = "kp_b"

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	next := local(r.FormValue("next"))
	if v.page.Signed {
		if next == "" {
			next = "/"
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	view := SignInView{Page: v.titled("Sign in"), Next: next, Address: r.FormValue("email")}
	if v.caller.GuestID != "" && next == "/create" {
		view.Keeps = true
	}
	return s.send(w, r, http.StatusOK, "sign-in", view)
}

// requestLink answers the same for every address, so that nobody learns who has
// an account.
func (s *Site) requestLink(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view := SignInView{Page: v.titled("Sign in"), Next: local(r.FormValue("next")), Address: r.FormValue("email")}
	cookies := s.Identity.Cookies
	browser := cookies.Value(r, cookies.Name(browserCookie))
	if browser == "" {
		browser = s.People.NewBrowser()
	}
	if err := s.People.RequestLink(r.Context(), v.caller, view.Address, browser, view.Next, s.printer(r).Code); err != nil {
		e, ok := as(err)
		if !ok || e.Code != kinpict.Invalid && e.Code != kinpict.RateLimited {
			return err
		}
		view.Problems = []Problem{{"email", e.Message + " " + e.Hint}}
		view.Title = "Problem: " + view.Title
		httpd.FailureHeader(w.Header(), e)
		return s.send(w, r, httpd.Means(e.Code).Status, "sign-in", view)
	}
	cookies.Set(w, cookies.Name(browserCookie), browser, int(people.LinkLife.Seconds()))
	view.Sent, view.Minutes, view.Title = true, int(people.LinkLife.Minutes()), "Look in your mail"
	if !s.Outbox {
		view.Title = "Your link is kept for you"
	}
	return s.send(w, r, http.StatusOK, "sign-in", view)
}

// confirm asks for a press, because mail programs open links by themselves and
// a link works once.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the secret
	return s.send(w, r, http.StatusOK, "sign-in-confirm", ConfirmView{Page: v.private("Sign in"), Token: r.URL.Query().Get("token")})
}

func (s *Site) enter(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	cookies := s.Identity.Cookies
	in, err := s.People.SignIn(r.Context(), people.Opening{Token: r.PostFormValue("token"), Browser: cookies.Value(r, cookies.Name(browserCookie)), GuestID: v.caller.GuestID, Agent: r.UserAgent()})
	if err != nil {
		e, ok := as(err)
		if !ok || e.Code != kinpict.NotFound && e.Code != kinpict.Forbidden {
			return err
		}
		view := ConfirmView{Page: v.private("Sign in"), Faults: Faults{[]Problem{{"token", e.Message + " " + e.Hint}}}}
		return s.send(w, r, httpd.Means(e.Code).Status, "sign-in-confirm", view)
	}
	cookies.Set(w, cookies.Session(), in.Cookie, int(people.SessionLife.Seconds()))
	cookies.Clear(w, cookies.Name(browserCookie))
	http.Redirect(w, r, in.Next, http.StatusSeeOther)
	return nil
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	cookies := s.Identity.Cookies
	if err := s.People.SignOut(r.Context(), cookies.Value(r, cookies.Session())); err != nil {
		return err
	}
	cookies.Clear(w, cookies.Session())
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
