package srgb_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os/exec"
	"strings"
	"testing"

	"kinpict/internal/srgb"
)

func encoded(t *testing.T) map[string][]byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range m.Pix {
		m.Pix[i] = uint8(i) | 3
	}
	var j, p bytes.Buffer
	if err := jpeg.Encode(&j, m, nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&p, m); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"JPEG": srgb.JPEG(j.Bytes(), 300), "PNG": srgb.PNG(p.Bytes(), 300)}
}

// Another program must read what was written. exiftool reads both formats, and
// the profile tag by tag.
func TestFilesSayTheirColoursAndSize(t *testing.T) {
	for name, want := range map[string]map[string]any{
		"JPEG": {"JFIF:XResolution": 300.0, "JFIF:YResolution": 300.0, "JFIF:ResolutionUnit": "inches",
			"ICC_Profile:ProfileDescription": srgb.Name, "ICC_Profile:ColorSpaceData": "RGB ", "ICC_Profile:ProfileVersion": "2.1.0",
			"ICC_Profile:MediaWhitePoint": "0.9642 1 0.82491", "ICC_Profile:RedMatrixColumn": "0.43607 0.22249 0.01392"},
		"PNG": {"PNG-pHYs:PixelsPerUnitX": 11811.0, "PNG-pHYs:PixelsPerUnitY": 11811.0, "PNG-pHYs:PixelUnits": "meters", "PNG:SRGBRendering": "Perceptual"},
	} {
		data := encoded(t)[name]
		cmd := exec.Command("exiftool", "-json", "-G1", "-warning", "-all", "-")
		cmd.Stdin = bytes.NewReader(data)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("exiftool, from Debian's package libimage-exiftool-perl: %v", err)
		}
		var read []map[string]any
		if err := json.Unmarshal(out, &read); err != nil || len(read) != 1 {
			t.Fatalf("exiftool says %s, error %v", out, err)
		}
		got := map[string]any{}
		for k, v := range read[0] {
			got[k] = v
			if _, after, ok := bytes.Cut([]byte(k), []byte("-")); ok && k[:3] == "ICC" {
				got["ICC_Profile:"+string(after[bytes.IndexByte(after, ':')+1:])] = v
			}
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s: %s is %v, want %v", name, k, got[k], v)
			}
		}
		if w := got["ExifTool:Warning"]; w != nil {
			t.Errorf("%s: exiftool warns: %v", name, w)
		}
	}
}

func TestPixelsStay(t *testing.T) {
	for name, data := range encoded(t) {
		m, _, err := image.Decode(bytes.NewReader(data))
		if err != nil || m.Bounds().Dx() != 40 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNoPictureComesBack(t *testing.T) {
	for _, s := range []string{"", "x", "\xff\xd8", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0 has a header already"} {
		if got := srgb.JPEG([]byte(s), 300); string(got) != s {
			t.Errorf("as JPEG %q became %q", s, got)
		}
		if got := srgb.PNG([]byte(s), 300); string(got) != s {
			t.Errorf("as PNG %q became %q", s, got)
		}
	}
}

// The profile is read back by its own rules: a printer ignores a broken one, and
// software for PDF 1.4 one of version 4.
func TestProfileIsWhole(t *testing.T) {
	p := srgb.Profile()
	if n := binary.BigEndian.Uint32(p); int(n) != len(p) || p[8] != 2 || string(p[12:20]) != "mntrRGB " || string(p[36:40]) != "acsp" {
		t.Fatalf("a profile of %d bytes that says %d, version %d, %q, %q", len(p), n, p[8], p[12:20], p[36:40])
	}
	if len(p) > 3000 {
		t.Errorf("%d bytes in every picture are too many", len(p))
	}
	var white [3]float64
	for i := range binary.BigEndian.Uint32(p[128:]) {
		e := p[132+12*i:]
		at, n := binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:])
		if int(at+n) > len(p) || at%4 != 0 {
			t.Fatalf("the tag %s lies outside", e[:4])
		}
		if sig := string(e[:4]); strings.HasSuffix(sig, "XYZ") {
			for j := range white {
				white[j] += float64(int32(binary.BigEndian.Uint32(p[at+8+uint32(4*j):]))) / 65536
			}
		}
	}
	// Red, green and blue together are the white of D50.
	for j, want := range []float64{0.9642, 1, 0.8249} {
		if math.Abs(white[j]-want) > 0.001 {
			t.Errorf("the three lights sum to %.4f", white)
			break
		}
	}
}
