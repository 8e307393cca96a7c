package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinpict"
)

// A WaitingRequest is a held request with what it asks for.
type WaitingRequest struct {
	ID          string          `json:"id"`
	State       string          `json:"state" enum:"credits,looking,approved,refused,gone_on" doc:"As of a held request."`
	URL         string          `json:"url" doc:"The page that goes on with it."`
	Quality     string          `json:"quality"`
	Scenario    string          `json:"scenario"`
	Aspect      kinpict.Aspect  `json:"aspect"`
	Instruction string          `json:"instruction"`
	Photos      []PhotoUse      `json:"photos"`
	Credits     kinpict.Credits `json:"credits" doc:"What it cost when it was held. Nothing was taken."`
	CreatedAt   time.Time       `json:"created_at"`
	ExpiresAt   time.Time       `json:"expires_at"`
	DecidedAt   *time.Time      `json:"decided_at" doc:"null: nobody decided about it, or nobody has to."`
	Note        string          `json:"note,omitempty" doc:"What staff said about their decision."`
	Generation  string          `json:"generation,omitempty" doc:"The picture it became."`
}

// WaitingRequests are those that wait, oldest first.
type WaitingRequests struct {
	Items []WaitingRequest `json:"items"`
}

// A StaffHold is a request that staff read before anything is taken. Its photos
// are not shown to them.
type StaffHold struct {
	ID          string          `json:"id"`
	Account     string          `json:"account"`
	State       string          `json:"state" enum:"waiting,approved,refused,gone_on"`
	Scenario    string          `json:"scenario"`
	Quality     string          `json:"quality"`
	Aspect      kinpict.Aspect  `json:"aspect"`
	Instruction string          `json:"instruction" doc:"Empty once its time is over."`
	People      []HeldPerson    `json:"people" doc:"Who is in the photos, as the person said."`
	Doubts      []Doubt         `json:"doubts" doc:"What can be read two ways, by the rules of now."`
	Credits     kinpict.Credits `json:"credits" doc:"What it would take."`
	CreatedAt   time.Time       `json:"created_at"`
	ExpiresAt   time.Time       `json:"expires_at"`
	DecidedAt   *time.Time      `json:"decided_at"`
	DecidedBy   string          `json:"decided_by,omitempty"`
	Note        string          `json:"note,omitempty" doc:"The person reads it."`
	Generation  string          `json:"generation,omitempty"`
}

// A HeldPerson is what was said of one photo.
type HeldPerson struct {
	Role  kinpict.Role `json:"role"`
	Label string       `json:"label"`
}

// A Doubt is words that can be read two ways, and where they stand.
type Doubt struct {
	Field   string          `json:"field" doc:"instruction, or photos[1].label."`
	Finding kinpict.Finding `json:"finding"`
}

// StaffHolds is a page of them.
type StaffHolds struct {
	Items      []StaffHold `json:"items"`
	NextCursor string      `json:"next_cursor,omitempty"`
	Waiting    int         `json:"waiting" doc:"How many wait for a decision in all."`
}

// A Verdict goes with a decision.
type Verdict struct {
	Note string `json:"note,omitempty" doc:"The person reads it; standard words are there without it." max:"500"`
}

// HeldRequests are one's requests that wait.
func (c *Client) HeldRequests(ctx context.Context) (*WaitingRequests, error) {
	return get[WaitingRequests](ctx, c, "/held-requests")
}

// HeldRequest returns one of them, or what became of it.
func (c *Client) HeldRequest(ctx context.Context, id string) (*WaitingRequest, error) {
	return get[WaitingRequest](ctx, c, "/held-requests"+seg(id))
}

// Withdraw takes a held request back, with its words.
func (c *Client) Withdraw(ctx context.Context, id string) error {
	_, err := c.Call(ctx, http.MethodDelete, root+"/held-requests"+seg(id), "", nil, nil)
	return err
}

// StaffHolds returns a page of everybody's requests that staff read: "waiting",
// "approved" or "refused"; for staff.
func (c *Client) StaffHolds(ctx context.Context, state, cursor string, limit int) (*StaffHolds, error) {
	path := paged("/staff/holds", cursor, limit)
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	if state != "" {
		path += sep + "state=" + url.QueryEscape(state)
	}
	return get[StaffHolds](ctx, c, path)
}

// StaffHold returns one of them, for staff.
func (c *Client) StaffHold(ctx context.Context, id string) (*StaffHold, error) {
	return get[StaffHold](ctx, c, "/staff/holds"+seg(id))
}

// ApproveHold lets a request go on, once its owner presses, for staff.
func (c *Client) ApproveHold(ctx context.Context, id string, v Verdict) (*StaffHold, error) {
	return call[StaffHold](ctx, c, http.MethodPost, "/staff/holds"+seg(id)+"/approve", "", v)
}

// RefuseHold keeps a request from going on, for staff.
func (c *Client) RefuseHold(ctx context.Context, id string, v Verdict) (*StaffHold, error) {
	return call[StaffHold](ctx, c, http.MethodPost, "/staff/holds"+seg(id)+"/refuse", "", v)
}
