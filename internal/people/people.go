// Package people knows who is asking: accounts and the sign-in links that make
// them, sessions, API tokens, and guests with their one free preview.
//
// There are no passwords. A person asks for a link, and the browser that asked
// opens it within LinkLife. Secrets are stored as hashes only; a backup of the
// database opens no session.
package people

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/store"
)

// How long things live.
const (
	LinkLife = 15 * time.Minute
	KeepMail = 30 * 24 * time.Hour // how long mail is kept here at most

	SessionIdle = kinpict.SignInIdle
	SessionLife = kinpict.SignInLife
	StaffIdle   = kinpict.StaffIdle
	StaffLife   = kinpict.StaffLife
)

// People answers who a caller is. All fields but Relaxed, Sends and Languages are required.
type People struct {
	DB  *store.DB
	IDs kinpict.IDs // its Rand also makes the secrets
	Now func() time.Time
	// Key is the master secret; cookies and network hashes use keys derived
	// from it, so replacing it makes every guest new. Sessions live on.
	Key       []byte
	PublicURL string // begins the links in mails, without a slash at its end
	Relaxed   bool   // no rate limits, for load tests
	// Sends is whether mail leaves this machine. Then only addresses that mail
	// servers elsewhere take get a link.
	Sends bool
	// Languages are those mails are written in. Nil means all there are.
	Languages *lang.Set
}

// secret is 256 random bits in 43 characters that need no quoting anywhere.
func (p *People) secret() string {
	b := make([]byte, 32)
	if _, err := io.ReadFull(p.IDs.Rand, b); err != nil {
		panic("people: random source: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// hash is how a secret is stored. The secrets are random, so a plain hash is as
// good as a slow one, and looking it up says nothing about near misses.
func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// KeepSpent is how long it is remembered of an address whose account was deleted
// that it had its free preview.
const KeepSpent = 30 * 24 * time.Hour

// Pseudonym is the name of an address under which counts are kept that outlive
// its account. Who has the master secret can tell whether an address is meant,
// nobody else can, and nobody can read the address from it.
func (p *People) Pseudonym(address string) string { return p.mailbox(address) }

// add makes an account, unless its address has one. What an earlier one of the
// address spent counts for it.
func (p *People) add(tx *store.Tx, address string, role kinpict.AccountRole) (*kinpict.Account, bool, error) {
	a, created, err := tx.AddAccount(kinpict.Account{ID: p.IDs.New(kinpict.AccountPrefix), Email: address, Role: role})
	if err == nil && created {
		err = tx.RecallPreviews(a.ID, p.Pseudonym(a.Email))
	}
	return a, created, err
}

// derive makes a key for one purpose from the master secret.
func (p *People) derive(label string) []byte { return sign(p.Key, "kinpict "+label) }

func sign(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// Normalise returns the one spelling of an e-mail address under which an
// account is kept and mail is sent, or an Invalid error.
func Normalise(email string) (string, error) {
	bad := func(format string, a ...any) (string, error) {
		return "", &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf(format, a...), Hint: "Write it like ann@example.com."}
	}
	e := norm.NFC.String(strings.ToLower(strings.TrimSpace(email)))
	switch {
	case e == "":
		return bad("The e-mail address is missing.")
	case len(e) > 254: // RFC 5321, section 4.5.3.1.3, less the angle brackets
		return bad("The e-mail address is longer than 254 characters.")
	}
	for _, r := range e {
		if !unicode.IsPrint(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>()[]\,;:"`, r) {
			return bad("The e-mail address contains a character that does not belong there.")
		}
	}
	local, domain, _ := strings.Cut(e, "@")
	if local == "" || domain == "" || strings.Contains(domain, "@") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") ||
		strings.Contains(domain, "..") {
		return bad("This is not an e-mail address.")
	}
	return e, nil
}

// mailable refuses an address that is none out in the world, or that some mail
// servers take for instructions: to pass a message on elsewhere (%, !), or to a
// program (|).
func mailable(address string) error {
	local, domain, _ := strings.Cut(address, "@")
	labels := strings.Split(domain, ".")
	top, _ := utf8.DecodeRuneInString(labels[len(labels)-1])
	good := len(labels) > 1 && unicode.IsLetter(top) && !strings.ContainsAny(local, "%!|")
	for _, l := range labels {
		good = good && len(l) > 0 && len(l) <= 63 && !strings.HasPrefix(l, "-") && !strings.HasSuffix(l, "-") &&
			!strings.ContainsFunc(l, func(r rune) bool {
				return r != '-' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
			})
	}
	if good {
		return nil
	}
	return &kinpict.Error{Code: kinpict.Invalid, Message: "Mail cannot be sent to this address.", Hint: "Write it like ann@example.com."}
}

func unauthenticated(message, hint string) error {
	return &kinpict.Error{Code: kinpict.Unauthenticated, Message: message, Hint: hint}
}

func callerOf(a kinpict.Account) kinpict.Caller {
	return kinpict.Caller{AccountID: a.ID, Email: a.Email, Role: a.Role}
}
