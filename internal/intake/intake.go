// Package intake takes in what a person brings: photos, made safe and kept for
// a time, and the draft of a request that names them.
//
// An upload's own bytes and its file name are kept nowhere. The bytes of a
// photo are in the bucket before its row is in the database, so a photo that
// can be seen is whole; what a crash leaves between the two is swept.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/photo"
	"kinpict/internal/store"
)

// How long a photo is kept, unless it is used again.
const (
	GuestLife   = 24 * time.Hour
	AccountLife = kinpict.KeepPhotos

	// orphanAge is how old bytes without a row must be to belong to nobody:
	// far beyond what an upload may take from its first byte to its row.
	orphanAge = time.Hour
)

// A Quota is how much an owner may keep.
type Quota struct {
	Files int64
	Bytes int64 // of the normalised photos
}

// Quotas. A guest's counts what was added within 24 hours, deleted or not, and so
// does that of all guests of a network together, since a new guest costs nothing;
// an account's what is there now.
var (
	GuestQuota   = Quota{10, 40 << 20}
	NetworkQuota = Quota{600, 1 << 30}
	AccountQuota = Quota{2000, 2 << 30}
)

// NetworkDrafts is how many drafts the guests of one network may begin a day.
const NetworkDrafts = 1000

// Codes of checks beside those of package photo.
const (
	CheckMetadata = "metadata_removed"
	CheckCopy     = "near_duplicate"
	CheckTurned   = "turned"
)

// An Intake keeps photos and drafts. Only Room, Faces, Turns and Relaxed may be left out.
type Intake struct {
	DB     *store.DB
	Blobs  blob.Bucket
	IDs    kinpict.IDs
	Now    func() time.Time
	Gate   *photo.Gate
	Limits photo.Limits
	// Room is Unavailable while nothing more is to be taken in, so that what is
	// paid for still finds a place; nil is room without end.
	Room func() error
	// Faces finds faces in a normalised photo; nil looks for none.
	Faces func(jpeg []byte) []kinpict.Face
	// Turns tells the quarter turns, clockwise, that put a normalised photo upright
	// in which no face was found; nil turns none.
	Turns   func(jpeg []byte) int
	Relaxed bool // no quotas, for load tests
}

// owner returns who will own what the caller brings, or Unauthenticated.
func owner(c kinpict.Caller) (string, error) {
	if o := c.Owner(); o != "" {
		return o, nil
	}
	return "", &kinpict.Error{Code: kinpict.Unauthenticated, Message: "We do not know whose photos these are.",
		Hint: "Sign in, or allow cookies for this site."}
}

func (i *Intake) expiry(c kinpict.Caller) time.Time {
	if c.AccountID != "" {
		return i.Now().Add(AccountLife)
	}
	return i.Now().Add(GuestLife)
}

// allow returns QuotaExceeded if the owner may not add another photo of that
// many bytes.
func (i *Intake) allow(tx *store.Tx, c kinpict.Caller, bytes int64) error {
	if i.Relaxed {
		return nil
	}
	q, since, hint := AccountQuota, time.Time{}, "Delete photos you no longer need, then add this one."
	if c.AccountID == "" {
		q, since, hint = GuestQuota, tx.Now().Add(-24*time.Hour), "Sign in to add more, or come back tomorrow."
	}
	files, used, err := tx.PhotoUsage(c.Owner(), since)
	if err != nil {
		return err
	}
	if files+1 > q.Files || used+bytes > q.Bytes {
		return &kinpict.Error{Code: kinpict.QuotaExceeded,
			Message: fmt.Sprintf("There is room for %d photos of %d MiB together, and this one does not fit any more.", q.Files, q.Bytes>>20),
			Hint:    hint}
	}
	return nil
}

// AreaNetworks is how many networks' shares the guests of an area, the larger
// network around theirs, have together: whoever has an area has its networks.
const AreaNetworks = 5

// Buckets that count what the guests of one network, or area, bring in a day.
const (
	networkDrafts = "guest drafts from "
	networkFiles  = "guest photos from "
	networkBytes  = "guest photo bytes from "
)

// A share is a network, or an area, and how many networks' budgets it has.
type share struct {
	of    string
	times int64
}

// shares are whose budgets a guest uses.
func shares(c kinpict.Caller) (out []share) {
	if c.Network != "" {
		out = append(out, share{c.Network, 1})
	}
	if c.Area != "" {
		out = append(out, share{c.Area, AreaNetworks})
	}
	return out
}

// allowNetwork counts a photo against the guests of the caller's network and
// area, or refuses it with RateLimited. take is false while nothing may be
// written yet.
func (i *Intake) allowNetwork(tx *store.Tx, c kinpict.Caller, bytes int64, take bool) error {
	if i.Relaxed || c.AccountID != "" {
		return nil
	}
	for _, of := range shares(c) {
		for _, b := range []struct {
			name     string
			n, limit int64
		}{{networkFiles + of.of, 1, of.times * NetworkQuota.Files}, {networkBytes + of.of, bytes, of.times * NetworkQuota.Bytes}} {
			var ok bool
			var err error
			if take {
				ok, err = tx.AllowMany(b.name, b.n, b.limit, day)
			} else {
				var used int64
				used, err = tx.Counted(b.name, day)
				ok = used+b.n <= b.limit
			}
			if err != nil {
				return err
			}
			if !ok {
				return crowded(tx.Now(), "Very many photos were added from your network today.")
			}
		}
	}
	return nil
}

const day = 24 * time.Hour

// crowded refuses a guest what their network had enough of today. A network has
// another name on the next day, with which its counts begin anew.
func crowded(now time.Time, message string) error {
	again := now.UTC().Truncate(day).Add(day).Sub(now)
	return &kinpict.Error{Code: kinpict.RateLimited, Message: message, Hint: "Sign in to go on now, or come back tomorrow.",
		Members: map[string]any{"retry_after": int(again.Seconds()) + 1}}
}

// room is Room's answer.
func (i *Intake) room() error {
	if i.Room == nil {
		return nil
	}
	return i.Room()
}

// Add makes a photo of an upload. The same upload by the same owner is the same
// photo, kept longer.
//
// The error is Unauthenticated for nobody, QuotaExceeded, RateLimited for a guest
// of a network that brought very many, one of photo.Inspect's for what cannot be
// used, or Unavailable when too many photos are being made or there is no room.
func (i *Intake) Add(ctx context.Context, c kinpict.Caller, data []byte) (*kinpict.Photo, error) {
	who, err := owner(c)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	source := hex.EncodeToString(sum[:])
	if p, err := i.known(ctx, c, source); p != nil || err != nil {
		return p, err
	}
	if err := i.room(); err != nil {
		return nil, err
	}
	n, err := i.Gate.Normalise(ctx, c.Counted(), data, i.Limits)
	if err != nil {
		return nil, err
	}
	n, found, err := i.look(ctx, c, data, n)
	if err != nil {
		return nil, err
	}
	p := kinpict.Photo{ID: i.IDs.New(kinpict.PhotoPrefix), Owner: who, Width: n.Width, Height: n.Height, Bytes: int64(len(n.JPEG)),
		SHA256: n.SHA256, SourceSHA256: source, Likeness: string(n.Likeness), Checks: photo.Advise(n), ExpiresAt: i.expiry(c)}
	stem := "photos/" + who + "/" + p.ID
	p.Key, p.ThumbKey = stem+".jpg", stem+".thumb.jpg"
	if m := n.Removed.Message(); m != "" {
		p.Checks = append(p.Checks, kinpict.Check{Code: CheckMetadata, Severity: photo.Info, Message: m})
	}
	p.Faces, p.Checks = found.faces, append(p.Checks, found.checks...)
	if err := i.Blobs.Put(ctx, p.Key, n.JPEG); err != nil {
		return nil, err
	}
	if err := i.Blobs.Put(ctx, p.ThumbKey, n.Thumb); err != nil {
		return nil, err
	}
	var kept *kinpict.Photo
	err = i.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if err := tx.LockPhotos(who); err != nil {
			return err
		}
		if kept, err = tx.PhotoBySource(who, source); kept != nil || err != nil {
			return err
		}
		if err := i.allow(tx, c, p.Bytes); err != nil {
			return err
		}
		if err := i.allowNetwork(tx, c, p.Bytes, true); err != nil {
			return err
		}
		also, err := likes(tx, p)
		if err != nil {
			return err
		}
		one := p
		one.Checks = slices.Concat(p.Checks, also)
		kept, err = tx.AddPhoto(one)
		return err
	})
	// After any other error the row may be there all the same, so its bytes stay
	// until the sweep has looked, as do those that cannot be removed now.
	full := errors.Is(err, &kinpict.Error{Code: kinpict.QuotaExceeded}) || errors.Is(err, &kinpict.Error{Code: kinpict.RateLimited})
	if full || err == nil && kept.ID != p.ID {
		_ = i.remove(context.WithoutCancel(ctx), p)
	}
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// known returns the photo this upload already is, kept longer, or nil, or
// QuotaExceeded or RateLimited before anything is decoded.
func (i *Intake) known(ctx context.Context, c kinpict.Caller, source string) (*kinpict.Photo, error) {
	var p *kinpict.Photo
	err := i.DB.View(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.PhotoBySource(c.Owner(), source); p != nil || err != nil {
			return err
		}
		if err := i.allow(tx, c, 1); err != nil {
			return err
		}
		return i.allowNetwork(tx, c, 1, false)
	})
	if p == nil || err != nil {
		return nil, err
	}
	err = i.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if err := tx.TouchPhotos(c.Owner(), []string{p.ID}, i.expiry(c)); err != nil {
			return err
		}
		p, err = tx.PhotoBySource(c.Owner(), source) // nil if it was deleted just now
		return err
	})
	return p, err
}

// Photo returns a photo of the caller's, or NotFound.
func (i *Intake) Photo(ctx context.Context, c kinpict.Caller, id string) (*kinpict.Photo, error) {
	who, err := owner(c)
	if err != nil {
		return nil, err
	}
	var p *kinpict.Photo
	err = i.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Photo(who, id)
		return err
	})
	return p, err
}

// Photos returns the caller's photos, the newest first.
func (i *Intake) Photos(ctx context.Context, c kinpict.Caller) ([]kinpict.Photo, error) {
	who, err := owner(c)
	if err != nil {
		return nil, err
	}
	var out []kinpict.Photo
	err = i.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.Photos(who)
		return err
	})
	return out, err
}

// Open returns the bytes of a photo of the caller's, JPEG, or of its thumbnail;
// NotFound if there is none. The caller closes them.
func (i *Intake) Open(ctx context.Context, c kinpict.Caller, id string, thumb bool) (io.ReadCloser, *kinpict.Photo, error) {
	p, err := i.Photo(ctx, c, id)
	if err != nil {
		return nil, nil, err
	}
	key := p.Key
	if thumb {
		key = p.ThumbKey
	}
	r, err := i.Blobs.Open(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return r, p, nil
}

// Delete removes a photo of the caller's at once. NotFound if there is none,
// Conflict while a picture under way or a held request needs it. Bytes the
// bucket does not let go of now are removed by a later sweep.
func (i *Intake) Delete(ctx context.Context, c kinpict.Caller, id string) error {
	who, err := owner(c)
	if err != nil {
		return err
	}
	var p *kinpict.Photo
	if err := i.DB.Update(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.DeletePhoto(who, id)
		return err
	}); err != nil {
		return err
	}
	// The photo is gone for everybody from here on. A failure below comes up
	// again in every sweep until it is mended.
	ctx = context.WithoutCancel(ctx)
	if i.remove(ctx, *p) != nil {
		return nil
	}
	return i.DB.Update(ctx, func(tx *store.Tx) error { return tx.EmptyPhoto(p.ID) })
}

func (i *Intake) remove(ctx context.Context, p kinpict.Photo) error {
	return errors.Join(i.Blobs.Delete(ctx, p.Key), i.Blobs.Delete(ctx, p.ThumbKey))
}

// sweepBatch bounds what one step of a sweep holds in memory, and how long others
// wait for it to write.
const sweepBatch = 500

// Sweep removes photos past their time, bytes of deleted photos, bytes an hour
// old that belong to no photo, and old drafts. What fails is reported and does
// not stop the rest; the next sweep tries again.
func (i *Intake) Sweep(ctx context.Context) error {
	for _, step := range []func(*store.Tx) (int64, error){
		func(tx *store.Tx) (int64, error) {
			return tx.SweepDrafts(tx.Now().Add(-GuestLife), tx.Now().Add(-AccountLife), sweepBatch)
		},
		func(tx *store.Tx) (int64, error) { return tx.ExpirePhotos(sweepBatch) },
	} {
		for n := int64(sweepBatch); n == sweepBatch; {
			err := i.DB.Update(ctx, func(tx *store.Tx) (err error) {
				n, err = step(tx)
				return err
			})
			if err != nil {
				return fmt.Errorf("sweep photos: %w", err)
			}
		}
	}
	if err := errors.Join(i.sweepGone(ctx), i.sweepOrphans(ctx)); err != nil {
		return fmt.Errorf("sweep photos: %w", err)
	}
	return nil
}

func (i *Intake) sweepGone(ctx context.Context) error {
	for {
		var gone []kinpict.Photo
		if err := i.DB.View(ctx, func(tx *store.Tx) (err error) {
			gone, err = tx.GonePhotos(sweepBatch)
			return err
		}); err != nil {
			return err
		}
		var emptied []string
		var failed error
		for _, p := range gone {
			if err := i.remove(ctx, p); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			emptied = append(emptied, p.ID)
		}
		if err := i.DB.Update(ctx, func(tx *store.Tx) error {
			for _, id := range emptied {
				if err := tx.EmptyPhoto(id); err != nil {
					return err
				}
			}
			// Until then they count for a guest's quota.
			_, err := tx.ForgetPhotos(tx.Now().Add(-24 * time.Hour))
			return err
		}); err != nil {
			return errors.Join(failed, err)
		}
		if failed != nil || len(gone) < sweepBatch {
			return failed
		}
	}
}

func (i *Intake) sweepOrphans(ctx context.Context) error {
	var old []string
	for it, err := range i.Blobs.List(ctx, "photos/") {
		if err != nil {
			return err
		}
		if i.Now().Sub(it.At) >= orphanAge {
			old = append(old, it.Key)
		}
	}
	var orphans []string
	if err := i.DB.View(ctx, func(tx *store.Tx) error {
		for _, key := range old {
			id, _, _ := strings.Cut(path.Base(key), ".")
			keys, err := tx.PhotoKeys(id)
			if err != nil {
				return err
			}
			if len(keys) == 0 || key != keys[0] && key != keys[1] {
				orphans = append(orphans, key)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	var failed error
	for _, key := range orphans {
		failed = errors.Join(failed, i.Blobs.Delete(ctx, key))
	}
	return failed
}
