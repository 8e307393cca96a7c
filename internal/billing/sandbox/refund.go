package sandbox

import (
	"context"
	"iter"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

// Refund sends money back, as a real provider does: not more than is left, not
// while a dispute has it, and one key is one refund.
func (p *Provider) Refund(ctx context.Context, r billing.Refund) error {
	no := func(why string) error {
		return &kinpict.Error{Code: kinpict.Conflict, Message: "The money cannot go back: " + why + "."}
	}
	for {
		var was *store.SandboxSession
		var used string
		err := p.DB.View(ctx, func(tx *store.Tx) (err error) {
			if was, err = tx.SandboxSession(r.PaymentID); err != nil {
				return err
			}
			used, err = tx.SandboxRefundKey(r.Key)
			return err
		})
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(was.Refunds, func(f store.SandboxRefund) bool { return f.IdemKey == r.Key }); i >= 0 && was.Refunds[i].Amount == r.Amount {
			return nil
		} else if i >= 0 || used != "" {
			return no("the key was used for another refund")
		}
		switch {
		case was.Status != "paid":
			return no("nothing was paid")
		case r.Amount <= 0 || r.Amount > total(was)-was.Refunded():
			return no("that is more than is left")
		case was.Dispute != "" && was.Dispute != "won" && was.Dispute != "prevented" && !inquiry(was):
			return no("a dispute has it")
		}
		is := copyOf(was)
		is.Refunds = append(is.Refunds, store.SandboxRefund{ID: p.IDs.New("re_"), IdemKey: r.Key, Amount: r.Amount})
		moved, err := p.moved(ctx, was, is)
		if err != nil {
			return err
		}
		if moved {
			p.send(ctx, event{ID: p.IDs.New("evt_"), Type: "payment.refunded", Object: is.PaymentID, Created: p.Now().Unix()})
			return nil
		}
	}
}

// Recent is every paid checkout that anything happened to since then.
func (p *Provider) Recent(ctx context.Context, since time.Time) iter.Seq2[billing.State, error] {
	return func(yield func(billing.State, error) bool) {
		after := ""
		for {
			var some []*store.SandboxSession
			err := p.DB.View(ctx, func(tx *store.Tx) (err error) {
				some, err = tx.SandboxMoved(since, after, page)
				return err
			})
			if err != nil {
				yield(billing.State{}, err)
				return
			}
			for _, s := range some {
				if after = s.ID; !yield(p.state(s), nil) {
					return
				}
			}
			if len(some) < page {
				return
			}
		}
	}
}

// moved writes a checkout's next state, unless somebody else moved it first.
func (p *Provider) moved(ctx context.Context, was, is *store.SandboxSession) (ok bool, err error) {
	err = p.DB.Update(ctx, func(tx *store.Tx) (err error) {
		ok, err = tx.MoveSandboxSession(was, is)
		return err
	})
	return ok, err
}

func copyOf(s *store.SandboxSession) *store.SandboxSession {
	c := *s
	c.Refunds = slices.Clone(s.Refunds)
	return &c
}

// total is what the payer pays.
func total(s *store.SandboxSession) int64 { return s.Price.Amount + s.Tax }

// inquiry reports whether a bank has only asked so far. It holds no money.
func inquiry(s *store.SandboxSession) bool {
	return s.Dispute == "warning_needs_response" || s.Dispute == "warning_closed"
}
