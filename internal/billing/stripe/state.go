package stripe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v85"

	"kinpict"
	"kinpict/internal/billing"
)

// Payment reads how a payment stands. ref is the id of a session, payment
// intent, charge, refund, dispute or early fraud warning.
func (p *Provider) Payment(ctx context.Context, ref string) (billing.State, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	id, err := p.session(ctx, ref)
	if err != nil {
		return billing.State{}, err
	}
	params := &sdk.CheckoutSessionRetrieveParams{}
	params.AddExpand("payment_intent")
	s, err := p.client.V1CheckoutSessions.Retrieve(ctx, id, params)
	if err != nil {
		return billing.State{}, fault(err)
	}
	return p.state(ctx, s)
}

var errNoCheckout = &kinpict.Error{Code: kinpict.NotFound, Message: "This is nothing of a checkout."}

// session is the id of the Checkout session that ref belongs to.
func (p *Provider) session(ctx context.Context, ref string) (string, error) {
	if strings.HasPrefix(ref, "cs_") {
		return ref, nil
	}
	intent, err := p.intent(ctx, ref)
	if err != nil {
		return "", err
	}
	if intent == "" {
		return "", errNoCheckout
	}
	for s, err := range p.client.V1CheckoutSessions.List(ctx, &sdk.CheckoutSessionListParams{PaymentIntent: sdk.String(intent)}).All(ctx) {
		if err != nil {
			return "", fault(err)
		}
		return s.ID, nil
	}
	return "", errNoCheckout
}

// intent is the id of the payment intent that ref belongs to, or "".
func (p *Provider) intent(ctx context.Context, ref string) (string, error) {
	of := func(i *sdk.PaymentIntent, err error) (string, error) {
		if err != nil || i == nil {
			return "", fault(err)
		}
		return i.ID, nil
	}
	kind, _, _ := strings.Cut(ref, "_")
	switch kind {
	case "pi":
		return ref, nil
	case "ch", "py":
		o, err := p.client.V1Charges.Retrieve(ctx, ref, nil)
		return of(o.PaymentIntent, err)
	case "re", "pyr":
		o, err := p.client.V1Refunds.Retrieve(ctx, ref, nil)
		return of(o.PaymentIntent, err)
	case "dp", "du":
		o, err := p.client.V1Disputes.Retrieve(ctx, ref, nil)
		return of(o.PaymentIntent, err)
	case "issfr":
		o, err := p.client.V1RadarEarlyFraudWarnings.Retrieve(ctx, ref, nil)
		return of(o.PaymentIntent, err)
	}
	return "", errNoCheckout
}

// state reads what belongs to a session. Refunds, disputes and warnings are
// added up from their own lists: a charge's totals do not say which refund
// failed, and are silent about inquiries.
func (p *Provider) state(ctx context.Context, s *sdk.CheckoutSession) (billing.State, error) {
	st := billing.State{SessionID: s.ID, PurchaseID: s.ClientReferenceID, Status: status(s), Livemode: s.Livemode,
		Price: kinpict.Money{Amount: s.AmountTotal, Currency: string(s.Currency)}}
	if s.TotalDetails != nil {
		st.Tax = s.TotalDetails.AmountTax
		st.Price.Amount -= st.Tax
	}
	if s.PaymentIntent == nil {
		return st, nil
	}
	st.PaymentID = s.PaymentIntent.ID
	if s.PaymentStatus != sdk.CheckoutSessionPaymentStatusPaid {
		return st, nil
	}
	for f, err := range p.client.V1Refunds.List(ctx, refundsOf(st.PaymentID)).All(ctx) {
		if err != nil {
			return st, fault(err)
		}
		failed := f.Status == sdk.RefundStatusFailed || f.Status == sdk.RefundStatusCanceled
		if !failed {
			st.Refunded += f.Amount
		}
		if key := f.Metadata[refundKey]; key != "" {
			st.Refunds = append(st.Refunds, billing.Refunded{Key: key, Amount: f.Amount, Failed: failed})
		}
	}
	for d, err := range p.client.V1Disputes.List(ctx, &sdk.DisputeListParams{PaymentIntent: sdk.String(st.PaymentID)}).All(ctx) {
		if err != nil {
			return st, fault(err)
		}
		st.Disputes = append(st.Disputes, dispute(d, s))
	}
	for _, err := range p.client.V1RadarEarlyFraudWarnings.List(ctx, &sdk.RadarEarlyFraudWarningListParams{PaymentIntent: sdk.String(st.PaymentID)}).All(ctx) {
		if err != nil {
			return st, fault(err)
		}
		st.Warned = true
	}
	return st, nil
}

func refundsOf(intent string) *sdk.RefundListParams {
	return &sdk.RefundListParams{PaymentIntent: sdk.String(intent)}
}

// status is where a session stands. A completed one is paid only when its money
// is here: a bank debit completes days before that.
func status(s *sdk.CheckoutSession) string {
	i := s.PaymentIntent
	failed := i != nil && (i.Status == sdk.PaymentIntentStatusCanceled || i.Status == sdk.PaymentIntentStatusRequiresPaymentMethod && i.LastPaymentError != nil)
	switch {
	case s.PaymentStatus == sdk.CheckoutSessionPaymentStatusPaid:
		return billing.Paid
	case s.Status == sdk.CheckoutSessionStatusExpired:
		return billing.Expired
	case failed:
		return billing.Failed // of an open session until another card is tried
	case s.Status == sdk.CheckoutSessionStatusComplete:
		return billing.Processing
	}
	return billing.Open
}

func dispute(d *sdk.Dispute, s *sdk.CheckoutSession) billing.Dispute {
	out := billing.Dispute{ID: d.ID, Status: string(d.Status), Reason: string(d.Reason), Amount: d.Amount, Refundable: d.IsChargeRefundable}
	if d.Currency != s.Currency {
		// The payer's bank disputes in its own currency, at its own rate.
		out.Amount = s.AmountTotal
	}
	if e := d.EvidenceDetails; e != nil && e.DueBy > 0 {
		out.DueBy = time.Unix(e.DueBy, 0).UTC()
	}
	return out
}

// isNotFound reports that a payment is none of ours.
func isNotFound(err error) bool {
	var e *kinpict.Error
	return errors.As(err, &e) && e.Code == kinpict.NotFound
}

// describe adds what was asked to an error.
func describe(what string, err error) error { return fmt.Errorf("list %s: %w", what, fault(err)) }
