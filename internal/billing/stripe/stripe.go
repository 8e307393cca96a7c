// Package stripe takes money through Stripe: hosted Checkout, refunds, and what
// banks do afterwards.
//
// Three rules keep it honest. A request is made of the order's words alone and
// carries the order's key, so that a repeated one has no second effect. What a
// webhook says is a hint where to look: the state is read from the API each
// time. And Stripe learns the purchase's id and nothing else about a person but
// the address the receipt goes to.
//
// See also: https://docs.stripe.com/api, the behaviour of each object;
// docs/payments.md, how an operator sets it up.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	sdk "github.com/stripe/stripe-go/v85"

	"kinpict"
	"kinpict/internal/billing"
)

const (
	// Name of the provider.
	Name = "stripe"
	// Header that carries an event's signature.
	Header = "Stripe-Signature"
	// CheckoutHost serves the pages that Open makes.
	CheckoutHost = "https://checkout.stripe.com"

	// purchaseKey and refundKey are the metadata we send: an id each, no words.
	purchaseKey = "purchase"
	refundKey   = "refund"

	timeout = 20 * time.Second
	retries = 2 // of one request, with the same idempotency key
)

// Config is what a Provider needs. Key, Secrets and Now are required.
type Config struct {
	// Key is a secret or restricted API key.
	Key string
	// Secrets sign the webhooks; any of them is believed. Two while they rotate.
	Secrets []string
	// BaseURL of the API, empty for Stripe's own.
	BaseURL string
	// Timeout bounds one question with all its requests and retries; 20 seconds if zero.
	Timeout time.Duration
	// HTTP makes the requests; nil for a client of our own.
	HTTP *http.Client
	Now  func() time.Time
	// Log is told about events of another API version. Nil: the default logger.
	Log *slog.Logger
}

// A Provider is an account at Stripe.
type Provider struct {
	client  *sdk.Client
	secrets [][]byte
	timeout time.Duration
	now     func() time.Time
	log     *slog.Logger
	// versions are those API versions of events that were reported.
	versions sync.Map
}

var _ billing.Provider = (*Provider)(nil)

// New makes a Provider. It asks Stripe nothing yet.
func New(c Config) *Provider {
	p := &Provider{timeout: c.Timeout, now: c.Now, log: c.Log}
	if p.timeout == 0 {
		p.timeout = timeout
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	for _, s := range c.Secrets {
		p.secrets = append(p.secrets, []byte(s))
	}
	p.client = sdk.NewClient(c.Key, sdk.WithBackends(sdk.NewBackendsWithConfig(c.backend())))
	return p
}

func (c *Config) backend() *sdk.BackendConfig {
	b := &sdk.BackendConfig{HTTPClient: c.HTTP, MaxNetworkRetries: sdk.Int64(retries), EnableTelemetry: sdk.Bool(false),
		LeveledLogger: &sdk.LeveledLogger{Level: sdk.LevelNull}}
	if b.HTTPClient == nil {
		b.HTTPClient = &http.Client{Timeout: timeout / 2}
	}
	if c.BaseURL != "" {
		b.URL = sdk.String(c.BaseURL)
	}
	return b
}

// Name is "stripe".
func (p *Provider) Name() string { return Name }

// Open makes a hosted Checkout page of one line.
func (p *Provider) Open(ctx context.Context, o billing.Order) (billing.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	s, err := p.client.V1CheckoutSessions.Create(ctx, orderParams(o))
	var e *sdk.Error
	if errors.As(err, &e) && o.Email != "" {
		e.Msg = strings.ReplaceAll(e.Msg, o.Email, "the address") // what is wrong is logged, whose it is not
	}
	if err != nil {
		return billing.Session{}, fault(err)
	}
	return billing.Session{ID: s.ID, URL: s.URL}, nil
}

// early is how much sooner Stripe's page closes than our offer ends. Stripe
// takes at most 24 hours from its own clock, which may be behind ours.
const early = 5 * time.Minute

// orderParams is an order in Stripe's words. Promotion codes are ours, so
// Stripe's are not asked for; nor are prices in other currencies than the
// book's, which adaptive pricing would make.
func orderParams(o billing.Order) *sdk.CheckoutSessionCreateParams {
	purchase := map[string]string{purchaseKey: o.PurchaseID}
	price := &sdk.CheckoutSessionCreateLineItemPriceDataParams{Currency: sdk.String(o.Price.Currency), UnitAmount: sdk.Int64(o.Price.Amount),
		ProductData: &sdk.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: sdk.String(o.Title)}}
	c := &sdk.CheckoutSessionCreateParams{
		Mode:              sdk.String(string(sdk.CheckoutSessionModePayment)),
		LineItems:         []*sdk.CheckoutSessionCreateLineItemParams{{PriceData: price, Quantity: sdk.Int64(1)}},
		ClientReferenceID: sdk.String(o.PurchaseID),
		Metadata:          purchase,
		PaymentIntentData: &sdk.CheckoutSessionCreatePaymentIntentDataParams{Metadata: purchase},
		SuccessURL:        sdk.String(o.ReturnURL),
		CancelURL:         sdk.String(o.ReturnURL),
		ExpiresAt:         sdk.Int64(o.ExpiresAt.Add(-early).Unix()),
		AdaptivePricing:   &sdk.CheckoutSessionCreateAdaptivePricingParams{Enabled: sdk.Bool(false)},
	}
	if o.Email != "" {
		c.CustomerEmail = sdk.String(o.Email)
	}
	if o.Tax {
		price.TaxBehavior = sdk.String("exclusive")
		c.AutomaticTax = &sdk.CheckoutSessionCreateAutomaticTaxParams{Enabled: sdk.Bool(true)}
	}
	c.SetIdempotencyKey(o.Key)
	return c
}

// Expire closes a Checkout page. Stripe refuses that for one that is complete or
// over, and such a one may stay.
func (p *Provider) Expire(ctx context.Context, sessionID string) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	_, err := p.client.V1CheckoutSessions.Expire(ctx, sessionID, &sdk.CheckoutSessionExpireParams{})
	var e *sdk.Error
	if errors.As(err, &e) && e.Type == sdk.ErrorTypeInvalidRequest && e.HTTPStatusCode == http.StatusBadRequest {
		return nil
	}
	return fault(err)
}

// Refund sends money of a payment intent back. Stripe forgets a key after a day
// or more, so the refund also carries it, and is looked for first.
func (p *Provider) Refund(ctx context.Context, r billing.Refund) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	for f, err := range p.client.V1Refunds.List(ctx, refundsOf(r.PaymentID)).All(ctx) {
		if err != nil {
			return fault(err)
		}
		if f.Metadata[refundKey] != r.Key {
			continue
		}
		if f.Amount != r.Amount {
			return errKeyUsed
		}
		return nil
	}
	_, err := p.client.V1Refunds.Create(ctx, refundParams(r))
	var e *sdk.Error
	if errors.As(err, &e) && e.Type == sdk.ErrorTypeInvalidRequest && e.HTTPStatusCode == http.StatusBadRequest && e.Code != sdk.ErrorCodeResourceMissing {
		return &kinpict.Error{Code: kinpict.Conflict, Message: "The money cannot go back: Stripe refuses it.", Hint: e.Msg, Err: fault(err)}
	}
	return fault(err)
}

func refundParams(r billing.Refund) *sdk.RefundCreateParams {
	c := &sdk.RefundCreateParams{PaymentIntent: sdk.String(r.PaymentID), Amount: sdk.Int64(r.Amount), Metadata: map[string]string{refundKey: r.Key}}
	if r.Reason != "" {
		c.Reason = sdk.String(r.Reason)
	}
	c.SetIdempotencyKey(r.Key)
	return c
}

var errKeyUsed = &kinpict.Error{Code: kinpict.Conflict, Message: "This key was used for something else."}

// fault is an error of Stripe's in our words, nil for nil. What a person or the
// operator can do something about has a code of ours; all else may pass.
func fault(err error) error {
	var e *sdk.Error
	if err == nil || !errors.As(err, &e) {
		return wrap(err)
	}
	switch {
	case e.HTTPStatusCode == http.StatusUnauthorized || e.HTTPStatusCode == http.StatusForbidden:
		return fmt.Errorf("stripe: %w: %s", billing.ErrSetup, e.Msg)
	case e.HTTPStatusCode == http.StatusNotFound || e.Code == sdk.ErrorCodeResourceMissing:
		return &kinpict.Error{Code: kinpict.NotFound, Message: "Stripe does not know this payment.", Err: wrap(err)}
	case e.Type == sdk.ErrorTypeIdempotency:
		return errKeyUsed
	}
	return fmt.Errorf("stripe: %d %s %s: %s (request %s)", e.HTTPStatusCode, e.Type, e.Code, e.Msg, e.RequestID)
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stripe: %w", err)
}
