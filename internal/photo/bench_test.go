package photo

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"
)

func photograph(b *testing.B) []byte {
	b.Helper()
	data, err := photographed()
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// photographed is a synthetic 12 MP JPEG with edges, gradients and grain.
func photographed() ([]byte, error) {
	m := image.NewRGBA(image.Rect(0, 0, 4000, 3000))
	noise := uint32(1)
	for y := range 3000 {
		for x := range 4000 {
			noise = noise*1664525 + 1013904223
			v := 128 + 60*math.Sin(float64(x)/37)*math.Cos(float64(y)/53) + float64(noise>>28)
			m.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v * 0.9), uint8(float64(y) / 3000 * 200), 255})
		}
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 92})
	return out.Bytes(), err
}

func BenchmarkNormalise12MP(b *testing.B) {
	data := photograph(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Normalise(context.Background(), data, DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInspect12MP(b *testing.B) {
	data := photograph(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Inspect(data, DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
