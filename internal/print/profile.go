package print

import (
	"encoding/binary"
	"math"
	"sync"
)

const profileName = "sRGB IEC61966-2.1"

// sRGB is an ICC profile of the sRGB space, version 2.1, made of its published
// numbers (IEC 61966-2-1, adapted to D50 as ICC.1 asks for).
var sRGB = sync.OnceValue(func() []byte {
	type tag struct {
		sig  string
		data []byte
	}
	xyz := func(x, y, z float64) []byte {
		b := append([]byte("XYZ "), 0, 0, 0, 0)
		for _, v := range []float64{x, y, z} {
			b = binary.BigEndian.AppendUint32(b, uint32(math.Round(v*65536)))
		}
		return b
	}
	text := func(s string) []byte { return append(append([]byte("text\x00\x00\x00\x00"), s...), 0) }
	desc := []byte("desc\x00\x00\x00\x00")
	desc = binary.BigEndian.AppendUint32(desc, uint32(len(profileName)+1))
	desc = append(append(desc, profileName...), 0)
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
	tags := []tag{
		{"desc", desc}, {"cprt", text("No copyright, use freely")}, {"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.4360, 0.2225, 0.0139)}, {"gXYZ", xyz(0.3851, 0.7169, 0.0971)}, {"bXYZ", xyz(0.1431, 0.0606, 0.7141)},
		{"rTRC", curve}, {"gTRC", nil}, {"bTRC", nil}, // one curve for all three
	}
	const head = 128
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var body []byte
	start := head + 4 + 12*len(tags)
	var at, size int
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
	binary.BigEndian.PutUint32(h[0:], uint32(head+len(table)+len(body)))
	binary.BigEndian.PutUint32(h[8:], 0x02100000)
	copy(h[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1, 0, 0, 0} {
		binary.BigEndian.PutUint16(h[24+2*i:], v)
	}
	copy(h[36:], "acsp")
	copy(h[68:], xyz(0.9642, 1, 0.8249)[8:]) // the illuminant of the connection space
	return append(append(h, table...), body...)
})
