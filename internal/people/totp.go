package people

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// Codes of an authenticator app as RFC 6238 has them and every app reads them:
// SHA-1 over the number of half minutes since 1970, six digits. What is weak
// about SHA-1 is of no use against a keyed hash.
const (
	codeStep   = 30 * time.Second
	codeDigits = 6
	codeKey    = 20 // bytes: as long as the hash (RFC 4226, section 4)
)

// stepOf is the number of the half minute a time lies in.
func stepOf(t time.Time) int64 { return t.Unix() / int64(codeStep/time.Second) }

// codeAt is the number of a step as its digits.
func codeAt(key []byte, step int64, digits int) string {
	m := hmac.New(sha1.New, key)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	m.Write(counter[:])
	sum := m.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// matches returns the step whose code that is: now's, or the one before or after
// it, for clocks that differ a little. 0 for none.
func matches(key []byte, code string, now time.Time) (found int64) {
	for step := stepOf(now) - 1; step <= stepOf(now)+1; step++ {
		// All are compared, so that the time it takes says nothing.
		if subtle.ConstantTimeCompare([]byte(codeAt(key, step, codeDigits)), []byte(code)) == 1 {
			found = step
		}
	}
	return found
}

// spelled is a key as it is typed into an app.
func spelled(key []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

// keyURL is a key as apps read it from a QR code or a link.
func keyURL(issuer, account string, key []byte) string {
	q := url.Values{"secret": {spelled(key)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(codeDigits)}, "period": {fmt.Sprint(int(codeStep / time.Second))}}
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}).String()
}
