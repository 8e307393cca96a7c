package generation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// outbox is what was put there for sending.
func (r *room) outbox() (out []store.Mail) {
	r.t.Helper()
	if err := r.DB.View(context.Background(), func(tx *store.Tx) (err error) {
		out, err = tx.Outbox(store.MailWaiting, 50)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *room) ask(id string, on bool, language string) {
	r.t.Helper()
	if err := r.Notify(context.Background(), r.ann, id, on, language); err != nil {
		r.t.Fatalf("ask to be told: %v", err)
	}
}

// TestWhoAskedIsToldOnceHowItEnded follows a request of 4 credits to each of its
// ends, past every time limit.
func TestWhoAskedIsToldOnceHowItEnded(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name    string
		draw    drawing
		before  func(r *room, id string)
		subject string // of the one mail; "" for none
		says    []string
	}{
		{name: "nobody asked"},
		{name: "it is done", before: func(r *room, id string) { r.ask(id, true, "en") },
			subject: "Your picture is ready", says: []string{"Gallery", "https://photos.example.org/generations/", "nothing to unsubscribe from"}},
		{name: "asked twice", before: func(r *room, id string) { r.ask(id, true, "en"); r.ask(id, true, "en") }, subject: "Your picture is ready"},
		{name: "asked and thought better of it", before: func(r *room, id string) { r.ask(id, true, "en"); r.ask(id, false, "en") }},
		{name: "asked on a German page", before: func(r *room, id string) { r.ask(id, true, "de") }, subject: "Dein Bild ist fertig", says: []string{"nichts abzubestellen"}},
		{name: "asked on a German page by an account that reads English", subject: "Your picture is ready", before: func(r *room, id string) {
			r.language("en")
			r.ask(id, true, "de")
		}},
		{name: "asked by a program, for an account that reads German", subject: "Dein Bild ist fertig", before: func(r *room, id string) {
			r.language("de")
			r.ask(id, true, "")
		}},
		{name: "in a language nobody speaks here", before: func(r *room, id string) { r.ask(id, true, "xx") }, subject: "Your picture is ready"},
		{name: "refused", draw: outcome(engine.Refused), before: func(r *room, id string) { r.ask(id, true, "en") },
			subject: "Your picture did not come out", says: []string{"declined", "Your 4 credits are back already.", "/generations/"}},
		{name: "out of tries, in German", draw: outcome(engine.Transient), before: func(r *room, id string) { r.ask(id, true, "de") },
			subject: "Dein Bild ist nicht gelungen", says: []string{"Deine 4 Credits sind schon zurück."}},
		{name: "the worker died", before: func(r *room, id string) {
			r.ask(id, true, "en")
			for range generation.MaxAttempts {
				r.update(func(tx *store.Tx) error {
					_, err := tx.Claim("wrk_dead", generation.Lease, generation.FromClaim)
					return err
				})
				r.clock.Advance(generation.Lease)
				if err := r.Watchdog(ctx); err != nil {
					r.t.Fatal(err)
				}
			}
		}, subject: "Your picture did not come out", says: []string{"Your 4 credits are back already."}},
		{name: "nobody drew it in time", before: func(r *room, id string) {
			r.ask(id, true, "en")
			r.clock.Advance(generation.FromAccept)
			if err := r.Watchdog(ctx); err != nil {
				r.t.Fatal(err)
			}
		}, subject: "Your picture did not come out", says: []string{"Your 4 credits are back already."}},
		{name: "canceled by the person, who knows", before: func(r *room, id string) {
			r.ask(id, true, "en")
			if _, err := r.Cancel(ctx, r.ann, id); err != nil {
				r.t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				r := newRoom(t, db, clock, c.draw)
				r.PublicURL = "https://photos.example.org"
				g := r.accept("one")
				if c.before != nil {
					c.before(r, g.ID)
				}
				for range generation.MaxAttempts + 1 {
					r.once()
					clock.Advance(70 * time.Second)
					if err := r.Watchdog(ctx); err != nil {
						t.Fatal(err)
					}
				}
				if got := r.see(g.ID); !got.Status.Done() {
					t.Fatalf("it is still %s", got.Status)
				}
				box := r.outbox()
				if c.subject == "" {
					if len(box) != 0 {
						t.Fatalf("a mail nobody asked for: %q", box[0].Subject)
					}
					return
				}
				if len(box) != 1 || box[0].Subject != c.subject || box[0].To != "ann@example.org" || box[0].Secret {
					t.Fatalf("mails %+v, want one to ann, %q", box, c.subject)
				}
				for _, words := range c.says {
					if !strings.Contains(box[0].Body, words) {
						t.Errorf("the mail does not say %q:\n%s", words, box[0].Body)
					}
				}
				if strings.Contains(box[0].Body, "all together") {
					t.Error("the mail repeats what the person wrote")
				}
			})
		})
	}
}

// language is what the account says that Ann reads.
func (r *room) language(code string) {
	r.t.Helper()
	r.update(func(tx *store.Tx) error { _, err := tx.SetLanguage(r.ann.AccountID, code); return err })
}

func TestWhoMayAskToBeTold(t *testing.T) {
	ctx := context.Background()
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		g := r.accept("one")
		guest := kinpict.Caller{GuestID: r.IDs.New(kinpict.GuestPrefix)}
		bob := kinpict.Caller{AccountID: "acc_bob", Role: kinpict.Customer}
		for name, c := range map[string]struct {
			who  kinpict.Caller
			code kinpict.Code
		}{"a guest": {guest, kinpict.Unauthenticated}, "somebody else": {bob, kinpict.NotFound}} {
			if err := r.Notify(ctx, c.who, g.ID, true, "en"); kinpict.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		if r.see(g.ID).Notify {
			t.Error("somebody who may not has asked for a mail")
		}
		r.ask(g.ID, true, "en")
		if !r.see(g.ID).Notify {
			t.Error("the generation does not say that a mail was asked for")
		}
		r.once()
		if err := r.Notify(ctx, r.ann, g.ID, true, "en"); kinpict.CodeOf(err) != kinpict.Conflict {
			t.Errorf("once it is done: %v, want %s", err, kinpict.Conflict)
		}
		if n := len(r.outbox()); n != 1 {
			t.Errorf("%d mails, want 1", n)
		}
	})
}
