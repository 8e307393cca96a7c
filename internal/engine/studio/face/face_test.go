package face_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"kinpict/internal/engine/studio/face"
	"kinpict/internal/engine/studio/noise"
)

// draw paints a grey drawing of a face about (cx, cy), s from ear to ear: the
// light and dark places a face has, and nothing of a person.
func draw(w, h int, cx, cy, s float64) *image.Gray {
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

func TestFindsADrawnFaceWhereItIs(t *testing.T) {
	for _, at := range [][3]float64{{300, 240, 190}, {420, 260, 140}} {
		faces := face.Find(draw(600, 480, at[0], at[1], at[2]))
		if len(faces) == 0 {
			t.Errorf("no face found at %v", at)
			continue
		}
		f := faces[0]
		if math.Hypot(f.X*600-at[0], f.Y*480-at[1]) > 0.35*at[2] || f.Size*480 < 0.6*at[2] || f.Size*480 > 1.8*at[2] {
			t.Errorf("the face at %v was found at %.0f,%.0f, %.0f wide", at, f.X*600, f.Y*480, f.Size*480)
		}
	}
}

func TestFindsNothingWhereNobodyIs(t *testing.T) {
	flat := image.NewGray(image.Rect(0, 0, 400, 300))
	grain, stripes := image.NewGray(flat.Rect), image.NewRGBA(flat.Rect)
	for y := range 300 {
		for x := range 400 {
			grain.Pix[y*400+x] = uint8(noise.Hash(uint32(x), uint32(y), 2) * 255)
			stripes.Set(x, y, color.RGBA{uint8(x / 20 % 2 * 255), 90, uint8(y), 255})
		}
	}
	tiny := image.NewGray(image.Rect(0, 0, 3, 2))
	for name, img := range map[string]image.Image{"plain": flat, "grain": grain, "stripes": stripes, "three pixels": tiny} {
		if faces := face.Find(img); faces == nil || len(faces) != 0 {
			t.Errorf("%s: found %v, want an empty list", name, faces)
		}
	}
}
