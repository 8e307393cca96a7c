package web

import (
	"net/http"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/support"
)

// BooksView feeds books.html: what the chain of entries proves.
type BooksView struct {
	Page
	Notice  *Notice
	Books   BooksHead
	Checked *support.Checked // nil before it was asked for
}

// A BooksHead is where the chain of an account's entries ends.
type BooksHead struct {
	Entries int64
	Seal    string // begin of the last hash
}

func (s *Site) head(r *http.Request, v *visit) (b BooksHead, err error) {
	entries, hash, err := s.Support.Head(r.Context(), v.caller)
	return BooksHead{entries, seal(hash)}, err
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

// seal is as much of a hash as a person compares.
func seal(hash string) string { return hash[:min(16, len(hash))] }
