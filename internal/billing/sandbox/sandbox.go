// Package sandbox is a payment provider that moves no money. It stands for a
// company elsewhere: it keeps its own books, knows the product only by its
// return URL and its webhook, and tells it what happened by signed events, as a
// real provider does. Its page shows what a bank would decide as buttons.
package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

const (
	// Name of the provider.
	Name = "sandbox"
	// Path of a checkout's page, before its id.
	Path = "/sandbox/checkout/"
	// Header that carries an event's signature.
	Header = "Kinpict-Signature"

	taxPercent = 10                 // of every price, where tax is asked for
	dueIn      = 7 * 24 * time.Hour // a disputed payment's evidence
	page       = 100                // checkouts read at once
)

// A Provider is the sandbox. All fields but Log are required.
type Provider struct {
	DB  *store.DB
	IDs kinpict.IDs
	Now func() time.Time
	// Keys sign the webhooks: each by all of them, and any of them is believed.
	// Two while the secret is changed. See Key.
	Keys [][]byte
	// PublicURL is where Path is served, without a slash at the end.
	PublicURL string
	// Deliver sends a webhook to the product.
	Deliver func(ctx context.Context, header http.Header, body []byte) error
	// Log is told about webhooks that did not arrive. Nil: the default logger.
	Log *slog.Logger
}

var _ billing.Provider = (*Provider)(nil)

// Key derives the webhook key from the installation's secret.
func Key(secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("kinpict sandbox webhook"))
	return m.Sum(nil)
}

// Name is "sandbox".
func (p *Provider) Name() string { return Name }

// Open makes a checkout, or returns the one its key has already. Conflict if
// the key was used for another order.
func (p *Provider) Open(ctx context.Context, o billing.Order) (billing.Session, error) {
	var tax int64
	if o.Tax {
		tax = (o.Price.Amount*taxPercent + 50) / 100
	}
	fresh := &store.SandboxSession{Tax: tax, ID: p.IDs.New("cs_"), PaymentID: p.IDs.New("pay_"), IdemKey: o.Key, PurchaseID: o.PurchaseID, Title: o.Title,
		Price: o.Price, ReturnURL: o.ReturnURL, ExpiresAt: o.ExpiresAt}
	var s *store.SandboxSession
	err := p.DB.Update(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.OpenSandboxSession(fresh)
		return err
	})
	if err != nil {
		return billing.Session{}, err
	}
	if s.PurchaseID != o.PurchaseID || s.Price != o.Price || s.Tax != tax || s.ReturnURL != o.ReturnURL {
		return billing.Session{}, &kinpict.Error{Code: kinpict.Conflict, Message: "This key was used for another order."}
	}
	return billing.Session{ID: s.ID, URL: p.PublicURL + Path + s.ID}, nil
}

// session reads the sandbox's own books. id may be a payment's or a refund's.
func (p *Provider) session(ctx context.Context, id string) (s *store.SandboxSession, err error) {
	err = p.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.SandboxSession(id)
		return err
	})
	return s, err
}

// Payment says how a checkout stands.
func (p *Provider) Payment(ctx context.Context, id string) (billing.State, error) {
	s, err := p.session(ctx, id)
	if err != nil {
		return billing.State{}, err
	}
	return p.state(s), nil
}

// state is a checkout in the shop's words.
func (p *Provider) state(s *store.SandboxSession) billing.State {
	st := billing.State{SessionID: s.ID, PaymentID: s.PaymentID, PurchaseID: s.PurchaseID, Status: p.status(s), Price: s.Price, Tax: s.Tax,
		Refunded: s.Refunded(), Warned: s.Warned}
	for _, f := range s.Refunds {
		if f.IdemKey != f.ID { // else somebody pressed a button on the page
			st.Refunds = append(st.Refunds, billing.Refunded{Key: f.IdemKey, Amount: f.Amount, Failed: f.Failed})
		}
	}
	if s.Dispute != "" {
		st.Disputes = []billing.Dispute{{ID: "dp_" + strings.TrimPrefix(s.ID, "cs_"), Status: s.Dispute, Reason: "fraudulent", Amount: s.Disputed,
			DueBy: s.DisputeDue, Refundable: inquiry(s)}}
	}
	return st
}

// status is where the checkout stands, in the words of billing.State.
func (p *Provider) status(s *store.SandboxSession) string {
	switch {
	case s.Status != "open" && s.Status != "declined":
		return s.Status
	case !p.Now().Before(s.ExpiresAt):
		return billing.Expired
	case s.Status == "declined":
		return billing.Failed // until another card is tried
	}
	return billing.Open
}

// An event is the body of a webhook. It names the checkout and nothing of what
// happened to it beyond a word.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Object   string `json:"object"`
	Livemode bool   `json:"livemode"`
	Created  int64  `json:"created"`
}

// types are the events the product is told about; others are none of its business.
var types = map[string]bool{
	"checkout.completed": true, "checkout.declined": true, "checkout.payment_succeeded": true, "checkout.payment_failed": true,
	"payment.succeeded": true, "payment.refunded": true, "payment.refund_failed": true, "payment.warned": true,
	"dispute.opened": true, "dispute.closed": true,
}

// Event verifies a webhook and reads it.
func (p *Provider) Event(header http.Header, body []byte) (billing.Event, error) {
	if err := billing.VerifySignature(header.Get(Header), body, p.Now(), p.Keys...); err != nil {
		return billing.Event{}, err
	}
	var e event
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&e); err != nil || e.ID == "" || e.Type == "" {
		return billing.Event{}, &kinpict.Error{Code: kinpict.Invalid, Message: "The event is not JSON with an id and a type."}
	}
	out := billing.Event{ID: e.ID, Type: e.Type, Livemode: e.Livemode}
	if types[e.Type] {
		out.Object = e.Object
	}
	return out, nil
}

// Session is a checkout for its page.
func (p *Provider) Session(ctx context.Context, id string) (*billing.SandboxSession, error) {
	s, err := p.session(ctx, id)
	if err != nil {
		return nil, err
	}
	v := &billing.SandboxSession{ID: s.ID, Title: s.Title, Price: s.Price, Tax: s.Tax, Status: p.status(s), Refunded: s.Refunded(), Dispute: s.Dispute,
		Warned: s.Warned, ReturnURL: s.ReturnURL, ExpiresAt: s.ExpiresAt}
	for _, o := range Outcomes {
		next := copyOf(s)
		if _, err := p.move(next, o); err == nil {
			v.Outcomes = append(v.Outcomes, o)
		}
	}
	return v, nil
}

// send signs an event and delivers it. A webhook that does not arrive is no
// failure of the payment: the product asks by itself.
func (p *Provider) send(ctx context.Context, e event) {
	body, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("sandbox: event: %v", err)) // strings and numbers always encode
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set(Header, billing.Sign(p.Now(), body, p.Keys...))
	if err := p.Deliver(ctx, h, body); err != nil {
		l := p.Log
		if l == nil {
			l = slog.Default()
		}
		l.LogAttrs(ctx, slog.LevelWarn, "sandbox webhook did not arrive", slog.String("event", e.ID), slog.String("type", e.Type), slog.Any("err", err))
	}
}
