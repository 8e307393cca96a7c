package studio

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"runtime"
	"testing"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
)

// detail is the mean strength of the finest structures of a picture: the
// Laplacian of its luma.
func detail(m image.Image) float64 {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	l := make([]float64, w*h)
	for i := range l {
		l[i] = float64(color.GrayModel.Convert(m.At(b.Min.X+i%w, b.Min.Y+i/w)).(color.Gray).Y)
	}
	sum := 0.0
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			sum += math.Abs(4*l[i] - l[i-1] - l[i+1] - l[i-w] - l[i+w])
		}
	}
	return sum / float64((w-2)*(h-2))
}

// fine is a photo whose detail only Enhanced can show.
func fine() engine.Photo {
	return photoOf("Ann", painted(1500, 1500, func(x, y int) color.Color {
		// A wave of 7.5 pixels: some three of an Enhanced place, less than two of a Standard one.
		v := 120 + 80*math.Sin(float64(x)/1.2)
		return color.RGBA{uint8(v), uint8(v * 0.9), uint8(v * 0.75), 255}
	}), []kinpict.Face{{X: 0.5, Y: 0.42, Size: 0.3}})
}

// Enhanced is what it costs more for: seen at the same size it holds more of the
// photo and more of the drawing, and it is the same picture.
func TestEnhancedShowsMoreThanAnEnlargedStandard(t *testing.T) {
	for _, s := range scenario.Builtin().All() {
		if s.Pace == scenario.Painted {
			continue // brushes hide the photo's detail; paint's own tests look at their strokes
		}
		small, large := job(s, 1), job(s, 1)
		large.Quality = kinpict.Enhanced
		for _, j := range []*engine.Job{small, large} {
			j.Photos = []engine.Photo{fine()}
		}
		a, _ := draw(t, &Engine{short: 384}, small)
		b, _ := draw(t, &Engine{short: 768}, large)
		enlarged := scaled(a, b.Bounds().Dx(), b.Bounds().Dy())
		da, db := detail(enlarged), detail(b)
		if db < 1.2*da {
			t.Errorf("%s: Enhanced has detail %.2f, an enlarged Standard %.2f", s.ID, db, da)
		}
		if l := compare(tile(a), tile(b)); l.structure < 0.6 {
			t.Errorf("%s: Enhanced is another picture than Standard: %v", s.ID, l)
		}
	}
}

// The same job gives the same file on any machine: how work is shared among
// processors must not show.
func TestSameBytesOnOneAndOnMoreProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	found := hard()[2] // its face must be searched for
	for _, s := range scenario.Builtin().All() {
		for _, quality := range []string{kinpict.Standard, kinpict.Enhanced} {
			j := job(s, 3)
			j.Quality, j.Photos = quality, append([]engine.Photo{found}, people()[1:3]...)
			var first []byte
			for _, n := range []int{1, 2, 5} {
				runtime.GOMAXPROCS(n)
				_, got := draw(t, &Engine{short: 144}, j)
				if first == nil {
					first = got
				}
				if !bytes.Equal(first, got) {
					t.Errorf("%s, %s: %d processors draw other bytes than one", s.ID, quality, n)
				}
			}
		}
	}
}
