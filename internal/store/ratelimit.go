package store

import "time"

// An OwnLimit counts what one person does, and goes with their account. Its
// bucket is named by it and whose it is.
type OwnLimit string

const (
	LimitLinks   OwnLimit = "link to " // by address
	LimitExports OwnLimit = "export of "
	LimitChecks  OwnLimit = "check of "
	LimitPromos  OwnLimit = "promo of "
	LimitFactor  OwnLimit = "second factor of " // wrong codes
	limitPhotos  OwnLimit = "photos/"           // also of guests
)

// accountLimits are those by account.
var accountLimits = []OwnLimit{LimitExports, LimitChecks, LimitPromos, LimitFactor, limitPhotos}

// Of is the bucket of an account, or of an address.
func (l OwnLimit) Of(whose string) string { return string(l) + whose }

// Allow counts one use of a bucket and reports whether it stays within limit
// uses in a window that begins with the first of them. A refused use is not
// counted. The one statement holds across processes.
func (t *Tx) Allow(bucket string, limit int, window time.Duration) (bool, error) {
	if limit < 1 {
		return false, nil
	}
	// A window that begins in the future is left over from a clock set back.
	n, err := t.exec(`INSERT INTO rate_limit (bucket, since, used) VALUES ($1, $2, 1)
		ON CONFLICT (bucket) DO UPDATE SET
			used = CASE WHEN rate_limit.since > $3 AND rate_limit.since <= $2 THEN rate_limit.used + 1 ELSE 1 END,
			since = CASE WHEN rate_limit.since > $3 AND rate_limit.since <= $2 THEN rate_limit.since ELSE $2 END
		WHERE rate_limit.since <= $3 OR rate_limit.since > $2 OR rate_limit.used < $4`,
		bucket, t.now, t.now-window.Microseconds(), limit)
	return n == 1, err
}

// SweepLimits forgets buckets not begun since the given time.
func (t *Tx) SweepLimits(before time.Time) error {
	_, err := t.exec(`DELETE FROM rate_limit WHERE since <= $1`, micros(before))
	return err
}
