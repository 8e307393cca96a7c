package billing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"kinpict"
)

// SignatureAge is how far a signature's time may lie from ours, either way.
const SignatureAge = 300 * time.Second

// Sign returns the value of a signature header: t=…,v1=… with one v1 for every
// key. Each is HMAC-SHA256 over the time in seconds, a dot, and the body.
func Sign(at time.Time, body []byte, keys ...[]byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	h := "t=" + t
	for _, k := range keys {
		h += ",v1=" + hex.EncodeToString(mac(k, t, body))
	}
	return h
}

// VerifySignature checks such a header against the bytes that arrived. One v1
// by any of the keys is enough: while a secret is changed, both sides may use two.
func VerifySignature(header string, body []byte, now time.Time, keys ...[]byte) error {
	bad := func(why string) error {
		return &kinpict.Error{Code: kinpict.Invalid, Message: "The signature " + why + ".", Hint: "Sign the raw body with the endpoint's secret, at the present time."}
	}
	var t string
	var sums [][]byte
	for _, part := range strings.Split(header, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch k {
		case "t":
			if t != "" {
				return bad("has two times")
			}
			t = v
		case "v1":
			sum, err := hex.DecodeString(v)
			if err != nil {
				return bad("is not hexadecimal")
			}
			sums = append(sums, sum)
		}
	}
	sec, err := strconv.ParseInt(t, 10, 64)
	if err != nil || len(sums) == 0 {
		return bad("is missing")
	}
	ok := false
	for _, k := range keys {
		want := mac(k, t, body)
		for _, sum := range sums {
			ok = hmac.Equal(sum, want) || ok
		}
	}
	if !ok {
		return bad("does not fit the body")
	}
	if d := now.Unix() - sec; d > int64(SignatureAge/time.Second) || d < -int64(SignatureAge/time.Second) {
		return bad("is not of this time")
	}
	return nil
}

func mac(key []byte, t string, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(t))
	m.Write([]byte{'.'})
	m.Write(body)
	return m.Sum(nil)
}
