package support

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// A Report is what a person says about their balance. All but Message may be
// empty.
type Report struct {
	Message    string
	Generation string
	Purchase   string
	Page       string // local path of the page where it was seen
}

// Filed is a review, and what was answered if the same was asked before.
type Filed struct {
	Review *kinpict.Review
	Replay *kinpict.Replay
}

// tries is how often filing waits for the books to stand still between the
// audit and the commit. After that it says up to where the audit looked.
const tries = 3

// File takes a review and freezes the books beside it, in one commit. in.Key is
// optional; with one, the same report again is the same review. The result
// handed to in.Answer is a *kinpict.Review.
//
// Errors: Unauthenticated, KeyReused, Invalid, NotFound for a picture or a
// purchase that is not the caller's, RateLimited.
func (d *Desk) File(ctx context.Context, c kinpict.Caller, in kinpict.Intent, rep Report) (*Filed, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	message, err := sentence("message", rep.Message, kinpict.MaxReview)
	if err != nil {
		return nil, err
	}
	r := &kinpict.Review{AccountID: c.AccountID, Message: message, Generation: rep.Generation, Purchase: rep.Purchase, Page: pageSeen(rep.Page)}
	if rep.Page != "" && r.Page == "" {
		return nil, invalid("page", "The page must be a path of this site.", "Send a path such as /credits, without a host.")
	}
	// An audit costs more than everything else here, so nobody gets one for a
	// review that will be refused. What counts is decided again with the commit.
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if in.Key != "" {
			if replay, err := tx.Replay(c.AccountID, in); err != nil || replay != nil {
				return err
			}
		}
		return d.limit(tx, c.AccountID)
	})
	if err != nil {
		return nil, err
	}
	id := d.IDs.New(kinpict.ReviewPrefix)
	for try := 1; ; try++ {
		// The audit reads far more than the rest, so it must not hold up whoever
		// writes. That the account stood still since is seen by its number.
		audit, err := d.audit(ctx, c.AccountID)
		if err != nil {
			return nil, err
		}
		out := &Filed{}
		moved := false
		err = d.DB.Update(ctx, func(tx *store.Tx) (err error) {
			moved, out.Review, out.Replay = false, nil, nil
			a, err := tx.LockAccount(c.AccountID)
			if err != nil {
				return err
			}
			if a.Status == "closed" { // a moment ago: nothing is frozen about who is gone
				return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "This account was deleted."}
			}
			if in.Key != "" {
				if out.Replay, err = tx.Replay(c.AccountID, in); err != nil {
					return err
				}
				if out.Replay != nil {
					out.Review, err = tx.Review(out.Replay.Ref)
					return err
				}
			}
			if err := d.limit(tx, c.AccountID); err != nil {
				return err
			}
			seq, err := tx.Position(c.AccountID)
			if err != nil {
				return err
			}
			if moved = seq != audit.Seq && try < tries; moved {
				return nil
			}
			fresh := *r
			fresh.ID = id
			e, err := freeze(tx, &fresh, audit)
			if err != nil {
				return err
			}
			if fresh.Evidence, err = json.Marshal(e); err != nil {
				return fmt.Errorf("freeze evidence of %s: %w", id, err)
			}
			if err := tx.PutReview(&fresh); err != nil {
				return err
			}
			out.Review = &fresh
			if in.Key == "" {
				return nil
			}
			status, body := in.Words(http.StatusCreated, &fresh, nil)
			_, err = tx.Remember(c.AccountID, in, status, id, body)
			return err
		})
		if err != nil {
			return nil, err
		}
		if !moved {
			out.Review.Evidence = nil
			return out, nil
		}
	}
}

// audit proves the account's own books, and says up to where.
func (d *Desk) audit(ctx context.Context, account string) (AuditResult, error) {
	var a AuditResult
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if a.Seq, err = tx.LastSeq(account); err != nil {
			return err
		}
		a.Findings, err = tx.AuditAccount(account)
		return err
	})
	if a.Findings == nil {
		a.Findings = []store.Finding{}
	}
	return a, err
}

func (d *Desk) limit(tx *store.Tx, account string) error {
	if d.Relaxed {
		return nil
	}
	open, filed, err := tx.OpenReviews(account, tx.Now().Add(-24*time.Hour))
	switch {
	case err != nil:
		return err
	case open >= OpenReviews:
		return &kinpict.Error{Code: kinpict.RateLimited, Message: fmt.Sprintf("There are %d reviews of yours waiting already.", open),
			Hint: "We answer them one by one. Wait for an answer before you ask about more."}
	case filed >= DailyReviews:
		return &kinpict.Error{Code: kinpict.RateLimited, Message: "There were many reviews today.", Hint: "Come back tomorrow."}
	}
	return nil
}

// pageSeen is the path of a page without what could be a secret in it: its
// query, the token of a private link, and what is not seen. It is "" for what is
// no page of ours.
func pageSeen(page string) string {
	if !kinpict.LocalPath(page) {
		return ""
	}
	u, err := url.Parse(page)
	if err != nil {
		return ""
	}
	p := strings.Map(visible, u.Path)
	if strings.HasPrefix(p, "//") {
		return ""
	}
	for _, secret := range []string{"/s/", "/sandbox/"} {
		if strings.HasPrefix(p, secret) {
			return secret
		}
	}
	return p
}
