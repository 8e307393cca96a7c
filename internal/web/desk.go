package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"kinpict"
	"kinpict/internal/billing"
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

// PurchasesView feeds purchases.html.
type PurchasesView struct {
	Page
	Items []BoughtPack
}

// A BoughtPack is a purchase in a list.
type BoughtPack struct {
	ID, State, Class string
	Credits          kinpict.Credits
	Bill             Bill
	Link, LinkText   string
	At               time.Time
}

// ReceiptView feeds receipt.html, which prints on one sheet of A4.
type ReceiptView struct {
	Page
	kinpict.Receipt
	What            string        // state in words
	Full, Discount  kinpict.Money // before the promo code, and what it took off
	Tax             kinpict.Money
	Total, Refunded kinpict.Money
	Disputed        kinpict.Money
	File            string
	About           string // address of its lines in the statement
	Entries         []BookEntry
}

// A BookEntry is an entry of the books and its kind in words.
type BookEntry struct {
	What string
	kinpict.ReceiptEntry
}

// HistoryView feeds pricing-history.html.
type HistoryView struct {
	Page
	Periods []PricePeriod
}

// A PricePeriod is one price book and its time.
type PricePeriod struct {
	Version     int64
	From, Until time.Time
	Scheduled   bool
	Current     bool
	First       bool
	Changes     []string
	Rates       []Rate
	Packs       []Pack
	Previews    int
}

var reviewStates = map[string]struct{ words, class string }{
	kinpict.ReviewOpen:     {lang.N("We are looking at it"), "warm"},
	kinpict.ReviewAnswered: {lang.N("Answered"), "good"},
	kinpict.ReviewClosed:   {lang.N("Closed"), ""},
}

var purchaseStates = map[string]struct{ words, class string }{
	billing.Open: {lang.N("Not paid yet"), "warm"}, billing.Processing: {lang.N("Waiting for the bank"), "warm"}, billing.Paid: {lang.N("Paid"), "good"},
	billing.Expired: {lang.N("Not paid, expired"), ""}, billing.Failed: {lang.N("Did not go through"), ""},
	"refunded": {lang.N("Money went back"), "tint"}, "partially_refunded": {lang.N("Part of the money went back"), "tint"}, "disputed": {lang.N("Held by the bank"), "bad"},
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

// purchasesShown is how many purchases the list goes back.
const purchasesShown = 100

// purchases is the history of what was bought.
func (s *Site) purchases(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	list, err := s.Shop.Purchases(r.Context(), v.caller, purchasesShown)
	if err != nil {
		return err
	}
	view := PurchasesView{Page: v.private(v.say().Say("Purchases and receipts"))}
	for _, p := range list {
		view.Items = append(view.Items, boughtPack(v.say(), p))
	}
	return s.send(w, r, http.StatusOK, "purchases", view)
}

func boughtPack(say *lang.Printer, p *kinpict.Purchase) BoughtPack {
	b := BoughtPack{ID: p.ID, State: say.Told(purchaseStates[p.State].words), Class: purchaseStates[p.State].class, Credits: p.Credits, Bill: billOf(p), At: p.CreatedAt}
	switch {
	case !p.PaidAt.IsZero():
		b.Link, b.LinkText = "/purchases/"+url.PathEscape(p.ID), say.Say("Receipt")
	case p.State == billing.Open || p.State == billing.Processing:
		b.Link, b.LinkText = purchaseURL(p.ID), say.Say("Look again")
	}
	return b
}

// purchase is a receipt as a page. What is not paid has no receipt yet, only a
// page that says how it stands.
func (s *Site) purchase(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	got, err := s.Support.PurchaseReceipt(r.Context(), v.caller, r.PathValue("id"))
	if kinpict.CodeOf(err) == kinpict.Conflict {
		http.Redirect(w, r, purchaseURL(r.PathValue("id")), http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "receipt", receiptView(v.private(v.say().Say("Receipt")), got.Receipt))
}

func receiptView(p Page, x kinpict.Receipt) ReceiptView {
	sum := func(n int64) kinpict.Money { return kinpict.Money{Amount: n, Currency: x.Payment.Currency} }
	say := p.language()
	var entries []BookEntry
	for _, e := range x.Transactions {
		entries = append(entries, BookEntry{say.Told(kinds[e.Kind]), e})
	}
	return ReceiptView{Page: p, Receipt: x, What: say.Told(purchaseStates[x.State].words), Entries: entries, About: aboutURL(x.ID),
		Full: sum(x.Payment.Price + x.Payment.Discount), Discount: sum(x.Payment.Discount), Tax: sum(x.Payment.Tax),
		Total: sum(x.Payment.Price + x.Payment.Tax), Refunded: sum(x.Payment.Refunded), Disputed: sum(x.Payment.Disputed),
		File: fmt.Sprintf("/api/v1/checkouts/%s/receipt", url.PathEscape(x.ID))}
}

// history is every price that was in force, and those announced.
func (s *Site) history(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	periods, err := s.Shop.PriceHistory(r.Context())
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "pricing-history", HistoryView{v.titled(v.say().Say("Price history")), pricePeriods(v.say(), periods)})
}

func pricePeriods(say *lang.Printer, periods []billing.Period) []PricePeriod {
	var out []PricePeriod
	current := false
	for i, p := range periods {
		x := PricePeriod{Version: p.Catalog.Version, From: p.Catalog.EffectiveAt, Until: p.Until, Scheduled: p.Scheduled, First: i == len(periods)-1,
			Rates: rates(say, p.Catalog, 0), Packs: packs(say, p.Catalog, sale{}, func() string { return "" }, ""), Previews: p.Catalog.Guest.Previews}
		if !p.Scheduled && !current {
			x.Current, current = true, true
		}
		for _, c := range p.Changes {
			x.Changes = append(x.Changes, title(say.Told(c))+".")
		}
		out = append(out, x)
	}
	return out
}
