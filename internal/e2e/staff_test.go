package e2e

import (
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
