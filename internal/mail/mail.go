// Package mail sends what was put into the outbox.
//
// A message is a row that was written in the same commit as what it is about, so
// there is none about something that did not happen, and none is forgotten when
// the process dies. A Post takes one row at a time by compare-and-set, so that
// two processes do not both send it, hands it to a Sender, and writes down what
// became of it.
//
//	          handed on
//	waiting ─────────────▶ sent, or kept where mail is only read here
//	  │ ▲ │
//	  │ │ └── refused for good, or of no use any more ──▶ failed
//	  │ └──── not now: tried again later                    │
//	  └────────────────── an operator's retry ◀─────────────┘
//
// A message is sent at least once. The one case of twice is a server that took
// it and whose answer was lost, or a process that died between that answer and
// the commit: then the second one carries the same Message-ID.
package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Times and counts.
const (
	// atOnce is how many messages one process sends at a time.
	atOnce = 4
	// sendTime bounds one attempt. A claim outlives it, so that a message is
	// free again only when nobody is sending it any more.
	sendTime = time.Minute
	claim    = 2 * time.Minute
	// grace is what an attempt under way still gets when the process stops: to
	// cut it off after the server took the message would send it twice.
	grace = 10 * time.Second
	// firstWait is before the second attempt; each further wait is twice as long,
	// up to longestWait.
	firstWait   = 10 * time.Second
	longestWait = 15 * time.Minute
)

// A Message is what is handed on.
type Message struct {
	ID      string // the same for every attempt
	To      string
	Subject string
	Body    string // plain text; lines end with a line feed
	At      time.Time
}

// A Fate is what a Sender did with a message.
type Fate = store.MailState

// What may become of a message that was handed on.
const (
	Sent = store.MailSent
	Kept = store.MailKept
)

// A Sender hands a message on. An error means that it is tried again, unless it
// is a Refusal. An error names no person and no secret: it is kept and logged.
type Sender interface {
	Send(ctx context.Context, m *Message) (Fate, error)
}

// A Refusal is the answer of a server that will not take this message, however
// often it is asked.
type Refusal struct{ Err error }

func (r *Refusal) Error() string { return r.Err.Error() }
func (r *Refusal) Unwrap() error { return r.Err }

// An Outbox keeps messages where they are, to be read at /outbox and by `kinpict
// mail`.
type Outbox struct{}

// Send keeps the message.
func (Outbox) Send(context.Context, *Message) (Fate, error) { return Kept, nil }

// A Post sends what waits. All fields are required.
type Post struct {
	DB     *store.DB
	Sender Sender
	Log    *slog.Logger
	// Poll is how often it looks for messages.
	Poll time.Duration
}

// Work sends what is put into the outbox until ctx ends.
func (p *Post) Work(ctx context.Context) {
	tick := time.NewTicker(p.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		n, err := p.Round(ctx)
		if err != nil && ctx.Err() == nil {
			p.Log.Error("mail", "err", err)
		}
		if n == atOnce && err == nil {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Round sends up to atOnce messages that are due and returns how many it ended:
// those handed on and those given up.
func (p *Post) Round(ctx context.Context) (int, error) {
	var due []store.Mail
	err := p.DB.Read(ctx, func(t *store.Tx) (err error) {
		due, err = t.DueMail(atOnce)
		return err
	})
	if err != nil {
		return 0, err
	}
	ended, errs := make([]bool, len(due)), make([]error, len(due))
	var wg sync.WaitGroup
	for i := range due {
		wg.Go(func() { ended[i], errs[i] = p.send(ctx, &due[i]) })
	}
	wg.Wait()
	n := 0
	for _, e := range ended {
		if e {
			n++
		}
	}
	return n, errors.Join(errs...)
}

// send tries one message once and reports whether it left the outbox. What came
// of it is written down also when ctx ends meanwhile.
func (p *Post) send(ctx context.Context, m *store.Mail) (bool, error) {
	var mine bool
	var now time.Time
	err := p.DB.Update(ctx, func(t *store.Tx) (err error) {
		now = t.Now()
		mine, err = t.ClaimMail(m, now.Add(claim))
		return err
	})
	if err != nil || !mine {
		return false, err
	}
	after := context.WithoutCancel(ctx)
	if !now.Before(m.ExpiresAt) {
		why := m.Problem
		if why == "" {
			why = "it waited longer than it was of use"
		}
		return p.giveUp(after, m, why)
	}
	sending, stop := context.WithTimeout(after, sendTime)
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })()
	fate, err := p.Sender.Send(sending, &Message{ID: m.ID, To: m.To, Subject: m.Subject, Body: m.Body, At: m.CreatedAt})
	var refused *Refusal
	switch {
	case err == nil:
		return true, p.DB.Update(after, func(t *store.Tx) error { _, err := t.EndMail(m, fate, ""); return err })
	case errors.As(err, &refused):
		return p.giveUp(after, m, err.Error())
	}
	wait := Wait(m.Attempts)
	p.Log.Warn("mail was not sent", "mail", m.ID, "attempt", m.Attempts, "again_in", wait, "err", err)
	return false, p.DB.Update(after, func(t *store.Tx) error {
		_, err := t.DelayMail(m, t.Now().Add(wait), err.Error())
		return err
	})
}

// Wait is how long a message rests after so many attempts.
func Wait(attempts int) time.Duration {
	wait := firstWait
	for range attempts - 1 {
		if wait *= 2; wait >= longestWait {
			return longestWait
		}
	}
	return wait
}

func (p *Post) giveUp(ctx context.Context, m *store.Mail, why string) (bool, error) {
	var done bool
	err := p.DB.Update(ctx, func(t *store.Tx) (err error) {
		done, err = t.EndMail(m, store.MailFailed, why)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("mail %s: give up: %w", m.ID, err)
	}
	if done {
		p.Log.Error("mail was given up; `kinpict mail retry` sends it after all", "mail", m.ID, "attempt", m.Attempts, "why", why)
	}
	return done, nil
}

// A Mail is a message as it stands in the outbox.
type Mail = store.Mail

// States are where a message may stand, for choosing among them.
var States = []store.MailState{store.MailWaiting, store.MailSent, store.MailKept, store.MailFailed}

// List returns up to limit messages, the newest first, those in one state or,
// for "", in any. The error is Invalid for a state there is not.
func (p *Post) List(ctx context.Context, state string, limit int) (out []Mail, err error) {
	if state != "" && !slices.Contains(States, store.MailState(state)) {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("There is no state %q of a mail.", state), Hint: "Choose one of: waiting, sent, kept, failed."}
	}
	err = p.DB.Read(ctx, func(t *store.Tx) error {
		out, err = t.Outbox(store.MailState(state), limit)
		return err
	})
	return out, err
}

// Retry has a message sent that was given up. NotFound where there is none that
// still has its words.
func (p *Post) Retry(ctx context.Context, id string) error {
	return p.DB.Update(ctx, func(t *store.Tx) error {
		done, err := t.RetryMail(id)
		if err == nil && !done {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "There is no mail " + id + " that was given up and still has its words.",
				Hint: "See kinpict mail list --state failed. A sign-in link is not kept; the person asks for a new one."}
		}
		return err
	})
}
