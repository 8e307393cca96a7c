package app

import (
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/config"
	"kinpict/internal/lang"
	"kinpict/internal/mail"
	"kinpict/internal/mail/smtp"
)

// post makes what sends the outbox: a mail server where the settings name one,
// and otherwise none, so that mail stays here to be read.
func (a *App) post() (*mail.Post, error) {
	p := &mail.Post{DB: a.DB, Sender: mail.Outbox{}, Log: a.Log, Poll: time.Second}
	if a.keepsMail() {
		return p, nil
	}
	server, err := a.Config.MailServer()
	if err != nil {
		return nil, err
	}
	from, err := a.Config.MailSender()
	if err != nil {
		return nil, err
	}
	p.Sender = smtp.New(smtp.Config{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, TLS: server.TLS, Local: server.Local, From: from})
	return p, nil
}

// keepsMail reports whether mail is kept here instead of sent.
func (a *App) keepsMail() bool { return a.Config.SMTPURL == "" }

// languages are those the settings offer.
func languages(cfg *config.Config) (*lang.Set, error) {
	set, err := lang.New(cfg.LanguageCodes())
	if err != nil {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "KINPICT_LANGUAGES: " + err.Error() + ".", Hint: "Name some of: " + strings.Join(lang.Known(), ", ") + "."}
	}
	return set, nil
}
