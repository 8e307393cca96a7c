package generation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/store"
)

// MaxLookedAt is how many requests of one account wait for a person at once.
const MaxLookedAt = 5

// errRead: a person has read these very words and let them pass, and a picture
// was made of them.
var errRead = errors.New("these words were read before")

// doubtful reports whether a person has to read the request before it is
// accepted.
func (s *Studio) doubtful(req kinpict.Request) bool {
	return s.SafetyHold && len(Doubts(req)) > 0
}

// holdForSafety parks a request until a person has read its words, in the commit
// that stores what is answered. The same request again is the one that waits
// already, or was decided, whatever its key. errRead if it needs no reading.
func (s *Studio) holdForSafety(ctx context.Context, c kinpict.Caller, in kinpict.Intent, req kinpict.Request, cost kinpict.Credits, p *store.Prospect, o order) (*Accepted, error) {
	var out *Accepted
	var told error
	err := s.DB.Update(ctx, func(t *store.Tx) error {
		out, told = nil, nil
		// The account's row first, so that what waits is counted in one piece.
		a, err := t.LockAccount(c.AccountID)
		if err != nil {
			return err
		}
		if a.Status != "active" {
			return inactive()
		}
		if o.held != nil {
			h, err := s.convert(t, c, o.held.ID)
			if err == nil {
				told = heldForReview(h)
			}
			return err
		}
		r, err := t.Replay(c.AccountID, in)
		if err != nil || r != nil {
			out = &Accepted{Replay: r}
			return err
		}
		h, err := s.read(t, c.AccountID, req)
		if err != nil {
			return err
		}
		fresh := h == nil
		if fresh {
			h = &kinpict.HeldRequest{ID: s.IDs.New(kinpict.HeldPrefix), AccountID: c.AccountID, Reason: kinpict.HeldForSafety, Request: req, Cost: cost,
				CreatedAt: t.Now(), ExpiresAt: t.Now().Add(store.KeepHeld), Language: in.Language}
			h.Request.CatalogVersion = p.Catalog.Version
		}
		if err := s.countHold(t, c.AccountID); err != nil {
			return err
		}
		told = heldForReview(h)
		status, body := in.Words(http.StatusConflict, nil, told)
		if _, err := t.Remember(c.AccountID, in, status, h.ID, body); err != nil || !fresh {
			return err
		}
		if err := t.TouchPhotos(c.AccountID, photoIDs(req), h.ExpiresAt); err != nil {
			return err
		}
		return t.PutHeld(h)
	})
	if err != nil || out != nil {
		return out, err
	}
	return nil, told
}

// read finds the request among those a person has read or is to read. nil if
// nobody was asked yet; errRead if it was approved and a picture was made of it;
// RateLimited if too many wait.
func (s *Studio) read(t *store.Tx, accountID string, req kinpict.Request) (*kinpict.HeldRequest, error) {
	before, err := t.ReadWords(accountID)
	if err != nil {
		return nil, err
	}
	looked := 0
	for _, h := range before {
		waits := h.Waits(t.Now())
		if waits && h.Decision == "" {
			looked++
		}
		switch same := alike(h.Request, req); {
		case same && waits:
			return h, nil
		case same && h.GenerationID != "" && h.Decision == kinpict.HoldApproved:
			return nil, errRead
		}
	}
	if looked >= MaxLookedAt {
		return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: fmt.Sprintf("%d of your requests are being looked at already.", looked),
			Hint: "Nothing was charged. Wait until one is decided, or take one back."}
	}
	return nil, nil
}

// alike reports whether two requests ask for the same, whatever the prices were.
func alike(a, b kinpict.Request) bool {
	a.CatalogVersion, b.CatalogVersion = 0, 0
	return reflect.DeepEqual(a, b)
}

// convert has a person read a request that waited for credits: the rules, or
// the setting, came after it.
func (s *Studio) convert(t *store.Tx, c kinpict.Caller, id string) (*kinpict.HeldRequest, error) {
	if _, err := t.HoldForSafety(c.AccountID, id); err != nil {
		return nil, err
	}
	h, err := t.Held(c.AccountID, id) // NotFound if it was taken back meanwhile
	if err != nil {
		return nil, err
	}
	return h, t.TouchPhotos(c.AccountID, photoIDs(h.Request), h.ExpiresAt)
}

// State is where a held request that waits stands, for its owner: "credits",
// "looking" while a person has it, "approved" or "refused".
func (s *Studio) State(h *kinpict.HeldRequest) string {
	switch {
	case h.Decision != "":
		return h.Decision
	case h.Reason == kinpict.HeldForSafety && s.SafetyHold:
		return "looking"
	}
	return kinpict.HeldForCredits // also where nobody looks any more
}

// heldForReview says that a person has the request, or what they decided.
func heldForReview(h *kinpict.HeldRequest) error {
	state := h.Decision
	e := &kinpict.Error{Code: kinpict.HeldForReview}
	switch h.Decision {
	case kinpict.HoldApproved:
		e.Message, e.Hint = "A person has read these words, and you can go on.", "Nothing was taken. Go on with the request that waits."
	case kinpict.HoldRefused:
		e.Message, e.Hint = "A person has read these words, and this picture is not made.", "Nothing was taken. Change the words and send it again."
	default:
		state = "looking"
		e.Message, e.Hint = "A person reads these words before the picture is made.", "Nothing was taken. You get a mail when it is decided; you can change the words meanwhile."
	}
	e.Members = map[string]any{"held_request": map[string]any{"id": h.ID, "expires_at": h.ExpiresAt, "url": "/held/" + h.ID, "state": state}}
	if h.Note != "" {
		e.Members["note"] = h.Note
	}
	if h.Decision == "" {
		list := []kinpict.Finding{}
		for _, d := range Doubts(h.Request) {
			list = append(list, d.Finding)
		}
		e.Members["findings"] = list
	}
	return e
}

// unread refuses a free preview whose words a person would have to read: there
// is nobody to tell, or nothing that waits.
func unread(c kinpict.Caller, req kinpict.Request) error {
	d := Doubts(req)[0]
	e := &kinpict.Error{Code: kinpict.ContentNotAllowed, Message: d.Message, Hint: "Choose other words, or sign in: then a person reads them first. Nothing was charged.",
		Members: map[string]any{"errors": []map[string]string{{"field": d.Field, "message": d.Message}}, "findings": []kinpict.Finding{d.Finding}}}
	if c.AccountID != "" {
		e.Hint = "Choose other words, or make it with credits: then a person reads them first. Nothing was charged."
	}
	return e
}

// Withdraw takes one of the caller's held requests back, with its words. Its
// photos may then be deleted. Conflict for one that has gone on, NotFound for
// one that waits no more.
func (s *Studio) Withdraw(ctx context.Context, c kinpict.Caller, id string) error {
	if c.AccountID == "" {
		return unauthenticated()
	}
	return s.DB.Update(ctx, func(t *store.Tx) error {
		done, err := t.Withdraw(c.AccountID, id)
		if err != nil || done {
			return err
		}
		h, err := t.Held(c.AccountID, id)
		if err != nil {
			return err
		}
		if h.Decision == kinpict.HoldRefused {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "This request is not made, so there is nothing to take back.", Hint: "Nothing was taken. It goes by itself; other words make a new request."}
		}
		return &kinpict.Error{Code: kinpict.Conflict, Message: "This request has gone on already.", Hint: "Look at the picture it became.",
			Members: map[string]any{"generation": h.GenerationID}}
	})
}

// Waiting are the caller's requests that wait, oldest first.
func (s *Studio) Waiting(ctx context.Context, c kinpict.Caller) (out []*kinpict.HeldRequest, err error) {
	if c.AccountID == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		out, err = t.Waiting(c.AccountID)
		return err
	})
	return out, err
}

// reader is who decides about words, or why they may not.
func reader(c kinpict.Caller) error {
	if c.Role != kinpict.Support && c.Role != kinpict.Operator {
		return &kinpict.Error{Code: kinpict.Forbidden, Message: "Only staff read what people ask for."}
	}
	return nil
}

// Holds are everybody's requests held for safety, for staff: those that wait for
// a decision (""), the longest waiting first and behind the id cursor, or those
// that were decided so, the newest first and before it. At most limit.
func (s *Studio) Holds(ctx context.Context, c kinpict.Caller, decision, cursor string, limit int) (out []*kinpict.HeldRequest, err error) {
	if err := reader(c); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		if decision == "" {
			out, err = t.Undecided(cursor, limit)
		} else {
			out, err = t.Decided(decision, cursor, limit)
		}
		return err
	})
	return out, err
}

// HoldsWaiting is how many requests wait for a person.
func (s *Studio) HoldsWaiting(ctx context.Context) (n int, err error) {
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		n, err = t.CountUndecided()
		return err
	})
	return n, err
}

// Hold returns one of them, for staff. NotFound when it was taken back, waited
// too long, or its owner is gone.
func (s *Studio) Hold(ctx context.Context, c kinpict.Caller, id string) (h *kinpict.HeldRequest, err error) {
	if err := reader(c); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		h, err = hold(t, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func hold(t *store.Tx, id string) (*kinpict.HeldRequest, error) {
	gone := &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such request to read.", Hint: "It was taken back, waited too long, or its owner is gone."}
	h, err := t.AnyHeld(id)
	switch {
	case kinpict.CodeOf(err) == kinpict.NotFound:
		return nil, gone
	case err != nil:
		return nil, err
	case h.Reason != kinpict.HeldForSafety || !h.WithdrawnAt.IsZero() || h.Decision == "" && h.GenerationID == "" && !h.Waits(t.Now()):
		return nil, gone
	}
	return h, nil
}

// Decide ends the wait for a person, once: decision is kinpict.HoldApproved or
// HoldRefused, and note is told to the owner if it is not empty. The decision,
// the time the request waits from now on, and the mail that tells its owner are
// one commit.
//
// Errors: Forbidden for who is no staff or whose own request it is, Invalid,
// NotFound as of Hold, Conflict for one that was decided before, which says by
// whom, or that has gone on.
func (s *Studio) Decide(ctx context.Context, c kinpict.Caller, id, decision, note string) (h *kinpict.HeldRequest, err error) {
	if err := reader(c); err != nil {
		return nil, err
	}
	if note = legible(note); len([]rune(note)) > kinpict.MaxHoldNote {
		return nil, invalid("note", fmt.Sprintf("This has %d characters; at most %d fit.", len([]rune(note)), kinpict.MaxHoldNote), "Say it in fewer words.")
	}
	by := c.AccountID
	if by == "" {
		by = "command" // an operator at the shell of the server
	}
	err = s.DB.Update(ctx, func(t *store.Tx) error {
		before, err := hold(t, id)
		if err != nil {
			return err
		}
		if before.AccountID == c.AccountID {
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "Nobody decides about their own request.", Hint: "Ask a colleague."}
		}
		owner, err := t.LockAccount(before.AccountID)
		if err != nil {
			return err
		}
		done, err := t.Decide(id, decision, by, note)
		if err != nil {
			return err
		}
		if h, err = hold(t, id); err != nil {
			return err
		}
		if !done {
			return decided(h)
		}
		if err := t.TouchPhotos(h.AccountID, photoIDs(h.Request), h.ExpiresAt); err != nil {
			return err
		}
		return s.write(t, owner, h, s.verdict, h.ExpiresAt)
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// write puts a mail about a held request into its owner's outbox, if they have
// an address.
func (s *Studio) write(t *store.Tx, owner *kinpict.Account, h *kinpict.HeldRequest, letter func(*kinpict.HeldRequest, *lang.Printer) (subject, body string), until time.Time) error {
	if owner.Email == "" {
		return nil
	}
	language := owner.Language
	if language == "" {
		language = h.Language
	}
	subject, body := letter(h, s.Languages.For(language))
	return t.SendMail(store.Mail{ID: s.IDs.New(kinpict.MailPrefix), To: owner.Email, Subject: subject, Body: body, ExpiresAt: until})
}

// apologise tells the owner that nobody read their words in time.
func (s *Studio) apologise(t *store.Tx, h *kinpict.HeldRequest) error {
	owner, err := t.Account(h.AccountID)
	if err != nil {
		return err
	}
	return s.write(t, owner, h, func(h *kinpict.HeldRequest, say *lang.Printer) (subject, body string) {
		return say.Say("Your request waited too long"),
			paragraphs(say.Say("Nobody has read the words of your picture, %s, in time. We are sorry.", s.title(h, say)),
				say.Say("Nothing was taken. You can put it together again here, in these words or others:"), s.PublicURL+"/create")
	}, time.Time{})
}

// title is the name of the scenario a request is for.
func (s *Studio) title(h *kinpict.HeldRequest, say *lang.Printer) string {
	if sc, err := s.Scenarios.Scenario(h.Request.Scenario); err == nil {
		return sc.In(say.Code).Title
	}
	return h.Request.Scenario
}

// decided says who was first.
func decided(h *kinpict.HeldRequest) error {
	e := &kinpict.Error{Code: kinpict.Conflict, Hint: "Look at it again. What was decided stays."}
	switch h.Decision {
	case kinpict.HoldApproved:
		e.Message = fmt.Sprintf("%s approved this request before.", h.DecidedBy)
	case kinpict.HoldRefused:
		e.Message = fmt.Sprintf("%s refused this request before.", h.DecidedBy)
	default:
		e.Message, e.Hint = "This request has gone on already.", "It went on while nobody had to read it."
		return e
	}
	e.Members = map[string]any{"decision": h.Decision, "decided_by": h.DecidedBy, "decided_at": h.DecidedAt}
	return e
}

// legible is what staff write without what is not seen and could change how the
// rest is read.
func legible(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\u200c' && r != '\u200d' && (r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n")))
}

// verdict tells the owner what was decided. It names no photo and repeats none
// of their words, nor what staff wrote about these: mail is read over shoulders,
// and the page has it all.
func (s *Studio) verdict(h *kinpict.HeldRequest, say *lang.Printer) (subject, body string) {
	title := s.title(h, say)
	page := s.PublicURL + "/held/" + h.ID
	kept := say.Say("Your photos and words are kept until %s.", say.Date(h.ExpiresAt))
	if h.Decision == kinpict.HoldApproved {
		return say.Say("You can go on with your picture"),
			paragraphs(say.Say("A person has read the words of your picture, %s, and it can be made.", title),
				say.Say("Nothing was taken yet. This page names the cost, and one press goes on:"), page, kept)
	}
	return say.Say("Your picture is not made as it is worded"),
		paragraphs(say.Say("A person has read the words of your picture, %s. As they are, it is not made here.", title),
			say.Say("Nothing was taken. This page says more, and there you can change the words:"), page, kept)
}
