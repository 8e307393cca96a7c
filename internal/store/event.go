package store

import (
	"database/sql"
	"time"
)

// An Event is what a payment provider sent, as it lies in the inbox.
type Event struct {
	Provider string
	ID       string
	Type     string
	Object   string // what to ask the provider about
	Payload  []byte
	Attempts int
}

// Where an event ends.
const (
	EventDone        = "done"
	EventIgnored     = "ignored"
	EventQuarantined = "quarantined"
)

// ReceiveEvent puts an event into the inbox and claims it until then. It
// reports whether the caller is to process it: false if the event is settled or
// claimed by somebody else.
func (t *Tx) ReceiveEvent(e *Event, until time.Time) (bool, error) {
	n, err := t.exec(`INSERT INTO provider_event (provider, event_id, type, object_id, payload, not_before, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (provider, event_id) DO NOTHING`, e.Provider, e.ID, e.Type, e.Object, e.Payload, micros(until), t.now)
	if err != nil || n == 1 {
		return n == 1, err
	}
	return t.ClaimEvent(e, until)
}

// ClaimEvent takes an event that waits, and reports whether it did.
func (t *Tx) ClaimEvent(e *Event, until time.Time) (bool, error) {
	n, err := t.exec(`UPDATE provider_event SET not_before = $3 WHERE provider = $1 AND event_id = $2 AND state = 'received' AND not_before <= $4`,
		e.Provider, e.ID, micros(until), t.now)
	return n == 1, err
}

// SettleEvent ends an event in one of the states above; problem says why, or "".
// What was sent is kept only of an event that staff have to look at, and not if
// the account behind it is gone: it may hold the payer's name and address.
func (t *Tx) SettleEvent(e *Event, state, problem string) error {
	_, err := t.exec(`UPDATE provider_event SET state = $3, error = $4, attempts = attempts + 1, processed_at = $5,
			payload = CASE WHEN $3 = 'quarantined' AND NOT EXISTS (SELECT 1 FROM purchase p JOIN account a ON a.id = p.account_id
				WHERE a.status = 'closed' AND (p.id = object_id OR p.session_id = object_id OR p.payment_id = object_id)) THEN payload ELSE $6 END WHERE provider = $1 AND event_id = $2 AND state = 'received'`,
		e.Provider, e.ID, state, problem, t.now, []byte{})
	return err
}

// DelayEvent leaves an event for another try.
func (t *Tx) DelayEvent(e *Event, until time.Time, problem string) error {
	_, err := t.exec(`UPDATE provider_event SET not_before = $3, error = $4, attempts = attempts + 1 WHERE provider = $1 AND event_id = $2 AND state = 'received'`,
		e.Provider, e.ID, micros(until), problem)
	return err
}

// WaitingEvents are events due for processing, oldest first, at most limit.
func (t *Tx) WaitingEvents(provider string, limit int) ([]*Event, error) {
	var out []*Event
	err := t.each(func(r *sql.Rows) error {
		e := &Event{Provider: provider}
		err := r.Scan(&e.ID, &e.Type, &e.Object, &e.Attempts)
		out = append(out, e)
		return err
	}, `SELECT event_id, type, object_id, attempts FROM provider_event WHERE state = 'received' AND not_before <= $1 AND provider = $2 ORDER BY not_before, event_id LIMIT $3`,
		t.now, provider, limit)
	return out, err
}

// EventCounts is how many events lie in each state of the inbox.
func (t *Tx) EventCounts(provider string) (map[string]int, error) {
	counts := map[string]int{}
	err := t.each(func(r *sql.Rows) error {
		var state string
		var n int
		err := r.Scan(&state, &n)
		counts[state] = n
		return err
	}, `SELECT state, count(*) FROM provider_event WHERE provider = $1 GROUP BY state`, provider)
	return counts, err
}

// PruneEvents forgets settled events received before then, and of those put
// aside what was sent. A replay after that is a new event, and grants nothing:
// the lot of a purchase is unique for ever.
func (t *Tx) PruneEvents(before time.Time) (int64, error) {
	if _, err := t.exec(`UPDATE provider_event SET payload = $2 WHERE state = 'quarantined' AND received_at < $1 AND payload <> $2`, micros(before), []byte{}); err != nil {
		return 0, err
	}
	return t.exec(`DELETE FROM provider_event WHERE state IN ('done', 'ignored') AND received_at < $1`, micros(before))
}
