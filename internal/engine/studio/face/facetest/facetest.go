// Package facetest draws faces that the finder finds, for tests, so that no
// photo of a person is needed.
package facetest

import (
	"image"
	"math"
)

// Drawing is a grey drawing of a face about (cx, cy), s from ear to ear: the
// light and dark places a face has, and nothing of a person.
func Drawing(w, h int, cx, cy, s float64) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	blob := func(x, y, bx, by, rx, ry, soft float64) float64 {
		return 1 / (1 + math.Exp((math.Hypot((x-bx)/rx, (y-by)/ry)-1)*soft))
	}
	for y := range h {
		for x := range w {
			u, v := (float64(x)-cx)/s, (float64(y)-cy)/s
			l := 110.0
			l += 90 * blob(u, v, 0, 0.04, 0.46, 0.62, 18)
			l -= 130 * blob(u, v, 0, -0.55, 0.52, 0.22, 10)
			for _, side := range []float64{-1, 1} {
				l -= 55 * blob(u, v, side*0.19, -0.14, 0.15, 0.10, 6)
				l -= 70 * blob(u, v, side*0.19, -0.11, 0.075, 0.04, 9)
				l -= 60 * blob(u, v, side*0.20, -0.24, 0.13, 0.025, 8)
				l -= 25 * blob(u, v, side*0.07, 0.15, 0.04, 0.03, 6)
				l += 18 * blob(u, v, side*0.22, 0.08, 0.12, 0.10, 5)
			}
			l += 22 * blob(u, v, 0, 0.02, 0.05, 0.16, 5)
			l -= 65 * blob(u, v, 0, 0.32, 0.16, 0.035, 7)
			l -= 25 * blob(u, v, 0, 0.45, 0.12, 0.04, 6)
			m.Pix[y*m.Stride+x] = uint8(math.Max(0, math.Min(255, l)))
		}
	}
	return m
}
