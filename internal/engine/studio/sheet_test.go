package studio

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	xdraw "golang.org/x/image/draw"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
)

var (
	update     = flag.Bool("update", false, "rewrite the golden sheets in testdata/sheets")
	sheetsFull = flag.Bool("sheets.full", false, "compare every picture of every sheet, drawn at the size it is sold in")
	sheetsOut  = flag.String("sheets.out", "", "draw contact sheets to look at into this folder, instead of comparing")
	sheetsFrom = flag.String("sheets.photos", "", "draw them from the JPEGs of this folder and not from the drawings in testdata")
	sheetsOf   = flag.String("sheets.of", "", "a pattern of the sheets to draw or compare, such as beach-*")
	sheetsSide = flag.Int("sheets.short", 0, "pixels of the short side the pictures are drawn at for -sheets.out; 0: what is sold")
	sheetsSay  = flag.String("sheets.say", "", "the instruction to draw them with")
)

// Pixels of the short side: of the pictures drawn for the golden sheets, and of
// the pictures on them.
const (
	sheetShort = 320
	tileShort  = 128
)

// fullSlack weighs the colour of a picture at full size against its golden, which
// was drawn small: gilt edges and mats reduce to other tones than they are drawn in.
const fullSlack = 0.6

var sheetCounts = []int{1, 2, 4, 8}

// A cell is one picture of a sheet. The often ones are compared on every run.
type cell struct {
	job   *engine.Job
	often bool
}

// A sheet is the pictures of a scenario in one quality, in rows.
type sheet struct {
	name string
	rows [][]cell
}

// sheets are all there are: every count in every aspect, then the hard photos
// in two pictures of five; Enhanced in the first aspect.
func sheets(photos []engine.Photo) []sheet {
	var out []sheet
	ask := func(s *scenario.Scenario, quality string, a kinpict.Aspect, photos []engine.Photo) *engine.Job {
		return &engine.Job{ID: "gen_sheet", Attempt: 1, Scenario: s, Quality: quality, Aspect: a, Seed: 7, Photos: photos, Instruction: *sheetsSay}
	}
	for k, s := range scenario.Builtin().All() {
		standard, enhanced := sheet{name: s.ID + "-standard"}, sheet{name: s.ID + "-enhanced"}
		for i, a := range s.Aspects {
			var row []cell
			for c, n := range sheetCounts {
				row = append(row, cell{ask(s, kinpict.Standard, a, photos[:min(n, len(photos))]), (c+k)%len(s.Aspects) == i})
			}
			standard.rows = append(standard.rows, row)
		}
		h := hard()
		standard.rows = append(standard.rows, []cell{{ask(s, kinpict.Standard, "4:5", h[:5]), true}, {ask(s, kinpict.Standard, "3:2", h[5:]), true}})
		var row []cell
		for _, n := range sheetCounts {
			row = append(row, cell{ask(s, kinpict.Enhanced, s.Aspects[0], photos[:min(n, len(photos))]), n == 4})
		}
		enhanced.rows = append(enhanced.rows, row)
		out = append(out, standard, enhanced)
	}
	alone := sheet{name: "hard-alone", rows: make([][]cell, 2)}
	wall, _ := scenario.Builtin().Scenario("gallery")
	for i, p := range hard() {
		alone.rows[i/5] = append(alone.rows[i/5], cell{ask(wall, kinpict.Standard, "1:1", []engine.Photo{p}), true})
	}
	return append(out, alone)
}

func TestSheetsLookAsTheyDid(t *testing.T) {
	if *sheetsOut != "" {
		drawSheets(t)
		return
	}
	var names []string
	for _, s := range sheets(people()) {
		file := filepath.Join("testdata", "sheets", s.name+".jpg")
		names = append(names, file)
		if !asked(s) {
			continue
		}
		e := &Engine{short: sheetShort}
		if *sheetsFull {
			e = New()
		}
		if *update {
			write(t, file, compose(s, func(c cell) image.Image { m, _ := draw(t, e, c.job); return tile(m) }), 84)
			continue
		}
		golden := load(t, file)
		place(s, tileShort, func(c cell, at image.Rectangle) {
			if !c.often && !*sheetsFull {
				return
			}
			m, _ := draw(t, e, c.job)
			l := compare(tile(m), cut(golden, at))
			if *sheetsFull {
				l.colour *= fullSlack
			}
			if !l.alike() {
				t.Errorf("%s: %d photos in %s, at %v of the sheet: %v", s.name, len(c.job.Photos), c.job.Aspect, at.Min, l)
			}
		})
	}
	// A sheet of a scenario that is gone, or was given another name, proves nothing.
	there, err := filepath.Glob(filepath.Join("testdata", "sheets", "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if !slices.Contains(names, f) {
			t.Errorf("%s is the sheet of no scenario", f)
		}
	}
}

func asked(s sheet) bool {
	ok, err := filepath.Match(*sheetsOf, s.name)
	return *sheetsOf == "" || err == nil && ok
}

// drawSheets writes large sheets for people, from photos of their own where a
// folder is named.
func drawSheets(t *testing.T) {
	photos := people()
	if *sheetsFrom != "" {
		photos = nil
		files, err := filepath.Glob(filepath.Join(*sheetsFrom, "*.jpg"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no JPEGs in %s, error %v", *sheetsFrom, err)
		}
		for i, f := range files[:min(len(files), kinpict.MaxPhotos)] {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			photos = append(photos, engine.Photo{JPEG: b, Label: people()[i].Label})
		}
	}
	for _, s := range sheets(photos) {
		if !asked(s) {
			continue
		}
		write(t, filepath.Join(*sheetsOut, s.name+".jpg"), compose(s, func(c cell) image.Image {
			p, err := (&Engine{short: *sheetsSide}).Draw(context.Background(), c.job)
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(p.Data))
			if err != nil {
				t.Fatal(err)
			}
			return reduce(m, 3*tileShort)
		}), 90)
	}
}

const margin = 6

// place tells where each cell lies on a sheet of pictures with the given short
// side, and returns the size of the sheet.
func place(s sheet, short int, f func(cell, image.Rectangle)) image.Point {
	size := image.Pt(0, margin)
	for _, row := range s.rows {
		at, high := image.Pt(margin, size.Y), 0
		for _, c := range row {
			w, h := shape(c.job.Aspect, short)
			f(c, image.Rectangle{at, at.Add(image.Pt(w, h))})
			at.X += w + margin
			high = max(high, h)
		}
		size.X = max(size.X, at.X)
		size.Y += high + margin
	}
	return size
}

func shape(a kinpict.Aspect, short int) (w, h int) {
	aw, ah, err := a.Ratio()
	if err != nil {
		panic(fmt.Sprintf("aspect %q: %v", a, err))
	}
	s := min(aw, ah)
	return (aw*short + s/2) / s, (ah*short + s/2) / s
}

func compose(s sheet, f func(cell) image.Image) image.Image {
	first := true
	var out *image.RGBA
	short := tileShort
	var at []image.Point
	var pics []image.Image
	place(s, short, func(c cell, _ image.Rectangle) {
		m := f(c)
		if first {
			short, first = min(m.Bounds().Dx(), m.Bounds().Dy()), false
		}
		pics = append(pics, m)
	})
	size := place(s, short, func(_ cell, r image.Rectangle) { at = append(at, r.Min) })
	out = image.NewRGBA(image.Rectangle{Max: size})
	xdraw.Draw(out, out.Rect, image.NewUniform(color.Gray{96}), image.Point{}, xdraw.Src)
	for i, m := range pics {
		xdraw.Draw(out, m.Bounds().Sub(m.Bounds().Min).Add(at[i]), m, m.Bounds().Min, xdraw.Src)
	}
	return out
}

func tile(m image.Image) image.Image { return reduce(m, tileShort) }

// reduce returns a picture with the given short side.
func reduce(m image.Image, short int) image.Image {
	b := m.Bounds()
	s := min(b.Dx(), b.Dy())
	return scaled(m, (b.Dx()*short+s/2)/s, (b.Dy()*short+s/2)/s)
}

func cut(m image.Image, r image.Rectangle) image.Image {
	o := image.NewRGBA(image.Rectangle{Max: r.Size()})
	xdraw.Draw(o, o.Rect, m, r.Min, xdraw.Src)
	return o
}

func load(t *testing.T, file string) image.Image {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("no golden sheet; look at one drawn with -sheets.out, then take it over with -update: %v", err)
	}
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return m
}

func write(t *testing.T, file string, m image.Image, quality int) {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
