package billing

import (
	"context"
	"slices"
	"time"

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
