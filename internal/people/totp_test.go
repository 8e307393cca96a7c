package people

import (
	"encoding/base32"
	"net/url"
	"testing"
	"time"
)

// RFC 6238, appendix B, the rows of SHA-1.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	key := []byte("12345678901234567890")
	for unix, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130"} {
		if got := codeAt(key, stepOf(time.Unix(unix, 0)), 8); got != want {
			t.Errorf("at %d the code is %s, want %s", unix, got, want)
		}
	}
}

func TestACodeIsGoodOneStepEitherWay(t *testing.T) {
	key, now := []byte("12345678901234567890"), time.Unix(1_700_000_010, 0)
	for off, good := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		step := stepOf(now) + off
		if got := matches(key, codeAt(key, step, codeDigits), now); (got == step) != good {
			t.Errorf("the code %d steps away is of step %d", off, got)
		}
	}
	for _, code := range []string{"", "12345", "1234567", "abcdef", codeAt([]byte("another key of 20 b."), stepOf(now), codeDigits)} {
		if got := matches(key, code, now); got != 0 {
			t.Errorf("%q is of step %d", code, got)
		}
	}
}

func TestAKeyIsReadByApps(t *testing.T) {
	key := []byte("12345678901234567890")
	u, err := url.Parse(keyURL("Kinpict", "ann+ops@example.org", key))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Kinpict:ann+ops@example.org" {
		t.Fatalf("%v, %v", u, err)
	}
	q := u.Query()
	got, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(q.Get("secret"))
	if err != nil || string(got) != string(key) || q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" || q.Get("issuer") != "Kinpict" {
		t.Errorf("%v, %v", q, err)
	}
}
