// Package support is what a person can hold against us: reviews of a balance
// that does not look right, with the books frozen as they were when it was said,
// and receipts that anybody can check.
//
// A review is filed by a person and answered once by staff. Everything staff do
// carries who, when and why; credits they give go through the same rules as any
// other adjustment and stand in one commit with the answer.
package support

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
)

// A Desk takes reviews and issues receipts. All fields but Languages, Test and
// Relaxed are required.
type Desk struct {
	DB     *store.DB
	IDs    kinpict.IDs
	Now    func() time.Time
	Signer *receipt.Signer
	// PublicURL is where the site is reached, without a slash at the end. It is
	// the issuer of receipts.
	PublicURL string
	// Give gives a person credits within the transaction of an answer, by the
	// rules of every adjustment, and once for each ID.
	Give func(tx *store.Tx, staff kinpict.Caller, g Gift) error
	// Blobs holds the pictures.
	Blobs Blobs
	// Languages are those mails are written in. Nil means all there are.
	Languages *lang.Set
	// Version of the product, which is the version of its policy texts.
	Version string
	// Test says that no real money moves here.
	Test bool
	// Relaxed lifts the limits on filing, for load tests.
	Relaxed bool
}

// Blobs is where bytes lie under keys. Open is NotFound without a key.
type Blobs interface {
	Open(ctx context.Context, key string) (io.ReadCloser, error)
}

// A Gift is credits given with an answer.
type Gift struct {
	ID         string // the review's: it gives once for ever
	AccountID  string
	Credits    kinpict.Credits
	Reason     string // required; the person sees it in the statement
	Approver   string // who else agreed, for large ones
	Generation string // give back what this delivered picture cost, to the lots it came from; empty: new credits
}

// Limits of filing, for each account: reviews that wait at once, and in a day.
const (
	OpenReviews  = 5
	DailyReviews = 10
)

// signedIn refuses who has no account.
func signedIn(c kinpict.Caller) error {
	if c.AccountID == "" {
		return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "Please sign in first.", Hint: "A balance belongs to an account."}
	}
	return nil
}

// staff is who acts, or why they may not. A caller without an account is an
// operator at the shell of the server.
func staff(c kinpict.Caller) (actor string, err error) {
	if c.Role != kinpict.Support && c.Role != kinpict.Operator {
		return "", &kinpict.Error{Code: kinpict.Forbidden, Message: "Only staff work on reviews."}
	}
	return c.AccountID, nil
}

// sentence is text as it is kept: trimmed, without what cannot be seen. It is
// Invalid when empty or longer than limit characters.
func sentence(field, text string, limit int) (string, error) {
	text = strings.TrimFunc(strings.Map(func(r rune) rune {
		if r == '\n' || joiner(r) {
			return r
		}
		return visible(r)
	}, strings.ReplaceAll(text, "\r\n", "\n")), func(r rune) bool { return unicode.IsSpace(r) || joiner(r) })
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		return "", invalid(field, "There is nothing in it yet.", "A sentence or two is enough.")
	case n > limit:
		return "", invalid(field, fmt.Sprintf("This has %d characters; at most %d fit.", n, limit), "Say it in fewer words.")
	}
	return text, nil
}

// joiner is what shapes Persian letters, and makes families of emoji.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// visible drops, for strings.Map, what is not seen and could change how the rest
// is read: controls, line separators, and marks such as U+202E, which turns the
// direction of what follows.
func visible(r rune) rune {
	if r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
		return -1
	}
	return r
}

func invalid(field, message, hint string) error {
	return &kinpict.Error{Code: kinpict.Invalid, Message: message, Hint: hint,
		Members: map[string]any{"errors": []map[string]string{{"field": field, "message": message}}}}
}

func notHere() error {
	return &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such review here.", Hint: "Look at whose account you are in, and whether the address is whole."}
}

// Review returns one of the caller's reviews, without its evidence.
func (d *Desk) Review(ctx context.Context, c kinpict.Caller, id string) (r *kinpict.Review, err error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = tx.Review(id); err == nil && r.AccountID != c.AccountID {
			return notHere()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.Evidence = nil
	return r, nil
}

// Reviews are the caller's reviews, newest first, those before the id before
// ("" for the newest), at most limit.
func (d *Desk) Reviews(ctx context.Context, c kinpict.Caller, before string, limit int) (out []*kinpict.Review, err error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	err = d.DB.Read(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.Reviews(c.AccountID, "", before, limit)
		return err
	})
	return out, err
}
