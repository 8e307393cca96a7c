package kinpict

import (
	"fmt"
	"strings"
	"time"
)

// Credits is a whole number of credits. There are no fractions of one.
type Credits int64

// Money is an amount in minor units (cents, pence, yen) of an ISO 4217
// currency in lower case.
type Money struct {
	Amount   int64  `json:"amount_minor" yaml:"amount_minor"`
	Currency string `json:"currency" yaml:"currency"`
}

// Qualities the engines know. Which are on sale, and for how many credits, is
// the catalog's to say.
const (
	Standard = "standard"
	Enhanced = "enhanced"
)

// A Catalog is one dated version of the price book. Versions are never edited;
// a change is a new version with its own EffectiveAt, and the version in force
// is the one with the latest EffectiveAt not in the future.
type Catalog struct {
	Version     int64     `json:"version" yaml:"-"`
	EffectiveAt time.Time `json:"effective_at" yaml:"-"`
	Qualities   []Rate    `json:"qualities" yaml:"qualities"`
	Packs       []Pack    `json:"packs" yaml:"packs"`
	Guest       Guest     `json:"guest" yaml:"guest"`
	// Announced shows the version in the public history before it is in force.
	Announced bool `json:"announced,omitempty" yaml:"-"`
}

// A Rate is what one picture of a quality costs.
type Rate struct {
	ID      string  `json:"id" yaml:"id"`
	Credits Credits `json:"credits" yaml:"credits"`
}

// A Pack is credits sold once, in one of several currencies.
type Pack struct {
	ID      string  `json:"id" yaml:"id"`
	Credits Credits `json:"credits" yaml:"credits"`
	Prices  []Money `json:"prices" yaml:"prices,flow"`
}

// Guest is what a person may try without signing in.
type Guest struct {
	Previews int `json:"previews" yaml:"previews"`
}

// Rate returns the rate of a quality, or an Invalid error naming what is on sale.
func (c *Catalog) Rate(quality string) (Rate, error) {
	var ids []string
	for _, r := range c.Qualities {
		if r.ID == quality {
			return r, nil
		}
		ids = append(ids, r.ID)
	}
	return Rate{}, &Error{Code: Invalid, Message: fmt.Sprintf("There is no quality %q.", quality),
		Hint: "Choose one of: " + strings.Join(ids, ", ") + "."}
}

// Pack returns the pack with that id, or an Invalid error naming what is on sale.
func (c *Catalog) Pack(id string) (Pack, error) {
	var ids []string
	for _, p := range c.Packs {
		if p.ID == id {
			return p, nil
		}
		ids = append(ids, p.ID)
	}
	return Pack{}, &Error{Code: Invalid, Message: fmt.Sprintf("There is no pack %q.", id),
		Hint: "Choose one of: " + strings.Join(ids, ", ") + "."}
}

// Supports is how many pictures of each quality n credits pay for at this
// catalog's rates, rounded down.
func (c *Catalog) Supports(n Credits) map[string]int64 {
	m := make(map[string]int64, len(c.Qualities))
	for _, r := range c.Qualities {
		m[r.ID] = int64(n / r.Credits)
	}
	return m
}

// Bounds of a catalog, against typing mistakes: credits of a rate or a pack,
// minor units of a price, previews of a guest.
const (
	MaxRate     = 10_000
	MaxPack     = 1_000_000
	MaxPrice    = 100_000_000
	MaxPreviews = 10
)

// Check reports the first thing that makes the catalog unfit for sale.
func (c *Catalog) Check() error {
	bad := func(format string, a ...any) error {
		return &Error{Code: Invalid, Message: fmt.Sprintf(format, a...), Hint: "See docs/operations.md for the catalog file."}
	}
	if len(c.Qualities) == 0 {
		return bad("The catalog has no qualities.")
	}
	seen := map[string]bool{}
	for _, q := range c.Qualities {
		if q.ID != Standard && q.ID != Enhanced {
			return bad("The catalog names a quality %q; the engines know standard and enhanced.", q.ID)
		}
		if seen[q.ID] {
			return bad("The quality %q stands twice.", q.ID)
		}
		seen[q.ID] = true
		if q.Credits < 1 || q.Credits > MaxRate {
			return bad("The quality %q costs %d credits; it must be between 1 and %d.", q.ID, q.Credits, MaxRate)
		}
	}
	for _, p := range c.Packs {
		if p.ID == "" || seen[p.ID] {
			return bad("A pack has no id, or the id %q stands twice.", p.ID)
		}
		seen[p.ID] = true
		if p.Credits < 1 || p.Credits > MaxPack {
			return bad("The pack %q holds %d credits; it must hold between 1 and %d.", p.ID, p.Credits, MaxPack)
		}
		if len(p.Prices) == 0 {
			return bad("The pack %q has no price.", p.ID)
		}
		cur := map[string]bool{}
		for _, m := range p.Prices {
			if len(m.Currency) != 3 || strings.ToLower(m.Currency) != m.Currency || cur[m.Currency] {
				return bad("The pack %q has a price in %q; use each ISO currency once, in lower case.", p.ID, m.Currency)
			}
			cur[m.Currency] = true
			if m.Amount < 1 || m.Amount > MaxPrice {
				return bad("The pack %q costs %d minor units; it must cost between 1 and %d.", p.ID, m.Amount, MaxPrice)
			}
		}
	}
	if c.Guest.Previews < 0 || c.Guest.Previews > MaxPreviews {
		return bad("A guest gets %d previews; it must be between 0 and %d.", c.Guest.Previews, MaxPreviews)
	}
	return nil
}

// DefaultCatalog is what a new installation sells. Its prices are examples.
func DefaultCatalog() *Catalog {
	return &Catalog{
		Qualities: []Rate{{Standard, 4}, {Enhanced, 9}},
		Packs: []Pack{
			{"credits-80", 80, []Money{{1200, "usd"}}},
			{"credits-280", 280, []Money{{3500, "usd"}}},
		},
		Guest: Guest{Previews: 1},
	}
}
