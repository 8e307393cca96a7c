package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	sdk "github.com/stripe/stripe-go/v85"

	"kinpict"
	"kinpict/internal/billing"
)

// Events are the types to subscribe the webhook endpoint to.
var Events = []string{
	"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired",
	"charge.refunded", "refund.created", "refund.updated", "refund.failed",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
	"radar.early_fraud_warning.created",
}

// also are types that are understood where somebody subscribed to them.
var also = []string{"payment_intent.succeeded", "payment_intent.payment_failed", "radar.early_fraud_warning.updated"}

// An object is the few fields of an event's object that say where to look. They
// are the same in every API version there was.
type object struct {
	ID            string          `json:"id"`
	PaymentIntent json.RawMessage `json:"payment_intent"`
}

// intent is the payment intent the object is or belongs to, or "".
func (o object) intent() string {
	if strings.HasPrefix(o.ID, "pi_") {
		return o.ID
	}
	var id string
	if json.Unmarshal(o.PaymentIntent, &id) == nil {
		return id
	}
	var whole struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(o.PaymentIntent, &whole) // null or of another shape: no id
	return whole.ID
}

// Event verifies a webhook over the bytes that came and reads the fields that
// say what it is about, not the object: the API has the present one, and an
// endpoint of another API version is reported rather than refused.
func (p *Provider) Event(header http.Header, body []byte) (billing.Event, error) {
	if err := billing.VerifySignature(header.Get(Header), body, p.now(), p.secrets...); err != nil {
		return billing.Event{}, err
	}
	var e struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		APIVersion string `json:"api_version"`
		Account    string `json:"account"`
		Livemode   bool   `json:"livemode"`
		Data       struct {
			Object object `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return billing.Event{}, &kinpict.Error{Code: kinpict.Invalid, Message: "The event is not JSON with an id and a type."}
	}
	out := billing.Event{ID: e.ID, Type: e.Type, Livemode: e.Livemode}
	if !slices.Contains(Events, e.Type) && !slices.Contains(also, e.Type) {
		return out, nil
	}
	if _, told := p.versions.LoadOrStore(e.APIVersion, true); !told && e.APIVersion != sdk.APIVersion {
		p.log.LogAttrs(context.Background(), slog.LevelWarn, "stripe sends events of another API version; set the endpoint's to ours",
			slog.String("version", e.APIVersion), slog.String("ours", sdk.APIVersion))
	}
	out.Object = e.Data.Object.ID
	// A session is known to the shop, its payment perhaps not yet.
	if i := e.Data.Object.intent(); i != "" && !strings.HasPrefix(e.Type, "checkout.session.") {
		out.Object = i
	}
	switch {
	case e.Account != "":
		out.Problem = fmt.Sprintf("the event is of the account %s", e.Account)
	case out.Object == "":
		out.Problem = "the event names no object"
	}
	return out, nil
}
