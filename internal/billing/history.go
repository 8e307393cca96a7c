package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"kinpict"
	"kinpict/internal/store"
)

// A Period is one price book and the time in which it holds.
type Period struct {
	Catalog *kinpict.Catalog
	// Until is when the next one begins; zero: no end is known.
	Until time.Time
	// Scheduled: it has not begun yet.
	Scheduled bool
	// Withdrawn: another version took its place before it began.
	Withdrawn bool
	// Changes says in words how it differs from the one before it.
	Changes []string
}

// Periods are all price books in the order they hold, newest first, those
// withdrawn among them at the time they would have begun.
func (s *Shop) Periods(ctx context.Context) ([]Period, error) {
	var all []*kinpict.Catalog
	var now time.Time
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now()
		all, err = tx.Catalogs()
		return err
	})
	return periods(all, now), err
}

// PriceHistory is what everybody may see: the books that are or were in force,
// and those to come that the operator announced. Withdrawn ones never held.
func (s *Shop) PriceHistory(ctx context.Context) ([]Period, error) {
	all, err := s.Periods(ctx)
	if err != nil {
		return nil, err
	}
	var books []*kinpict.Catalog
	for _, p := range all {
		if !p.Withdrawn && (!p.Scheduled || p.Catalog.Announced) {
			books = append(books, p.Catalog)
		}
	}
	return periods(books, s.Now()), nil
}

// periods puts books in the order they hold. Of two that begin together the
// later version holds: that is how one still to come is withdrawn.
func periods(books []*kinpict.Catalog, now time.Time) []Period {
	books = slices.Clone(books)
	slices.SortFunc(books, func(a, b *kinpict.Catalog) int {
		if c := a.EffectiveAt.Compare(b.EffectiveAt); c != 0 {
			return c
		}
		return int(a.Version - b.Version)
	})
	out := []Period{}
	var before *kinpict.Catalog
	for i, c := range books {
		p := Period{Catalog: c, Scheduled: c.EffectiveAt.After(now), Changes: []string{}}
		if i+1 < len(books) {
			p.Until = books[i+1].EffectiveAt
			p.Withdrawn = p.Until.Equal(c.EffectiveAt)
		}
		if before != nil {
			p.Changes = append(p.Changes, Changes(before, c)...)
		}
		if !p.Withdrawn {
			before = c
		}
		out = append(out, p)
	}
	slices.Reverse(out)
	return out
}

// Withdraw keeps a book that is still to come from ever being in force, and
// returns the version that takes its place: the book before it once more, from
// the very instant the withdrawn one would have begun. Nothing is edited.
//
// NotFound if there is no such version, Conflict if it has begun, is withdrawn
// already or changes nothing: what takes a withdrawn one's place is not withdrawn
// in its turn, without end.
func (s *Shop) Withdraw(ctx context.Context, actor, reason string, version int64) (*kinpict.Catalog, error) {
	if reason = strings.TrimSpace(reason); reason == "" || actor == "" {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "A change of prices needs a reason, and someone who makes it."}
	}
	var fresh kinpict.Catalog
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := tx.Catalogs()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(c *kinpict.Catalog) bool { return c.Version == version })
		if i < 0 {
			return &kinpict.Error{Code: kinpict.NotFound, Message: fmt.Sprintf("There is no price book %d.", version), Hint: "kinpict catalog list shows all of them."}
		}
		at := all[i].EffectiveAt
		replaced := slices.ContainsFunc(all[:i], func(c *kinpict.Catalog) bool { return c.EffectiveAt.Equal(at) })
		switch {
		case !at.After(tx.Now()):
			return &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("Price book %d has been in force since %s.", version, at.Format(time.RFC3339)),
				Hint: "Apply another one; what was charged by this one stays as it is."}
		case replaced:
			return &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("Price book %d will never be in force: a later one begins at the same time.", version)}
		}
		before := holding(all, at.Add(-time.Microsecond))
		if before.Version > 0 && len(Changes(before, all[i])) == 0 {
			return &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("Price book %d changes nothing: it says what price book %d before it says.", version, before.Version),
				Hint: "Leave it; no price changes when it begins."}
		}
		fresh = *before
		fresh.EffectiveAt = at
		return tx.PutCatalog(&fresh, actor, reason)
	})
	if err != nil {
		return nil, err
	}
	return &fresh, nil
}

// Doubts are what in a book looks like a slip of the hand against the one in
// force at a time, now if that is zero: one sentence each, with the fix.
func (s *Shop) Doubts(ctx context.Context, c *kinpict.Catalog, at time.Time) ([]string, error) {
	var doubts []string
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Catalogs()
		if at.IsZero() {
			at = tx.Now()
		}
		doubts = slips(holding(all, at), c)
		return err
	})
	return doubts, err
}

// tenfold is a factor that is rather a zero too many or too few than a price.
const tenfold = 10

func slips(a, b *kinpict.Catalog) []string {
	var out []string
	far := func(what string, was, is int64, show func(int64) string) {
		if was > 0 && is > 0 && (is >= tenfold*was || was >= tenfold*is) {
			out = append(out, fmt.Sprintf("%s goes from %s to %s: is there a zero too many or too few?", what, show(was), show(is)))
		}
	}
	credits := func(n int64) string { return fmt.Sprintf("%d credits", n) }
	for _, q := range b.Qualities {
		if old, err := a.Rate(q.ID); err == nil {
			far(q.ID, int64(old.Credits), int64(q.Credits), credits)
		}
	}
	for i, p := range b.Packs {
		if old, err := a.Pack(p.ID); err == nil {
			far("pack "+p.ID, int64(old.Credits), int64(p.Credits), credits)
			for _, m := range p.Prices {
				if was, err := priceIn(old, m.Currency); err == nil {
					far("the price of pack "+p.ID, was.Amount, m.Amount, func(n int64) string { return amount(kinpict.Money{Amount: n, Currency: m.Currency}) })
				}
			}
		}
		supports := int64(0)
		for _, n := range b.Supports(p.Credits) {
			supports = max(supports, n)
		}
		if supports == 0 {
			out = append(out, fmt.Sprintf("pack %s pays for no picture at all: sell more credits in it, or lower a rate.", p.ID))
		}
		for _, q := range b.Packs[:i] {
			out = append(out, dearer(p, q)...)
		}
	}
	return out
}

// dearer finds a larger pack whose credits cost more than those of a smaller.
func dearer(p, q kinpict.Pack) []string {
	if p.Credits < q.Credits {
		p, q = q, p
	}
	for _, m := range p.Prices {
		small, err := priceIn(q, m.Currency)
		if err == nil && p.Credits > q.Credits && m.Amount*int64(q.Credits) > small.Amount*int64(p.Credits) {
			return []string{fmt.Sprintf("a credit of the larger pack %s (%s) costs more than one of pack %s (%s): are the prices in the right places?", p.ID, amount(m), q.ID, amount(small))}
		}
	}
	return nil
}

// currencies refuses money that does not exist.
func currencies(c *kinpict.Catalog) error {
	for _, p := range c.Packs {
		for _, m := range p.Prices {
			if _, err := currency.ParseISO(m.Currency); err != nil {
				return &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("The pack %q has a price in %q, which is no currency.", p.ID, m.Currency),
					Hint: "Write the three letters of ISO 4217, such as usd, eur or jpy."}
			}
		}
	}
	return nil
}
