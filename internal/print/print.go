// Package print lays a finished picture out for paper: which sizes it suits and
// how sharp it will be there, and a PDF sheet a print shop can cut. It is pure:
// pixels in, bytes out.
//
// A sheet has its paper as TrimBox, 3 mm of bleed around it as BleedBox, and
// crop marks outside of that. Where the picture reaches the edge of the paper,
// the bleed is the picture mirrored at its edge, so that a cut that is off by a
// little shows no white line and nobody's hair is cut for it. Where a picture
// does not have the paper's shape it is not cut to it but stands in a white
// border, and the bleed is the border's.
package print

import "math"

// Bleed is what is printed beyond the cut, in mm, and Slug what lies around
// that, for the crop marks.
const (
	Bleed = 3.0
	Slug  = 7.0
)

// MaxCrop is the largest part of a picture, by area, that is cut off so that it
// fills a paper of nearly its shape. Beyond it the picture gets a border.
const MaxCrop = 0.05

// A border is at least this share of the paper's shorter side, and a picture
// that would cover less than leastCover of the paper does not belong on it.
const (
	border     = 0.06
	leastCover = 0.5
)

// From 300 dots an inch the eye sees none at reading distance; 180 hold on a
// wall, seen from a metre.
const (
	SharpDPI = 300
	WallDPI  = 180
)

const mmPerInch = 25.4

// A Paper is a size of paper, upright, in mm.
type Paper struct {
	ID, Name      string
	Width, Height float64
}

// Papers are the sizes offered, the metric ones first.
var Papers = []Paper{
	{"10x15", "10 × 15 cm", 100, 150},
	{"13x18", "13 × 18 cm", 130, 180},
	{"a5", "A5", 148, 210},
	{"20x25", "20 × 25 cm", 200, 250},
	{"a4", "A4", 210, 297},
	{"a3", "A3", 297, 420},
	{"4x6in", "4 × 6 in", 4 * mmPerInch, 6 * mmPerInch},
	{"5x7in", "5 × 7 in", 5 * mmPerInch, 7 * mmPerInch},
	{"8x10in", "8 × 10 in", 8 * mmPerInch, 10 * mmPerInch},
}

// A Verdict says how a picture looks on a paper.
type Verdict string

const (
	Sharp   Verdict = "sharp"
	OnAWall Verdict = "fine_on_a_wall"
	TooFew  Verdict = "too_few_pixels"
)

// A Fit is how a picture of some pixels lies on a paper.
type Fit struct {
	Paper     Paper
	Landscape bool
	// Matted: the whole picture within a white border. Otherwise it fills the
	// paper, and Crop is the part of its area that is cut off.
	Matted bool
	Crop   float64
	// DPI is the picture's pixels to the printed inch, rounded, as it is said and judged.
	DPI int

	scale float64 // mm a pixel
}

// Verdict is what the resolution is good for.
func (f Fit) Verdict() Verdict {
	switch {
	case f.DPI >= SharpDPI:
		return Sharp
	case f.DPI >= WallDPI:
		return OnAWall
	}
	return TooFew
}

// Ready reports whether a print shop can take the sheet as it is. Bleed, boxes
// and an sRGB output intent every sheet has, so the resolution decides.
func (f Fit) Ready() bool { return f.Verdict() == Sharp }

// Size is the paper as the picture lies on it, in mm.
func (f Fit) Size() (w, h float64) {
	if f.Landscape {
		return f.Paper.Height, f.Paper.Width
	}
	return f.Paper.Width, f.Paper.Height
}

// Fits lists the papers that suit a picture of w by h pixels.
func Fits(w, h int) []Fit {
	var out []Fit
	for _, p := range Papers {
		if f, ok := fit(p, w, h); ok {
			out = append(out, f)
		}
	}
	return out
}

// On is the fit of the paper with that id, and whether the paper is known and
// suits the picture.
func On(id string, w, h int) (Fit, bool) {
	for _, p := range Papers {
		if p.ID == id {
			return fit(p, w, h)
		}
	}
	return Fit{}, false
}

func fit(p Paper, w, h int) (Fit, bool) {
	if w < 1 || h < 1 {
		return Fit{}, false
	}
	f := Fit{Paper: p, Landscape: w > h}
	pw, ph := f.Size()
	fw, fh := float64(w), float64(h)
	f.scale = math.Max(pw/fw, ph/fh)
	f.Crop = max(0, 1-pw*ph/(fw*fh*f.scale*f.scale))
	if f.Crop > MaxCrop {
		edge := 2 * border * math.Min(pw, ph)
		f.Matted, f.Crop = true, 0
		f.scale = math.Min((pw-edge)/fw, (ph-edge)/fh)
		if fw*fh*f.scale*f.scale < leastCover*pw*ph {
			return Fit{}, false
		}
	}
	// A picture made for a paper at 300 dpi may lack half a pixel there.
	f.DPI = int(math.Round(mmPerInch / f.scale))
	return f, true
}
