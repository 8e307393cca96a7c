package support

import (
	"context"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/store"
)

// An Answer is what staff reply, with credits where they are due.
type Answer struct {
	Text    string
	Credits kinpict.Credits // 0: none
	Reason  string          // required with credits; the person sees it in the statement
	// Approver is who else agreed to a large gift.
	Approver string
	// Back gives back what the delivered picture the review names cost, instead
	// of new credits.
	Back bool
}

// Open returns any review with its evidence, for staff. The evidence is the
// very bytes that were frozen.
func (d *Desk) Open(ctx context.Context, c kinpict.Caller, id string) (r *kinpict.Review, err error) {
	if _, err := staff(c); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		r, err = tx.Review(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Queue are all reviews in a state, or in any (""), for staff: newest first,
// those before the id before ("" for the newest), at most limit.
func (d *Desk) Queue(ctx context.Context, c kinpict.Caller, status, before string, limit int) (out []*kinpict.Review, err error) {
	if _, err := staff(c); err != nil {
		return nil, err
	}
	err = d.DB.Read(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.Reviews("", status, before, limit)
		return err
	})
	return out, err
}

// Answer answers an open review: the answer, the credits and the mail that tells
// the person are one commit. A review is answered once, and gives once.
//
// Errors: Forbidden for who is no staff or whose own review it is, Invalid,
// NotFound, Conflict for one that was answered or closed.
func (d *Desk) Answer(ctx context.Context, c kinpict.Caller, id string, a Answer) (*kinpict.Review, error) {
	text, err := sentence("text", a.Text, kinpict.MaxReview)
	if err != nil {
		return nil, err
	}
	if a.Credits < 0 || a.Credits == 0 && (a.Back || a.Reason != "" || a.Approver != "") {
		return nil, invalid("credits", "A reason or an approver goes with a number of credits above 0.", "Leave them out, or say how many.")
	}
	if a.Credits > 0 && a.Reason == "" {
		return nil, invalid("reason", "Credits need a reason.", "The person sees it in their statement.")
	}
	act := kinpict.ReviewAct{Kind: kinpict.ActAnswer, Text: text, Credits: a.Credits, Reason: a.Reason}
	return d.act(ctx, c, id, act, func(tx *store.Tx, r *kinpict.Review) (seq int64, err error) {
		if a.Credits == 0 {
			return 0, nil
		}
		g := Gift{ID: r.ID, AccountID: r.AccountID, Credits: a.Credits, Reason: a.Reason, Approver: a.Approver}
		if a.Back {
			if g.Generation = r.Generation; g.Generation == "" {
				return 0, invalid("back", "This review names no picture to give back.", "Give new credits instead.")
			}
		}
		if err := d.Give(tx, c, g); err != nil {
			return 0, err
		}
		return tx.Position(r.AccountID)
	})
}

// Close ends a review, with words the person can read. Errors as of Answer.
func (d *Desk) Close(ctx context.Context, c kinpict.Caller, id, reason string) (*kinpict.Review, error) {
	text, err := sentence("reason", reason, kinpict.MaxReview)
	if err != nil {
		return nil, err
	}
	return d.act(ctx, c, id, kinpict.ReviewAct{Kind: kinpict.ActClose, Text: text}, nil)
}

// act moves a review on, does what goes with it, and tells the person.
func (d *Desk) act(ctx context.Context, c kinpict.Caller, id string, a kinpict.ReviewAct, with func(*store.Tx, *kinpict.Review) (int64, error)) (*kinpict.Review, error) {
	actor, err := staff(c)
	if err != nil {
		return nil, err
	}
	if a.Actor = actor; actor == "" {
		a.Actor = "command" // an operator at the shell of the server
	}
	var r *kinpict.Review
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		before, err := tx.Review(id)
		if err != nil {
			return err
		}
		if before.AccountID == c.AccountID {
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "Nobody works on their own review.", Hint: "Ask a colleague."}
		}
		// The account's row first, as every change of credits takes it.
		owner, err := tx.LockAccount(before.AccountID)
		if err != nil {
			return err
		}
		now := a
		if with != nil {
			if now.Seq, err = with(tx, before); err != nil {
				return err
			}
		}
		done, err := tx.ActOnReview(id, now)
		if err != nil {
			return err
		}
		if !done {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "This review was answered or closed before.", Hint: "Look at it again. A person who needs more files a new one."}
		}
		if r, err = tx.Review(id); err != nil || owner.Email == "" {
			return err
		}
		say := d.Languages.For(owner.Language)
		return tx.SendMail(store.Mail{ID: d.IDs.New(kinpict.MailPrefix), To: owner.Email, Subject: say.Say("An answer about your credits"), Body: d.letter(id, now, say)})
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// letter tells the person what was done. What it says stands on the page, too.
func (d *Desk) letter(id string, a kinpict.ReviewAct, say *lang.Printer) string {
	first := say.Say("You asked us to look at your credits.")
	if a.Kind == kinpict.ActClose {
		first = say.Say("The review of your credits is closed.")
	}
	text := first + "\n\n" + a.Text + "\n"
	if a.Credits > 0 {
		text += "\n" + say.Say("Credits given: %d. They are in your balance now.", int64(a.Credits)) + "\n"
	}
	return text + "\n" + say.Say("Everything about it:") + " " + d.PublicURL + "/help/balance/" + id + "\n"
}
