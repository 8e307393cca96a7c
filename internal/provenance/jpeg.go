package provenance

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const (
	xmpSegment = "http://ns.adobe.com/xap/1.0/\x00"
	// segmentRoom is how much of a box one APP11 segment carries: 65,535 bytes
	// less the length, "JP", the instance and the sequence number (ISO 19566-5,
	// annex D).
	segmentRoom = 65535 - 10
	instance    = 1
)

// openJPEG walks the segments up to the first scan (ITU-T T.81, annex B).
func openJPEG(data []byte) (*carrier, error) {
	c := &carrier{format: "jpeg", tidy: true}
	type app11 struct {
		at   span
		body []byte
	}
	var parts []app11
	var drop []span
	i, after := 2, 2
	for i < len(data) {
		if i+4 > len(data) || data[i] != 0xff {
			return nil, damaged("no segment at %d", i)
		}
		m := data[i+1]
		if m == 0xff { // a fill byte
			i++
			continue
		}
		if m == 0xda {
			break
		}
		n := int(binary.BigEndian.Uint16(data[i+2:]))
		if m < 0xc0 || m == 0xd8 || m == 0xd9 || n < 2 || i+2+n > len(data) {
			return nil, damaged("segment %#x at %d", m, i)
		}
		at, body := span{i, i + 2 + n}, data[i+4:i+2+n]
		switch {
		case m == 0xe0 && i == 2:
			after = at.end
		case m == 0xe1 && bytes.HasPrefix(body, []byte(xmpSegment)):
			if c.xmp == nil {
				c.xmp = body[len(xmpSegment):]
			}
			drop = append(drop, at)
		case m == 0xeb && len(body) >= 16 && string(body[:2]) == "JP":
			parts = append(parts, app11{at, body})
		}
		i = at.end
	}
	if i >= len(data) {
		return nil, damaged("no scan")
	}
	// Boxes of other kinds than C2PA's may lie beside it under other instances.
	var en, seq uint32
	for _, p := range parts {
		id, z := uint32(binary.BigEndian.Uint16(p.body[2:])), binary.BigEndian.Uint32(p.body[4:])
		content := p.body[8:]
		switch {
		case c.store == nil && z == 1 && isStore(content):
			en, seq = id, 1
			c.tidy = c.tidy && id == instance
			c.store = bytes.Clone(content)
		case c.store != nil && id == en:
			if z != seq+1 || !bytes.Equal(content[:8], c.store[:8]) {
				return nil, damaged("APP11 segments out of order")
			}
			seq = z
			c.store = append(c.store, content[8:]...)
		case c.store != nil && isStore(content):
			return nil, damaged("two manifest stores")
		case id == instance || isStore(content):
			// Another box under the number that is ours, or the middle of a store whose
			// beginning is lost, would be read as a part of ours.
			drop = append(drop, p.at)
			continue
		default:
			continue
		}
		c.spans = append(c.spans, p.at)
		drop = append(drop, p.at)
	}
	c.head, c.tail = data[:after], without(data, after, drop)
	return c, nil
}

// isStore reports whether a box begins as a C2PA manifest store does.
func isStore(b []byte) bool {
	return len(b) >= 32 && string(b[4:8]) == "jumb" && string(b[12:16]) == "jumd" && bytes.Equal(b[16:32], storeKind[:])
}

// without is data from a place on, less some spans that do not overlap.
func without(data []byte, from int, drop []span) []byte {
	slices.SortFunc(drop, func(a, b span) int { return a.start - b.start })
	out := make([]byte, 0, len(data)-from)
	for _, d := range drop {
		out = append(out, data[from:d.start]...)
		from = d.end
	}
	return append(out, data[from:]...)
}

// packJPEG returns an APP1 segment of XMP and the APP11 segments of a store.
func packJPEG(xmp, store []byte) (x, s []byte) {
	x = append(x, 0xff, 0xe1)
	x = binary.BigEndian.AppendUint16(x, uint16(2+len(xmpSegment)+len(xmp)))
	x = append(append(x, xmpSegment...), xmp...)
	if len(store) < 8 {
		return x, nil
	}
	header, rest := store[:8], store[8:]
	for seq := uint32(1); seq == 1 || len(rest) > 0; seq++ {
		n := min(len(rest), segmentRoom-8)
		s = append(s, 0xff, 0xeb)
		s = binary.BigEndian.AppendUint16(s, uint16(10+8+n))
		s = append(s, 'J', 'P')
		s = binary.BigEndian.AppendUint16(s, instance)
		s = binary.BigEndian.AppendUint32(s, seq)
		s = append(append(s, header...), rest[:n]...)
		rest = rest[n:]
	}
	return x, s
}
