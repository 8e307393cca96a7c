package heif

import (
	"encoding/binary"
	"errors"
)

// What is wrong with a file's structure.
var (
	// ErrTruncated: boxes or extents reach beyond the end of the file.
	ErrTruncated = errors.New("heif: the file ends too early")
	// ErrStructure: the boxes contradict themselves or one another.
	ErrStructure = errors.New("heif: damaged structure")
	// ErrUnsupported: a kind of picture this decoder is not asked to decode.
	ErrUnsupported = errors.New("heif: an unusual kind of picture")
	// ErrSequence: a film or burst, not a still.
	ErrSequence = errors.New("heif: a sequence of pictures")
)

// Bounds of the reader. An iPhone's 48 MP photo has about 200 items.
const (
	maxBoxes   = 4096 // in one box
	maxItems   = 4096
	maxExtents = 8192
	maxRefs    = 16384
)

// A scan reads numbers from a box, big-endian. After the first read beyond its
// end it is short and all further ones give 0.
type scan struct {
	b     []byte
	short bool
}

func (s *scan) take(n int) []byte {
	if s.short || n < 0 || n > len(s.b) {
		s.short, s.b = true, nil
		return nil
	}
	p := s.b[:n:n]
	s.b = s.b[n:]
	return p
}

// uint reads n bytes, 0 to 8.
func (s *scan) uint(n int) uint64 {
	var v uint64
	for _, c := range s.take(n) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (s *scan) u8() int  { return int(s.uint(1)) }
func (s *scan) u16() int { return int(s.uint(2)) }

// full reads version and flags of a full box.
func (s *scan) full() (version int, flags uint64) {
	v := s.uint(4)
	return int(v >> 24), v & 0xffffff
}

// id reads an item's number, which takes 2 or 4 bytes.
func (s *scan) id(wide bool) uint32 {
	if wide {
		return uint32(s.uint(4))
	}
	return uint32(s.uint(2))
}

// text reads up to the next zero.
func (s *scan) text() string {
	for i, c := range s.b {
		if c == 0 {
			return string(s.take(i + 1)[:i])
		}
	}
	s.take(len(s.b) + 1)
	return ""
}

// A box is one box of an ISO base media file (ISO/IEC 14496-12, 4.2).
type box struct {
	kind string
	body []byte
}

// boxes splits b. Where whole is true, b is all there is of the file, and a box
// beyond its end was cut off.
func boxes(b []byte, whole bool) ([]box, error) {
	beyond := ErrStructure
	if whole {
		beyond = ErrTruncated
	}
	var out []box
	for len(b) > 0 {
		if len(b) < 8 {
			return out, beyond
		}
		if len(out) == maxBoxes {
			return out, ErrStructure
		}
		n, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch n {
		case 0:
			n = uint64(len(b)) // to the end
		case 1:
			if len(b) < 16 {
				return out, beyond
			}
			n, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if n < head {
			return out, ErrStructure
		}
		kind := string(b[4:8])
		if n > uint64(len(b)) {
			return append(out, box{kind, b[head:]}), beyond
		}
		out = append(out, box{kind, b[head:n]})
		b = b[n:]
	}
	return out, nil
}
