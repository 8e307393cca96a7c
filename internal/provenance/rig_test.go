package provenance

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func issuer(t testing.TB, secret, host string) *Issuer {
	t.Helper()
	i, err := NewIssuer([]byte(secret), host)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func ours(t testing.TB) *Issuer {
	return issuer(t, "0123456789abcdef of this installation", "photos.example")
}
func others(t testing.TB) *Issuer {
	return issuer(t, "0123456789abcdef of an image service", "images.example")
}

func picture(t testing.TB, format string) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 48, 60))
	for y := range 60 {
		for x := range 48 {
			m.Set(x, y, color.RGBA{uint8(x * 5), uint8(y * 4), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	var err error
	if format == "png" {
		err = png.Encode(&b, m)
	} else {
		err = jpeg.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mark(t testing.TB, i *Issuer, data []byte, about About) []byte {
	t.Helper()
	if about.Software == "" {
		about.Software, about.Version, about.At = "Kinpict", "1.2.3", noon
	}
	out, err := i.Mark(data, about)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
