package smtp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	stdmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"kinpict/internal/mail"
	"kinpict/internal/mail/smtp"
)

const password = "open sesame"

// A post office is an SMTP server in this process.
type office struct {
	t     *testing.T
	addr  *net.TCPAddr
	roots *x509.CertPool

	noTLS, implicit bool
	// What it says at each step; nil: yes.
	onMail, onRcpt, onData error
	// during runs when a message was read and nothing was answered yet.
	during func(c *gosmtp.Conn)

	mu     sync.Mutex
	taken  []string // whole messages
	rcpt   []string
	from   []string
	logins int
}

func (o *office) open() *office {
	o.t.Helper()
	// httptest has a certificate for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	o.t.Cleanup(web.Close)
	o.roots = x509.NewCertPool()
	o.roots.AddCert(web.Certificate())
	srv := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) { return &session{o: o, c: c}, nil }))
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "localhost", true, discard{}
	conf := &tls.Config{Certificates: web.TLS.Certificates}
	if !o.noTLS && !o.implicit {
		srv.TLSConfig = conf
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		o.t.Fatal(err)
	}
	o.addr = ln.Addr().(*net.TCPAddr)
	if o.implicit {
		ln = tls.NewListener(ln, conf)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	o.t.Cleanup(func() { srv.Close(); <-served })
	return o
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

type session struct {
	o *office
	c *gosmtp.Conn
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		s.o.mu.Lock()
		defer s.o.mu.Unlock()
		s.o.logins++
		if user != "ann" || pass != password {
			return gosmtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.from = append(s.o.from, from)
	return s.o.onMail
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.rcpt = append(s.o.rcpt, to)
	return s.o.onRcpt
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.o.mu.Lock()
	s.o.taken = append(s.o.taken, string(b))
	during := s.o.during
	s.o.mu.Unlock()
	if during != nil {
		during(s.c)
	}
	return s.o.onData
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (o *office) config() smtp.Config {
	return smtp.Config{Host: "127.0.0.1", Port: o.addr.Port, User: "ann", Password: password, TLS: o.implicit,
		From: &stdmail.Address{Name: "Kinpict für Familien", Address: "hello@photos.example.org"}, Roots: o.roots}
}

func letter() *mail.Message {
	return &mail.Message{ID: "mai_1", To: "bob@example.com", Subject: "Dein Bild ist fertig: Großmutter\r\nBcc: x@example.com",
		Body: "Öffne diesen Link:\n\nhttp://localhost:8080/sign-in/confirm?token=" + strings.Repeat("t", 200) + "\n\n.\nEnde\n",
		At:   time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func send(o *office, change func(*smtp.Config)) error {
	o.t.Helper()
	cfg := o.config()
	if change != nil {
		change(&cfg)
	}
	fate, err := smtp.New(cfg).Send(context.Background(), letter())
	if (err == nil) != (fate == mail.Sent) {
		o.t.Errorf("it says %q and %v", fate, err)
	}
	if err != nil && (strings.Contains(err.Error(), password) || strings.Contains(strings.ToLower(err.Error()), "bob") || strings.Contains(err.Error(), "ttt")) {
		o.t.Errorf("the error tells a secret or an address: %v", err)
	}
	return err
}

func TestALetterArrivesAsItWasWritten(t *testing.T) {
	o := (&office{t: t}).open()
	if err := send(o, nil); err != nil {
		t.Fatal(err)
	}
	if len(o.taken) != 1 || o.logins != 1 || o.from[0] != "hello@photos.example.org" || strings.Join(o.rcpt, " ") != "bob@example.com" {
		t.Fatalf("%d letters, %d logins, from %v to %v", len(o.taken), o.logins, o.from, o.rcpt)
	}
	m, err := stdmail.ReadMessage(strings.NewReader(o.taken[0]))
	if err != nil {
		t.Fatal(err)
	}
	var dec mime.WordDecoder
	for name, want := range map[string]string{
		"Date": "Sun, 01 Mar 2026 12:00:00 +0000", "Message-Id": "<mai_1@photos.example.org>", "Auto-Submitted": "auto-generated",
		"To": "<bob@example.com>", "Bcc": "", "User-Agent": "", "X-Mailer": "",
		"Content-Type": "text/plain; charset=UTF-8", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got, err := dec.DecodeHeader(m.Header.Get("Subject")); err != nil || strings.Join(strings.Fields(got), " ") != "Dein Bild ist fertig: Großmutter Bcc: x@example.com" {
		t.Errorf("subject %q, %v", got, err)
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Kinpict für Familien" || from[0].Address != "hello@photos.example.org" {
		t.Errorf("from %v, %v", from, err)
	}
	if got := m.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Fatalf("encoded as %q", got)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if got := strings.TrimRight(string(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))), "\n"); err != nil || got != strings.TrimRight(letter().Body, "\n") {
		t.Errorf("the body is %q, %v", got, err)
	}
}

func TestWhatTheConnectionIsMadeOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		office *office
		change func(*smtp.Config)
		taken  int
		logins int
	}{
		{name: "STARTTLS", taken: 1, logins: 1},
		{name: "TLS from the first byte", office: &office{implicit: true}, taken: 1, logins: 1},
		{name: "a server elsewhere that offers no TLS", office: &office{noTLS: true}},
		{name: "one on this machine", office: &office{noTLS: true}, change: func(c *smtp.Config) { c.Local = true }, taken: 1, logins: 1},
		{name: "one that asks for no password", change: func(c *smtp.Config) { c.User, c.Password = "", "" }, taken: 1},
		{name: "a certificate nobody vouches for", change: func(c *smtp.Config) { c.Roots = x509.NewCertPool() }},
		{name: "a certificate for another name", change: func(c *smtp.Config) { c.Host = "localhost" }},
		{name: "a certificate nobody vouches for, from the first byte", office: &office{implicit: true}, change: func(c *smtp.Config) { c.Roots = x509.NewCertPool() }},
		{name: "a wrong password", change: func(c *smtp.Config) { c.Password = "wrong" }, logins: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.office
			if o == nil {
				o = &office{}
			}
			o.t = t
			o.open()
			err := send(o, c.change)
			if (err == nil) != (c.taken == 1) || len(o.taken) != c.taken || o.logins != c.logins {
				t.Errorf("%v; %d letters and %d logins, want %d and %d", err, len(o.taken), o.logins, c.taken, c.logins)
			}
			if refused := new(mail.Refusal); errors.As(err, &refused) {
				t.Errorf("the letter is given up for what is not its fault: %v", err)
			}
		})
	}
}

func TestWhatAServerMaySay(t *testing.T) {
	says := func(code int, text string) error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{code / 100, 1, 1}, Message: text}
	}
	for _, c := range []struct {
		name    string
		office  *office
		refused bool
	}{
		{"no such mailbox", &office{onRcpt: says(550, "no mailbox bob@example.com")}, true},
		{"no such mailbox, in other words", &office{onRcpt: says(550, "User BOB of EXAMPLE.COM is unknown")}, true},
		{"mailbox full for now", &office{onRcpt: says(452, "try later")}, false},
		{"greylisted", &office{onRcpt: says(450, "come back in 5 minutes")}, false},
		{"looks like spam", &office{onData: says(554, "no")}, true},
		{"cannot store it now", &office{onData: says(451, "disk")}, false},
		{"this sender may not send", &office{onMail: says(550, "who are you")}, false},
		{"too many letters", &office{onMail: says(421, "closing")}, false},
		{"nothing after the letter was read", &office{during: func(c *gosmtp.Conn) { c.Close() }}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.office
			o.t = t
			o.open()
			err := send(o, nil)
			refused := new(mail.Refusal)
			if err == nil || errors.As(err, &refused) != c.refused {
				t.Errorf("%v; refused for good: %v, want %v", err, !c.refused, c.refused)
			}
			var said *gosmtp.SMTPError
			if errors.As(errors.Join(o.onMail, o.onRcpt, o.onData), &said) && !strings.Contains(err.Error(), fmt.Sprintf("the server answered %d %d.1.1", said.Code, said.Code/100)) {
				t.Errorf("%v does not say what was answered", err)
			}
		})
	}
}

// The one case of twice: the server has the letter, and its answer was lost.
func TestALetterWhoseAnswerWasLostIsTheSameLetter(t *testing.T) {
	o := (&office{t: t, during: func(c *gosmtp.Conn) { c.Close() }}).open()
	if err := send(o, nil); err == nil {
		t.Fatal("it counts as sent although nobody said so")
	}
	o.mu.Lock()
	o.during = nil
	o.mu.Unlock()
	if err := send(o, nil); err != nil {
		t.Fatal(err)
	}
	if len(o.taken) != 2 {
		t.Fatalf("%d letters, want 2", len(o.taken))
	}
	for _, text := range o.taken {
		if !strings.Contains(text, "Message-ID: <mai_1@photos.example.org>\r\n") {
			t.Errorf("another message id:\n%s", text)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, addr: ln.Addr().(*net.TCPAddr)}
	ln.Close()
	if err := send(o, nil); err == nil {
		t.Error("it was sent to nobody")
	}
}

func TestAnAttemptEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	held := make(chan struct{})
	o := (&office{t: t, during: func(*gosmtp.Conn) { stop(); <-held }}).open()
	if _, err := smtp.New(o.config()).Send(ctx, letter()); err == nil {
		t.Error("it counts as sent although nobody said so")
	}
	close(held)
}
