package web

import (
	"net/http"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/people"
)

// browserCookie binds a sign-in link to the browser that asked for it.
const browserCookie = "kp_b"

// knownCookie says that the browser signed in before.
const knownCookie = "kp_k"

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
	view := SignInView{Page: v.titled(v.say().Say("Sign in")), Next: next, Address: r.FormValue("email"), Keeps: keeps(v, next)}
	return s.send(w, r, http.StatusOK, "sign-in", view)
}

// keeps reports whether a guest goes on with what they put together.
func keeps(v *visit, next string) bool { return v.caller.GuestID != "" && next == "/create" }

// requestLink answers the same for every address, so that nobody learns who has
// an account.
func (s *Site) requestLink(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	say := v.say()
	view := SignInView{Page: v.titled(say.Say("Sign in")), Next: local(r.FormValue("next")), Address: r.FormValue("email")}
	view.Keeps = keeps(v, view.Next)
	cookies := s.Identity.Cookies
	browser := cookies.Value(r, cookies.Name(browserCookie))
	if browser == "" {
		browser = s.People.NewBrowser()
	}
	if err := s.People.RequestLink(r.Context(), v.caller, people.Asking{Email: view.Address, Browser: browser, Known: cookies.Value(r, cookies.Name(knownCookie)), Next: view.Next, Language: s.printer(r).Code}); err != nil {
		e, ok := as(err)
		if !ok || e.Code != kinpict.Invalid && e.Code != kinpict.RateLimited {
			return err
		}
		view.Problems = []Problem{problem(say, e, "email")}
		view.troubled()
		httpd.FailureHeader(w.Header(), e)
		return s.send(w, r, httpd.Means(e.Code).Status, "sign-in", view)
	}
	cookies.Set(w, cookies.Name(browserCookie), browser, int(people.LinkLife.Seconds()))
	view.Sent, view.Minutes, view.Title = "mail", int(people.LinkLife.Minutes()), say.Say("Look in your mail")
	switch {
	case view.Outbox:
		view.Sent = "outbox"
	case s.KeepsMail:
		view.Sent, view.Title = "kept", say.Say("Your link is kept for you")
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
	return s.send(w, r, http.StatusOK, "sign-in-confirm", ConfirmView{Page: v.private(v.say().Say("Sign in")), Token: r.URL.Query().Get("token")})
}

func (s *Site) enter(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	cookies := s.Identity.Cookies
	in, err := s.People.SignIn(r.Context(), people.Opening{Token: r.PostFormValue("token"), Browser: cookies.Value(r, cookies.Name(browserCookie)), GuestID: v.caller.GuestID, Session: cookies.Value(r, cookies.Session()), Agent: r.UserAgent(), Language: v.page.Lang()})
	if err != nil {
		e, ok := as(err)
		if !ok || e.Code != kinpict.NotFound && e.Code != kinpict.Forbidden {
			return err
		}
		say := v.say()
		view := ConfirmView{Page: v.private(say.Say("Sign in")), Faults: Faults{[]Problem{problem(say, e, "token")}}, Elsewhere: e.Code == kinpict.Forbidden}
		return s.send(w, r, httpd.Means(e.Code).Status, "sign-in-confirm", view)
	}
	cookies.Set(w, cookies.Session(), in.Cookie, int(people.SessionLife.Seconds()))
	cookies.Set(w, cookies.Name(knownCookie), in.Known, httpd.GuestAge)
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
