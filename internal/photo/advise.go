package photo

import (
	"fmt"
	"image"

	"kinpict"
)

// Codes of the checks.
const (
	CheckSmall      = "small_for_print"
	CheckDark       = "too_dark"
	CheckBright     = "too_bright"
	CheckBlurred    = "blurred"
	CheckBlank      = "blank"
	CheckPanorama   = "panorama"
	CheckScreenshot = "screenshot"
)

// Severities. Neither blocks anything: what would surely fail is refused by
// Inspect, with the reason.
const (
	Info    = "info"
	Warning = "warning"
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
	panorama    = 2.5 // longer side over shorter; film is 1.5, phones up to 2.2
	blankRange  = 6   // levels from the 1st to the 99th hundredth
)

// Advise says before anything is charged what would make a photo work badly.
// It never refuses. n comes from Normalise. The judgement is made on the thumbnail, where blur counts
// in proportion to the picture and noise has been averaged away.
func Advise(n *Normal) []kinpict.Check {
	var out []kinpict.Check
	say := func(code, severity, message, help string) {
		out = append(out, kinpict.Check{Code: code, Severity: severity, Message: message, Help: help})
	}
	long, short := max(n.Width, n.Height), min(n.Width, n.Height)
	if long < smallInfo {
		severity := Info
		if long < smallWarn {
			severity = Warning
		}
		cm := func(px int) int { return px * 254 / (printDPI * 100) }
		say(CheckSmall, severity, fmt.Sprintf("This photo is %d x %d pixels, enough for a print of about %d x %d cm.", n.Width, n.Height, cm(n.Width), cm(n.Height)),
			"The original from the camera is usually larger than one sent by a chat app.")
	}
	if float64(long) > panorama*float64(short) {
		say(CheckPanorama, Info, "This photo is very wide or very tall, so most of it will be cut off.", "Crop it to the people, or choose another photo of them.")
	}
	if n.Type == PNG && !n.Removed.Camera && screenshot(n.grey) {
		say(CheckScreenshot, Info, "This looks like a screenshot.", "Save the photo itself and add that; a screenshot is smaller and shows buttons and bars.")
	}
	t := toneOf(n.grey)
	switch {
	case t.dark*100 > t.total*85:
		say(CheckDark, Warning, "This photo is very dark; faces may not be recognisable.", "A photo taken by a window or outdoors works better.")
		return out // sharpness cannot be judged in the dark
	case t.bright*2 > t.total:
		say(CheckBright, Info, "Large parts of this photo are pure white.", "A photo with less light, or without the flash, keeps more of the faces.")
	case t.high-t.low < blankRange:
		say(CheckBlank, Warning, "This photo is one even colour.", "Choose a photo that shows somebody.")
		return out // there is nothing to be sharp
	}
	switch v := sharpness(n.grey); {
	case v < blurWarn:
		say(CheckBlurred, Warning, "This photo is blurred.", "A sharper one gives a much better picture.")
	case v < blurInfo:
		say(CheckBlurred, Info, "This photo is a little soft.", "A sharper one gives a better picture.")
	}
	return out
}

// tone is how light is spread over a picture.
type tone struct {
	total, dark, bright int // pixels
	low, high           int // the 1st and 99th hundredth, levels
}

func toneOf(m *image.Gray) tone {
	var histogram [256]int
	for _, v := range m.Pix {
		histogram[v]++
	}
	t := tone{total: len(m.Pix), low: -1}
	sum := 0
	for i, c := range histogram {
		if sum += c; t.low < 0 && sum*100 > t.total {
			t.low = i
		}
		if sum*100 <= t.total*99 {
			t.high = i + 1
		}
		if i < darkLevel {
			t.dark += c
		}
		if i > brightLevel {
			t.bright += c
		}
	}
	return t
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
