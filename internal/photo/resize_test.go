package photo

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// ramp grows brighter from left to right, so that a mirrored or shifted copy shows.
func ramp(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(255 * x / w), uint8(255 * x / w), 128, 255})
		}
	}
	return m
}

func TestResize(t *testing.T) {
	var p, j bytes.Buffer
	if err := png.Encode(&p, ramp(400, 300)); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, ramp(400, 300), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		data   []byte
		side   int
		format string
		w, h   int
	}{
		{"smaller JPEG", j.Bytes(), 200, "jpeg", 200, 150},
		{"smaller PNG", p.Bytes(), 200, "png", 200, 150},
		{"JPEG as PNG", j.Bytes(), 0, "png", 400, 300},
		{"PNG as smaller JPEG", p.Bytes(), 64, "jpeg", 64, 48},
		{"never larger", j.Bytes(), 4096, "jpeg", 400, 300},
		{"odd size", p.Bytes(), 101, "png", 101, 76},
	} {
		out, err := Resize(context.Background(), c.data, c.side, c.format)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m, format, err := image.Decode(bytes.NewReader(out))
		if err != nil || format != c.format || m.Bounds() != image.Rect(0, 0, c.w, c.h) {
			t.Errorf("%s: %s %v, %v; want %s %dx%d", c.name, format, m.Bounds(), err, c.format, c.w, c.h)
			continue
		}
		for _, x := range []int{c.w / 10, c.w / 2, c.w * 9 / 10} {
			r, _, _, _ := m.At(x, c.h/2).RGBA()
			if got, want := int(r>>8), 255*x/c.w; got < want-6 || got > want+6 {
				t.Errorf("%s: at %d of %d it is %d bright, want %d", c.name, x, c.w, got, want)
			}
		}
	}
}

func TestResizeRefuses(t *testing.T) {
	var p bytes.Buffer
	if err := png.Encode(&p, ramp(40, 30)); err != nil {
		t.Fatal(err)
	}
	if _, err := Resize(context.Background(), p.Bytes(), 0, "gif"); err == nil {
		t.Error("made a GIF")
	}
	if _, err := Resize(context.Background(), p.Bytes()[:p.Len()/2], 0, "png"); err == nil {
		t.Error("made a picture from half a one")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Resize(ctx, p.Bytes(), 10, "png"); err != context.Canceled {
		t.Errorf("after the client left: %v", err)
	}
}
