package app

import (
	"io/fs"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/config"
	"kinpict/internal/lang"
	"kinpict/internal/mail"
	"kinpict/internal/mail/smtp"
	"kinpict/internal/theme"
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
	p.Sender = smtp.New(smtp.Config{
		Host:     server.Host,
		Port:     server.Port,
		User:     server.User,
		Password: server.Password,
		TLS:      server.TLS,
		Local:    server.Local,
		From:     from,
	})
	return p, nil
}

// keepsMail reports whether mail is kept here instead of sent.
func (a *App) keepsMail() bool { return a.Config.SMTPURL == "" }

// outbox is what /outbox shows, nil where others than whoever runs the product
// could read it.
func (a *App) outbox() *mail.Post {
	if a.keepsMail() && a.Config.Local() && a.Config.Sandbox() {
		return a.Post
	}
	return nil
}

// languages are those the settings offer, under the site's own name and with the
// operator's own words.
func languages(cfg *config.Config, look *theme.Theme) (*lang.Set, error) {
	var over []fs.FS
	if look.Name() != theme.Ours {
		renamed, err := lang.Renamed(theme.Ours, look.Name())
		if err != nil {
			return nil, err
		}
		over = append(over, renamed)
	}
	own, err := look.Messages()
	if err != nil {
		return nil, err
	}
	if own != nil {
		if _, err := lang.New(nil, own); err != nil {
			return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "KINPICT_CUSTOM_DIR: " + err.Error() + ".", Hint: "See docs/theming.md for what a file of messages holds."}
		}
		over = append(over, own)
	}
	set, err := lang.New(cfg.LanguageCodes(), over...)
	if err != nil {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "KINPICT_LANGUAGES: " + err.Error() + ".", Hint: "Name some of: " + strings.Join(lang.Known(), ", ") + "."}
	}
	return set, nil
}
