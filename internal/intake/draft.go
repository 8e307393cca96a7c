package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"kinpict"
	"kinpict/internal/store"
)

// maxDraft is several times what the largest request takes, in bytes of JSON.
const maxDraft = 32 << 10

// A Draft is a request somebody is putting together. It lives on our side, so
// that neither a reload nor signing in nor buying credits loses it.
type Draft struct {
	Request kinpict.Request `json:"request"`
	Consent bool            `json:"consent,omitempty"` // the box about the people shown is ticked
	Helper  Helper          `json:"helper,omitzero"`
}

// A Helper is what was chosen in the prompt helper, by the ids of its lists.
type Helper struct {
	Season   string `json:"season,omitempty"`
	Clothing string `json:"clothing,omitempty"`
	Mood     string `json:"mood,omitempty"`
	Title    string `json:"title,omitempty"` // to be written on the picture
}

// Draft returns the caller's draft, an empty one if there is none.
func (i *Intake) Draft(ctx context.Context, c kinpict.Caller) (*Draft, error) {
	who, err := owner(c)
	if err != nil {
		return nil, err
	}
	var d Draft
	err = i.DB.View(ctx, func(tx *store.Tx) error {
		body, err := tx.Draft(who)
		if err != nil || body == nil {
			return err
		}
		return json.Unmarshal(body, &d)
	})
	if err != nil {
		return nil, fmt.Errorf("draft: %w", err)
	}
	return &d, nil
}

// EditDraft lets change make another draft of the one that is kept, and returns
// it. One follows the other, so that what one page of a person changes does not
// undo what another one did a moment ago. The request need not be complete or
// valid. The error is Invalid if it is far too long to become so, and for a guest
// who begins RateLimited, where very many of their network did today, and
// Unavailable where there is no room.
func (i *Intake) EditDraft(ctx context.Context, c kinpict.Caller, change func(*Draft)) (*Draft, error) {
	who, err := owner(c)
	if err != nil {
		return nil, err
	}
	var d Draft
	err = i.DB.Update(ctx, func(tx *store.Tx) error {
		d = Draft{}
		body, err := tx.Draft(who)
		if err != nil {
			return err
		}
		begins := body == nil && c.AccountID == ""
		if begins {
			// Of a guest who brings nothing, nothing is written.
			if change(&d); reflect.DeepEqual(d, Draft{}) {
				return nil
			}
			d = Draft{}
		}
		if err := tx.LockPhotos(who); err != nil {
			return err
		}
		if begins {
			if err := i.begin(tx, c); err != nil {
				return err
			}
		}
		if body, err = tx.Draft(who); err != nil {
			return err
		}
		if body != nil {
			if err := json.Unmarshal(body, &d); err != nil {
				return fmt.Errorf("draft: %w", err)
			}
		}
		change(&d)
		if reflect.DeepEqual(d, Draft{}) {
			return tx.DropDraft(who)
		}
		if body, err = json.Marshal(d); err != nil {
			return fmt.Errorf("draft: %w", err)
		}
		if len(body) > maxDraft {
			return &kinpict.Error{Code: kinpict.Invalid, Message: "This is too long to keep.",
				Hint: fmt.Sprintf("An instruction has at most %d characters, a request at most %d photos.", kinpict.MaxInstruction, kinpict.MaxPhotos)}
		}
		return tx.PutDraft(who, body)
	})
	if err != nil {
		return nil, err
	}
	return &d, nil
}

// begin counts a guest's draft against their network and area. Drafts of accounts
// are as few as those, and asking for what is paid goes by them: they are let in.
func (i *Intake) begin(tx *store.Tx, c kinpict.Caller) error {
	if err := i.room(); err != nil || i.Relaxed {
		return err
	}
	for _, of := range shares(c) {
		ok, err := tx.AllowMany(networkDrafts+of.of, 1, of.times*NetworkDrafts, day)
		if err != nil {
			return err
		}
		if !ok {
			return crowded(tx.Now(), "Very many pictures were begun from your network today.")
		}
	}
	return nil
}
