package people

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// NewBrowser makes the secret for a browser's cookie that ties a sign-in link to
// the browser that asked for it.
func (p *People) NewBrowser() string { return p.secret() }

// An Asking is a wish for a sign-in link. Known, Next and Language may be missing.
type Asking struct {
	Email   string
	Browser string // the secret of the browser that asks
	Known   string // what SignIn gave that browser to be known by
	// Next is the local path to go on to; anything else means the front page.
	Next string
	// Language is the code of the one the person asks in.
	Language string
}

// RequestLink mails a sign-in link to an address. It does the same and answers
// the same whether or not the address has an account. c needs only its Network
// and Area.
//
// The error is Invalid for what cannot be an address or a browser without the
// cookie, and RateLimited, with the time to wait, where too many were asked for.
func (p *People) RequestLink(ctx context.Context, c kinpict.Caller, a Asking) error {
	address, err := Normalise(a.Email)
	if err == nil && p.Sends {
		err = mailable(address)
	}
	if err != nil {
		return err
	}
	if a.Browser == "" {
		return &kinpict.Error{Code: kinpict.Invalid, Message: "Your browser did not keep our cookie.",
			Hint: "Allow cookies for this site, then ask for the link again."}
	}
	if !kinpict.LocalPath(a.Next) {
		a.Next = "/"
	}
	token, known := p.secret(), p.knows(a.Known, address)
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		l := store.Link{TokenHash: hash(token), BrowserHash: hash(a.Browser), Email: address, Next: a.Next, ExpiresAt: tx.Now().Add(LinkLife)}
		if !known && !p.Relaxed {
			l.Network, l.Area = c.Network, c.Area
		}
		if err := p.allowLink(tx, l, known); err != nil {
			return err
		}
		if err := tx.PutLink(l); err != nil {
			return err
		}
		say := p.Languages.For(a.Language)
		return tx.SendMail(store.Mail{ID: p.IDs.New(kinpict.MailPrefix), To: address, Subject: say.Say("Your sign-in link for Kinpict"), Secret: true, ExpiresAt: tx.Now().Add(LinkLife),
			Body: say.Say("Open this link in the browser where you asked for it:") + "\n\n" +
				strings.TrimSuffix(p.PublicURL, "/") + "/sign-in/confirm?token=" + token + "\n\n" +
				say.Say("It works once, within %d minutes.", int(LinkLife/time.Minute)) + " " +
				say.Say("If you did not ask for it, do nothing: nobody can sign in with it from another browser.") + "\n"})
	})
}

// SignedIn is what a link opened.
type SignedIn struct {
	Cookie string // the new session's secret
	Known  string // by which the browser is known when it asks for the next link
	Caller kinpict.Caller
	Next   string // local path to go on to
}

// An Opening is a link on its way to a session. Only Token and Browser are required.
type Opening struct {
	Token   string // of the link
	Browser string // the secret of the browser that opens it
	GuestID string // of the device, whose previews, photos and draft become the account's
	Session string // the cookie of the sign-in the browser had, which ends with this
	Agent   string // the browser's User-Agent
	// Language is what the page that opens it speaks. An account that never
	// chose one keeps it.
	Language string
}

// SignIn spends a link. It makes the account if the address has none, begins a
// session with a secret nobody has seen before in place of the one the browser
// had, moves what the guest has to the account, and gives the link's place among
// those of its network back, all in one commit. Credits do not move.
//
// The error is NotFound for a link that is unknown, used or too old, and
// Forbidden in another browser than the one that asked; that leaves the link
// good for the right one.
func (p *People) SignIn(ctx context.Context, o Opening) (*SignedIn, error) {
	in := &SignedIn{Cookie: p.secret()}
	err := p.DB.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.UseLink(hash(o.Token), hash(o.Browser))
		if err != nil {
			return err
		}
		a, _, err := p.add(tx, l.Email, kinpict.Customer)
		if err != nil {
			return err
		}
		in.Caller, in.Next, in.Known = callerOf(*a), l.Next, p.vouch(l.Email)
		in.Caller.SignedInAt = tx.Now()
		if a.Language == "" && o.Language != "" {
			if _, err := tx.SetLanguage(a.ID, o.Language); err != nil {
				return err
			}
		}
		if o.Session != "" {
			if err := tx.DropSession(hash(o.Session)); err != nil {
				return err
			}
		}
		_, life := a.Role.SignInTimes()
		name, system := Browser(o.Agent)
		if err := tx.PutSession(store.Session{ID: p.IDs.New("ses_"), Account: *a, Browser: name, System: system, ExpiresAt: tx.Now().Add(life)}, hash(in.Cookie)); err != nil {
			return err
		}
		if o.GuestID != "" {
			if err := tx.ClaimGuest(o.GuestID, a.ID, tx.Now().Add(kinpict.KeepPhotos), goesOn(l.Next)); err != nil {
				return err
			}
		}
		return opened(tx, *l)
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

// goesOn reports whether a sign-in leads back to what the person put together,
// at once or by way of the prices.
func goesOn(next string) bool {
	u, err := url.Parse(next)
	if err != nil {
		return false
	}
	back, _, _ := strings.Cut(u.Query().Get("back"), "?")
	return u.Path == "/create" || back == "/create"
}

// Session returns who a session cookie belongs to, or an Unauthenticated error.
func (p *People) Session(ctx context.Context, cookie string) (kinpict.Caller, error) {
	over := unauthenticated("You are not signed in.", "Sign in with your e-mail address.")
	if cookie == "" {
		return kinpict.Caller{}, over
	}
	id := hash(cookie)
	var s *store.Session
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.Session(id)
		return err
	})
	if errors.Is(err, &kinpict.Error{Code: kinpict.NotFound}) {
		return kinpict.Caller{}, over
	}
	if err != nil {
		return kinpict.Caller{}, err
	}
	now := p.Now()
	note := 5 * time.Minute
	if s.Account.Role != kinpict.Customer {
		note = time.Minute
	}
	if s.Account.Status == "closed" || !now.Before(s.Account.Role.SignInEnds(s.CreatedAt, s.LastSeenAt)) {
		return kinpict.Caller{}, over
	}
	c := callerOf(s.Account)
	c.SignedInAt = s.CreatedAt
	if now.Sub(s.LastSeenAt) >= note {
		return c, p.noted(p.DB.Update(ctx, func(tx *store.Tx) error { return tx.SeeSession(id) }))
	}
	return c, nil
}

// noted lets a caller in although the use could not be noted: a full disk stops
// writes, and reading must go on.
func (p *People) noted(err error) error {
	if errors.Is(err, &kinpict.Error{Code: kinpict.Unavailable}) {
		return nil
	}
	return err
}

// SignOut ends the session of a cookie. There may be none.
func (p *People) SignOut(ctx context.Context, cookie string) error {
	return p.DB.Update(ctx, func(tx *store.Tx) error { return tx.DropSession(hash(cookie)) })
}
