package billing

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

const (
	// MaxStatement is the most lines of a statement given at once.
	MaxStatement = 200
	// MaxPrinted is the most lines of a statement on paper.
	MaxPrinted = 1000
	// MaxSummed is the most lines that totals are made over.
	MaxSummed = 10000
	// EmptyLots is how many used up lots are listed.
	EmptyLots = 50
)

// What a statement can be narrowed down to. Every kind of line is in one of them.
const (
	ShowBought   = "bought"
	ShowUsed     = "used"
	ShowReturned = "returned"
	ShowOther    = "gifts_and_corrections"
	ShowRefunds  = "refunds"
)

// Shows are these, in the order they are offered.
var Shows = []string{ShowBought, ShowUsed, ShowReturned, ShowOther, ShowRefunds}

var shown = map[string][]string{
	ShowBought:   {"purchase"},
	ShowUsed:     {"charge"},
	ShowReturned: {"return"},
	ShowOther: {"promo", "bonus", "adjust", "goodwill", "forgive", "take",
		"expire", "forfeit"},
	ShowRefunds: {"reverse", "restore"},
}

// A Filter narrows a statement down. The zero Filter leaves nothing out.
type Filter struct {
	Show        string    // one of Shows
	From, Until time.Time // of this instant or later, and before that one
	Reference   string    // the id of a picture, a purchase, an adjustment, or of a lot the lines changed
}

// Days are the instants a filter from one day to another means, both included
// and in UTC. Either may be "". A day is written 2006-01-02; Invalid names the
// field that is not one, from or to.
func Days(from, to string) (start, end time.Time, err error) {
	day := func(field, s string) (time.Time, error) {
		if s == "" {
			return time.Time{}, nil
		}
		t, err := time.Parse(time.DateOnly, s)
		if err != nil || t.Year() < 1970 || t.Year() > 9998 {
			return time.Time{}, noDay(field, "This is not a day.", "Write it like 2026-11-25.")
		}
		return t, nil
	}
	if start, err = day("from", from); err != nil {
		return start, end, err
	}
	if end, err = day("to", to); err != nil || end.IsZero() {
		return start, end, err
	}
	if end = end.AddDate(0, 0, 1); !start.Before(end) {
		return start, end, noDay("to", "The last day is before the first.", "Turn them round.")
	}
	return start, end, nil
}

func noDay(field, message, hint string) error {
	return &kinpict.Error{Code: kinpict.Invalid, Message: message, Hint: hint,
		Members: map[string]any{"errors": []map[string]string{{"field": field, "message": message}}}}
}

func (f Filter) sought(account string) (store.Sought, error) {
	q := store.Sought{AccountID: account, Kinds: shown[f.Show], From: f.From, Until: f.Until}
	if f.Show != "" && q.Kinds == nil {
		return q, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("A statement cannot show only %q.", f.Show), Hint: "Choose one of " + strings.Join(Shows, ", ") + "."}
	}
	ref := strings.TrimSpace(f.Reference)
	if strings.HasPrefix(ref, kinpict.LotPrefix) {
		q.Lot = ref
	} else {
		q.Ref = ref
	}
	return q, nil
}

// Statement lists what changed the caller's credits, newest first: at most limit
// lines (1 to MaxStatement; 0 means 50) of those the filter leaves, from cursor
// on, which is empty for the first page and otherwise the next of the page
// before with the same filter. next is empty at the end.
func (s *Shop) Statement(ctx context.Context, c kinpict.Caller, f Filter, cursor string, limit int) (lines []kinpict.Transaction, next string, err error) {
	p, err := s.statement(ctx, c, f, cursor, limit, false)
	return p.Lines, p.Next, err
}

// Summed is a page of Statement with the sums of all pages, at one moment.
func (s *Shop) Summed(ctx context.Context, c kinpict.Caller, f Filter, cursor string, limit int) (Summed, error) {
	return s.statement(ctx, c, f, cursor, limit, true)
}

// A Summed is some lines of a statement and the sums of all of them.
type Summed struct {
	Lines  []kinpict.Transaction
	Next   string // the cursor of the next page
	Totals kinpict.Totals
	// Whole is false if there are more than MaxSummed lines, and the sums are
	// those of the newest.
	Whole bool
}

func (s *Shop) statement(ctx context.Context, c kinpict.Caller, f Filter, cursor string, limit int, summed bool) (p Summed, err error) {
	if err := signedIn(c); err != nil {
		return p, err
	}
	if limit == 0 {
		limit = 50
	}
	q, err := f.sought(c.AccountID)
	if err != nil {
		return p, err
	}
	before, err := readCursor(cursor)
	if err != nil {
		return p, err
	}
	if limit < 1 || limit > MaxStatement {
		return p, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("The limit must be between 1 and %d.", MaxStatement)}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if q, err = tx.Bounded(q); err != nil {
			return err
		}
		if summed {
			if p.Totals, err = tx.Totals(q, MaxSummed+1); err != nil {
				return err
			}
			p.Whole = p.Totals.Lines <= MaxSummed
		}
		q.Before = before
		p.Lines, err = tx.Statement(q, limit+1)
		return err
	})
	if err == nil && len(p.Lines) > limit {
		p.Lines = p.Lines[:limit]
		p.Next = writeCursor(p.Lines[limit-1].Seq)
	}
	told(p.Lines)
	return p, err
}

// A Sheet is a statement as it is put on paper: all of it at one moment.
type Sheet struct {
	Lines        []kinpict.Transaction // oldest first
	More         bool                  // there are older lines, which found no place
	Opening      kinpict.Credits       // lots minus debt before First
	Closing      kinpict.Credits       // and at Until
	Totals       kinpict.Totals        // over the lines
	First, Until time.Time             // the period that was asked for, or the one there are lines of
}

// Sheet is what the filter leaves of the caller's statement, the newest
// MaxPrinted lines of it.
func (s *Shop) Sheet(ctx context.Context, c kinpict.Caller, f Filter) (*Sheet, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	q, err := f.sought(c.AccountID)
	if err != nil {
		return nil, err
	}
	out := &Sheet{First: f.From, Until: f.Until}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if out.Until.IsZero() {
			out.Until = tx.Now()
		}
		if out.Lines, err = tx.Statement(q, MaxPrinted+1); err != nil {
			return err
		}
		if out.Opening, err = tx.NetAt(c.AccountID, f.From); err != nil {
			return err
		}
		end := f.Until
		if end.IsZero() {
			end = tx.Now().AddDate(1, 0, 0) // lines are dated ahead of a clock that was put back
		}
		out.Closing, err = tx.NetAt(c.AccountID, end)
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.More = len(out.Lines) > MaxPrinted; out.More {
		out.Lines = out.Lines[:MaxPrinted]
		oldest := out.Lines[MaxPrinted-1]
		out.First, out.Opening = oldest.At, oldest.NetAfter-oldest.Amount
	}
	slices.Reverse(out.Lines)
	for _, t := range out.Lines {
		out.Totals.Lines++
		out.Totals.In += max(0, t.Amount)
		out.Totals.Out += max(0, -t.Amount)
	}
	if out.First.IsZero() && len(out.Lines) > 0 {
		out.First = out.Lines[0].At
	}
	told(out.Lines)
	return out, nil
}

// Spent are the caller's lots with nothing left to spend, newest first, at most
// EmptyLots.
func (s *Shop) Spent(ctx context.Context, c kinpict.Caller) (lots []kinpict.Lot, err error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		lots, err = tx.EmptyLots(c.AccountID, EmptyLots)
		return err
	})
	return lots, err
}

// told puts words in place of the states that are the reasons of some lines.
func told(lines []kinpict.Transaction) {
	for i, t := range lines {
		if words := turns[turn{t.Kind, t.Reason}]; words != "" {
			lines[i].Reason = words
		}
	}
}

// A turn is a line about a payment and the state the payment came to, which is
// the line's reason in the books.
type turn struct{ kind, state string }

// turns are what a person reads in place of the state.
var turns = map[turn]string{
	{"reverse", "refunded"}:           "The money went back.",
	{"reverse", "partially_refunded"}: "Part of the money went back.",
	{"reverse", "disputed"}:           "The bank holds the payment.",
	{"restore", "refunded"}:           "Less of the money went back than was known before.",
	{"restore", "partially_refunded"}: "The payment stands, but for the part that went back.",
	{"restore", "disputed"}:           "The bank holds less of the payment.",
	{"restore", Paid}:                 "The payment stands.",
}

func writeCursor(seq int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("s" + strconv.FormatInt(seq, 10)))
}

func readCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		if digits, ok := strings.CutPrefix(string(b), "s"); ok {
			if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 {
				return n, nil
			}
		}
	}
	return 0, &kinpict.Error{Code: kinpict.Invalid, Message: "This cursor is not one of ours.", Hint: "Start again without a cursor."}
}
