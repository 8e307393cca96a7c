package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"kinpict/internal/mail"
)

// A hearing is a connection that hears the server out up to a point. It is used
// by one dialogue, and read when that is over.
type hearing struct {
	net.Conn
	left int
	over bool // it said more than that
}

var errTooMuch = errors.New("the server says too much")

func (h *hearing) Read(b []byte) (int, error) {
	if h.left == 0 {
		h.over = true
		return 0, errTooMuch
	}
	n, err := h.Conn.Read(b[:min(len(b), h.left)])
	h.left -= n
	return n, err
}

// reason is why a dialogue failed. Nothing of it is in the server's words, which
// often repeat the person and may repeat a password: of an answer only its code
// and status are kept (RFC 5321, RFC 3463).
func (s *Sender) reason(err error, m *mail.Message, said *hearing) error {
	text := s.why(err, said)
	for _, secret := range []string{m.To, s.Password, s.User} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return errors.New(text)
}

func (s *Sender) why(err error, said *hearing) string {
	if said.over {
		return fmt.Sprintf("the server said more than %d KiB", mostSaid>>10)
	}
	var failed *gomail.SendError
	if errors.As(err, &failed) {
		if code := failed.ErrorCode(); code > 0 {
			return failed.Reason.String() + ": " + answered(code, failed.EnhancedStatusCode())
		}
		return failed.Reason.String() + ": the dialogue broke off"
	}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answered(answer.Code, answer.Msg)
	}
	var garbled textproto.ProtocolError
	if errors.As(err, &garbled) {
		return "what the server said is not SMTP"
	}
	// What the machine says of the network and of certificates is its own.
	var network net.Error
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch text := err.Error(); {
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.As(err, &record):
		return record.Error()
	case errors.As(err, &alert):
		return "TLS: " + alert.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.As(err, &network):
		return network.Error()
	case errors.Is(err, io.EOF):
		return "the server hung up"
	case strings.Contains(text, "does not support STARTTLS"):
		return "the server offers no STARTTLS"
	case strings.Contains(text, "support SMTP AUTH") || errors.Is(err, gomail.ErrNoSupportedAuthDiscovered):
		return "the server offers no way to sign in that is known here"
	}
	return "the dialogue broke off"
}

var status = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// answered is an answer without its words.
func answered(code int, text string) string {
	out := fmt.Sprintf("the server answered %d", code)
	if st := status.FindString(text); st != "" {
		out += " " + st
	}
	return out
}
