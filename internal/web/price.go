package web

import (
	"cmp"
	"slices"

	"kinpict"
	"kinpict/internal/lang"
)

// A Rate is a quality as pages show it.
type Rate struct {
	ID, Name          string
	Uses              string // what a picture of it costs, in a sentence
	GoodFor, Detail   string
	Credits           kinpict.Credits
	Left, Short       kinpict.Credits // of the person's balance after one picture; Short is what is missing
	Slider, SliderMax int64
}

// A Supply is how many pictures of one quality a pack pays for.
type Supply struct {
	Count int64
	Says  string // the number with its word
}

// either names the supplies of a pack, of which a person chooses.
func either(say *lang.Printer, all []Supply) string {
	var out string
	for i, s := range all {
		switch {
		case i == 0:
			out = s.Says
		case i < len(all)-1:
			out = say.Say("%s, %s", out, s.Says)
		default:
			out = say.Say("%s or %s", out, s.Says)
		}
	}
	return out
}

// A Pack is a pack as pages show it, with what its form needs.
type Pack struct {
	ID       string
	Credits  kinpict.Credits
	Price    kinpict.Money
	Full     kinpict.Money   // the price without the promo code
	Bonus    kinpict.Credits // that the promo code adds
	Promo    string          // the promo code, if it is for this pack
	Supports []Supply
	Either   string // what it supports, in words
	Each     string // price of a picture of the first quality
	Best     bool   // the lowest price for a credit
	Quiet    bool   // not the first choice of several buttons
	Key      string // idempotency key of its form
	Version  int64  // of the catalog
	Back     string // where the person goes on after paying
}

// qualities are their words; a catalog knows no others.
var qualities = map[string]struct{ name, uses, pictures, each, goodFor, detail string }{
	kinpict.Standard: {lang.N("Standard"), lang.N("A Standard family picture uses %s."), lang.N("%d standard pictures"), lang.N("about %s a standard picture"),
		lang.N("For sharing and small prints"), lang.N("Full size, no mark")},
	kinpict.Enhanced: {lang.N("Enhanced"), lang.N("An Enhanced family picture uses %s."), lang.N("%d enhanced pictures"), lang.N("about %s an enhanced picture"),
		lang.N("For frames, cards and larger prints"), lang.N("More pixels and finer detail")},
}

// rates are the catalog's qualities beside what the person has.
func rates(say *lang.Printer, c *kinpict.Catalog, available kinpict.Credits) []Rate {
	var most kinpict.Credits
	for _, p := range c.Packs {
		most = max(most, p.Credits)
	}
	out := make([]Rate, 0, len(c.Qualities))
	for i, q := range c.Qualities {
		w := qualities[q.ID]
		r := Rate{ID: q.ID, Name: qualityName(say, q.ID), Uses: say.Say(w.uses, say.Credits(q.Credits)), GoodFor: say.Told(w.goodFor), Detail: say.Told(w.detail),
			Credits: q.Credits, Left: available - q.Credits, Short: max(0, q.Credits-available), SliderMax: int64(most / q.Credits)}
		if i == 0 {
			r.Slider = min(12, r.SliderMax)
		}
		out = append(out, r)
	}
	return out
}

// qualityName is the name of a quality, also of one that is not sold any more.
func qualityName(say *lang.Printer, id string) string {
	if w, ok := qualities[id]; ok {
		return say.Told(w.name)
	}
	return title(id)
}

// packs are the catalog's packs at the prices of the sale. key makes an idempotency
// key for each, because each is a form of its own.
func packs(say *lang.Printer, c *kinpict.Catalog, sale sale, key func() string, back string) []Pack {
	out := make([]Pack, 0, len(c.Packs))
	for i, p := range c.Packs {
		v := Pack{ID: p.ID, Credits: p.Credits, Quiet: i > 0, Key: key(), Version: c.Version, Back: back}
		v.Full, v.Price, v.Bonus, v.Promo = sale.on(p)
		n := c.Supports(p.Credits + v.Bonus)
		for _, q := range c.Qualities {
			v.Supports = append(v.Supports, Supply{n[q.ID], say.Say(qualities[q.ID].pictures, n[q.ID])})
		}
		v.Either = either(say, v.Supports)
		if s := v.Supports[0]; s.Count > 0 {
			each := kinpict.Money{Amount: (v.Price.Amount + s.Count/2) / s.Count, Currency: v.Price.Currency}
			v.Each = say.Say(qualities[c.Qualities[0].ID].each, say.Money(each))
		}
		out = append(out, v)
	}
	alike := !slices.ContainsFunc(out, func(p Pack) bool { return p.Price.Currency != out[0].Price.Currency })
	if len(out) > 1 && alike {
		best := slices.MinFunc(out, func(a, b Pack) int {
			return cmp.Compare(a.Price.Amount*int64(b.Credits+b.Bonus), b.Price.Amount*int64(a.Credits+a.Bonus))
		})
		for i := range out {
			out[i].Best = out[i].ID == best.ID
		}
	}
	return out
}
