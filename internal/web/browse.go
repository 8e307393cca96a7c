package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/intake"
	"kinpict/internal/people"
)

// Pages anybody may look at; none of them ever spends a credit.

func (s *Site) scenes() []Scene {
	var out []Scene
	for _, sc := range s.Scenarios.All() {
		out = append(out, s.show(sc.ID))
	}
	return out
}

// show describes a scenario, with its own sample where it brings one.
func (s *Site) show(id string) Scene {
	sc, err := s.Scenarios.Scenario(id)
	if err != nil {
		return s.scene(id, nil)
	}
	v := s.scene(id, sc)
	if sc.Sample != "" && s.assets.files["img/scenario-"+id+"-360.webp"] == nil {
		v.Small = "/scenarios/" + id + "/sample"
		v.Large = v.Small
	}
	return v
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "home", homeView(v.page, v.catalog, s.scenes()))
}

func (s *Site) scenarios(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "scenarios", ScenesView{v.titled("Scenarios"), s.scenes()})
}

func (s *Site) scenario(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	if _, err := s.Scenarios.Scenario(r.PathValue("slug")); err != nil {
		return err
	}
	this := s.show(r.PathValue("slug"))
	all := s.scenes()
	var more []Scene
	for i, sc := range all {
		if sc.ID == this.ID {
			more = append(append(more, all[i+1:]...), all[:i]...)
		}
	}
	return s.send(w, r, http.StatusOK, "scenario", SceneView{v.titled(this.Title), this, more[:min(3, len(more))], rates(v.catalog, 0)})
}

// sample is the sample picture a scenario brings.
func (s *Site) sample(w http.ResponseWriter, r *http.Request) error {
	data, kind, err := s.Scenarios.Sample(r.PathValue("slug"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err = w.Write(data)
	return err
}

func (s *Site) pricing(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view, err := s.pricesWith(r, v, local(r.FormValue("back")))
	if err != nil {
		return err
	}
	s.keepCurrency(w, r, v.catalog)
	if view.Offer.Fault != "" {
		view.Title = "Problem: " + view.Title
	}
	return s.send(w, r, http.StatusOK, "pricing", view)
}

// prices is the pricing page as a sale shows it.
func (s *Site) prices(v *visit, sale sale, back string) PricingView {
	view := PricingView{Page: v.titled("Pricing"), Rates: rates(v.catalog, v.page.Available), Packs: packs(v.catalog, sale, s.key, back), Back: back}
	if slices.ContainsFunc(view.Packs, func(p Pack) bool { return p.Best }) {
		for i := range view.Packs {
			view.Packs[i].Quiet = !view.Packs[i].Best // the framed one stands out
		}
	}
	if len(view.Packs) > 0 {
		view.Currencies = currencies(v.catalog, view.Packs[0].Price.Currency)
	}
	return view
}

// pricesWith is the pricing page in the person's currency and with the code they
// wrote. Looking at prices holds no use of a code.
func (s *Site) pricesWith(r *http.Request, v *visit, back string) (PricingView, error) {
	typed := r.FormValue("promo")
	sale := sale{currency: cmp.Or(r.PostFormValue("currency"), s.currency(r))}
	promo, err := s.Shop.Promo(r.Context(), v.caller, typed)
	if e, ok := as(err); ok && (e.Code == kinpict.PromoRefused || e.Code == kinpict.RateLimited) {
		view := s.prices(v, sale, back)
		view.Offer = refused(typed, e)
		return view, nil
	}
	if err != nil {
		return PricingView{}, err
	}
	sale.promo = promo
	view := s.prices(v, sale, back)
	view.Offer = offerOf(typed, promo, view.Packs)
	return view, nil
}

// retention says how long things are kept, from the very times that are applied.
func (s *Site) retention() []string {
	return []string{
		"The photos of an account: " + days(intake.AccountLife) + " after their last use.",
		"The photos of a guest: " + days(intake.GuestLife) + ".",
		"A request that waits for credits, and its photos: " + days(generation.KeepHeld) + ".",
		"Finished pictures stay in your account. A guest’s stay in the browser that made them until they are claimed by signing in.",
		"Sign-in links: " + count(int(people.LinkLife.Minutes()), "minute", "minutes") + ".",
		"The statement of credits and payments: as long as bookkeeping asks.",
	}
}

var policies = map[string]string{
	"credits": "How credits work", "privacy": "Your photos and privacy", "terms": "Terms", "acceptable-use": "What we make and do not make",
}

func (s *Site) policy(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	title, ok := policies[name]
	if !ok {
		return &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such policy.", Hint: "All of them are linked below."}
	}
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view := s.prices(v, sale{}, "")
	view.Title = title
	view.Held = days(generation.KeepHeld)
	view.Retention = s.retention()
	return s.send(w, r, http.StatusOK, "policy-"+name, view)
}

func (s *Site) robots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := fmt.Fprint(w, "User-agent: *\nDisallow: /api/\nDisallow: /create\nDisallow: /generations\nDisallow: /credits\nDisallow: /held/\nDisallow: /checkout\nDisallow: /sign-in\nDisallow: /purchases\nDisallow: /help/\n")
	return err
}

func (s *Site) outbox(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	mails, err := s.People.Outbox(r.Context(), 50)
	if err != nil {
		return err
	}
	view := OutboxView{Page: v.private("Outbox")}
	for _, m := range mails {
		view.Mails = append(view.Mails, Mail{To: m.To, Subject: m.Subject, At: m.CreatedAt, Body: pieces(m.Body)})
	}
	return s.send(w, r, http.StatusOK, "outbox", view)
}
