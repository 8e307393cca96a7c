package web

import (
	"net/http"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

// linesPerPage of the statement.
const linesPerPage = 50

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

func (s *Site) head(r *http.Request, v *visit) (b BooksHead, err error) {
	entries, hash, err := s.Support.Head(r.Context(), v.caller)
	return BooksHead{entries, seal(hash)}, err
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

// books says what the chain of a person's entries proves, and offers to prove it.
func (s *Site) books(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view := BooksView{Page: v.private(v.say().Say("Your books"))}
	if view.Books, err = s.head(r, v); err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "books", view)
}

// checkBooks proves them.
func (s *Site) checkBooks(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	say := v.say()
	view := BooksView{Page: v.private(say.Say("Your books"))}
	if view.Books, err = s.head(r, v); err != nil {
		return err
	}
	status := http.StatusOK
	view.Checked, err = s.Support.Check(r.Context(), v.caller)
	if e, ok := as(err); ok && (e.Code == kinpict.RateLimited || e.Code == kinpict.Conflict) {
		view.Notice, status = noticeOf(say, e), httpd.Means(e.Code).Status
		httpd.FailureHeader(w.Header(), e)
	} else if err != nil {
		return err
	} else {
		view.Books = BooksHead{view.Checked.Lines, seal(view.Checked.Head)}
	}
	return s.send(w, r, status, "books", view)
}
