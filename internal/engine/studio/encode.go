package studio

import (
	"bytes"
	"fmt"
	"image/jpeg"

	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/srgb"
)

// density is the resolution written into pictures, dots an inch: 3072 pixels
// print 10.2 inches wide.
const density = 300

// encode writes a JPEG that says its colour space and its size on paper.
func encode(m *raster.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(m.W * m.H / 4)
	if err := jpeg.Encode(&b, m.YCbCr(), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return srgb.JPEG(b.Bytes(), density), nil
}
