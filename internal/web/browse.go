package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
	"kinpict/internal/people"
)

// Pages anybody may look at; none of them ever spends a credit.

func (s *Site) scenes(say *lang.Printer) []Scene {
	var out []Scene
	for _, sc := range s.Scenarios.All() {
		out = append(out, s.show(say, sc.ID))
	}
	return out
}

// show describes a scenario, with its own sample where it brings one.
func (s *Site) show(say *lang.Printer, id string) Scene {
	sc, err := s.Scenarios.Scenario(id)
	if err != nil {
		return s.scene(say, id, nil)
	}
	v := s.scene(say, id, sc)
	if sc.Sample != "" {
		v.Sample = samplePath(id)
	}
	if sc.Sample != "" && s.assets.files["img/scenario-"+id+"-360.webp"] == nil {
		v.Small = v.Sample
		v.Large = v.Small
	}
	return v
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "home", homeView(v.page, v.catalog, s.scenes(v.say())))
}

func (s *Site) scenarios(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "scenarios", ScenesView{v.titled(v.say().Say("Scenarios")), s.scenes(v.say())})
}

func (s *Site) scenario(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	if _, err := s.Scenarios.Scenario(r.PathValue("slug")); err != nil {
		return err
	}
	this := s.show(v.say(), r.PathValue("slug"))
	all := s.scenes(v.say())
	var more []Scene
	for i, sc := range all {
		if sc.ID == this.ID {
			more = append(append(more, all[i+1:]...), all[:i]...)
		}
	}
	page := v.titled(this.Title)
	page.Description = this.Summary
	if this.Sample != "" {
		page.Art = this.Sample
	}
	return s.send(w, r, http.StatusOK, "scenario", SceneView{page, this, more[:min(3, len(more))], rates(v.say(), v.catalog, 0)})
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
		view.troubled()
	}
	return s.send(w, r, http.StatusOK, "pricing", view)
}

// prices is the pricing page as a sale shows it.
func (s *Site) prices(v *visit, sale sale, back string) PricingView {
	page := v.titled(v.say().Say("Pricing"))
	page.Description = v.say().Say("Buy credits once, use them whenever. No subscription, no expiry date, and the same credits come back by themselves when a picture fails.")
	view := PricingView{Page: page, Rates: rates(v.say(), v.catalog, v.page.Available), Packs: packs(v.say(), v.catalog, sale, s.key, back),
		Example: example(v.say(), v.catalog, s.scenes(v.say())), Back: back}
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

// meant reports whether a person wants this page, and not another site's that
// asks for it behind their back: wrong codes are counted, and a picture with our
// address on somebody's page would use up those of its readers.
func meant(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-User") == "?1"
	}
	return true
}

// pricesWith is the pricing page in the person's currency and with the code they
// wrote. Looking at prices holds no use of a code.
func (s *Site) pricesWith(r *http.Request, v *visit, back string) (PricingView, error) {
	typed := r.FormValue("promo")
	sale := sale{currency: cmp.Or(r.PostFormValue("currency"), s.currency(r))}
	if typed != "" && !meant(r) {
		view := s.prices(v, sale, back)
		view.Offer = Offer{Typed: typed}
		return view, nil
	}
	promo, err := s.Shop.Promo(r.Context(), v.caller, typed)
	if e, ok := as(err); ok && (e.Code == kinpict.PromoRefused || e.Code == kinpict.RateLimited) {
		view := s.prices(v, sale, back)
		view.Offer = refused(v.say(), typed, e)
		return view, nil
	}
	if err != nil {
		return PricingView{}, err
	}
	sale.promo = promo
	view := s.prices(v, sale, back)
	view.Offer = offerOf(v.say(), typed, promo, view.Packs)
	return view, nil
}

// retention says how long things are kept, from the very times that are applied.
func retention(say *lang.Printer) []string {
	return []string{
		say.Say("The photos of an account: %s after their last use.", say.Days(intake.AccountLife)),
		say.Say("The photos of a guest: %s.", say.Days(intake.GuestLife)),
		say.Say("A request that waits, and its photos: %s.", say.Days(generation.KeepHeld)),
		say.Say("Finished pictures stay in your account. A guest’s stay in the browser that made them until they are claimed by signing in."),
		say.Say("Sign-in links: %s.", say.Say("%d minutes", int(people.LinkLife.Minutes()))),
		say.Say("A code for the network you come from, another one every day, so that nobody floods others: %s at most.", say.Days(48*time.Hour)),
		say.Say("The statement of credits and payments: as long as bookkeeping asks."),
	}
}

// policies are the titles of the pages below /policies.
var policies = map[string]string{
	"credits": lang.N("How credits work"), "privacy": lang.N("Your photos and privacy"), "terms": lang.N("Terms"), "acceptable-use": lang.N("What we make and do not make"),
	"imprint": lang.N("Imprint"),
}

func (s *Site) policy(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	title, ok := policies[name]
	if !ok || name == "imprint" && s.Operator.Name == "" {
		return &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such policy.", Hint: "All of them are linked below."}
	}
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	view := s.prices(v, sale{}, "")
	view.Title, view.Description = v.say().Told(title), ""
	view.Held = v.say().Days(generation.KeepHeld)
	view.Reads = s.Studio.SafetyHold
	view.Retention = retention(v.say())
	return s.send(w, r, http.StatusOK, "policy-"+name, view)
}

// homeView builds an example statement of the catalog in force, so that the
// first page, too, never shows a number that is not sold.
func homeView(p Page, c *kinpict.Catalog, scenes []Scene) HomeView {
	say := p.language()
	v := HomeView{Page: p, MaxPhotos: kinpict.MaxPhotos, Scenes: scenes[:min(6, len(scenes))], Rates: rates(say, c, 0)}
	v.Three = scenes[:min(3, len(scenes))]
	v.Example = example(say, c, scenes)
	return v
}

// example is a statement in which a picture failed.
func example(say *lang.Printer, c *kinpict.Catalog, scenes []Scene) []Entry {
	var out []Entry
	var after kinpict.Credits
	line := func(what, sub string, n kinpict.Credits, back bool) {
		after += n
		out = append(out, Entry{what, sub, n, after, back})
	}
	if len(c.Packs) > 0 {
		line(say.Say("%s bought", say.Credits(c.Packs[0].Credits)), say.Say("Example"), c.Packs[0].Credits, false)
	}
	for i, q := range c.Qualities {
		line(say.Say("%s picture", qualityName(say, q.ID)), scenes[i%len(scenes)].Title, -q.Credits, false)
	}
	if n := len(c.Qualities); n > 0 {
		line(say.Say("Returned automatically"), say.Say("The picture didn’t come out"), c.Qualities[n-1].Credits, true)
	}
	return out
}
