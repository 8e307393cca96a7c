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
	"net"
	stdmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"kinpict/internal/mail"
)

// Config says where to and from whom.
type Config struct {
	Host           string
	Port           int
	User, Password string // none for a server that asks for none
	TLS            bool   // from the first byte; otherwise by STARTTLS
	Local          bool   // on this machine: without STARTTLS
	From           *stdmail.Address
	Roots          *x509.CertPool // whose certificates are believed; nil for those of the system
}

// Bounds of a dialogue: the time of each step, and how much a server may say in
// all, certificates included. Whoever stands in between speaks before TLS does.
const (
	timeout  = 30 * time.Second
	mostSaid = 256 << 10 // bytes
)

// A Sender hands messages to one server, each in a connection of its own.
type Sender struct {
	Config
	domain string // of From, for message ids
}

// New makes a sender. It does not connect.
func New(cfg Config) *Sender {
	_, domain, _ := strings.Cut(cfg.From.Address, "@")
	return &Sender{cfg, domain}
}

// Send hands a message to the server. The error is a *mail.Refusal where the
// server refused the message itself for good; wrong passwords, missing TLS and
// whatever else is no fault of the message's are errors that may pass.
func (s *Sender) Send(ctx context.Context, m *mail.Message) (mail.Fate, error) {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp() // also where the library forgets to
	letter := s.letter(m)
	said := &hearing{left: mostSaid}
	c, err := s.client(ctx, said)
	if err != nil {
		return "", s.reason(err, m, said)
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
			return "", &mail.Refusal{Err: s.reason(err, m, said)}
		}
	}
	return "", s.reason(err, m, said)
}

// client is made for each message, because a server's answer changes it.
func (s *Sender) client(ctx context.Context, said *hearing) (*gomail.Client, error) {
	conf := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: s.Roots}
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(conf), gomail.WithoutNoop(), gomail.WithHELO(s.domain),
		// The library looks at ctx while it dials only.
		gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(dialing, network, address)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			said.Conn, conn = conn, said
			if !s.TLS {
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
	case s.TLS:
		options = append(options, gomail.WithSSL())
	case s.Local:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.User != "" {
		ways := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
		if s.Local && !s.TLS {
			ways = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(ways...), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return gomail.NewClient(s.Host, options...)
}

// letter is the message as it travels.
func (s *Sender) letter(m *mail.Message) *gomail.Msg {
	l := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	l.FromMailAddress(s.From)
	l.EnvelopeFromMailAddress(&stdmail.Address{Address: s.From.Address})
	l.ToMailAddress(&stdmail.Address{Address: m.To})
	l.Subject(m.Subject)
	l.SetDateWithValue(m.At)
	l.SetMessageIDWithValue(m.ID + "@" + s.domain)
	// RFC 3834: a machine wrote this, so no machine answers it.
	l.SetGenHeader("Auto-Submitted", "auto-generated")
	l.SetBodyString(gomail.TypeTextPlain, m.Body)
	return l
}
