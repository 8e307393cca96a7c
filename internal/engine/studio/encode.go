package studio

import (
	"bytes"
	"fmt"
	"image/jpeg"

	"kinpict/internal/engine/studio/raster"
)

// density is the resolution written into pictures, dots an inch: 3072 pixels
// print 10.2 inches wide.
const density = 300

// encode writes a JPEG with a JFIF header, which Go's encoder leaves out.
func encode(m *raster.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(m.W * m.H / 4)
	if err := jpeg.Encode(&b, m.RGBA(), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	header := []byte{0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 2, 1, density >> 8, density & 255, density >> 8, density & 255, 0, 0}
	raw := b.Bytes()
	out := make([]byte, 0, len(raw)+len(header))
	out = append(out, raw[:2]...)
	out = append(out, header...)
	return append(out, raw[2:]...), nil
}
