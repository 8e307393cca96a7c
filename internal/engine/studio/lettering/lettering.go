// Package lettering sets single lines of text. It draws left-to-right scripts
// with kerning and without shaping: Latin, Greek and Cyrillic. Characters that
// no font here has are left out, never drawn as boxes. The fonts are under the
// SIL Open Font License; see the folder fonts.
package lettering

import (
	"embed"
	"fmt"
	"image"
	"image/draw"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"

	"kinpict/internal/engine/studio/raster"
)

//go:embed fonts/*.otf
var files embed.FS

var fonts = sync.OnceValue(func() map[string]*opentype.Font {
	m := map[string]*opentype.Font{}
	for name, file := range map[string]string{
		"serif":        "EBGaramond12-Regular.otf",
		"serif-italic": "EBGaramond12-Italic.otf",
		"script":       "DancingScript-Regular.otf",
		"script-bold":  "DancingScript-Bold.otf",
		"sans":         "Karla-Regular.otf",
		"sans-medium":  "Karla-Medium.otf",
		"roman":        "Quattrocento-Regular.otf",
	} {
		b, err := files.ReadFile("fonts/" + file)
		if err != nil {
			panic("lettering: " + err.Error())
		}
		if m[name], err = opentype.Parse(b); err != nil {
			panic("lettering: " + file + ": " + err.Error())
		}
	}
	return m
})

// Check reports a font name that does not exist, naming those that do.
func Check(name string) error {
	if fonts()[name] == nil {
		return fmt.Errorf("there is no font %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(fonts())), ", "))
	}
	return nil
}

// A Line is one line of text in a font that has its letters.
type Line struct {
	text  string
	font  *opentype.Font
	Size  float64 // pixels an em
	Track float64 // extra space between letters, in ems
}

// fallback of a font that misses letters: EB Garamond has Latin, Greek,
// Cyrillic and Vietnamese; slanted styles fall back to its italic.
func fallback(name string) []string {
	if name == "serif-italic" || strings.HasPrefix(name, "script") {
		return []string{name, "serif-italic", "serif"}
	}
	return []string{name, "serif"}
}

// Set chooses a font for text: the named one if it has every letter, else the
// serif. Letters that neither has are dropped. ok is false when nothing is left.
func Set(text, name string, size, track float64) (l Line, ok bool) {
	text = strings.Join(strings.Fields(text), " ")
	names := fallback(name)
	for _, n := range names {
		if f := fonts()[n]; f != nil && covered(f, text) == text {
			return Line{text, f, size, track}, readable(text)
		}
	}
	f := fonts()[names[len(names)-1]]
	text = strings.Join(strings.Fields(covered(f, text)), " ")
	return Line{text, f, size, track}, readable(text)
}

func readable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// covered returns s as far as f has its letters; an accented letter it lacks
// loses its accent before it is lost.
func covered(f *opentype.Font, s string) string {
	var buf sfnt.Buffer
	return strings.Map(func(r rune) rune {
		for _, r := range []rune{r, []rune(norm.NFD.String(string(r)))[0]} {
			i, err := f.GlyphIndex(&buf, r)
			if err != nil || i == 0 {
				continue
			}
			// Some fonts list letters they have only an empty glyph for.
			if w, err := f.GlyphAdvance(&buf, i, fixed.I(100), font.HintingNone); err == nil && w > 0 {
				return r
			}
		}
		return -1
	}, s)
}

func (l Line) face() font.Face {
	f, err := opentype.NewFace(l.font, &opentype.FaceOptions{Size: l.Size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("lettering: " + err.Error())
	}
	return f
}

// Width is the length of the line in pixels.
func (l Line) Width() float64 {
	f := l.face()
	defer f.Close()
	var w float64
	prev := rune(-1)
	for _, r := range l.text {
		if prev >= 0 {
			w += float64(f.Kern(prev, r))/64 + l.Track*l.Size
		}
		a, _ := f.GlyphAdvance(r)
		w += float64(a) / 64
		prev = r
	}
	return w
}

// Fit returns the line no longer than width pixels: smaller if need be, and
// below a third of its size cut with an ellipsis, because it could not be read.
func (l Line) Fit(width float64) Line {
	w := l.Width()
	if w <= width {
		return l
	}
	// Nothing in a line but its size scales with its size, so one step is enough.
	k := width / w * 0.999
	if k >= 1.0/3 {
		l.Size *= k
		return l
	}
	l.Size /= 3
	rs := []rune(l.text)
	for len(rs) > 1 {
		rs = rs[:len(rs)-1]
		l.text = strings.TrimSpace(string(rs)) + "…"
		if l.Width() <= width {
			break
		}
	}
	return l
}

// Mask draws the line with its middle at x and its baseline at y, within clip.
func (l Line) Mask(x, y float64, clip image.Rectangle) *raster.Mask {
	w := l.Width()
	x -= w / 2
	box := image.Rect(int(x-l.Size), int(y-1.5*l.Size), int(math.Ceil(x+w+l.Size)), int(math.Ceil(y+0.9*l.Size))).Intersect(clip)
	if box.Empty() {
		return &raster.Mask{}
	}
	f := l.face()
	defer f.Close()
	a := image.NewAlpha(box)
	prev := rune(-1)
	for _, r := range l.text {
		if prev >= 0 {
			x += float64(f.Kern(prev, r))/64 + l.Track*l.Size
		}
		dr, mask, mp, adv, ok := f.Glyph(fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}, r)
		if ok {
			draw.DrawMask(a, dr, image.Opaque, image.Point{}, mask, mp, draw.Over)
		}
		x += float64(adv) / 64
		prev = r
	}
	return &raster.Mask{X: box.Min.X, Y: box.Min.Y, W: box.Dx(), H: box.Dy(), A: a.Pix}
}

// Box is where the ink of the line is when it is drawn with the middle of its
// baseline at (x, y), turned by deg degrees; in pixels, and empty without ink.
func (l Line) Box(x, y, deg float64) raster.Rect {
	const far = 1 << 20 // no page is as large
	m := l.Turned(x, y, deg, image.Rect(-far, -far, far, far))
	b := image.Rectangle{}
	for i, v := range m.A {
		if v != 0 {
			px, py := m.X+i%m.W, m.Y+i/m.W
			b = b.Union(image.Rect(px, py, px+1, py+1))
		}
	}
	return raster.Rect{X0: float64(b.Min.X), Y0: float64(b.Min.Y), X1: float64(b.Max.X), Y1: float64(b.Max.Y)}
}

// Turned draws the line with the middle of its baseline at (x, y), turned by
// deg degrees about that point.
func (l Line) Turned(x, y, deg float64, clip image.Rectangle) *raster.Mask {
	if deg == 0 {
		return l.Mask(x, y, clip)
	}
	w := int(l.Width()+2*l.Size) + 2
	h := int(2.4 * l.Size)
	bx, by := float64(w)/2, 1.5*l.Size
	flat := l.Mask(bx, by, image.Rect(0, 0, w, h))
	g := raster.NewPlane(w, h)
	for yy := range flat.H {
		for xx := range flat.W {
			g.P[(yy+flat.Y)*w+xx+flat.X] = float32(flat.A[yy*flat.W+xx])
		}
	}
	r := int(math.Hypot(float64(w), float64(h))/2) + 2
	box := image.Rect(int(x)-r, int(y)-r, int(x)+r, int(y)+r).Intersect(clip)
	if box.Empty() {
		return &raster.Mask{}
	}
	m := &raster.Mask{X: box.Min.X, Y: box.Min.Y, W: box.Dx(), H: box.Dy(), A: make([]uint8, box.Dx()*box.Dy())}
	sn, cs := math.Sincos(deg * math.Pi / 180)
	for yy := range m.H {
		for xx := range m.W {
			dx, dy := float64(m.X+xx)+0.5-x, float64(m.Y+yy)+0.5-y
			lx, ly := cs*dx+sn*dy+bx, -sn*dx+cs*dy+by
			if lx > 0 && ly > 0 && lx < float64(w) && ly < float64(h) {
				m.A[yy*m.W+xx] = uint8(g.At(float32(lx), float32(ly)) + 0.5)
			}
		}
	}
	return m
}
