package provenance

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"time"

	"github.com/veraison/go-cose"
)

// A record is one manifest that was checked by itself: signature, assertions,
// shape, but not the picture nor the manifests it names.
type record struct {
	node     *node
	altered  map[string]bool
	unproven bool
	signer   Signer
	issuer   string
	software string
	source   string
	at       time.Time
	preview  bool
	actions  []string
	parents  []link // the manifests it names, the parent first
	binding  *dataHash
	former   []byte // our own hash over the former manifests, nil without
	alg      string
	checked  []string // URLs of assertions that match
}

func (r *record) fault(part string) { r.altered[part] = true }

func (r *record) state() State {
	switch {
	case len(r.altered) > 0:
		return Altered
	case r.unproven:
		return Unproven
	}
	return Intact
}

// check verifies one manifest by itself.
func (i *Issuer) check(n *node) *record {
	r := &record{node: n, altered: map[string]bool{}}
	var claims []*node
	for _, c := range n.boxes {
		if c.kind == claimKind {
			claims = append(claims, c)
		}
	}
	shelf, seal := n.child(assertionsLabel), n.child(signatureLabel)
	if len(claims) != 1 || shelf == nil || seal == nil || shelf.kind != assertionsKind || seal.kind != signatureKind || n.kind != manifestKind && n.kind != updateKind {
		r.fault(ManifestBytes)
		return r
	}
	// An update manifest leaves the picture to the one it updates.
	r.unproven = n.kind == updateKind
	body, err := claims[0].cbor()
	var c readClaim
	if err != nil || decoding.Unmarshal(body, &c) != nil {
		r.fault(ManifestBytes)
		return r
	}
	r.software, r.alg = c.software(), c.Alg
	if u := strings.TrimPrefix(c.Signature, "self#jumbf="); u != "/c2pa/"+n.label+"/"+signatureLabel && u != signatureLabel {
		r.fault(ManifestBytes)
	}
	i.checkSignature(r, seal, body)
	r.checkAssertions(shelf, &c)
	if r.signer == Ours && !tidy(n, shelf, claims[0], seal) {
		r.fault(ManifestBytes)
	}
	return r
}

// tidy reports whether a manifest has the one shape that is written here, so
// that no byte lies outside of what is hashed and signed.
func tidy(n, shelf, claim, seal *node) bool {
	if n.kind != manifestKind || len(n.boxes) != 3 || n.boxes[0] != shelf || n.boxes[1] != claim || n.boxes[2] != seal || claim.label != claimLabel {
		return false
	}
	for _, x := range []*node{n, shelf, claim, seal} {
		if x.toggles != plain {
			return false
		}
	}
	for _, a := range shelf.boxes {
		if a.toggles != plain || a.kind != cborKind {
			return false
		}
	}
	return claim.kind == claimKind && len(n.content) == 0 && len(shelf.content) == 0
}

// maxRSA bounds what verifying a hostile key may cost, in bits.
const maxRSA = 8192

// checkSignature verifies the COSE_Sign1 over a claim with the key of the first
// certificate. Who that key belongs to is not decided here, but for our own.
func (i *Issuer) checkSignature(r *record, seal *node, payload []byte) {
	raw, err := seal.cbor()
	if err != nil {
		r.fault(SignatureBits)
		return
	}
	var m cose.Sign1Message
	if m.UnmarshalCBOR(raw) != nil || m.Payload != nil {
		r.fault(SignatureBits)
		return
	}
	r.signer = Others
	chain := certificates(&m)
	if len(chain) == 0 {
		r.fault(SignatureBits)
		return
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		r.fault(SignatureBits)
		return
	}
	r.issuer = nameIn(leaf)
	alg, err := m.Headers.Protected.Algorithm()
	if k, ok := leaf.PublicKey.(*rsa.PublicKey); err != nil || ok && k.N.BitLen() > maxRSA {
		r.unproven = true
		return
	}
	v, err := cose.NewVerifier(alg, leaf.PublicKey)
	if err != nil {
		r.unproven = true
		return
	}
	m.Payload = payload
	if m.Verify(nil, v) != nil {
		r.fault(SignatureBits)
	}
	if !i.signed(leaf) {
		return
	}
	r.signer = Ours
	m.Payload = nil
	again, err := m.MarshalCBOR()
	if err != nil || !bytes.Equal(again, raw) || len(m.Headers.Unprotected) > 0 {
		r.fault(SignatureBits)
	}
}

// certificates are the x5chain of a message, from where each version of C2PA
// puts it.
func certificates(m *cose.Sign1Message) [][]byte {
	for _, v := range []any{m.Headers.Protected[cose.HeaderLabelX5Chain], m.Headers.Protected["x5chain"],
		m.Headers.Unprotected[cose.HeaderLabelX5Chain], m.Headers.Unprotected["x5chain"]} {
		switch v := v.(type) {
		case []byte:
			return [][]byte{v}
		case []any:
			var out [][]byte
			for _, c := range v {
				b, ok := c.([]byte)
				if !ok {
					return nil
				}
				out = append(out, b)
			}
			return out
		}
	}
	return nil
}

func nameIn(c *x509.Certificate) string {
	if len(c.Subject.Organization) > 0 {
		return calm(c.Subject.Organization[0])
	}
	return calm(c.Subject.CommonName)
}

// checkAssertions compares each assertion with the claim's hash of it and reads
// those that are needed. Every assertion must be claimed.
func (r *record) checkAssertions(shelf *node, c *readClaim) {
	redacted := map[string]bool{}
	for _, u := range c.Redacted {
		redacted[u] = true
	}
	claimed := map[string]bool{}
	for _, l := range c.links() {
		name := l.assertionName(r.node.label)
		if claimed[name] { // hashed once, however often it is claimed
			r.fault(ManifestBytes)
			continue
		}
		a := shelf.child(name)
		if a == nil {
			if !redacted[l.URL] {
				r.fault(ManifestBytes)
			}
			continue
		}
		claimed[name] = true
		sum := a.sum(l.algorithm(c.Alg))
		if sum == nil {
			r.unproven = true
			continue
		}
		if !bytes.Equal(sum, l.Hash) {
			r.fault(ManifestBytes)
			continue
		}
		r.checked = append(r.checked, "self#jumbf=/c2pa/"+r.node.label+"/"+assertionsLabel+"/"+name)
		r.readAssertion(a)
	}
	if len(claimed) != len(shelf.boxes) && !r.unproven {
		r.fault(ManifestBytes)
	}
}

// readAssertion takes what is needed from an assertion whose hash matches. One
// that cannot be read says nothing.
func (r *record) readAssertion(a *node) {
	body, err := a.cbor()
	if err != nil {
		return
	}
	name, _, _ := strings.Cut(a.label, "__") // a second one of a kind is numbered
	switch {
	case name == "c2pa.actions" || name == actionsLabel:
		var list readActions
		if decoding.Unmarshal(body, &list) != nil {
			return
		}
		for _, x := range list.Actions {
			if len(r.actions) < 32 {
				r.actions = append(r.actions, calm(x.Action))
			}
			if r.source == "" {
				r.source = term(x.Source)
			}
			if r.at.IsZero() {
				r.at = x.at()
			}
			r.preview = r.preview || x.preview()
		}
	case name == hashLabel:
		var h dataHash
		if decoding.Unmarshal(body, &h) == nil {
			r.binding = &h
		}
	case name == formerLabel:
		var f formerHash
		if decoding.Unmarshal(body, &f) == nil {
			r.former = f.Hash
		}
	case strings.HasPrefix(name, "c2pa.ingredient"):
		var g readIngredient
		if decoding.Unmarshal(body, &g) != nil || g.link() == nil {
			return
		}
		if len(r.parents) == maxFormer {
			return
		}
		if g.Relationship == "parentOf" {
			r.parents = append([]link{*g.link()}, r.parents...)
		} else {
			r.parents = append(r.parents, *g.link())
		}
	}
}
