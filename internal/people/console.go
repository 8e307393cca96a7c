package people

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"kinpict"
	"kinpict/internal/store"
)

// Wrong codes of a second factor that are borne within WrongWindow.
const (
	WrongCodes  = 5
	WrongWindow = 15 * time.Minute
)

// What staff did, as the trail names it.
const (
	DeedFactor    = "second factor made"
	DeedFactorOff = "second factor taken away"
	DeedConsole   = "console opened"
	DeedWrong     = "five wrong codes"
	DeedRole      = "role changed to " // and which
)

// SetRole gives the account of an address another role. Console sessions end
// with the role they were opened for, and who is no staff any more keeps no
// second factor. Who becomes staff keeps no API token: what a customer made
// themselves shall not turn into staff's. NotFound without such an account, Conflict for one that has
// that role already.
func (p *People) SetRole(ctx context.Context, actor, email string, role kinpict.AccountRole) error {
	if role != kinpict.Customer && !MayConsole(role) {
		return &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("There is no role %q.", role), Hint: "Choose one of: customer, support, operator."}
	}
	a, err := p.Account(ctx, email)
	if err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		done, err := tx.SetRole(a.ID, role)
		if err == nil && !done {
			err = &kinpict.Error{Code: kinpict.Conflict, Message: fmt.Sprintf("%s is %s already.", a.Email, role)}
		}
		if err != nil {
			return err
		}
		if role == kinpict.Customer {
			if _, err := tx.DropFactor(a.ID); err != nil {
				return err
			}
		} else if err := tx.RevokeTokens(a.ID); err != nil {
			return err
		}
		return errors.Join(tx.DropConsoleSessions(a.ID), p.note(tx, actor, DeedRole+string(role), a.ID))
	})
}

// MayConsole reports whether an account of that role may open the console.
func MayConsole(role kinpict.AccountRole) bool {
	return role == kinpict.Support || role == kinpict.Operator
}

// An Enrolment is a new second factor, in the two spellings apps take.
type Enrolment struct {
	Secret string // to type
	URL    string // to read from a QR code
}

// EnrolFactor gives the account of an address a new second factor, in place of
// the one it had, forgets the wrong codes shown to that, and ends its console sessions. The secret is told this once.
// actor is who does it. NotFound without such an account, Invalid for one that
// may not open the console anyway.
func (p *People) EnrolFactor(ctx context.Context, actor, email string) (*Enrolment, error) {
	a, err := p.Account(ctx, email)
	if err != nil {
		return nil, err
	}
	key := make([]byte, codeKey)
	if _, err := io.ReadFull(p.IDs.Rand, key); err != nil {
		return nil, fmt.Errorf("second factor: random source: %w", err)
	}
	sealed, err := p.seal(a.ID, key)
	if err != nil {
		return nil, err
	}
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		// The account's row, so that a role taken away meanwhile counts.
		now, err := tx.LockAccount(a.ID)
		if err != nil {
			return err
		}
		if !MayConsole(now.Role) || now.Status != "active" {
			return &kinpict.Error{Code: kinpict.Invalid, Message: "Only support and operators have a second factor.", Hint: "Make them with: kinpict account create EMAIL --role support"}
		}
		return errors.Join(tx.PutFactor(a.ID, sealed), tx.ForgetLimit(store.LimitFactor.Of(a.ID)), tx.DropConsoleSessions(a.ID), p.note(tx, actor, DeedFactor, a.ID))
	})
	if err != nil {
		return nil, err
	}
	return &Enrolment{Secret: spelled(key), URL: keyURL("Kinpict", a.Email, key)}, nil
}

// EndFactor takes the second factor of an address's account away, and with it
// its console sessions. NotFound if there is none.
func (p *People) EndFactor(ctx context.Context, actor, email string) error {
	a, err := p.Account(ctx, email)
	if err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		had, err := tx.DropFactor(a.ID)
		if err == nil && !had {
			err = &kinpict.Error{Code: kinpict.NotFound, Message: a.Email + " has no second factor."}
		}
		if err != nil {
			return err
		}
		return errors.Join(tx.DropConsoleSessions(a.ID), p.note(tx, actor, DeedFactorOff, a.ID))
	})
}

// HasFactor reports whether the caller has a second factor.
func (p *People) HasFactor(ctx context.Context, c kinpict.Caller) (has bool, err error) {
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		f, err := tx.Factor(c.AccountID)
		has = f != nil
		return err
	})
	return has, err
}

// OpenConsole begins a console session for a caller who shows the code of their
// second factor, and returns its cookie. signIn is the cookie of the site's
// session, with which the console's ends. A code works once.
//
// Errors: NotFound for who is no staff, Invalid for a code that is wrong or was
// used, RateLimited after WrongCodes of them, Conflict without a second factor.
func (p *People) OpenConsole(ctx context.Context, c kinpict.Caller, signIn, code string) (cookie string, err error) {
	if !MayConsole(c.Role) || c.AccountID == "" || signIn == "" {
		return "", &kinpict.Error{Code: kinpict.NotFound, Message: "There is nothing at this address."}
	}
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, code)
	cookie = p.secret()
	// What is refused is kept too: a wrong code counts.
	var refused error
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		refused = nil
		f, err := tx.Factor(c.AccountID)
		if err != nil {
			return err
		}
		if f == nil {
			refused = &kinpict.Error{Code: kinpict.Conflict, Message: "This account has no second factor.", Hint: "Run kinpict account second-factor " + c.Email}
			return nil
		}
		ok, err := tx.Allow(store.LimitFactor.Of(c.AccountID), WrongCodes, WrongWindow)
		if err != nil {
			return err
		}
		if !ok {
			refused = &kinpict.Error{Code: kinpict.RateLimited, Message: "There were too many wrong codes.", Hint: "Wait a quarter of an hour, then try again."}
			return nil
		}
		key, err := p.unseal(c.AccountID, f.Sealed)
		if err != nil {
			refused = &kinpict.Error{Code: kinpict.Conflict, Message: "This second factor was made with another master secret.", Hint: "Run kinpict account second-factor " + c.Email}
			return tx.Unuse(store.LimitFactor.Of(c.AccountID), WrongWindow)
		}
		step := matches(key, code, tx.Now())
		good := false
		if step > 0 {
			if good, err = tx.SpendStep(c.AccountID, f.Sealed, step); err != nil {
				return err
			}
		}
		if !good {
			refused = &kinpict.Error{Code: kinpict.Invalid, Message: "This code is wrong, too old, or was used before.", Hint: "Wait for the next one in your app."}
			// The last that is borne stands in the trail, and so once in a window.
			n, err := tx.Counted(store.LimitFactor.Of(c.AccountID), WrongWindow)
			if err == nil && n == WrongCodes {
				err = p.note(tx, c.AccountID, DeedWrong, c.AccountID)
			}
			return err
		}
		// The role in force now, not when the request came in.
		a, err := tx.LockAccount(c.AccountID)
		if err != nil {
			return err
		}
		if !MayConsole(a.Role) || a.Status != "active" {
			refused = &kinpict.Error{Code: kinpict.NotFound, Message: "There is nothing at this address."}
			return nil
		}
		return errors.Join(tx.Unuse(store.LimitFactor.Of(c.AccountID), WrongWindow), p.note(tx, c.AccountID, DeedConsole, c.AccountID),
			tx.PutConsoleSession(store.ConsoleSession{AccountID: a.ID, Role: a.Role, SignInHash: hash(signIn), ExpiresAt: tx.Now().Add(StaffLife)}, hash(cookie)))
	})
	if err = errors.Join(err, refused); err != nil {
		return "", err
	}
	return cookie, nil
}

// InConsole reports whether a caller's console session is good: the one with the
// cookie, opened from the site's session signIn.
func (p *People) InConsole(ctx context.Context, c kinpict.Caller, signIn, cookie string) (bool, error) {
	if !MayConsole(c.Role) || c.AccountID == "" || signIn == "" || cookie == "" {
		return false, nil
	}
	id := hash(cookie)
	var s *store.ConsoleSession
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.ConsoleSession(id, hash(signIn))
		return err
	})
	if err != nil || s == nil || s.AccountID != c.AccountID || !MayConsole(s.Role) {
		return false, err
	}
	now := p.Now()
	if !now.Before(s.ExpiresAt) || !now.Before(s.CreatedAt.Add(StaffLife)) || !now.Before(s.LastSeenAt.Add(StaffIdle)) {
		return false, nil
	}
	if now.Sub(s.LastSeenAt) >= time.Minute {
		return true, p.noted(p.DB.Update(ctx, func(tx *store.Tx) error { return tx.SeeConsoleSession(id) }))
	}
	return true, nil
}

// LeaveConsole ends the console session of a cookie. There may be none.
func (p *People) LeaveConsole(ctx context.Context, cookie string) error {
	return p.DB.Update(ctx, func(tx *store.Tx) error { return tx.DropConsoleSession(hash(cookie)) })
}

func (p *People) note(tx *store.Tx, actor, kind, subject string) error {
	return tx.NoteStaff(store.StaffAct{ID: p.IDs.New("act_"), Actor: actor, Kind: kind, Subject: subject})
}

// seal encrypts a second factor for the account it is of: in another's row it
// does not open.
func (p *People) seal(accountID string, key []byte) ([]byte, error) {
	box, err := p.box()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := io.ReadFull(p.IDs.Rand, nonce); err != nil {
		return nil, fmt.Errorf("second factor: random source: %w", err)
	}
	return box.Seal(nonce, nonce, key, []byte(accountID)), nil
}

func (p *People) unseal(accountID string, sealed []byte) ([]byte, error) {
	box, err := p.box()
	if err != nil {
		return nil, err
	}
	if len(sealed) < box.NonceSize() {
		return nil, errors.New("second factor: too short")
	}
	return box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(accountID))
}

func (p *People) box() (cipher.AEAD, error) {
	block, err := aes.NewCipher(p.derive("second factor 1"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
