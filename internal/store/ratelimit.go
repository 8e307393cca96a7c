package store

import "time"

// An OwnLimit counts what one account does, and goes with it. Its bucket is named
// by it and the account.
type OwnLimit string

const (
	LimitExports OwnLimit = "export of "
	LimitChecks  OwnLimit = "check of "
	LimitCancels OwnLimit = "cancels of " // also of guests
	LimitHolds   OwnLimit = "holds of "
	LimitPromos  OwnLimit = "promo of "
	LimitFactor  OwnLimit = "second factor of " // wrong codes
	limitPhotos  OwnLimit = "photos/"           // also of guests
)

// accountLimits are all of them.
var accountLimits = []OwnLimit{LimitExports, LimitChecks, LimitCancels, LimitHolds, LimitPromos, LimitFactor, limitPhotos}

// Of is the bucket of an account.
func (l OwnLimit) Of(accountID string) string { return string(l) + accountID }

// Allow counts one use of a bucket and reports whether it stays within limit
// uses in a window that begins with the first of them. A refused use is not
// counted. The one statement holds across processes.
func (t *Tx) Allow(bucket string, limit int, window time.Duration) (bool, error) {
	return t.AllowMany(bucket, 1, int64(limit), window)
}

// AllowMany is Allow for n uses at once, such as bytes: all of them or none.
func (t *Tx) AllowMany(bucket string, n, limit int64, window time.Duration) (bool, error) {
	// The first row is put without being compared with the limit.
	if n > limit {
		return false, nil
	}
	// A window that begins in the future is left over from a clock set back.
	done, err := t.exec(`INSERT INTO rate_limit (bucket, since, used) VALUES ($1, $2, $5)
		ON CONFLICT (bucket) DO UPDATE SET
			used = CASE WHEN rate_limit.since > $3 AND rate_limit.since <= $2 THEN rate_limit.used + $5 ELSE $5 END,
			since = CASE WHEN rate_limit.since > $3 AND rate_limit.since <= $2 THEN rate_limit.since ELSE $2 END
		WHERE rate_limit.since <= $3 OR rate_limit.since > $2 OR rate_limit.used + $5 <= $4`,
		bucket, t.now, t.now-window.Microseconds(), limit, n)
	return done == 1, err
}

// Counted is how much of a bucket is used in the window that runs now.
func (t *Tx) Counted(bucket string, window time.Duration) (n int64, err error) {
	err = t.row(`SELECT coalesce(max(used), 0) FROM rate_limit WHERE bucket = $1 AND since > $2 AND since <= $3`,
		bucket, t.now-window.Microseconds(), t.now).Scan(&n)
	return n, err
}

// Frees is how long it takes until the window of a bucket ends, at least a second.
func (t *Tx) Frees(bucket string, window time.Duration) (time.Duration, error) {
	var since int64
	err := t.row(`SELECT coalesce(max(since), 0) FROM rate_limit WHERE bucket = $1`, bucket).Scan(&since)
	return max(instant(since).Add(window).Sub(t.Now()), time.Second), err
}

// GiveBack takes back one use that Allow counted at a time, if the window it was
// counted in still runs. In a later one it stands for nothing.
func (t *Tx) GiveBack(bucket string, counted time.Time, window time.Duration) error {
	_, err := t.exec(`UPDATE rate_limit SET used = used - 1 WHERE bucket = $1 AND used > 0 AND since <= $2 AND since > $3`,
		bucket, micros(counted), micros(counted.Add(-window)))
	return err
}

// ForgetLimit begins the count of a bucket anew.
func (t *Tx) ForgetLimit(bucket string) error {
	_, err := t.exec(`DELETE FROM rate_limit WHERE bucket = $1`, bucket)
	return err
}

// SweepLimits forgets buckets not begun since the given time, at most limit, and
// returns how many.
func (t *Tx) SweepLimits(before time.Time, limit int) (int64, error) {
	return t.exec(`DELETE FROM rate_limit WHERE bucket IN (SELECT bucket FROM rate_limit WHERE since <= $1 LIMIT $2)`, micros(before), limit)
}
