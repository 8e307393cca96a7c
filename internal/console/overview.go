package console

import (
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"kinpict/internal/staff"
)

// An OverviewView feeds overview.html.
type OverviewView struct {
	Page
	*staff.Overview
	Today     string
	Periods   []int
	Finished  int // delivered or failed
	Calendar  []staff.Day
	Bars      []template.HTML // the wide and the slim one
	Lines     []template.HTML
	Attention []Attention
	Services  []Service
	Drawn     map[string]int // by service, in the period
}

// An Attention is something that waits for a person.
type Attention struct {
	What, About string
	Waiting     string // how long, "" if that is not known
	Link, Press string
}

func (c *Console) overview(v *visit) error {
	days, _ := strconv.Atoi(v.r.URL.Query().Get("days")) // anything else is the usual period
	o, err := c.Office.Overview(v.r.Context(), v.caller, days)
	if err != nil {
		return err
	}
	view, err := c.overviewView(v, o)
	if err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "overview", view)
}

func (c *Console) overviewView(v *visit, o *staff.Overview) (*OverviewView, error) {
	view := &OverviewView{Page: v.titled("Overview"), Overview: o, Periods: staff.Periods, Finished: o.Figures.Delivered + o.Figures.Failed, Calendar: o.Calendar(),
		Services: c.Services(), Drawn: map[string]int{}}
	view.chart()
	for _, d := range o.Figures.Drawn {
		view.Drawn[d.Engine] = d.Count
	}
	money, err := c.Shop.Dossiers(v.r.Context(), v.caller, "attention", "", "", mostAttention)
	if err != nil {
		return nil, err
	}
	view.waiting(len(money))
	return view, nil
}

// mostAttention is how many purchases are counted; of more it is said that there are more.
const mostAttention = 50

func (v *OverviewView) chart() {
	v.Bars = []template.HTML{bars("bars", false, v.Calendar), bars("bars-slim", true, v.Calendar)}
	v.Lines = []template.HTML{lines("lines", false, v.Calendar), lines("lines-slim", true, v.Calendar)}
}

// waiting says what waits for a person. purchases are those staff have to look at.
func (v *OverviewView) waiting(purchases int) {
	since := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return waited(v.At.Sub(t))
	}
	add := func(n int, one, many, about, waiting, link string) {
		if n == 1 {
			v.Attention = append(v.Attention, Attention{one, about, waiting, link, "Look"})
		} else if n > 1 {
			v.Attention = append(v.Attention, Attention{fmt.Sprintf(many, n), about, waiting, link, "Look"})
		}
	}
	add(v.Reviews, "1 review", "%d reviews", "Somebody says that their balance does not look right.", since(v.Since), Path+"/queue")
	add(v.Holds, "1 held request", "%d held requests", "Words that can be read two ways. Nothing is taken until somebody has read them.", since(v.Held), Path+"/queue")
	many := "%d purchases"
	if purchases >= mostAttention {
		many = "%d purchases or more"
	}
	add(purchases, "1 purchase", many, "We and the payment provider do not agree, a bank asks, or a refund has no answer. Look with: kinpict purchase list --attention", "", "")
	add(v.Overdue, "1 request past its time", "%d requests past their time", "A worker that lives ends these within a minute. Look whether one runs.", "", Path+"/requests?state=running")
	if v.Audit != nil && v.Audit.Found > 0 {
		add(v.Audit.Found, "1 finding of the last audit", "%d findings of the last audit", "The books do not agree with themselves.", since(v.Audit.EndedAt), Path+"/ledger")
	}
}
