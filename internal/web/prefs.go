package web

import (
	"net/http"

	"kinpict/internal/lang"
)

// Preferences live in cookies, so that they hold before anybody signs in.
const (
	themeCookie    = "kp_theme"
	languageCookie = "kp_lang"
	prefsAge       = 365 * 24 * 3600
)

// printer is the language of a visitor: the one they chose, else what their
// browser asks for.
func (s *Site) printer(r *http.Request) *lang.Printer {
	if p := s.Languages.Find(s.Identity.Cookies.Value(r, s.Identity.Cookies.Name(languageCookie))); p != nil {
		return p
	}
	return s.Languages.Match(r.Header.Get("Accept-Language"))
}

func (s *Site) chooseTheme(w http.ResponseWriter, r *http.Request) error {
	cookies := s.Identity.Cookies
	switch t := r.FormValue("theme"); t {
	case "light", "dark":
		cookies.Set(w, cookies.Name(themeCookie), t, prefsAge)
	default:
		cookies.Clear(w, cookies.Name(themeCookie))
	}
	return goBack(w, r)
}

// chooseLanguage keeps a language that is offered; any other choice goes back to
// what the browser asks for.
func (s *Site) chooseLanguage(w http.ResponseWriter, r *http.Request) error {
	cookies := s.Identity.Cookies
	if p := s.Languages.Find(r.FormValue("language")); p != nil {
		cookies.Set(w, cookies.Name(languageCookie), p.Code, prefsAge)
		// Mail speaks it, too. A choice made before signing in goes along then.
		c, err := s.Identity.Caller(r)
		if err != nil {
			return err
		}
		if c.AccountID != "" {
			if err := s.People.SetLanguage(r.Context(), c, p.Code); err != nil {
				return err
			}
		}
	} else {
		cookies.Clear(w, cookies.Name(languageCookie))
	}
	return goBack(w, r)
}

// goBack leads to the page a preference was chosen on.
func goBack(w http.ResponseWriter, r *http.Request) error {
	back := local(r.FormValue("back"))
	if back == "" {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
