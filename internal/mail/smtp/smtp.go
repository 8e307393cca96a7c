// Package smtp sends mail through an SMTP server, usually the relay of a mail
// provider. Except on this machine it speaks TLS or not at all.
//
// Mail is plain text. What is sent is a few sentences and one link, which every
// program shows well and makes a link of; a second part in HTML would say the
// same, weigh more with filters, and be one more place for a person's words to
// be taken for markup.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	stdmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"kinpict/internal/mail"
)

// Config says where to and from whom.
type Config struct {
	// URL is smtp://user:password@host:587, with STARTTLS, or smtps://…:465, with
	// TLS from the first byte. User and password may be left out. See Check.
	URL string
	// From is the sender, such as "Kinpict <hello@example.org>".
	From string
	// Roots are whose certificates are believed; nil for those of the system.
	Roots *x509.CertPool
}

// timeout bounds each step of a dialogue.
const timeout = 30 * time.Second

// A Sender hands messages to one server, each in a connection of its own.
type Sender struct {
	where  *where
	from   *stdmail.Address
	domain string // of From, for message ids
	roots  *x509.CertPool
}

// where is a URL taken apart.
type where struct {
	host           string
	port           int
	user, password string
	tls            bool // from the first byte
	local          bool // on this machine, where nobody listens in
}

// Check finds what is wrong with a URL, in words that do not repeat it: it may
// hold a password.
func Check(text string) error {
	_, err := parse(text)
	return err
}

func parse(text string) (*where, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("is not an address such as smtp://user:password@mail.example.org:587; special characters of the password are written as %40")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("has something behind the port; it ends there")
	}
	w := &where{host: u.Hostname(), port: 587, tls: u.Scheme == "smtps", local: local(u.Hostname())}
	if w.tls {
		w.port = 465
	}
	if p := u.Port(); p != "" {
		if w.port, err = strconv.Atoi(p); err != nil || w.port < 1 || w.port > 65535 {
			return nil, errors.New("names a port that is not between 1 and 65535")
		}
	}
	if u.User != nil {
		w.user = u.User.Username()
		w.password, _ = u.User.Password()
		if w.user == "" || w.password == "" {
			return nil, errors.New("names a user without a password, or a password without a user")
		}
	}
	return w, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Address reads a sender, such as "Kinpict <hello@example.org>".
func Address(from string) (*stdmail.Address, error) {
	a, err := stdmail.ParseAddress(from)
	if err != nil || !strings.Contains(a.Address, "@") {
		return nil, fmt.Errorf("%q is not a sender such as Kinpict <hello@example.org>", from)
	}
	return a, nil
}

// New makes a sender. It does not connect.
func New(cfg Config) (*Sender, error) {
	w, err := parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("mail server: it %w", err)
	}
	from, err := Address(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return &Sender{where: w, from: from, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:], roots: cfg.Roots}, nil
}

// Send hands a message to the server. The error is a *mail.Refusal where the
// server refused the message itself for good; wrong passwords, missing TLS and
// whatever else is no fault of the message's are errors that may pass.
func (s *Sender) Send(ctx context.Context, m *mail.Message) (mail.Fate, error) {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp() // also where the library forgets to
	letter := s.letter(m)
	c, err := s.client(ctx)
	if err != nil {
		return "", s.hide(err, m)
	}
	err = c.DialAndSendWithContext(ctx, letter)
	if letter.IsDelivered() {
		return mail.Sent, nil // what came after the server took it does not matter
	}
	if err == nil {
		return "", errors.New("the server did not say that it took the message")
	}
	var answer *gomail.SendError
	if errors.As(err, &answer) && answer.ErrorCode()/100 == 5 {
		switch answer.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			return "", &mail.Refusal{Err: s.hide(err, m)}
		}
	}
	return "", s.hide(err, m)
}

// client is made for each message, because a server's answer changes it.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	w := s.where
	conf := &tls.Config{ServerName: w.host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
	options := []gomail.Option{gomail.WithPort(w.port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(conf), gomail.WithoutNoop(), gomail.WithHELO(s.domain),
		// The library looks at ctx while it dials only.
		gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(dialing, network, address)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			if !w.tls {
				return conn, nil
			}
			safe := tls.Client(conn, conf)
			if err := safe.HandshakeContext(dialing); err != nil {
				conn.Close()
				return nil, err
			}
			return safe, nil
		})}
	switch {
	case w.tls:
		options = append(options, gomail.WithSSL())
	case w.local:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if w.user != "" {
		ways := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
		if w.local && !w.tls {
			ways = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(ways...), gomail.WithUsername(w.user), gomail.WithPassword(w.password))
	}
	return gomail.NewClient(w.host, options...)
}

// letter is the message as it travels.
func (s *Sender) letter(m *mail.Message) *gomail.Msg {
	l := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	l.FromMailAddress(s.from)
	l.EnvelopeFromMailAddress(&stdmail.Address{Address: s.from.Address})
	l.ToMailAddress(&stdmail.Address{Address: m.To})
	l.Subject(m.Subject)
	l.SetDateWithValue(m.At)
	l.SetMessageIDWithValue(m.ID + "@" + s.domain)
	// RFC 3834: a machine wrote this, so no machine answers it.
	l.SetGenHeader("Auto-Submitted", "auto-generated")
	l.SetBodyString(gomail.TypeTextPlain, m.Body)
	return l
}

// hide takes the person and the secrets out of what a server said.
func (s *Sender) hide(err error, m *mail.Message) error {
	text := strings.ReplaceAll(err.Error(), m.To, "the address")
	for _, secret := range []string{s.where.password, s.where.user} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return errors.New(strings.Join(strings.Fields(text), " "))
}
