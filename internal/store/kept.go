package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kinpict"
)

// Kept counts what is kept of an account and, in the mail, of its address.
func (t *Tx) Kept(a *kinpict.Account) (*kinpict.Kept, error) {
	b, err := t.Balance(a.ID)
	if err != nil {
		return nil, err
	}
	idle, life := a.Role.SignInTimes()
	k := &kinpict.Kept{Credits: b.Spendable + b.Debt, Debt: b.Debt}
	err = t.row(`SELECT
			(SELECT count(*) FROM photo WHERE owner = $1 AND deleted_at = 0 AND expires_at > $3),
			(SELECT `+sumOf(`bytes`)+` FROM photo WHERE owner = $1 AND deleted_at = 0 AND expires_at > $3),
			(SELECT count(*) FROM generation WHERE owner = $1 AND deleted_at = 0 AND status = 'succeeded'),
			(SELECT `+sumOf(`image_bytes`)+` FROM generation WHERE owner = $1 AND deleted_at = 0 AND status = 'succeeded'),
			(SELECT count(*) FROM generation WHERE owner = $1 AND deleted_at = 0),
			(SELECT count(*) FROM generation WHERE owner = $1 AND status IN ('queued', 'running')),
			(SELECT count(*) FROM draft WHERE owner = $1),
			(SELECT count(*) FROM held_request WHERE account_id = $1 AND generation_id IS NULL AND withdrawn_at = 0 AND expires_at > $3),
			(SELECT count(*) FROM share s JOIN generation g ON g.id = s.generation_id WHERE g.owner = $1),
			(SELECT count(*) FROM purchase WHERE account_id = $1),
			(SELECT count(*) FROM purchase WHERE account_id = $1 AND state IN ('open', 'processing')),
			(SELECT count(*) FROM txn WHERE account_id = $1 AND kind <> 'settle'),
			(SELECT count(*) FROM review WHERE account_id = $1),
			(SELECT count(*) FROM consent WHERE owner = $1),
			(SELECT count(*) FROM mail WHERE recipient = $2),
			(SELECT count(*) FROM session WHERE account_id = $1 AND last_seen_at > $4 AND created_at > $5),
			(SELECT count(*) FROM api_token WHERE account_id = $1 AND revoked_at = 0),
			(SELECT `+sumOf(`amount - returned`)+` FROM charge WHERE account_id = $1 AND state = 'open' AND id IN (SELECT id FROM generation WHERE owner = $1))`,
		a.ID, a.Email, t.now, t.now-idle.Microseconds(), t.now-life.Microseconds()).Scan(&k.Photos, &k.PhotoBytes, &k.Pictures, &k.PictureBytes, &k.Requests, &k.OnTheWay, &k.Drafts, &k.Held, &k.Shares,
		&k.Purchases, &k.Open, &k.Lines, &k.Reviews, &k.Consents, &k.Mails, &k.SignIns, &k.Tokens, &k.Reserved)
	return k, err
}

// PutConsent notes that an owner confirmed a wording about the people shown.
func (t *Tx) PutConsent(owner, wording string) error {
	_, err := t.exec(`INSERT INTO consent (owner, at, wording) VALUES ($1, $2, $3) ON CONFLICT (owner, at) DO NOTHING`, owner, t.now, wording)
	return err
}

func (t *Tx) moveConsents(from, to string) error {
	if _, err := t.exec(`INSERT INTO consent (owner, at, wording) SELECT $1, at, wording FROM consent WHERE owner = $2 ON CONFLICT (owner, at) DO NOTHING`, to, from); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM consent WHERE owner = $1`, from)
	return err
}

// SweepConsents forgets what guests confirmed before the given time: their
// photos are gone by then.
func (t *Tx) SweepConsents(before time.Time) error {
	_, err := t.exec(`DELETE FROM consent WHERE at <= $1 AND owner LIKE $2`, micros(before), kinpict.GuestPrefix+"%")
	return err
}

// A Consent is what was confirmed, and when.
type Consent struct {
	At      time.Time `json:"at"`
	Wording string    `json:"wording"`
}

// Consents are those of an owner, oldest first, at most limit, behind after,
// which is zero for the first.
func (t *Tx) Consents(owner string, after Consent, limit int) ([]Consent, error) {
	return list(t, func(r *sql.Rows) (c Consent, err error) {
		var at int64
		err = r.Scan(&at, &c.Wording)
		c.At = instant(at)
		return c, err
	}, `SELECT at, wording FROM consent WHERE owner = $1 AND at > $2 ORDER BY at LIMIT $3`, owner, micros(after.At), limit)
}

// MailTo are the messages to an address that are still kept, oldest first, at
// most limit, behind after, which is zero for the first. What opens something is
// not told again.
func (t *Tx) MailTo(address string, after Mail, limit int) ([]Mail, error) {
	return list(t, func(r *sql.Rows) (m Mail, err error) {
		var at int64
		err = r.Scan(&m.ID, &m.To, &m.Subject, &m.Body, &m.Secret, &at)
		m.CreatedAt = instant(at)
		return m, err
	}, `SELECT id, recipient, subject, CASE WHEN secret > 0 THEN '' ELSE body END, secret > 0, created_at FROM mail
		WHERE recipient = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4`, address, micros(after.CreatedAt), after.ID, limit)
}

// HeldRequests are the account's requests that waited or wait, oldest first, at
// most limit, behind after, which is nil for the first. What is left of one
// without its words, because its picture was deleted, it was taken back or had
// its time, is among them only where staff decided something about it.
func (t *Tx) HeldRequests(accountID string, after *kinpict.HeldRequest, limit int) ([]*kinpict.HeldRequest, error) {
	if after == nil {
		after = &kinpict.HeldRequest{}
	}
	return t.heldList(`WHERE account_id = $1 AND (created_at, id) > ($2, $3) AND (request <> '`+emptied+`' OR decision <> '') ORDER BY created_at, id LIMIT $4`, accountID, micros(after.CreatedAt), after.ID, limit)
}

// SharesOf are the links to all pictures of an owner, dead ones included as long
// as they are kept, picture by picture and the oldest of each first: at most
// limit, behind after, which is nil for the first.
func (t *Tx) SharesOf(owner string, after *kinpict.Share, limit int) ([]*kinpict.Share, error) {
	if after == nil {
		after = &kinpict.Share{}
	}
	return list(t, func(r *sql.Rows) (*kinpict.Share, error) { return scanShare(r.Scan) },
		`SELECT `+shareColumns+` FROM generation g JOIN share s ON s.generation_id = g.id
		WHERE g.owner = $1 AND g.id >= $2 AND (g.id > $2 OR (s.created_at, s.id) > ($3, $4)) ORDER BY g.id, s.created_at, s.id LIMIT $5`,
		owner, after.Generation, micros(after.CreatedAt), after.ID, limit)
}

// ReviewsInFull are the account's reviews with their evidence, oldest first,
// those after the id after, at most limit.
func (t *Tx) ReviewsInFull(accountID, after string, limit int) ([]*kinpict.Review, error) {
	out, err := list(t, func(r *sql.Rows) (*kinpict.Review, error) { return scanReview(r) },
		`SELECT `+reviewColumns+` FROM review WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3`, accountID, after, limit)
	for _, r := range out {
		if err == nil {
			err = t.acts(r)
		}
	}
	return out, err
}

// list reads all rows of a query.
func list[T any](t *Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := t.each(func(r *sql.Rows) error {
		v, err := scan(r)
		out = append(out, v)
		return err
	}, query, args...)
	return out, err
}

const deletionColumns = `id, account_id, asked_by, tally, deleted_at, emptied_at`

// A tally is what a deletion's row says of how much went.
type tally struct {
	Gone      kinpict.Kept    `json:"gone"`
	Returned  kinpict.Credits `json:"credits_returned"`
	Forfeited kinpict.Credits `json:"credits_given_up"`
}

func scanDeletion(row interface{ Scan(...any) error }) (*kinpict.Deletion, error) {
	var d kinpict.Deletion
	var said string
	var at, emptied int64
	err := row.Scan(&d.ID, &d.AccountID, &d.AskedBy, &said, &at, &emptied)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such receipt here.", Hint: "Look at whether the address is whole."}
	}
	if err != nil {
		return nil, err
	}
	var n tally
	err = json.Unmarshal([]byte(said), &n)
	d.Gone, d.Returned, d.Forfeited = n.Gone, n.Returned, n.Forfeited
	d.At, d.EmptiedAt = instant(at), instant(emptied)
	return &d, err
}

// Deletion returns the deletion with that id, or NotFound.
func (t *Tx) Deletion(id string) (*kinpict.Deletion, error) {
	return scanDeletion(t.row(`SELECT `+deletionColumns+` FROM deletion WHERE id = $1`, id))
}

// DeletionOf returns the deletion of an account, or NotFound.
func (t *Tx) DeletionOf(accountID string) (*kinpict.Deletion, error) {
	return scanDeletion(t.row(`SELECT `+deletionColumns+` FROM deletion WHERE account_id = $1`, accountID))
}

// DeletionsToFinish are those since then, whose accounts somebody may still
// have written to, and those with files left: oldest first, at most limit, from
// behind after on, which is nil for the first of them.
func (t *Tx) DeletionsToFinish(since time.Time, after *kinpict.Deletion, limit int) ([]*kinpict.Deletion, error) {
	var at int64
	var id string
	if after != nil {
		at, id = micros(after.At), after.ID
	}
	return list(t, func(r *sql.Rows) (*kinpict.Deletion, error) { return scanDeletion(r) },
		`SELECT `+deletionColumns+` FROM deletion WHERE deleted_at > $1 AND (deleted_at, id) > ($2, $3)
		UNION ALL SELECT `+deletionColumns+` FROM deletion WHERE deleted_at <= $1 AND emptied_at = 0 AND (deleted_at, id) > ($2, $3)
		ORDER BY deleted_at, id LIMIT $4`, micros(since), at, id, limit)
}
