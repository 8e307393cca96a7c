package provenance

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// The parts of a manifest, named as C2PA 2.2 names them.
const (
	assertionsLabel = "c2pa.assertions"
	signatureLabel  = "c2pa.signature"
	claimLabel      = "c2pa.claim.v2"
	actionsLabel    = "c2pa.actions.v2"
	hashLabel       = "c2pa.hash.data"
	ingredientLabel = "c2pa.ingredient.v3"
)

// A link names a box and its hash.
type link struct {
	URL  string `cbor:"url"`
	Hash []byte `cbor:"hash"`
	Alg  string `cbor:"alg,omitempty"`
}

type software struct {
	Name    string `cbor:"name"`
	Version string `cbor:"version,omitempty"`
}

type claim struct {
	InstanceID string   `cbor:"instanceID"`
	Generator  software `cbor:"claim_generator_info"`
	Signature  string   `cbor:"signature"`
	Created    []link   `cbor:"created_assertions"`
	Alg        string   `cbor:"alg"`
}

type actions struct {
	Actions []action `cbor:"actions"`
}

type action struct {
	Action      string         `cbor:"action"`
	When        *cbor.Tag      `cbor:"when,omitempty"`
	Agent       software       `cbor:"softwareAgent"`
	Source      string         `cbor:"digitalSourceType,omitempty"`
	Description string         `cbor:"description,omitempty"`
	Parameters  map[string]any `cbor:"parameters,omitempty"`
}

type dataHash struct {
	Exclusions []exclusion `cbor:"exclusions"`
	Alg        string      `cbor:"alg"`
	Hash       []byte      `cbor:"hash"`
	Name       string      `cbor:"name"`
	Pad        []byte      `cbor:"pad"`
}

type exclusion struct {
	Start  int `cbor:"start"`
	Length int `cbor:"length"`
}

type ingredient struct {
	Title        string  `cbor:"dc:title"`
	Format       string  `cbor:"dc:format"`
	Relationship string  `cbor:"relationship"`
	Manifest     link    `cbor:"activeManifest"`
	Signature    link    `cbor:"claimSignature"`
	Results      results `cbor:"validationResults"`
}

// results is what was found when the former manifest was checked.
type results struct {
	Active findings `cbor:"activeManifest"`
}

type findings struct {
	Success       []finding `cbor:"success"`
	Informational []finding `cbor:"informational"`
	Failure       []finding `cbor:"failure"`
}

type finding struct {
	Code string `cbor:"code"`
	URL  string `cbor:"url"`
}

// encoding writes each value in one way only: RFC 8949, 4.2.1.
var encoding = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

// stamp is a time as CBOR's tag 0, to the second.
func stamp(t time.Time) *cbor.Tag {
	if t.IsZero() {
		return nil
	}
	return &cbor.Tag{Number: 0, Content: t.UTC().Format("2006-01-02T15:04:05Z")}
}

// assertion encodes one assertion as a box and the link to it.
func assertion(label string, v any) ([]byte, link, error) {
	b, err := encoding.Marshal(v)
	if err != nil {
		return nil, link{}, fmt.Errorf("%s: %w", label, err)
	}
	s := super(cborKind, label, box("cbor", b))
	return s, link{URL: "self#jumbf=" + assertionsLabel + "/" + label, Hash: digest(s[8:])}, nil
}

func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// manifest signs assertions into one manifest box of a label.
func (i *Issuer) manifest(label, instance string, by software, assertions [][]byte, links []link) ([]byte, error) {
	root := "self#jumbf=/c2pa/" + label + "/"
	c, err := encoding.Marshal(claim{InstanceID: instance, Generator: by, Signature: root + signatureLabel, Created: links, Alg: "sha256"})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	sig, err := i.sign(c)
	if err != nil {
		return nil, err
	}
	return super(manifestKind, label, super(assertionsKind, assertionsLabel, assertions...),
		super(claimKind, claimLabel, box("cbor", c)), super(signatureKind, signatureLabel, box("cbor", sig))), nil
}

// sign makes a COSE_Sign1 whose payload is left out: it is the claim beside it.
func (i *Issuer) sign(payload []byte) ([]byte, error) {
	s, err := cose.NewSigner(cose.AlgorithmEdDSA, i.key)
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	m := cose.NewSign1Message()
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmEdDSA)
	m.Headers.Protected[cose.HeaderLabelX5Chain] = [][]byte{i.chain[0], i.chain[1]}
	m.Payload = payload
	if err := m.Sign(nil, nil, s); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	m.Payload = nil
	b, err := m.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return b, nil
}
