package provenance

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// An Issuer signs for one installation: a certificate authority of its own and
// one certificate below it that signs manifests. Both come from the
// installation's secret alone, so every process of a fleet has the same without
// asking anybody, and nothing new is kept.
type Issuer struct {
	host  string
	key   ed25519.PrivateKey
	chain [2][]byte // the signing certificate, then the authority's, in DER
	ca    ed25519.PublicKey
}

// Certificates are valid for as long as pictures are looked at: no signed time
// stamp says when a signature was made, so one that ends would turn every
// earlier picture doubtful on that day. docs/adr/0007 weighs it.
var (
	validFrom = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	validTo   = time.Date(2125, 12, 31, 23, 59, 59, 0, time.UTC)
)

// claimSigning is the extended key usage of C2PA's certificate profile, 14.4.
var claimSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 2, 1}

// NewIssuer makes the issuer of a secret. host is the installation's name, the
// only thing the certificates say about it. The same secret and host give the
// same certificates, byte for byte.
func NewIssuer(secret []byte, host string) (*Issuer, error) {
	if len(secret) < 16 {
		return nil, errors.New("provenance: the secret is too short")
	}
	if host == "" || len(host) > 64 { // the bound of an X.520 name
		host = "kinpict"
	}
	derive := func(purpose string) (ed25519.PrivateKey, error) {
		seed, err := hkdf.Key(sha256.New, secret, nil, "kinpict marks "+purpose, ed25519.SeedSize)
		if err != nil {
			return nil, fmt.Errorf("provenance: derive a key: %w", err)
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	root, err := derive("authority")
	if err != nil {
		return nil, err
	}
	leaf, err := derive("signer")
	if err != nil {
		return nil, err
	}
	i := &Issuer{host: host, key: leaf, ca: root.Public().(ed25519.PublicKey)}
	authority := certificate(i.ca, pkix.Name{Organization: []string{host}, CommonName: "Kinpict authority"})
	authority.IsCA, authority.BasicConstraintsValid, authority.MaxPathLenZero = true, true, true
	authority.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	signer := certificate(leaf.Public().(ed25519.PublicKey), pkix.Name{Organization: []string{host}, CommonName: host})
	signer.BasicConstraintsValid = true
	signer.KeyUsage = x509.KeyUsageDigitalSignature
	// Validators older than C2PA's own usage accept the one of e-mail.
	signer.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	signer.UnknownExtKeyUsage = []asn1.ObjectIdentifier{claimSigning}
	// Ed25519 needs no randomness to sign.
	if i.chain[1], err = x509.CreateCertificate(nil, authority, authority, authority.PublicKey, root); err != nil {
		return nil, fmt.Errorf("provenance: authority: %w", err)
	}
	if i.chain[0], err = x509.CreateCertificate(nil, signer, authority, signer.PublicKey, root); err != nil {
		return nil, fmt.Errorf("provenance: signer: %w", err)
	}
	return i, nil
}

func certificate(key ed25519.PublicKey, name pkix.Name) *x509.Certificate {
	id := sha256.Sum256(append([]byte(name.CommonName+"\x00"+name.Organization[0]+"\x00"), key...))
	serial := new(big.Int).SetBytes(id[:16]) // at most 20 octets, RFC 5280, 4.1.2.2
	sum := sha256.Sum256(key)
	return &x509.Certificate{SerialNumber: serial, Subject: name, NotBefore: validFrom, NotAfter: validTo, PublicKey: crypto.PublicKey(key), SubjectKeyId: sum[:20]}
}

// Host is the name the certificates carry.
func (i *Issuer) Host() string { return i.host }

// Authority is the certificate that others may trust, in PEM.
func (i *Issuer) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.chain[1]})
}

// Fingerprint is the SHA-256 of the authority's certificate, in hex.
func (i *Issuer) Fingerprint() string {
	sum := sha256.Sum256(i.chain[1])
	return hex.EncodeToString(sum[:])
}

// signed reports whether a certificate is this installation's signer. The key
// decides, because the host's name may change.
func (i *Issuer) signed(c *x509.Certificate) bool {
	return i != nil && i.key.Public().(ed25519.PublicKey).Equal(c.PublicKey)
}
