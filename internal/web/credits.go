package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

// linesPerPage of the statement.
const linesPerPage = 50

// CreditsView feeds credits.html.
type CreditsView struct {
	Page
	Faults
	Debt   kinpict.Credits
	Buys   string
	Lots   []Lot // that can be spent, the next one first
	Spent  []Lot // with nothing left, newest first
	Filter FilterView
	Totals *TotalsView // of what the filter leaves, if there is one
	Months []Month
	Older  string // addresses
	Later  bool
	Books  BooksHead
}

// A Lot is credits that came from one place.
type Lot struct {
	Kind               string
	Ref, Link          string // what brought them
	Lines              string // address of what became of them
	Granted, Remaining kinpict.Credits
	Fates              []Fate
	At, ExpiresAt      time.Time
}

// A Fate is what became of some credits of a lot.
type Fate struct {
	Text    string
	Credits kinpict.Credits
}

var lotKinds = map[string]string{
	kinpict.LotPromo: lang.N("Given"), kinpict.LotBonus: lang.N("Bonus"), kinpict.LotAdjust: lang.N("Adjusted by staff"), kinpict.LotPaid: lang.N("Bought"),
}

// credits is the balance, the lots it lies in, and the statement.
func (s *Site) credits(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	want := wantedIn(r.URL.Query())
	if r.URL.Query().Get("print") == "1" {
		return s.sheet(w, r, v, want)
	}
	lots, err := s.Shop.Lots(r.Context(), v.caller)
	if err != nil {
		return err
	}
	spent, err := s.Shop.Spent(r.Context(), v.caller)
	if err != nil {
		return err
	}
	say := v.say()
	view := creditsView(v.page, v.balance, v.catalog, lots, spent)
	if view.Books, err = s.head(r, v); err != nil {
		return err
	}
	f, err := want.filter(s.Now())
	view.Filter = filterView(say, want, f)
	if e, ok := as(err); ok {
		view.Problems, view.Filter.Open = []Problem{problem(say, e, fieldOf(e))}, true
		view.troubled()
		return s.send(w, r, httpd.Means(e.Code).Status, "credits", view)
	}
	cursor := r.FormValue("cursor")
	var x billing.Summed
	if want.active() {
		x, err = s.Shop.Summed(r.Context(), v.caller, f, cursor, linesPerPage)
	} else {
		x.Lines, x.Next, err = s.Shop.Statement(r.Context(), v.caller, f, cursor, linesPerPage)
	}
	if err != nil {
		return err
	}
	if want.active() && len(x.Lines) > 0 {
		view.Totals = totalsView(say, x)
	}
	view.Months, view.Later = monthsOf(say, x.Lines, s.titles(say)), cursor != ""
	if x.Next != "" {
		view.Older = want.address("/credits", "cursor", x.Next)
	}
	return s.send(w, r, http.StatusOK, "credits", view)
}

// fieldOf is the first field an error names.
func fieldOf(e *kinpict.Error) string {
	if list, ok := e.Members["errors"].([]map[string]string); ok && len(list) > 0 {
		return list[0]["field"]
	}
	return "from"
}

// titles names scenarios.
func (s *Site) titles(say *lang.Printer) func(id string) string {
	return func(id string) string { return s.show(say, id).Title }
}

func creditsView(p Page, b kinpict.Balance, c *kinpict.Catalog, lots, spent []kinpict.Lot) CreditsView {
	say := p.language()
	v := CreditsView{Page: p, Debt: b.Debt}
	v.Title, v.Private = say.Say("Credits"), true
	if b.Available > 0 {
		v.Buys = buys(say, c, b.Available)
	}
	for _, l := range lots {
		v.Lots = append(v.Lots, lotView(say, l))
	}
	for _, l := range spent {
		v.Spent = append(v.Spent, lotView(say, l))
	}
	return v
}

// buys is what some credits are enough for.
func buys(say *lang.Printer, c *kinpict.Catalog, n kinpict.Credits) string {
	var all []Supply
	for _, q := range c.Qualities {
		k := c.Supports(n)[q.ID]
		all = append(all, Supply{k, say.Say(qualities[q.ID].pictures, k)})
	}
	return say.Say("about %s", either(say, all))
}

func lotView(say *lang.Printer, l kinpict.Lot) Lot {
	v := Lot{Kind: say.Told(lotKinds[l.Kind]), Granted: l.Granted, Remaining: l.Remaining, At: l.CreatedAt, ExpiresAt: l.ExpiresAt, Lines: aboutURL(l.ID)}
	kind, id, _ := strings.Cut(l.Source, " ")
	if v.Ref = id; kind == "purchase" {
		v.Link = "/purchases/" + url.PathEscape(id)
	}
	for _, f := range []Fate{{say.Say("Used for pictures"), l.Used}, {say.Say("Expired"), l.Expired}, {say.Say("Taken back with the payment"), l.TakenBack},
		{say.Say("Taken by staff"), l.Withdrawn}, {say.Say("Given up with the account"), l.GivenUp}, {say.Say("Left"), l.Remaining}} {
		if f.Credits != 0 {
			v.Fates = append(v.Fates, f)
		}
	}
	if l.Owed != 0 {
		v.Fates = append(v.Fates, Fate{say.Say("Used, and owed since the payment was taken back"), l.Owed})
	}
	return v
}
