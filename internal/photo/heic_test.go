package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"testing"

	"kinpict"
	"kinpict/internal/photo/heif/heiftest"
)

// The four corners of the scene, as letters, after what the file says about
// turning was done once: top left, top right, bottom left, bottom right.
func corners(t *testing.T, m image.Image) string {
	t.Helper()
	b := m.Bounds()
	name := func(x, y int) byte {
		r, g, bl, _ := m.At(x, y).RGBA()
		switch on := func(v uint32) bool { return v>>8 > 160 }; {
		case on(r) && on(g) && !on(bl):
			return 'Y'
		case on(r) && !on(g) && !on(bl):
			return 'R'
		case !on(r) && on(g) && !on(bl):
			return 'G'
		case !on(r) && !on(g) && on(bl):
			return 'B'
		}
		return '?'
	}
	const inset = 8
	l, r, top, bottom := inset, b.Dx()-1-inset, inset, b.Dy()-1-inset
	return string([]byte{name(l, top), name(r, top), name(l, bottom), name(r, bottom)})
}

func TestHEIC(t *testing.T) {
	turned := exif(binary.LittleEndian, entry{tagOrientation, 3, 1, 6})
	for _, c := range []struct {
		name string
		file heiftest.File
		w, h int
		want string
	}{
		{"plain", heiftest.File{}, 640, 480, "RGBY"},
		{"turned and mirrored", heiftest.File{Props: []heiftest.Box{heiftest.Rotate(1), heiftest.Mirror(0)}}, 480, 640, "RBGY"},
		{"turned, and Exif says it again", heiftest.File{Props: []heiftest.Box{heiftest.Rotate(3)}, Exif: turned}, 480, 640, "BRYG"},
		{"only Exif says so, which does not count", heiftest.File{Exif: turned}, 640, 480, "RGBY"},
		{"two tiles", heiftest.File{Tiles: 2, Thumbnail: true}, 1280, 480, "RGBY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := c.file.Bytes()
			n, err := Normalise(t.Context(), data, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if n.Type != HEIC || n.Width != c.w || n.Height != c.h {
				t.Errorf("%s of %d x %d, want %d x %d", n.Type, n.Width, n.Height, c.w, c.h)
			}
			checkNormal(t, n, data)
			if got := corners(t, decodeJPEG(t, n.JPEG)); got != c.want {
				t.Errorf("corners %s, want %s", got, c.want)
			}
		})
	}
}

// Colours are converted: the same samples read under other boxes are other colours.
func TestHEICColours(t *testing.T) {
	for _, c := range []struct {
		name string
		box  heiftest.Box
		in   [3]uint8 // luma and chroma as stored
		want [3]uint8 // red, green, blue
	}{
		{"sRGB", heiftest.Colour(1, 13, 6, true), [3]uint8{76, 85, 255}, [3]uint8{254, 0, 0}},
		{"unspecified", heiftest.Colour(2, 2, 2, true), [3]uint8{76, 85, 255}, [3]uint8{254, 0, 0}},
		{"BT.709 luma", heiftest.Colour(1, 1, 1, true), [3]uint8{54, 99, 255}, [3]uint8{254, 0, 0}},
		{"BT.709 luma, green", heiftest.Colour(1, 1, 1, true), [3]uint8{182, 30, 12}, [3]uint8{0, 255, 0}},
		{"BT.2020 luma", heiftest.Colour(1, 13, 9, true), [3]uint8{67, 92, 255}, [3]uint8{254, 0, 0}},
		{"studio range", heiftest.Colour(1, 13, 6, false), [3]uint8{81, 90, 240}, [3]uint8{254, 0, 0}},
		{"Display P3", heiftest.Colour(12, 13, 6, true), [3]uint8{104, 89, 221}, [3]uint8{255, 0, 0}},
		{"BT.2020 grey", heiftest.Colour(9, 13, 6, true), [3]uint8{128, 128, 128}, [3]uint8{128, 128, 128}},
	} {
		h, err := Inspect(heiftest.File{Props: []heiftest.Box{c.box}}.Bytes(), DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m := image.NewYCbCr(image.Rect(0, 0, 300, 301), image.YCbCrSubsampleRatio420)
		for plane, p := range [][]uint8{m.Y, m.Cb, m.Cr} {
			for i := range p {
				p[i] = c.in[plane]
			}
		}
		out, err := h.develop(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []image.Point{{0, 0}, {299, 300}} {
			r, g, b, _ := out.At(at.X, at.Y).RGBA()
			for k, v := range [3]uint32{r >> 8, g >> 8, b >> 8} {
				if d := int(v) - int(c.want[k]); d < -5 || d > 5 {
					t.Errorf("%s at %v: %v, want %v", c.name, at, [3]uint32{r >> 8, g >> 8, b >> 8}, c.want)
					break
				}
			}
		}
	}
}

// Each refusal comes from the boxes alone, before a process is started.
func TestHEICRefused(t *testing.T) {
	plain := heiftest.File{}.Bytes()
	claim := func(w, h uint32) []byte { return heiftest.File{ClaimWidth: w, ClaimHeight: h}.Bytes() }
	for _, c := range []struct {
		name string
		data []byte
		code kinpict.Code
	}{
		{"cut", plain[:len(plain)*9/10], kinpict.ImageTruncated},
		{"cut in half", read(t, "310-plain.heic")[:17485], kinpict.ImageTruncated},
		{"type only", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), kinpict.ImageCorrupt},
		{"bomb in the header", claim(40000, 40000), kinpict.ImageTooManyPixels},
		{"a side of 2^31", claim(1<<31, 480), kinpict.ImageCorrupt},
		{"too small", claim(640, 255), kinpict.ImageTooSmall},
		{"too long", claim(3000, 299), kinpict.ImageAspect},
		{"cropped to less than may be", heiftest.File{Props: []heiftest.Box{heiftest.Crop(640, 200)}}.Bytes(), kinpict.ImageTooSmall},
		{"film", bytes.Replace(heiftest.File{Major: "hevc"}.Bytes(), []byte("mif1"), []byte("msf1"), 1), kinpict.ImageAnimated},
		{"HDR", heiftest.File{Props: []heiftest.Box{heiftest.Colour(9, 16, 9, true)}}.Bytes(), kinpict.UnsupportedEncoding},
		{"colours nobody knows", heiftest.File{Props: []heiftest.Box{heiftest.Colour(1, 13, 8, true)}}.Bytes(), kinpict.UnsupportedEncoding},
		{"another codec", heiftest.File{Kind: "jpeg"}.Bytes(), kinpict.UnsupportedEncoding},
	} {
		h, err := Inspect(c.data, DefaultLimits())
		if kinpict.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
		var e *kinpict.Error
		if errors.As(err, &e) && (e.Message == "" || e.Hint == "") {
			t.Errorf("%s: refused without words: %v", c.name, e)
		}
		if err == nil && h.Weight() > 512 {
			t.Errorf("%s: weighs %d MiB, more than there is", c.name, h.Weight())
		}
	}
}

// What the boxes promise and the decoder finds must agree.
func TestHEICAgrees(t *testing.T) {
	if n, err := Normalise(t.Context(), heiftest.File{ClaimWidth: 600, ClaimHeight: 400}.Bytes(), DefaultLimits()); n != nil || kinpict.CodeOf(err) != kinpict.ImageCorrupt {
		t.Errorf("a picture of another size than it says: %v", err)
	}
}

// Metadata of a HEIC file is named and gone.
func TestHEICMetadata(t *testing.T) {
	data := heiftest.File{Exif: exif(binary.LittleEndian, entry{tagGPSIFD, 4, 1, 8}, entry{tagArtist, 2, 4, 0}), XMP: []byte("<dc:title>Tommy Parent</dc:title>"), Film: true}.Bytes()
	n, err := Normalise(t.Context(), data, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if want := (Removed{Location: true, Names: true, Text: true, Extra: true}); n.Removed != want {
		t.Errorf("carries %+v, want %+v", n.Removed, want)
	}
	checkNormal(t, n, data)
}

func TestHEICStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("went away")
	cancel(gone)
	if n, err := Normalise(ctx, heiftest.File{}.Bytes(), DefaultLimits()); n != nil || !errors.Is(err, gone) {
		t.Errorf("a done context: %v", err)
	}
}
