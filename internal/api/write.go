package api

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
)

// encode is v as every answer is written.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return append(b, '\n'), nil
}

// send writes v as JSON.
func (c *call) send(status int, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	return c.raw(status, b)
}

func (c *call) raw(status int, body []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	if status >= 400 {
		h.Set("Content-Type", httpd.ProblemType)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	_, err := c.w.Write(body)
	return err
}

// intent is the call as one wish of one person, with the words of its answer.
func (c *call) intent() kinpict.Intent {
	h := sha256.New()
	// The path too, since a route with an id is many things to ask for.
	fmt.Fprintf(h, "%s\n", c.r.URL.Path)
	h.Write(c.body)
	return kinpict.Intent{Route: c.op.method + " " + c.op.path, Key: c.key, Hash: h.Sum(nil), Answer: words}
}

// words is the answer to a wish, a function of its outcome alone: the same
// bytes now and whenever they are replayed.
func words(result any, err error) (status int, body []byte) {
	if err == nil {
		switch x := result.(type) {
		case *kinpict.Generation:
			status, result = http.StatusAccepted, generationOf(x)
		case *kinpict.Purchase:
			status, result = http.StatusCreated, checkoutOf(x)
		case *kinpict.Review:
			status, result = http.StatusCreated, reviewOf(x)
		case *kinpict.Photo:
			status, result = http.StatusCreated, photoOf(x)
		default:
			err = fmt.Errorf("no words for a %T", result)
		}
	}
	if err == nil {
		if body, err = encode(result); err == nil {
			return status, body
		}
	}
	var e *kinpict.Error
	if !errors.As(err, &e) {
		e = &kinpict.Error{Code: kinpict.Internal, Message: "Something went wrong on our side."}
	}
	return httpd.Document(e)
}

// outcome writes what a wish came to: the fresh result, or the replay.
func (c *call) outcome(result any, id string, replay *kinpict.Replay) error {
	var status int
	var body []byte
	if replay != nil {
		c.w.Header().Set("Idempotent-Replayed", "true")
		status, body, id = replay.Status, replay.Body, replay.Ref
	} else {
		status, body = words(result, nil)
	}
	switch {
	case status == http.StatusAccepted:
		c.w.Header().Set("Location", root+"/generations/"+id)
	case status == http.StatusCreated && c.op.upload:
		c.w.Header().Set("Location", root+"/photos/"+id)
	case status == http.StatusCreated && c.op.name == "fileReview":
		c.w.Header().Set("Location", root+"/reviews/"+id)
	case status == http.StatusCreated:
		c.w.Header().Set("Location", root+"/checkouts/"+id)
	}
	return c.raw(status, body)
}

func generationOf(g *kinpict.Generation) client.Generation {
	out := client.Generation{
		ID: g.ID, Status: g.Status, Preview: g.Funding == kinpict.FundedByPreview,
		Progress: client.Progress{Step: g.Step, Number: 1 + slices.Index(kinpict.Steps, g.Step), Of: len(kinpict.Steps)},
		Quality:  g.Request.Quality, Scenario: g.Request.Scenario, Instruction: g.Request.Instruction, Aspect: g.Request.Aspect,
		Photos:    make([]client.PhotoUse, len(g.Request.Photos)),
		Favourite: g.Favourite, Notify: g.Notify, Credits: g.Credits, CreditsReturned: g.Returned, CatalogVersion: g.CatalogUsed, Attempts: g.Attempts, RetryOf: g.RetryOf,
		CreatedAt: g.CreatedAt, StartedAt: maybe(g.StartedAt), FinishedAt: maybe(g.FinishedAt),
	}
	for i, p := range g.Request.Photos {
		out.Photos[i] = client.PhotoUse(p)
	}
	if g.Status == kinpict.Failed {
		f := g.Failure.Explain()
		out.Failure = &f
	}
	if im := g.Image; im != nil && g.Status == kinpict.Succeeded {
		out.Image = &client.Image{URL: root + "/generations/" + g.ID + "/image", ContentType: im.ContentType,
			Width: im.Width, Height: im.Height, Bytes: im.Bytes, SHA256: im.SHA256}
	}
	return out
}

func checkoutOf(p *kinpict.Purchase) client.Checkout {
	return client.Checkout{ID: p.ID, Status: p.State, URL: p.URL, Pack: p.Pack, Credits: p.Credits, Price: p.Price,
		Tax: p.Tax, Discount: p.Discount, Promo: p.Promo, Bonus: p.Bonus, Refunded: p.Refunded, Disputed: p.Disputed, CreatedAt: p.CreatedAt, PaidAt: maybe(p.PaidAt), ExpiresAt: p.ExpiresAt}
}

func photoOf(p *kinpict.Photo) client.Photo {
	out := client.Photo{ID: p.ID, Width: p.Width, Height: p.Height, Faces: p.Faces, Checks: p.Checks, CreatedAt: p.CreatedAt, ExpiresAt: p.ExpiresAt}
	if out.Faces == nil {
		out.Faces = []kinpict.Face{}
	}
	if out.Checks == nil {
		out.Checks = []kinpict.Check{}
	}
	return out
}

// maybe is nil for the zero time.
func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
