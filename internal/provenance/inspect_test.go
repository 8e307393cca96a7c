package provenance

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/veraison/go-cose"
)

// TestOneFlippedBitIsReported turns one bit of every byte: of the picture, of
// the manifests old and new, and of everything that holds them.
func TestOneFlippedBitIsReported(t *testing.T) {
	for name, data := range map[string][]byte{
		"JPEG":                      mark(t, ours(t), picture(t, "jpeg"), About{}),
		"PNG":                       mark(t, ours(t), picture(t, "png"), About{}),
		"PNG with former manifests": derived(t),
	} {
		i := ours(t)
		for at := range data {
			bit := byte(1) << (at % 8)
			data[at] ^= bit
			if r := i.Inspect(data); r.OK() {
				t.Errorf("%s: bit %d of byte %d of %d was turned and nothing is said", name, at%8, at, len(data))
			}
			data[at] ^= bit
		}
		if r := i.Inspect(data); !r.OK() {
			t.Fatalf("%s: put right again it is %s", name, r.State)
		}
	}
}

func TestWhichPartWasAltered(t *testing.T) {
	whole := mark(t, ours(t), picture(t, "jpeg"), About{})
	at := func(what string) int {
		n := bytes.Index(whole, []byte(what))
		if n < 0 {
			t.Fatalf("no %q in the file", what)
		}
		return n
	}
	for _, c := range []struct {
		name   string
		change func([]byte) []byte
		state  State
		parts  []string
	}{
		{"a pixel", func(b []byte) []byte { b[len(b)-40] ^= 1; return b }, Altered, []string{PictureBytes}},
		{"the note", func(b []byte) []byte { b[at("CreatorTool")+15] ^= 1; return b }, Altered, []string{PictureBytes}},
		{"bytes after the end", func(b []byte) []byte { return append(b, "more"...) }, Altered, []string{PictureBytes}},
		{"an assertion", func(b []byte) []byte { b[at("c2pa.created")+1] ^= 1; return b }, Altered, []string{ManifestBytes}},
		{"the claim", func(b []byte) []byte { b[at("created_assertions")-30] ^= 1; return b }, Altered, []string{SignatureBits}},
		{"the certificate", func(b []byte) []byte { b[at("photos.example")] ^= 1; return b }, Altered, []string{SignatureBits}},
		{"cut short", func(b []byte) []byte { return b[:len(b)-30] }, Altered, []string{PictureBytes}},
		{"cut within the marks", func(b []byte) []byte { return b[:900] }, Damaged, nil},
	} {
		r := ours(t).Inspect(c.change(bytes.Clone(whole)))
		if r.State != c.state || !slices.Equal(r.Altered, c.parts) {
			t.Errorf("%s: %s %v, want %s %v", c.name, r.State, r.Altered, c.state, c.parts)
		}
		if r.Headline() == "" || r.Detail() == "" {
			t.Errorf("%s: no words for it", c.name)
		}
	}
}

func TestFilesWithoutASignature(t *testing.T) {
	noted, _ := func() ([]byte, span) {
		c, err := open(picture(t, "jpeg"))
		if err != nil {
			t.Fatal(err)
		}
		return c.build(packet(Redrawn, "Somebody", false), nil)
	}()
	for _, c := range []struct {
		name  string
		data  []byte
		state State
		note  string
	}{
		{"a plain JPEG", picture(t, "jpeg"), Unmarked, ""},
		{"a plain PNG", picture(t, "png"), Unmarked, ""},
		{"a note alone", noted, Unsigned, Redrawn},
		{"text", []byte("Dear Grandmother"), Unmarked, ""},
		{"nothing", nil, Unmarked, ""},
		{"half a PNG", picture(t, "png")[:100], Damaged, ""},
	} {
		r := ours(t).Inspect(c.data)
		if r.State != c.state || r.Note != c.note || r.Signer != "" || r.OK() {
			t.Errorf("%s: %s, note %q, signer %q", c.name, r.State, r.Note, r.Signer)
		}
	}
}

// TestShapesThatSignaturesDoNotCover changes what lies around a manifest whose
// own signature and hashes still hold.
func TestShapesThatSignaturesDoNotCover(t *testing.T) {
	if r := ours(t).Inspect(forge(t, ours(t), picture(t, "png"), forgery{})); !r.OK() {
		t.Fatalf("the plain shape is %s %v", r.State, r.Altered)
	}
	around := func(wrap func(m []byte) []byte) forgery { return forgery{wrap: wrap} }
	stranger := super(manifestKind, "urn:c2pa:stranger", super(assertionsKind, assertionsLabel))
	for name, f := range map[string]forgery{
		"a manifest nobody names":     around(func(m []byte) []byte { return super(storeKind, "c2pa", stranger, m) }),
		"bytes after the store":       around(func(m []byte) []byte { return append(super(storeKind, "c2pa", m), 0, 0, 0, 8, 'f', 'r', 'e', 'e') }),
		"a box beside the manifests":  around(func(m []byte) []byte { return super(storeKind, "c2pa", box("free", []byte("x")), m) }),
		"a store of another label":    around(func(m []byte) []byte { return super(storeKind, "c2pb", m) }),
		"a box larger than its file":  around(func(m []byte) []byte { return append([]byte{0, 1, 0, 0}, super(storeKind, "c2pa", m)[4:]...) }),
		"boxes nested too deep":       around(func([]byte) []byte { return nested(40) }),
		"an assertion nobody claims":  {hidden: []byte("x")},
		"a signature named elsewhere": {elsewhere: "urn:c2pa:00000000-0000-8000-8000-000000000000"},
		"bytes that nothing covers":   {widen: 8},
		"a header nobody signed":      around(func(m []byte) []byte { return super(storeKind, "c2pa", whispered(t, m)) }),
	} {
		if r := ours(t).Inspect(forge(t, ours(t), picture(t, "png"), f)); r.State != Altered {
			t.Errorf("%s: %s by %s", name, r.State, r.Signer)
		}
	}
}

func relabel(m *node, label string) []byte {
	var children [][]byte
	for _, b := range m.boxes {
		children = append(children, b.raw)
	}
	return super(m.kind, label, children...)
}

// whispered is a manifest with a header beside the signature that it does not cover.
func whispered(t *testing.T, m []byte) []byte {
	t.Helper()
	left := maxBoxes
	n, _, err := parseSuper(m, 0, &left)
	if err != nil {
		t.Fatal(err)
	}
	var c cose.Sign1Message
	if err := c.UnmarshalCBOR(n.boxes[2].content[0]); err != nil {
		t.Fatal(err)
	}
	c.Headers.Unprotected["note"] = "trust me"
	c.Headers.RawUnprotected = nil
	raw, err := c.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return super(manifestKind, n.label, n.boxes[0].raw, n.boxes[1].raw, super(signatureKind, signatureLabel, box("cbor", raw)))
}

func nested(depth int) []byte {
	b := super(cborKind, "x", box("cbor", []byte{0xf6}))
	for range depth {
		b = super(manifestKind, "x", b)
	}
	return super(storeKind, "c2pa", b)
}

func TestAPNGWithAWrongSumIsDamaged(t *testing.T) {
	b := mark(t, ours(t), picture(t, "png"), About{})
	b[len(b)-1] ^= 1
	if r := ours(t).Inspect(b); r.State != Damaged {
		t.Errorf("a PNG whose last sum is wrong is %s", r.State)
	}
}

// TestManyLinksCostNoMoreThanTheFile: a claim may name one large assertion
// thousands of times.
func TestManyLinksCostNoMoreThanTheFile(t *testing.T) {
	n := &node{raw: make([]byte, 1<<20)}
	first := n.sum("sha256")
	if second := n.sum("sha256"); &first[0] != &second[0] {
		t.Error("a box is hashed again for each link to it")
	}
	if n.sum("md5") != nil {
		t.Error("an algorithm nobody knows gives a hash")
	}
}

func TestNamesFromFilesAreTamed(t *testing.T) {
	for in, want := range map[string]string{
		"  Ann's Photos ":            "Ann's Photos",
		"two\nlines\x1b[31m":         "twolines[31m",
		"left\u202eright":            "leftright",
		strings.Repeat("x", 500):     strings.Repeat("x", 80),
		string([]byte{0xff, 'a', 0}): "\ufffda",
	} {
		if got := calm(in); got != want {
			t.Errorf("%q is shown as %q", in, got)
		}
	}
}

func TestSourceTypesAreReadInEverySpelling(t *testing.T) {
	wrap := func(inner string) []byte {
		return []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="` + rdfSpace + `"><r:Description xmlns:i="` + iptcSpace + `" ` + inner + `</r:Description></r:RDF></x:xmpmeta>`)
	}
	for name, c := range map[string]struct {
		xmp  []byte
		want string
	}{
		"attribute":          {wrap(`i:DigitalSourceType="` + Redrawn + `">`), Redrawn},
		"element":            {wrap(`><i:DigitalSourceType>` + Redrawn + `</i:DigitalSourceType>`), Redrawn},
		"reference":          {wrap(`><i:DigitalSourceType r:resource="` + Redrawn + `"/>`), Redrawn},
		"https":              {wrap(`i:DigitalSourceType="https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia">`), vocabulary + "trainedAlgorithmicMedia"},
		"another name":       {wrap(`i:Other="` + Redrawn + `">`), ""},
		"a script":           {wrap(`i:DigitalSourceType="javascript:alert(1)">`), ""},
		"broken XML":         {[]byte("<x:xmpmeta"), ""},
		"far too large":      {bytes.Repeat([]byte(" "), maxXMP+1), ""},
		"another vocabulary": {wrap(`i:DigitalSourceType="http://example.com/x">`), ""},
	} {
		if got := sourceOf(c.xmp); got != c.want {
			t.Errorf("%s is read as %q, want %q", name, got, c.want)
		}
	}
	for _, source := range []string{Captured, Redrawn} {
		if SourceWords(source) == "" {
			t.Errorf("no words for %s", source)
		}
	}
}

// TestSpoiltFiles is the fuzz target for a few thousand files that are the same
// each time.
func TestSpoiltFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole := [][]byte{mark(t, ours(t), picture(t, "jpeg"), About{}), mark(t, others(t), picture(t, "png"), About{Generative: true}), derived(t), picture(t, "jpeg")}
	us := issuer(t, "0123456789abcdef that signed nothing here", "nowhere.example")
	for range 3000 {
		d := bytes.Clone(whole[r.IntN(len(whole))])
		for range 1 + r.IntN(4) {
			d[r.IntN(len(d))] = byte(r.Uint32())
		}
		if r.IntN(3) == 0 {
			d = d[:r.IntN(len(d))]
		}
		spoilt(t, us, d)
	}
}

// spoilt wants an answer about any bytes, which is not "ours" where nothing was
// signed here, and what can be marked to be intact afterwards.
func spoilt(t *testing.T, us *Issuer, data []byte) {
	t.Helper()
	r := us.Inspect(data)
	if r.OK() || r.Headline() == "" || r.Detail() == "" {
		t.Errorf("%s by %q", r.State, r.Signer)
	}
	marked, err := us.Mark(data, About{Software: "Kinpict", Version: "1", At: noon})
	if err == nil && !us.Inspect(marked).OK() {
		t.Errorf("marked, it is %s %v", us.Inspect(marked).State, us.Inspect(marked).Altered)
	}
}

// FuzzInspect looks for bytes that spoilt does not bear.
func FuzzInspect(f *testing.F) {
	f.Add(mark(f, ours(f), picture(f, "jpeg"), About{}))
	f.Add(mark(f, others(f), picture(f, "png"), About{Generative: true}))
	f.Add(derived(f))
	f.Add(picture(f, "jpeg"))
	f.Add([]byte("\xff\xd8\xff\xeb\x00\x12JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x08jumb\xff\xda"))
	f.Add(binary.BigEndian.AppendUint32([]byte(pngMagic), 0xffffffff))
	us := issuer(f, "0123456789abcdef that signed nothing here", "nowhere.example")
	f.Fuzz(func(t *testing.T, data []byte) { spoilt(t, us, data) })
}
