package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/staff"
)

// A RequestsView feeds requests.html.
type RequestsView struct {
	Page
	Rows  []RequestLine
	State string
	More  string
	Fault *Fault
	Asked string // the id that was looked for
}

// A RequestLine is a request in a list.
type RequestLine struct {
	ID, State, Class  string
	Quality, Scenario string
	Credits           kinpict.Credits
	Preview           bool
	Attempts          int
	At                time.Time
	Took              string // "" while it has not ended
}

var requestStates = []string{"all", string(kinpict.Queued), string(kinpict.Running), string(kinpict.Succeeded), string(kinpict.Failed), string(kinpict.Canceled)}

var stateClass = map[string]string{string(kinpict.Queued): " warm", string(kinpict.Running): " warm", string(kinpict.Succeeded): " good", string(kinpict.Failed): " bad"}

// Tabs choose the state of the requests that are shown.
func (v *RequestsView) Tabs() Tabs { return tabs("Requests by state", "state", v.State, requestStates) }

func (c *Console) requests(v *visit) error {
	q := v.r.URL.Query()
	view := &RequestsView{Page: v.titled("Requests"), State: choose(q.Get("state"), requestStates), Asked: strings.TrimSpace(q.Get("id"))}
	status := http.StatusOK
	if view.Asked != "" {
		_, err := c.Office.Request(v.r.Context(), v.caller, view.Asked)
		if err == nil {
			http.Redirect(v.w, v.r, Path+"/requests/"+url.PathEscape(view.Asked), http.StatusSeeOther)
			return nil
		}
		if kinpict.CodeOf(err) != kinpict.NotFound {
			return err
		}
		view.Fault, status = &Fault{"There is no request with this id.", "It begins with gen_ and has 39 characters."}, http.StatusNotFound
	}
	of := view.State
	if of == "all" {
		of = ""
	}
	rows, next, err := c.Office.Requests(v.r.Context(), v.caller, kinpict.Status(of), q.Get("after"), pageSize)
	if err != nil {
		return err
	}
	if next != "" {
		view.More = "?state=" + view.State + "&after=" + url.QueryEscape(next)
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, requestLine(&staff.Request{RequestRow: r}))
	}
	return c.send(v.w, v.r, status, "requests", view)
}

func requestLine(r *staff.Request) RequestLine {
	l := RequestLine{ID: r.ID, State: string(r.Status), Class: stateClass[string(r.Status)], Quality: r.Quality, Scenario: r.Scenario, Credits: r.Credits,
		Preview: r.Funding == kinpict.FundedByPreview, Attempts: r.Attempts, At: r.CreatedAt}
	if !r.FinishedAt.IsZero() {
		l.Took = lasted(r.FinishedAt.Sub(r.CreatedAt))
	}
	return l
}

// A RequestView feeds request.html.
type RequestView struct {
	Page
	*staff.Request
	Line  RequestLine
	Guest bool // it is nobody's account's yet
	Steps []Step
	Why   string // it failed
}

// A Step is a moment of a request.
type Step struct {
	What, About string
	At          time.Time
}

func (c *Console) request(v *visit) error {
	r, err := c.Office.Request(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "request", requestView(v.titled("Request"), r))
}

func requestView(p Page, r *staff.Request) *RequestView {
	view := &RequestView{Page: p, Request: r, Line: requestLine(r), Guest: !strings.HasPrefix(r.Owner, kinpict.AccountPrefix)}
	add := func(at time.Time, what, about string) {
		if !at.IsZero() {
			view.Steps = append(view.Steps, Step{what, about, at})
		}
	}
	paid := "A free preview, nothing was taken."
	if r.Credits > 0 {
		paid = "The credits were taken in the same commit."
	}
	add(r.CreatedAt, "Accepted", paid)
	add(r.StartedAt, "First taken by a worker", "It waited "+lasted(r.StartedAt.Sub(r.CreatedAt))+".")
	tries := "In the first attempt."
	if r.Attempts > 1 {
		tries = "In attempt " + strconv.Itoa(r.Attempts) + "."
	}
	switch r.Status {
	case kinpict.Succeeded:
		add(r.FinishedAt, "Delivered", tries+" Drawn by "+r.Engine+".")
	case kinpict.Failed:
		view.Why = r.Failure.Explain().Message
		add(r.FinishedAt, "Failed", "After "+strconv.Itoa(r.Attempts)+" of 3 attempts: "+words(r.Failure)+".")
	case kinpict.Canceled:
		add(r.FinishedAt, "Canceled", "")
	}
	switch r.Charge {
	case "earned":
		add(r.ClosedAt, "Charge closed as earned", "")
	case "returned":
		add(r.ClosedAt, "Credits returned", words(r.Closed))
	}
	add(r.DeletedAt, "Deleted by its owner", "The picture is gone; the books stay.")
	return view
}
