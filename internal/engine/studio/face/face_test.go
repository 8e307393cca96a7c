package face_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"kinpict/internal/engine/studio/face"
	"kinpict/internal/engine/studio/face/facetest"
	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
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

// The edge of the photo runs through the forehead, the chin or a cheek.
func TestFindsAFaceThatTheEdgeCuts(t *testing.T) {
	whole := facetest.Drawing(600, 480, 300, 240, 190)
	for name, r := range map[string]image.Rectangle{
		"forehead": image.Rect(0, 182, 600, 480), "chin": image.Rect(0, 0, 600, 312),
		"left cheek": image.Rect(225, 0, 600, 480), "right cheek": image.Rect(0, 0, 375, 480),
	} {
		faces := face.Find(whole.SubImage(r))
		if len(faces) == 0 {
			t.Errorf("%s: no face found", name)
			continue
		}
		f := faces[0]
		x, y := float64(r.Min.X)+f.X*float64(r.Dx()), float64(r.Min.Y)+f.Y*float64(r.Dy())
		if math.Hypot(x-300, y-240) > 70 || f.X < 0 || f.X > 1 || f.Y < 0 || f.Y > 1 || f.Size > 1 {
			t.Errorf("%s: found at %.0f,%.0f, %.2f wide", name, x, y, f.Size)
		}
	}
}

func TestTellsWhichWayIsUp(t *testing.T) {
	up := facetest.Drawing(600, 480, 300, 240, 190)
	turn := func(m *image.Gray) *image.Gray {
		o := image.NewGray(image.Rect(0, 0, m.Rect.Dy(), m.Rect.Dx()))
		for y := range o.Rect.Dy() {
			for x := range o.Rect.Dx() {
				o.SetGray(x, y, m.GrayAt(y, m.Rect.Dy()-1-x))
			}
		}
		return o
	}
	once := turn(up)
	for name, tt := range map[string]struct {
		m    *image.Gray
		want int
	}{"turned clockwise": {once, 3}, "turned the other way": {turn(turn(once)), 1}} {
		if found := face.Find(tt.m); len(found) != 0 {
			t.Errorf("%s: a face found without turning: %v", name, found)
		}
		if got := face.Turns(raster.NewSource(tt.m)); got != tt.want {
			t.Errorf("%s: %d quarter turns put it upright, want %d", name, got, tt.want)
		}
	}
	for name, m := range nobody() {
		if got := face.Turns(raster.NewSource(m)); got != 0 {
			t.Errorf("%s: would be turned %d times", name, got)
		}
	}
}

func TestFindsNothingWhereNobodyIs(t *testing.T) {
	for name, img := range nobody() {
		if faces := face.Find(img); faces == nil || len(faces) != 0 {
			t.Errorf("%s: found %v, want an empty list", name, faces)
		}
	}
}

// nobody is pictures without a face.
func nobody() map[string]image.Image {
	flat := image.NewGray(image.Rect(0, 0, 400, 300))
	grain, stripes := image.NewGray(flat.Rect), image.NewRGBA(flat.Rect)
	for y := range 300 {
		for x := range 400 {
			grain.Pix[y*400+x] = uint8(noise.Hash(uint32(x), uint32(y), 2) * 255)
			stripes.Set(x, y, color.RGBA{uint8(x / 20 % 2 * 255), 90, uint8(y), 255})
		}
	}
	tiny := image.NewGray(image.Rect(0, 0, 3, 2))
	return map[string]image.Image{"plain": flat, "grain": grain, "stripes": stripes, "three pixels": tiny}
}
