package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Times of comparing with the provider.
const (
	compareEvery   = time.Hour
	compareRetry   = 10 * time.Minute // after one that could not end, or whose process died
	compareOverlap = 2 * time.Hour    // looked at again each time: a provider's lists may lag behind
	// CompareFirst is how far back the first comparison looks.
	CompareFirst = 4 * 24 * time.Hour
	// doubleWithin is how close two purchases of one pack look like one too many.
	doubleWithin = 10 * time.Minute
)

// Kinds of what a comparison finds.
const (
	FindForeign  = "foreign"  // paid there, and no purchase of ours
	FindMismatch = "mismatch" // does not fit its purchase
	FindUnknown  = "unknown"  // paid here, and no payment of theirs
	FindRefund   = "refund"   // a refund of ours that is not there
	FindFailed   = "failed"   // a refund of ours that did not arrive: somebody waits for it
	FindDouble   = "double"   // perhaps paid once too often
)

// A Comparison is what became of comparing our purchases with the provider's
// payments.
type Comparison struct {
	Since    time.Time
	Payments int                    // looked at
	Repaired []string               // in words, one a purchase
	Findings []store.PaymentFinding // all that are open, older ones included
	fresh    []store.PaymentFinding // for the first time
}

// Reconcile compares both ways what moved since then: each payment, refund and
// dispute of the provider's with our purchases, and each purchase of ours that
// was paid or has a problem with the provider. What differs is repaired by Sync;
// what Sync refuses is a finding, until its cause is gone. The error is the
// provider's or the database's; what was repaired before it stays so.
func (s *Shop) Reconcile(ctx context.Context, since time.Time) (*Comparison, error) {
	c := &Comparison{Since: since}
	seen := map[string]bool{} // subjects
	look := func(subject string, find func() (string, []store.PaymentFinding, error)) error {
		seen[subject] = true
		repaired, found, err := find()
		if err != nil {
			return err
		}
		if repaired != "" {
			c.Repaired = append(c.Repaired, repaired)
		}
		c.Findings = append(c.Findings, found...)
		return nil
	}
	for st, err := range s.Provider.Recent(ctx, since) {
		if err != nil {
			return c, fmt.Errorf("list payments of %s: %w", s.Provider.Name(), err)
		}
		c.Payments++
		if !seen[st.PaymentID] {
			seen[st.PurchaseID] = true
			if err := look(st.PaymentID, func() (string, []store.PaymentFinding, error) { return s.compare(ctx, st) }); err != nil {
				return c, err
			}
		}
	}
	var ours []string
	var open []store.PaymentFinding
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if ours, err = tx.Comparable(s.Provider.Name(), since); err != nil {
			return err
		}
		open, err = tx.PaymentFindings(s.Provider.Name())
		return err
	})
	if err != nil {
		return c, err
	}
	for _, id := range ours {
		if !seen[id] {
			if err := look(id, func() (string, []store.PaymentFinding, error) { return s.confirm(ctx, id) }); err != nil {
				return c, err
			}
		}
	}
	for _, f := range open {
		if seen[f.Subject] || f.Kind == FindDouble {
			continue
		}
		if err := look(f.Subject, func() (string, []store.PaymentFinding, error) { return s.again(ctx, f) }); err != nil {
			return c, err
		}
	}
	return c, s.conclude(ctx, c)
}

// compare looks at one payment of the provider's.
func (s *Shop) compare(ctx context.Context, st State) (repaired string, found []store.PaymentFinding, err error) {
	finding := func(kind, format string, args ...any) []store.PaymentFinding {
		if st.Refunded >= st.Price.Amount+st.Tax {
			return nil // whatever it was, the money is back where it came from
		}
		return []store.PaymentFinding{{Subject: st.PaymentID, Kind: kind, Object: st.SessionID, Message: fmt.Sprintf(format, args...)}}
	}
	var p *store.Purchase
	var refunds []*store.Refund
	known, closed := false, false
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if p, err = tx.Purchase(st.PurchaseID); err != nil {
			return err
		}
		a, err := tx.Account(p.AccountID)
		if err != nil {
			return err
		}
		closed = a.Status == "closed"
		if refunds, err = tx.Refunds(p.ID); err != nil {
			return err
		}
		known, err = noted(tx, p.ID, st)
		return err
	})
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return "", finding(FindForeign, "%d %s were paid for the purchase %q, which is not here", st.Price.Amount+st.Tax, st.Price.Currency, st.PurchaseID), nil
	}
	if err != nil {
		return "", nil, err
	}
	is := *p
	settle(&is, st, s.Now(), closed)
	differs := difference(p, &is)
	if differs == "" && !known {
		differs = "a dispute, a warning or a refund was not noted here"
	}
	q, err := s.sync(ctx, p.ID, st.SessionID)
	if m := isMismatch(err); m != nil {
		return "", finding(FindMismatch, "purchase %s: %s", p.ID, m.Problem), nil
	}
	if err != nil {
		return "", nil, err
	}
	if differs != "" {
		repaired = fmt.Sprintf("%s: %s; now it is %s", p.ID, differs, q.State)
	}
	return repaired, strayRefunds(p, st, refunds), nil
}

// difference says in words what of a purchase is not as the provider has it, or "".
func difference(p, is *store.Purchase) string {
	switch {
	case p.State != is.State:
		return fmt.Sprintf("%s here and %s at the provider", p.State, is.State)
	case p.Refunded != is.Refunded:
		return fmt.Sprintf("%d were refunded here and %d at the provider", p.Refunded, is.Refunded)
	case p.Disputed != is.Disputed:
		return fmt.Sprintf("%d are disputed here and %d at the provider", p.Disputed, is.Disputed)
	case p.PaymentID != is.PaymentID:
		return "its payment was not noted here"
	}
	return ""
}

// noted reports whether all that note would keep is kept already.
func noted(tx *store.Tx, id string, st State) (bool, error) {
	have, err := tx.Disputes(id)
	if err != nil {
		return false, err
	}
	for _, d := range st.Disputes {
		if !slices.ContainsFunc(have, func(h store.Dispute) bool { return h.ID == d.ID && h.Status == d.Status }) {
			return false, nil
		}
	}
	warned, err := tx.WarnedAt(id)
	return err == nil && (!st.Warned || !warned.IsZero()), err
}

// strayRefunds are refunds of ours that the provider does not have, and the last
// one if its money did not arrive: somebody waits for it.
func strayRefunds(p *store.Purchase, st State, refunds []*store.Refund) []store.PaymentFinding {
	say := func(kind string, r *store.Refund, what string) []store.PaymentFinding {
		return []store.PaymentFinding{{Subject: st.PaymentID, Kind: kind, Object: st.SessionID,
			Message: fmt.Sprintf("purchase %s: the refund %s of %d %s", p.ID, r.ID, r.Amount, what)}}
	}
	for _, r := range slices.Backward(refunds) {
		at := slices.IndexFunc(st.Refunds, func(f Refunded) bool { return f.Key == r.ID })
		if r.State == store.RefundDone && at < 0 {
			return say(FindRefund, r, "is not at the provider")
		}
	}
	if n := len(refunds); n > 0 && st.Refunded < st.Price.Amount+st.Tax {
		last := refunds[n-1]
		failed := slices.ContainsFunc(st.Refunds, func(f Refunded) bool { return f.Key == last.ID && f.Failed })
		if failed || last.State == store.RefundFailed {
			return say(FindFailed, last, "did not arrive; the person still waits for it")
		}
	}
	return nil
}

// confirm looks at one purchase of ours that the provider did not list.
func (s *Shop) confirm(ctx context.Context, id string) (repaired string, found []store.PaymentFinding, err error) {
	var p *store.Purchase
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Purchase(id)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	finding := func(kind, message string) []store.PaymentFinding {
		return []store.PaymentFinding{{Subject: id, Kind: kind, Object: p.SessionID, Message: message}}
	}
	q, err := s.sync(ctx, id, "")
	switch m := isMismatch(err); {
	case m != nil:
		return "", finding(FindMismatch, m.Problem), nil
	case kinpict.CodeOf(err) == kinpict.NotFound && !p.PaidAt.IsZero():
		return "", finding(FindUnknown, "is "+p.State+" here, and the provider knows nothing of it"), nil
	case err != nil:
		return "", nil, err
	}
	if d := difference(p, q); d != "" {
		repaired = fmt.Sprintf("%s: %s; now it is %s", id, d, q.State)
	}
	return repaired, nil, nil
}

// again looks at an older finding whose subject did not come up by itself.
func (s *Shop) again(ctx context.Context, f store.PaymentFinding) (string, []store.PaymentFinding, error) {
	st, err := s.Provider.Payment(ctx, f.Object)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return "", []store.PaymentFinding{f}, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("ask %s about %s: %w", s.Provider.Name(), f.Object, err)
	}
	if f.Subject != st.PaymentID {
		return s.confirm(ctx, f.Subject)
	}
	return s.compare(ctx, st)
}

// conclude adds what only shows in our own books and notes all findings.
func (s *Shop) conclude(ctx context.Context, c *Comparison) error {
	name := s.Provider.Name()
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		pairs, err := tx.DoublePurchases(name, tx.Now().Add(-CompareFirst), doubleWithin)
		if err != nil {
			return err
		}
		found := slices.DeleteFunc(slices.Clone(c.Findings), func(f store.PaymentFinding) bool { return f.Kind == FindDouble })
		for _, p := range pairs {
			found = append(found, store.PaymentFinding{Subject: p[1], Kind: FindDouble, Object: p[1],
				Message: "the same pack as " + p[0] + " within " + doubleWithin.String() + "; if one is too many, send it back with kinpict refund"})
		}
		old, err := tx.PaymentFindings(name)
		if err != nil {
			return err
		}
		for _, f := range old {
			if !slices.ContainsFunc(found, func(g store.PaymentFinding) bool { return g.Subject == f.Subject && g.Kind == f.Kind }) {
				if err := tx.DropPaymentFinding(name, f.Subject, f.Kind); err != nil {
					return err
				}
			}
		}
		c.fresh = nil
		for _, f := range found {
			fresh, err := tx.PutPaymentFinding(name, f)
			if err != nil {
				return err
			}
			if fresh {
				c.fresh = append(c.fresh, f)
			}
		}
		c.Findings, err = tx.PaymentFindings(name)
		return err
	})
}

// ReconcileDue is Reconcile if an hour has passed since the last one, in
// whichever process of a fleet asks first; nil for all others. One that could
// not end is due again after ten minutes, from where the last complete one began.
func (s *Shop) ReconcileDue(ctx context.Context) (*Comparison, error) {
	var since, began time.Time
	mine := false
	name := s.Provider.Name()
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		watermark, due, err := tx.Reconciled(name)
		began = tx.Now()
		since = watermark.Add(-compareOverlap)
		if watermark.IsZero() {
			since = began.Add(-CompareFirst)
		}
		mine = !began.Before(due)
		return err
	})
	if err != nil || !mine {
		return nil, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		mine, err = tx.ClaimReconciliation(name, tx.Now().Add(compareRetry))
		return err
	})
	if err != nil || !mine {
		return nil, err
	}
	c, err := s.Reconcile(ctx, since)
	for _, r := range c.Repaired {
		s.report(ctx, "purchase repaired", name, errors.New(r))
	}
	if err != nil {
		return nil, fmt.Errorf("compare with %s: %w", name, err)
	}
	for _, f := range c.fresh {
		s.report(ctx, "payments do not agree", f.Subject, errors.New(f.Message))
	}
	return c, s.DB.Update(ctx, func(tx *store.Tx) error { return tx.EndReconciliation(name, began, began.Add(compareEvery)) })
}
