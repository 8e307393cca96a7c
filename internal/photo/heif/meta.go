package heif

import (
	"cmp"
	"fmt"
	"slices"
)

// An item is a picture, a piece of metadata or a tile (ISO/IEC 14496-12, 8.11.6).
type item struct {
	kind   string // such as hvc1, grid, Exif, mime
	mime   string
	hidden bool
	inIDAT bool
	chunks []extent
	props  []int // into meta.props, from 1
	tiles  []uint32
}

type extent struct{ off, n uint64 }

// meta is what the boxes say.
type meta struct {
	file    []byte
	idat    []byte
	primary uint32
	items   map[uint32]*item
	order   []uint32 // of items, as declared
	props   []box
	aux     map[uint32]bool // of the primary item: alpha, depth, gain map
}

func readMeta(file, body []byte) (*meta, error) {
	s := scan{b: body}
	s.full()
	inner, err := boxes(s.b, false)
	if err != nil {
		return nil, err
	}
	m := &meta{file: file, items: map[uint32]*item{}, aux: map[uint32]bool{}}
	part := map[string][]byte{}
	for _, b := range inner {
		if _, twice := part[b.kind]; twice && b.kind != "free" && b.kind != "skip" {
			return nil, fmt.Errorf("%w: two boxes %s", ErrStructure, b.kind)
		}
		part[b.kind] = b.body
	}
	m.idat = part["idat"]
	if err := m.readPrimary(part["pitm"]); err != nil {
		return nil, err
	}
	for _, read := range []struct {
		box string
		by  func([]byte) error
	}{{"iinf", m.readItems}, {"iloc", m.readPlaces}, {"iprp", m.readProperties}} {
		if part[read.box] == nil {
			return nil, fmt.Errorf("%w: no %s", ErrStructure, read.box)
		}
		if err := read.by(part[read.box]); err != nil {
			return nil, fmt.Errorf("%s: %w", read.box, err)
		}
	}
	if part["iref"] != nil {
		if err := m.readReferences(part["iref"]); err != nil {
			return nil, fmt.Errorf("iref: %w", err)
		}
	}
	return m, nil
}

func (m *meta) readPrimary(b []byte) error {
	s := scan{b: b}
	version, _ := s.full()
	m.primary = s.id(version > 0)
	if s.short {
		return fmt.Errorf("%w: no primary item", ErrStructure)
	}
	return nil
}

func (m *meta) readItems(b []byte) error {
	s := scan{b: b}
	version, _ := s.full()
	if version == 0 {
		s.uint(2)
	} else {
		s.uint(4)
	}
	if s.short {
		return ErrStructure
	}
	entries, err := boxes(s.b, false)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.kind != "infe" {
			continue
		}
		s := scan{b: e.body}
		version, flags := s.full()
		if version < 2 {
			return fmt.Errorf("%w: item entry of version %d", ErrUnsupported, version)
		}
		id := s.id(version > 2)
		s.uint(2) // protection
		it := &item{kind: string(s.take(4)), hidden: flags&1 != 0}
		if s.short || m.items[id] != nil || len(m.items) == maxItems {
			return ErrStructure
		}
		if it.kind == "mime" {
			s.text()
			it.mime = s.text()
		}
		m.items[id] = it
		m.order = append(m.order, id)
	}
	return nil
}

// readPlaces reads where the bytes of the items lie (8.11.3).
func (m *meta) readPlaces(b []byte) error {
	s := scan{b: b}
	version, _ := s.full()
	sizes := s.u16()
	offset, length, base, index := sizes>>12, sizes>>8&15, sizes>>4&15, sizes&15
	if version == 0 {
		index = 0
	}
	if version > 2 || offset > 8 || length > 8 || base > 8 || index > 8 {
		return ErrStructure
	}
	count := int(s.id(version == 2))
	total := 0
	for range min(count, maxItems+1) {
		id := s.id(version == 2)
		method := 0
		if version > 0 {
			method = s.u16() & 15
		}
		s.uint(2) // data reference
		from := s.uint(base)
		n := s.u16()
		if total += n; total > maxExtents || s.short {
			return ErrStructure
		}
		it := m.items[id]
		if it == nil {
			it = &item{} // of no use, but its bytes must be passed
		}
		it.inIDAT = method == 1
		for range n {
			s.uint(index)
			e := extent{from + s.uint(offset), s.uint(length)}
			if e.off < from || s.short {
				return ErrStructure
			}
			it.chunks = append(it.chunks, e)
		}
		if method > 1 {
			it.kind = "made of other items"
		}
	}
	if s.short || count > maxItems {
		return ErrStructure
	}
	return nil
}

// readProperties reads properties and whose they are (ISO/IEC 23008-12, 9.3).
func (m *meta) readProperties(b []byte) error {
	parts, err := boxes(b, false)
	if err != nil {
		return err
	}
	for _, p := range parts {
		switch p.kind {
		case "ipco":
			if m.props, err = boxes(p.body, false); err != nil {
				return err
			}
		case "ipma":
			if err := m.readOwners(p.body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *meta) readOwners(b []byte) error {
	s := scan{b: b}
	version, flags := s.full()
	count := s.uint(4)
	if count > maxItems {
		return ErrStructure
	}
	total := 0
	for range count {
		it := m.items[s.id(version > 0)]
		n := s.u8()
		if total += n; total > maxRefs {
			return ErrStructure
		}
		for range n {
			p := s.u8() & 0x7f
			if flags&1 != 0 {
				p = p<<8 | s.u8()
			}
			if it != nil && p > 0 {
				it.props = append(it.props, p)
			}
		}
	}
	if s.short {
		return ErrStructure
	}
	return nil
}

func (m *meta) readReferences(b []byte) error {
	s := scan{b: b}
	version, _ := s.full()
	list, err := boxes(s.b, false)
	if err != nil {
		return err
	}
	total := 0
	for _, r := range list {
		s := scan{b: r.body}
		from := s.id(version > 0)
		n := s.u16()
		if total += n; total > maxRefs {
			return ErrStructure
		}
		for range n {
			to := s.id(version > 0)
			switch it := m.items[from]; {
			case r.kind == "dimg" && it != nil:
				it.tiles = append(it.tiles, to)
			case r.kind == "auxl" && to == m.primary:
				m.aux[from] = true
			}
		}
		if s.short {
			return ErrStructure
		}
	}
	return nil
}

// data returns the bytes of an item, at most limit of them.
func (m *meta) data(it *item, limit uint64) ([]byte, error) {
	src := m.file
	if it.inIDAT {
		src = m.idat
	}
	var out []byte
	for _, e := range it.chunks {
		n := e.n
		if n == 0 && e.off <= uint64(len(src)) {
			n = uint64(len(src)) - e.off
		}
		if e.off > uint64(len(src)) || n > uint64(len(src))-e.off {
			return nil, ErrTruncated
		}
		out = append(out, src[e.off:e.off+min(n, limit-uint64(len(out)))]...)
		if uint64(len(out)) == limit {
			break
		}
	}
	return out, nil
}

// apart reports an error where a byte of the file is coded picture twice, so
// that a small file cannot ask for the same work many times.
func (m *meta) apart(pictures ...*item) error {
	var inFile, inIDAT []extent
	for _, it := range pictures {
		if it.inIDAT {
			inIDAT = append(inIDAT, it.chunks...)
		} else {
			inFile = append(inFile, it.chunks...)
		}
	}
	for _, list := range [][]extent{inFile, inIDAT} {
		slices.SortFunc(list, func(a, b extent) int { return cmp.Compare(a.off, b.off) })
		for i := 1; i < len(list); i++ {
			before := list[i-1]
			if before.n == 0 || list[i].off-before.off < before.n { // 0 is up to the end
				return fmt.Errorf("%w: pictures that share their bytes", ErrStructure)
			}
		}
	}
	return nil
}

// complete reports whether all bytes of an item lie in the file.
func (m *meta) complete(it *item) error {
	src := m.file
	if it.inIDAT {
		src = m.idat
	}
	for _, e := range it.chunks {
		if e.off > uint64(len(src)) || e.n > uint64(len(src))-e.off {
			return ErrTruncated
		}
	}
	if len(it.chunks) == 0 {
		return fmt.Errorf("%w: a picture without bytes", ErrStructure)
	}
	return nil
}

// prop returns the body of an item's first property of a kind, or nil.
func (m *meta) prop(it *item, kind string) []byte {
	for _, p := range it.props {
		if p <= len(m.props) && m.props[p-1].kind == kind {
			return m.props[p-1].body
		}
	}
	return nil
}
