package store

import (
	"database/sql"
	"errors"
	"time"

	"kinpict"
)

// A Link is a sign-in link that was mailed: the hashes of its token and of the
// browser that asked for it, never the secrets themselves.
type Link struct {
	TokenHash   []byte
	BrowserHash []byte
	Email       string
	Next        string // local path to go on to
	ExpiresAt   time.Time
	// Network and Area are where it counts as long as it is not opened, "" for nowhere.
	Network, Area string
	CreatedAt     time.Time
}

// A Session is one browser that signed in.
type Session struct {
	ID         string // no secret
	Account    kinpict.Account
	Browser    string // its name, "" where it did not say
	System     string // what it runs on, "" where it did not say
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// A Token is one API token.
type Token struct {
	ID         string
	Account    kinpict.Account
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

// PutLink keeps a sign-in link.
func (t *Tx) PutLink(l Link) error {
	_, err := t.exec(`INSERT INTO signin_link (token_hash, browser_hash, email, next, created_at, expires_at, network, area) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		l.TokenHash, l.BrowserHash, l.Email, l.Next, t.now, micros(l.ExpiresAt), l.Network, l.Area)
	return err
}

// UseLink spends a link, once, and forgets where it was asked for. The error is NotFound for a link that is
// unknown, spent or too old, and Forbidden for one that another browser asked
// for, which stays good for that browser.
func (t *Tx) UseLink(tokenHash, browserHash []byte) (*Link, error) {
	l := Link{TokenHash: tokenHash, BrowserHash: browserHash}
	var since, until int64
	err := t.row(`SELECT email, next, created_at, expires_at, network, area FROM signin_link WHERE token_hash = $1`, tokenHash).
		Scan(&l.Email, &l.Next, &since, &until, &l.Network, &l.Area)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	l.CreatedAt, l.ExpiresAt = instant(since), instant(until)
	// Nothing but this changes a link, so what was read is what it uses.
	n, err := t.exec(`UPDATE signin_link SET used_at = $1, network = '', area = '' WHERE token_hash = $2 AND browser_hash = $3 AND used_at = 0 AND expires_at > $1`,
		t.now, tokenHash, browserHash)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, t.whyNot(tokenHash)
	}
	return &l, nil
}

// whyNot says why a link did not work. A spent link says so to any browser.
func (t *Tx) whyNot(tokenHash []byte) error {
	var good int
	err := t.row(`SELECT count(*) FROM signin_link WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`, tokenHash, t.now).Scan(&good)
	if err != nil {
		return err
	}
	if good == 0 {
		return &kinpict.Error{Code: kinpict.NotFound, Message: "This link has been used already or is too old.",
			Hint: "Ask for a new link; it works once, and not for long."}
	}
	return &kinpict.Error{Code: kinpict.Forbidden, Message: "This link belongs to another browser.",
		Hint: "Open the link in the browser where you asked for it, or ask for a new one here."}
}

// PutSession keeps a session of an account, seen now for the first time.
func (t *Tx) PutSession(s Session, hash []byte) error {
	_, err := t.exec(`INSERT INTO session (id_hash, id, account_id, browser, system, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)`,
		hash, s.ID, s.Account.ID, s.Browser, s.System, t.now, micros(s.ExpiresAt))
	return err
}

// Sessions are the account's sessions, the newest first. Whether each is still
// good is the caller's to judge.
func (t *Tx) Sessions(accountID string) ([]Session, error) {
	return list(t, func(r *sql.Rows) (s Session, err error) {
		var created, seen, until int64
		err = r.Scan(&s.ID, &s.Browser, &s.System, &created, &seen, &until)
		s.CreatedAt, s.LastSeenAt, s.ExpiresAt = instant(created), instant(seen), instant(until)
		return s, err
	}, `SELECT id, browser, system, created_at, last_seen_at, expires_at FROM session WHERE account_id = $1 ORDER BY created_at DESC, id`, accountID)
}

// EndSession ends a session of the account and reports whether there was one.
func (t *Tx) EndSession(accountID, id string) (bool, error) {
	n, err := t.exec(`DELETE FROM session WHERE account_id = $1 AND id = $2`, accountID, id)
	return n == 1, err
}

// EndOtherSessions ends all sessions of the account but one and returns how many.
func (t *Tx) EndOtherSessions(accountID string, keep []byte) (int64, error) {
	return t.exec(`DELETE FROM session WHERE account_id = $1 AND id_hash <> $2`, accountID, keep)
}

// Session returns the session with that hash, or NotFound. Whether it is still
// good is the caller's to judge.
func (t *Tx) Session(hash []byte) (*Session, error) {
	var s Session
	var at, created, seen, until int64
	err := t.row(`SELECT `+accountColumns+`, session.id, session.browser, session.system, session.created_at, session.last_seen_at, session.expires_at
		FROM session JOIN account ON account.id = session.account_id WHERE session.id_hash = $1`, hash).
		Scan(append(accountFields(&s.Account, &at), &s.ID, &s.Browser, &s.System, &created, &seen, &until)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such session here."}
	}
	s.Account.CreatedAt, s.CreatedAt, s.LastSeenAt, s.ExpiresAt = instant(at), instant(created), instant(seen), instant(until)
	return &s, err
}

// SeeSession notes that a session was used now.
func (t *Tx) SeeSession(hash []byte) error {
	_, err := t.exec(`UPDATE session SET last_seen_at = $1 WHERE id_hash = $2 AND last_seen_at < $1`, t.now, hash)
	return err
}

// DropSession ends a session. There may be none.
func (t *Tx) DropSession(hash []byte) error {
	_, err := t.exec(`DELETE FROM session WHERE id_hash = $1`, hash)
	return err
}

// PutToken keeps an API token of an account.
func (t *Tx) PutToken(id string, hash []byte, accountID, name string) error {
	_, err := t.exec(`INSERT INTO api_token (id, token_hash, account_id, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
		id, hash, accountID, name, t.now)
	return err
}

// Tokens are the account's live tokens, the newest first.
func (t *Tx) Tokens(accountID string) ([]Token, error) {
	return list(t, func(r *sql.Rows) (k Token, err error) {
		var created, used int64
		err = r.Scan(&k.ID, &k.Name, &created, &used)
		k.CreatedAt, k.LastUsedAt = instant(created), instant(used)
		return k, err
	}, `SELECT id, name, created_at, last_used_at FROM api_token WHERE account_id = $1 AND revoked_at = 0 ORDER BY created_at DESC, id`, accountID)
}

// RevokeToken ends a live token of the account for ever and reports whether
// there was one.
func (t *Tx) RevokeToken(accountID, id string) (bool, error) {
	n, err := t.exec(`UPDATE api_token SET revoked_at = $3 WHERE account_id = $1 AND id = $2 AND revoked_at = 0`, accountID, id, t.now)
	return n == 1, err
}

// RevokeTokens ends all live tokens of the account for ever.
func (t *Tx) RevokeTokens(accountID string) error {
	_, err := t.exec(`UPDATE api_token SET revoked_at = $2 WHERE account_id = $1 AND revoked_at = 0`, accountID, t.now)
	return err
}

// Token returns the live token with that hash, or NotFound.
func (t *Tx) Token(hash []byte) (*Token, error) {
	var k Token
	var at, made, used int64
	err := t.row(`SELECT `+accountColumns+`, api_token.id, api_token.name, api_token.created_at, api_token.last_used_at
		FROM api_token JOIN account ON account.id = api_token.account_id WHERE api_token.token_hash = $1 AND api_token.revoked_at = 0`, hash).
		Scan(append(accountFields(&k.Account, &at), &k.ID, &k.Name, &made, &used)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such token here."}
	}
	k.Account.CreatedAt, k.CreatedAt, k.LastUsedAt = instant(at), instant(made), instant(used)
	return &k, err
}

// SeeToken notes that a token was used now.
func (t *Tx) SeeToken(id string) error {
	_, err := t.exec(`UPDATE api_token SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1`, t.now, id)
	return err
}

// SweepPeople removes sessions and links that ended before the given time, and
// tokens revoked before it.
func (t *Tx) SweepPeople(before time.Time) error {
	if _, err := t.exec(`DELETE FROM api_token WHERE revoked_at > 0 AND revoked_at <= $1`, micros(before)); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM session WHERE expires_at <= $1 OR last_seen_at <= $2`, micros(before), micros(before.Add(-kinpict.SignInIdle))); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM signin_link WHERE expires_at <= $1`, micros(before))
	return err
}
