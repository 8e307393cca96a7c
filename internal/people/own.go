package people

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kinpict"
	"kinpict/internal/store"
)

// MaxTokens is how many API tokens a person may have at once.
const MaxTokens = 20

// A SignIn is one browser an account is signed in with.
type SignIn struct {
	ID      string
	Browser string // "Firefox", "" where it did not say
	System  string // "Windows", "" where it did not say
	Begun   time.Time
	Seen    time.Time // the last use, noted every five minutes at most
	Ends    time.Time // unless it is used before
	Here    bool      // it is the one who asks
}

// A Token is an API token as its owner sees it: never its secret.
type Token struct {
	ID   string
	Name string
	Made time.Time
	Used time.Time // the last use, to the minute; zero: never
}

// SignIns are the caller's sign-ins that are good now, the newest first. cookie
// is the session of the browser that asks, "" for none.
func (p *People) SignIns(ctx context.Context, c kinpict.Caller, cookie string) ([]SignIn, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	var all []store.Session
	var here *store.Session
	err := p.DB.View(ctx, func(tx *store.Tx) (err error) {
		if all, err = tx.Sessions(c.AccountID); err != nil || cookie == "" {
			return err
		}
		here, err = tx.Session(hash(cookie))
		if kinpict.CodeOf(err) == kinpict.NotFound {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	now := p.Now()
	out := []SignIn{}
	for _, s := range all {
		if ends := c.Role.SignInEnds(s.CreatedAt, s.LastSeenAt); now.Before(ends) {
			out = append(out, SignIn{ID: s.ID, Browser: s.Browser, System: s.System, Begun: s.CreatedAt, Seen: s.LastSeenAt, Ends: ends,
				Here: here != nil && here.ID == s.ID})
		}
	}
	return out, nil
}

// EndSignIn ends one of the caller's sign-ins. NotFound if there is none with
// that id, or no more.
func (p *People) EndSignIn(ctx context.Context, c kinpict.Caller, id string) error {
	if err := signedIn(c); err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		done, err := tx.EndSession(c.AccountID, id)
		if err == nil && !done {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "This sign-in has ended already.", Hint: "Look at the list again."}
		}
		return err
	})
}

// EndOtherSignIns ends all of the caller's sign-ins but the one with the cookie
// and returns how many.
func (p *People) EndOtherSignIns(ctx context.Context, c kinpict.Caller, cookie string) (n int64, err error) {
	if err := signedIn(c); err != nil {
		return 0, err
	}
	err = p.DB.Update(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.EndOtherSessions(c.AccountID, hash(cookie))
		return err
	})
	return n, err
}

// Tokens are the caller's API tokens, the newest first.
func (p *People) Tokens(ctx context.Context, c kinpict.Caller) ([]Token, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	out := []Token{}
	err := p.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Tokens(c.AccountID)
		for _, k := range all {
			out = append(out, Token{ID: k.ID, Name: k.Name, Made: k.CreatedAt, Used: k.LastUsedAt})
		}
		return err
	})
	return out, err
}

// MakeToken makes an API token for the caller and returns its secret, which
// cannot be told again. A token lives on when the sign-in is over and may do what
// a fresh one may, so it takes a fresh one.
//
// Errors: Invalid for a name that is missing or too long; SignInAgain for a
// browser that signed in longer than FreshSignIn ago; Forbidden for staff, whose
// sign-ins are short for a reason; Conflict beyond MaxTokens.
func (p *People) MakeToken(ctx context.Context, c kinpict.Caller, name string) (string, error) {
	if err := signedIn(c); err != nil {
		return "", err
	}
	if name = strings.TrimSpace(name); name == "" {
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: "A token needs a name.", Hint: "Say what it is for, so that you know it again."}
	}
	if !c.Fresh(p.Now()) {
		return "", &kinpict.Error{Code: kinpict.SignInAgain, Message: "Making a token needs a fresh sign-in.",
			Hint: fmt.Sprintf("Sign in again, then come back within %d minutes.", kinpict.FreshSignIn/time.Minute)}
	}
	return p.newToken(ctx, c.AccountID, name, false)
}

// newToken is a token under a name that was looked at only for being there.
// byCommand is whether whoever runs the product makes it.
func (p *People) newToken(ctx context.Context, accountID, name string, byCommand bool) (string, error) {
	if utf8.RuneCountInString(name) > maxTokenName || strings.ContainsFunc(name, unicode.IsControl) {
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("A token's name has at most %d characters on one line.", maxTokenName)}
	}
	token := "kp_" + p.secret()
	err := p.DB.Update(ctx, func(tx *store.Tx) error {
		// The account's row makes two presses at once count one after the other.
		a, err := tx.LockAccount(accountID)
		if err != nil {
			return err
		}
		all, err := tx.Tokens(accountID)
		switch {
		case err != nil:
			return err
		case a.Status == "closed":
			return unauthenticated("This account was deleted.", "Sign in to begin a new one.")
		case a.Role != kinpict.Customer && !byCommand:
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "Staff make no tokens of their own.", Hint: "Whoever runs this service makes one by command."}
		case len(all) >= MaxTokens:
			return &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("There are %d tokens already.", len(all)), Hint: "Revoke one that is not used any more."}
		}
		return tx.PutToken(p.IDs.New(kinpict.TokenPrefix), hash(token), accountID, name)
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// RevokeToken ends one of the caller's API tokens for ever. NotFound if there is
// none with that id, or no more.
func (p *People) RevokeToken(ctx context.Context, c kinpict.Caller, id string) error {
	if err := signedIn(c); err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		done, err := tx.RevokeToken(c.AccountID, id)
		if err == nil && !done {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "This token was revoked already.", Hint: "Look at the list again."}
		}
		return err
	})
}

// SetLanguage notes the language the caller reads, as in BCP 47. Whether the
// product speaks it is for whoever asks to know.
func (p *People) SetLanguage(ctx context.Context, c kinpict.Caller, language string) error {
	if err := signedIn(c); err != nil {
		return err
	}
	if len(language) > 35 { // RFC 5646, section 4.4.1: the least a field must hold
		return &kinpict.Error{Code: kinpict.Invalid, Message: "This is no language we know."}
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.SetLanguage(c.AccountID, language)
		return err
	})
}

func signedIn(c kinpict.Caller) error {
	if c.AccountID == "" {
		return unauthenticated("You are not signed in.", "Sign in with your e-mail address.")
	}
	return nil
}
