package provenance

import "crypto/sha256"

// formerLabel is our own assertion: one hash over all former manifests, because
// C2PA's links leave out those that nobody names.
const formerLabel = "org.kinpict.former"

type formerHash struct {
	Alg  string `cbor:"alg"`
	Hash []byte `cbor:"hash"`
}

func formerSum(former []*node) []byte {
	h := sha256.New()
	for _, m := range former {
		h.Write(m.raw)
	}
	return h.Sum(nil)
}

// A parent is the active manifest of the file that a marked one was made from.
type parent struct {
	*record
	format string
	all    []*node // every manifest of its store
}

// parent returns the file's active manifest, nil without one that can be read.
func (e *exam) parent() *parent {
	if len(e.records) == 0 || e.records[0].signer == "" {
		return nil // to name one that is broken would break the new one too
	}
	if (&link{URL: manifestURL + e.records[0].node.label}).manifestName() == "" {
		return nil // a label that no link can name
	}
	return &parent{e.records[0], "image/" + e.Format, e.manifests}
}

// ingredient names the parent and says what was found when it was checked.
func (p *parent) ingredient() ingredient {
	root := manifestURL + p.node.label
	g := ingredient{Title: "picture", Format: p.format, Relationship: "parentOf", Manifest: link{URL: root, Hash: digest(p.node.body())}}
	seal := root + "/" + signatureLabel
	if s := p.node.child(signatureLabel); s != nil {
		g.Signature = link{URL: seal, Hash: digest(s.body())}
	}
	f := findings{Success: []finding{}, Informational: []finding{}, Failure: []finding{}}
	say := func(list *[]finding, code, url string) { *list = append(*list, finding{code, url}) }
	if p.altered[SignatureBits] {
		say(&f.Failure, "claimSignature.mismatch", seal)
	} else if !p.unproven {
		say(&f.Success, "claimSignature.validated", seal)
	}
	say(&f.Failure, "signingCredential.untrusted", seal)
	for _, u := range p.checked {
		say(&f.Success, "assertion.hashedURI.match", u)
	}
	if p.altered[ManifestBytes] {
		say(&f.Failure, "assertion.hashedURI.mismatch", root)
	}
	if p.binding != nil {
		url := root + "/" + assertionsLabel + "/" + hashLabel
		if p.altered[PictureBytes] {
			say(&f.Failure, "assertion.dataHash.mismatch", url)
		} else {
			say(&f.Success, "assertion.dataHash.match", url)
		}
	}
	g.Results.Active = f
	return g
}
