package print_test

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kinpict/internal/print"
)

func TestFits(t *testing.T) {
	for _, c := range []struct {
		name    string
		paper   string
		w, h    int
		fits    bool
		matted  bool
		crop    float64
		dpi     int
		verdict print.Verdict
	}{
		{"the paper's own shape at 300", "8x10in", 2400, 3000, true, false, 0, 300, print.Sharp},
		{"one pixel short of 300 is 300 to every eye", "8x10in", 2399, 2999, true, false, 0, 300, print.Sharp},
		{"one dot short of 300", "8x10in", 2395, 2994, true, false, 0, 299, print.OnAWall},
		{"A5 at 300, to whole pixels", "a5", 1748, 2480, true, false, 0, 300, print.Sharp},
		{"180 holds on a wall", "8x10in", 1440, 1800, true, false, 0, 180, print.OnAWall},
		{"one dot short of 180", "8x10in", 1434, 1793, true, false, 0, 179, print.TooFew},
		{"4:5 lies across 20 × 25 cm", "20x25", 2500, 2000, true, false, 0, 254, print.OnAWall},
		{"nearly the shape is cut a little", "13x18", 1500, 2100, true, false, 0.011, 293, print.OnAWall},
		{"what would lose too much gets a border", "10x15", 1600, 2000, true, true, 0, 462, print.Sharp},
		{"a square on a long paper", "a4", 2000, 2000, true, true, 0, 275, print.OnAWall},
		{"a strip belongs on no paper", "10x15", 400, 4000, false, false, 0, 0, print.TooFew},
		{"no such paper", "b5", 1600, 2000, false, false, 0, 0, print.TooFew},
		{"no pixels", "a4", 0, 2000, false, false, 0, 0, print.TooFew},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, ok := print.On(c.paper, c.w, c.h)
			if ok != c.fits || f.Matted != c.matted || f.DPI != c.dpi || f.Verdict() != c.verdict || math.Abs(f.Crop-c.crop) > 0.001 {
				t.Errorf("%d × %d on %s: %v, %+v, %s", c.w, c.h, c.paper, ok, f, f.Verdict())
			}
			if f.Ready() != (c.verdict == print.Sharp) {
				t.Errorf("at %d dpi it is called ready: %v", f.DPI, f.Ready())
			}
			if f.Crop > print.MaxCrop {
				t.Errorf("%.1f %% of the picture is cut off", 100*f.Crop)
			}
		})
	}
}

func TestEveryShapeHasAPaper(t *testing.T) {
	for name, wh := range map[string][2]int{"4:5": {1600, 2000}, "3:2": {3000, 2000}, "1:1": {2000, 2000}, "5:7": {1500, 2100}, "A": {2100, 2970}} {
		if n := len(print.Fits(wh[0], wh[1])); n < 6 {
			t.Errorf("a picture of %s has %d papers", name, n)
		}
	}
}

func jpegOf(w, h int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	m.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var someDay = time.Date(2026, 11, 21, 18, 40, 0, 0, time.UTC)

func sheet(t *testing.T, paper string, w, h int, p print.Picture) (string, print.Fit) {
	t.Helper()
	f, ok := print.On(paper, w, h)
	if !ok {
		t.Fatalf("%d × %d does not suit %s", w, h, paper)
	}
	p.Width, p.Height, p.At = w, h, someDay
	b, err := print.Sheet(p, f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), f
}

// box reads a page box in mm.
func box(t *testing.T, pdf, name string) [4]float64 {
	t.Helper()
	m := regexp.MustCompile(`/` + name + ` ?\[([^\]]*)\]`).FindStringSubmatch(pdf)
	if m == nil {
		t.Fatalf("the sheet has no %s", name)
	}
	var out [4]float64
	for i, s := range strings.Fields(m[1]) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = v / 72 * 25.4
	}
	return out
}

// content is the page's drawing, inflated.
func content(t *testing.T, pdf string) string {
	t.Helper()
	for rest := pdf; ; {
		_, after, ok := strings.Cut(rest, "\nstream\n")
		if !ok {
			t.Fatal("the sheet draws nothing")
		}
		z, err := zlib.NewReader(strings.NewReader(after))
		if err == nil {
			if b, _ := io.ReadAll(z); bytes.Contains(b, []byte(" cm")) {
				return string(b)
			}
		}
		rest = after
	}
}

func TestSheetHasBoxesBleedAndTrueResolution(t *testing.T) {
	for _, c := range []struct {
		paper string
		w, h  int
		trimW float64
		trimH float64
		draws int // the picture and its mirrors
	}{
		{"20x25", 160, 200, 200, 250, 9}, // its own shape: mirrored at four edges and four corners
		{"20x25", 200, 160, 250, 200, 9}, // lying
		{"13x18", 150, 210, 130, 180, 9}, // cut a little, by less than the bleed: still mirrored at all edges
		{"10x15", 160, 200, 100, 150, 1}, // a border
		{"8x10in", 160, 200, 203.2, 254, 9},
	} {
		t.Run(c.paper, func(t *testing.T) {
			data := jpegOf(c.w, c.h)
			pdf, f := sheet(t, c.paper, c.w, c.h, print.Picture{Data: data, ContentType: "image/jpeg"})
			near := func(what string, got [4]float64, x, y, w, h float64) {
				for i, want := range []float64{x, y, x + w, y + h} {
					if math.Abs(got[i]-want) > 0.01 {
						t.Errorf("%s is %.2f mm, want %.2f %.2f %.2f %.2f", what, got, x, y, x+w, y+h)
						break
					}
				}
			}
			near("the paper", box(t, pdf, "TrimBox"), 10, 10, c.trimW, c.trimH)
			near("the bleed", box(t, pdf, "BleedBox"), 7, 7, c.trimW+6, c.trimH+6)
			near("the sheet", box(t, pdf, "MediaBox"), 0, 0, c.trimW+20, c.trimH+20)

			draw := content(t, pdf)
			if n := strings.Count(draw, " Do"); n != c.draws {
				t.Errorf("the picture is drawn %d times, want %d", n, c.draws)
			}
			// What is drawn says the resolution, not what we computed.
			m := regexp.MustCompile(`q ([\d.]+) 0 0 ([\d.]+) [\d.]+ [\d.]+ cm /I`).FindStringSubmatch(draw)
			if m == nil {
				t.Fatalf("no picture in %.300s", draw)
			}
			points, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			if dpi := float64(c.w) / (points / 72); math.Abs(dpi-float64(f.DPI)) > 1 {
				t.Errorf("it is printed at %.1f dpi and called %d", dpi, f.DPI)
			}
			if n := strings.Count(draw, " l S"); n != 8 {
				t.Errorf("there are %d crop marks, want 8", n)
			}
			if !strings.Contains(pdf, string(data)) {
				t.Error("the picture's bytes were changed")
			}
		})
	}
}

func TestSheetSaysWhatItIs(t *testing.T) {
	captured, _ := sheet(t, "20x25", 16, 20, print.Picture{Data: jpegOf(16, 20), ContentType: "image/jpeg"})
	redrawn, _ := sheet(t, "20x25", 16, 20, print.Picture{Data: jpegOf(16, 20), ContentType: "image/jpeg", Generative: true})
	const vocabulary = `Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/`
	if !strings.Contains(captured, vocabulary+`compositeCapture"`) || !strings.Contains(redrawn, vocabulary+`compositeWithTrainedAlgorithmicMedia"`) {
		t.Error("a sheet does not say where its picture comes from")
	}
	for _, want := range []string{"/OutputIntents", "sRGB IEC61966-2.1", "/DestOutputProfile", "/Metadata"} {
		if !strings.Contains(captured, want) {
			t.Errorf("the sheet has no %s", want)
		}
	}
	for range 20 {
		again, _ := sheet(t, "20x25", 16, 20, print.Picture{Data: jpegOf(16, 20), ContentType: "image/jpeg"})
		if again != captured {
			t.Fatal("the same picture is another sheet the second time")
		}
	}
}

func TestSheetOfAPNG(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 16, 20))); err != nil {
		t.Fatal(err)
	}
	if pdf, _ := sheet(t, "a4", 16, 20, print.Picture{Data: b.Bytes(), ContentType: "image/png"}); !strings.HasPrefix(pdf, "%PDF-1.") {
		t.Error("it is no PDF")
	}
	f, _ := print.On("a4", 16, 20)
	for name, p := range map[string]print.Picture{
		"a kind that is not printed": {Data: b.Bytes(), ContentType: "image/webp"},
		"bytes that are no picture":  {Data: []byte("hello"), ContentType: "image/jpeg"},
	} {
		if _, err := print.Sheet(p, f); err == nil {
			t.Errorf("%s makes a sheet", name)
		}
	}
}
