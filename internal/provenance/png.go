package provenance

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

const (
	pngMagic = "\x89PNG\r\n\x1a\n"
	// xmpKeyword and five zero bytes or fields: not compressed, no language.
	xmpKeyword = "XML:com.adobe.xmp\x00\x00\x00\x00\x00"
)

// openPNG walks the chunks and checks their sums (PNG, third edition, 5.3).
func openPNG(data []byte) (*carrier, error) {
	c := &carrier{format: "png", tidy: true}
	var drop []span
	after := 0
	for i := len(pngMagic); ; {
		if i+12 > len(data) {
			return nil, damaged("no IEND")
		}
		n := int(binary.BigEndian.Uint32(data[i:]))
		if n > len(data)-i-12 {
			return nil, damaged("a chunk runs past the end")
		}
		at := span{i, i + 12 + n}
		name, body := string(data[i+4:i+8]), data[i+8:i+8+n]
		if crc32.ChecksumIEEE(data[i+4:i+8+n]) != binary.BigEndian.Uint32(data[at.end-4:]) {
			return nil, damaged("the sum of %q does not match", name)
		}
		switch {
		case name == "IHDR" && after == 0:
			after = at.end
		case after == 0:
			return nil, damaged("no IHDR")
		case name == "caBX":
			if c.store != nil {
				return nil, damaged("two manifest stores")
			}
			c.store = body
			c.spans = append(c.spans, at)
			drop = append(drop, at)
		case name == "iTXt" && bytes.HasPrefix(body, []byte("XML:com.adobe.xmp\x00\x00")):
			if c.xmp == nil {
				c.xmp = xmpOf(body)
			}
			drop = append(drop, at)
		case name == "IEND":
			c.head, c.tail = data[:after], without(data, after, drop)
			return c, nil
		}
		i = at.end
	}
}

// xmpOf is the text of an uncompressed iTXt chunk: after the keyword and two
// flags come a language and a translated keyword, each ended by a zero.
func xmpOf(body []byte) []byte {
	rest := body[len("XML:com.adobe.xmp\x00\x00"):]
	if len(rest) < 1 {
		return nil
	}
	parts := bytes.SplitN(rest[1:], []byte{0}, 3)
	return parts[len(parts)-1]
}

// packPNG returns an iTXt chunk of XMP and the caBX chunk of a store.
func packPNG(xmp, store []byte) (x, s []byte) {
	x = chunk("iTXt", append([]byte(xmpKeyword), xmp...))
	if len(store) > 0 {
		s = chunk("caBX", store)
	}
	return x, s
}

func chunk(name string, body []byte) []byte {
	b := make([]byte, 0, 12+len(body))
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}
