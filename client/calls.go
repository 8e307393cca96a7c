package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const root = "/api/v1"

func call[T any](ctx context.Context, c *Client, method, path, key string, in any) (*T, error) {
	out := new(T)
	if _, err := c.Call(ctx, method, root+path, key, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

func get[T any](ctx context.Context, c *Client, path string) (*T, error) {
	return call[T](ctx, c, http.MethodGet, path, "", nil)
}

func seg(id string) string { return "/" + url.PathEscape(id) }

func paged(path, cursor string, limit int) string {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Catalog returns the price book in force.
func (c *Client) Catalog(ctx context.Context) (*Catalog, error) {
	return get[Catalog](ctx, c, "/catalog")
}

// Scenarios lists the occasions.
func (c *Client) Scenarios(ctx context.Context) (*Scenarios, error) {
	return get[Scenarios](ctx, c, "/scenarios")
}

// Limits returns the published limits.
func (c *Client) Limits(ctx context.Context) (*Limits, error) { return get[Limits](ctx, c, "/limits") }

// AddPhoto uploads a photo. The same bytes again are the same photo.
func (c *Client) AddPhoto(ctx context.Context, name string, data []byte) (*Photo, error) {
	return upload[Photo](ctx, c, "/photos", name, data)
}

// CheckMarks asks what a picture file says about itself. Nothing is kept.
func (c *Client) CheckMarks(ctx context.Context, name string, data []byte) (*Marks, error) {
	return upload[Marks](ctx, c, "/verify", name, data)
}

func upload[T any](ctx context.Context, c *Client, path, name string, data []byte) (*T, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("make form: %w", err)
	}
	out := new(T)
	h := http.Header{"Content-Type": {form.FormDataContentType()}}
	if _, err := c.send(ctx, http.MethodPost, root+path, h, &body, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Photos lists one's photos.
func (c *Client) Photos(ctx context.Context) (*Photos, error) { return get[Photos](ctx, c, "/photos") }

// Photo returns one of them.
func (c *Client) Photo(ctx context.Context, id string) (*Photo, error) {
	return get[Photo](ctx, c, "/photos"+seg(id))
}

// DeletePhoto deletes one of them.
func (c *Client) DeletePhoto(ctx context.Context, id string) error {
	_, err := c.Call(ctx, http.MethodDelete, root+"/photos"+seg(id), "", nil, nil)
	return err
}

// Generate takes credits and asks for a picture. An empty key is a new one;
// repeat a call with the same key and it is charged once.
func (c *Client) Generate(ctx context.Context, key string, r Request) (*Generation, error) {
	return call[Generation](ctx, c, http.MethodPost, "/generations", c.key(key), r)
}

// Preview asks for the one free preview.
func (c *Client) Preview(ctx context.Context, key string, r Request) (*Generation, error) {
	return call[Generation](ctx, c, http.MethodPost, "/previews", c.key(key), r)
}

// Generation returns one of one's pictures.
func (c *Client) Generation(ctx context.Context, id string) (*Generation, error) {
	return get[Generation](ctx, c, "/generations"+seg(id))
}

// Generations returns a page of them, newest first; limit 0 is the server's choice.
func (c *Client) Generations(ctx context.Context, cursor string, limit int) (*Generations, error) {
	return get[Generations](ctx, c, paged("/generations", cursor, limit))
}

// Favourites returns a page of one's favourites, newest first.
func (c *Client) Favourites(ctx context.Context, cursor string, limit int) (*Generations, error) {
	path := paged("/generations", cursor, limit)
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return get[Generations](ctx, c, path+sep+"favourite=1")
}

// Favour keeps a finished picture among the favourites, or ends that.
func (c *Client) Favour(ctx context.Context, id string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPut
	}
	_, err := c.Call(ctx, method, root+"/generations"+seg(id)+"/favourite", "", nil, nil)
	return err
}

// Notify has the account mailed once when a picture is done or its credits are
// back, or not any more.
func (c *Client) Notify(ctx context.Context, id string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPut
	}
	_, err := c.Call(ctx, method, root+"/generations"+seg(id)+"/notify", "", nil, nil)
	return err
}

// Delete deletes a picture for good. The line in the statement stays.
func (c *Client) Delete(ctx context.Context, id string) error {
	_, err := c.Call(ctx, http.MethodDelete, root+"/generations"+seg(id), "", nil, nil)
	return err
}

// Papers lists the sizes of paper a picture suits.
func (c *Client) Papers(ctx context.Context, id string) (*Papers, error) {
	return get[Papers](ctx, c, "/generations"+seg(id)+"/papers")
}

// Print opens a picture laid out for a paper, as PDF.
func (c *Client) Print(ctx context.Context, id, paper string) (io.ReadCloser, error) {
	return c.file(ctx, "/generations"+seg(id)+"/print?"+url.Values{"paper": {paper}}.Encode(), "application/pdf")
}

// Share makes a private link that works for 1, 7 or 30 days, 7 for 0. The same
// key is the same link; without one each call makes another.
func (c *Client) Share(ctx context.Context, key, id string, days int) (*Share, error) {
	return call[Share](ctx, c, http.MethodPost, "/generations"+seg(id)+"/shares", key, ShareOrder{Days: days})
}

// Shares lists the links to a picture that work now.
func (c *Client) Shares(ctx context.Context, id string) (*Shares, error) {
	return get[Shares](ctx, c, "/generations"+seg(id)+"/shares")
}

// Revoke ends a link.
func (c *Client) Revoke(ctx context.Context, shareID string) error {
	_, err := c.Call(ctx, http.MethodDelete, root+"/shares"+seg(shareID), "", nil, nil)
	return err
}

// Cancel stops a generation that is still queued; its credits come back.
func (c *Client) Cancel(ctx context.Context, id string) (*Generation, error) {
	return call[Generation](ctx, c, http.MethodPost, "/generations"+seg(id)+"/cancel", "", nil)
}

// Retry makes a new generation from the photos and words of a failed one.
func (c *Client) Retry(ctx context.Context, key, id string, confirm Confirm) (*Generation, error) {
	return call[Generation](ctx, c, http.MethodPost, "/generations"+seg(id)+"/retry", c.key(key), confirm)
}

// Resume goes on with a request that waited for credits. However often it is
// called, it is charged once; first is true for the call that did.
func (c *Client) Resume(ctx context.Context, heldID string, confirm Confirm) (g *Generation, first bool, err error) {
	g = new(Generation)
	reply, err := c.Call(ctx, http.MethodPost, root+"/held-requests"+seg(heldID)+"/resume", "", confirm, g)
	if err != nil {
		return nil, false, err
	}
	return g, reply.Status == http.StatusAccepted, nil
}

// Image opens a finished picture: as it was made, or with the longer side at
// most size pixels, or as "jpeg" or "png"; 0 and "" leave it as it is.
func (c *Client) Image(ctx context.Context, id string, size int, format string) (io.ReadCloser, error) {
	q := url.Values{}
	if size != 0 {
		q.Set("size", strconv.Itoa(size))
	}
	if format != "" {
		q.Set("format", format)
	}
	return c.file(ctx, "/generations"+seg(id)+"/image?"+q.Encode(), "image/*")
}

// A StatementFilter narrows the statement down. What is empty leaves nothing out.
type StatementFilter struct {
	Show      string // bought, used, returned, gifts_and_corrections or refunds
	From, To  string // days in UTC, such as 2026-11-25; both are included
	Reference string // a picture, purchase, adjustment or lot
}

func (f StatementFilter) query() url.Values {
	q := url.Values{}
	for k, v := range map[string]string{"show": f.Show, "from": f.From, "to": f.To, "reference": f.Reference} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return q
}

// Statement opens the whole statement as CSV, or what the filter leaves of it.
func (c *Client) Statement(ctx context.Context, f StatementFilter) (io.ReadCloser, error) {
	return c.file(ctx, "/credits/transactions?"+f.query().Encode(), "text/csv")
}

func (c *Client) file(ctx context.Context, path, accept string) (io.ReadCloser, error) {
	resp, err := c.open(ctx, http.MethodGet, root+path, http.Header{"Accept": {accept}}, nil)
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

// Credits returns what can be spent.
func (c *Client) Credits(ctx context.Context) (*Credits, error) {
	return get[Credits](ctx, c, "/credits")
}

// Transactions returns a page of the statement, newest first.
func (c *Client) Transactions(ctx context.Context, cursor string, limit int) (*Transactions, error) {
	return c.Find(ctx, StatementFilter{}, cursor, limit)
}

// Find is Transactions of what the filter leaves.
func (c *Client) Find(ctx context.Context, f StatementFilter, cursor string, limit int) (*Transactions, error) {
	q := f.query()
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return get[Transactions](ctx, c, "/credits/transactions?"+q.Encode())
}

// Buy opens a checkout of a pack. Somebody has to pay at its URL.
func (c *Client) Buy(ctx context.Context, key string, o Order) (*Checkout, error) {
	return call[Checkout](ctx, c, http.MethodPost, "/checkouts", c.key(key), o)
}

// Checkout returns a purchase as the payment provider knows it now.
func (c *Client) Checkout(ctx context.Context, id string) (*Checkout, error) {
	return get[Checkout](ctx, c, "/checkouts"+seg(id))
}

// Checkouts lists the last purchases, newest first.
func (c *Client) Checkouts(ctx context.Context) (*Checkouts, error) {
	return get[Checkouts](ctx, c, "/checkouts")
}
