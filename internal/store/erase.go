package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kinpict"
)

// withAccount stands where a person's words, or words about them, stood.
const withAccount = "Removed with the account."

// ErrNotGiven means that deleting would give up more credits than were agreed to.
var ErrNotGiven = errors.New("more credits would be given up than were agreed to")

// DeleteAccount closes an account for ever and removes what is kept of the
// person, all in the commit that also stores d, and reports whether it did:
// false if the account is not active, and then nothing was changed. What is
// queued or being drawn ends, its credits return, and then everything that is
// left is given up, which ErrNotGiven refuses beyond agreed.
//
// The ledger, charges, purchases and refunds stay under the account's id, which
// names nobody. Files are for the caller to remove: see GonePhotosOf. redact takes
// the words of the person out of a review's evidence.
func (t *Tx) DeleteAccount(d *kinpict.Deletion, agreed kinpict.Credits, redact func(evidence []byte) ([]byte, error)) (bool, error) {
	id := d.AccountID
	a, err := t.Account(id)
	if err != nil || a.Status != "active" {
		return false, err
	}
	// Whoever adds a photo holds this, and sees afterwards that the account is closed.
	if err := t.LockPhotos(id); err != nil {
		return false, err
	}
	gone, err := t.Kept(a)
	if err != nil {
		return false, err
	}
	d.Gone, d.At, d.EmptiedAt = *gone, t.Now(), time.Time{}
	// A generation's row is taken before its account's, as everybody does. What
	// was accepted in between is found below, with the account held.
	if d.Returned, err = t.endAll(id); err != nil {
		return false, err
	}
	if err := t.Sweep(id); err != nil {
		return false, err
	}
	n, err := t.exec(`UPDATE account SET status = 'closed', email = NULL, language = '' WHERE id = $1 AND status = 'active'`, id)
	if err != nil || n == 0 {
		return false, err
	}
	late, err := t.endAll(id)
	if err != nil {
		return false, err
	}
	d.Returned += late
	if err := t.Forfeit(id, id, "the account is deleted"); err != nil {
		return false, err
	}
	if err := t.row(`SELECT `+sumOf(`amount`)+` FROM entry WHERE account_id = $1 AND code = 'forfeited'`, id).Scan(&d.Forfeited); err != nil {
		return false, err
	}
	if d.Forfeited > agreed {
		return false, ErrNotGiven
	}
	if err := t.eraseReviews(id, redact); err != nil {
		return false, err
	}
	for _, s := range []string{
		`DELETE FROM signin_link WHERE email = $1`,
		`DELETE FROM mail WHERE recipient = $1`,
	} {
		if _, err := t.exec(s, a.Email); err != nil {
			return false, err
		}
	}
	if err := t.Strip(id); err != nil {
		return false, err
	}
	said, err := json.Marshal(tally{d.Gone, d.Returned, d.Forfeited})
	if err != nil {
		return false, err
	}
	_, err = t.exec(`INSERT INTO deletion (id, account_id, asked_by, tally, deleted_at) VALUES ($1, $2, $3, $4, $5)`, d.ID, id, d.AskedBy, string(said), t.now)
	return true, err
}

// endAll ends every generation of the owner's that is queued or being drawn,
// whose worker then finds its fence gone, and returns how many credits went
// back for them. A preview is not given back: what was computed was spent.
func (t *Tx) endAll(owner string) (back kinpict.Credits, err error) {
	type ended struct {
		id      string
		credits kinpict.Credits
	}
	all, err := list(t, func(r *sql.Rows) (e ended, err error) {
		err = r.Scan(&e.id, &e.credits)
		return e, err
	}, `UPDATE generation SET status = 'canceled', finished_at = $2, lease_owner = '', lease_until = 0
		WHERE owner = $1 AND status IN ('queued', 'running') RETURNING id, credits`, owner, t.now)
	if err != nil {
		return 0, err
	}
	for _, e := range all {
		if e.credits == 0 {
			continue
		}
		done, err := t.Return(e.id, "the account is deleted")
		if err != nil {
			return 0, err
		}
		if !done {
			return 0, fmt.Errorf("generation %s: its charge was closed before it", e.id)
		}
		back += e.credits
	}
	return back, nil
}

// eraseReviews closes what waits and takes the words out of the account's
// reviews. The digest of what was frozen stays beside that of what is left.
func (t *Tx) eraseReviews(accountID string, redact func([]byte) ([]byte, error)) error {
	all, err := list(t, func(r *sql.Rows) (*kinpict.Review, error) { return scanReview(r) },
		`SELECT `+reviewColumns+` FROM review WHERE account_id = $1 AND erased_at = 0 ORDER BY id`, accountID)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Status == kinpict.ReviewOpen {
			if _, err := t.ActOnReview(r.ID, kinpict.ReviewAct{Kind: kinpict.ActClose, Actor: "system", Text: withAccount}); err != nil {
				return err
			}
		}
		left, err := redact(r.Evidence)
		if err != nil {
			return fmt.Errorf("review %s: redact: %w", r.ID, err)
		}
		sum := sha256.Sum256(left)
		if _, err := t.exec(`UPDATE review SET message = '', page = '', evidence = $2, sha256 = $3, frozen_sha256 = sha256, erased_at = $4 WHERE id = $1 AND erased_at = 0`,
			r.ID, string(left), hex.EncodeToString(sum[:]), t.now); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE review_act SET text = $2 WHERE review_id = $1 AND text <> $2`, r.ID, withAccount); err != nil {
			return err
		}
	}
	return nil
}

// stripping is what removes a closed account's rows, or the words in those that
// the books need. $1 is the account, $2 the time, and each statement may run
// again.
var stripping = []string{
	// A preview that was asked for at the last moment. Nothing was paid for it.
	`UPDATE generation SET status = 'canceled', finished_at = $2, lease_owner = '', lease_until = 0
		WHERE owner = $1 AND funding = 'preview' AND status IN ('queued', 'running')`,
	`DELETE FROM session WHERE account_id = $1`,
	`DELETE FROM console_session WHERE account_id = $1`,
	`DELETE FROM second_factor WHERE account_id = $1`,
	`DELETE FROM api_token WHERE account_id = $1`,
	`DELETE FROM draft WHERE owner = $1`,
	`DELETE FROM consent WHERE owner = $1`,
	`DELETE FROM share WHERE generation_id IN (SELECT id FROM generation WHERE owner = $1)`,
	`DELETE FROM held_request WHERE account_id = $1`,
	// Answers repeat words; those of previews were given to the guest who became
	// the account. Asked in one, PostgreSQL would read all answers there are.
	`DELETE FROM idem WHERE owner = $1`,
	`DELETE FROM idem WHERE owner IN (SELECT id FROM guest WHERE claimed_by = $1 AND claimed_by <> '')`,
	`DELETE FROM idem WHERE owner IN (SELECT guest_id FROM generation WHERE owner = $1 AND guest_id IS NOT NULL)`,
	// The device keeps its count, so that nobody gets another preview by leaving.
	`DELETE FROM guest WHERE id = $1`,
	`UPDATE guest SET claimed_by = 'gone' WHERE claimed_by = $1 AND claimed_by <> ''`,
	`UPDATE photo SET deleted_at = CASE WHEN deleted_at = 0 THEN $2 ELSE deleted_at END, faces = '[]', checks = '[]', likeness = '', sha256 = '',
		source_sha256 = 'gone ' || id WHERE owner = $1`,
	`UPDATE generation SET deleted_at = CASE WHEN deleted_at = 0 THEN $2 ELSE deleted_at END, favourite_at = 0, instruction = '', photos = '[]', guest_id = NULL,
		notify_at = 0, notify_language = '' WHERE owner = $1 AND status NOT IN ('queued', 'running')`,
	`UPDATE purchase SET url = '', back = '' WHERE account_id = $1 AND (url <> '' OR back <> '')`,
	`UPDATE refund SET reason = '` + withAccount + `' WHERE purchase_id IN (SELECT id FROM purchase WHERE account_id = $1)`,
}

// Strip removes what is kept of a closed account, once more if need be: whoever
// was let in a moment before may have written a moment after.
func (t *Tx) Strip(accountID string) error {
	for _, s := range stripping {
		args := []any{accountID}
		if strings.Contains(s, "$2") {
			args = append(args, t.now)
		}
		if _, err := t.exec(s, args...); err != nil {
			return fmt.Errorf("strip %s: %w", accountID, err)
		}
	}
	for _, l := range accountLimits {
		if _, err := t.exec(`DELETE FROM rate_limit WHERE bucket = $1`, l.Of(accountID)); err != nil {
			return fmt.Errorf("strip %s: %w", accountID, err)
		}
	}
	_, err := t.exec(`UPDATE provider_event SET payload = $2 WHERE payload <> $2 AND object_id IN (SELECT id FROM purchase WHERE account_id = $1
		UNION SELECT session_id FROM purchase WHERE account_id = $1 AND session_id IS NOT NULL UNION SELECT payment_id FROM purchase WHERE account_id = $1 AND payment_id IS NOT NULL)`,
		accountID, []byte{})
	return err
}

// GonePhotosOf are the deleted photos of an owner whose files may still be in
// the bucket, oldest first, at most limit, from behind after on, which is zero
// for the first of them.
func (t *Tx) GonePhotosOf(owner string, after kinpict.Photo, limit int) ([]kinpict.Photo, error) {
	return list(t, func(r *sql.Rows) (p kinpict.Photo, err error) {
		var at int64
		err = r.Scan(&p.ID, &p.Key, &p.ThumbKey, &at)
		p.CreatedAt = instant(at)
		return p, err
	}, `SELECT id, blob_key, thumb_key, created_at FROM photo WHERE owner = $1 AND (created_at, id) > ($2, $3) AND deleted_at > 0 AND blob_key <> ''
		ORDER BY created_at, id LIMIT $4`, owner, micros(after.CreatedAt), after.ID, limit)
}

// GonePicturesOf is the same of an owner's pictures, in the order of their ids.
func (t *Tx) GonePicturesOf(owner, after string, limit int) ([]Gone, error) {
	return list(t, func(r *sql.Rows) (g Gone, err error) {
		err = r.Scan(&g.ID, &g.Key)
		return g, err
	}, `SELECT id, image_key FROM generation WHERE owner = $1 AND id > $2 AND deleted_at > 0 AND image_key <> '' AND image_key <> '`+removed+`' ORDER BY id LIMIT $3`,
		owner, after, limit)
}

// FinishDeletion notes that the last file of a deleted account is gone, and
// reports whether it is. The rows of its photos go with it.
func (t *Tx) FinishDeletion(accountID string) (bool, error) {
	if _, err := t.exec(`DELETE FROM photo WHERE owner = $1 AND deleted_at > 0 AND blob_key = ''`, accountID); err != nil {
		return false, err
	}
	var left int
	if err := t.row(`SELECT (SELECT count(*) FROM photo WHERE owner = $1)
		+ (SELECT count(*) FROM generation WHERE owner = $1 AND image_key <> '' AND image_key <> '`+removed+`')`, accountID).Scan(&left); err != nil || left > 0 {
		return false, err
	}
	_, err := t.exec(`UPDATE deletion SET emptied_at = $2 WHERE account_id = $1 AND emptied_at = 0`, accountID, t.now)
	return true, err
}
