package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

// scene is the test picture: red, green, blue and yellow in its quarters.
func scene(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	c := [4]color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 0, 255}}
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, c[2*(2*y/h)+2*x/w])
		}
	}
	return m
}

// stored is how a camera held at an orientation stores an upright picture:
// the inverse of what the Exif standard tells a viewer to do.
func stored(up *image.NRGBA, orientation int) *image.NRGBA {
	w, h := up.Rect.Dx(), up.Rect.Dy()
	sw, sh := w, h
	if orientation >= 5 {
		sw, sh = h, w
	}
	m := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for y := range h {
		for x := range w {
			// Row 0 and column 0 of the stored picture are, in this order, the
			// visual: 1 top left, 2 top right, 3 bottom right, 4 bottom left,
			// 5 left top, 6 right top, 7 right bottom, 8 left bottom.
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, w-1-x
			case 7:
				sx, sy = h-1-y, w-1-x
			case 8:
				sx, sy = h-1-y, x
			}
			m.SetNRGBA(sx, sy, up.NRGBAAt(x, y))
		}
	}
	return m
}

// entry is one field of an Exif directory.
type entry struct {
	tag, kind    uint16
	count, value uint32
}

func exif(o binary.AppendByteOrder, entries ...entry) []byte {
	b := []byte("II*\x00")
	if o.String() == "BigEndian" {
		b = []byte("MM\x00*")
	}
	b = o.AppendUint32(b, 8)
	b = o.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = o.AppendUint32(o.AppendUint16(o.AppendUint16(b, e.tag), e.kind), e.count)
		if e.kind == 3 {
			b = o.AppendUint16(o.AppendUint16(b, uint16(e.value)), 0)
		} else {
			b = o.AppendUint32(b, e.value)
		}
	}
	return o.AppendUint32(b, 0)
}

// Every orientation in JPEG and PNG, also with sides that do not fit whole
// chroma samples, and when the picture is shrunk at the same time.
func TestOrientation(t *testing.T) {
	for _, size := range [][2]int{{320, 256}, {321, 259}, {4101, 121}} {
		up := scene(size[0], size[1])
		for o := 1; o <= 8; o++ {
			m := stored(up, o)
			meta := exif(binary.LittleEndian, entry{tagOrientation, 3, 1, uint32(o)})
			var j, p bytes.Buffer
			if err := jpeg.Encode(&j, m, &jpeg.Options{Quality: 95}); err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(&p, m); err != nil {
				t.Fatal(err)
			}
			app1 := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(meta)+8)), exifPrefix+string(meta)...)
			for kind, data := range map[string][]byte{
				"JPEG": slices.Insert(j.Bytes(), 2, app1...),
				"PNG":  slices.Insert(p.Bytes(), 33, chunk("eXIf", meta)...),
			} {
				t.Run(fmt.Sprintf("%s %dx%d orientation %d", kind, size[0], size[1], o), func(t *testing.T) {
					n, err := Normalise(context.Background(), data, wide)
					if err != nil {
						t.Fatal(err)
					}
					if w, h := fit(size[0], size[1], OutputSide); n.Width != w || n.Height != h {
						t.Errorf("came out %dx%d, want %dx%d", n.Width, n.Height, w, h)
					}
					checkNormal(t, n, data)
					checkCorners(t, decodeJPEG(t, n.JPEG), 0, 24)
					checkCorners(t, decodeJPEG(t, n.Thumb), 2, 24)
				})
			}
		}
	}
}

// A photo that lies on its side once its orientation is followed is turned from
// there, mirrored ones too.
func TestTurnedGoesOnFromTheOrientation(t *testing.T) {
	up, gate := scene(320, 256), NewGate(GateMiB, 4)
	for quarters, as := range []int{1, 6, 3, 8} {
		lying := stored(up, as)
		for o := 1; o <= 8; o++ {
			var j bytes.Buffer
			if err := jpeg.Encode(&j, stored(lying, o), &jpeg.Options{Quality: 95}); err != nil {
				t.Fatal(err)
			}
			meta := exif(binary.LittleEndian, entry{tagOrientation, 3, 1, uint32(o)})
			app1 := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(meta)+8)), exifPrefix+string(meta)...)
			n, err := gate.Turned(context.Background(), "ann", slices.Insert(j.Bytes(), 2, app1...), wide, quarters)
			if err != nil {
				t.Fatal(err)
			}
			if n.Width != 320 || n.Height != 256 {
				t.Errorf("orientation %d and %d quarters: %dx%d", o, quarters, n.Width, n.Height)
				continue
			}
			checkCorners(t, decodeJPEG(t, n.JPEG), 0, 24)
			checkCorners(t, decodeJPEG(t, n.Thumb), 0, 24)
		}
	}
}

// wide lets long strips through.
var wide = func() Limits { l := DefaultLimits(); l.Aspect, l.Short = 100, 100; return l }()

func TestExif(t *testing.T) {
	many := slices.Repeat([]entry{{0x100, 3, 1, 8}}, maxEntries)
	for _, c := range []struct {
		name string
		data []byte
		want int
	}{
		{"little endian", exif(binary.LittleEndian, entry{tagOrientation, 3, 1, 6}), 6},
		{"big endian", exif(binary.BigEndian, entry{tagOrientation, 3, 1, 6}), 6},
		{"with the JPEG prefix", append([]byte(exifPrefix), exif(binary.BigEndian, entry{tagOrientation, 3, 1, 8})...), 8},
		{"stored as LONG", exif(binary.BigEndian, entry{tagOrientation, 4, 1, 3}), 3},
		{"out of range", exif(binary.BigEndian, entry{tagOrientation, 3, 1, 9}), 1},
		{"zero", exif(binary.BigEndian, entry{tagOrientation, 3, 1, 0}), 1},
		{"first of two counts", exif(binary.BigEndian, entry{tagOrientation, 3, 1, 5}, entry{tagOrientation, 3, 1, 6}), 5},
		{"behind a count of 4 G", exif(binary.LittleEndian, entry{0x10e, 2, 1<<32 - 1, 8}, entry{tagOrientation, 3, 1, 6}), 6},
		{"the 200th entry", exif(binary.LittleEndian, append(many[1:], entry{tagOrientation, 3, 1, 6})...), 6},
		{"the 201st entry", exif(binary.LittleEndian, append(slices.Clone(many), entry{tagOrientation, 3, 1, 6})...), 1},
		{"cut in its entry", exif(binary.LittleEndian, entry{tagOrientation, 3, 1, 6})[:20], 1},
		{"directory outside", []byte("II*\x00\xff\xff\xff\xff12345678"), 1},
		{"directory at the header", []byte("II*\x00\x00\x00\x00\x0012345678"), 1},
		{"over 64 KiB", append(exif(binary.LittleEndian, entry{tagOrientation, 3, 1, 6}), make([]byte, maxExif)...), 1},
		{"no TIFF", []byte("not a tiff header at all"), 1},
		{"nothing", nil, 1},
	} {
		h := Header{Orientation: 1}
		h.readExif(c.data)
		if h.Orientation != c.want {
			t.Errorf("%s: orientation %d, want %d", c.name, h.Orientation, c.want)
		}
	}
}

func TestScaler(t *testing.T) {
	run := func(src []uint8, w, h, dw, dh int, mirror bool) []uint8 {
		dst := make([]uint8, dw*dh)
		s := newScaler(resampler(w, dw, float64(w)/float64(dw), float64(w), mirror),
			resampler(h, dh, float64(h)/float64(dh), float64(h), mirror), mirror, dst, dw)
		for y := range h {
			s.push(src[y*w:][:w])
		}
		if s.done != dh {
			t.Fatalf("%dx%d to %dx%d wrote %d rows", w, h, dw, dh, s.done)
		}
		return dst
	}
	const w, h = 37, 23
	src := make([]uint8, w*h)
	for i := range src {
		src[i] = uint8(i * 7)
	}
	if got := run(src, w, h, w, h, false); !bytes.Equal(got, src) {
		t.Error("scale 1 does not copy")
	}
	turned := slices.Clone(src)
	slices.Reverse(turned)
	if got := run(src, w, h, w, h, true); !bytes.Equal(got, turned) {
		t.Error("mirrored twice is not turned by half")
	}
	for _, d := range [][2]int{{36, 22}, {20, 11}, {5, 3}, {1, 1}, {50, 40}} {
		a, b := run(src, w, h, d[0], d[1], false), run(turned, w, h, d[0], d[1], true)
		if !bytes.Equal(a, b) {
			t.Errorf("%v: turning before and while scaling differ", d)
		}
		flat := run(bytes.Repeat([]byte{201}, w*h), w, h, d[0], d[1], false)
		if !bytes.Equal(flat, bytes.Repeat([]byte{201}, d[0]*d[1])) {
			t.Errorf("%v: an even plane came out uneven: %v", d, flat)
		}
	}
	stripes := make([]uint8, 64*64)
	for i := range stripes {
		stripes[i] = uint8(i % 2 * 255)
	}
	for i, v := range run(stripes, 64, 64, 16, 16, false) {
		if x := i % 16; x > 1 && x < 14 && (v < 126 || v > 129) {
			t.Fatalf("fine stripes alias: %d at %d, want grey", v, x)
		}
	}
}

// The last chroma sample of an odd side covers half of what the others do, so
// mirroring moves chroma by half a sample. A ramp shows whether it did.
func TestMirroredChroma(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 101, 9), image.YCbCrSubsampleRatio420)
	for i := range m.Cb {
		m.Cb[i] = uint8(4 * (i % m.CStride))
	}
	r := &raster{w: 101, h: 9, sx: 1, sy: 1}
	r.planes(m)
	out, err := render(t.Context(), r, 101, 9, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < 48; i++ {
		if got, want := int(out.Cb[2*out.CStride+i]), 4*49-4*i+2; got != want {
			t.Fatalf("chroma sample %d is %d, want %d", i, got, want)
		}
	}
}
