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

// Profile is an ICC profile of version 4.3 (ICC.1:2010) of about half a
// kilobyte: the primaries of IEC 61966-2-1, adapted to D50 by Bradford's matrix,
// and its curve as a formula and not as a table. The bytes are the caller's to
// read, not to change.
var Profile = sync.OnceValue(func() []byte {
	fixed := func(sig string, vs ...float64) []byte {
		b := append([]byte(sig), 0, 0, 0, 0)
		for _, v := range vs {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	// Function 3: (aX+b)^g from d on, cX below it.
	curve := append([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), fixed("", 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)[4:]...)
	tags := []struct {
		sig  string
		data []byte // nil: the tag before it again
	}{
		{"desc", localised(Name)},
		{"cprt", localised("No copyright, use freely")},
		{"wtpt", fixed("XYZ ", 0.9642, 1, 0.8249)},
		{"chad", fixed("sf32", 1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)},
		{"rXYZ", fixed("XYZ ", 0.43607, 0.22249, 0.01392)},
		{"gXYZ", fixed("XYZ ", 0.38515, 0.71687, 0.09708)},
		{"bXYZ", fixed("XYZ ", 0.14307, 0.06061, 0.71410)},
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
	binary.BigEndian.PutUint32(h[8:], 0x04300000)
	copy(h[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1} {
		binary.BigEndian.PutUint16(h[24+2*i:], v)
	}
	copy(h[36:], "acsp")
	copy(h[68:], fixed("", 0.9642, 1, 0.8249)[4:]) // the illuminant of the connection space
	return append(append(h, table...), body...)
})

// localised is a text in English.
func localised(s string) []byte {
	b := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS")
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(s)))
	b = binary.BigEndian.AppendUint32(b, 28)
	for _, r := range s {
		b = binary.BigEndian.AppendUint16(b, uint16(r))
	}
	return b
}

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
