// Package heiftest makes HEIC files for tests: the same small drawn scene with
// whatever boxes a test wants around it, whole or damaged.
package heiftest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
)

// scene is the drawn test scene of 640 x 480 pixels: top left red, top right
// green, bottom left blue, bottom right yellow. Encoded by heif-enc.
//
//go:embed scene.heic
var scene []byte

// Size of the scene.
const (
	Width  = 640
	Height = 480
)

// A File says what is in a HEIC file. The zero value is the scene alone.
type File struct {
	Major string // brand; "heic" if empty
	// Tiles makes the picture a grid of that many scenes side by side; 0 is none.
	Tiles int
	// Shared lets that many tiles, from the first, lie where the first one does,
	// and Shift moves the second that many bytes ahead.
	Shared int
	Shift  uint32
	// GridWidth is what the grid says its picture measures; 0 is the truth.
	GridWidth uint32
	// Claim is the size the picture says it has; 0 is the truth.
	ClaimWidth, ClaimHeight uint32
	Props                   []Box // further properties of the picture, in order
	Exif, XMP               []byte
	Film                    bool   // a movie beside the picture
	Thumbnail               bool   // the scene once more, as its own thumbnail
	Kind                    string // of the primary item; "hvc1" or "grid" if empty
}

// A Box is a kind and a body.
type Box struct {
	Kind string
	Body []byte
}

// Rotate turns by quarters, against the clock, as ISO/IEC 23008-12 writes it (irot).
func Rotate(quarters byte) Box { return Box{"irot", []byte{quarters}} }

// Mirror is imir: 0 exchanges top and bottom, 1 left and right.
func Mirror(axis byte) Box { return Box{"imir", []byte{axis}} }

// Crop is clap: the middle w times h pixels.
func Crop(w, h uint32) Box { return Box{"clap", words(w, 1, h, 1, 0, 1, 0, 1)} }

// Colour is colr with code points of ITU-T H.273.
func Colour(primaries, transfer, matrix uint16, full bool) Box {
	b := []byte("nclx")
	for _, v := range []uint16{primaries, transfer, matrix} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return Box{"colr", append(b, map[bool]byte{true: 0x80}[full])}
}

// Profile is colr with an ICC profile.
func Profile(icc []byte) Box { return Box{"colr", append([]byte("prof"), icc...)} }

func words(v ...uint32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

func halves(v ...uint16) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

// Wrap is a box around bodies.
func Wrap(kind string, bodies ...[]byte) []byte {
	body := bytes.Join(bodies, nil)
	return append(append(words(uint32(len(body)+8)), kind...), body...)
}

// part finds a box of the scene by its kind, which occurs once in it.
func part(kind string) []byte {
	i := bytes.Index(scene, []byte(kind))
	n := binary.BigEndian.Uint32(scene[i-4:])
	return scene[i+4 : i-4+int(n)]
}

type item struct {
	kind  string
	data  []byte
	props []byte // numbers, from 1
}

// Bytes is the file.
func (f File) Bytes() []byte {
	claim := func(w, h, dw, dh uint32) []byte {
		if w == 0 {
			w, h = dw, dh
		}
		return Wrap("ispe", words(0, w, h))
	}
	coded := part("mdat")
	props := [][]byte{Wrap("hvcC", part("hvcC")), claim(f.ClaimWidth, f.ClaimHeight, Width, Height)}
	own := []byte{}
	add := func(b []byte) byte { props = append(props, b); return byte(len(props)) }
	for _, p := range f.Props {
		own = append(own, add(Wrap(p.Kind, p.Body)))
	}
	kind := f.Kind
	var items []item
	var refs [][]byte
	if f.Tiles > 0 {
		w := uint32(Width * f.Tiles)
		if f.GridWidth != 0 {
			w = f.GridWidth
		}
		if kind == "" {
			kind = "grid"
		}
		shape := append([]byte{0, 1, 0, byte(f.Tiles - 1)}, words(w, Height)...)
		items = append(items, item{kind, shape, append([]byte{add(Wrap("ispe", words(0, w, Height)))}, own...)})
		from := halves(1, uint16(f.Tiles))
		for i := range f.Tiles {
			items = append(items, item{"hvc1", coded, []byte{1, 2}})
			from = append(from, halves(uint16(2+i))...)
		}
		refs = append(refs, Wrap("dimg", from))
	} else {
		if kind == "" {
			kind = "hvc1"
		}
		items = append(items, item{kind, coded, append([]byte{1, 2}, own...)})
	}
	next := func() uint16 { return uint16(len(items) + 1) }
	if f.Thumbnail {
		refs = append(refs, Wrap("thmb", halves(next(), 1, 1)))
		items = append(items, item{"hvc1", coded, []byte{1, 2}})
	}
	if f.Exif != nil {
		refs = append(refs, Wrap("cdsc", halves(next(), 1, 1)))
		items = append(items, item{"Exif", append(append(words(6), "Exif\x00\x00"...), f.Exif...), nil})
	}
	if f.XMP != nil {
		refs = append(refs, Wrap("cdsc", halves(next(), 1, 1)))
		items = append(items, item{"mime", f.XMP, nil})
	}
	return f.assemble(items, props, refs)
}

func (f File) assemble(items []item, props, refs [][]byte) []byte {
	major := f.Major
	if major == "" {
		major = "heic"
	}
	ftyp := Wrap("ftyp", []byte(major), words(0), []byte("mif1"+major))
	infe := halves(uint16(len(items)))
	owners := words(uint32(len(items)))
	var mdat []byte
	for i, it := range items {
		name := []byte{0}
		if it.kind == "mime" {
			name = []byte("\x00application/rdf+xml\x00")
		}
		infe = append(infe, Wrap("infe", []byte{2, 0, 0, 0}, halves(uint16(i+1), 0), []byte(it.kind), name)...)
		owners = append(append(owners, halves(uint16(i+1))...), byte(len(it.props)))
		owners = append(owners, it.props...)
		mdat = append(mdat, it.data...)
	}
	meta := func(start uint32) []byte {
		places := append([]byte{0x44, 0}, halves(uint16(len(items)))...)
		at := start
		first := start + uint32(len(items[0].data)) // of the tiles
		for i, it := range items {
			from := at
			if f.Tiles > 0 && i > 0 && i <= f.Shared {
				from = first
			}
			if i == 2 {
				from -= f.Shift
			}
			places = append(append(places, halves(uint16(i+1), 0, 1)...), words(from, uint32(len(it.data)))...)
			at += uint32(len(it.data))
		}
		boxes := [][]byte{words(0),
			Wrap("hdlr", words(0, 0), []byte("pict"), words(0, 0, 0), []byte{0}),
			Wrap("pitm", words(0), halves(1)),
			Wrap("iloc", words(0), places),
			Wrap("iinf", words(0), infe),
			Wrap("iprp", Wrap("ipco", props...), Wrap("ipma", words(0), owners)),
		}
		if len(refs) > 0 {
			boxes = append(boxes, Wrap("iref", append([][]byte{words(0)}, refs...)...))
		}
		return Wrap("meta", boxes...)
	}
	var film []byte
	if f.Film {
		film = Wrap("moov", []byte("a child's voice"))
	}
	head := len(ftyp) + len(film) + len(meta(0))
	return bytes.Join([][]byte{ftyp, film, meta(uint32(head + 8)), Wrap("mdat", mdat)}, nil)
}
