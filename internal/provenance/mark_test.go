package provenance

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
	"time"
)

// derived is a file in the other format, made from a marked one, which was made
// from a picture its engine had signed.
func derived(t testing.TB) []byte {
	t.Helper()
	drawn := mark(t, others(t), picture(t, "jpeg"), About{Generative: true, Software: "Images", Version: "9"})
	stored := mark(t, ours(t), drawn, About{})
	return mark(t, ours(t), picture(t, "png"), About{From: stored, Changes: []string{Converted, Resized}})
}

func TestMarkedFilesSayWhatTheyAre(t *testing.T) {
	drawn := mark(t, others(t), picture(t, "jpeg"), About{Generative: true, Software: "Images", Version: "9"})
	preview := mark(t, ours(t), picture(t, "jpeg"), About{Preview: true})
	for _, c := range []struct {
		name    string
		data    []byte
		signer  Signer
		source  string
		preview bool
		actions []string
		former  []Signer
	}{
		{"arranged by the studio", mark(t, ours(t), picture(t, "jpeg"), About{}), Ours, Captured, false, []string{created}, nil},
		{"the same as PNG", mark(t, ours(t), picture(t, "png"), About{}), Ours, Captured, false, []string{created}, nil},
		{"drawn by a model", mark(t, ours(t), picture(t, "png"), About{Generative: true}), Ours, Redrawn, false, []string{created}, nil},
		{"a guest's preview", preview, Ours, Captured, true, []string{created}, nil},
		{"a preview, smaller", mark(t, ours(t), picture(t, "png"), About{From: preview, Changes: []string{Resized}}), Ours, Captured, true, []string{opened, Resized}, []Signer{Ours}},
		{"signed by its engine", drawn, Others, Redrawn, false, []string{created}, nil},
		{"signed by its engine, then here", mark(t, ours(t), drawn, About{}), Ours, Redrawn, false, []string{opened}, []Signer{Others}},
		{"made from that", derived(t), Ours, Redrawn, false, []string{opened, Converted, Resized}, []Signer{Ours, Others}},
	} {
		r := ours(t).Inspect(c.data)
		if r.State != Intact || len(r.Altered) > 0 {
			t.Errorf("%s: %s, altered %v", c.name, r.State, r.Altered)
		}
		if r.Signer != c.signer || r.Source != c.source || r.Note != c.source || r.Preview != c.preview || !slices.Equal(r.Actions, c.actions) {
			t.Errorf("%s: signed by %s, source %q, note %q, preview %v, actions %v", c.name, r.Signer, r.Source, r.Note, r.Preview, r.Actions)
		}
		var former []Signer
		for _, f := range r.Former {
			if former = append(former, f.Signer); f.State != Intact {
				t.Errorf("%s: a former manifest is %s", c.name, f.State)
			}
		}
		if !slices.Equal(former, c.former) {
			t.Errorf("%s: built on manifests of %v, want %v", c.name, former, c.former)
		}
	}
}

func TestPixelsAreNotTouched(t *testing.T) {
	for _, format := range []string{"jpeg", "png"} {
		plain := picture(t, format)
		marked := mark(t, ours(t), plain, About{})
		decode := jpeg.Decode
		if format == "png" {
			decode = png.Decode
		}
		a, err := decode(bytes.NewReader(plain))
		if err != nil {
			t.Fatal(err)
		}
		b, err := decode(bytes.NewReader(marked))
		if err != nil {
			t.Fatal(err)
		}
		for y := range a.Bounds().Dy() {
			for x := range a.Bounds().Dx() {
				if a.At(x, y) != b.At(x, y) {
					t.Fatalf("%s: the pixel at %d, %d changed", format, x, y)
				}
			}
		}
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	first := mark(t, ours(t), picture(t, "jpeg"), About{})
	if !bytes.Equal(first, mark(t, ours(t), picture(t, "jpeg"), About{})) {
		t.Error("marking the same picture twice gives two files")
	}
	at := About{Software: "Kinpict", Version: "1.2.3", At: noon.Add(400 * time.Millisecond)}
	if !bytes.Equal(first, mark(t, ours(t), picture(t, "jpeg"), at)) {
		t.Error("times are kept beyond the second")
	}
	at.At = noon.Add(time.Second)
	if bytes.Equal(first, mark(t, ours(t), picture(t, "jpeg"), at)) {
		t.Error("the time is not in the file")
	}
	if bytes.Equal(first, mark(t, others(t), picture(t, "jpeg"), About{})) {
		t.Error("another key gives the same file")
	}
}

func TestOnlyTheKeyMakesAFileOurs(t *testing.T) {
	moved := issuer(t, "0123456789abcdef of this installation", "moved.example")
	if r := moved.Inspect(mark(t, ours(t), picture(t, "jpeg"), About{})); !r.OK() {
		t.Errorf("after the host changed its name, its own picture is %s by %s", r.State, r.Signer)
	}
	impostor := issuer(t, "0123456789abcdef of somebody else", "photos.example")
	r := ours(t).Inspect(mark(t, impostor, picture(t, "jpeg"), About{}))
	if r.OK() || r.Signer != Others || r.Issuer != "photos.example" {
		t.Errorf("somebody who signs under our name counts as %s", r.Signer)
	}
	var nobody *Issuer
	if r := nobody.Inspect(mark(t, ours(t), picture(t, "jpeg"), About{})); r.State != Intact || r.Signer != Others {
		t.Errorf("without a key of one's own the file is %s by %s", r.State, r.Signer)
	}
}

func TestFormerManifestsStayByteForByte(t *testing.T) {
	drawn := mark(t, others(t), picture(t, "jpeg"), About{Generative: true})
	c, err := open(drawn)
	if err != nil {
		t.Fatal(err)
	}
	store, err := parseStore(c.store)
	if err != nil {
		t.Fatal(err)
	}
	if marked := mark(t, ours(t), drawn, About{}); !bytes.Contains(marked, store.boxes[0].raw) {
		t.Error("the engine's manifest is not in the marked file as it came")
	}
}

// TestAManifestLargerThanASegment: image services put thumbnails into theirs.
func TestAManifestLargerThanASegment(t *testing.T) {
	for _, size := range []int{64000, segmentRoom - 8, 3 * segmentRoom, 400_000} {
		i := others(t)
		drawn := forge(t, i, picture(t, "jpeg"), forgery{extra: bytes.Repeat([]byte{1, 2, 3, 4}, size/4)})
		if r := ours(t).Inspect(drawn); r.State != Intact {
			t.Fatalf("a store with %d bytes more is %s: %v", size, r.State, r.Altered)
		}
		marked := mark(t, ours(t), drawn, About{})
		if r := ours(t).Inspect(marked); !r.OK() || len(r.Former) != 1 || r.Former[0].State != Intact {
			t.Errorf("marked over a store with %d bytes more: %s %v %+v", size, r.State, r.Altered, r.Former)
		}
		if again := mark(t, ours(t), picture(t, "png"), About{From: marked, Changes: []string{Converted}}); !ours(t).Inspect(again).OK() {
			t.Errorf("a PNG of it is %s", ours(t).Inspect(again).State)
		}
	}
}

// A forgery is a manifest that the product would not write, signed all the same.
type forgery struct {
	extra     []byte                // one more claimed assertion
	hidden    []byte                // one more assertion that nobody claims
	widen     int                   // bytes after the store that the hash leaves out as well
	wrap      func(m []byte) []byte // the store around the manifest
	elsewhere string                // where the claim says its signature lies, if not where it does
}

// forge signs a picture so that hashes and signature hold.
func forge(t testing.TB, i *Issuer, data []byte, f forgery) []byte {
	t.Helper()
	c, err := open(data)
	if err != nil {
		t.Fatal(err)
	}
	xmp := packet(Redrawn, "Images 9", false)
	bare, at := c.build(xmp, nil)
	sum := digest(append(bytes.Clone(bare[:at.start]), bare[at.start+f.widen:]...))
	var boxes [][]byte
	var links []link
	add := func(label string, v any, claimed bool) {
		b, l, err := assertion(label, v)
		if err != nil {
			t.Fatal(err)
		}
		if boxes = append(boxes, b); claimed {
			links = append(links, l)
		}
	}
	by, label := software{"Images", "9"}, "urn:c2pa:"+uuid(sum)
	for range 8 {
		boxes, links = nil, nil
		add(actionsLabel, actions{[]action{{Action: created, Agent: by, Source: Redrawn}}}, true)
		add(hashLabel, dataHash{Exclusions: []exclusion{{at.start, at.end - at.start + f.widen}}, Alg: "sha256", Hash: sum, Pad: []byte{}}, true)
		if f.extra != nil {
			add("org.example.thumbnail", f.extra, true)
		}
		if f.hidden != nil {
			add("org.example.hidden", f.hidden, false)
		}
		named := label
		if f.elsewhere != "" {
			named = f.elsewhere
		}
		m, err := i.manifest(named, "xmp:iid:1", by, boxes, links)
		if err != nil {
			t.Fatal(err)
		}
		if f.elsewhere != "" {
			left := maxBoxes
			n, _, err := parseSuper(m, 0, &left)
			if err != nil {
				t.Fatal(err)
			}
			m = relabel(n, label)
		}
		s := super(storeKind, "c2pa", m)
		if f.wrap != nil {
			s = f.wrap(m)
		}
		out, now := c.build(xmp, s)
		if now == at {
			return out
		}
		at = now
	}
	t.Fatal("the length does not settle")
	return nil
}

func TestNothingPersonalIsWritten(t *testing.T) {
	data := mark(t, ours(t), picture(t, "jpeg"), About{})
	for _, word := range []string{"Owner", "Author", "creator>", "GPS", "SerialNumber", "Rights"} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("the marks hold %q", word)
		}
	}
}

func TestWhatCannotBeMarked(t *testing.T) {
	whole := picture(t, "jpeg")
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("a letter"), "a cut JPEG": whole[:40], "a cut PNG": picture(t, "png")[:60], "GIF": []byte("GIF89a....."),
	} {
		if _, err := ours(t).Mark(data, About{}); err == nil {
			t.Errorf("%s was marked", name)
		}
	}
	if _, err := NewIssuer([]byte("short"), "photos.example"); err == nil {
		t.Error("a short secret makes an issuer")
	}
}

// TestABoxUnderOurNumberGivesWay: segments of one number are one box, so a
// manifest store that cannot be read, or any other box, would spoil ours.
func TestABoxUnderOurNumberGivesWay(t *testing.T) {
	plainFile := picture(t, "jpeg")
	broken := []byte("\xff\xeb\x00\x1aJP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x10jumbnothing.")
	data := append(append(bytes.Clone(plainFile[:2]), broken...), plainFile[2:]...)
	if r := ours(t).Inspect(mark(t, ours(t), data, About{})); !r.OK() {
		t.Errorf("marked over it: %s %v", r.State, r.Altered)
	}
}

func TestMarkingTwiceKeepsBothSteps(t *testing.T) {
	once := mark(t, ours(t), picture(t, "jpeg"), About{})
	twice := mark(t, ours(t), once, About{})
	r := ours(t).Inspect(twice)
	if !r.OK() || len(r.Former) != 1 {
		t.Errorf("marked twice: %s, %d former manifests", r.State, len(r.Former))
	}
	if n := bytes.Count(twice, []byte(xmpSegment)); n != 1 {
		t.Errorf("marked twice, the file holds %d XMP packets", n)
	}
}

func ExampleReport_Headline() {
	r := Report{State: Altered, Signer: Ours, Altered: []string{PictureBytes}}
	fmt.Println(r.Headline())
	fmt.Println(r.Detail())
	// Output:
	// This picture was signed here, but it was changed afterwards.
	// What does not match: the picture itself. Programs that save a picture again do this too, so it need not mean harm.
}
