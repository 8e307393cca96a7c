package photo

import (
	"fmt"
	"image"

	"kinpict"
)

// Codes of the checks Advise makes.
const (
	CheckSmall   = "small_for_print"
	CheckDark    = "too_dark"
	CheckBright  = "too_bright"
	CheckBlurred = "blurred"
)

// Where advice begins.
const (
	printDPI    = 180  // below, a print on the wall looks soft
	smallInfo   = 1063 // longer side of a 10 x 15 cm print at that resolution
	smallWarn   = 600  // and of one that fits a wallet
	darkLevel   = 32   // of 255: 85 % of the picture lies below
	brightLevel = 250  // of 255: half of the picture lies above, burnt out
	blurInfo    = 80   // variance of the Laplacian on the thumbnail
	blurWarn    = 25
)

// Advise says before anything is charged what would make a photo work badly.
// It never refuses. n comes from Normalise. The judgement is made on the thumbnail, where blur counts
// in proportion to the picture and noise has been averaged away.
func Advise(n *Normal) []kinpict.Check {
	var out []kinpict.Check
	say := func(code, severity, format string, a ...any) {
		out = append(out, kinpict.Check{Code: code, Severity: severity, Message: fmt.Sprintf(format, a...)})
	}
	if long := max(n.Width, n.Height); long < smallInfo {
		severity := "info"
		if long < smallWarn {
			severity = "warning"
		}
		cm := func(px int) int { return px * 254 / (printDPI * 100) }
		say(CheckSmall, severity, "This photo is %d x %d pixels, enough for a print of about %d x %d cm; the original may be larger.",
			n.Width, n.Height, cm(n.Width), cm(n.Height))
	}
	var histogram [256]int
	for _, v := range n.grey.Pix {
		histogram[v]++
	}
	total := len(n.grey.Pix)
	below, above := 0, 0
	for i, c := range histogram {
		if i < darkLevel {
			below += c
		}
		if i > brightLevel {
			above += c
		}
	}
	switch {
	case below*100 > total*85:
		say(CheckDark, "warning", "This photo is very dark; faces may not be recognisable.")
		return out // sharpness cannot be judged in the dark
	case above*2 > total:
		say(CheckBright, "info", "Large parts of this photo are pure white, so no detail can be found there.")
	}
	switch v := sharpness(n.grey); {
	case v < blurWarn:
		say(CheckBlurred, "warning", "This photo is blurred; a sharper one gives a much better picture.")
	case v < blurInfo:
		say(CheckBlurred, "info", "This photo is a little soft; a sharper one gives a better picture.")
	}
	return out
}

// sharpness is the variance of the Laplacian (Pech-Pacheco et al., 2000) over
// the sharpest of nine fields, because people stand sharp before a soft
// background as often as not.
func sharpness(m *image.Gray) float64 {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	best := 0.0
	for f := range 9 {
		x0, x1 := max(1, f%3*w/3), min(w-1, (f%3+1)*w/3)
		y0, y1 := max(1, f/3*h/3), min(h-1, (f/3+1)*h/3)
		var sum, squares, n float64
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				i := y*m.Stride + x
				l := float64(4*int(m.Pix[i]) - int(m.Pix[i-1]) - int(m.Pix[i+1]) - int(m.Pix[i-m.Stride]) - int(m.Pix[i+m.Stride]))
				sum, squares, n = sum+l, squares+l*l, n+1
			}
		}
		if n > 0 {
			best = max(best, squares/n-sum/n*sum/n)
		}
	}
	return best
}
