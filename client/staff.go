package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinpict"
)

// StaffCheckout is a purchase as support and operators see it.
type StaffCheckout struct {
	Checkout  Checkout        `json:"checkout"`
	Account   string          `json:"account"`
	Provider  string          `json:"provider"`
	Session   string          `json:"session" doc:"The provider's id of the payment page."`
	Payment   string          `json:"payment" doc:"The provider's id of the payment, empty before it is paid."`
	Livemode  bool            `json:"livemode"`
	Problem   string          `json:"problem" doc:"What of the payment does not fit the purchase, or empty."`
	WarnedAt  *time.Time      `json:"fraud_warning_at" doc:"When a bank's early fraud warning was heard of."`
	Disputes  []StaffDispute  `json:"disputes"`
	Refunds   []StaffRefund   `json:"refunds"`
	Findings  []StaffFinding  `json:"findings" doc:"What comparing with the provider could not repair."`
	Remaining kinpict.Credits `json:"credits_remaining" doc:"Of this purchase."`
}

// StaffDispute is a bank's question about a payment.
type StaffDispute struct {
	ID         string     `json:"id"`
	Status     string     `json:"status" doc:"The provider's word: needs_response, under_review, won, lost, and the same with warning_ for an inquiry."`
	Reason     string     `json:"reason"`
	Amount     int64      `json:"amount_minor"`
	DueBy      *time.Time `json:"due_by" doc:"When evidence must be there."`
	Refundable bool       `json:"refundable" doc:"The money may still be refunded."`
}

// StaffRefund is money that staff sent back.
type StaffRefund struct {
	ID        string    `json:"id"`
	Amount    int64     `json:"amount_minor"`
	Status    string    `json:"status" enum:"asked,done,refused,failed"`
	Reason    string    `json:"reason"`
	Actor     string    `json:"actor"`
	Approver  string    `json:"approver"`
	Problem   string    `json:"problem"`
	CreatedAt time.Time `json:"created_at"`
}

// StaffFinding is what we and the provider do not agree on.
type StaffFinding struct {
	Kind    string    `json:"kind"`
	Message string    `json:"message"`
	Since   time.Time `json:"since"`
}

// StaffCheckouts is a page of purchases.
type StaffCheckouts struct {
	Items      []StaffCheckout `json:"items"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

// RefundOrder is what to send back.
type RefundOrder struct {
	Amount   int64  `json:"amount_minor,omitempty" min:"0" doc:"Tax included; 0 or left out: all that is left."`
	Unused   bool   `json:"unused,omitempty" doc:"Only what pays for the credits still there."`
	Reason   string `json:"reason" doc:"For the books." min:"1" max:"2000"`
	Cause    string `json:"cause,omitempty" doc:"For the provider: requested_by_customer, duplicate, fraudulent."`
	Approver string `json:"approver,omitempty" doc:"Who else agreed; needed for large refunds."`
	Again    bool   `json:"again,omitempty" doc:"The same amount went back within the hour, and a second time is meant."`
}

// StaffCheckouts lists everybody's purchases in a status, "attention" for those
// to look at, or "" for all; for staff.
func (c *Client) StaffCheckouts(ctx context.Context, status, cursor string, limit int) (*StaffCheckouts, error) {
	path := paged("/staff/checkouts", cursor, limit)
	if status != "" {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "status=" + url.QueryEscape(status)
	}
	return get[StaffCheckouts](ctx, c, path)
}

// StaffCheckout returns any purchase with its refunds and disputes, for staff.
func (c *Client) StaffCheckout(ctx context.Context, id string) (*StaffCheckout, error) {
	return get[StaffCheckout](ctx, c, "/staff/checkouts"+seg(id))
}

// RefundCheckout sends money of a purchase back, once for each key, for staff.
func (c *Client) RefundCheckout(ctx context.Context, key, id string, r RefundOrder) (*StaffCheckout, error) {
	return call[StaffCheckout](ctx, c, http.MethodPost, "/staff/checkouts"+seg(id)+"/refunds", key, r)
}
