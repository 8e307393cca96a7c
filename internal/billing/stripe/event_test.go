package stripe_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/billing/stripe/stripetest"
)

// signed is a webhook of this time with that body.
func (r *rig) signed(body string, secrets ...string) (http.Header, []byte) {
	var keys [][]byte
	for _, s := range secrets {
		keys = append(keys, []byte(s))
	}
	h := http.Header{}
	h.Set(stripe.Header, billing.Sign(r.clock.Now(), []byte(body), keys...))
	return h, []byte(body)
}

func TestEventsPointToTheirObject(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ name, kind, object, want, problem string }{
		{"a session", "checkout.session.completed", `{"id":"cs_1","payment_intent":"pi_1"}`, "cs_1", ""},
		{"a charge", "charge.refunded", `{"id":"ch_1","payment_intent":"pi_1","refunds":{"data":[]}}`, "pi_1", ""},
		{"a charge without a payment intent", "charge.refunded", `{"id":"ch_1","payment_intent":null}`, "ch_1", ""},
		{"a refund", "refund.failed", `{"id":"re_1","payment_intent":"pi_1"}`, "pi_1", ""},
		{"an expanded payment intent", "refund.updated", `{"id":"re_1","payment_intent":{"id":"pi_1","object":"payment_intent"}}`, "pi_1", ""},
		{"a dispute", "charge.dispute.funds_reinstated", `{"id":"du_1","payment_intent":"pi_1"}`, "pi_1", ""},
		{"a warning", "radar.early_fraud_warning.created", `{"id":"issfr_1","charge":"ch_1"}`, "issfr_1", ""},
		{"a payment", "payment_intent.succeeded", `{"id":"pi_1"}`, "pi_1", ""},
		{"a field of another shape", "refund.created", `{"id":"re_1","payment_intent":7}`, "re_1", ""},
		{"nothing", "refund.created", `{}`, "", "names no object"},
		{"a type we did not ask for", "customer.created", `{"id":"cus_1"}`, "", ""},
		{"a type of tomorrow", "gift.opened", `{"id":"gft_1"}`, "", ""},
	} {
		body := fmt.Sprintf(`{"id":"evt_1","object":"event","type":%q,"api_version":%q,"livemode":false,"data":{"object":%s}}`, c.kind, stripe.Version, c.object)
		e, err := r.shop.Event(r.signed(body, stripetest.Secret))
		if err != nil || e.Object != c.want || e.ID != "evt_1" || e.Type != c.kind || (e.Problem == "") != (c.problem == "") || !strings.Contains(e.Problem, c.problem) {
			t.Errorf("%s: %+v, %v; want %q", c.name, e, err, c.want)
		}
	}
	if r.log.Len() > 0 {
		t.Errorf("the log says %s", &r.log)
	}
}

func TestAnotherAPIVersionIsReportedOnceAndRead(t *testing.T) {
	// W6, SECURITY 5.3
	r := newRig(t)
	for i, version := range []string{"2020-08-27", "2020-08-27", "2099-01-01.elm", ""} {
		body := fmt.Sprintf(`{"id":"evt_%d","type":"refund.created","api_version":%q,"data":{"object":{"id":"re_1","payment_intent":"pi_1"}}}`, i, version)
		if e, err := r.shop.Event(r.signed(body, stripetest.Secret)); err != nil || e.Object != "pi_1" {
			t.Errorf("version %q: %+v, %v", version, e, err)
		}
	}
	if n := strings.Count(r.log.String(), "another API version"); n != 3 {
		t.Errorf("told %d times of 3 other versions: %s", n, &r.log)
	}
}

func TestEventsOfAnotherAccount(t *testing.T) {
	r := newRig(t)
	body := `{"id":"evt_1","type":"refund.created","account":"acct_other","data":{"object":{"id":"re_1"}}}`
	if e, err := r.shop.Event(r.signed(body, stripetest.Secret)); err != nil || !strings.Contains(e.Problem, "acct_other") {
		t.Errorf("read as %+v, %v", e, err)
	}
}

func TestWebhookSecretsRotate(t *testing.T) {
	// W4
	r := newRig(t)
	both := stripe.New(stripe.Config{Key: stripetest.Key, Secrets: []string{"whsec_new", "whsec_old"}, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler)})
	after := stripe.New(stripe.Config{Key: stripetest.Key, Secrets: []string{"whsec_new"}, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler)})
	const body = `{"id":"evt_1","type":"refund.created","data":{"object":{"id":"re_1"}}}`
	for _, c := range []struct {
		name    string
		p       *stripe.Provider
		secrets []string
		ok      bool
	}{
		{"old while both hold", both, []string{"whsec_old"}, true},
		{"new while both hold", both, []string{"whsec_new"}, true},
		{"both while both hold", both, []string{"whsec_old", "whsec_new"}, true},
		{"another while both hold", both, []string{"whsec_other"}, false},
		{"old afterwards", after, []string{"whsec_old"}, false},
		{"both afterwards", after, []string{"whsec_old", "whsec_new"}, true},
		{"no secret at all", stripe.New(stripe.Config{Now: r.clock.Now}), []string{""}, false},
	} {
		if e, err := c.p.Event(r.signed(body, c.secrets...)); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", c.name, e, err)
		}
	}
	h, b := r.signed(body, "whsec_new")
	h.Set(stripe.Header, h.Get(stripe.Header)+",v0=6ffb") // another scheme, which Stripe sends in test mode
	if _, err := both.Event(h, b); err != nil {
		t.Errorf("beside another scheme: %v", err)
	}
	r.clock.Advance(300 * time.Second)
	if _, err := both.Event(h, b); err != nil {
		t.Errorf("300 seconds old: %v", err)
	}
}

func TestEventsThatAreNone(t *testing.T) {
	r := newRig(t)
	for _, body := range []string{``, `no`, `[]`, `{}`, `{"id":"evt_1"}`, `{"type":"refund.created"}`, `{"id":7,"type":"refund.created"}`, `{"id":"evt_1","type":"x"} more`,
		`{"id":"evt_1","type":"refund.created","data":[]}`} {
		if e, err := r.shop.Event(r.signed(body, stripetest.Secret)); kinpict.CodeOf(err) != kinpict.Invalid {
			t.Errorf("%q is %+v, %v; want invalid_request", body, e, err)
		}
	}
}
