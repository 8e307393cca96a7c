package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kinpict"
)

const photoColumns = `id, owner, blob_key, thumb_key, width, height, bytes, sha256, source_sha256, likeness, faces, checks, created_at, expires_at`

func scanPhoto(scan func(...any) error) (*kinpict.Photo, error) {
	var p kinpict.Photo
	var faces, checks string
	var created, until int64
	if err := scan(&p.ID, &p.Owner, &p.Key, &p.ThumbKey, &p.Width, &p.Height, &p.Bytes, &p.SHA256, &p.SourceSHA256, &p.Likeness, &faces, &checks, &created, &until); err != nil {
		return nil, err
	}
	if err := errors.Join(json.Unmarshal([]byte(faces), &p.Faces), json.Unmarshal([]byte(checks), &p.Checks)); err != nil {
		return nil, fmt.Errorf("photo %s: %w", p.ID, err)
	}
	p.CreatedAt, p.ExpiresAt = instant(created), instant(until)
	return &p, nil
}

// noPhoto is the same for a photo of somebody else as for none at all.
func noPhoto(id string) error {
	return &kinpict.Error{Code: kinpict.NotFound, Message: fmt.Sprintf("There is no photo %q here.", id),
		Hint: "Photos are removed some time after they were last used; add it again.", Members: map[string]any{"photo": id}}
}

// photoBy returns the one live photo a condition names, or nil.
func (t *Tx) photoBy(condition string, args ...any) (*kinpict.Photo, error) {
	args = append(args, t.now)
	p, err := scanPhoto(t.row(fmt.Sprintf(`SELECT `+photoColumns+` FROM photo WHERE %s AND deleted_at = 0 AND expires_at > $%d`, condition, len(args)), args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return p, err
}

// Photo returns a live photo of an owner, or NotFound.
func (t *Tx) Photo(owner, id string) (*kinpict.Photo, error) {
	p, err := t.photoBy(`owner = $1 AND id = $2`, owner, id)
	if err == nil && p == nil {
		return nil, noPhoto(id)
	}
	return p, err
}

// PhotoBySource returns the live photo an owner made from the upload with that
// hash, or nil. Owners are never compared: that would tell who else has it.
func (t *Tx) PhotoBySource(owner, sourceSHA256 string) (*kinpict.Photo, error) {
	return t.photoBy(`owner = $1 AND source_sha256 = $2`, owner, sourceSHA256)
}

// PhotosByID returns live photos of an owner in the order asked for. The error
// is NotFound and names the first that is missing.
func (t *Tx) PhotosByID(owner string, ids []string) ([]kinpict.Photo, error) {
	out := make([]kinpict.Photo, 0, len(ids))
	for _, id := range ids {
		p, err := t.Photo(owner, id)
		if err != nil {
			return nil, err
		}
		out = append(out, *p)
	}
	return out, nil
}

// Photos returns the live photos of an owner, the newest first.
func (t *Tx) Photos(owner string) ([]kinpict.Photo, error) {
	var out []kinpict.Photo
	err := t.each(func(r *sql.Rows) error {
		p, err := scanPhoto(r.Scan)
		if err == nil {
			out = append(out, *p)
		}
		return err
	}, `SELECT `+photoColumns+` FROM photo WHERE owner = $1 AND deleted_at = 0 AND expires_at > $2 ORDER BY created_at DESC, id DESC`, owner, t.now)
	return out, err
}

// AddPhoto keeps a photo unless its owner has one of the same upload, and
// returns the one that stands.
func (t *Tx) AddPhoto(p kinpict.Photo) (*kinpict.Photo, error) {
	faces, err := json.Marshal(p.Faces)
	if err != nil {
		return nil, err
	}
	checks, err := json.Marshal(p.Checks)
	if err != nil {
		return nil, err
	}
	// One that expired and waits for the sweep must not stand in the way.
	if _, err := t.exec(`UPDATE photo SET deleted_at = $1 WHERE owner = $2 AND source_sha256 = $3 AND deleted_at = 0 AND expires_at <= $1`,
		t.now, p.Owner, p.SourceSHA256); err != nil {
		return nil, err
	}
	if _, err := t.exec(`INSERT INTO photo (`+photoColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (owner, source_sha256) WHERE deleted_at = 0 DO NOTHING`,
		p.ID, p.Owner, p.Key, p.ThumbKey, p.Width, p.Height, p.Bytes, p.SHA256, p.SourceSHA256, p.Likeness, string(faces), string(checks), t.now, micros(p.ExpiresAt)); err != nil {
		return nil, err
	}
	got, err := t.PhotoBySource(p.Owner, p.SourceSHA256)
	if err == nil && got == nil {
		return nil, fmt.Errorf("photo %s: neither added nor there", p.ID)
	}
	return got, err
}

// Likenesses returns what the live photos of an owner look like, by their ids,
// the newest first. Those that cannot be compared are left out.
func (t *Tx) Likenesses(owner string) (out []kinpict.Photo, err error) {
	err = t.each(func(r *sql.Rows) error {
		var p kinpict.Photo
		err := r.Scan(&p.ID, &p.Likeness)
		out = append(out, p)
		return err
	}, `SELECT id, likeness FROM photo WHERE owner = $1 AND likeness <> '' AND deleted_at = 0 AND expires_at > $2 ORDER BY created_at DESC, id DESC`, owner, t.now)
	return out, err
}

// TouchPhotos keeps live photos of an owner at least until the given time.
func (t *Tx) TouchPhotos(owner string, ids []string, until time.Time) error {
	for _, id := range ids {
		if _, err := t.exec(`UPDATE photo SET expires_at = $1 WHERE owner = $2 AND id = $3 AND deleted_at = 0 AND expires_at > $4 AND expires_at < $1`,
			micros(until), owner, id, t.now); err != nil {
			return err
		}
	}
	return nil
}

// LockPhotos lets only one transaction at a time add photos for an owner, so
// that a quota is counted and kept in one piece. Unauthenticated for an account
// that was closed, be it a moment ago.
func (t *Tx) LockPhotos(owner string) error {
	if _, err := t.exec(`INSERT INTO rate_limit (bucket, since, used) VALUES ($1, $2, 1)
		ON CONFLICT (bucket) DO UPDATE SET since = excluded.since`, limitPhotos.Of(owner), t.now); err != nil {
		return err
	}
	var closed bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM account WHERE id = $1 AND status = 'closed')`, owner).Scan(&closed); err != nil {
		return err
	}
	if closed {
		return errClosedAccount
	}
	return nil
}

var errClosedAccount = &kinpict.Error{Code: kinpict.Unauthenticated, Message: "This account was deleted.", Hint: "Sign in to begin a new one."}

// PhotoUsage counts an owner's photos and their bytes: the live ones and, from
// since on, also those that are gone. A zero since counts only the live ones.
func (t *Tx) PhotoUsage(owner string, since time.Time) (files, bytes int64, err error) {
	from := micros(since)
	if since.IsZero() {
		from = t.now + 1
	}
	err = t.row(`SELECT count(*), coalesce(sum(bytes), 0) FROM photo WHERE owner = $1 AND ((deleted_at = 0 AND expires_at > $2) OR created_at > $3)`,
		owner, t.now, from).Scan(&files, &bytes)
	return files, bytes, err
}

// photoNeeded reports whether a picture under way or a request that waits and
// may go on names a photo of its owner's. Ids hold no character that JSON escapes.
func (t *Tx) photoNeeded(owner, id string) (needed bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM generation WHERE owner = $1 AND status IN ('queued', 'running') AND photos LIKE $2)
			OR EXISTS (SELECT 1 FROM held_request WHERE account_id = $1 AND generation_id IS NULL AND decision <> 'refused' AND expires_at > $3 AND request LIKE $2)`,
		owner, `%"id":"`+id+`"%`, t.now).Scan(&needed)
	return needed, err
}

// DeletePhoto marks a live photo of an owner as gone and returns it. NotFound
// if there is none, Conflict while something accepted or held needs it.
func (t *Tx) DeletePhoto(owner, id string) (*kinpict.Photo, error) {
	p, err := t.Photo(owner, id)
	if err != nil {
		return nil, err
	}
	needed, err := t.photoNeeded(owner, id)
	if err != nil {
		return nil, err
	}
	if needed {
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: "A picture on its way or a request that waits still needs this photo.",
			Hint: "Delete it once the picture is finished, or take the request back first.", Members: map[string]any{"photo": id}}
	}
	n, err := t.exec(`UPDATE photo SET deleted_at = $1 WHERE id = $2 AND owner = $3 AND deleted_at = 0`, t.now, id, owner)
	if err == nil && n == 0 {
		return nil, noPhoto(id)
	}
	return p, err
}

// movePhotos gives photos another owner under their old ids, because drafts and
// previews name them. Where the new owner has the same upload both remain, and
// the moved one is no longer found by its source. Without all, those stay that no
// preview of the new owner shows.
func (t *Tx) movePhotos(from, to string, until time.Time, all bool) error {
	which := ``
	if !all {
		which = ` AND EXISTS (SELECT 1 FROM generation g WHERE g.owner = $1 AND g.funding = 'preview' AND g.photos LIKE '%"id":"' || photo.id || '"%')`
	}
	_, err := t.exec(`UPDATE photo SET owner = $1,
		expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END,
		source_sha256 = CASE WHEN EXISTS (SELECT 1 FROM photo same WHERE same.owner = $1 AND same.source_sha256 = photo.source_sha256 AND same.deleted_at = 0)
			THEN 'moved ' || id ELSE source_sha256 END
		WHERE owner = $3 AND deleted_at = 0 AND expires_at > $4`+which, to, micros(until), from, t.now)
	return err
}

// ExpirePhotos marks photos past their time as gone, at most limit, and returns
// how many.
func (t *Tx) ExpirePhotos(limit int) (int64, error) {
	return t.exec(`UPDATE photo SET deleted_at = $1 WHERE id IN (SELECT id FROM photo WHERE deleted_at = 0 AND expires_at <= $1 LIMIT $2)`, t.now, limit)
}

// GonePhotos returns up to limit photos that are gone and whose bytes may still
// be in the bucket.
func (t *Tx) GonePhotos(limit int) ([]kinpict.Photo, error) {
	var out []kinpict.Photo
	err := t.each(func(r *sql.Rows) error {
		var p kinpict.Photo
		err := r.Scan(&p.ID, &p.Key, &p.ThumbKey)
		out = append(out, p)
		return err
	}, `SELECT id, blob_key, thumb_key FROM photo WHERE deleted_at > 0 AND blob_key <> '' LIMIT $1`, limit)
	return out, err
}

// EmptyPhoto notes that the bytes of a photo that is gone were removed.
func (t *Tx) EmptyPhoto(id string) error {
	_, err := t.exec(`UPDATE photo SET blob_key = '', thumb_key = '' WHERE id = $1 AND deleted_at > 0`, id)
	return err
}

// ForgetPhotos removes the rows of emptied photos made before the given time;
// until then they count for a guest's quota.
func (t *Tx) ForgetPhotos(before time.Time) (int64, error) {
	return t.exec(`DELETE FROM photo WHERE deleted_at > 0 AND blob_key = '' AND created_at <= $1`, micros(before))
}

// PhotoKeys returns the keys of a photo and its thumbnail, live or gone, and none
// for an id that is not there. Those of an emptied photo are "".
func (t *Tx) PhotoKeys(id string) (keys []string, err error) {
	var key, thumb string
	err = t.row(`SELECT blob_key, thumb_key FROM photo WHERE id = $1`, id).Scan(&key, &thumb)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return []string{key, thumb}, err
}
