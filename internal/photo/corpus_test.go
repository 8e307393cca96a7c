package photo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kinpict"
)

const corpus = "testdata/bad"

type upload struct {
	File, What, Expect string
	Codes              []kinpict.Code
	Corners            bool // shows the test scene to its edges
}

func uploads(t testing.TB) []upload {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var u []upload
	if err := json.Unmarshal(b, &u); err != nil {
		t.Fatal(err)
	}
	if len(u) < 70 {
		t.Fatalf("the corpus has shrunk to %d files", len(u))
	}
	return u
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every file of the corpus gets the answer its manifest allows, and what is
// accepted comes out upright and clean.
func TestCorpus(t *testing.T) {
	for _, u := range uploads(t) {
		t.Run(u.File, func(t *testing.T) {
			t.Parallel()
			data := read(t, u.File)
			n, err := Normalise(context.Background(), data, DefaultLimits())
			if err != nil {
				if code := kinpict.CodeOf(err); u.Expect == "accept" || !slices.Contains(u.Codes, code) {
					t.Fatalf("%s: %v, want %s %v", u.What, err, u.Expect, u.Codes)
				}
				return
			}
			if u.Expect == "reject" {
				t.Fatalf("%s was accepted", u.What)
			}
			checkNormal(t, n, data)
			if u.Corners {
				checkCorners(t, decodeJPEG(t, n.JPEG), 8, 24)
			}
		})
	}
}

// secrets stand in files of the corpus and may stand in no result.
var secrets = []string{"Jane Parent", "KinpictCam", "Tommy Parent", "<script", "<?php", "%PDF", "ftyp", "Exif", "http://ns.adobe.com", "Photoshop 3.0", "ICC_PROFILE", "PK\x03\x04", "JFIF"}

func checkNormal(t *testing.T, n *Normal, source []byte) {
	t.Helper()
	sum := sha256.Sum256(n.JPEG)
	if n.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("SHA256 is not that of JPEG")
	}
	if bytes.Equal(n.JPEG, source) {
		t.Errorf("the upload was passed through")
	}
	for _, f := range []struct {
		name string
		data []byte
		w, h int
		side int
	}{
		{"picture", n.JPEG, n.Width, n.Height, OutputSide},
		{"thumbnail", n.Thumb, n.ThumbWidth, n.ThumbHeight, ThumbSide},
	} {
		if b := decodeJPEG(t, f.data).Bounds(); b != image.Rect(0, 0, f.w, f.h) || max(f.w, f.h) > f.side {
			t.Errorf("%s is %v, said to be %dx%d", f.name, b, f.w, f.h)
		}
		for _, s := range secrets {
			if bytes.Contains(f.data, []byte(s)) {
				t.Errorf("%s contains %q", f.name, s)
			}
		}
		if m := markers(f.data); m != "\xd8\xdb\xc0\xc4\xda\xd9" {
			t.Errorf("%s consists of markers %x, want SOI DQT SOF0 DHT SOS EOI and nothing behind", f.name, m)
		}
	}
}

// markers lists the markers of a baseline JPEG; anything after its end is
// listed as one more byte.
func markers(b []byte) string {
	m := "\xd8"
	for p := 2; p+4 <= len(b); {
		m += string([]byte{b[p+1]})
		p += 2 + int(binary.BigEndian.Uint16(b[p+2:]))
		if m[len(m)-1] == 0xda {
			end := bytes.LastIndex(b, []byte("\xff\xd9"))
			next := p
			for next < end && !(b[next] == 0xff && b[next+1] != 0) {
				next++
			}
			if next != end || end+2 != len(b) {
				return m + "+"
			}
			return m + "\xd9"
		}
	}
	return m
}

func decodeJPEG(t *testing.T, b []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkCorners looks for the corners of the test scene: top left red, top
// right green, bottom left blue, bottom right yellow.
func checkCorners(t *testing.T, m image.Image, inset, tolerance int) {
	t.Helper()
	b := m.Bounds()
	l, r, top, bottom := inset, b.Dx()-1-inset, inset, b.Dy()-1-inset
	for _, c := range []struct {
		where string
		x, y  int
		want  [3]int
	}{
		{"top left", l, top, [3]int{255, 0, 0}},
		{"top right", r, top, [3]int{0, 255, 0}},
		{"bottom left", l, bottom, [3]int{0, 0, 255}},
		{"bottom right", r, bottom, [3]int{255, 255, 0}},
	} {
		cr, cg, cb, _ := m.At(c.x, c.y).RGBA()
		got := [3]int{int(cr >> 8), int(cg >> 8), int(cb >> 8)}
		for k := range got {
			if d := got[k] - c.want[k]; d < -tolerance || d > tolerance {
				t.Errorf("%s is %v, want about %v", c.where, got, c.want)
				break
			}
		}
	}
}

// What people are told about: location, names, a hidden video.
func TestRemoved(t *testing.T) {
	for _, c := range []struct {
		file string
		want Removed
	}{
		{"101-baseline.jpg", Removed{}},
		{"142-exif-gps-owner-thumb.jpg", Removed{Location: true, Camera: true, Names: true}},
		{"143-xmp-iptc-child-name.jpg", Removed{Names: true, Text: true}},
		{"116-com-script.jpg", Removed{Text: true}},
		{"120-gainmap-two-jpegs.jpg", Removed{Extra: true}},
		{"119-motion-photo.jpg", Removed{Text: true, Extra: true}},
		{"304-exif-orientation-6.webp", Removed{Location: true, Camera: true, Names: true}},
	} {
		h, err := Inspect(read(t, c.file), DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		} else if h.Removed != c.want {
			t.Errorf("%s carries %+v, want %+v", c.file, h.Removed, c.want)
		}
	}
	if s := (Removed{Location: true, Camera: true, Extra: true}).Message(); s !=
		"We removed the location, camera details and data attached behind the picture from this photo." {
		t.Error(s)
	}
	if s := (Removed{Names: true}).Message(); s != "We removed names and captions from this photo." {
		t.Error(s)
	}
	if s := (Removed{}).Message(); s != "" {
		t.Errorf("nothing removed reads %q", s)
	}
}

// Lossy WebP stores samples from 16 to 235; read as full range its colours
// would be dull.
func TestWebPColours(t *testing.T) {
	n, err := Normalise(context.Background(), read(t, "301-lossy.webp"), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	checkCorners(t, decodeJPEG(t, n.JPEG), 8, 6)
}
