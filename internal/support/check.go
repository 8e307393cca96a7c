package support

import (
	"context"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Limits of checking one's own books, which reads all of them.
const (
	ChecksPerHour = 6
	MaxChecked    = 20000 // transactions
)

var maxChecked int64 = MaxChecked // smaller in tests

// Checked is what came of proving an account's books.
type Checked struct {
	At       time.Time
	Lines    int64  // transactions that were read, settled charges among them
	Head     string // hash of the last of them in hex; "" without any
	Findings int    // what is not as it must be; 0 in sound books
}

// Head is the number and the hash of the caller's last transaction.
func (d *Desk) Head(ctx context.Context, c kinpict.Caller) (lines int64, hash string, err error) {
	if err := signedIn(c); err != nil {
		return 0, "", err
	}
	err = d.DB.Read(ctx, func(tx *store.Tx) (err error) {
		lines, hash, err = tx.Head(c.AccountID)
		return err
	})
	return lines, hash, err
}

// Check proves the caller's own books anew: every hash from the first line on,
// and that lots, charges and balance follow from the lines. It is what
// "kinpict audit --account" does.
//
// Errors: Unauthenticated, RateLimited after ChecksPerHour in an hour, Conflict
// for books longer than MaxChecked.
func (d *Desk) Check(ctx context.Context, c kinpict.Caller) (*Checked, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		if n, err := tx.LastSeq(c.AccountID); err != nil || n > maxChecked {
			return orTooLong(err)
		}
		if d.Relaxed {
			return nil
		}
		ok, err := tx.Allow(store.LimitChecks.Of(c.AccountID), ChecksPerHour, time.Hour)
		if err == nil && !ok {
			err = &kinpict.Error{Code: kinpict.RateLimited, Message: "Your books were checked often just now.", Hint: "Check them again in an hour."}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &Checked{}
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		out.At = tx.Now()
		if out.Lines, out.Head, err = tx.Head(c.AccountID); err != nil {
			return err
		}
		found, err := tx.AuditAccount(c.AccountID)
		out.Findings = len(found)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func orTooLong(err error) error {
	if err != nil {
		return err
	}
	return &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("Your books have more than %d lines, which is too much to check while you wait.", maxChecked),
		Hint: "Ask us, and we send you the result."}
}
