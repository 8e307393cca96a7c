package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"kinpict"
)

func drawn(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngChunk puts a chunk behind the header of a PNG.
func pngChunk(data []byte, name string, body []byte) []byte {
	var c bytes.Buffer
	binary.Write(&c, binary.BigEndian, uint32(len(body)))
	c.WriteString(name)
	c.Write(body)
	binary.Write(&c, binary.BigEndian, crc32.ChecksumIEEE(c.Bytes()[4:]))
	return append(append(bytes.Clone(data[:33]), c.Bytes()...), data[33:]...)
}

// pngSize rewrites the size in a PNG's header, checksum included.
func pngSize(data []byte, w, h uint32) []byte {
	d := bytes.Clone(data)
	binary.BigEndian.PutUint32(d[16:], w)
	binary.BigEndian.PutUint32(d[20:], h)
	binary.BigEndian.PutUint32(d[29:], crc32.ChecksumIEEE(d[12:29]))
	return d
}

// jpegSize rewrites the start of frame of a baseline JPEG.
func jpegSize(data []byte, marker byte, w, h uint16) []byte {
	d := bytes.Clone(data)
	at := bytes.Index(d, []byte{0xff, 0xc0})
	d[at+1] = marker
	binary.BigEndian.PutUint16(d[at+5:], h)
	binary.BigEndian.PutUint16(d[at+7:], w)
	return d
}

// jpegSegment puts a marker segment behind the start of a JPEG.
func jpegSegment(data []byte, marker byte, body string) []byte {
	s := []byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}
	return append(append(bytes.Clone(data[:2]), append(s, body...)...), data[2:]...)
}

// jpegScans repeats the start of scan n more times, each an empty one.
func jpegScans(data []byte, n int) []byte {
	at := bytes.Index(data, []byte{0xff, 0xda})
	scan := []byte{0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0}
	return append(append(bytes.Clone(data[:at]), bytes.Repeat(scan, n)...), data[at:]...)
}

func TestVerifyPictureFaults(t *testing.T) {
	p, j := asPNG(t, drawn(320, 400)), asJPEG(t, drawn(320, 400))
	anim := []byte("RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x3f\x01\x00\x8f\x01\x00")
	for _, tt := range []struct {
		name string
		data []byte
		says string // part of the detail, so that no guard hides behind another
	}{
		{"nothing", nil, "no bytes"},
		{"words", []byte("I am sorry, I cannot draw that."), "neither"},
		{"a page", []byte("<html><body>502</body></html>"), "neither"},
		{"a vector picture", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="320" height="400"/>`), "neither"},
		{"a GIF", []byte("GIF89a\x40\x01\x90\x01\x00\x00\x00;"), "neither"},
		{"one pixel", asPNG(t, drawn(1, 1)), "too small"},
		{"too small", asPNG(t, drawn(160, 200)), "too small"},
		{"another shape", asPNG(t, drawn(400, 320)), "is not 4:5"},
		{"2.5 % off", asPNG(t, drawn(328, 400)), "is not 4:5"},
		{"fewer pixels than promised", asPNG(t, drawn(256, 320)), "promised"},
		{"half a JPEG", j[:len(j)/2], "cut JPEG"},
		{"a JPEG without its end", j[:len(j)-2], "cut JPEG"},
		{"half a PNG", p[:len(p)/2], "cut PNG"},
		{"a PNG without IEND", p[:len(p)-12], "cut PNG"},
		{"a flipped byte in a PNG", func() []byte { d := bytes.Clone(p); d[len(d)/2] ^= 0x10; return d }(), "png: invalid format"},
		{"20000 pixels in the header", pngSize(p, 20000, 25000), "too large"},
		{"80 megapixels in the header", pngSize(p, 8000, 10000), "too large"},
		{"45 progressive megapixels in the header", jpegSize(j, 0xc2, 6000, 7500), "decoding takes"},
		{"moving PNG", pngChunk(p, "acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}), "it moves"},
		{"moving WebP", anim, "it moves"},
		{"3000 scans", jpegScans(j, 3000), "scans"},
		{"more than 20 MiB", append(bytes.Clone(p), make([]byte, maxPictureBytes)...), "at most 20971520"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job := &Job{Quality: kinpict.Standard, Aspect: "4:5"}
			_, err := VerifyPicture(&Picture{Data: tt.data}, job, Info{Pixels: map[string]int{kinpict.Standard: 320 * 400}})
			var e *Error
			if !errors.As(err, &e) || e.Outcome != Ambiguous || !strings.Contains(e.Detail, tt.says) {
				t.Errorf("got %v, want an ambiguous *Error about %q", err, tt.says)
			}
		})
	}
	if _, err := VerifyPicture(nil, &Job{Aspect: "4:5"}, Info{}); OutcomeOf(err) != Ambiguous {
		t.Errorf("no picture at all: %v, want ambiguous", err)
	}
}

func TestVerifyPictureKeepsOrEncodes(t *testing.T) {
	p, j := asPNG(t, drawn(320, 400)), asJPEG(t, drawn(320, 400))
	for _, tt := range []struct {
		name string
		data []byte
		typ  string
		kept bool
	}{
		{"PNG", p, "image/png", true},
		{"JPEG", j, "image/jpeg", true},
		{"1 % off", asPNG(t, drawn(323, 400)), "image/png", true},
		{"provenance marks", jpegSegment(j, 0xeb, "JP\x00\x01manifest"), "image/jpeg", true},
		{"XMP", jpegSegment(j, 0xe1, "http://ns.adobe.com/xap/1.0/\x00<x/>"), "image/jpeg", true},
		{"a colour profile", jpegSegment(j, 0xe2, "ICC_PROFILE\x00\x01\x01x"), "image/jpeg", true},
		{"provenance marks in a PNG", pngChunk(p, "caBX", []byte("manifest")), "image/png", true},
		{"XMP in a PNG", pngChunk(p, "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00<x/>")), "image/png", true},
		{"compressed XMP", pngChunk(p, "iTXt", []byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00x")), "image/png", false},
		{"the prompt in a PNG", pngChunk(p, "tEXt", []byte("parameters\x00grandma, garden")), "image/png", false},
		{"a profile that may be a bomb", pngChunk(p, "iCCP", make([]byte, maxProfile+1)), "image/png", false},
		{"a comment", jpegSegment(j, 0xfe, "<script>"), "image/jpeg", false},
		{"another application's segment", jpegSegment(j, 0xed, "Photoshop 3.0\x00name"), "image/jpeg", false},
		{"Exif in a JPEG", jpegSegment(j, 0xe1, "Exif\x00\x00GPS 52.5"), "image/jpeg", false},
		{"Exif in a PNG", pngChunk(p, "eXIf", []byte("GPS 52.5")), "image/png", false},
		{"a page behind a JPEG", append(bytes.Clone(j), "<script>"...), "image/jpeg", false},
		{"an archive behind a PNG", append(bytes.Clone(p), "PK\x03\x04"...), "image/png", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &Picture{Data: bytes.Clone(tt.data), ContentType: "image/gif", Width: 9, Height: 9}
			got, err := VerifyPicture(in, &Job{Quality: kinpict.Standard, Aspect: "4:5"}, Info{})
			if err != nil {
				t.Fatal(err)
			}
			if got.ContentType != tt.typ || got.Height != 400 || got.Width < 320 {
				t.Errorf("got %s %dx%d, want %s 320x400", got.ContentType, got.Width, got.Height, tt.typ)
			}
			if kept := bytes.Equal(got.Data, tt.data); kept != tt.kept {
				t.Errorf("bytes kept: %v, want %v", kept, tt.kept)
			}
			if c, err := inspect(got.Data); err != nil || c.unclean {
				t.Errorf("what is kept is unclean: %v, %v", c.unclean, err)
			}
			if !bytes.Equal(in.Data, tt.data) {
				t.Error("the answer was changed in place")
			}
		})
	}
}

func TestVerifyPicturePreviewOwesNoPixels(t *testing.T) {
	info := Info{Pixels: map[string]int{kinpict.Standard: 1 << 30}}
	job := &Job{Quality: kinpict.Standard, Aspect: "4:5", Preview: true}
	if _, err := VerifyPicture(&Picture{Data: asPNG(t, drawn(640, 800))}, job, info); err != nil {
		t.Errorf("a 640 px preview: %v", err)
	}
}

func FuzzInspect(f *testing.F) {
	var b bytes.Buffer
	png.Encode(&b, drawn(8, 8))
	f.Add(b.Bytes())
	b.Reset()
	jpeg.Encode(&b, drawn(8, 8), nil)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := inspect(data)
		if err == nil && (c.width < 0 || c.height < 0 || c.format == "") {
			t.Errorf("%+v of %d bytes", c, len(data))
		}
	})
}
