package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
)

// What a person sees after each thing a payment can do, in whatever order.
func TestOutcomesOfACheckout(t *testing.T) {
	for _, c := range []struct {
		name     string
		outcomes []string
		spend    int // pictures made after the first outcome
		status   string
		left     kinpict.Credits
		debt     kinpict.Credits
	}{
		{"paid", []string{"paid"}, 0, "paid", 80, 0},
		{"paid twice by an eager finger", []string{"paid", "paid"}, 0, "paid", 80, 0},
		{"told twice and by two events", []string{"duplicate"}, 0, "paid", 80, 0},
		{"declined", []string{"declined"}, 0, "failed", 0, 0},
		{"declined, then another card", []string{"declined", "paid"}, 0, "paid", 80, 0},
		{"delayed", []string{"delayed"}, 0, "processing", 0, 0},
		{"delayed, then arrived", []string{"delayed", "paid"}, 0, "paid", 80, 0},
		{"delayed, then bounced", []string{"delayed", "declined"}, 0, "failed", 0, 0},
		{"refunded unspent", []string{"paid", "refund"}, 0, "refunded", 0, 0},
		{"refunded after 5 pictures", []string{"paid", "refund"}, 5, "refunded", 0, 20},
		{"30 % refunded", []string{"paid", "partial_refund"}, 0, "partially_refunded", 56, 0},
		{"30 % and 30 % refunded", []string{"paid", "partial_refund", "partial_refund"}, 0, "partially_refunded", 32, 0},
		{"disputed", []string{"paid", "dispute"}, 0, "disputed", 0, 0},
		{"disputed after 5 pictures", []string{"paid", "dispute"}, 5, "disputed", 0, 20},
		{"disputed and won", []string{"paid", "dispute", "dispute_won"}, 5, "paid", 60, 0},
		{"disputed and lost", []string{"paid", "dispute", "dispute_lost"}, 0, "disputed", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(s *stack) {
				ann := s.person("ann")
				o := s.order(ann, "credits-80")
				req := s.ask(ann, 0)
				for i, what := range c.outcomes {
					s.outcome(o, what)
					for range c.spend * (1 - min(i, 1)) {
						s.make(ann, req)
					}
				}
				b, err := ann.Credits(s.Context())
				if err != nil {
					s.Fatal(err)
				}
				got, err := ann.Checkout(s.Context(), o.ID)
				if err != nil {
					s.Fatal(err)
				}
				if b.Available != c.left || b.Debt != c.debt || got.Status != c.status {
					s.Errorf("%s with %d credits and a debt of %d, want %s, %d and %d", got.Status, b.Available, b.Debt, c.status, c.left, c.debt)
				}
				if c.debt == 0 {
					return
				}
				// In debt nothing is made; another purchase pays the debt first.
				_, err = ann.Generate(s.Context(), s.key(), req)
				refused(s, "while in debt", err, kinpict.InsufficientCredits)
				if short, _ := client.Members[client.Shortfall](err); short.Debt != c.debt || short.Shortfall != 4+c.debt {
					s.Errorf("the refusal says %+v", short)
				}
				s.buy(ann, "credits-80")
				s.available(ann, 80-c.debt)
			})
		})
	}
}

// P6: the webhook never comes. Whoever comes back from paying knows at once;
// whoever does not, within ten minutes.
func TestPaidWithoutAWebhook(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.person("ann")
		looked, waited := s.order(ann, "credits-80"), s.order(ann, "credits-80")
		s.app.Config.Listen = "127.0.0.1:1" // where nobody answers
		s.outcome(looked, "paid")
		s.outcome(waited, "paid")
		s.available(ann, 0)
		if o, err := ann.Checkout(s.Context(), looked.ID); err != nil || o.Status != "paid" {
			s.Errorf("asked at once: %+v, %v", o, err)
		}
		s.available(ann, 80)
		s.pass(10 * time.Minute)
		if err := s.app.Shop.Tick(s.Context()); err != nil {
			s.Fatal(err)
		}
		s.available(ann, 160)
	})
}

// W4: a webhook that is not signed by the provider grants nothing.
func TestForgedWebhook(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.person("ann")
		o := s.order(ann, "credits-80")
		session := o.URL[strings.LastIndexByte(o.URL, '/')+1:]
		body := `{"id":"evt_forged","type":"checkout.completed","object":"` + session + `","livemode":false,"created":1}`
		for name, signature := range map[string]string{"none": "", "made up": "t=1,v1=00", "empty": "t=,v1="} {
			r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+"/webhooks/sandbox", strings.NewReader(body))
			if err != nil {
				s.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			if signature != "" {
				r.Header.Set("Kinpict-Signature", signature)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				s.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest {
				s.Errorf("a webhook with the signature %q is answered %s, want 400", name, resp.Status)
			}
		}
		s.available(ann, 0)
	})
}
