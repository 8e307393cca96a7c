package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kinpict"
)

// KeepHeld is how long a request waits, for credits or for a person, and its
// photos with it.
const KeepHeld = 7 * 24 * time.Hour

const heldColumns = `id, account_id, reason, request, cost, coalesce(generation_id, ''), created_at, expires_at, decision, decided_at, decided_by, note, withdrawn_at, language`

// waits is what can still go on or be decided; $1 is the time.
const waits = `generation_id IS NULL AND withdrawn_at = 0 AND expires_at > $1`

// emptied is a request whose words are gone; over is what waits no more and has
// words still. $1 is the time.
const (
	emptied = `{}`
	over    = `generation_id IS NULL AND request <> '` + emptied + `' AND expires_at <= $1`
)

// PutHeld parks a request, for credits unless it says otherwise.
func (t *Tx) PutHeld(h *kinpict.HeldRequest) error {
	body, err := json.Marshal(h.Request)
	if err != nil {
		return err
	}
	if h.Reason == "" {
		h.Reason = kinpict.HeldForCredits
	}
	_, err = t.exec(`INSERT INTO held_request (id, account_id, reason, request, cost, created_at, expires_at, language) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		h.ID, h.AccountID, h.Reason, string(body), h.Cost, micros(h.CreatedAt), micros(h.ExpiresAt), h.Language)
	return err
}

// Held returns one of the account's held requests, or NotFound when there is
// none, it waited too long, or its owner took it back.
func (t *Tx) Held(accountID, id string) (*kinpict.HeldRequest, error) {
	h, err := scanHeld(t.row(`SELECT `+heldColumns+` FROM held_request WHERE id = $1 AND account_id = $2`, id, accountID))
	if err != nil {
		return nil, err
	}
	switch {
	case h.GenerationID != "" || h.Waits(t.Now()):
		return h, nil
	case !h.WithdrawnAt.IsZero():
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "You took this request back.", Hint: "Nothing was charged."}
	}
	return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "This request waited too long and is gone.", Hint: "Nothing was charged. Your photos may need to be added again."}
}

// AnyHeld returns a held request whoever's it is and however it stands, or NotFound.
func (t *Tx) AnyHeld(id string) (*kinpict.HeldRequest, error) {
	return scanHeld(t.row(`SELECT `+heldColumns+` FROM held_request WHERE id = $1`, id))
}

func scanHeld(row interface{ Scan(...any) error }) (*kinpict.HeldRequest, error) {
	var h kinpict.HeldRequest
	var body string
	var created, expires, decided, withdrawn int64
	err := row.Scan(&h.ID, &h.AccountID, &h.Reason, &body, &h.Cost, &h.GenerationID, &created, &expires, &h.Decision, &decided, &h.DecidedBy, &h.Note, &withdrawn, &h.Language)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such held request.", Hint: "Look at whose account you are in, and whether the address is whole."}
	}
	if err != nil {
		return nil, err
	}
	h.CreatedAt, h.ExpiresAt, h.DecidedAt, h.WithdrawnAt = instant(created), instant(expires), instant(decided), instant(withdrawn)
	return &h, json.Unmarshal([]byte(body), &h.Request)
}

func (t *Tx) heldList(which string, args ...any) ([]*kinpict.HeldRequest, error) {
	return list(t, func(r *sql.Rows) (*kinpict.HeldRequest, error) { return scanHeld(r) }, `SELECT `+heldColumns+` FROM held_request `+which, args...)
}

// mostWaiting is more than wait of one account as long as each way in keeps its
// limit, and what every page that shows them can bear.
const mostWaiting = 40

// Waiting are the account's requests that wait, oldest first, as far as a page
// shows them.
func (t *Tx) Waiting(accountID string) ([]*kinpict.HeldRequest, error) {
	return t.heldList(`WHERE `+waits+` AND account_id = $2 ORDER BY created_at, id LIMIT $3`, t.now, accountID, mostWaiting)
}

// mostRead bounds how far back an account's words are compared.
const mostRead = 100

// ReadWords are the account's requests whose words a person read or is to read,
// newest first, as far as the words are still there.
func (t *Tx) ReadWords(accountID string) ([]*kinpict.HeldRequest, error) {
	return t.heldList(`WHERE account_id = $1 AND reason = 'safety' AND request <> '`+emptied+`' ORDER BY created_at DESC, id DESC LIMIT $2`, accountID, mostRead)
}

// HoldForSafety makes a request that waits for credits one that waits for a
// person, for its whole time anew, and reports whether it still waited.
func (t *Tx) HoldForSafety(accountID, id string) (bool, error) {
	n, err := t.exec(`UPDATE held_request SET reason = 'safety', expires_at = $4 WHERE `+waits+` AND id = $2 AND account_id = $3 AND reason = 'credits'`,
		t.now, id, accountID, t.now+KeepHeld.Microseconds())
	return n == 1, err
}

// Decide ends the wait for a person, and reports whether it did: false if
// somebody decided before, or the request does not wait any more. The time it
// waits for its owner begins anew.
func (t *Tx) Decide(id, decision, by, note string) (bool, error) {
	n, err := t.exec(`UPDATE held_request SET decision = $3, decided_at = $1, decided_by = $4, note = $5, expires_at = $6
		WHERE `+waits+` AND id = $2 AND reason = 'safety' AND decision = ''`, t.now, id, decision, by, note, t.now+KeepHeld.Microseconds())
	return n == 1, err
}

// Withdraw takes one of the account's requests back, with its words, and
// reports whether it still waited. One that staff refused stays for its time, so
// that the same words are not read until somebody likes them.
func (t *Tx) Withdraw(accountID, id string) (bool, error) {
	n, err := t.exec(`UPDATE held_request SET withdrawn_at = $1, expires_at = $1, request = '`+emptied+`', note = '' WHERE `+waits+` AND id = $2 AND account_id = $3 AND decision <> 'refused'`,
		t.now, id, accountID)
	return n == 1, err
}

// Undecided are the requests that wait for a person, those first that wait
// longest: behind the id after ("" for the first), at most limit.
func (t *Tx) Undecided(after string, limit int) ([]*kinpict.HeldRequest, error) {
	return t.heldList(`WHERE `+waits+` AND reason = 'safety' AND decision = '' AND id > $2 ORDER BY id LIMIT $3`, t.now, after, limit)
}

// Decided are the requests about which that was decided, newest first: before
// the id before ("" for the newest), at most limit.
func (t *Tx) Decided(decision, before string, limit int) ([]*kinpict.HeldRequest, error) {
	if before == "" {
		return t.heldList(`WHERE reason = 'safety' AND decision = $1 ORDER BY id DESC LIMIT $2`, decision, limit)
	}
	return t.heldList(`WHERE reason = 'safety' AND decision = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, decision, before, limit)
}

// CountUndecided is how many requests wait for a person.
func (t *Tx) CountUndecided() (n int, err error) {
	err = t.row(`SELECT count(*) FROM held_request WHERE `+waits+` AND reason = 'safety' AND decision = ''`, t.now).Scan(&n)
	return n, err
}

// Unread are the requests whose time went by before a person read them and whose
// words are still there, at most limit.
func (t *Tx) Unread(limit int) ([]*kinpict.HeldRequest, error) {
	return t.heldList(`WHERE `+over+` AND reason = 'safety' AND decision = '' AND withdrawn_at = 0 ORDER BY expires_at, id LIMIT $2`, t.now, limit)
}

// Forget removes the words of a request that has had its time, and reports
// whether they were still there.
func (t *Tx) Forget(id string) (bool, error) {
	n, err := t.exec(`UPDATE held_request SET request = '`+emptied+`', note = '' WHERE `+over+` AND id = $2`, t.now, id)
	return n == 1, err
}

// SweepHeld removes the words of requests that have had their time.
func (t *Tx) SweepHeld() error {
	_, err := t.exec(`UPDATE held_request SET request = '`+emptied+`', note = '' WHERE `+over, t.now)
	return err
}
