package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
)

// A MailServer is what KINPICT_SMTP_URL names.
type MailServer struct {
	Host           string
	Port           int
	User, Password string // none without credentials
	TLS            bool   // from the first byte; otherwise by STARTTLS
	Local          bool   // on this machine, where it may do without
}

// MailServer takes KINPICT_SMTP_URL apart. The error does not repeat it, because
// it may hold a password.
func (c *Config) MailServer() (MailServer, error) {
	var m MailServer
	u, err := url.Parse(string(c.SMTPURL))
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return m, errors.New("is not an address such as smtp://user:password@mail.example.org:587; special characters of a password are written like %40")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return m, errors.New("goes on behind the port; special characters of a password are written like %40")
	}
	m = MailServer{Host: u.Hostname(), Port: 587, TLS: u.Scheme == "smtps", Local: loopback(u.Hostname())}
	if m.TLS {
		m.Port = 465
	}
	if p := u.Port(); p != "" {
		if m.Port, err = strconv.Atoi(p); err != nil || m.Port < 1 || m.Port > 65535 {
			return m, errors.New("names a port that is not between 1 and 65535")
		}
	}
	if u.User == nil {
		return m, nil
	}
	m.User = u.User.Username()
	m.Password, _ = u.User.Password()
	if m.User == "" || m.Password == "" {
		return m, errors.New("names a user without a password, or a password without a user; leave out both for a server that asks for none")
	}
	return m, nil
}

// MailSender is who mails come from.
func (c *Config) MailSender() (*mail.Address, error) {
	a, err := mail.ParseAddress(c.MailFrom)
	if err != nil || strings.HasSuffix(a.Address, "@") {
		return nil, fmt.Errorf("%q is not a sender such as Kinpict <hello@example.org>", c.MailFrom)
	}
	return a, nil
}

// validateMail finds what would keep people from getting their mail.
func (c *Config) validateMail(bad func(name, format string, a ...any)) {
	if c.SMTPURL == "" {
		if c.MailFrom != "" {
			bad("MAIL_FROM", "is set and KINPICT_SMTP_URL is not, so that no mail would leave; set both, or none to keep mail here")
		}
		if c.Live() {
			bad("SMTP_URL", "is required where real money moves: people sign in by mail")
		}
		return
	}
	if _, err := c.MailServer(); err != nil {
		bad("SMTP_URL", "%v", err)
	}
	if _, err := c.MailSender(); err != nil {
		bad("MAIL_FROM", "%v", err)
	}
}
