package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// A Mismatch is a payment that does not fit its purchase: another amount,
// currency, mode, payment or account. It grants nothing and is for staff to
// look into; telling the provider would only make it send the same again.
type Mismatch struct {
	Object  string // the purchase, or what the event named
	Problem string
}

func (m *Mismatch) Error() string { return m.Object + ": " + m.Problem }

// Sync asks the provider how the purchase's payment stands and brings the
// purchase and its credits there: granted once when paid, taken back in
// proportion to what was refunded or disputed, given back when that falls. A
// payment that does not fit is a *Mismatch and is noted at the purchase.
func (s *Shop) Sync(ctx context.Context, purchaseID string) error {
	_, err := s.sync(ctx, purchaseID, "")
	return err
}

// syncObject is Sync for what an event names. What we have not stored is looked
// up through the provider: a refund or dispute names its payment, and the
// session of an order may not be known here while its answer is under way, or lost.
func (s *Shop) syncObject(ctx context.Context, object string) error {
	var p *store.Purchase
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.PurchaseOf(object)
		return err
	})
	if err == nil {
		return s.Sync(ctx, p.ID)
	}
	if kinpict.CodeOf(err) != kinpict.NotFound {
		return err
	}
	st, err := s.Provider.Payment(ctx, object)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return &Mismatch{object, "is unknown to the provider, or nothing of a checkout"}
	}
	if err != nil {
		return fmt.Errorf("ask %s about %s: %w", s.Provider.Name(), object, err)
	}
	if st.PurchaseID == "" {
		return &Mismatch{object, "names no purchase"}
	}
	_, err = s.sync(ctx, st.PurchaseID, st.SessionID)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return &Mismatch{object, fmt.Sprintf("names the purchase %q, which is not here", st.PurchaseID)}
	}
	return err
}

// sync brings the purchase to the provider's state. session is the session that
// claims it, for a purchase that does not know its own yet.
//
// The provider is asked outside the transaction, so its answer may be older
// than one that somebody else has written meanwhile. SetPurchase refuses that:
// it writes only if nobody did since before we asked, else we ask again.
func (s *Shop) sync(ctx context.Context, id, session string) (*store.Purchase, error) {
	for range maxAsks {
		var p *store.Purchase
		var a *kinpict.Account
		err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
			if p, err = tx.Purchase(id); err == nil {
				a, err = tx.Account(p.AccountID)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if p.SessionID == "" {
			p.SessionID = session
		}
		if p.SessionID == "" {
			return p, nil // no page was made, so nothing can have happened
		}
		if session != "" && session != p.SessionID {
			return p, &Mismatch{id, fmt.Sprintf("claimed by the session %s, but paid in %s", session, p.SessionID)}
		}
		st, err := s.Provider.Payment(ctx, p.SessionID)
		if err != nil {
			return p, fmt.Errorf("ask %s about %s: %w", s.Provider.Name(), id, err)
		}
		if st.Status == Open && a.Status == "closed" {
			// Nobody is there to use what would be paid.
			if err := s.Provider.Expire(ctx, p.SessionID); err != nil {
				return p, fmt.Errorf("end %s at %s: %w", id, s.Provider.Name(), err)
			}
			if st, err = s.Provider.Payment(ctx, p.SessionID); err != nil {
				return p, fmt.Errorf("ask %s about %s: %w", s.Provider.Name(), id, err)
			}
		}
		won, back, err := s.apply(ctx, p, st)
		if err != nil {
			return p, err
		}
		if back != nil {
			s.log().LogAttrs(ctx, slog.LevelWarn, "paid after the account was closed, and goes back", slog.String("id", id), slog.String("refund", back.ID))
			if s.sendRefund(ctx, back) == nil {
				continue // and see what has become of it
			}
		}
		if won && p.Problem != "" {
			return p, &Mismatch{id, p.Problem}
		}
		if won {
			return p, nil
		}
	}
	return nil, fmt.Errorf("purchase %s: others keep writing", id)
}

// apply writes a state and what follows from it in one transaction, and leaves
// the outcome in p. It reports false if the purchase moved since p was read. What
// was paid too late is noted to go back, and that refund is for the caller to send.
func (s *Shop) apply(ctx context.Context, p *store.Purchase, st State) (won bool, back *store.Refund, err error) {
	lot, extra, refund := s.IDs.New(kinpict.LotPrefix), s.IDs.New(kinpict.LotPrefix), s.IDs.New(refundPrefix)
	// What the provider told us is not forgotten because a reader hung up.
	ctx = context.WithoutCancel(ctx)
	var q store.Purchase
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		won, back, q = false, nil, *p
		account, err := tx.LockAccount(p.AccountID)
		if err != nil {
			return err
		}
		taken, err := tx.PaymentTaken(st.PaymentID, p.ID)
		if err != nil {
			return err
		}
		q.Problem = s.problem(p, st, account, taken)
		if q.Problem == "" {
			settle(&q, st, tx.Now(), account.Status == "closed")
		}
		if won, err = tx.SetPurchase(&q); err != nil || !won {
			return err
		}
		if err := note(tx, p.ID, st); err != nil {
			return err
		}
		if q.Problem == tooLate {
			back, err = payBack(tx, &q, st, refund)
			return err
		}
		if q.Problem != "" || q.PaidAt.IsZero() {
			return nil
		}
		_, err = tx.Grant(store.Grant{LotID: lot, AccountID: q.AccountID, Kind: kinpict.LotPaid, SourceType: "purchase", SourceID: q.ID,
			Credits: q.Credits, Actor: q.Provider})
		if err != nil {
			return err
		}
		if q.Bonus > 0 {
			// A lot of its own, for it is not paid for; Reverse takes of both alike.
			_, err = tx.Grant(store.Grant{LotID: extra, AccountID: q.AccountID, Kind: kinpict.LotBonus, SourceType: "purchase", SourceID: q.ID,
				Credits: q.Bonus, Actor: q.Provider, Reason: "promo code " + q.Promo})
			if err != nil {
				return err
			}
		}
		return tx.Reverse(q.AccountID, "purchase", q.ID, q.Refunded+q.Disputed, q.Price.Amount+q.Tax, q.Provider, q.State)
	})
	if err != nil {
		return false, nil, fmt.Errorf("purchase %s: %w", p.ID, err)
	}
	*p = q
	return won, back, nil
}

// tooLate is the one problem that has an end nobody needs to decide about.
const tooLate = "paid after the account was closed; the money has to go back"

// payBack notes that all of what came too late goes back, once: if the provider
// refuses that, or a bank has the money, it is for staff. nil if it is.
func payBack(tx *store.Tx, p *store.Purchase, st State, id string) (*store.Refund, error) {
	before, err := tx.Refunds(p.ID)
	if err != nil || len(before) > 0 || slices.ContainsFunc(st.Disputes, func(d Dispute) bool { return holds(d.Status) && !d.Refundable }) {
		return nil, err
	}
	put, err := tx.PutRefund(&store.Refund{ID: id, PurchaseID: p.ID, PaymentID: st.PaymentID, Amount: st.Price.Amount + st.Tax - st.Refunded,
		Reason: "paid after the account was closed", Actor: "system"}, tx.Now().Add(refundRetry))
	if err != nil || !put {
		return nil, err
	}
	return tx.Refund(id)
}

// note keeps what a state says beside the money: what became of our refunds,
// where disputes stand, whether a bank warned.
func note(tx *store.Tx, id string, st State) error {
	if st.PurchaseID != id {
		return nil
	}
	for _, f := range st.Refunds {
		end := store.RefundDone
		if f.Failed {
			end = store.RefundFailed
		}
		if err := tx.EndRefund(f.Key, end, ""); err != nil {
			return err
		}
	}
	for _, d := range st.Disputes {
		if err := tx.PutDispute(id, store.Dispute{ID: d.ID, Status: d.Status, Reason: d.Reason, Amount: d.Amount, DueBy: d.DueBy, Refundable: d.Refundable}); err != nil {
			return err
		}
	}
	if st.Warned {
		return tx.WarnPurchase(id)
	}
	return nil
}

// problem says in words for staff why a state cannot be this purchase's, or "".
func (s *Shop) problem(p *store.Purchase, st State, account *kinpict.Account, taken bool) string {
	switch {
	case p.Provider != s.Provider.Name():
		return fmt.Sprintf("opened at %s, asked about at %s", p.Provider, s.Provider.Name())
	case st.PurchaseID != p.ID:
		return fmt.Sprintf("the payment is for the purchase %q", st.PurchaseID)
	case st.SessionID != p.SessionID:
		return fmt.Sprintf("the payment belongs to the session %s", st.SessionID)
	case st.Livemode != p.Livemode || st.Livemode != s.Live:
		return "the payment and the shop are not in the same mode, live or test"
	case st.Price != p.Price:
		return fmt.Sprintf("the payment is %d %s instead of %d %s", st.Price.Amount, st.Price.Currency, p.Price.Amount, p.Price.Currency)
	case p.PaymentID != "" && st.PaymentID != p.PaymentID:
		return fmt.Sprintf("the payment was %s and is %s now", p.PaymentID, st.PaymentID)
	case st.Status == Paid && st.PaymentID == "":
		return "the payment has no id"
	case taken:
		return fmt.Sprintf("the payment %s paid another purchase", st.PaymentID)
	case st.Tax < 0 || st.Tax > 0 && !p.Taxed:
		return fmt.Sprintf("the payment has a tax of %d", st.Tax)
	case st.Refunded < 0 || st.Refunded > st.Price.Amount+st.Tax:
		return fmt.Sprintf("%d of %d was refunded", st.Refunded, st.Price.Amount+st.Tax)
	case !p.PaidAt.IsZero() && (st.Status == Open || st.Status == Processing):
		return "the payment was paid and is " + st.Status + " now"
	case p.PaidAt.IsZero() && st.Status == Paid && account.Status == "closed" && st.Refunded < st.Price.Amount+st.Tax:
		return tooLate
	}
	return ""
}

// settle puts a fitting state into the purchase of an account that is closed or not.
func settle(p *store.Purchase, st State, now time.Time, closed bool) {
	if st.PaymentID != "" {
		p.PaymentID = st.PaymentID
	}
	p.Tax, p.Refunded, p.Disputed = st.Tax, st.Refunded, st.Disputed()
	if closed && p.PaidAt.IsZero() && st.Status == Paid {
		p.State = Failed // it came too late, granted nothing, and is back where it came from
		return
	}
	if st.Status == Paid {
		if p.PaidAt.IsZero() {
			p.PaidAt = now
		}
	} else if p.PaidAt.IsZero() {
		p.State = st.Status
		if st.Status == Open && !now.Before(p.ExpiresAt) {
			p.State = Expired
		}
		return
	} else {
		// A bank may call a payment back that it had confirmed.
		p.Refunded, p.Disputed = p.Price.Amount+p.Tax, 0
	}
	switch {
	case p.Refunded == p.Price.Amount+p.Tax:
		p.State = "refunded"
	case p.Disputed > 0:
		p.State = "disputed"
	case p.Refunded > 0:
		p.State = "partially_refunded"
	default:
		p.State = Paid
	}
}

// isMismatch returns the mismatch in err's chain, or nil.
func isMismatch(err error) *Mismatch {
	var m *Mismatch
	if errors.As(err, &m) {
		return m
	}
	return nil
}
