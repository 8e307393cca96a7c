package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kinpict"
)

// KeepHeld is how long a request waits for credits, and its photos with it.
const KeepHeld = 7 * 24 * time.Hour

// PutHeld parks a request that could not be paid.
func (t *Tx) PutHeld(h *kinpict.HeldRequest) error {
	body, err := json.Marshal(h.Request)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO held_request (id, account_id, request, cost, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		h.ID, h.AccountID, string(body), h.Cost, micros(h.CreatedAt), micros(h.ExpiresAt))
	return err
}

// Held returns one of the account's held requests, or NotFound when there is
// none or it waited too long.
func (t *Tx) Held(accountID, id string) (*kinpict.HeldRequest, error) {
	h, err := scanHeld(t.row(`SELECT id, account_id, request, cost, coalesce(generation_id, ''), created_at, expires_at FROM held_request WHERE id = $1 AND account_id = $2`, id, accountID))
	if err != nil {
		return nil, err
	}
	if h.GenerationID == "" && !h.ExpiresAt.After(t.Now()) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "This request waited too long and is gone.", Hint: "Nothing was charged. Your photos may need to be added again."}
	}
	return h, nil
}

func scanHeld(row interface{ Scan(...any) error }) (*kinpict.HeldRequest, error) {
	var h kinpict.HeldRequest
	var body string
	var created, expires int64
	err := row.Scan(&h.ID, &h.AccountID, &body, &h.Cost, &h.GenerationID, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such held request.", Hint: "Look at whose account you are in, and whether the address is whole."}
	}
	if err != nil {
		return nil, err
	}
	h.CreatedAt, h.ExpiresAt = instant(created), instant(expires)
	return &h, json.Unmarshal([]byte(body), &h.Request)
}
