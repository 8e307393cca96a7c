// Package receipt signs receipts so that anybody can check them, without us and
// without a network.
//
// A receipt is one JSON document in its one canonical spelling, so that a file
// is either the very bytes that were signed or it is altered: there is nothing
// in it that could change unnoticed, not even a space. Keys are Ed25519 (RFC
// 8032), which signs the same text the same way each time; the private key is
// derived from the installation's secret and stored nowhere.
package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"kinpict"
)

// Format names the document, and separates its signatures from any other of the
// same key.
const Format = "kinpict-receipt/1"

// MaxFile bounds a receipt or key file, in bytes. A receipt with a hundred
// transactions has 40 KiB.
const MaxFile = 1 << 20

// A Signed is a receipt and who vouches for it.
type Signed struct {
	Format    string          `json:"format"`
	Key       string          `json:"key"` // the id of the public key
	Receipt   kinpict.Receipt `json:"receipt"`
	Signature string          `json:"signature"` // base64url without padding
}

// What Verify finds. Altered also stands for files that are no receipt.
var (
	ErrAltered = errors.New("this is not, byte for byte, a receipt that was signed")
	ErrUnknown = errors.New("the key that signed this receipt is not among those given")
)

// A Signer signs with the key of one installation.
type Signer struct {
	key ed25519.PrivateKey
	id  string
}

// NewSigner derives the signing key from the installation's secret with HKDF
// (RFC 5869, SHA-256) under a label of its own, so that no other use of the
// secret says anything about it.
func NewSigner(secret []byte) (*Signer, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, "kinpict receipts 1", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive receipt key: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	return &Signer{key, KeyID(key.Public().(ed25519.PublicKey))}, nil
}

// Key is the public half, and its id.
func (s *Signer) Key() Key { return Key{s.id, s.key.Public().(ed25519.PublicKey)} }

// Sign returns the receipt as a file.
func (s *Signer) Sign(r kinpict.Receipt) ([]byte, error) {
	doc := Signed{Format: Format, Key: s.id, Receipt: r}
	text, err := canonical(doc)
	if err != nil {
		return nil, err
	}
	doc.Signature = base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, text))
	file, err := canonical(doc)
	return append(file, '\n'), err
}

// Verify returns the receipt in a file if one of the keys signed these very
// bytes, else ErrAltered or ErrUnknown. A line break at the end may be missing.
func Verify(file []byte, keys []Key) (*kinpict.Receipt, error) {
	if len(file) > MaxFile {
		return nil, ErrAltered
	}
	file = bytes.TrimSuffix(file, []byte{'\n'})
	var doc Signed
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil || doc.Format != Format {
		return nil, ErrAltered
	}
	// What another spelling of the same values would be hides nothing, but then
	// the file is not the one we gave.
	if again, err := canonical(doc); err != nil || !bytes.Equal(again, file) {
		return nil, ErrAltered
	}
	signature, err := base64.RawURLEncoding.DecodeString(doc.Signature)
	if err != nil {
		return nil, ErrAltered
	}
	doc.Signature = ""
	text, err := canonical(doc)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.ID != doc.Key {
			continue
		}
		if !ed25519.Verify(k.Public, text, signature) {
			return nil, ErrAltered
		}
		return &doc.Receipt, nil
	}
	return nil, ErrUnknown
}

// canonical writes v with sorted members and nothing between them. For what
// stands in receipts, text and whole numbers, it is the canonical form of RFC
// 8785 as long as the text is ASCII, which ids, codes and addresses are.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode receipt: %w", err)
	}
	d := json.NewDecoder(&b)
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("encode receipt: %w", err)
	}
	b.Reset()
	if err := e.Encode(tree); err != nil {
		return nil, fmt.Errorf("encode receipt: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// A Key is a public key that receipts are signed with.
type Key struct {
	ID     string
	Public ed25519.PublicKey
}

// KeyID names a public key by the first 16 hex digits of its SHA-256.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// KeysFormat names the document that publishes keys.
const KeysFormat = "kinpict-receipt-keys/1"

// WellKnown is the path where a site publishes its keys (RFC 8615).
const WellKnown = "/.well-known/kinpict-receipts.json"

type keyring struct {
	Format string         `json:"format"`
	Issuer string         `json:"issuer"`
	Keys   []publishedKey `json:"keys"`
}

type publishedKey struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	Public    string `json:"public"` // base64url without padding
}

// Publish is the document that lets others verify: the keys of an issuer, those
// it signed with before included.
func Publish(issuer string, keys []Key) ([]byte, error) {
	ring := keyring{KeysFormat, issuer, []publishedKey{}}
	for _, k := range keys {
		ring.Keys = append(ring.Keys, publishedKey{k.ID, "Ed25519", base64.RawURLEncoding.EncodeToString(k.Public)})
	}
	b, err := json.MarshalIndent(ring, "", "  ")
	return append(b, '\n'), err
}

// ReadKeys reads what Publish wrote. A key whose id is not its own is refused.
func ReadKeys(r io.Reader) ([]Key, error) {
	var ring keyring
	if err := json.NewDecoder(io.LimitReader(r, MaxFile)).Decode(&ring); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	if ring.Format != KeysFormat {
		return nil, fmt.Errorf("read keys: the format is %q, not %q", ring.Format, KeysFormat)
	}
	var out []Key
	for _, k := range ring.Keys {
		public, err := base64.RawURLEncoding.DecodeString(k.Public)
		if err != nil || len(public) != ed25519.PublicKeySize || k.Algorithm != "Ed25519" || KeyID(public) != k.ID {
			return nil, fmt.Errorf("read keys: the key %q is not whole", k.ID)
		}
		out = append(out, Key{k.ID, public})
	}
	if len(out) == 0 {
		return nil, errors.New("read keys: there are none")
	}
	return out, nil
}
