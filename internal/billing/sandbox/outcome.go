package sandbox

import (
	"context"
	"fmt"
	"slices"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

// Outcomes a person can choose on the page, in the order of its buttons.
var Outcomes = []string{"paid", "declined", "delayed", "duplicate", "refund", "partial_refund", "refund_failed", "fraud_warning", "inquiry", "inquiry_closed",
	"dispute_prevented", "dispute", "dispute_won", "dispute_lost"}

// Outcome lets something happen to a checkout and tells the product:
//
//	paid              the money is here
//	declined          the card is refused; another may be tried, unless it was delayed before
//	delayed           the person is done, the money comes later: with paid, or declined
//	duplicate         paid, with one event sent twice and another one for the same payment
//	refund            all that is left of the money goes back
//	partial_refund    30 % of what was paid goes back, or what is left
//	refund_failed     the last refund does not arrive: the money is the shop's again
//	fraud_warning     the payer's bank says early that it takes the payment for fraud
//	inquiry           the payer's bank asks, and holds nothing
//	inquiry_closed    and is content
//	dispute_prevented a dispute that ended before it began
//	dispute           the payer's bank holds all that was paid
//	dispute_won       and gives it back to the shop
//	dispute_lost      or to the payer
//
// The same outcome again changes nothing (but partial_refund, which adds up, and
// refund_failed, which undoes the one before) and is told again. Conflict for
// one that cannot follow what happened before, Invalid for an unknown one.
func (p *Provider) Outcome(ctx context.Context, id, outcome string) error {
	for {
		was, err := p.session(ctx, id)
		if err != nil {
			return err
		}
		is := copyOf(was)
		tell, err := p.move(is, outcome)
		if err != nil {
			return err
		}
		moved, err := p.moved(ctx, was, is)
		if err != nil {
			return err
		}
		if !moved {
			continue // somebody else pressed a button; see what is possible now
		}
		for _, t := range tell {
			e := event{ID: p.IDs.New("evt_"), Type: t, Object: is.ID, Created: p.Now().Unix()}
			p.send(ctx, e)
			if outcome == "duplicate" && t == "checkout.completed" {
				p.send(ctx, e)
			}
		}
		return nil
	}
}

// Expire ends a checkout, unless it is paid or about to be. Nobody needs to be
// told: whoever asks for it knows.
func (p *Provider) Expire(ctx context.Context, id string) error {
	for {
		was, err := p.session(ctx, id)
		if err != nil {
			return err
		}
		if st := p.status(was); st != billing.Open && st != billing.Failed || was.Status == billing.Failed {
			return nil
		}
		is := copyOf(was)
		is.Status = billing.Expired
		if moved, err := p.moved(ctx, was, is); err != nil || moved {
			return err
		}
	}
}

func no(why string) ([]string, error) {
	return nil, &kinpict.Error{Code: kinpict.Conflict, Message: "This cannot happen now: " + why + "."}
}

// move changes the books of one checkout and returns the types of the events
// that tell about it.
func (p *Provider) move(s *store.SandboxSession, outcome string) ([]string, error) {
	if !slices.Contains(Outcomes, outcome) {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("There is no outcome %q.", outcome)}
	}
	switch outcome {
	case "paid", "duplicate", "declined", "delayed":
		return p.pay(s, outcome)
	}
	if s.Status != "paid" {
		return no("nothing was paid")
	}
	switch outcome {
	case "refund", "partial_refund", "refund_failed":
		return p.refund(s, outcome)
	case "fraud_warning":
		s.Warned = true
		return []string{"payment.warned"}, nil
	}
	return p.dispute(s, outcome)
}

// pay is what the payer does.
func (p *Provider) pay(s *store.SandboxSession, outcome string) ([]string, error) {
	switch {
	case p.status(s) == billing.Expired:
		return no("the checkout has expired")
	case s.Status == "failed":
		return no("the payment has failed")
	case s.Status == "paid" && outcome != "paid" && outcome != "duplicate":
		return no("it is paid")
	}
	late := s.Status == "processing"
	switch outcome {
	case "declined":
		if late {
			s.Status = "failed"
			return []string{"checkout.payment_failed"}, nil
		}
		s.Status = "declined"
		return []string{"checkout.declined"}, nil
	case "delayed":
		s.Status = "processing"
		return []string{"checkout.completed"}, nil
	}
	s.Status = "paid"
	switch {
	case outcome == "duplicate":
		return []string{"checkout.completed", "payment.succeeded"}, nil
	case late:
		return []string{"checkout.payment_succeeded"}, nil
	}
	return []string{"checkout.completed"}, nil
}

// refund is what the shop does at the provider, and what its bank makes of it.
func (p *Provider) refund(s *store.SandboxSession, outcome string) ([]string, error) {
	if outcome == "refund_failed" {
		for i, f := range slices.Backward(s.Refunds) {
			if !f.Failed {
				s.Refunds[i].Failed = true
				return []string{"payment.refund_failed"}, nil
			}
		}
		return no("nothing was refunded")
	}
	amount := total(s) - s.Refunded()
	if outcome == "partial_refund" {
		amount = min(amount, max(1, total(s)*30/100))
	}
	if amount > 0 {
		id := p.IDs.New("re_")
		s.Refunds = append(s.Refunds, store.SandboxRefund{ID: id, IdemKey: id, Amount: amount})
	}
	return []string{"payment.refunded"}, nil
}

// dispute is what the payer's bank does.
func (p *Provider) dispute(s *store.SandboxSession, outcome string) ([]string, error) {
	switch outcome {
	case "inquiry":
		if s.Dispute != "" && s.Dispute != "warning_needs_response" {
			return no("there is a dispute already")
		}
		s.Dispute, s.Disputed, s.DisputeDue = "warning_needs_response", total(s), p.Now().Add(dueIn)
		return []string{"dispute.opened"}, nil
	case "inquiry_closed":
		if !inquiry(s) {
			return no("nobody asks")
		}
		s.Dispute = "warning_closed"
		return []string{"dispute.closed"}, nil
	case "dispute_prevented":
		if s.Dispute != "" && s.Dispute != "prevented" {
			return no("there is a dispute already")
		}
		s.Dispute, s.Disputed = "prevented", total(s)
		return []string{"dispute.closed"}, nil
	case "dispute":
		if s.Dispute != "" && s.Dispute != "warning_needs_response" && s.Dispute != "needs_response" {
			return no("the dispute is closed")
		}
		s.Dispute, s.Disputed, s.DisputeDue = "needs_response", total(s), p.Now().Add(dueIn)
		return []string{"dispute.opened"}, nil
	}
	end := map[string]string{"dispute_won": "won", "dispute_lost": "lost"}[outcome]
	if s.Dispute != "needs_response" && s.Dispute != end {
		return no("no dispute is open")
	}
	s.Dispute = end
	return []string{"dispute.closed"}, nil
}
