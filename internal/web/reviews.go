package web

import (
	"net/http"
	"time"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
	"kinpict/internal/support"
)

// BalanceView feeds help-balance.html: the form, and what was filed before.
type BalanceView struct {
	Page
	Faults
	Key        string
	Message    string
	MaxMessage int
	Generation string
	Purchase   string
	Seen       string // the page it was seen on
	Filed      []FiledReview
}

// A FiledReview is a review in a list.
type FiledReview struct {
	ID, Begin, State, Class string
	At                      time.Time
}

// ReviewView feeds review.html.
type ReviewView struct {
	Page
	ID, State, Class     string
	Message              string
	Generation, Purchase string
	Digest               string
	At                   time.Time
	Answer, Closed       *Said
}

// Said is what one of us answered.
type Said struct {
	Text    string
	Credits kinpict.Credits
	At      time.Time
}

var reviewStates = map[string]struct{ words, class string }{
	kinpict.ReviewOpen:     {lang.N("We are looking at it"), "warm"},
	kinpict.ReviewAnswered: {lang.N("Answered"), "good"},
	kinpict.ReviewClosed:   {lang.N("Closed"), ""},
}

// reviewsShown is how many earlier reviews the form lists.
const reviewsShown = 20

// help is the form of a review, filled with what the link before it knew.
func (s *Site) help(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view, err := s.balanceView(r, v)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "help-balance", view)
}

func (s *Site) balanceView(r *http.Request, v *visit) (*BalanceView, error) {
	view := &BalanceView{Page: v.private(v.say().Say("Something look wrong?")), Key: s.key(), Message: r.FormValue("message"), MaxMessage: kinpict.MaxReview,
		Generation: r.FormValue("generation"), Purchase: r.FormValue("checkout"), Seen: local(r.FormValue("page"))}
	// A link that names what is not there, or not theirs, is a plain form.
	if view.Generation != "" {
		if _, err := s.Studio.Generation(r.Context(), v.caller, view.Generation); kinpict.CodeOf(err) == kinpict.NotFound {
			view.Generation = ""
		} else if err != nil {
			return nil, err
		}
	}
	if view.Purchase != "" {
		theirs, err := s.Shop.Bought(r.Context(), v.caller, view.Purchase)
		if err != nil {
			return nil, err
		}
		if !theirs {
			view.Purchase = ""
		}
	}
	list, err := s.Support.Reviews(r.Context(), v.caller, "", reviewsShown)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		f := FiledReview{ID: x.ID, Begin: begin(x.Message, 60), State: v.say().Told(reviewStates[x.Status].words), Class: reviewStates[x.Status].class, At: x.CreatedAt}
		view.Filed = append(view.Filed, f)
	}
	return view, nil
}

// begin is the first line of a text, cut to n characters.
func begin(text string, n int) string {
	for i, r := range []rune(text) {
		if r == '\n' || i == n {
			return string([]rune(text)[:i]) + "…"
		}
	}
	return text
}

// report files a review.
func (s *Site) report(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	if !v.page.Signed {
		return redirect(w, r, "/sign-in", "next", "/help/balance")
	}
	rep := support.Report{Message: r.FormValue("message"), Generation: r.FormValue("generation"), Purchase: r.FormValue("checkout"), Page: local(r.FormValue("page"))}
	in, err := intent(r, "POST /help/balance", rep)
	if err != nil {
		return err
	}
	filed, err := s.Support.File(r.Context(), v.caller, in, rep)
	if e, ok := as(err); ok && (e.Code == kinpict.Invalid || e.Code == kinpict.RateLimited || e.Code == kinpict.KeyReused) {
		view, err := s.balanceView(r, v)
		if err != nil {
			return err
		}
		say := v.say()
		view.Problems = []Problem{problem(say, e, "message")}
		view.troubled()
		httpd.FailureHeader(w.Header(), e)
		return s.send(w, r, httpd.Means(e.Code).Status, "help-balance", view)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/help/balance/"+filed.Review.ID, http.StatusSeeOther)
	return nil
}

// review is where a review stands, and what was answered.
func (s *Site) review(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	x, err := s.Support.Review(r.Context(), v.caller, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "review", reviewView(v.private(v.say().Say("Your review")), x))
}

func reviewView(p Page, x *kinpict.Review) ReviewView {
	view := ReviewView{Page: p, ID: x.ID, State: p.language().Told(reviewStates[x.Status].words), Class: reviewStates[x.Status].class, Message: x.Message,
		Generation: x.Generation, Purchase: x.Purchase, Digest: x.SHA256, At: x.CreatedAt}
	for _, a := range x.Acts {
		said := &Said{a.Text, a.Credits, a.At}
		if a.Kind == kinpict.ActAnswer {
			view.Answer = said
		} else {
			view.Closed = said
		}
	}
	return view
}
