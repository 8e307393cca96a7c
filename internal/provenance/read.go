package provenance

import (
	"crypto/sha256"
	"crypto/sha512"
	"strings"
	"time"
	"unicode"

	"github.com/fxamacker/cbor/v2"
)

// decoding bounds what a hostile item can cost.
var decoding = func() cbor.DecMode {
	m, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 24, MaxArrayElements: 4096, MaxMapPairs: 4096}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

// readClaim is any claim of versions 1 and 2, as far as it is needed.
type readClaim struct {
	Signature string          `cbor:"signature"`
	Alg       string          `cbor:"alg"`
	Info      cbor.RawMessage `cbor:"claim_generator_info"`
	Generator string          `cbor:"claim_generator"`
	Created   []link          `cbor:"created_assertions"`
	Gathered  []link          `cbor:"gathered_assertions"`
	V1        []link          `cbor:"assertions"`
	Redacted  []string        `cbor:"redacted_assertions"`
}

func (c *readClaim) links() []link {
	return append(append(append([]link(nil), c.Created...), c.Gathered...), c.V1...)
}

// software names what made a claim: name and version from the info, a map in
// version 2 and a list of maps in version 1, else the first word of the old field.
func (c *readClaim) software() string {
	var one software
	var many []software
	if len(c.Info) > 0 && decoding.Unmarshal(c.Info, &one) != nil && decoding.Unmarshal(c.Info, &many) == nil && len(many) > 0 {
		one = many[0]
	}
	if one.Name == "" {
		one.Name, _, _ = strings.Cut(c.Generator, " ")
	}
	return calm(one.Name + " " + one.Version)
}

type readActions struct {
	Actions []readAction `cbor:"actions"`
}

type readAction struct {
	Action     string          `cbor:"action"`
	When       cbor.RawMessage `cbor:"when"`
	Source     string          `cbor:"digitalSourceType"`
	Parameters cbor.RawMessage `cbor:"parameters"`
}

func (a *readAction) at() time.Time {
	var t time.Time
	if len(a.When) == 0 || decoding.Unmarshal(a.When, &t) != nil || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

func (a *readAction) preview() bool {
	var p struct {
		Preview bool `cbor:"org.kinpict.preview"`
	}
	return len(a.Parameters) > 0 && decoding.Unmarshal(a.Parameters, &p) == nil && p.Preview
}

// readIngredient is an ingredient of versions 1 to 3.
type readIngredient struct {
	Relationship string `cbor:"relationship"`
	V3           *link  `cbor:"activeManifest"`
	V1           *link  `cbor:"c2pa_manifest"`
}

func (g *readIngredient) link() *link {
	if g.V3 != nil {
		return g.V3
	}
	return g.V1
}

// algorithm is the one of a link's hash; a claim's holds where it names none.
func (l *link) algorithm(claims string) string {
	if l.Alg != "" {
		return l.Alg
	}
	return claims
}

// assertionName is the label of the assertion that a link within manifest names,
// "" for anything else.
func (l *link) assertionName(manifest string) string {
	path, ok := strings.CutPrefix(l.URL, "self#jumbf=")
	if !ok {
		return ""
	}
	path = strings.TrimPrefix(path, "/c2pa/"+manifest+"/")
	name, ok := strings.CutPrefix(path, assertionsLabel+"/")
	if !ok || strings.Contains(name, "/") {
		return ""
	}
	return name
}

// manifestURL begins the link to a manifest.
const manifestURL = "self#jumbf=/c2pa/"

// manifestName is the label of the manifest that a link names.
func (l *link) manifestName() string {
	name, ok := strings.CutPrefix(l.URL, manifestURL)
	if !ok || strings.Contains(name, "/") {
		return ""
	}
	return name
}

// calm is a name from a file as it may be shown: printable, on one line, short.
func calm(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.TrimSpace(s) {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) {
			continue
		}
		if n++; n > 80 {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hashOf is the hash of a file without some spans, by C2PA's name of the
// algorithm, or nil for an unknown one.
func hashOf(data []byte, skip []span, alg string) []byte {
	h := sha256.New()
	switch alg {
	case "", "sha256":
	case "sha384":
		h = sha512.New384()
	case "sha512":
		h = sha512.New()
	default:
		return nil
	}
	i := 0
	for _, s := range skip {
		h.Write(data[i:s.start])
		i = s.end
	}
	h.Write(data[i:])
	return h.Sum(nil)
}
