package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/lang"
)

// A FilterView is what is typed and chosen above the lines.
type FilterView struct {
	Shows, Periods      []Option
	From, To, Reference string
	Active              bool   // something is left out
	Open                bool   // for that, or for what is wrong in it
	CSV, Print, First   string // addresses of the same lines
}

// An Option is one of a menu.
type Option struct {
	Value, Text string
	On          bool
}

// A TotalsView is sums over all lines a filter leaves, on however many pages.
type TotalsView struct {
	Lines   string
	In, Out kinpict.Credits
	Net     kinpict.Credits
	Whole   bool // false: over the newest lines only
	Limit   int
}

// A Month is the lines of the statement in one month.
type Month struct {
	ID, Name string
	Lines    []Line
}

// A Line is one change of the balance.
type Line struct {
	What     string
	Sub      string // why, in our words
	Words    string // why, in words of a person, which may be of any language
	Ref      string
	Link     string
	Amount   kinpict.Credits
	After    string // lots minus debt
	At       time.Time
	Return   bool
	From     string // what Moves are: taken from, put into
	Moves    []Move
	Owed     kinpict.Credits // what this line added to the debt; below 0: what it paid off
	Receipt  string          // addresses
	About    string          // every line about the same thing
	Wrong    string          // the form of a review that names it
	Download bool            // the receipt is a file
	Entry    int64
	Seal     string
}

// A Move is credits that went into a lot, or out of it.
type Move struct {
	Amount   kinpict.Credits
	Lot      string // its kind
	At       time.Time
	Link     string
	Returned kinpict.Credits
}

// A SheetView feeds statement.html, a statement for paper.
type SheetView struct {
	Page
	Issuer           string
	Lines            []Line
	Begins, Ends     time.Time // Ends is its last day or moment
	Whole            bool      // no kind is left out, so that the balances explain the lines
	Shows            string    // what is shown if not
	Opening, Closing string
	In, Out, Net     kinpict.Credits
	Most             int // lines, if there are more than these
	Back, CSV        string
	Books            BooksHead
	At               time.Time
}

// kinds are the lines of a statement in words.
var kinds = map[string]string{
	"purchase": lang.N("Credits bought"), "promo": lang.N("Credits given"), "bonus": lang.N("Extra credits"), "adjust": lang.N("Adjusted by staff"),
	"charge": lang.N("Picture accepted"), "return": lang.N("Credits returned"), "goodwill": lang.N("Credits given back"),
	"expire": lang.N("Given credits expired"), "reverse": lang.N("Payment taken back"), "restore": lang.N("Payment restored"),
	"forgive": lang.N("Owed credits forgiven"), "take": lang.N("Taken by staff"), "forfeit": lang.N("Credits given up"),
}

// staffed are the kinds that have a reason somebody wrote.
var staffed = map[string]bool{"promo": true, "adjust": true, "goodwill": true, "forgive": true, "take": true}

// What else the books give as a reason.
var _ = []string{lang.N("the account is closed"), lang.N("The money went back."), lang.N("Part of the money went back."),
	lang.N("The bank holds the payment."), lang.N("Less of the money went back than was known before."), lang.N("The payment stands, but for the part that went back."),
	lang.N("The bank holds less of the payment."), lang.N("The payment stands.")}

// returnReasons are the reasons of returns that say more than that a picture
// failed, whose page says the rest.
var returnReasons = map[string]string{
	"canceled":                    lang.N("You canceled the picture, so the same credits came back."),
	string(kinpict.FailedTimeout): lang.N("It took longer than it should, so the same credits came back."),
}

// shows are what a statement can be narrowed down to, in words.
var shows = map[string]string{
	billing.ShowBought: lang.N("Bought"), billing.ShowUsed: lang.N("Used for pictures"), billing.ShowReturned: lang.N("Returned"),
	billing.ShowOther: lang.N("Gifts and corrections"), billing.ShowRefunds: lang.N("Refunds of payments"),
}

// periods are the menu of times; a choice of days has fields of its own.
var periods = []struct{ id, words string }{
	{"", lang.N("Any time")}, {"this-month", lang.N("This month")}, {"last-month", lang.N("Last month")}, {"this-year", lang.N("This year")}, {"days", lang.N("Certain days")},
}

// monthsOf groups lines, which are newest first, by their month.
func monthsOf(say *lang.Printer, lines []kinpict.Transaction, title func(scenario string) string) []Month {
	var out []Month
	for _, t := range lines {
		id := t.At.UTC().Format("2006-01")
		if n := len(out); n == 0 || out[n-1].ID != id {
			out = append(out, Month{ID: id, Name: say.Month(t.At)})
		}
		m := &out[len(out)-1]
		m.Lines = append(m.Lines, lineView(say, t, title))
	}
	return out
}

func purchaseURL(id string) string { return "/checkout/return?id=" + url.QueryEscape(id) }

// aboutURL is the statement of one picture, purchase or lot.
func aboutURL(id string) string { return "/credits?reference=" + url.QueryEscape(id) }

func lineView(say *lang.Printer, t kinpict.Transaction, title func(scenario string) string) Line {
	l := Line{What: say.Told(kinds[t.Kind]), Amount: t.Amount, After: level(say, t.NetAfter), At: t.At, Return: t.Kind == "return", Ref: t.ID, Entry: t.Seq, Seal: seal(t.Hash)}
	if kinds[t.Kind] == "" {
		l.What = say.Say("Changed")
	}
	l.Wrong = "/help/balance?page=%2Fcredits"
	switch {
	case t.Generation != "":
		l.Wrong += "&generation=" + url.QueryEscape(t.Generation)
		l.Ref, l.Link, l.About = t.Generation, "/generations/"+url.PathEscape(t.Generation), aboutURL(t.Generation)
		l.Receipt, l.Download = "/api/v1/generations/"+url.PathEscape(t.Generation)+"/receipt", true
	case t.Purchase != "":
		l.Wrong += "&checkout=" + url.QueryEscape(t.Purchase)
		l.Ref, l.Link, l.About = t.Purchase, "/purchases/"+url.PathEscape(t.Purchase), aboutURL(t.Purchase)
		l.Receipt = l.Link
	}
	switch reason := say.Told(returnReasons[t.Reason]); {
	case t.Kind == "charge":
		if t.Quality != "" {
			l.What = say.Say("%s picture", qualityName(say, t.Quality))
		}
		if !t.Deleted {
			l.Sub = title(t.Scenario)
		}
	case staffed[t.Kind]:
		l.Words = t.Reason
	case !l.Return:
		l.Sub = say.Told(t.Reason)
	case reason != "": // it is a code, kept for whoever reviews the books
		l.Sub = reason
	default:
		l.Sub = say.Say("The picture didn’t come out, so the same credits came back.")
	}
	if t.Deleted {
		// There is nothing left to lead to.
		l.Link, l.Sub = "", strings.TrimSpace(l.Sub+" "+say.Say("The picture was deleted."))
	}
	if l.From = say.Say("Put into"); t.Amount < 0 {
		l.From = say.Say("Taken from")
	}
	l.Owed = -t.Amount
	for _, m := range t.Moves {
		l.Owed += m.Amount
		l.Moves = append(l.Moves, Move{Amount: m.Amount, Lot: say.Told(lotKinds[m.Kind]), At: m.LotAt, Link: aboutURL(m.Lot), Returned: m.Returned})
	}
	return l
}

// level is a balance, which may be below zero.
func level(say *lang.Printer, n kinpict.Credits) string {
	if n < 0 {
		return say.Signed(n)
	}
	return say.Number(int64(n))
}

// A wanted is what of a statement is asked for, as it stands in an address.
type wanted struct{ show, period, from, to, reference string }

func wantedIn(q url.Values) wanted {
	w := wanted{q.Get("show"), q.Get("period"), q.Get("from"), q.Get("to"), strings.TrimSpace(q.Get("reference"))}
	if w.period == "" && (w.from != "" || w.to != "") {
		w.period = "days"
	}
	if w.period != "days" {
		w.from, w.to = "", ""
	}
	return w
}

// filter is what that means now. The error names the field, from or to.
func (w wanted) filter(now time.Time) (f billing.Filter, err error) {
	f = billing.Filter{Show: w.show, Reference: w.reference}
	month := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	switch w.period {
	case "this-month":
		f.From, f.Until = month, month.AddDate(0, 1, 0)
	case "last-month":
		f.From, f.Until = month.AddDate(0, -1, 0), month
	case "this-year":
		f.From = time.Date(month.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		f.Until = f.From.AddDate(1, 0, 0)
	case "days":
		f.From, f.Until, err = billing.Days(w.from, w.to)
	}
	return f, err
}

func (w wanted) active() bool { return w.show != "" || w.reference != "" || w.period != "" }

// address is a page of the same lines, with more of the query in pairs.
func (w wanted) address(path string, more ...string) string {
	q := url.Values{}
	pairs := append([]string{"show", w.show, "period", w.period, "from", w.from, "to", w.to, "reference", w.reference}, more...)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// csv is the same lines as a table. The API knows days and no names of periods.
func (w wanted) csv(f billing.Filter) string {
	w.period, w.from, w.to = "", "", ""
	if !f.From.IsZero() {
		w.from = f.From.Format(time.DateOnly)
	}
	if !f.Until.IsZero() {
		w.to = f.Until.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return w.address("/credits/statement.csv")
}

// day is what a date field can hold of an address; what is no day stays out of it.
func day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}

func filterView(say *lang.Printer, w wanted, f billing.Filter) FilterView {
	v := FilterView{From: day(w.from), To: day(w.to), Reference: w.reference, Active: w.active(), Open: w.active(), CSV: w.csv(f), Print: w.address("/credits", "print", "1"), First: w.address("/credits")}
	v.Shows = []Option{{"", say.Say("Everything"), w.show == ""}}
	for _, s := range billing.Shows {
		v.Shows = append(v.Shows, Option{s, say.Told(shows[s]), w.show == s})
	}
	for _, p := range periods {
		v.Periods = append(v.Periods, Option{p.id, say.Told(p.words), w.period == p.id})
	}
	return v
}

func totalsView(say *lang.Printer, x billing.Summed) *TotalsView {
	s := x.Totals
	return &TotalsView{Lines: say.Say("%d lines", s.Lines), In: s.In, Out: s.Out, Net: s.In - s.Out, Whole: x.Whole, Limit: billing.MaxSummed}
}

func sheetView(p Page, x *billing.Sheet, w wanted, f billing.Filter, title func(string) string) SheetView {
	say := p.language()
	v := SheetView{Page: p, Begins: x.First, Ends: x.Until, Whole: w.show == "" && w.reference == "", Opening: level(say, x.Opening), Closing: level(say, x.Closing),
		In: x.Totals.In, Out: x.Totals.Out, Net: x.Totals.In - x.Totals.Out, Back: w.address("/credits"), CSV: w.csv(f)}
	v.Title, v.Private = say.Say("Statement of credits"), true
	if !f.Until.IsZero() {
		v.Ends = f.Until.Add(-time.Microsecond) // a period ends with its last day
	}
	if x.More {
		v.Most = billing.MaxPrinted
	}
	v.Shows = strings.Join(slices.DeleteFunc([]string{say.Told(shows[w.show]), w.reference}, func(s string) bool { return s == "" }), ", ")
	for _, t := range x.Lines {
		v.Lines = append(v.Lines, lineView(say, t, title))
	}
	return v
}

// sheet is the statement for paper, where a page cannot be turned.
func (s *Site) sheet(w http.ResponseWriter, r *http.Request, v *visit, want wanted) error {
	f, err := want.filter(s.Now())
	if err != nil {
		return err
	}
	x, err := s.Shop.Sheet(r.Context(), v.caller, f)
	if err != nil {
		return err
	}
	view := sheetView(v.page, x, want, f, s.titles(v.say()))
	view.Issuer, view.At = s.Support.PublicURL, s.Now()
	if view.Books, err = s.head(r, v); err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "statement", view)
}
