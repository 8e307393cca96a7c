package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kinpict"
	"kinpict/internal/staff"
)

// A PeopleView feeds people.html.
type PeopleView struct {
	Page
	Fault *Fault
	Typed string
}

func (c *Console) people(v *visit) error {
	return c.send(v.w, v.r, http.StatusOK, "people", &PeopleView{Page: v.titled("People")})
}

// find leads to the account of an address or an id. The address comes in a body,
// so that it stands in no log and no history.
func (c *Console) find(v *visit) error {
	asked := strings.TrimSpace(v.r.PostForm.Get("who"))
	id := asked
	if !strings.HasPrefix(asked, kinpict.AccountPrefix) {
		id = ""
		a, err := c.People.Account(v.r.Context(), asked)
		switch code := kinpict.CodeOf(err); {
		case err == nil:
			id = a.ID
		case code != kinpict.NotFound && code != kinpict.Invalid:
			return err
		}
	} else if _, err := c.Office.Person(v.r.Context(), v.caller, id, 0); kinpict.CodeOf(err) == kinpict.NotFound {
		id = ""
	} else if err != nil {
		return err
	}
	if id == "" {
		view := &PeopleView{Page: v.titled("Problem: people"), Typed: asked, Fault: &Fault{"Nobody has this address or id.", "It has to be the whole address, or the whole id."}}
		return c.send(v.w, v.r, http.StatusNotFound, "people", view)
	}
	http.Redirect(v.w, v.r, Path+"/people/"+url.PathEscape(id), http.StatusSeeOther)
	return nil
}

// A PersonView feeds person.html.
type PersonView struct {
	Page
	*staff.Person
	Masked  string
	Shown   string // the address, when it was asked for
	Asked   []RequestLine
	Older   string
	Waiting []HeldLine
}

func (c *Console) person(v *visit) error {
	return c.showPerson(v, "")
}

// showAddress tells the address, once, in the answer to the press.
func (c *Console) showAddress(v *visit) error {
	email, err := c.Office.Address(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if email == "" {
		email = "There is none any more."
	}
	return c.showPerson(v, email)
}

func (c *Console) showPerson(v *visit, shown string) error {
	before, _ := strconv.ParseInt(v.r.URL.Query().Get("before"), 10, 64) // anything else is the newest
	p, err := c.Office.Person(v.r.Context(), v.caller, v.r.PathValue("id"), max(0, before))
	if err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "person", personView(v.titled("Person"), p, shown))
}

func personView(page Page, p *staff.Person, shown string) *PersonView {
	view := &PersonView{Page: page, Person: p, Masked: masked(p.Email), Shown: shown}
	if p.More > 0 {
		view.Older = Path + "/people/" + url.PathEscape(p.ID) + "?before=" + strconv.FormatInt(p.More, 10)
	}
	for _, r := range p.Requests {
		view.Asked = append(view.Asked, requestLine(&staff.Request{RequestRow: r}))
	}
	for _, h := range p.Held {
		l := heldLine(h)
		l.Words = h.Reason
		view.Waiting = append(view.Waiting, l)
	}
	return view
}
