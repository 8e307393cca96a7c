// Package srgb writes into a picture what its numbers mean: that its colours are
// sRGB, and how many dots make an inch. Go's encoders write neither, and what is
// not said a printer guesses.
package srgb

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"sync"
)

// Name is how the profile calls itself.
const Name = "sRGB IEC61966-2.1"

// Profile is an ICC profile of version 2.1, because that is what PDF 1.4 and old
// printing software read: the primaries of IEC 61966-2-1 adapted to D50 by
// Bradford's matrix, and its curve as a table. The bytes, some 2.6 thousand, are
// the caller's to read, not to change.
var Profile = sync.OnceValue(func() []byte {
	xyz := func(vs ...float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range vs {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	desc := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(Name)+1))
	desc = append(append(desc, Name...), 0)
	desc = append(desc, make([]byte, 4+4+2+1+67)...) // no Unicode or Macintosh name
	const steps = 1024
	curve := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), steps)
	for i := range steps {
		v := float64(i) / (steps - 1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(v*65535)))
	}
	tags := []struct {
		sig  string
		data []byte // nil: the tag before it again
	}{
		{"desc", desc},
		{"cprt", []byte("text\x00\x00\x00\x00No copyright, use freely\x00")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)},
		{"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.71410)},
		{"rTRC", curve}, {"gTRC", nil}, {"bTRC", nil},
	}
	const head = 128
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	start, at, size := head+4+12*len(tags), 0, 0
	var body []byte
	for _, t := range tags {
		if t.data != nil {
			at, size = start+len(body), len(t.data)
			body = append(body, t.data...)
			body = append(body, make([]byte, (4-len(body)%4)%4)...)
		}
		table = append(table, t.sig...)
		table = binary.BigEndian.AppendUint32(table, uint32(at))
		table = binary.BigEndian.AppendUint32(table, uint32(size))
	}
	h := make([]byte, head)
	binary.BigEndian.PutUint32(h, uint32(head+len(table)+len(body)))
	binary.BigEndian.PutUint32(h[8:], 0x02100000)
	copy(h[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1} {
		binary.BigEndian.PutUint16(h[24+2*i:], v)
	}
	copy(h[36:], "acsp")
	copy(h[68:], xyz(0.9642, 1, 0.8249)[8:]) // the illuminant of the connection space
	return append(append(h, table...), body...)
})

// JPEG returns a JPEG as Go's encoder writes it with a JFIF header of the given
// dots an inch and the profile. Other data comes back as it is.
func JPEG(data []byte, dpi uint16) []byte {
	if !bytes.HasPrefix(data, []byte("\xff\xd8\xff\xdb")) {
		return data
	}
	icc := Profile()
	out := make([]byte, 0, len(data)+18+18+len(icc))
	out = append(out, data[:2]...)
	out = append(out, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 2, 1)
	out = binary.BigEndian.AppendUint16(out, dpi)
	out = binary.BigEndian.AppendUint16(out, dpi)
	out = append(out, 0, 0, 0xff, 0xe2)
	out = binary.BigEndian.AppendUint16(out, uint16(2+14+len(icc)))
	out = append(out, "ICC_PROFILE\x00\x01\x01"...)
	out = append(out, icc...)
	return append(out, data[2:]...)
}

// PNG returns a PNG as Go's encoder writes it with the chunk that says sRGB and
// one of the given dots an inch. Other data comes back as it is.
func PNG(data []byte, dpi uint16) []byte {
	const head = 8 + 25 // signature and IHDR, which must be the first
	if len(data) < head || !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")) {
		return data
	}
	perMetre := binary.BigEndian.AppendUint32(nil, uint32(math.Round(float64(dpi)/0.0254)))
	out := make([]byte, 0, len(data)+13+21)
	out = append(out, data[:head]...)
	out = chunk(out, "sRGB", []byte{0}) // perceptual intent
	out = chunk(out, "pHYs", append(append(perMetre, perMetre...), 1))
	return append(out, data[head:]...)
}

func chunk(out []byte, name string, body []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	at := len(out)
	out = append(append(out, name...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at:]))
}
