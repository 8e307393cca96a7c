package billing

import (
	"context"
	"strings"
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

// approved checks that who else agreed is staff, and neither who asks nor whose
// account it is. The name is the word of who asks: it says who answers for it.
func approved(tx *store.Tx, c kinpict.Caller, approver, owner string) error {
	if approver == "" {
		return nil
	}
	a, err := tx.AccountByEmail(strings.ToLower(approver))
	if kinpict.CodeOf(err) == kinpict.NotFound {
		a, err = tx.Account(approver)
	}
	if err != nil && kinpict.CodeOf(err) != kinpict.NotFound {
		return err
	}
	bad := func(message, hint string) error {
		return &kinpict.Error{Code: kinpict.Invalid, Message: message, Hint: hint}
	}
	switch {
	case err != nil || a.Status != "active" || a.Role != kinpict.Support && a.Role != kinpict.Operator:
		return bad("The approver is not the account of anybody on the staff.", "Name the address of a colleague whose role is support or operator.")
	case a.ID == c.AccountID:
		return bad("Nobody approves their own adjustment.", "Ask a colleague.")
	case a.ID == owner:
		return bad("Nobody approves what goes to their own account.", "Ask another colleague.")
	}
	return nil
}
