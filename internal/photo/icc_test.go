package photo

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// profile builds an RGB matrix profile from colorants (columns r, g, b of XYZ)
// and one curve tag for all three.
func profile(xyz [9]float64, curve []byte) []byte {
	p := make([]byte, 128)
	copy(p[16:], "RGB XYZ ")
	copy(p[36:], "acsp")
	p = binary.BigEndian.AppendUint32(p, 6)
	off := uint32(132 + 6*12)
	var body []byte
	for i, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		p = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(p, name...), off), 20)
		body = append(body, "XYZ \x00\x00\x00\x00"...)
		for k := range 3 {
			body = binary.BigEndian.AppendUint32(body, uint32(int32(xyz[3*k+i]*65536)))
		}
		off += 20
	}
	for _, name := range []string{"rTRC", "gTRC", "bTRC"} {
		p = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(p, name...), off), uint32(len(curve)))
	}
	return append(append(p, body...), curve...)
}

// withTag adds a tag to a profile of profile's making.
func withTag(p []byte, name string) []byte {
	const end = 132 + 6*12
	p = slices.Insert(bytes.Clone(p), end, append([]byte(name), 0, 0, 0, 0, 0, 0, 0, 4)...)
	p[131]++
	for i := 132; i < end; i += 12 {
		binary.BigEndian.PutUint32(p[i+4:], binary.BigEndian.Uint32(p[i+4:])+12)
	}
	return p
}

func para(kind uint16, v ...float64) []byte {
	b := append([]byte("para\x00\x00\x00\x00"), byte(kind>>8), byte(kind), 0, 0)
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(x*65536)))
	}
	return b
}

// Colorants under D50, from the specifications of the colour spaces.
var (
	displayP3 = [9]float64{0.5151, 0.2920, 0.1571, 0.2412, 0.6922, 0.0666, -0.0011, 0.0419, 0.7841}
	adobeRGB  = [9]float64{0.6097, 0.2053, 0.1492, 0.3111, 0.6257, 0.0632, 0.0195, 0.0609, 0.7446}
	proPhoto  = [9]float64{0.7977, 0.1352, 0.0313, 0.2880, 0.7119, 0.0001, 0, 0, 0.8249}
	sRGB      = [9]float64{0.4361, 0.3851, 0.1431, 0.2225, 0.7169, 0.0606, 0.0139, 0.0971, 0.7141}

	sRGBCurve = para(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
)

func TestProfile(t *testing.T) {
	for _, c := range []struct {
		name     string
		profile  []byte
		in, want [3]uint8
	}{
		// Pure sRGB colours as other spaces write them.
		{"sRGB red in Display P3", profile(displayP3, sRGBCurve), [3]uint8{234, 51, 35}, [3]uint8{255, 0, 0}},
		{"sRGB green in Display P3", profile(displayP3, sRGBCurve), [3]uint8{117, 251, 76}, [3]uint8{0, 255, 0}},
		{"sRGB red in Adobe RGB", profile(adobeRGB, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33")), [3]uint8{219, 0, 0}, [3]uint8{255, 0, 0}},
		{"sRGB red in ProPhoto", profile(proPhoto, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x01\xcd")), [3]uint8{179, 70, 26}, [3]uint8{255, 0, 0}},
		{"ProPhoto grey", profile(proPhoto, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x01\xcd")), [3]uint8{100, 100, 100}, [3]uint8{118, 118, 118}},
		{"with a tag nobody knows", withTag(profile(displayP3, sRGBCurve), "what"), [3]uint8{234, 51, 35}, [3]uint8{255, 0, 0}},
		{"grey stays grey", profile(displayP3, sRGBCurve), [3]uint8{119, 119, 119}, [3]uint8{119, 119, 119}},
		{"linear light", profile(sRGB, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x00")), [3]uint8{55, 55, 55}, [3]uint8{128, 128, 128}},
		{"a curve of three points", profile(sRGB, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x36\xdb\xff\xff")), [3]uint8{127, 127, 127}, [3]uint8{127, 127, 127}},
		{"gamma 1 with an offset", profile(sRGB, para(2, 1, 1, 0, 0)), [3]uint8{55, 55, 55}, [3]uint8{128, 128, 128}},
	} {
		conv := parseProfile(c.profile)
		if conv == nil {
			t.Errorf("%s: the profile was not understood", c.name)
			continue
		}
		r, g, b := conv.rgb(c.in[0], c.in[1], c.in[2])
		for k, v := range [3]uint8{r, g, b} {
			if d := int(v) - int(c.want[k]); d < -5 || d > 5 {
				t.Errorf("%s: %v became %v, want %v", c.name, c.in, [3]uint8{r, g, b}, c.want)
				break
			}
		}
	}
}

func TestProfileIgnored(t *testing.T) {
	p3 := profile(displayP3, sRGBCurve)
	edit := func(at int, s string) []byte {
		p := bytes.Clone(p3)
		copy(p[at:], s)
		return p
	}
	bright := displayP3
	bright[0] += 0.1
	for name, p := range map[string][]byte{
		"none":                    nil,
		"sRGB itself":             profile(sRGB, sRGBCurve),
		"CMYK":                    edit(16, "CMYK"),
		"grey":                    edit(16, "GRAY"),
		"Lab connection":          edit(20, "Lab "),
		"no signature":            edit(36, "xxxx"),
		"cut":                     p3[:len(p3)-1],
		"header only":             p3[:128],
		"a billion tags":          edit(128, "\x40\x00\x00\x00"),
		"a tag outside":           edit(132+4, "\xff\xff\xff\xff"),
		"table profile":           withTag(p3, "A2B0"),
		"no red":                  edit(132, "xXYZ"),
		"colorants that glow":     profile(bright, sRGBCurve),
		"unknown curve":           profile(displayP3, para(5, 1, 1, 1, 1, 1)),
		"curve cut":               profile(displayP3, sRGBCurve[:20]),
		"curve of 4 G points":     profile(displayP3, []byte("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00")),
		"curve beyond white":      profile(displayP3, para(1, 1, 3, 0)),
		"curve that is no number": profile(displayP3, para(3, 0.5, 1, -1, 1, 0)),
		"larger than 512 KiB":     append(bytes.Clone(p3), make([]byte, maxProfile)...),
		"header wiped":            edit(0, string(make([]byte, 128))),
	} {
		if parseProfile(p) != nil {
			t.Errorf("%s: used, want ignored", name)
		}
	}
}

func TestProfileChunks(t *testing.T) {
	seg := func(i, n byte, s string) []byte { return append(append([]byte("ICC_PROFILE\x00"), i, n), s...) }
	for _, c := range []struct {
		name string
		segs [][]byte
		want string
	}{
		{"one", [][]byte{seg(1, 1, "ab")}, "ab"},
		{"two, out of order", [][]byte{seg(2, 2, "cd"), seg(1, 2, "ab")}, "abcd"},
		{"one missing", [][]byte{seg(2, 2, "cd")}, ""},
		{"one twice", [][]byte{seg(1, 2, "ab"), seg(1, 2, "ab"), seg(2, 2, "cd")}, ""},
		{"numbered 0", [][]byte{seg(0, 1, "ab")}, ""},
		{"counts that differ", [][]byte{seg(1, 1, "ab"), seg(2, 2, "cd")}, ""},
		{"too large", [][]byte{seg(1, 1, string(make([]byte, maxProfile+1)))}, ""},
		{"something else", [][]byte{[]byte("MPF\x00")}, ""},
	} {
		var k iccChunks
		for _, s := range c.segs {
			k.add(s)
		}
		if got := string(k.join()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
