package kinpict

import "time"

// Where a review stands.
const (
	ReviewOpen     = "open"
	ReviewAnswered = "answered"
	ReviewClosed   = "closed"
)

// MaxReview bounds a review's message and its answer, in characters.
const MaxReview = 2000

// A Review is a person's word that their balance does not look right, with what
// the books said at that moment. Nothing of it ever changes but where it stands.
type Review struct {
	ID        string
	AccountID string
	Status    string
	Message   string
	// What it is about, as far as the person said: all may be empty.
	Generation string
	Purchase   string
	Page       string
	// Evidence is the frozen document, JSON, and SHA256 its digest in hex. Only
	// staff read it.
	Evidence  []byte
	SHA256    string
	Acts      []ReviewAct
	CreatedAt time.Time
}

// Kinds of acts on a review.
const (
	ActAnswer = "answer"
	ActClose  = "close"
)

// A ReviewAct is what staff did about a review.
type ReviewAct struct {
	Kind    string // ActAnswer or ActClose
	Actor   string // who; for staff only
	Text    string // what the person reads
	Credits Credits
	Reason  string // why credits were given; the person sees it in the statement
	Seq     int64  // the ledger transaction that gave them, 0 for none
	At      time.Time
}

// Answer is the act that answered the review, nil if none did.
func (r *Review) Answer() *ReviewAct {
	for i := range r.Acts {
		if r.Acts[i].Kind == ActAnswer {
			return &r.Acts[i]
		}
	}
	return nil
}
