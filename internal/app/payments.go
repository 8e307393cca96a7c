package app

import (
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/store"
)

// eventQueue is how many webhooks may wait for their processing in memory. More
// than that wait in the inbox for the next round.
const eventQueue = 256

// sell makes the shop and the provider it sells through. key is the master
// secret, public the site's address.
func (a *App) sell(key []byte, public string) {
	cfg := a.Config
	a.Shop = &billing.Shop{
		DB:        a.DB,
		IDs:       a.ids,
		Now:       a.now,
		PublicURL: public,
		Live:      cfg.Live(),
		Tax:       cfg.Tax,
		Relaxed:   cfg.Limits == "relaxed",
		Log:       a.Log,
	}
	if cfg.Payments == stripe.Name {
		// Each event costs several questions to Stripe, which does not wait for them.
		a.Shop.Queue = make(chan *store.Event, eventQueue)
		a.Shop.Provider = stripe.New(stripe.Config{
			Key:     string(cfg.StripeKey),
			Secrets: cfg.WebhookSecrets(),
			BaseURL: cfg.StripeBaseURL,
			Now:     a.now,
			Log:     a.Log,
		})
		return
	}
	a.Sandbox = &sandbox.Provider{
		DB:        a.DB,
		IDs:       a.ids,
		Now:       a.now,
		Keys:      [][]byte{sandbox.Key(key)},
		PublicURL: public,
		Deliver:   a.deliver,
		Log:       a.Log,
	}
	a.Shop.Provider = a.Sandbox
}
