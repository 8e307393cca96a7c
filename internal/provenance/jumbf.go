package provenance

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Limits of a manifest store that is read. They are far above what anybody
// writes and keep a hostile file from costing more than its own size.
const (
	maxStore     = 16 << 20 // bytes
	maxBoxes     = 4096
	maxDepth     = 8
	maxLabel     = 300
	maxManifests = 64
)

// A kind is the UUID of a JUMBF content type (ISO 19566-5, annex B; C2PA 11.1).
// All of them end alike.
type kind [16]byte

func kindOf(name string) (k kind) {
	tail, _ := hex.DecodeString("00110010800000aa00389b71")
	copy(k[:], name)
	copy(k[4:], tail)
	return k
}

var (
	storeKind      = kindOf("c2pa")
	manifestKind   = kindOf("c2ma")
	updateKind     = kindOf("c2um")
	assertionsKind = kindOf("c2as")
	claimKind      = kindOf("c2cl")
	signatureKind  = kindOf("c2cs")
	cborKind       = kindOf("cbor")
)

// plain is the toggle byte of a box with a label that may be asked for.
const plain = 3

// box returns one box: length, type, content.
func box(name string, content ...[]byte) []byte {
	n := 8
	for _, c := range content {
		n += len(c)
	}
	b := make([]byte, 0, n)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = append(b, name...)
	for _, c := range content {
		b = append(b, c...)
	}
	return b
}

// super returns a superbox: its description, then its children.
func super(k kind, label string, children ...[]byte) []byte {
	d := append(k[:], plain)
	d = append(append(d, label...), 0)
	return box("jumb", append([][]byte{box("jumd", d)}, children...)...)
}

// A node is one superbox that was read. Its slices point into the file's copy.
type node struct {
	kind    kind
	label   string
	toggles byte
	raw     []byte // the whole box
	boxes   []*node
	names   []string // types of the content boxes, in order
	content [][]byte // what they hold
	sums    map[string][]byte
}

// body is what C2PA hashes of a superbox: everything but its own header.
func (n *node) body() []byte { return n.raw[8:] }

// sum is the hash that C2PA means of a superbox, nil by an unknown algorithm. It
// is taken once, however many links ask for it.
func (n *node) sum(alg string) []byte {
	if s, ok := n.sums[alg]; ok {
		return s
	}
	if n.sums == nil {
		n.sums = map[string][]byte{}
	}
	s := hashOf(n.body(), nil, alg)
	if s != nil {
		n.sums[alg] = s
	}
	return s
}

// child returns the only child of a label.
func (n *node) child(label string) *node {
	var found *node
	for _, c := range n.boxes {
		if c.label == label {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// cbor returns the content of a box that holds nothing but one CBOR item.
func (n *node) cbor() ([]byte, error) {
	if len(n.boxes) > 0 || len(n.content) != 1 || n.names[0] != "cbor" {
		return nil, fmt.Errorf("%s holds no CBOR", n.label)
	}
	return n.content[0], nil
}

var errJUMBF = errors.New("malformed JUMBF")

// parseStore reads a manifest store, whole and nothing more.
func parseStore(data []byte) (*node, error) {
	if len(data) > maxStore {
		return nil, fmt.Errorf("%w: %d bytes", errJUMBF, len(data))
	}
	left := maxBoxes
	n, rest, err := parseSuper(data, 0, &left)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 || n.kind != storeKind || n.label != "c2pa" || len(n.content) > 0 || len(n.boxes) == 0 || len(n.boxes) > maxManifests {
		return nil, fmt.Errorf("%w: no manifest store", errJUMBF)
	}
	return n, nil
}

// cut takes one box off the front of b.
func cut(b []byte) (name string, content, raw, rest []byte, err error) {
	if len(b) < 8 {
		return "", nil, nil, nil, fmt.Errorf("%w: half a box", errJUMBF)
	}
	// Length 0 (to the end) and 1 (64 bits) are legal JUMBF that no manifest needs.
	size := uint64(binary.BigEndian.Uint32(b))
	if size < 8 || size > uint64(len(b)) {
		return "", nil, nil, nil, fmt.Errorf("%w: a box of %d bytes in %d", errJUMBF, size, len(b))
	}
	return string(b[4:8]), b[8:size], b[:size], b[size:], nil
}

func parseSuper(b []byte, depth int, left *int) (*node, []byte, error) {
	name, content, raw, rest, err := cut(b)
	if err != nil {
		return nil, nil, err
	}
	if *left--; name != "jumb" || depth > maxDepth || *left < 0 {
		return nil, nil, fmt.Errorf("%w: no superbox, or too many or too deep", errJUMBF)
	}
	n := &node{raw: raw}
	name, desc, _, content, err := cut(content)
	if err != nil {
		return nil, nil, err
	}
	if name != "jumd" || !n.describe(desc) {
		return nil, nil, fmt.Errorf("%w: no description", errJUMBF)
	}
	for len(content) > 0 {
		name, inner, _, after, err := cut(content)
		if err != nil {
			return nil, nil, err
		}
		if name == "jumb" {
			c, _, err := parseSuper(content, depth+1, left)
			if err != nil {
				return nil, nil, err
			}
			n.boxes = append(n.boxes, c)
		} else {
			if *left--; *left < 0 {
				return nil, nil, fmt.Errorf("%w: too many boxes", errJUMBF)
			}
			n.names, n.content = append(n.names, name), append(n.content, inner)
		}
		content = after
	}
	return n, rest, nil
}

// describe reads a description box: type, toggles, label, and fields that the
// toggles announce, which nothing here needs.
func (n *node) describe(d []byte) bool {
	if len(d) < 17 {
		return false
	}
	copy(n.kind[:], d)
	if n.toggles = d[16]; n.toggles&2 == 0 {
		return false // C2PA refers to boxes by label
	}
	label, _, ok := bytes.Cut(d[17:], []byte{0})
	n.label = string(label)
	if n.toggles == plain && 17+len(label)+1 != len(d) {
		return false
	}
	return ok && n.label != "" && len(label) <= maxLabel
}
