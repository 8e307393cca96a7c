package theme

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// A Colour is opaque and in sRGB.
type Colour struct{ R, G, B uint8 }

// Parse reads "#1d4a3d" or "#abc".
func Parse(s string) (Colour, error) {
	digits, ok := strings.CutPrefix(strings.TrimSpace(s), "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	b, err := hex.DecodeString(digits)
	if !ok || err != nil || len(b) != 3 {
		return Colour{}, fmt.Errorf("%q is not a colour such as #1d4a3d", s)
	}
	return Colour{b[0], b[1], b[2]}, nil
}

// must is Parse for colours that are written here.
func must(s string) Colour {
	c, err := Parse(s)
	if err != nil {
		panic("theme: " + err.Error())
	}
	return c
}

func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// luminance is the relative luminance of WCAG 2.2, 0 for black and 1 for white.
func (c Colour) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// mix is c with a share of another colour, from 0 to 1.
func (c Colour) mix(other Colour, share float64) Colour {
	part := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + share*(float64(b)-float64(a)))) }
	return Colour{part(c.R, other.R), part(c.G, other.G), part(c.B, other.B)}
}
