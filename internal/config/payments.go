package config

import (
	"net/netip"
	"net/url"
	"strings"
)

// validatePayments finds contradictions before they cost somebody money. bad
// notes a problem of a setting.
func (c *Config) validatePayments(bad func(name, format string, a ...any)) {
	live := strings.HasPrefix(string(c.StripeKey), "sk_live_") || strings.HasPrefix(string(c.StripeKey), "rk_live_")
	test := strings.HasPrefix(string(c.StripeKey), "sk_test_") || strings.HasPrefix(string(c.StripeKey), "rk_test_")
	switch c.Payments {
	case "sandbox":
		if live {
			bad("PAYMENTS", "is sandbox beside a live Stripe key; choose stripe, or take KINPICT_STRIPE_SECRET_KEY away")
		}
		return
	case "stripe":
	default:
		bad("PAYMENTS", "%q is not a payment provider; choose sandbox or stripe", c.Payments)
		return
	}
	switch {
	case c.StripeMode != "test" && c.StripeMode != "live":
		bad("STRIPE_MODE", "%q is neither test nor live", c.StripeMode)
	case !live && !test:
		bad("STRIPE_SECRET_KEY", "must begin with sk_test_, rk_test_, sk_live_ or rk_live_; it is under Developers, API keys, of the Stripe dashboard")
	case live && c.StripeMode == "test":
		bad("STRIPE_MODE", "is test and the key is a live one; set live to take real money, or use a test key")
	case test && c.StripeMode == "live":
		bad("STRIPE_MODE", "is live and the key is a test one; use the live key, or set test")
	}
	secrets := c.WebhookSecrets()
	if len(secrets) == 0 || len(secrets) > 2 {
		bad("STRIPE_WEBHOOK_SECRET", "must be one secret, or two with a comma while it rotates; there are %d", len(secrets))
	}
	for i, s := range secrets {
		if !strings.HasPrefix(s, "whsec_") {
			bad("STRIPE_WEBHOOK_SECRET", "number %d does not begin with whsec_; it is shown with the endpoint under Developers, Webhooks", i+1)
		}
	}
	if u, err := url.Parse(c.StripeBaseURL); c.StripeBaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname()))) {
		bad("STRIPE_API_BASE", "%q is neither https nor on this machine; leave it empty for Stripe", c.StripeBaseURL)
	}
	if !c.Live() {
		return
	}
	if c.Limits == "relaxed" {
		bad("LIMITS", "cannot be relaxed where real money moves; leave it out")
	}
	if c.Clock != "" {
		bad("CLOCK", "cannot shift time where real money moves; leave it out")
	}
	if !strings.HasPrefix(c.PublicURL, "https://") {
		bad("PUBLIC_URL", "must begin with https:// where real money moves")
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
