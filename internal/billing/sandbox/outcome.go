package sandbox

import (
	"context"
	"fmt"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

// Outcomes a person can choose on the page, in the order of its buttons.
var Outcomes = []string{"paid", "declined", "delayed", "duplicate", "refund", "partial_refund", "dispute", "dispute_won", "dispute_lost"}

// Outcome lets something happen to a checkout and tells the product:
//
//	paid            the money is here
//	declined        the card is refused; another may be tried, unless it was delayed before
//	delayed         the person is done, the money comes later: with paid, or declined
//	duplicate       paid, with one event sent twice and another one for the same payment
//	refund          all that is left of the money goes back
//	partial_refund  30 % of the price goes back, or what is left
//	dispute         the payer's bank holds the whole price
//	dispute_won     and gives it back to the shop
//	dispute_lost    or to the payer
//
// The same outcome again changes nothing (but partial_refund, which adds up) and
// is told again. Conflict for one that cannot follow what happened before, Invalid for an unknown one.
func (p *Provider) Outcome(ctx context.Context, id, outcome string) error {
	for {
		was, err := p.session(ctx, id)
		if err != nil {
			return err
		}
		is := *was
		tell, err := p.move(&is, outcome)
		if err != nil {
			return err
		}
		moved := false
		err = p.DB.Update(ctx, func(tx *store.Tx) (err error) {
			moved, err = tx.MoveSandboxSession(was, &is)
			return err
		})
		if err != nil {
			return err
		}
		if !moved {
			continue // somebody else pressed a button; see what is possible now
		}
		for _, t := range tell {
			e := event{ID: p.IDs.New("evt_"), Type: t, Object: id, Created: p.Now().Unix()}
			p.send(ctx, e)
			if outcome == "duplicate" && t == "checkout.completed" {
				p.send(ctx, e)
			}
		}
		return nil
	}
}

// move changes the books of one checkout and returns the types of the events
// that tell about it.
func (p *Provider) move(s *store.SandboxSession, outcome string) ([]string, error) {
	no := func(why string) ([]string, error) {
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: "This cannot happen now: " + why + "."}
	}
	status := p.status(s)
	switch outcome {
	case "paid", "duplicate", "declined", "delayed":
		switch {
		case status == billing.Expired:
			return no("the checkout has expired")
		case s.Status == "failed":
			return no("the payment has failed")
		case s.Status == "paid" && outcome != "paid" && outcome != "duplicate":
			return no("it is paid")
		}
	case "refund", "partial_refund", "dispute", "dispute_won", "dispute_lost":
		if s.Status != "paid" {
			return no("nothing was paid")
		}
	default:
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("There is no outcome %q.", outcome)}
	}
	switch outcome {
	case "paid", "duplicate":
		late := s.Status == "processing"
		s.Status = "paid"
		switch {
		case outcome == "duplicate":
			return []string{"checkout.completed", "payment.succeeded"}, nil
		case late:
			return []string{"checkout.payment_succeeded"}, nil
		}
		return []string{"checkout.completed"}, nil
	case "declined":
		if s.Status == "processing" {
			s.Status = "failed"
			return []string{"checkout.payment_failed"}, nil
		}
		s.Status = "declined"
		return []string{"checkout.declined"}, nil
	case "delayed":
		s.Status = "processing"
		return []string{"checkout.completed"}, nil
	case "refund":
		s.Refunded = s.Price.Amount
		return []string{"payment.refunded"}, nil
	case "partial_refund":
		s.Refunded = min(s.Price.Amount, s.Refunded+max(1, s.Price.Amount*30/100))
		return []string{"payment.refunded"}, nil
	case "dispute":
		if s.Dispute == "won" || s.Dispute == "lost" {
			return no("the dispute is closed")
		}
		s.Dispute, s.Disputed = "needs_response", s.Price.Amount
		return []string{"dispute.opened"}, nil
	}
	end := map[string]string{"dispute_won": "won", "dispute_lost": "lost"}[outcome]
	if s.Dispute != "needs_response" && s.Dispute != end {
		return no("no dispute is open")
	}
	s.Dispute = end
	return []string{"dispute.closed"}, nil
}
