// Package billing sells credits: the catalog, packs, checkouts, what payment
// providers tell us, and the adjustments staff make.
//
// Nothing a provider sends is taken at its word. An event, a person coming back
// from the payment page and the worker's round all do the same: ask the
// provider how the payment stands now and bring the purchase and its credits
// there (Sync). Since that compares absolute states it may happen twice, late,
// in any order, or be missed and made up for.
package billing

import (
	"log/slog"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// A Shop sells credits through one provider. All fields but Log and Pulse are required.
type Shop struct {
	DB       *store.DB
	IDs      kinpict.IDs
	Now      func() time.Time
	Provider Provider
	// PublicURL is where the site is reached, without a slash at the end.
	PublicURL string
	// Live says that real money moves. Nothing of the other mode is ever granted.
	Live bool
	// Tax has the provider add tax to the prices of new checkouts.
	Tax bool
	// Relaxed lifts the limits on checkouts, for load tests.
	Relaxed bool
	// Queue, if there is one, takes the processing of events off the webhook's
	// answer; Attend works it off. What does not fit waits in the inbox for Work.
	// Nil: an event is processed before it is answered.
	Queue chan *store.Event
	// Log is told what staff have to look at. Nil: the default logger.
	Log *slog.Logger
	// Pulse paces Work: one round for each value. Nil: every 15 seconds.
	Pulse <-chan time.Time
}

// Times and counts of the shop.
const (
	// CheckoutLife is how long a checkout can be paid, and its price stands.
	CheckoutLife = 24 * time.Hour
	// OpenCheckouts is how many checkouts an account may leave unpaid in an hour:
	// stolen cards are tried out in long series.
	OpenCheckouts = 5
	// NetworkCheckouts is how many may be opened in an hour from one network.
	NetworkCheckouts = 20

	askOpen      = 5 * time.Minute // how often the provider is asked about an open purchase
	askClosed    = time.Minute     // about one whose account is closed, until it cannot be paid any more
	askSettled   = time.Hour       // and about any other of the last askRecent
	askRecent    = 4 * 24 * time.Hour
	claim        = time.Minute // how long one process has to work on an event
	maxAttempts  = 16          // of an event: with the back-off below, about three days
	eventsKept   = 90 * 24 * time.Hour
	round        = 50 // purchases or events in one round of Work
	attendants   = 4  // events processed at once by Attend
	maxAsks      = 10 // of the provider about one purchase, while others write
	defaultPulse = 15 * time.Second
)

// backOff is how long an event waits after its n-th failure: 30 seconds, doubled
// each time, at most 12 hours.
func backOff(n int) time.Duration {
	d := 30 * time.Second
	for range n - 1 {
		d = min(2*d, 12*time.Hour)
	}
	return d
}

func (s *Shop) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}
