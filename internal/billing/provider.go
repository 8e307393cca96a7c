package billing

import (
	"context"
	"errors"
	"iter"
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
	// same session, also when the first answer was lost. Conflict if the key was
	// used for another order.
	Open(ctx context.Context, o Order) (Session, error)
	// Payment says how the payment stands now: everything that ever happened to
	// it, not the last change. ref is a session's id, a payment's, or the object
	// of an event. NotFound if the provider knows no such thing, or if it is
	// nothing of a checkout.
	Payment(ctx context.Context, ref string) (State, error)
	// Expire ends a session that nobody shall pay any more. One that is paid, on
	// its way to be, or over stays as it is.
	Expire(ctx context.Context, sessionID string) error
	// Event reads a webhook. It is Invalid unless the provider signed these very
	// bytes in the last five minutes.
	Event(header http.Header, body []byte) (Event, error)
	// Refund sends money of a payment back. The same Key again is the same
	// refund, also when the first answer was lost: whoever did not get an answer
	// asks again with the same words. It may still fail later, which Payment then
	// tells. Conflict if the money cannot go back (more than is left, a dispute
	// has it) or the key was used for another refund, NotFound for a payment
	// that does not exist.
	Refund(ctx context.Context, r Refund) error
	// Recent is every payment made, refunded, disputed or warned of since then, each once
	// and as it stands now, in no order. Only what names one of our purchases
	// counts: an account at a provider may have other uses. The first error ends it.
	Recent(ctx context.Context, since time.Time) iter.Seq2[State, error]
}

// ErrSetup is in the chain of a provider's error that only the operator can end:
// a key that was revoked or may not do this.
var ErrSetup = errors.New("the payment provider refuses our key")

// An Order is what a person is about to pay. It is made from the purchase's row
// alone, so that a retry sends the same words.
type Order struct {
	PurchaseID string
	Key        string // the provider's idempotency key
	Title      string // "80 credits"
	Price      kinpict.Money
	Tax        bool   // the provider adds tax to Price
	Email      string // of the person, for the provider's page and receipt
	ReturnURL  string
	ExpiresAt  time.Time
}

// A Refund is money to be sent back.
type Refund struct {
	PaymentID string
	Key       string // the provider's idempotency key
	Amount    int64  // minor units, tax included
	Reason    string // requested_by_customer, duplicate, fraudulent, or none
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
	Tax        int64 // minor units on top of Price
	Livemode   bool
	Refunded   int64      // minor units of Price and Tax given back so far, without refunds that failed
	Refunds    []Refunded // those with a key of ours
	Disputes   []Dispute
	Warned     bool // a bank said early that the payment is fraud; no money has moved for it
}

// A Refunded is a refund that Refund asked for.
type Refunded struct {
	Key    string
	Amount int64 // minor units
	Failed bool  // the money did not arrive
}

// A Dispute is a payer's bank asking for the money back. Status is the word the
// card networks' processors share: needs_response, under_review, won, lost,
// prevented, and the same with warning_ before it for an inquiry.
type Dispute struct {
	ID     string
	Status string
	Reason string // the provider's word: fraudulent, product_not_received, …
	Amount int64  // minor units
	// DueBy is when evidence must have arrived, zero if none is asked for.
	DueBy time.Time
	// Refundable says that the money may still be refunded while this is open.
	Refundable bool
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
	// Problem says what makes the event none of ours, in words for staff. Such
	// an event is put aside.
	Problem string
}

// A SandboxSession is a checkout at the sandbox provider, for its page.
type SandboxSession struct {
	ID        string
	Title     string // "80 credits"
	Price     kinpict.Money
	Tax       int64  // on top of Price
	Status    string // as in State
	Refunded  int64
	Dispute   string // as in Dispute, or none
	Warned    bool
	Outcomes  []string // what can happen next
	ReturnURL string
	ExpiresAt time.Time
}
