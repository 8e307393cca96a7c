package kinpict

import "time"

// Why a request is held.
const (
	HeldForCredits = "credits" // it could not be paid
	HeldForSafety  = "safety"  // a person reads its words first
)

// What was decided about a request that is held for safety. It is decided once.
const (
	HoldApproved = "approved"
	HoldRefused  = "refused"
)

// MaxHoldNote bounds what staff write beside a decision, in characters.
const MaxHoldNote = 500

// A HeldRequest is a request that waits, for credits or for a person who reads
// its words. Nothing was charged for it.
type HeldRequest struct {
	ID           string
	AccountID    string
	Reason       string // HeldForCredits or HeldForSafety
	Request      Request
	Cost         Credits // what it cost when it was held
	GenerationID string  // once resumed
	CreatedAt    time.Time
	ExpiresAt    time.Time
	Decision     string // HoldApproved, HoldRefused, or "" where nobody decided yet
	DecidedAt    time.Time
	DecidedBy    string // for staff only
	Note         string // what staff told the person, may be empty
	WithdrawnAt  time.Time
	Language     string // what the person read when they asked, "" if that is not known
}

// Waits reports whether the request can still go on or be decided at that time.
func (h *HeldRequest) Waits(now time.Time) bool {
	return h.GenerationID == "" && h.WithdrawnAt.IsZero() && h.ExpiresAt.After(now)
}
