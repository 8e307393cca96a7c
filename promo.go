package kinpict

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of a promo code.
const (
	MinPromo = 4 // characters, so that guessing is not worth it
	MaxPromo = 40
	// LeastPrice is what a code must leave of a price, in minor units: card
	// networks take nothing smaller, and a purchase without a payment is a gift,
	// which staff give as an adjustment.
	LeastPrice = 50
)

// A Promo is a code that makes a pack cheaper, or adds credits to it. Exactly
// one of Percent, Off and Bonus is set. What it does never changes; it can end.
type Promo struct {
	Code       string
	Percent    int64    // 1 to 99 off the price
	Off        Money    // off a price in that currency
	Bonus      Credits  // on top of the pack's
	Packs      []string // ids it is for; none: all
	StartsAt   time.Time
	EndsAt     time.Time // zero: until it is ended
	Uses       int64     // purchases in all; 0: any number
	PerAccount int64     // purchases of one account; 0: any number
	Used       int64     // purchases it stands in, without those that came to nothing
	CreatedBy  string
	CreatedAt  time.Time
	EndedBy    string
}

// PromoCode is a code as it is stored: what a person typed, in capitals and
// without spaces. It is "" if that cannot be a code.
func PromoCode(typed string) string {
	code := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
	if len(code) < MinPromo || len(code) > MaxPromo || strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) {
		return ""
	}
	return code
}

// Check reports the first thing that makes the code unfit for use.
func (p *Promo) Check() error {
	bad := func(format string, a ...any) error {
		return &Error{Code: Invalid, Message: fmt.Sprintf(format, a...), Hint: "See docs/payments.md for promo codes."}
	}
	kinds := 0
	for _, set := range []bool{p.Percent != 0, p.Off != Money{}, p.Bonus != 0} {
		if set {
			kinds++
		}
	}
	switch {
	case p.Code == "" || PromoCode(p.Code) != p.Code:
		return bad("A code has %d to %d letters A to Z, digits and hyphens.", MinPromo, MaxPromo)
	case kinds != 1:
		return bad("A code takes off a percentage or an amount, or adds credits: exactly one of them.")
	case p.Percent < 0 || p.Percent > 99:
		return bad("A percentage is between 1 and 99.")
	case p.Off != (Money{}) && (p.Off.Amount < 1 || p.Off.Amount > MaxPrice || len(p.Off.Currency) != 3 || strings.ToLower(p.Off.Currency) != p.Off.Currency):
		return bad("An amount is between 1 and %d minor units of an ISO currency in lower case.", MaxPrice)
	case p.Bonus < 0 || p.Bonus > MaxPack:
		return bad("A code adds between 1 and %d credits.", MaxPack)
	case p.Uses < 0 || p.PerAccount < 0:
		return bad("A limit is 1 or more, or left out.")
	case !p.EndsAt.IsZero() && !p.EndsAt.After(p.StartsAt):
		return bad("The code would end before it starts.")
	case slices.ContainsFunc(p.Packs, func(id string) bool { return id == "" || strings.ContainsAny(id, " \t\n") }):
		return bad("A pack has no id.")
	}
	return nil
}

// On is what a pack costs at that price with the code, and the credits it adds.
// It reports false if the code is not for this pack, currency or price. A part
// of a minor unit is the person's.
func (p *Promo) On(pack string, price Money) (Money, Credits, bool) {
	if len(p.Packs) > 0 && !slices.Contains(p.Packs, pack) {
		return price, 0, false
	}
	cut := price
	switch {
	case p.Bonus > 0:
		return price, p.Bonus, true
	case p.Percent > 0:
		cut.Amount = price.Amount * (100 - p.Percent) / 100
	case p.Off.Currency == price.Currency:
		cut.Amount -= p.Off.Amount
	default:
		return price, 0, false
	}
	if cut.Amount < LeastPrice {
		return price, 0, false
	}
	return cut, 0, true
}
