package billing

import (
	"context"
	"net/http"
	"time"

	"kinpict"
)

// A Provider takes people's money. Each call answers within some seconds; what
// every one of them must do is in package billingtest.
type Provider interface {
	// Name is the word in the webhook's path and in the purchase's row.
	Name() string
	// Open makes the page where an order is paid. The same order again is the
	// same session, also when the first answer was lost.
	Open(ctx context.Context, o Order) (Session, error)
	// Payment says how the payment stands now: everything that ever happened to
	// it, not the last change. ref is a session's id or the object of an event.
	// NotFound if the provider knows no such thing.
	Payment(ctx context.Context, ref string) (State, error)
	// Event reads a webhook. It is Invalid unless the provider signed these very
	// bytes in the last five minutes.
	Event(header http.Header, body []byte) (Event, error)
}

// An Order is what a person is about to pay. It is made from the purchase's row
// alone, so that a retry sends the same words.
type Order struct {
	PurchaseID string
	Key        string // the provider's idempotency key
	Title      string // "80 credits"
	Price      kinpict.Money
	ReturnURL  string
	ExpiresAt  time.Time
}

// A Session is a page where an order is paid.
type Session struct {
	ID  string
	URL string
}

// Where a payment stands.
const (
	Open       = "open"
	Processing = "processing" // the person is done, the money is not here yet
	Paid       = "paid"
	Expired    = "expired"
	Failed     = "failed"
)

// A State is how a payment stands, in absolute terms.
type State struct {
	SessionID  string
	PaymentID  string
	PurchaseID string // what the order said
	Status     string
	Price      kinpict.Money
	Livemode   bool
	Refunded   int64 // minor units given back so far
	Disputes   []Dispute
}

// A Dispute is a payer's bank asking for the money back. Status is the word the
// card networks' processors share: needs_response, under_review, won, lost,
// prevented, and the same with warning_ before it for an inquiry.
type Dispute struct {
	Status string
	Amount int64 // minor units
}

// Disputed is the money that disputes hold or took. An inquiry holds nothing.
func (s State) Disputed() int64 {
	var sum int64
	for _, d := range s.Disputes {
		switch d.Status {
		case "needs_response", "under_review", "lost":
			sum += d.Amount
		}
	}
	return sum
}

// An Event is a provider's word that something happened to Object. Without an
// Object it is of a type that does not concern us.
type Event struct {
	ID       string
	Type     string
	Object   string // what to ask Payment about
	Livemode bool
}

// A SandboxSession is a checkout at the sandbox provider, for its page.
type SandboxSession struct {
	ID        string
	Title     string // "80 credits"
	Price     kinpict.Money
	Status    string // as in State
	Refunded  int64
	Dispute   string   // needs_response, won, lost, or none
	Outcomes  []string // what can happen next
	ReturnURL string
	ExpiresAt time.Time
}
