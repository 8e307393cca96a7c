package console

import (
	"net/http"
	"strings"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/people"
)

// An EnterView feeds enter.html.
type EnterView struct {
	Page
	Factor bool   // there is one to show
	Back   string // where to go on to
	Fault  string
	Hint   string
	Words  []Words
	Lost   bool // something was sent and not done
}

// ask asks for the code of the second factor, on the way to wherever the sender
// was going.
func (c *Console) ask(w http.ResponseWriter, r *http.Request, caller kinpict.Caller, status int, back string) error {
	v := EnterView{Page: c.blank(r, caller), Back: back}
	v.Title = "Show your second factor"
	if back == "" && r.Method == http.MethodGet {
		v.Back = r.URL.RequestURI()
	}
	if r.Method == http.MethodPost && back == "" {
		v.Lost, v.Words = true, typed(r)
		v.Back = Path
	}
	return c.sendAsk(w, r, status, caller, v)
}

func (c *Console) sendAsk(w http.ResponseWriter, r *http.Request, status int, caller kinpict.Caller, v EnterView) (err error) {
	if v.Factor, err = c.People.HasFactor(r.Context(), caller); err != nil {
		return err
	}
	return c.send(w, r, status, "enter", v)
}

// enter opens the console for who shows the code.
func (c *Console) enter(w http.ResponseWriter, r *http.Request) error {
	caller, err := c.Identity.Caller(r)
	if err != nil {
		return err
	}
	back := local(r.PostForm.Get("back"))
	cookie, err := c.People.OpenConsole(r.Context(), caller, c.signIn(r), r.PostForm.Get("code"))
	switch code := kinpict.CodeOf(err); {
	case err == nil:
	case code == kinpict.Invalid || code == kinpict.RateLimited || code == kinpict.Conflict:
		e := httpd.Explain(r, err)
		v := EnterView{Page: c.blank(r, caller), Back: back, Fault: e.Message, Hint: e.Hint}
		v.Title = "Problem: show your second factor"
		httpd.FailureHeader(w.Header(), e)
		return c.sendAsk(w, r, httpd.Means(code).Status, caller, v)
	default:
		return err
	}
	c.Identity.Cookies.Set(w, c.cookie(), cookie, int(people.StaffLife.Seconds()))
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// leave ends the console session and stays signed in on the site.
func (c *Console) leave(w http.ResponseWriter, r *http.Request) error {
	if cookie := c.Identity.Cookies.Value(r, c.cookie()); cookie != "" {
		if err := c.People.LeaveConsole(r.Context(), cookie); err != nil {
			return err
		}
	}
	c.Identity.Cookies.Clear(w, c.cookie())
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// local is a way on inside the console: a page of ours, else the front one.
func local(next string) string {
	if kinpict.LocalPath(next) && (next == Path || strings.HasPrefix(next, Path+"/") || strings.HasPrefix(next, Path+"?")) {
		return next
	}
	return Path
}
