package store

import (
	"database/sql"
	"errors"

	"kinpict"
)

// removed stands in image_key for a picture whose bytes are gone.
const removed = "removed"

// Favourites lists those of the owner's generations that are favourites, as
// Generations does.
func (t *Tx) Favourites(owner, before string, limit int) ([]*kinpict.Generation, error) {
	return t.page(`g.favourite_at > 0`, owner, before, limit)
}

// Favour makes a finished picture of the owner's a favourite, or no favourite
// any more, and reports whether there is such a picture.
func (t *Tx) Favour(owner, id string, on bool) (bool, error) {
	at := int64(0)
	if on {
		at = t.now
	}
	n, err := t.exec(`UPDATE generation SET favourite_at = $3 WHERE id = $1 AND owner = $2 AND status = 'succeeded' AND deleted_at = 0`, id, owner, at)
	return n == 1, err
}

// Deleted reports whether a generation was the owner's and was deleted.
func (t *Tx) Deleted(owner, id string) (yes bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM generation WHERE id = $1 AND owner = $2 AND deleted_at > 0)`, id, owner).Scan(&yes)
	return yes, err
}

// DeleteGeneration takes a finished generation from everybody's sight, its
// owner's too, and reports false for one that is under way or gone already. Its
// words, the names beside its photos and its links are gone with the commit, and
// so are the photos that nothing else of the owner's names, which it returns.
// What the books need stays: who, when, what quality, and the charge, which is
// not touched. g is the generation as it was read in this transaction. The
// bytes are for the caller to remove: see GonePictures and GonePhotos.
func (t *Tx) DeleteGeneration(g *kinpict.Generation) (photos []kinpict.Photo, done bool, err error) {
	n, err := t.exec(`UPDATE generation SET deleted_at = $3, favourite_at = 0, instruction = '', photos = '[]'
		WHERE id = $1 AND owner = $2 AND deleted_at = 0 AND status IN ('succeeded', 'failed', 'canceled')`, g.ID, g.Owner, t.now)
	if err != nil || n == 0 {
		return nil, false, err
	}
	// The answer kept under the request's key repeats its words. The key stays
	// taken, so that nobody is charged again by an old one.
	if _, err := t.exec(`UPDATE idem SET answer = $1 WHERE owner IN ($2, $3) AND ref = $4`, []byte{}, g.Owner, g.Guest, g.ID); err != nil {
		return nil, false, err
	}
	if _, err := t.exec(`UPDATE held_request SET request = '{}' WHERE account_id = $1 AND generation_id = $2`, g.Owner, g.ID); err != nil {
		return nil, false, err
	}
	if _, err := t.exec(`DELETE FROM share WHERE generation_id = $1`, g.ID); err != nil {
		return nil, false, err
	}
	for _, use := range g.Request.Photos {
		p, err := t.dropUnused(g.Owner, use.ID)
		if err != nil {
			return nil, false, err
		}
		if p != nil {
			photos = append(photos, *p)
		}
	}
	return photos, true, nil
}

// dropUnused marks a photo as gone and returns it, unless a picture that is
// kept, a request that waits or the draft names it. Ids hold no character that
// JSON escapes.
func (t *Tx) dropUnused(owner, id string) (*kinpict.Photo, error) {
	var p kinpict.Photo
	err := t.row(`UPDATE photo SET deleted_at = $1 WHERE id = $2 AND owner = $3 AND deleted_at = 0
			AND NOT EXISTS (SELECT 1 FROM generation WHERE owner = $3 AND deleted_at = 0 AND photos LIKE $4)
			AND NOT EXISTS (SELECT 1 FROM held_request WHERE account_id = $3 AND generation_id IS NULL AND decision <> 'refused' AND expires_at > $1 AND request LIKE $4)
			AND NOT EXISTS (SELECT 1 FROM draft WHERE owner = $3 AND body LIKE $4)
		RETURNING id, blob_key, thumb_key`,
		t.now, id, owner, `%"id":"`+id+`"%`).Scan(&p.ID, &p.Key, &p.ThumbKey)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

// A Gone is a deleted generation whose picture may still be in the bucket.
type Gone struct{ ID, Key string }

// GonePictures returns up to limit of them, in order of id from the one behind after.
func (t *Tx) GonePictures(after string, limit int) ([]Gone, error) {
	var out []Gone
	err := t.each(func(r *sql.Rows) error {
		var g Gone
		err := r.Scan(&g.ID, &g.Key)
		out = append(out, g)
		return err
	}, `SELECT id, image_key FROM generation WHERE deleted_at > 0 AND image_key <> '' AND image_key <> '`+removed+`'
		AND id > $1 ORDER BY id LIMIT $2`, after, limit)
	return out, err
}

// EmptyPicture notes that the bytes of a deleted picture were removed.
func (t *Tx) EmptyPicture(id string) error {
	_, err := t.exec(`UPDATE generation SET image_key = '`+removed+`', image_sha256 = '' WHERE id = $1 AND deleted_at > 0 AND image_key <> ''`, id)
	return err
}

// page lists the owner's generations that meet a condition, newest first, those
// before the id before ("" for the newest), at most limit.
func (t *Tx) page(condition, owner, before string, limit int) ([]*kinpict.Generation, error) {
	if before == "" {
		before = "zzzz" // sorts after every id, also in a database that sorts by language
	}
	var out []*kinpict.Generation
	err := t.each(func(r *sql.Rows) error {
		g, err := scanGeneration(r)
		out = append(out, g)
		return err
	}, `SELECT `+generationColumns+generationTables+`WHERE g.owner = $1 AND g.id < $2 AND g.deleted_at = 0 AND `+condition+` ORDER BY g.id DESC LIMIT $3`,
		owner, before, limit)
	return out, err
}
