package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kinpict"
	"kinpict/internal/lang"
)

// A sale is how a person is shown prices: in which currency, and with which
// promo code. The zero sale is the first price of each pack.
type sale struct {
	currency string
	promo    *kinpict.Promo
}

// on is a pack's price before and with the code, the credits the code adds, and
// the code if it is for this pack.
func (s sale) on(p kinpict.Pack) (full, price kinpict.Money, bonus kinpict.Credits, code string) {
	full = p.Prices[0]
	for _, m := range p.Prices {
		if m.Currency == s.currency {
			full = m
		}
	}
	if s.promo == nil {
		return full, full, 0, ""
	}
	price, bonus, fits := s.promo.On(p.ID, full)
	if !fits {
		return full, full, 0, ""
	}
	return full, price, bonus, s.promo.Code
}

// A Currency is one that packs are sold in.
type Currency struct {
	Code   string
	Name   string
	Chosen bool
}

// currencies are all that packs of the catalog are sold in, in its order; none
// if there is nothing to choose.
func currencies(c *kinpict.Catalog, chosen string) []Currency {
	var codes []string
	for _, p := range c.Packs {
		for _, m := range p.Prices {
			if !slices.Contains(codes, m.Currency) {
				codes = append(codes, m.Currency)
			}
		}
	}
	if len(codes) < 2 {
		return nil
	}
	var out []Currency
	for _, code := range codes {
		out = append(out, Currency{Code: code, Name: currencyName(code), Chosen: code == chosen})
	}
	return out
}

// currencyName is a code with its sign, where it has one of its own.
func currencyName(code string) string {
	name := strings.ToUpper(code)
	if sign := lang.Symbol(code); sign != "" {
		return name + " " + sign
	}
	return name
}

const (
	currencyCookie = "kp_cur"
	currencyAge    = 365 * 24 * 3600
)

// currency is the one the person chose, now or before, or "".
func (s *Site) currency(r *http.Request) string {
	if code := r.URL.Query().Get("currency"); isCurrency(code) {
		return code
	}
	cookies := s.Identity.Cookies
	if code := cookies.Value(r, cookies.Name(currencyCookie)); isCurrency(code) {
		return code
	}
	return ""
}

// isCurrency reports whether a text could name a currency. One that nothing is
// sold in is as good as none.
func isCurrency(code string) bool {
	return len(code) == 3 && !strings.ContainsFunc(code, func(r rune) bool { return r < 'a' || r > 'z' })
}

// keepCurrency remembers a currency that was chosen now.
func (s *Site) keepCurrency(w http.ResponseWriter, r *http.Request, c *kinpict.Catalog) {
	chosen := r.URL.Query().Get("currency")
	for _, x := range currencies(c, chosen) {
		if x.Chosen {
			s.Identity.Cookies.Set(w, s.Identity.Cookies.Name(currencyCookie), chosen, currencyAge)
		}
	}
}

// pricingURL is the pricing page as the person has it before them.
func pricingURL(back, promo string) string {
	q := url.Values{}
	if back != "" {
		q.Set("back", back)
	}
	if promo != "" {
		q.Set("promo", promo)
	}
	if len(q) == 0 {
		return "/pricing"
	}
	return "/pricing?" + q.Encode()
}

// An Offer is what a promo code does, and what is wrong with one.
type Offer struct {
	Typed string // what the person wrote
	Says  string // what it does, if it works
	Fault string // one sentence, if it does not
	Open  string // the checkout that the code is in, if that is why
}

// offerOf says what a code does to the packs that are shown. One that is for
// none of them does not work here.
func offerOf(say *lang.Printer, typed string, p *kinpict.Promo, packs []Pack) Offer {
	o := Offer{Typed: typed}
	if p == nil {
		return o
	}
	fits := 0
	for _, x := range packs {
		if x.Promo != "" {
			fits++
		}
	}
	if fits == 0 {
		o.Fault = say.Say("This code does not work here. It is for another pack or currency.")
		return o
	}
	everywhere := fits == len(packs)
	switch {
	case p.Bonus > 0 && everywhere:
		o.Says = say.Say("%s adds %s.", p.Code, say.Credits(p.Bonus))
	case p.Bonus > 0:
		o.Says = say.Say("%s adds %s where it is shown.", p.Code, say.Credits(p.Bonus))
	case everywhere:
		o.Says = say.Say("%s takes %s off.", p.Code, off(say, p))
	default:
		o.Says = say.Say("%s takes %s off where it is shown.", p.Code, off(say, p))
	}
	return o
}

// off is what a code takes from a price.
func off(say *lang.Printer, p *kinpict.Promo) string {
	if p.Percent > 0 {
		return say.Say("%d%%", p.Percent)
	}
	return say.Money(p.Off)
}

// refused is the offer of a code that an error refused.
func refused(say *lang.Printer, typed string, e *kinpict.Error) Offer {
	o := Offer{Typed: typed, Fault: say.Told(e.Message)}
	if id, ok := e.Members["checkout"].(string); ok {
		o.Open = purchaseURL(id)
	} else if e.Code == kinpict.RateLimited {
		o.Fault += " " + say.Told(e.Hint)
	}
	return o
}

// A Bill is what a purchase costs, line by line.
type Bill struct {
	Credits  kinpict.Credits
	Bonus    kinpict.Credits
	Promo    string
	Full     kinpict.Money // before the code
	Discount kinpict.Money
	Tax      kinpict.Money
	Total    kinpict.Money
	Detailed bool // there is more to say than the total
}

func billOf(p *kinpict.Purchase) Bill {
	sum := func(n int64) kinpict.Money { return kinpict.Money{Amount: n, Currency: p.Price.Currency} }
	return Bill{Credits: p.Credits, Bonus: p.Bonus, Promo: p.Promo, Full: sum(p.Price.Amount + p.Discount), Discount: sum(p.Discount), Tax: sum(p.Tax),
		Total: sum(p.Price.Amount + p.Tax), Detailed: p.Promo != "" || p.Tax != 0}
}
