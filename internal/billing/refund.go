package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// A Repayment is money that staff send back for a purchase.
type Repayment struct {
	// ID makes the repayment once for ever: again it changes nothing. Conflict if
	// it stands for another one. Empty: a new one.
	ID         string
	PurchaseID string
	Amount     int64 // minor units, tax included; 0: all that is left
	// Unused sends back only what pays for the credits still there, so that
	// nothing is owed afterwards. Amount is 0 then.
	Unused   bool
	Reason   string // required, for the books
	Cause    string // for the provider: requested_by_customer, duplicate, fraudulent, or none
	Approver string // who else of the staff agreed, as of an Adjustment; required above TwoPeople credits
	Again    bool   // the same amount went back within the hour, and that is meant
}

const (
	refundPrefix = "rfd_"
	refundRetry  = time.Minute // after an answer that did not come
	// refundSlip is how long the same amount of the same purchase is taken for a
	// slip of the hand.
	refundSlip = time.Hour
)

// Causes are the words a provider knows for a refund.
var Causes = []string{"requested_by_customer", "duplicate", "fraudulent"}

// Refund sends money back. Its row comes first and carries the provider's key,
// so whatever is lost on the way, asking again sends nothing twice; what got no
// answer is asked again by the worker until there is one. The credits follow by
// Sync, in the proportion of all that was sent back so far.
//
// A purchase has one refund under way at a time. The same one asked for twice at
// once is one.
//
// Errors: Forbidden, Invalid, NotFound, Conflict if nothing or less is left, a
// dispute has the money, another one is under way, or the provider refuses it;
// Unavailable when the provider does not answer, with the refund noted.
func (s *Shop) Refund(ctx context.Context, c kinpict.Caller, r Repayment) (*store.Refund, error) {
	actor, err := r.check(c)
	if err != nil {
		return nil, err
	}
	payment, left, err := s.refundable(ctx, r.PurchaseID)
	if err != nil {
		return nil, err
	}
	fresh := s.IDs.New(refundPrefix)
	if r.ID != "" {
		fresh = r.ID
	}
	var row *store.Refund
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		row, err = s.askRefund(tx, c, &r, store.Refund{ID: fresh, PurchaseID: r.PurchaseID, PaymentID: payment, Actor: actor}, left)
		return err
	})
	if err != nil {
		return nil, err
	}
	if row.State == store.RefundAsked {
		err = s.sendRefund(ctx, row)
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}

// check says who acts, or why nothing may be sent back.
func (r *Repayment) check(c kinpict.Caller) (actor string, err error) {
	if c.Role != kinpict.Support && c.Role != kinpict.Operator {
		return "", &kinpict.Error{Code: kinpict.Forbidden, Message: "Only staff send money back."}
	}
	if actor = c.AccountID; actor == "" {
		actor = "command"
	}
	bad := func(message, hint string) (string, error) {
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: message, Hint: hint}
	}
	r.Reason, r.Approver = strings.TrimSpace(r.Reason), strings.TrimSpace(r.Approver)
	switch {
	case r.Reason == "" || len(r.Reason) > kinpict.MaxReview:
		return bad("A refund needs a reason.", "")
	case r.Amount < 0 || r.Unused && r.Amount != 0:
		return bad("The amount must be above 0, in minor units such as cents.", "Leave it out to send back all that is left.")
	case r.Cause != "" && !slices.Contains(Causes, r.Cause):
		return bad(fmt.Sprintf("There is no cause %q.", r.Cause), "Choose one of: "+strings.Join(Causes, ", ")+".")
	case r.Approver == actor || r.Approver != "" && strings.EqualFold(r.Approver, c.Email):
		return bad("Nobody approves their own refund.", "")
	}
	return actor, nil
}

// refundable brings the purchase up to date and says which payment can go back,
// and how much of it. A payment that does not fit its purchase granted nothing;
// it can go back whole.
func (s *Shop) refundable(ctx context.Context, id string) (payment string, left int64, err error) {
	p, err := s.sync(ctx, id, "")
	unanswered := func(err error) error {
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "The payment provider does not answer.", Hint: "Nothing was sent back. Try again in a minute.", Err: err}
	}
	if isMismatch(err) == nil {
		switch {
		case kinpict.CodeOf(err) == kinpict.NotFound:
			return "", 0, err
		case err != nil:
			return "", 0, unanswered(err)
		case p.PaidAt.IsZero():
			return "", 0, &kinpict.Error{Code: kinpict.Conflict, Message: "This purchase was not paid."}
		}
		return p.PaymentID, p.Price.Amount + p.Tax - p.Refunded, nil
	}
	st, err := s.Provider.Payment(ctx, p.SessionID)
	if err != nil {
		return "", 0, unanswered(err)
	}
	if st.Status != Paid || st.PurchaseID != p.ID || st.SessionID != p.SessionID || st.Livemode != s.Live || st.PaymentID == "" || !p.PaidAt.IsZero() {
		return "", 0, &kinpict.Error{Code: kinpict.Conflict, Message: "The payment does not fit this purchase: " + p.Problem + ".", Hint: "Look at it at the provider."}
	}
	return st.PaymentID, st.Price.Amount + st.Tax - st.Refunded, nil
}

// askRefund stores the refund's row, or finds the one that is the same.
func (s *Shop) askRefund(tx *store.Tx, c kinpict.Caller, r *Repayment, row store.Refund, left int64) (*store.Refund, error) {
	no := func(message, hint string) (*store.Refund, error) {
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: message, Hint: hint}
	}
	p, err := tx.Purchase(r.PurchaseID)
	if err != nil {
		return nil, err
	}
	if p.AccountID == c.AccountID {
		return nil, &kinpict.Error{Code: kinpict.Forbidden, Message: "Nobody refunds their own purchase.", Hint: "Ask a colleague."}
	}
	if _, err := tx.LockAccount(p.AccountID); err != nil {
		return nil, err
	}
	if p, err = tx.Purchase(r.PurchaseID); err != nil {
		return nil, err
	}
	if !p.PaidAt.IsZero() {
		left = min(left, p.Price.Amount+p.Tax-p.Refunded)
	}
	all, err := tx.Refunds(p.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.ID == r.ID {
			if r.Amount != 0 && f.Amount != r.Amount || f.Reason != r.Reason {
				return no("This id was used for another refund.", "Use a new id for a new refund, and the same one only to repeat the same.")
			}
			return f, nil
		}
	}
	if err := approved(tx, c, r.Approver, p.AccountID); err != nil {
		return nil, err
	}
	lots, err := tx.PurchaseLots(p.ID)
	if err != nil {
		return nil, err
	}
	row.Amount, row.Reason, row.Cause, row.Approver = r.Amount, r.Reason, r.Cause, r.Approver
	total := p.Price.Amount + p.Tax
	if r.Unused || r.Amount == 0 {
		row.Amount = left
	}
	// What share goes back is taken of every lot of the purchase alike, so the
	// emptiest says how much may: extra credits are spent first.
	for _, lot := range lots {
		if r.Unused {
			row.Amount = min(row.Amount, total*int64(lot.Remaining)/int64(lot.Granted))
		}
	}
	// Parts that one person sent count together, or two people would be one with patience.
	alone := row.Amount
	for _, f := range all {
		if f.Approver == "" && (f.State == store.RefundAsked || f.State == store.RefundDone) {
			alone += f.Amount
		}
	}
	for _, f := range all {
		if f.State == store.RefundAsked {
			if f.Amount == row.Amount && r.ID == "" {
				return f, nil
			}
			return no("Another refund of this purchase has no answer yet.", "It is asked for again by itself. Look at it with kinpict purchase show "+p.ID+".")
		}
	}
	disputes, err := tx.Disputes(p.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range disputes {
		if holds(d.Status) && !d.Refundable {
			return no("A dispute has this money: it is "+d.Status+".", "The payer's bank decides about it. Money sent back as well would be lost twice.")
		}
	}
	switch {
	case left <= 0:
		return no("All of this payment went back already.", "")
	case row.Amount > left:
		return no(fmt.Sprintf("Only %d %s are left of this payment.", left, p.Price.Currency), "")
	case row.Amount == 0:
		return no("No credits of this purchase are left, or its extra credits are used.", "Say an amount if money is to go back all the same.")
	case int64(p.Credits)*alone > int64(TwoPeople)*total && r.Approver == "":
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("A refund of more than %d credits needs a second person's approval.", TwoPeople),
			Hint: "Name who else agreed: approver in a request, --approver at the command line."}
	}
	for _, f := range all {
		if f.State == store.RefundDone && f.Amount == row.Amount && f.CreatedAt.After(tx.Now().Add(-refundSlip)) && !r.Again {
			return no(fmt.Sprintf("The same amount of this purchase went back at %s.", f.CreatedAt.Format(time.RFC3339)), "Say so again if a second time is meant.")
		}
	}
	put, err := tx.PutRefund(&row, tx.Now().Add(refundRetry))
	if err != nil {
		return nil, err
	}
	if !put {
		return no("This id was used for a refund of another purchase, or one of this purchase has no answer yet.", "Try again with a new id.")
	}
	return tx.Refund(row.ID)
}

// holds reports whether a dispute in that state has the money, or took it.
func holds(status string) bool {
	return State{Disputes: []Dispute{{Status: status, Amount: 1}}}.Disputed() > 0
}

// sendRefund asks the provider for a stored refund, brings the purchase up to
// date, and leaves the outcome in r. The row is settled only after the purchase,
// so that whoever asks for the next one sees how much is left.
func (s *Shop) sendRefund(ctx context.Context, r *store.Refund) error {
	// Once asked, the money moves whether anybody still listens or not.
	ctx = context.WithoutCancel(ctx)
	err := s.Provider.Refund(ctx, Refund{PaymentID: r.PaymentID, Key: r.ID, Amount: r.Amount, Reason: r.Cause})
	var refused *kinpict.Error
	if code := kinpict.CodeOf(err); code == kinpict.Conflict || code == kinpict.NotFound {
		errors.As(err, &refused)
	}
	if err != nil && refused == nil {
		s.report(ctx, "refund without an answer", r.ID, err)
		late := s.DB.Update(ctx, func(tx *store.Tx) error {
			waited := tx.Now().Sub(r.CreatedAt)
			return tx.DelayRefund(r.ID, tx.Now().Add(min(max(waited, refundRetry), time.Hour)), err.Error())
		})
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "The payment provider did not answer.",
			Hint: "The refund " + r.ID + " is noted and asked for again by itself. It is sent once.", Err: errors.Join(err, late)}
	}
	end, problem := store.RefundDone, ""
	if refused != nil {
		end, problem = store.RefundRefused, strings.TrimSpace(refused.Message+" "+refused.Hint)
	} else if err := s.Sync(ctx, r.PurchaseID); err != nil && isMismatch(err) == nil {
		// The money is sent. The credits follow with the webhook or the worker,
		// and until then no other refund is begun.
		s.log().LogAttrs(ctx, slog.LevelWarn, "refund sent, purchase not up to date", slog.String("id", r.ID), slog.Any("err", err))
		return s.DB.Update(ctx, func(tx *store.Tx) error { return tx.DelayRefund(r.ID, tx.Now().Add(refundRetry), "sent; "+err.Error()) })
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.EndRefund(r.ID, end, problem); err != nil {
			return err
		}
		now, err := tx.Refund(r.ID)
		if err == nil {
			*r = *now
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("refund %s: %w", r.ID, err)
	}
	if r.State == store.RefundRefused {
		return &kinpict.Error{Code: kinpict.Conflict, Message: "The provider sends nothing back: " + r.Problem, Err: refused}
	}
	return nil
}

// retryRefunds asks again for refunds that got no answer, with the same key.
func (s *Shop) retryRefunds(ctx context.Context) error {
	var waiting []*store.Refund
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		waiting, err = tx.WaitingRefunds(s.Provider.Name(), round)
		return err
	})
	for _, r := range waiting {
		if err := s.sendRefund(ctx, r); err != nil && kinpict.CodeOf(err) == kinpict.Conflict {
			s.report(ctx, "refund refused", r.ID, err)
		}
	}
	return err
}
