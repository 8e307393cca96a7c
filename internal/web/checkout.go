package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

// intent is a press of a form's button: the form's key, and what the form says.
func intent(r *http.Request, route string, said any) (kinpict.Intent, error) {
	b, err := json.Marshal(said)
	if err != nil {
		return kinpict.Intent{}, err
	}
	hash := sha256.Sum256(b)
	key := r.FormValue("key")
	if len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		key = "" // not one of ours; the use case asks for one
	}
	return kinpict.Intent{Route: route, Key: key, Hash: hash[:]}, nil
}

// version reads the price book a form was rendered with. Every form of ours
// names one, so anything else is a book that does not exist: it must not stand
// for "any price".
func version(r *http.Request) int64 {
	n, err := strconv.ParseInt(r.FormValue("catalog_version"), 10, 64)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

// checkout opens a checkout and sends the person to the payment page.
func (s *Site) checkout(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	back := local(r.FormValue("back"))
	promo := r.FormValue("promo")
	if !v.page.Signed {
		return redirect(w, r, "/sign-in", "next", pricingURL(back, promo))
	}
	pack, currency := r.FormValue("pack"), r.FormValue("currency")
	in, err := intent(r, "POST /checkout", []any{pack, currency, version(r), back, promo})
	if err != nil {
		return err
	}
	opened, err := s.Shop.Checkout(r.Context(), v.caller, in,
		billing.Choice{Pack: pack, Version: version(r), Currency: currency, Promo: promo, Back: back})
	if e, ok := as(err); ok && (e.Code == kinpict.PromoRefused || e.Code == kinpict.RateLimited && promo != "") {
		view := s.prices(v, sale{currency: currency}, back)
		view.Offer = refused(v.say(), promo, e)
		view.troubled()
		return s.send(w, r, httpd.Means(e.Code).Status, "pricing", view)
	}
	if e, ok := as(err); ok && (e.Code == kinpict.PriceChanged || e.Code == kinpict.KeyReused) {
		view, err := s.pricesWith(r, v, back)
		if err != nil {
			return err
		}
		say := v.say()
		view.Notice = &Notice{say.Told(e.Message), say.Say("Nothing was bought. This page shows what is on sale now.")}
		return s.send(w, r, httpd.Means(e.Code).Status, "pricing", view)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, opened.Purchase.URL, http.StatusSeeOther)
	return nil
}

// returned shows how a payment stands. Coming here grants nothing; the provider
// is asked.
func (s *Site) returned(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	id := cmp.Or(r.FormValue("id"), r.FormValue("purchase"))
	p, err := s.Shop.Purchase(r.Context(), c, id)
	if kinpict.CodeOf(err) == kinpict.Unauthenticated || kinpict.CodeOf(err) == kinpict.NotFound {
		gone, failed := s.Shop.Abandoned(r.Context(), id)
		if failed != nil {
			return failed
		}
		if gone {
			return s.tooLate(w, r, c)
		}
	}
	if err != nil {
		return err
	}
	v, err := s.visitBy(r, c) // after asking, so that the balance is the new one
	if err != nil {
		return err
	}
	view := CheckoutView{Page: v.private(paying(v.say(), standing(p.State))), ID: p.ID, State: standing(p.State), Credits: p.Credits + p.Bonus, Bill: billOf(p), Back: local(p.Back)}
	switch view.State {
	case "waiting":
		view.Refresh = 4
		if p.State == billing.Open {
			view.URL = p.URL
		}
	case "paid":
		if id, ok := strings.CutPrefix(view.Back, "/held/"); ok {
			if view.Held, err = s.waiting(r, v, id); err != nil {
				return err
			}
		}
	}
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(map[string]string{"state": view.State})
	}
	return s.send(w, r, http.StatusOK, "checkout", view)
}

// tooLate is the page for whoever comes back from paying for an account that was
// deleted meanwhile. It says nothing of whose it was.
func (s *Site) tooLate(w http.ResponseWriter, r *http.Request, c kinpict.Caller) error {
	v, err := s.visitBy(r, c)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "checkout", CheckoutView{Page: v.private(paying(v.say(), "gone")), State: "gone"})
}

// standing is a purchase's state in the words of the page.
func standing(state string) string {
	switch state {
	case billing.Open, billing.Processing:
		return "waiting"
	case billing.Paid:
		return "paid"
	case billing.Expired:
		return "expired"
	case billing.Failed:
		return "failed"
	}
	return "returned"
}

// paying is the title of the page of a payment.
func paying(say *lang.Printer, state string) string {
	switch state {
	case "waiting":
		return say.Say("Waiting for the payment")
	case "paid":
		return say.Say("Paid")
	case "expired":
		return say.Say("The payment page has closed")
	case "failed":
		return say.Say("The payment did not go through")
	}
	if state == "gone" {
		return say.Say("This account was deleted")
	}
	return say.Say("This payment was taken back")
}

// waiting is the held request id if it can go on now, else nil.
func (s *Site) waiting(r *http.Request, v *visit, id string) (*Waiting, error) {
	h, err := s.Studio.Held(r.Context(), v.caller, id)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return nil, nil // it has had its time
	}
	if err != nil {
		return nil, err
	}
	rate, err := v.catalog.Rate(h.Request.Quality)
	if state := s.Studio.State(h); err != nil || h.GenerationID != "" || rate.Credits > h.Cost || rate.Credits > v.balance.Spendable || state == "looking" || state == kinpict.HoldRefused {
		return nil, nil // its own page says more
	}
	return &Waiting{id, rate.Credits, v.catalog.Version}, nil
}

// held shows a request that waits, for credits or for a person.
func (s *Site) held(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view, err := s.heldView(r, v, r.PathValue("id"))
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return s.over(w, r, v)
	}
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "held", view)
}

// over is the page of a request that waits no more, or never did.
func (s *Site) over(w http.ResponseWriter, r *http.Request, v *visit) error {
	view := HeldView{Page: v.private(v.say().Say("This request does not wait any more")), Over: true, Days: int(generation.KeepHeld.Hours() / 24)}
	return s.send(w, r, http.StatusNotFound, "held", view)
}

func (s *Site) heldView(r *http.Request, v *visit, id string) (*HeldView, error) {
	h, err := s.Studio.Held(r.Context(), v.caller, id)
	if err != nil {
		return nil, err
	}
	view := &HeldView{Page: v.private(waitingTitle(v.say(), s.Studio.State(h))), ID: h.ID, State: s.Studio.State(h), Note: h.Note, Done: h.GenerationID, Scene: s.show(v.say(), h.Request.Scenario),
		Quality: qualityName(v.say(), h.Request.Quality), Instruction: h.Request.Instruction, CatalogVersion: v.catalog.Version, ExpiresAt: h.ExpiresAt,
		Debt: v.balance.Debt}
	if h.GenerationID != "" {
		return view, nil
	}
	if view.State == "looking" {
		view.Doubts = doubts(h.Request)
	}
	rate, err := v.catalog.Rate(h.Request.Quality)
	if err != nil {
		return nil, err
	}
	view.Cost, view.Left = rate.Credits, v.balance.Spendable-rate.Credits
	if rate.Credits != h.Cost {
		view.Changed = &Change{h.Cost, rate.Credits}
	}
	if view.Shortfall = max(0, rate.Credits-v.balance.Spendable); view.Shortfall > 0 {
		view.Packs = packs(v.say(), v.catalog, sale{currency: s.currency(r)}, s.key, "/held/"+h.ID)
	}
	view.Sources, err = s.cards(r, v.caller, h.Request.Photos)
	view.Gone = gone(v.say(), h.Request.Photos, view.Sources)
	return view, err
}

// waitingTitle is what the page of a held request is called.
func waitingTitle(say *lang.Printer, state string) string {
	switch state {
	case "looking":
		return say.Say("A person is looking at this")
	case kinpict.HoldApproved:
		return say.Say("You can go on")
	case kinpict.HoldRefused:
		return say.Say("This picture is not made as it is worded")
	}
	return say.Say("Your picture is waiting")
}

// doubts are the words a person reads, each once.
func doubts(req kinpict.Request) []string {
	var out []string
	for _, d := range generation.Doubts(req) {
		if !slices.Contains(out, d.Words) {
			out = append(out, d.Words)
		}
	}
	return out
}

// resume is the one press that goes on with a held request. However often it is
// pressed, one picture is made.
func (s *Site) resume(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if !v.page.Signed {
		return redirect(w, r, "/sign-in", "next", "/held/"+id)
	}
	g, first, err := s.Studio.Resume(r.Context(), v.caller, id, max(0, version(r)))
	if e, ok := as(err); ok && (e.Code == kinpict.InsufficientCredits || e.Code == kinpict.PriceChanged) {
		view, err := s.heldView(r, v, id)
		if err != nil {
			return err
		}
		status := http.StatusConflict
		if e.Code == kinpict.InsufficientCredits {
			status = http.StatusUnprocessableEntity
		} else if was, ok := e.Members["shown_credits"].(kinpict.Credits); ok {
			view.Changed = &Change{was, view.Cost}
		}
		return s.send(w, r, status, "held", view)
	}
	switch kinpict.CodeOf(err) {
	case kinpict.ContentNotAllowed:
		http.Redirect(w, r, "/create?held="+id+"#words", http.StatusSeeOther) // where the words can be changed
		return nil
	case kinpict.HeldForReview:
		http.Redirect(w, r, "/held/"+id, http.StatusSeeOther) // its page says by whom, or what was decided
		return nil
	case kinpict.NotFound:
		if _, gone := s.Studio.Held(r.Context(), v.caller, id); gone != nil {
			return s.over(w, r, v)
		}
	}
	if err != nil {
		return err
	}
	if first {
		s.forgetSame(r.Context(), v.caller, g.Request)
	}
	http.Redirect(w, r, "/generations/"+g.ID, http.StatusSeeOther)
	return nil
}

// withdraw takes a held request back.
func (s *Site) withdraw(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if !v.page.Signed {
		return redirect(w, r, "/sign-in", "next", "/held/"+id)
	}
	err = s.Studio.Withdraw(r.Context(), v.caller, id)
	if e, ok := as(err); ok && e.Code == kinpict.NotFound {
		return s.over(w, r, v)
	}
	if e, ok := as(err); ok && e.Code == kinpict.Conflict {
		http.Redirect(w, r, "/held/"+id, http.StatusSeeOther) // which leads to the picture it became
		return nil
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/generations", "withdrawn", "1")
}
