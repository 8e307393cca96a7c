package stripetest

import (
	"context"
	"fmt"
	"slices"
)

// Do lets something happen to a session and tells the shop, in the words of the
// sandbox's outcomes. It is an error if that cannot follow what was before, or
// if an event did not arrive.
func (b *Bank) Do(ctx context.Context, session, outcome string) error {
	b.mu.Lock()
	told, err := b.move(session, outcome)
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", outcome, err)
	}
	for _, e := range told {
		if err := b.send(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.text("type"), err)
		}
	}
	return nil
}

// move changes the objects and returns the events that tell of it. The caller
// holds mu.
func (b *Bank) move(session, outcome string) ([]object, error) {
	s := b.find(sessions, session)
	if s == nil {
		return nil, fmt.Errorf("no session %s", session)
	}
	switch outcome {
	case "paid", "duplicate", "declined", "delayed":
		if b.status(s) == "expired" {
			return nil, fmt.Errorf("the session has expired")
		}
		return b.pay(s, outcome), nil
	}
	i := b.find(intents, s.text("payment_intent"))
	if i == nil || s.text("payment_status") != "paid" {
		return nil, fmt.Errorf("nothing was paid")
	}
	switch outcome {
	case "refund", "partial_refund":
		amount := b.left(i)
		if outcome == "partial_refund" {
			amount = min(amount, i.number("amount")*30/100)
		}
		r := b.refund(i, amount, object{})
		return []object{b.event("refund.created", r), b.event("charge.refunded", b.charge(i))}, nil
	case "refund_failed":
		for _, r := range slices.Backward(b.of(refunds, i.text("id"))) {
			if r.text("status") == "succeeded" {
				r["status"] = "failed"
				return []object{b.event("refund.failed", r)}, nil
			}
		}
		return nil, fmt.Errorf("nothing was refunded")
	case "fraud_warning":
		w := b.add(warnings, "issfr_", object{"object": "radar.early_fraud_warning", "charge": i.text("latest_charge"), "payment_intent": i.text("id"),
			"fraud_type": "misc", "actionable": true})
		return []object{b.event("radar.early_fraud_warning.created", w)}, nil
	}
	return b.dispute(i, outcome)
}

func (b *Bank) pay(s object, outcome string) []object {
	i := b.find(intents, s.text("payment_intent"))
	if i == nil {
		i = b.add(intents, "pi_", object{"object": "payment_intent", "currency": s["currency"], "metadata": s["intent_metadata"], "livemode": s["livemode"]})
		s["payment_intent"] = i.text("id")
	}
	late := i.text("status") == "processing"
	switch {
	case outcome == "declined":
		i["status"], i["last_payment_error"] = "requires_payment_method", object{"type": "card_error", "code": "card_declined"}
		if late {
			return []object{b.event("checkout.session.async_payment_failed", s)}
		}
		return []object{b.event("payment_intent.payment_failed", i)}
	case outcome == "delayed":
		b.complete(s, i)
		i["status"] = "processing"
		return []object{b.event("checkout.session.completed", s)}
	case s.text("payment_status") == "paid":
		return []object{b.event("checkout.session.completed", s)}
	}
	b.complete(s, i)
	i["status"], i["last_payment_error"], s["payment_status"] = "succeeded", nil, "paid"
	c := b.add(charges, "ch_", object{"object": "charge", "payment_intent": i.text("id"), "amount": i["amount"], "currency": i["currency"], "paid": true})
	i["latest_charge"] = c.text("id")
	switch {
	case late:
		return []object{b.event("checkout.session.async_payment_succeeded", s)}
	case outcome == "duplicate":
		e := b.event("checkout.session.completed", s)
		return []object{e, e, b.event("payment_intent.succeeded", i)}
	}
	return []object{b.event("checkout.session.completed", s)}
}

// complete ends a session, which is when tax is known.
func (b *Bank) complete(s, i object) {
	total := s.number("amount_subtotal")
	if s["automatic_tax"].(object)["enabled"] == true {
		tax := (total*taxPercent + 50) / 100
		s["total_details"] = object{"amount_tax": tax}
		total += tax
	}
	s["status"], s["amount_total"], i["amount"] = "complete", total, total
}

// left is what of a payment was not refunded.
func (b *Bank) left(i object) int64 {
	n := i.number("amount")
	for _, r := range b.of(refunds, i.text("id")) {
		if r.text("status") != "failed" {
			n -= r.number("amount")
		}
	}
	return n
}

func (b *Bank) refund(i object, amount int64, metadata object) object {
	return b.add(refunds, "re_", object{"object": "refund", "amount": amount, "currency": i["currency"], "charge": i["latest_charge"], "payment_intent": i.text("id"),
		"status": "succeeded", "metadata": metadata})
}

// charge is the charge of a payment with its totals.
func (b *Bank) charge(i object) object {
	c := b.find(charges, i.text("latest_charge"))
	c["amount_refunded"] = i.number("amount") - b.left(i)
	return c
}

func (b *Bank) dispute(i object, outcome string) ([]object, error) {
	var d object
	status := ""
	if all := b.of(disputes, i.text("id")); len(all) > 0 {
		d = all[len(all)-1]
		status = d.text("status")
	}
	from := map[string][]string{"inquiry": {"", "warning_needs_response"}, "inquiry_closed": {"warning_needs_response", "warning_closed"}, "dispute_prevented": {"", "prevented"},
		"dispute": {"", "warning_needs_response", "needs_response"}, "dispute_won": {"needs_response", "won"}, "dispute_lost": {"needs_response", "lost"}}
	to := map[string]string{"inquiry": "warning_needs_response", "inquiry_closed": "warning_closed", "dispute_prevented": "prevented", "dispute": "needs_response",
		"dispute_won": "won", "dispute_lost": "lost"}[outcome]
	if !slices.Contains(from[outcome], status) {
		return nil, fmt.Errorf("it cannot follow the dispute's status %q", status)
	}
	if d == nil {
		d = b.add(disputes, "du_", object{"object": "dispute", "amount": i["amount"], "currency": i["currency"], "charge": i["latest_charge"], "payment_intent": i.text("id"),
			"reason": "fraudulent", "evidence_details": object{"due_by": b.Now().AddDate(0, 0, 7).Unix()}})
	}
	d["status"], d["is_charge_refundable"] = to, to == "warning_needs_response" || to == "warning_closed"
	kind := map[string]string{"inquiry": "created", "dispute": "created"}[outcome]
	switch {
	case outcome == "dispute" && status != "":
		kind = "updated"
	case kind == "":
		kind = "closed"
	}
	told := []object{b.event("charge.dispute."+kind, d)}
	if outcome == "dispute" {
		told = append(told, b.event("charge.dispute.funds_withdrawn", d))
	}
	return told, nil
}
