package client

import (
	"context"
	"io"
	"net/http"
	"time"

	"kinpict"
)

// An Account is who asks, and how much is kept of them.
type Account struct {
	ID        string       `json:"id"`
	Email     string       `json:"email"`
	Role      string       `json:"role" enum:"customer,support,operator"`
	Language  string       `json:"language" doc:"What the person reads, as in BCP 47; empty where they never chose."`
	CreatedAt time.Time    `json:"created_at"`
	Kept      kinpict.Kept `json:"kept" doc:"How much is kept of the person now."`
}

// A Farewell confirms that an account is to be deleted.
type Farewell struct {
	Address string          `json:"address" doc:"The account's e-mail address, spelled out." min:"1" max:"254"`
	Credits kinpict.Credits `json:"credits" doc:"How many credits are given up: credits and credits_reserved of what is kept. More than that is a conflict." min:"0"`
}

// A Deletion is the receipt of a deletion. It names nobody.
type Deletion struct {
	ID        string          `json:"id"`
	DeletedAt time.Time       `json:"deleted_at"`
	EmptiedAt *time.Time      `json:"emptied_at" doc:"When the last file was gone; null while one is left, which is tried again every ten minutes."`
	AskedBy   string          `json:"asked_by" enum:"person,staff"`
	Gone      kinpict.Kept    `json:"gone" doc:"What was kept of the person when the account was deleted. Statement lines, purchases and the digests of reviews stay under an id that names nobody."`
	Returned  kinpict.Credits `json:"credits_returned" doc:"That came back from pictures on their way, before they were given up."`
	Forfeited kinpict.Credits `json:"credits_given_up"`
}

// Account returns who asks.
func (c *Client) Account(ctx context.Context) (*Account, error) {
	return get[Account](ctx, c, "/account")
}

// Export returns the zip archive of everything kept of the person, for the
// caller to read and close. The archive is whole if its end can be read.
func (c *Client) Export(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.open(ctx, http.MethodGet, root+"/account/export", http.Header{}, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
		if err != nil {
			return nil, unreachable(err)
		}
		return nil, problem(resp.StatusCode, b)
	}
	return resp.Body, nil
}

// DeleteAccount deletes the account and everything kept of the person.
func (c *Client) DeleteAccount(ctx context.Context, f Farewell) (*Deletion, error) {
	return call[Deletion](ctx, c, http.MethodDelete, "/account", "", f)
}

// Deletion returns the receipt of a deletion. It needs no account.
func (c *Client) Deletion(ctx context.Context, id string) (*Deletion, error) {
	return get[Deletion](ctx, c, "/deletions"+seg(id))
}
