package provenance

import (
	"errors"
	"fmt"
	"time"
)

// About is what is known of a file that is to be marked.
type About struct {
	Software, Version string
	// Generative: a trained model redrew people.
	Generative bool
	// Preview: a guest's free sample, which says so itself.
	Preview bool
	// At is when the picture was made, to the second. Zero names no time.
	At time.Time
	// From is the marked file that this one was made from. Its manifests are kept
	// and it decides Generative and Preview. Without it, a manifest that the file
	// itself carries is treated so.
	From []byte
	// Changes are the actions that led from From to this file: Converted, Resized.
	Changes []string
}

// maxMarked bounds a file that can be marked, in bytes.
const maxMarked = 64 << 20

// Mark returns a JPEG or PNG with its marks. A manifest that is there already,
// in data or in From, is kept and named as the parent of the new one. The same
// input gives the same bytes. It fails on a file that is neither format or does
// not hold together.
func (i *Issuer) Mark(data []byte, about About) ([]byte, error) {
	if len(data) > maxMarked {
		return nil, fmt.Errorf("provenance: %d bytes are too many to mark", len(data))
	}
	c, err := open(data)
	if err != nil {
		return nil, fmt.Errorf("provenance: %w", err)
	}
	from := data
	if about.From != nil {
		from = about.From
	}
	old := i.examine(from)
	about.Generative = about.Generative || trained(old.Source) || trained(old.Note)
	about.Preview = about.Preview || old.Preview
	f := &filing{Issuer: i, about: about, file: c, source: Captured, by: software{about.Software, about.Version}}
	if about.Generative {
		f.source = Redrawn
	}
	f.parent = old.parent()
	return f.write()
}

// A filing is one file on its way to being marked.
type filing struct {
	*Issuer
	about  About
	file   *carrier
	source string
	by     software
	parent *parent // nil where there was no readable manifest
}

// write settles the one knot: the hash names where the store lies, and the
// store holds the hash. A longer store never makes a shorter one, so the lengths
// settle from below.
func (f *filing) write() ([]byte, error) {
	xmp := packet(f.source, f.by.Name+" "+f.by.Version, f.about.Preview)
	bare, at := f.file.build(xmp, nil)
	label := uuid(digest(append(append([]byte(f.describe()), f.chain[0]...), bare...)))
	sum := digest(bare)
	for range 8 {
		store, err := f.store(label, sum, at)
		if err != nil {
			return nil, fmt.Errorf("provenance: %w", err)
		}
		if len(store) > maxStore {
			return nil, errors.New("provenance: the marks are too large")
		}
		out, now := f.file.build(xmp, store)
		if now == at {
			return out, nil
		}
		at = now
	}
	return nil, errors.New("provenance: the length of the marks does not settle")
}

// describe is everything beside the bytes that makes one marked file differ
// from another.
func (f *filing) describe() string {
	s := fmt.Sprintf("%s %s %s %v %v %v ", f.by.Name, f.by.Version, f.source, f.about.Preview, f.about.At.Unix(), f.about.Changes)
	if f.parent != nil {
		s += f.parent.node.label
	}
	return s
}

// uuid formats 16 bytes of a hash as a version 8 UUID (RFC 9562, 5.8).
func uuid(b []byte) string {
	u := append([]byte(nil), b[:16]...)
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func (f *filing) store(id string, sum []byte, at span) ([]byte, error) {
	var boxes [][]byte
	var links []link // the parent's comes first
	add := func(label string, v any) error {
		b, l, err := assertion(label, v)
		boxes, links = append(boxes, b), append(links, l)
		return err
	}
	if f.parent != nil {
		if err := add(ingredientLabel, f.parent.ingredient()); err != nil {
			return nil, err
		}
	}
	first := links
	if f.parent != nil {
		if err := add(formerLabel, formerHash{"sha256", formerSum(f.parent.all)}); err != nil {
			return nil, err
		}
	}
	if err := add(actionsLabel, actions{f.steps(first)}); err != nil {
		return nil, err
	}
	if err := add(hashLabel, dataHash{Exclusions: []exclusion{{at.start, at.end - at.start}}, Alg: "sha256", Hash: sum, Name: "jumbf manifest", Pad: []byte{}}); err != nil {
		return nil, err
	}
	m, err := f.manifest("urn:c2pa:"+id, "xmp:iid:"+id, f.by, boxes, links)
	if err != nil {
		return nil, err
	}
	var former [][]byte
	if f.parent != nil {
		for _, n := range f.parent.all {
			former = append(former, n.raw)
		}
	}
	return super(storeKind, "c2pa", append(former, m)...), nil
}

// steps are the actions: made here, or opened from what the first link names
// and then changed.
func (f *filing) steps(links []link) []action {
	first := action{Action: created, When: stamp(f.about.At), Agent: f.by, Source: f.source}
	if len(links) > 0 {
		first.Action = opened
		first.Parameters = map[string]any{"ingredients": []link{links[0]}}
	}
	if f.about.Preview {
		first.Description = previewNote
		if first.Parameters == nil {
			first.Parameters = map[string]any{}
		}
		first.Parameters[previewKey] = true
	}
	list := []action{first}
	for _, name := range f.about.Changes {
		list = append(list, action{Action: name, When: stamp(f.about.At), Agent: f.by, Source: f.source})
	}
	return list
}
