package photo

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"kinpict"
)

// crafted is a JPEG of headers only: a frame and scans without data.
func crafted(sof byte, w, h, channels, scans int) []byte {
	b := []byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01")
	seg := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(channels)}
	for i := range channels {
		seg = append(seg, byte(i+1), 0x11, 0)
	}
	segment := func(m byte, body []byte) {
		b = append(b, 0xff, m, byte((len(body)+2)>>8), byte(len(body)+2))
		b = append(b, body...)
	}
	segment(sof, seg)
	for range scans {
		segment(markerSOS, []byte{1, 1, 0, 0, 63, 0})
	}
	return append(b, 0xff, markerEOI)
}

// jfif puts the JFIF segment in front, after which image/jpeg stops reading a
// header at its first frame.
func jfif(b []byte) []byte { return append([]byte("\xff\xd8\xff\xe0\x00\x07JFIF\x00"), b[2:]...) }

func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// craftedPNG is a PNG with no pixels to speak of.
func craftedPNG(w, h uint32, depth, colour byte, extra ...[]byte) []byte {
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(ihdr, depth, colour, 0, 0, 0))...)
	for _, e := range extra {
		b = append(b, e...)
	}
	b = append(b, chunk("IDAT", []byte{0})...)
	return append(b, chunk("IEND", nil)...)
}

func craftedWebP(chunks ...[]byte) []byte {
	b := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(b))), b...)
}

func riff(kind string, body []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body))), body...)
}

// vp8l is a lossless picture that says its size, then n zeros.
func vp8l(w, h, n int) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{0x2f}, uint32(w-1)|uint32(h-1)<<14)
	return riff("VP8L", append(b, make([]byte, n)...))
}

func TestLimits(t *testing.T) {
	baseline := read(t, "101-baseline.jpg")
	pad := func(n int) []byte { return append(bytes.Clone(baseline), make([]byte, n-len(baseline))...) }
	for _, c := range []struct {
		name string
		data []byte
		code kinpict.Code // "" when it passes
		says string
	}{
		{"nothing", nil, kinpict.FileEmpty, "empty"},
		{"exactly 20 MiB", pad(20 * mib), "", ""},
		{"one byte more", pad(20*mib + 1), kinpict.FileTooLarge, "has 20.01 MiB, the limit is 20 MiB"},

		{"48 MP phone, progressive grey", crafted(markerSOF2, 8064, 6048, 1, 10), "", ""},
		{"48 MP, 16 bit RGBA", craftedPNG(7000, 7000, 16, 6), "", ""},
		{"108 MP", crafted(markerSOF0, 12000, 9000, 3, 1), kinpict.ImageTooManyPixels, "108 MP (12000 x 9000 pixels), the limit is 50 MP"},
		{"50.01 MP", crafted(markerSOF0, 7072, 7072, 1, 1), kinpict.ImageTooManyPixels, "50.02 MP"},
		{"just 50 MP", crafted(markerSOF0, 10000, 5000, 1, 1), "", ""},
		{"side over 16,384", crafted(markerSOF0, 16385, 2000, 1, 1), kinpict.ImageTooManyPixels, "16385 pixels, the limit is 16384"},
		{"w times h overflows", craftedPNG(1<<31-1, 1<<31-1, 8, 2), kinpict.ImageTooManyPixels, "the limit is 50 MP"},
		{"short side 256", crafted(markerSOF0, 2560, 256, 3, 1), "", ""},
		{"short side 255", crafted(markerSOF0, 2550, 255, 3, 1), kinpict.ImageTooSmall, "2550 x 255 pixels, the shorter side must have at least 256"},
		{"aspect over 10", crafted(markerSOF0, 2561, 256, 3, 1), kinpict.ImageAspect, "10.01 times as long as wide; the limit is 10"},

		{"50 MP CMYK progressive", crafted(markerSOF2, 10000, 5000, 4, 4), kinpict.ImageTooManyPixels, "MiB of memory, the limit is 384 MiB"},
		{"18 MP CMYK progressive", crafted(markerSOF2, 6000, 3000, 4, 4), kinpict.ImageTooManyPixels, "18 MP would take 411.99 MiB"},
		{"50 MP CMYK", crafted(markerSOF0, 10000, 5000, 4, 4), "", ""},
		{"50 MP 16 bit RGBA", craftedPNG(10000, 5000, 16, 6), "", ""},
		{"50 MP 16 bit RGBA interlaced", bytes.Replace(craftedPNG(10000, 5000, 16, 6), []byte{16, 6, 0, 0, 0}, []byte{16, 6, 0, 0, 1}, 1), kinpict.ImageTooManyPixels, "of 50 MP would take 762.94 MiB"},
		{"50 MP lossless WebP", craftedWebP(vp8l(10000, 5000, 1)), "", ""},
		{"50 MP lossless WebP with room for many trees", craftedWebP(vp8l(10000, 5000, mib)), kinpict.ImageTooManyPixels, "MiB of memory"},

		{"100 scans", crafted(markerSOF2, 2000, 1000, 1, 100), "", ""},
		{"101 scans", crafted(markerSOF2, 2000, 1000, 1, 101), kinpict.ImageTooComplex, "101 scans, the limit is 100"},
		{"scan bomb of 20 MiB", crafted(markerSOF2, 7071, 7071, 1, 2_000_000), kinpict.ImageTooComplex, "2000000 scans"},
		{"few scans, all huge", crafted(markerSOF0, 7071, 7071, 1, 99), kinpict.ImageTooComplex, "million steps, the limit is 1000 million"},

		{"12 bits", bytes.Replace(crafted(markerSOF0+1, 500, 500, 1, 1), []byte{0xc1, 0, 11, 8}, []byte{0xc1, 0, 11, 12}, 1), kinpict.UnsupportedEncoding, "8 bits"},
		{"two channels", crafted(markerSOF0, 500, 500, 2, 1), kinpict.UnsupportedEncoding, "channels"},
		{"four channels of no named colour", bytes.Replace(crafted(markerSOF0, 500, 500, 4, 1), []byte("Adobe"), []byte("Bdobe"), 1), kinpict.UnsupportedEncoding, "which colours"},
		{"two frames", append(crafted(markerSOF0, 500, 500, 1, 0)[:31:31], crafted(markerSOF0, 9000, 9000, 1, 1)[18:]...), kinpict.ImageCorrupt, ""},
		{"two frames in JFIF", jfif(append(crafted(markerSOF0, 500, 500, 1, 0)[:31:31], crafted(markerSOF0, 500, 500, 1, 1)[18:]...)), kinpict.ImageCorrupt, ""},
		{"no scan", jfif(crafted(markerSOF0, 500, 500, 1, 0)), kinpict.ImageCorrupt, ""},
		{"PNG without width", craftedPNG(0, 500, 8, 2), kinpict.ImageCorrupt, ""},
		{"PNG without height", craftedPNG(500, 0, 8, 2), kinpict.ImageCorrupt, ""},

		{"animated PNG", craftedPNG(500, 500, 8, 2, chunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0})), kinpict.ImageAnimated, "animation"},
		{"PNG animation of one frame", craftedPNG(500, 500, 8, 2, chunk("acTL", []byte{0, 0, 0, 1, 0, 0, 0, 0})), "", ""},
		{"animated WebP", craftedWebP(riff("VP8X", []byte{2, 0, 0, 0, 255, 1, 0, 255, 1, 0})), kinpict.ImageAnimated, "animation"},
		{"canvas unlike its picture", craftedWebP(riff("VP8X", []byte{0, 0, 0, 0, 255, 1, 0, 255, 1, 0}), vp8l(4000, 4000, 1)), kinpict.ImageCorrupt, ""},

		{"AVIF under the common brand", []byte("\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf"), kinpict.UnsupportedMediaType, "AVIF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Inspect(c.data, DefaultLimits())
			if kinpict.CodeOf(err) != c.code {
				t.Fatalf("got %v, want code %q", err, c.code)
			}
			var e *kinpict.Error
			if errors.As(err, &e) && (!strings.Contains(e.Message, c.says) || e.Hint == "") {
				t.Errorf("says %q, hint %q, want %q and a way out", e.Message, e.Hint, c.says)
			}
		})
	}
}

// A person with an AVIF picture is told how to get a JPEG.
func TestAVIFHint(t *testing.T) {
	_, err := Inspect(read(t, "311-avif.avif"), DefaultLimits())
	var e *kinpict.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "Most Compatible") || !strings.Contains(e.Hint, "JPEG, PNG, WebP or HEIC") {
		t.Errorf("got %v, hint %q", err, e.Hint)
	}
}

// countdown ends after a number of looks, in the middle of whatever runs.
type countdown struct {
	context.Context
	left  int
	panic bool
}

func (c *countdown) Err() error {
	c.left--
	switch {
	case c.left > 0:
		return nil
	case c.panic:
		panic("decoder met something new")
	}
	return context.Canceled
}

func TestNormaliseStops(t *testing.T) {
	data := read(t, "102-progressive.jpg")
	for _, looks := range []int{1, 10, 60, 68, 71} {
		ctx := &countdown{Context: context.Background(), left: looks}
		if n, err := Normalise(ctx, data, DefaultLimits()); n != nil || kinpict.CodeOf(err) != kinpict.Internal {
			t.Errorf("ended at look %d: got %v, %v, want no photo and the context's error", looks, n, err)
		}
	}
}

func TestPanicIsDamage(t *testing.T) {
	ctx := &countdown{Context: context.Background(), left: 3, panic: true}
	if _, err := Normalise(ctx, read(t, "101-baseline.jpg"), DefaultLimits()); kinpict.CodeOf(err) != kinpict.ImageCorrupt {
		t.Errorf("got %v, want %s", err, kinpict.ImageCorrupt)
	}
}

// A profile or text that inflates to far more than the file never does.
func TestMetadataBomb(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(make([]byte, 16*mib)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	body := append([]byte("p\x00\x00"), z.Bytes()...)
	data := craftedPNG(500, 500, 8, 2, chunk("iCCP", body), chunk("zTXt", body))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h, err := Inspect(data, DefaultLimits())
	runtime.ReadMemStats(&after)
	if err != nil || h.profile != nil {
		t.Errorf("got a profile of %d bytes, %v", len(h.profile), err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4*mib {
		t.Errorf("inspecting took %d bytes of memory", got)
	}
}

// The largest result is OutputSide long, and its proportions are kept.
func TestShrink(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 5000, 600))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	n, err := Normalise(context.Background(), b.Bytes(), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if n.Width != 4096 || n.Height != 492 || n.ThumbWidth != 480 || n.ThumbHeight != 58 {
		t.Errorf("5000x600 became %dx%d, thumbnail %dx%d", n.Width, n.Height, n.ThumbWidth, n.ThumbHeight)
	}
}

// Transparency is laid on white, at any depth.
func TestFlatten(t *testing.T) {
	half := color.NRGBA{R: 200, A: 128}
	deep := color.NRGBA64{R: 200 * 257, A: 128 * 257}
	nrgba, nrgba64 := image.NewNRGBA(image.Rect(0, 0, 300, 300)), image.NewNRGBA64(image.Rect(0, 0, 300, 300))
	pal := image.NewPaletted(image.Rect(0, 0, 300, 300), color.Palette{half, color.NRGBA{}})
	for y := range 300 {
		for x := range 150 {
			nrgba.SetNRGBA(x, y, half)
			nrgba64.SetNRGBA64(x, y, deep)
			pal.SetColorIndex(x+150, y, 1)
		}
	}
	for name, m := range map[string]image.Image{"8 bits": nrgba, "16 bits": nrgba64, "palette": pal} {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		n, err := Normalise(context.Background(), b.Bytes(), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		out := decodeJPEG(t, n.JPEG)
		for x, want := range map[int][3]uint32{50: {227, 127, 127}, 250: {255, 255, 255}} {
			r, g, b, _ := out.At(x, 150).RGBA()
			for k, v := range [3]uint32{r >> 8, g >> 8, b >> 8} {
				if max(v, want[k])-min(v, want[k]) > 3 {
					t.Errorf("%s at %d: %v, want %v", name, x, [3]uint32{r >> 8, g >> 8, b >> 8}, want)
					break
				}
			}
		}
	}
}
