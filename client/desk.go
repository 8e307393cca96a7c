package client

import (
	"context"
	"io"
	"net/http"
	"time"

	"kinpict"
)

// A Report asks for a review of a balance that does not look right.
type Report struct {
	Message    string `json:"message" doc:"What does not look right." min:"1" max:"2000"`
	Generation string `json:"generation,omitempty" doc:"The picture it is about." max:"64"`
	Checkout   string `json:"checkout,omitempty" doc:"The purchase it is about." max:"64"`
	Page       string `json:"page,omitempty" doc:"Path of the page where it was seen; its query is not kept." max:"500"`
}

// A Review is a report and what became of it. The books as they stood are frozen
// beside it; EvidenceSHA256 is their digest.
type Review struct {
	ID             string        `json:"id"`
	Status         string        `json:"status" enum:"open,answered,closed"`
	Message        string        `json:"message"`
	Generation     string        `json:"generation,omitempty"`
	Checkout       string        `json:"checkout,omitempty"`
	Page           string        `json:"page,omitempty"`
	EvidenceSHA256 string        `json:"evidence_sha256"`
	Answer         *ReviewAnswer `json:"answer" doc:"null until somebody answered."`
	Closed         *ReviewEnd    `json:"closed" doc:"null until somebody closed it."`
	CreatedAt      time.Time     `json:"created_at"`
}

// A ReviewAnswer is what staff answered.
type ReviewAnswer struct {
	Text    string          `json:"text"`
	Credits kinpict.Credits `json:"credits" doc:"Given with the answer."`
	Reason  string          `json:"reason,omitempty" doc:"Why they were given, as the statement says."`
	At      time.Time       `json:"at"`
}

// A ReviewEnd is why a review was closed.
type ReviewEnd struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Reviews is a page of them, newest first.
type Reviews struct {
	Items      []Review `json:"items"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

// A StaffReview is a review as staff see it.
type StaffReview struct {
	Review   Review      `json:"review"`
	Account  string      `json:"account"`
	Evidence string      `json:"evidence,omitempty" doc:"The frozen document, JSON in a string, so that its bytes have the digest. Not in lists."`
	Acts     []ReviewAct `json:"acts"`
}

// A ReviewAct is what one of the staff did.
type ReviewAct struct {
	Kind        string          `json:"kind" enum:"answer,close"`
	Actor       string          `json:"actor"`
	Text        string          `json:"text"`
	Credits     kinpict.Credits `json:"credits"`
	Reason      string          `json:"reason,omitempty"`
	Transaction string          `json:"transaction,omitempty" doc:"The ledger transaction that gave the credits."`
	At          time.Time       `json:"at"`
}

// StaffReviews is a page of them, newest first.
type StaffReviews struct {
	Items      []StaffReview `json:"items"`
	NextCursor string        `json:"next_cursor,omitempty"`
}

// A ReviewReply answers a review.
type ReviewReply struct {
	Text     string          `json:"text" min:"1" max:"2000"`
	Credits  kinpict.Credits `json:"credits,omitempty" doc:"Given with the answer, in the same commit." min:"0"`
	Reason   string          `json:"reason,omitempty" doc:"Required with credits; the person sees it." max:"200"`
	Approver string          `json:"approver,omitempty" doc:"Who else agreed; required above 1000 credits." max:"254"`
	Back     bool            `json:"back,omitempty" doc:"Give back what the delivered picture cost, instead of new credits."`
}

// An Ending closes a review.
type Ending struct {
	Reason string `json:"reason" doc:"The person can read it." min:"1" max:"2000"`
}

// A Receipt is a signed receipt. The file is genuine byte for byte or not at all:
// keep it as it came. The signature covers the canonical text without it.
type Receipt struct {
	Format    string          `json:"format"`
	Key       string          `json:"key" doc:"Id of the public key, published at /.well-known/kinpict-receipts.json."`
	Receipt   kinpict.Receipt `json:"receipt"`
	Signature string          `json:"signature" doc:"Ed25519, base64url."`
}

// A CatalogPeriod is one price book and the time in which it held or will.
type CatalogPeriod struct {
	Catalog   Catalog    `json:"catalog"`
	Until     *time.Time `json:"until" doc:"null: no end is known."`
	Scheduled bool       `json:"scheduled" doc:"Announced, not in force yet."`
	Changes   []string   `json:"changes" doc:"Against the one before, one sentence each."`
}

// A CatalogHistory is the public history of prices, newest first.
type CatalogHistory struct {
	Items []CatalogPeriod `json:"items"`
}

// FileReview asks for a review. With a key, the same report again is the same
// review; without one, each is its own.
func (c *Client) FileReview(ctx context.Context, key string, r Report) (*Review, error) {
	return call[Review](ctx, c, http.MethodPost, "/reviews", key, r)
}

// Review returns one of one's reviews.
func (c *Client) Review(ctx context.Context, id string) (*Review, error) {
	return get[Review](ctx, c, "/reviews"+seg(id))
}

// Reviews returns a page of them, newest first; limit 0 is the server's choice.
func (c *Client) Reviews(ctx context.Context, cursor string, limit int) (*Reviews, error) {
	return get[Reviews](ctx, c, paged("/reviews", cursor, limit))
}

// StaffReviews returns a page of everybody's reviews, for staff.
func (c *Client) StaffReviews(ctx context.Context, cursor string, limit int) (*StaffReviews, error) {
	return get[StaffReviews](ctx, c, paged("/staff/reviews", cursor, limit))
}

// StaffReview returns any review with its evidence, for staff.
func (c *Client) StaffReview(ctx context.Context, id string) (*StaffReview, error) {
	return get[StaffReview](ctx, c, "/staff/reviews"+seg(id))
}

// AnswerReview answers one, for staff.
func (c *Client) AnswerReview(ctx context.Context, id string, r ReviewReply) (*StaffReview, error) {
	return call[StaffReview](ctx, c, http.MethodPost, "/staff/reviews"+seg(id)+"/answer", "", r)
}

// CloseReview closes one, for staff.
func (c *Client) CloseReview(ctx context.Context, id string, e Ending) (*StaffReview, error) {
	return call[StaffReview](ctx, c, http.MethodPost, "/staff/reviews"+seg(id)+"/close", "", e)
}

// CheckoutReceipt opens the signed receipt of a purchase.
func (c *Client) CheckoutReceipt(ctx context.Context, id string) (io.ReadCloser, error) {
	return c.file(ctx, "/checkouts"+seg(id)+"/receipt", "application/json")
}

// GenerationReceipt opens the signed receipt of what a picture took.
func (c *Client) GenerationReceipt(ctx context.Context, id string) (io.ReadCloser, error) {
	return c.file(ctx, "/generations"+seg(id)+"/receipt", "application/json")
}

// CatalogHistory returns every price book that was in force, and those announced.
func (c *Client) CatalogHistory(ctx context.Context) (*CatalogHistory, error) {
	return get[CatalogHistory](ctx, c, "/catalog/history")
}
