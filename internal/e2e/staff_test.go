package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
)

// An adjustment is how staff give credits; its zero value gives some for good.
type adjustment struct {
	kind    string
	expires time.Time
}

// give grants credits to a person by name, as an operator's shell would.
func (s *stack) give(name string, n kinpict.Credits, how adjustment) {
	s.Helper()
	acc, err := s.app.People.Account(s.Context(), name+"@example.org")
	if err != nil {
		s.Fatal(err)
	}
	staff := kinpict.Caller{AccountID: "operator", Email: "operator", Role: kinpict.Operator}
	if _, err := s.app.Shop.Grant(s.Context(), staff, billing.Adjustment{AccountID: acc.ID, Credits: n, Reason: "for a test", Kind: how.kind, ExpiresAt: how.expires}); err != nil {
		s.Fatalf("grant: %v", err)
	}
}

// A sign-in by mail shows one factor: it opens nothing of the staff's. A token
// that was made for them does.
func TestStaffOverHTTPNeedAToken(t *testing.T) {
	each(t, func(s *stack) {
		if _, err := s.app.People.CreateAccount(s.Context(), "boss@example.org", kinpict.Operator); err != nil {
			s.Fatal(err)
		}
		web := s.guest()
		web.signIn("boss@example.org", "/")
		asked := 0
		for _, r := range s.routes() {
			if !strings.Contains(r.path, "/staff/") {
				continue
			}
			asked++
			reply, _ := web.api().Call(s.Context(), r.method, strings.Replace(r.path, "{id}", "rev_0", 1), s.key(), map[string]any{}, nil)
			if reply == nil || reply.Status != http.StatusForbidden || !strings.Contains(string(reply.Body), "This takes a token") {
				s.Errorf("%s %s by a sign-in: %+v, want 403", r.method, r.path, reply)
			}
		}
		if asked < 5 {
			s.Errorf("only %d routes of staff were asked", asked)
		}
		token := s.token("boss@example.org")
		if _, err := token.Call(s.Context(), http.MethodGet, "/api/v1/staff/reviews", "", nil, nil); err != nil {
			s.Errorf("by a token: %v", err)
		}
	})
}
