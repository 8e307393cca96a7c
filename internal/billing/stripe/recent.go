package stripe

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	sdk "github.com/stripe/stripe-go/v85"

	"kinpict/internal/billing"
)

// Recent lists what is new, and what changed: Stripe's lists are by the time a
// thing was made, so for refunds that fail and disputes that close later the
// list of events says where to look. It reaches back 30 days.
func (p *Provider) Recent(ctx context.Context, since time.Time) iter.Seq2[billing.State, error] {
	return func(yield func(billing.State, error) bool) {
		seen := map[string]bool{}
		look := func(intent string) bool {
			if intent == "" || seen[intent] {
				return true
			}
			seen[intent] = true
			st, err := p.Payment(ctx, intent)
			if isNotFound(err) || err == nil && st.PurchaseID == "" {
				return true // of another use of the account
			}
			if err == nil && st.Status != billing.Paid {
				return true
			}
			return yield(st, err) && err == nil
		}
		for intent, err := range p.touched(ctx, since) {
			if err != nil {
				yield(billing.State{}, err)
				return
			}
			if !look(intent) {
				return
			}
		}
	}
}

// touched is the ids of payment intents that anything happened to since then,
// some of them several times, and "" for what has none.
func (p *Provider) touched(ctx context.Context, since time.Time) iter.Seq2[string, error] {
	from := &sdk.RangeQueryParams{GreaterThanOrEqual: since.Unix()}
	many := sdk.ListParams{Limit: sdk.Int64(100)}
	return func(yield func(string, error) bool) {
		for i, err := range p.client.V1PaymentIntents.List(ctx, &sdk.PaymentIntentListParams{ListParams: many, CreatedRange: from}).All(ctx) {
			if err != nil {
				yield("", describe("payments", err))
				return
			}
			if i.Status == sdk.PaymentIntentStatusSucceeded && i.Metadata[purchaseKey] != "" && !yield(i.ID, nil) {
				return
			}
		}
		for f, err := range p.client.V1Refunds.List(ctx, &sdk.RefundListParams{ListParams: many, CreatedRange: from}).All(ctx) {
			if err != nil {
				yield("", describe("refunds", err))
				return
			}
			if !yield(idOf(f.PaymentIntent), nil) {
				return
			}
		}
		for d, err := range p.client.V1Disputes.List(ctx, &sdk.DisputeListParams{ListParams: many, CreatedRange: from}).All(ctx) {
			if err != nil {
				yield("", describe("disputes", err))
				return
			}
			if !yield(idOf(d.PaymentIntent), nil) {
				return
			}
		}
		params := &sdk.EventListParams{ListParams: many, CreatedRange: from, Types: sdk.StringSlice(Events)}
		for e, err := range p.client.V1Events.List(ctx, params).All(ctx) {
			if err != nil {
				yield("", describe("events", err))
				return
			}
			var o object
			if e.Data == nil || json.Unmarshal(e.Data.Raw, &o) != nil {
				continue
			}
			if !yield(o.intent(), nil) {
				return
			}
		}
	}
}

func idOf(i *sdk.PaymentIntent) string {
	if i == nil {
		return ""
	}
	return i.ID
}
