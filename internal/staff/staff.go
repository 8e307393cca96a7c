// Package staff is what those who work for the house see of the whole: figures,
// requests, people, the books and what colleagues did. It changes nothing a
// person has; what staff do about somebody's credits, reviews and held requests
// is the business of the packages that know these.
//
// Nothing here returns a photo, a picture, the words of a request or, unless it
// is asked for on the record, an address.
package staff

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// An Office shows staff what there is. All fields are required.
type Office struct {
	DB  *store.DB
	IDs kinpict.IDs
	Now func() time.Time
	Log *slog.Logger
}

// Periods are the numbers of days figures are told of, the first unless asked.
var Periods = []int{21, 7, 90}

// allowed refuses who does not work for the house.
func allowed(c kinpict.Caller) error {
	if c.Role != kinpict.Support && c.Role != kinpict.Operator {
		return &kinpict.Error{Code: kinpict.Forbidden, Message: "Only staff may see this."}
	}
	return nil
}

// An Overview is how the house stands.
type Overview struct {
	At      time.Time
	From    time.Time // midnight at which the first day began, UTC
	Days    int
	Figures *store.Figures
	Owed    kinpict.Credits // what all lots hold
	Running *store.AuditRun // nil for none
	Audit   *store.AuditRun // the last that ended, nil if none did
	Reviews int             // that wait for an answer
	Since   time.Time       // when the first of them was filed
	Holds   int             // requests whose words somebody has to read
	Held    time.Time       // when the first of them was held
	Overdue int             // requests past their time that nobody has ended
}

// Overview is how the house stands, with figures of the last days, today among
// them. A number that is none of Periods is the first.
func (o *Office) Overview(ctx context.Context, c kinpict.Caller, days int) (*Overview, error) {
	if err := allowed(c); err != nil {
		return nil, err
	}
	v := &Overview{At: o.Now(), Days: Periods[0]}
	for _, p := range Periods {
		if p == days {
			v.Days = p
		}
	}
	v.From = v.At.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-v.Days)
	err := o.DB.View(ctx, func(tx *store.Tx) (err error) {
		if v.Figures, err = tx.Figures(v.From); err != nil {
			return err
		}
		if v.Owed, err = tx.CreditsOwed(); err != nil {
			return err
		}
		if v.Running, v.Audit, err = tx.Audits(); err != nil {
			return err
		}
		if v.Reviews, v.Since, err = tx.CountOpenReviews(); err != nil {
			return err
		}
		if v.Holds, err = tx.CountUndecided(); err != nil {
			return err
		}
		if first, err := tx.Undecided("", 1); err != nil {
			return err
		} else if len(first) > 0 {
			v.Held = first[0].CreatedAt
		}
		v.Overdue, err = tx.CountOverdue()
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// A Deed is something staff did.
type Deed = store.Deed

// Trail is what staff did, newest first: behind the cursor, "" for the newest, at
// most limit. next is empty at the end.
func (o *Office) Trail(ctx context.Context, c kinpict.Caller, cursor string, limit int) (out []Deed, next string, err error) {
	if err := allowed(c); err != nil {
		return nil, "", err
	}
	err = o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.Deeds(readCursor(cursor), limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		d := out[limit-1]
		next = strings.Join([]string{strconv.FormatInt(d.At.UnixMicro(), 10), d.Kind, d.Subject}, "|")
	}
	return out, next, err
}

// readCursor is the deed a page ended with, nil where the cursor is none of ours.
func readCursor(cursor string) *Deed {
	parts := strings.SplitN(cursor, "|", 3)
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if len(parts) != 3 || err != nil || at <= 0 {
		return nil
	}
	return &Deed{At: time.UnixMicro(at).UTC(), Kind: parts[1], Subject: parts[2]}
}
