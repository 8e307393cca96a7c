package billing

import (
	"context"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// A Dossier is a purchase as staff see it.
type Dossier struct {
	*store.Purchase
	Email    string
	Refunds  []*store.Refund
	Disputes []store.Dispute
	// Warned is when a bank's early fraud warning was heard of, or zero.
	Warned   time.Time
	Findings []store.PaymentFinding
	// Remaining is how many of its credits are still there.
	Remaining kinpict.Credits
}

// Dossier is one purchase, up to date if the provider answers, for staff.
func (s *Shop) Dossier(ctx context.Context, c kinpict.Caller, id string) (d *Dossier, err error) {
	if err := isStaff(c); err != nil {
		return nil, err
	}
	if err := s.Sync(ctx, id); err != nil && isMismatch(err) == nil && kinpict.CodeOf(err) != kinpict.NotFound {
		s.report(ctx, "purchase not up to date", id, err)
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Purchase(id)
		if err != nil {
			return err
		}
		d, err = s.dossier(tx, p)
		return err
	})
	return d, err
}

// Dossiers are everybody's purchases for staff, newest first, before that id ("" for
// the newest), at most limit: of one account ("" for all), in one state, those
// that need attention ("attention"), or any ("").
func (s *Shop) Dossiers(ctx context.Context, c kinpict.Caller, which, accountID, before string, limit int) (out []*Dossier, err error) {
	if err := isStaff(c); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		ps, err := tx.StaffPurchases(which, accountID, before, limit)
		for _, p := range ps {
			d, err := s.dossier(tx, p)
			if err != nil {
				return err
			}
			out = append(out, d)
		}
		return err
	})
	return out, err
}

func (s *Shop) dossier(tx *store.Tx, p *store.Purchase) (*Dossier, error) {
	d := &Dossier{Purchase: p}
	account, err := tx.Account(p.AccountID)
	if err != nil {
		return nil, err
	}
	d.Email = account.Email
	if d.Refunds, err = tx.Refunds(p.ID); err != nil {
		return nil, err
	}
	if d.Disputes, err = tx.Disputes(p.ID); err != nil {
		return nil, err
	}
	if d.Warned, err = tx.WarnedAt(p.ID); err != nil {
		return nil, err
	}
	lot, err := tx.PaidLot(p.ID)
	if err != nil {
		return nil, err
	}
	if lot != nil {
		d.Remaining = lot.Remaining
	}
	all, err := tx.PaymentFindings(p.Provider)
	for _, f := range all {
		if f.Subject == p.ID || p.PaymentID != "" && f.Subject == p.PaymentID {
			d.Findings = append(d.Findings, f)
		}
	}
	return d, err
}

func isStaff(c kinpict.Caller) error {
	if c.Role != kinpict.Support && c.Role != kinpict.Operator {
		return &kinpict.Error{Code: kinpict.Forbidden, Message: "Only staff may see this."}
	}
	return nil
}
