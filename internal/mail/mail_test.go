package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict/internal/mail"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var ctx = context.Background()

// A server is a Sender that does what the test says, and remembers what it took.
type server struct {
	mu    sync.Mutex
	taken []mail.Message
	says  func(n int, m *mail.Message) error // n is how often it was asked, from 1
	asked int
}

func (s *server) Send(ctx context.Context, m *mail.Message) (mail.Fate, error) {
	s.mu.Lock()
	s.asked++
	n := s.asked
	s.mu.Unlock()
	if s.says != nil {
		if err := s.says(n, m); err != nil {
			return "", err
		}
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, *m)
	return mail.Sent, nil
}

// A bag is an outbox with what empties it.
type bag struct {
	*mail.Post
	t      *testing.T
	clock  *storetest.Clock
	server *server
	log    *bytes.Buffer
}

func newBag(t *testing.T, db *store.DB, clock *storetest.Clock, says func(int, *mail.Message) error) *bag {
	b := &bag{t: t, clock: clock, server: &server{says: says}, log: &bytes.Buffer{}}
	b.Post = &mail.Post{DB: db, Sender: b.server, Log: slog.New(slog.NewTextHandler(b.log, nil)), Poll: time.Hour}
	return b
}

func (b *bag) put(m store.Mail) {
	b.t.Helper()
	m.To, m.Subject = "ann@example.org", "Your picture is ready"
	if m.Body == "" {
		m.Body = "Here it is.\n"
	}
	if err := b.DB.Update(ctx, func(tx *store.Tx) error { return tx.SendMail(m) }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bag) round() int {
	b.t.Helper()
	n, err := b.Round(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bag) see(id string) store.Mail {
	b.t.Helper()
	var out []store.Mail
	if err := b.DB.View(ctx, func(tx *store.Tx) (err error) { out, err = tx.Outbox("", 100); return err }); err != nil {
		b.t.Fatal(err)
	}
	for _, m := range out {
		if m.ID == id {
			return m
		}
	}
	b.t.Fatalf("there is no mail %s", id)
	return store.Mail{}
}

func always(err error) func(int, *mail.Message) error {
	return func(int, *mail.Message) error { return err }
}

func once(err error) func(int, *mail.Message) error {
	return func(n int, _ *mail.Message) error {
		if n == 1 {
			return err
		}
		return nil
	}
}

var (
	errDown    = errors.New("connection refused")
	errRefused = &mail.Refusal{Err: errors.New("550 no such mailbox")}
)

// TestWhatBecomesOfAMessage lets two and a half days pass.
func TestWhatBecomesOfAMessage(t *testing.T) {
	for _, c := range []struct {
		name    string
		says    func(int, *mail.Message) error
		sender  mail.Sender // instead of the server
		mail    store.Mail
		state   store.MailState
		taken   int
		body    bool // it is still here
		problem string
	}{
		{name: "taken at once", state: store.MailSent, taken: 1},
		{name: "kept to be read here", sender: mail.Outbox{}, state: store.MailKept, body: true},
		{name: "the server was down once", says: once(errDown), state: store.MailSent, taken: 1},
		{name: "the server stays down", says: always(errDown), state: store.MailFailed, body: true, problem: "connection refused"},
		{name: "the server refuses it", says: always(errRefused), state: store.MailFailed, body: true, problem: "550 no such mailbox"},
		{name: "a secret is refused", says: always(errRefused), mail: store.Mail{Secret: true}, state: store.MailFailed, problem: "550 no such mailbox"},
		{name: "a secret is taken", mail: store.Mail{Secret: true}, state: store.MailSent, taken: 1},
		{name: "the server is down until a link is too old", mail: store.Mail{Secret: true, ExpiresAt: time.Unix(1, 0)},
			state: store.MailFailed, problem: "it waited longer than it was of use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				b := newBag(t, db, clock, c.says)
				if c.sender != nil {
					b.Sender = c.sender
				}
				m := c.mail
				m.ID = "mai_1"
				b.put(m)
				for range 60 {
					b.round()
					clock.Advance(time.Hour)
				}
				got := b.see("mai_1")
				if got.State != c.state || (got.Body != "") != c.body || got.Problem != c.problem {
					t.Errorf("it is %s with body %q and problem %q, want %s, a body %v, %q", got.State, got.Body, got.Problem, c.state, c.body, c.problem)
				}
				if len(b.server.taken) != c.taken {
					t.Errorf("the server took it %d times, want %d", len(b.server.taken), c.taken)
				}
				if gaveUp := strings.Contains(b.log.String(), "given up"); gaveUp != (c.state == store.MailFailed) {
					t.Errorf("the log says that it was given up: %v\n%s", gaveUp, b.log)
				}
				if strings.Contains(b.log.String(), "ann@") || strings.Contains(b.log.String(), "Here it is") {
					t.Errorf("the log tells who gets what: %s", b.log)
				}
			})
		})
	}
}

func TestAFailedAttemptIsTriedAgainLaterAndLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := newBag(t, db, clock, always(errDown))
		b.put(store.Mail{ID: "mai_1"})
		for n, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second} {
			b.round()
			if got := b.see("mai_1"); got.State != store.MailWaiting || got.Attempts != n+1 || got.Problem != "connection refused" {
				t.Fatalf("after %d attempts: %+v", n+1, got)
			}
			clock.Advance(wait - time.Second)
			b.round()
			if got := b.server.asked; got != n+1 {
				t.Fatalf("a second before its time the server was asked %d times, want %d", got, n+1)
			}
			clock.Advance(time.Second)
		}
		if got := mail.Wait(1000); got != 15*time.Minute {
			t.Errorf("after 1000 attempts it waits %v", got)
		}
	})
}

// TestNothingIsSentThatDidNotHappen is the transactional part: the message is a
// row of the commit it tells of.
func TestNothingIsSentThatDidNotHappen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := newBag(t, db, clock, nil)
		stop := errors.New("it did not happen")
		err := db.Update(ctx, func(tx *store.Tx) error {
			if err := tx.SendMail(store.Mail{ID: "mai_1", To: "ann@example.org", Subject: "x", Body: "y"}); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if n := b.round(); n != 0 || b.server.asked != 0 {
			t.Errorf("%d mails about nothing", b.server.asked)
		}
	})
}

func TestManyProcessesSendEachMessageOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := newBag(t, db, clock, nil)
		const messages, processes = 20, 5
		for i := range messages {
			b.put(store.Mail{ID: fmt.Sprintf("mai_%02d", i)})
		}
		var wg sync.WaitGroup
		for range processes {
			wg.Go(func() {
				for range messages {
					if _, err := b.Round(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		times := map[string]int{}
		for _, m := range b.server.taken {
			times[m.ID]++
		}
		if len(times) != messages || len(b.server.taken) != messages {
			t.Errorf("%d messages arrived %d times, want %d once each: %v", len(times), len(b.server.taken), messages, times)
		}
	})
}

// A process that dies after the server took a message and before that is written
// down leaves its claim behind.
func TestAKilledSendersMessageGoesOutAgainUnderTheSameId(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := newBag(t, db, clock, nil)
		b.put(store.Mail{ID: "mai_1"})
		if err := db.Update(ctx, func(tx *store.Tx) error {
			due, err := tx.DueMail(1)
			if err != nil || len(due) != 1 {
				t.Errorf("%d due, %v", len(due), err)
				return err
			}
			mine, err := tx.ClaimMail(&due[0], tx.Now().Add(2*time.Minute))
			if !mine {
				t.Error("the first to ask did not get it")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2*time.Minute - time.Second)
		if b.round(); b.server.asked != 0 {
			t.Error("it was sent while another process may be sending it")
		}
		clock.Advance(time.Second)
		b.round()
		if len(b.server.taken) != 1 || b.server.taken[0].ID != "mai_1" || b.see("mai_1").State != store.MailSent {
			t.Errorf("taken %+v, and it is %s", b.server.taken, b.see("mai_1").State)
		}
	})
}

// A sender that hangs until another one has done its work changes nothing after.
func TestALateSenderUndoesNothing(t *testing.T) {
	for _, late := range []error{nil, errDown, errRefused} {
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				other := newBag(t, db, clock, nil)
				b := newBag(t, db, clock, func(int, *mail.Message) error {
					clock.Advance(2 * time.Minute)
					other.round()
					return late
				})
				b.put(store.Mail{ID: "mai_1"})
				b.round()
				if got := b.see("mai_1"); got.State != store.MailSent || got.Attempts != 2 || got.Problem != "" || got.Body != "" {
					t.Errorf("after the late one it is %+v", got)
				}
				clock.Advance(time.Hour)
				b.round()
				if n := len(other.server.taken) + len(b.server.taken); late != nil && n != 1 {
					t.Errorf("it was taken %d times, want once", n)
				}
			})
		})
	}
}

func TestAnOperatorSendsAfterAllWhatWasGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := newBag(t, db, clock, func(n int, _ *mail.Message) error {
			if n <= 2 {
				return errRefused
			}
			return nil
		})
		b.put(store.Mail{ID: "mai_1"})
		b.put(store.Mail{ID: "mai_link", Secret: true})
		b.round()
		retry := func(id string) (done bool) {
			t.Helper()
			if err := db.Update(ctx, func(tx *store.Tx) (err error) { done, err = tx.RetryMail(id); return err }); err != nil {
				t.Fatal(err)
			}
			return done
		}
		clock.Advance(time.Hour)
		if retry("mai_link") || retry("mai_none") {
			t.Error("a message without words was put back")
		}
		if !retry("mai_1") {
			t.Fatal("it could not be put back")
		}
		b.round()
		if got := b.see("mai_1"); got.State != store.MailSent || len(b.server.taken) != 1 {
			t.Errorf("it is %s, taken %d times", got.State, len(b.server.taken))
		}
		if retry("mai_1") {
			t.Error("what was sent was put back")
		}
	})
}

// When mail piled up while the server was down, a link that is good for minutes
// does not wait behind news that are good for days.
func TestWhatIsOfUseShortestGoesFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := newBag(t, db, clock, nil)
		for i := range 2 * mail.AtOnce {
			b.put(store.Mail{ID: fmt.Sprintf("mai_news%d", i)})
		}
		clock.Advance(time.Hour)
		b.put(store.Mail{ID: "mai_link", ExpiresAt: clock.Now().Add(15 * time.Minute)})
		b.round()
		for _, m := range b.server.taken {
			if m.ID == "mai_link" {
				return
			}
		}
		t.Errorf("the first %d did not hold the link", len(b.server.taken))
	})
}

// Work stops with its context, and lets an attempt under way end.
func TestAStopLetsTheAttemptUnderWayEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		working, stop := context.WithCancel(ctx)
		b := newBag(t, db, clock, func(int, *mail.Message) error { stop(); return nil })
		b.put(store.Mail{ID: "mai_1"})
		b.Work(working)
		if got := b.see("mai_1"); got.State != store.MailSent {
			t.Errorf("it is %s", got.State)
		}
	})
}
