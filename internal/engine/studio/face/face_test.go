package face_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"kinpict/internal/engine/studio/face"
	"kinpict/internal/engine/studio/face/facetest"
	"kinpict/internal/engine/studio/noise"
)

func TestFindsADrawnFaceWhereItIs(t *testing.T) {
	for _, at := range [][3]float64{{300, 240, 190}, {420, 260, 140}} {
		faces := face.Find(facetest.Drawing(600, 480, at[0], at[1], at[2]))
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
