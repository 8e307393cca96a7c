package receipt

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"kinpict"
)

var day = time.Date(2026, 11, 21, 18, 40, 0, 123000, time.UTC)

func sample() kinpict.Receipt {
	return kinpict.Receipt{Issuer: "https://kinpict.example", Kind: kinpict.ReceiptPurchase, ID: "pur_1", State: "paid", Subject: "credits-80", Credits: 80,
		Payment:        &kinpict.Paid{Currency: "usd", Price: 1200, Provider: "sandbox", Reference: "pay_1", At: day},
		CatalogVersion: 3, CreatedAt: day, AsOf: day,
		Transactions: []kinpict.ReceiptEntry{{ID: "acc_1-1", Kind: "purchase", Credits: 80, At: day, Hash: strings.Repeat("a", 64)}}}
}

func signer(t testing.TB, secret string) *Signer {
	t.Helper()
	s, err := NewSigner([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAReceiptIsGenuineByteForByte(t *testing.T) {
	s := signer(t, "a secret of this installation")
	file, err := s.Sign(sample())
	if err != nil {
		t.Fatal(err)
	}
	keys := []Key{signer(t, "another").Key(), s.Key()}
	r, err := Verify(file, keys)
	if err != nil || r.ID != "pur_1" || r.Payment.Price != 1200 {
		t.Fatalf("a genuine receipt: %+v, %v", r, err)
	}
	if _, err := Verify(bytes.TrimSpace(file), keys); err != nil {
		t.Errorf("without its last line break: %v", err)
	}
	if again, err := s.Sign(sample()); err != nil || !bytes.Equal(file, again) {
		t.Error("the same receipt is signed in two ways")
	}
	for i := range file {
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			bad := bytes.Clone(file)
			bad[i] ^= flip
			if _, err := Verify(bad, keys); err == nil {
				t.Fatalf("byte %d, %q for %q, goes unnoticed", i, bad[i], file[i])
			}
		}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "a picture": []byte("\xff\xd8\xff"), "JSON of something else": []byte(`{"a":1}`), "a space more": append(bytes.Clone(file), ' '),
		"two receipts": append(bytes.Clone(file), file...), "a member more": bytes.Replace(file, []byte(`{"format"`), []byte(`{"extra":1,"format"`), 1),
		"a member twice":           bytes.Replace(file, []byte(`"credits":80,`), []byte(`"credits":80,"credits":80,`), 1),
		"another order of members": reordered(t, file), "too large": bytes.Repeat([]byte(" "), MaxFile+1),
	} {
		if _, err := Verify(bad, keys); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: %v, want it found altered", name, err)
		}
	}
}

// reordered says the same with indentation.
func reordered(t *testing.T, file []byte) []byte {
	var b bytes.Buffer
	if err := json.Indent(&b, file, "", " "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSignersAreToldApart(t *testing.T) {
	a, b := signer(t, "a secret of this installation"), signer(t, "a secret of this installatioN")
	file, err := a.Sign(sample())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(file, []Key{b.Key()}); !errors.Is(err, ErrUnknown) {
		t.Errorf("by another's key: %v, want it unknown", err)
	}
	// Another's key under this one's id.
	if _, err := Verify(file, []Key{{a.Key().ID, b.Key().Public}}); !errors.Is(err, ErrAltered) {
		t.Errorf("by a key under a false name: %v, want it altered", err)
	}
	if a.Key().ID != signer(t, "a secret of this installation").Key().ID || a.Key().ID == b.Key().ID {
		t.Error("a secret does not have one key of its own")
	}
}

func TestKeysArePublishedAndRead(t *testing.T) {
	a, b := signer(t, "one"), signer(t, "two")
	doc, err := Publish("https://kinpict.example", []Key{a.Key(), b.Key()})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ReadKeys(bytes.NewReader(doc))
	if err != nil || len(keys) != 2 || keys[1].ID != b.Key().ID || !keys[1].Public.Equal(b.Key().Public) {
		t.Fatalf("read %v, %v", keys, err)
	}
	for name, bad := range map[string]string{
		"not JSON": "x", "another format": strings.Replace(string(doc), KeysFormat, "keys/2", 1), "a false id": strings.Replace(string(doc), a.Key().ID, b.Key().ID, 1),
		"another algorithm": strings.Replace(string(doc), "Ed25519", "RSA", 1), "no keys": `{"format":"` + KeysFormat + `","keys":[]}`,
	} {
		if keys, err := ReadKeys(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: read as %v", name, keys)
		}
	}
}

func FuzzVerify(f *testing.F) {
	s := signer(f, "a secret")
	file, err := s.Sign(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(`{"format":"kinpict-receipt/1","key":"","receipt":{},"signature":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := Verify(b, []Key{s.Key()}); err == nil && !bytes.Equal(bytes.TrimSuffix(b, []byte{'\n'}), bytes.TrimSuffix(file, []byte{'\n'})) {
			t.Errorf("forged: %+v", r)
		}
	})
}
