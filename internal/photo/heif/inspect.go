package heif

import (
	"encoding/binary"
	"fmt"
)

// MaxMetadata bounds a block of metadata that is handed on, in bytes; what is
// longer is cut.
const MaxMetadata = 64 << 10

// An Info is what a file says about its primary picture.
type Info struct {
	Width, Height int // upright: turned and cropped as the file says
	Coded         int64
	Channels      int // 1, or 3
	Memory        int64
	Total         int64
	Cropped       bool // the size is an upper bound

	Colour  *Colour
	Profile []byte // ICC, or nil
	Exif    []byte // from its TIFF header on
	XMP     []byte
	More    bool // pictures, films or maps besides the primary one
}

// Colour is how samples stand for colours, in the code points of ITU-T H.273.
type Colour struct {
	Primaries, Transfer, Matrix int
	Full                        bool // samples span 0 to 255
}

// A Sizer says whether a picture of that size may be decoded at all.
type Sizer func(width, height int) error

// Inspect reads the boxes of a file. Every size the file names is put before
// check, in pixels as coded: no decoder has seen a byte by then. The work is
// linear in the length of the file, bounded by the constants of the reader.
//
// The error is check's, or one of ErrTruncated, ErrStructure, ErrUnsupported and
// ErrSequence, wrapped.
func Inspect(file []byte, check Sizer) (*Info, error) {
	top, cut := boxes(file, true)
	if len(top) == 0 || top[0].kind != "ftyp" {
		return nil, ErrStructure
	}
	info := &Info{Channels: 3}
	var body []byte
	for i, b := range top {
		switch b.kind {
		case "meta":
			if body != nil {
				return nil, fmt.Errorf("%w: two meta boxes", ErrStructure)
			}
			if cut != nil && i == len(top)-1 {
				return nil, cut
			}
			body = b.body
		case "moov", "mpvd":
			info.More = true
		}
	}
	if body == nil {
		if info.More {
			return nil, ErrSequence
		}
		if cut != nil {
			return nil, cut
		}
		return nil, fmt.Errorf("%w: no meta box", ErrStructure)
	}
	m, err := readMeta(file, body)
	if err != nil {
		return nil, err
	}
	if err := info.read(m, check); err != nil {
		return nil, err
	}
	return info, cut
}

func (info *Info) read(m *meta, check Sizer) error {
	it := m.items[m.primary]
	if it == nil {
		return fmt.Errorf("%w: the primary item is missing", ErrStructure)
	}
	// Whatever the decoder may look at has a size we would let pass.
	for _, p := range m.props {
		if p.kind != "ispe" {
			continue
		}
		if w, h, err := size(p.body); err != nil {
			return err
		} else if int64(w)*int64(h) > maxTile {
			if err := check(w, h); err != nil {
				return err
			}
		}
	}
	w, h, err := size(m.prop(it, "ispe"))
	if err != nil {
		return err
	}
	if err := check(w, h); err != nil {
		return err
	}
	coded := it
	switch it.kind {
	case "hvc1":
		if err := m.complete(it); err != nil {
			return err
		}
		if err := m.apart(it); err != nil {
			return err
		}
	case "grid":
		if coded, err = m.grid(it, w, h); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: primary item of kind %q", ErrUnsupported, it.kind)
	}
	info.Coded = int64(w) * int64(h)
	if err := info.memory(m, coded); err != nil {
		return err
	}
	info.colour(m, it, coded)
	if err := info.turn(m, it, w, h); err != nil {
		return err
	}
	info.metadata(m)
	return nil
}

// maxTile is how large a tile, thumbnail or map may be without being asked
// about, in pixels.
const maxTile = 2048 * 2048

func size(b []byte) (w, h int, err error) {
	s := scan{b: b}
	s.full()
	w, h = int(s.uint(4)), int(s.uint(4))
	if s.short || w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 {
		return 0, 0, fmt.Errorf("%w: a picture without a size", ErrStructure)
	}
	return w, h, nil
}

// grid reads how a picture is put together from tiles (ISO/IEC 23008-12,
// 6.6.2.3) and returns its first one. The tiles must cover the picture and no
// more, and each has bytes of its own: what decoding takes is bounded by the
// length of the file as well as by the size of the picture.
func (m *meta) grid(it *item, w, h int) (*item, error) {
	b, err := m.data(it, 12)
	if err != nil {
		return nil, err
	}
	s := scan{b: b}
	s.u8()
	n := 2
	if s.u8()&1 != 0 {
		n = 4
	}
	rows, cols := s.u8()+1, s.u8()+1
	gw, gh := int(s.uint(n)), int(s.uint(n))
	if s.short || gw != w || gh != h || rows*cols != len(it.tiles) {
		return nil, fmt.Errorf("%w: a grid that contradicts itself", ErrStructure)
	}
	var first *item
	var all []*item
	var tw, th int
	for i, id := range it.tiles {
		t := m.items[id]
		if t == nil || t.kind != "hvc1" {
			return nil, fmt.Errorf("%w: a tile that is no picture", ErrUnsupported)
		}
		if err := m.complete(t); err != nil {
			return nil, err
		}
		all = append(all, t)
		x, y, err := size(m.prop(t, "ispe"))
		if err != nil {
			return nil, err
		}
		if i == 0 {
			first, tw, th = t, x, y
		}
		if x != tw || y != th {
			return nil, fmt.Errorf("%w: tiles of different sizes", ErrStructure)
		}
	}
	if int64(tw)*int64(cols) < int64(w) || int64(tw)*int64(cols-1) >= int64(w) ||
		int64(th)*int64(rows) < int64(h) || int64(th)*int64(rows-1) >= int64(h) {
		return nil, fmt.Errorf("%w: tiles that do not fit their picture", ErrStructure)
	}
	return first, m.apart(all...)
}

// memory reads the sampling from the decoder's configuration (ISO/IEC
// 14496-15, 8.3.2.1) and says what decoding may take.
func (info *Info) memory(m *meta, coded *item) error {
	s := scan{b: m.prop(coded, "hvcC")}
	s.take(16)
	chroma, luma := s.u8()&3, s.u8()&7
	colour := s.u8() & 7
	if s.short {
		return fmt.Errorf("%w: no decoder configuration", ErrStructure)
	}
	half := []int64{2, 3, 4, 6}[chroma] // samples a pixel, times two
	if chroma == 0 {
		info.Channels = 1
	}
	wide := int64(1)
	if luma > 0 || colour > 0 {
		wide = 2
	}
	// The decoder's frame and the library's copy at the coded depth, the copy at 8
	// bits and the one handed out; RGB has four channels of those.
	perPixel := half*wide + half
	if chroma == 3 {
		perPixel += 3
	}
	if len(m.aux) > 0 {
		perPixel += 2 * wide // an alpha plane
	}
	info.Memory = decoderBase + perPixel*info.Coded + 3*int64(len(m.file))
	info.Total = info.Memory + childBase + (half+1)/2*info.Coded
	return nil
}

const (
	decoderBase = 48 << 20 // the program, its stack and tables
	childBase   = 80 << 20 // the Go runtime and the compiled program
)

// turn applies rotation, mirroring and cropping to the size.
func (info *Info) turn(m *meta, it *item, w, h int) error {
	for _, p := range it.props {
		if p > len(m.props) {
			return fmt.Errorf("%w: no such property", ErrStructure)
		}
		body := m.props[p-1].body
		switch m.props[p-1].kind {
		case "irot":
			if len(body) < 1 {
				return ErrStructure
			}
			if body[0]&1 == 1 {
				w, h = h, w
			}
		case "clap":
			if len(body) < 16 {
				return ErrStructure
			}
			n := func(i int) uint32 { return binary.BigEndian.Uint32(body[4*i:]) }
			if n(1) == 0 || n(3) == 0 {
				return fmt.Errorf("%w: a crop by zero", ErrStructure)
			}
			w, h = min(w, int(n(0)/n(1))), min(h, int(n(2)/n(3)))
			info.Cropped = true
		}
	}
	if w == 0 || h == 0 {
		return fmt.Errorf("%w: nothing left after the crop", ErrStructure)
	}
	info.Width, info.Height = w, h
	return nil
}

// colour takes the colour boxes of the picture, or of its first tile.
func (info *Info) colour(m *meta, whole, tile *item) {
	for _, it := range []*item{whole, tile} {
		for _, p := range it.props {
			if p > len(m.props) || m.props[p-1].kind != "colr" {
				continue
			}
			s := scan{b: m.props[p-1].body}
			switch string(s.take(4)) {
			case "nclx":
				c := Colour{Primaries: s.u16(), Transfer: s.u16(), Matrix: s.u16(), Full: s.u8()&0x80 != 0}
				if !s.short && info.Colour == nil {
					info.Colour = &c
				}
			case "prof", "rICC":
				if info.Profile == nil {
					info.Profile = s.b
				}
			}
		}
		if info.Colour != nil || info.Profile != nil {
			return
		}
	}
}

// metadata collects what must not survive. Damage there is no reason to refuse.
func (info *Info) metadata(m *meta) {
	for _, id := range m.order {
		it := m.items[id]
		switch {
		case it.kind == "Exif":
			b, err := m.data(it, MaxMetadata)
			if err == nil && len(b) > 4 {
				if skip := uint64(binary.BigEndian.Uint32(b)); skip < uint64(len(b)-4) {
					info.Exif = b[4+skip:]
				}
			}
		case it.kind == "mime" && it.mime == "application/rdf+xml":
			if b, err := m.data(it, MaxMetadata); err == nil {
				info.XMP = append(info.XMP, b[:min(len(b), MaxMetadata-len(info.XMP))]...)
			}
		case it.kind == "hvc1" && id != m.primary && !it.hidden:
			info.More = true
		}
	}
	info.More = info.More || len(m.aux) > 0
}
