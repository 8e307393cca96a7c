package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/support"
)

// pageSize is how many rows a list shows at once.
const pageSize = 25

// A QueueView feeds queue.html.
type QueueView struct {
	Page
	Reviews    []*kinpict.Review
	State      string // of the reviews shown
	States     []string
	More       string // where older reviews are, "" for none
	Holds      []HeldLine
	HoldState  string
	HoldStates []string
	MoreHolds  string
	HoldsWait  int
	Done       string // what was just done, in words
}

// Tabs choose between lists.
type Tabs struct {
	Label string
	Items []Tab
}

// A Tab leads to one of them.
type Tab struct {
	Link, Text string
	Here       bool
}

func tabs(label, param, here string, offers []string) Tabs {
	t := Tabs{Label: label}
	for _, o := range offers {
		t.Items = append(t.Items, Tab{"?" + param + "=" + o, words(o), o == here})
	}
	return t
}

// ReviewTabs and HoldTabs choose what of each is shown.
func (v *QueueView) ReviewTabs() Tabs { return tabs("Reviews by state", "reviews", v.State, v.States) }
func (v *QueueView) HoldTabs() Tabs {
	return tabs("Held requests by state", "holds", v.HoldState, v.HoldStates)
}

// A HeldLine is a held request in a list.
type HeldLine struct {
	ID, Account, State string
	Scenario, Quality  string
	Words              string // those to read
	At                 time.Time
}

// done are what a press says after it, by the word in the address.
var done = map[string]string{"answered": "The review is answered, and the person is told by mail.", "closed": "The review is closed, and the person is told by mail.",
	"approved": "The request may go on. Its owner is told by mail and presses once more.", "refused": "The request does not go on. Its owner is told by mail."}

// choose is what is asked for if it is offered, else the first of the offers.
func choose(asked string, offers []string) string {
	for _, o := range offers {
		if o == asked {
			return o
		}
	}
	return offers[0]
}

func (c *Console) queue(v *visit) error {
	q := v.r.URL.Query()
	view := &QueueView{Page: v.titled("Queue"), States: []string{kinpict.ReviewOpen, kinpict.ReviewAnswered, kinpict.ReviewClosed},
		HoldStates: []string{"waiting", kinpict.HoldApproved, kinpict.HoldRefused}, Done: done[q.Get("done")]}
	view.State, view.HoldState = choose(q.Get("reviews"), view.States), choose(q.Get("holds"), view.HoldStates)
	reviews, err := c.Support.Queue(v.r.Context(), v.caller, view.State, q.Get("before"), pageSize+1)
	if err != nil {
		return err
	}
	if len(reviews) > pageSize {
		reviews = reviews[:pageSize]
		view.More = "?reviews=" + view.State + "&before=" + reviews[pageSize-1].ID
	}
	view.Reviews = reviews
	decision := view.HoldState
	if decision == "waiting" {
		decision = ""
	}
	holds, err := c.Studio.Holds(v.r.Context(), v.caller, decision, q.Get("after"), pageSize+1)
	if err != nil {
		return err
	}
	if len(holds) > pageSize {
		holds = holds[:pageSize]
		view.MoreHolds = "?holds=" + view.HoldState + "&after=" + holds[pageSize-1].ID
	}
	for _, h := range holds {
		view.Holds = append(view.Holds, heldLine(h))
	}
	if view.HoldsWait, err = c.Studio.HoldsWaiting(v.r.Context()); err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "queue", view)
}

func heldLine(h *kinpict.HeldRequest) HeldLine {
	l := HeldLine{ID: h.ID, Account: h.AccountID, State: holdState(h), Scenario: h.Request.Scenario, Quality: h.Request.Quality, At: h.CreatedAt}
	var words []string
	for _, d := range generation.Doubts(h.Request) {
		words = append(words, "“"+d.Words+"”")
	}
	l.Words = strings.Join(words, ", ")
	return l
}

func holdState(h *kinpict.HeldRequest) string {
	switch {
	case h.GenerationID != "":
		return "gone on"
	case h.Decision != "":
		return h.Decision
	}
	return "waiting"
}

// A ReviewView feeds review.html.
type ReviewView struct {
	Page
	*kinpict.Review
	Frozen  string // the evidence, indented
	Fault   *Fault
	Text    string // typed, of the answer
	Credits string
	Why     string
	Approve string
	Back    bool
	Ending  string // typed, of the closing
	Max     int
	Answer  bool // it may be answered
	Closing bool // it may be closed
	Own     bool // nobody works on their own
}

// A Fault is why something was not done.
type Fault struct{ Message, Hint string }

func (c *Console) review(v *visit) error {
	view, err := c.reviewView(v)
	if err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "review", view)
}

func (c *Console) reviewView(v *visit) (*ReviewView, error) {
	r, err := c.Support.Open(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var frozen bytes.Buffer
	if err := json.Indent(&frozen, r.Evidence, "", "  "); err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", r.ID, err)
	}
	return &ReviewView{Page: v.titled("Review"), Review: r, Frozen: frozen.String(), Max: kinpict.MaxReview, Answer: r.Status == kinpict.ReviewOpen && r.AccountID != v.caller.AccountID,
		Closing: r.Status != kinpict.ReviewClosed && r.AccountID != v.caller.AccountID, Own: r.AccountID == v.caller.AccountID}, nil
}

func (c *Console) answerReview(v *visit) error {
	f := v.r.PostForm
	a := support.Answer{Text: f.Get("text"), Reason: strings.TrimSpace(f.Get("reason")), Approver: strings.TrimSpace(f.Get("approver")), Back: f.Get("back") == "yes"}
	var err error
	if n := strings.TrimSpace(f.Get("credits")); n != "" {
		var credits int64
		if credits, err = strconv.ParseInt(n, 10, 64); err != nil {
			err = &kinpict.Error{Code: kinpict.Invalid, Message: "Credits are a whole number.", Hint: "Leave the field empty to give none."}
		}
		a.Credits = kinpict.Credits(credits)
	}
	if err == nil {
		_, err = c.Support.Answer(v.r.Context(), v.caller, v.r.PathValue("id"), a)
	}
	return c.settled(v, "answered", err)
}

func (c *Console) closeReview(v *visit) error {
	_, err := c.Support.Close(v.r.Context(), v.caller, v.r.PathValue("id"), v.r.PostForm.Get("text"))
	return c.settled(v, "closed", err)
}

// settled leads on after a review was worked on, or shows it again with what is
// in the way and what was typed.
func (c *Console) settled(v *visit, word string, err error) error {
	fault, status := faultOf(v.r, err)
	if fault == nil {
		if err != nil {
			return err
		}
		http.Redirect(v.w, v.r, Path+"/queue?done="+word, http.StatusSeeOther)
		return nil
	}
	view, err := c.reviewView(v)
	if err != nil {
		return err
	}
	f := v.r.PostForm
	view.Fault, view.Title = fault, "Problem: review"
	if word == "closed" {
		view.Ending = f.Get("text")
	} else {
		view.Text, view.Credits, view.Why, view.Approve, view.Back = f.Get("text"), f.Get("credits"), f.Get("reason"), f.Get("approver"), f.Get("back") == "yes"
	}
	return c.send(v.w, v.r, status, "review", view)
}

// faultOf is a refusal that the page it came from shows, nil for any other.
func faultOf(r *http.Request, err error) (*Fault, int) {
	var e *kinpict.Error
	if !errors.As(err, &e) {
		return nil, 0
	}
	switch e.Code {
	case kinpict.Invalid, kinpict.Conflict, kinpict.Forbidden, kinpict.InsufficientCredits:
		e = httpd.Explain(r, err)
		return &Fault{e.Message, e.Hint}, httpd.Means(e.Code).Status
	}
	return nil, 0
}

// A HoldView feeds hold.html.
type HoldView struct {
	Page
	*kinpict.HeldRequest
	State  string
	People []string // who is in the photos, never the photos
	Doubts []generation.Doubt
	Fault  *Fault
	Typed  string
	Max    int
	Open   bool // it may be decided
	Own    bool
}

func (c *Console) hold(v *visit) error {
	view, err := c.holdView(v)
	if err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "hold", view)
}

func (c *Console) holdView(v *visit) (*HoldView, error) {
	h, err := c.Studio.Hold(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	view := &HoldView{Page: v.titled("Held request"), HeldRequest: h, State: holdState(h), Doubts: generation.Doubts(h.Request), Max: kinpict.MaxHoldNote,
		Own: h.AccountID == v.caller.AccountID}
	view.Open = view.State == "waiting" && !view.Own
	for _, p := range h.Request.Photos {
		view.People = append(view.People, strings.Join(strings.Fields(string(p.Role)+" "+p.Label), " "))
	}
	return view, nil
}

// decide is a handler of one decision.
func (c *Console) decide(decision string) func(*visit) error {
	return func(v *visit) error {
		note := v.r.PostForm.Get("note")
		_, err := c.Studio.Decide(v.r.Context(), v.caller, v.r.PathValue("id"), decision, note)
		fault, status := faultOf(v.r, err)
		if fault == nil {
			if err != nil {
				return err
			}
			http.Redirect(v.w, v.r, Path+"/queue?done="+decision, http.StatusSeeOther)
			return nil
		}
		view, err := c.holdView(v)
		if err != nil {
			return err
		}
		view.Fault, view.Typed, view.Title = fault, note, "Problem: held request"
		return c.send(v.w, v.r, status, "hold", view)
	}
}
