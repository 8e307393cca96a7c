package provenance

import (
	"bytes"
	"errors"
	"slices"
)

// Inspect says what a file's marks are and whether they hold. It never fails: a
// file that is neither JPEG nor PNG, or does not hold together, is a state. The
// cost is bounded by the file's size. A nil Issuer takes nothing for its own.
func (i *Issuer) Inspect(data []byte) *Report { return &i.examine(data).Report }

// An exam is a report with what was read to write it.
type exam struct {
	Report
	records   []*record // the active manifest, then those it builds on
	manifests []*node
}

func (i *Issuer) examine(data []byte) *exam {
	e := &exam{Report: Report{State: Damaged}}
	c, err := open(data)
	if err != nil {
		if errors.Is(err, errFormat) {
			e.State = Unmarked
		}
		return e
	}
	e.Format, e.State, e.Note = c.format, Unmarked, sourceOf(c.xmp)
	if c.store == nil {
		if e.Note != "" {
			e.State = Unsigned
		}
		return e
	}
	e.State, e.Altered = Altered, []string{ManifestBytes}
	store, err := parseStore(c.store)
	if err != nil {
		return e
	}
	e.manifests = store.boxes
	active := i.check(store.boxes[len(store.boxes)-1])
	e.records = []*record{active}
	active.checkPicture(data, c)
	i.follow(e)
	if active.signer == Ours {
		e.checkOurs(store, c)
	}
	e.fill()
	return e
}

// checkPicture compares the file with the hash in the active manifest.
func (r *record) checkPicture(data []byte, c *carrier) {
	if r.binding == nil {
		r.unproven = true // tied to the picture in another way, or not at all
		return
	}
	var skip []span
	for _, x := range r.binding.Exclusions {
		last := 0
		if len(skip) > 0 {
			last = skip[len(skip)-1].end
		}
		if x.Start < last || x.Length < 0 || x.Start > len(data) || x.Length > len(data)-x.Start {
			r.fault(PictureBytes)
			return
		}
		skip = append(skip, span{x.Start, x.Start + x.Length})
	}
	// Bytes that neither the hash covers nor the store fills could say anything.
	if !slices.Equal(join(skip), join(c.spans)) {
		r.fault(PictureBytes)
		return
	}
	alg := r.binding.Alg
	if alg == "" {
		alg = r.alg
	}
	sum := hashOf(data, skip, alg)
	switch {
	case sum == nil:
		r.unproven = true
	case !bytes.Equal(sum, r.binding.Hash):
		r.fault(PictureBytes)
	}
}

// join merges spans that touch and drops empty ones.
func join(spans []span) (out []span) {
	for _, s := range spans {
		switch n := len(out); {
		case s.start == s.end:
		case n > 0 && out[n-1].end == s.start:
			out[n-1].end = s.end
		default:
			out = append(out, s)
		}
	}
	return out
}

// maxFormer bounds how far back a chain is followed.
const maxFormer = 16

// follow checks the manifests that the active one builds on. A link of ours that
// does not match is a fault; what others mean by theirs is not known so well.
func (i *Issuer) follow(e *exam) {
	seen := map[string]bool{e.records[0].node.label: true}
	for at := 0; at < len(e.records); at++ {
		r := e.records[at]
		for _, l := range r.parents {
			name := l.manifestName()
			var found *node
			for _, m := range e.manifests {
				if m.label == name {
					found = m
				}
			}
			ok := false
			if found != nil {
				ok = bytes.Equal(found.sum(l.algorithm(r.alg)), l.Hash) && len(l.Hash) > 0
			}
			if !ok && r.signer == Ours {
				r.fault(ManifestBytes)
			}
			if found == nil || seen[name] || len(e.records) > maxFormer {
				continue
			}
			seen[name] = true
			p := i.check(found)
			p.unproven = p.unproven || !ok
			e.records = append(e.records, p)
		}
	}
}

// checkOurs closes what C2PA leaves open: the bytes around the manifests, and
// manifests that nobody names.
func (e *exam) checkOurs(store *node, c *carrier) {
	r := e.records[0]
	former := e.manifests[:len(e.manifests)-1]
	if store.toggles != plain || !c.tidy || len(former) > 0 && !bytes.Equal(formerSum(former), r.former) {
		r.fault(ManifestBytes)
	}
}

// fill writes the report from the records.
func (e *exam) fill() {
	r := e.records[0]
	e.State, e.Altered = r.state(), nil
	for _, p := range []string{PictureBytes, ManifestBytes, SignatureBits} {
		if r.altered[p] {
			e.Altered = append(e.Altered, p)
		}
	}
	e.Signer, e.Issuer, e.Software, e.Source, e.At, e.Preview, e.Actions = r.signer, r.issuer, r.software, r.source, r.at, r.preview, r.actions
	for _, p := range e.records[1:] {
		e.Former = append(e.Former, Former{State: p.state(), Signer: p.signer, Issuer: p.issuer, Source: p.source, Software: p.software, At: p.at})
		if e.Source == "" {
			e.Source = p.source
		}
		if e.At.IsZero() {
			e.At = p.at
		}
	}
}
