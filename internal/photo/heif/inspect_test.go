package heif_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"kinpict/internal/photo/heif"
	"kinpict/internal/photo/heif/heiftest"
)

func TestInspectSize(t *testing.T) {
	for _, c := range []struct {
		name string
		file heiftest.File
		w, h int
	}{
		{"plain", heiftest.File{}, 640, 480},
		{"turned", heiftest.File{Props: []heiftest.Box{heiftest.Rotate(1)}}, 480, 640},
		{"upside down", heiftest.File{Props: []heiftest.Box{heiftest.Rotate(2)}}, 640, 480},
		{"turned twice", heiftest.File{Props: []heiftest.Box{heiftest.Rotate(1), heiftest.Rotate(3)}}, 640, 480},
		{"mirrored", heiftest.File{Props: []heiftest.Box{heiftest.Mirror(0)}}, 640, 480},
		{"cropped, then turned", heiftest.File{Props: []heiftest.Box{heiftest.Crop(600, 400), heiftest.Rotate(1)}}, 400, 600},
		{"three tiles", heiftest.File{Tiles: 3}, 1920, 480},
		{"tiles beyond the edge", heiftest.File{Tiles: 3, GridWidth: 1281}, 1281, 480},
		{"with a thumbnail", heiftest.File{Thumbnail: true}, 640, 480},
		{"with a film", heiftest.File{Film: true}, 640, 480},
	} {
		if got := inspect(t, c.file.Bytes()); got.Width != c.w || got.Height != c.h {
			t.Errorf("%s: %d x %d, want %d x %d", c.name, got.Width, got.Height, c.w, c.h)
		}
	}
}

func TestInspectRefuses(t *testing.T) {
	plain := heiftest.File{}.Bytes()
	edit := func(f heiftest.File, old, with string) []byte {
		b := f.Bytes()
		if !bytes.Contains(b, []byte(old)) {
			t.Fatalf("no %q to replace", old)
		}
		return bytes.Replace(b, []byte(old), []byte(with), 1)
	}
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, heif.ErrStructure},
		{"cut in the picture", plain[:len(plain)-100], heif.ErrTruncated},
		{"cut in the boxes", plain[:200], heif.ErrTruncated},
		{"cut after the type", plain[:24], heif.ErrStructure},
		{"film only", bytes.Join([][]byte{heiftest.Wrap("ftyp", []byte("msf1\x00\x00\x00\x00hevc")), heiftest.Wrap("moov", make([]byte, 40))}, nil), heif.ErrSequence},
		{"no picture named", edit(heiftest.File{}, "pitm", "xitm"), heif.ErrStructure},
		{"no places", edit(heiftest.File{}, "iloc", "xloc"), heif.ErrStructure},
		{"no properties", edit(heiftest.File{}, "iprp", "xprp"), heif.ErrStructure},
		{"no size", edit(heiftest.File{}, "ispe", "xspe"), heif.ErrStructure},
		{"no configuration", edit(heiftest.File{}, "hvcC", "xvcC"), heif.ErrStructure},
		{"coded by another codec", heiftest.File{Kind: "av01"}.Bytes(), heif.ErrUnsupported},
		{"laid over one another", heiftest.File{Tiles: 2, Kind: "iovl"}.Bytes(), heif.ErrUnsupported},
		{"a crop by zero", heiftest.File{Props: []heiftest.Box{{Kind: "clap", Body: make([]byte, 32)}}}.Bytes(), heif.ErrStructure},
		{"a turn without an angle", heiftest.File{Props: []heiftest.Box{{Kind: "irot"}}}.Bytes(), heif.ErrStructure},
		{"tiles that reach too far", heiftest.File{Tiles: 3, GridWidth: 1280}.Bytes(), heif.ErrStructure},
		{"tiles that do not reach", heiftest.File{Tiles: 3, GridWidth: 1921}.Bytes(), heif.ErrStructure},
		{"a size of nothing", heiftest.File{ClaimWidth: 0xffffffff, ClaimHeight: 1}.Bytes(), heif.ErrStructure},
		{"a box smaller than its head", edit(heiftest.File{}, "\x00\x00\x00\x0epitm", "\x00\x00\x00\x07pitm"), heif.ErrStructure},
		{"a box larger than the one around it", edit(heiftest.File{}, "\x00\x00\x00\x0epitm", "\x7f\xff\xff\xffpitm"), heif.ErrStructure},
		{"a long box without a length", append(heiftest.Wrap("ftyp", []byte("heic\x00\x00\x00\x00mif1")), "\x00\x00\x00\x01meta"...), heif.ErrTruncated},
		{"tiles that are one", heiftest.File{Tiles: 4, Shared: 4}.Bytes(), heif.ErrStructure},
		{"tiles of which two are one", heiftest.File{Tiles: 4, Shared: 2}.Bytes(), heif.ErrStructure},
		{"a tile that reaches into another", heiftest.File{Tiles: 4, Shift: 1}.Bytes(), heif.ErrStructure},
		{"the same tile named twice", edit(heiftest.File{Tiles: 2}, "\x00\x01\x00\x02\x00\x02\x00\x03", "\x00\x01\x00\x02\x00\x02\x00\x02"), heif.ErrStructure},
		{"a billion places", edit(heiftest.File{}, "\x44\x00\x00\x01", "\x00\x00\xff\xff"), heif.ErrStructure},
	} {
		if info, err := heif.Inspect(c.data, anySize); info != nil && err == nil || !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// No size that the file names anywhere goes unasked, before a decoder runs.
func TestInspectAsksAboutSizes(t *testing.T) {
	tooLarge := errors.New("too large")
	for name, f := range map[string]heiftest.File{
		"the picture": {ClaimWidth: 30000, ClaimHeight: 30000},
		"the grid":    {Tiles: 3, GridWidth: 30000},
		"a tile":      {Tiles: 2, ClaimWidth: 30000, ClaimHeight: 30000},
		"of nobody":   {Props: []heiftest.Box{{Kind: "ispe", Body: []byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}}}},
	} {
		_, err := heif.Inspect(f.Bytes(), func(w, h int) error {
			if w*h > 50_000_000 || w > 20_000 {
				return fmt.Errorf("%w: %d x %d", tooLarge, w, h)
			}
			return nil
		})
		if !errors.Is(err, tooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInspectReads(t *testing.T) {
	exif := []byte("II*\x00\x08\x00\x00\x00\x00\x00")
	got := inspect(t, heiftest.File{Exif: exif, XMP: []byte("<x:xmpmeta/>"), Thumbnail: true,
		Props: []heiftest.Box{heiftest.Colour(12, 13, 6, true), heiftest.Profile([]byte("an ICC profile"))}}.Bytes())
	if !bytes.HasSuffix(got.Exif, exif) || string(got.XMP) != "<x:xmpmeta/>" || string(got.Profile) != "an ICC profile" || !got.More {
		t.Errorf("read %+v", got)
	}
	if got.Colour == nil || *got.Colour != (heif.Colour{Primaries: 12, Transfer: 13, Matrix: 6, Full: true}) {
		t.Errorf("colour %+v", got.Colour)
	}
}

// FuzzInspect: no input panics or passes with a size nobody asked about.
func FuzzInspect(f *testing.F) {
	for _, file := range []heiftest.File{{}, {Tiles: 2, Thumbnail: true, Film: true}, {Exif: []byte("II*\x00"), XMP: []byte("x"),
		Props: []heiftest.Box{heiftest.Rotate(1), heiftest.Mirror(1), heiftest.Crop(600, 400), heiftest.Colour(1, 13, 6, false)}}} {
		f.Add(file.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		asked := int64(0)
		info, err := heif.Inspect(b, func(w, h int) error {
			if int64(w)*int64(h) > 1<<26 {
				return errors.New("large")
			}
			asked = max(asked, int64(w)*int64(h))
			return nil
		})
		if err == nil && (info.Coded > asked || info.Width < 1 || info.Height < 1 || info.Memory < int64(binary.Size(uint64(0)))) {
			t.Fatalf("passed as %+v, asked about %d pixels", info, asked)
		}
	})
}
