package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// A container is what the outside of a picture tells before anything is decoded.
type container struct {
	format        string // jpeg, png, webp
	width, height int
	cost          int // bytes a decoder would take, estimated from above
	scans         int // JPEG only
	animated      bool
	unclean       bool // holds a segment or chunk that is not kept, or bytes after its end
}

// keptSegment reports whether a JPEG segment may reach a customer as it came:
// tables and frames, JFIF, XMP, colour profile, C2PA (APP11) and Adobe's colour
// transform. Exif may hold a place, comments hold anything.
func keptSegment(marker byte, body []byte) bool {
	switch marker {
	case 0xe0:
		return bytes.HasPrefix(body, []byte("JFIF\x00"))
	case 0xe1:
		return bytes.HasPrefix(body, []byte("http://ns.adobe.com/xap/1.0/\x00"))
	case 0xe2:
		return bytes.HasPrefix(body, []byte("ICC_PROFILE\x00"))
	case 0xeb:
		return bytes.HasPrefix(body, []byte("JP"))
	case 0xee:
		return bytes.HasPrefix(body, []byte("Adobe"))
	}
	return marker < 0xe0 && marker != 0xdc // DNL would change the height after the fact
}

// maxProfile and maxText bound chunks that others will inflate or parse.
const (
	maxProfile = 16 << 10
	maxText    = 64 << 10
)

// keptChunk is keptSegment for PNG. Text chunks other than XMP are where local
// servers write the whole prompt.
func keptChunk(name string, body []byte) bool {
	switch name {
	case "IHDR", "PLTE", "tRNS", "IDAT", "gAMA", "cHRM", "sRGB", "cICP", "sBIT", "pHYs", "caBX":
		return true
	case "iCCP":
		return len(body) <= maxProfile
	case "iTXt":
		return len(body) <= maxText && bytes.HasPrefix(body, []byte("XML:com.adobe.xmp\x00\x00"))
	}
	return false
}

// inspect walks the markers or chunks of a picture without inflating any.
// It fails on anything that is not a whole JPEG, PNG or WebP.
func inspect(data []byte) (container, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return inspectJPEG(data)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return inspectPNG(data)
	case len(data) > 16 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return inspectWebP(data)
	}
	return container{}, errors.New("neither JPEG, PNG nor WebP")
}

// inspectJPEG follows ITU-T T.81, annex B: marker segments with a length, and
// after each start of scan entropy-coded bytes up to the next real marker.
func inspectJPEG(data []byte) (container, error) {
	c := container{format: "jpeg"}
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return c, err
	}
	c.width, c.height = cfg.Width, cfg.Height
	samples, components := cfg.Width*cfg.Height*3, 3
	progressive := false
	for i := 2; ; {
		if i+1 >= len(data) {
			return c, errors.New("cut JPEG: no end of image")
		}
		if data[i] != 0xff {
			i++ // entropy-coded data, or padding a decoder would skip
			continue
		}
		m := data[i+1]
		switch {
		case m == 0xd9:
			c.unclean = c.unclean || i+2 < len(data)
			c.cost = samples
			if components == 4 {
				c.cost = c.width * c.height * 4 * 2 // planes, then the interleaved copy
			}
			if progressive {
				c.cost *= 5 // one byte a sample becomes a 32-bit coefficient beside it
			}
			return c, nil
		case m == 0xff:
			i++
			continue
		case m == 0, m == 1, m >= 0xd0 && m <= 0xd8:
			i += 2 // stuffed byte, restart, or a marker without a length
			continue
		}
		if i+4 > len(data) {
			return c, errors.New("cut JPEG: half a segment")
		}
		n := int(binary.BigEndian.Uint16(data[i+2:]))
		if n < 2 || i+2+n > len(data) {
			return c, errors.New("cut JPEG: a segment runs past the end")
		}
		body := data[i+4 : i+2+n]
		switch {
		case m == 0xda:
			c.scans++
		case !keptSegment(m, body):
			c.unclean = true
		case m >= 0xc0 && m <= 0xc2:
			progressive = m == 0xc2
			if len(body) >= 6 {
				components = int(body[5])
			}
		}
		i += 2 + n
	}
}

// inspectPNG follows the PNG specification, third edition: chunks of a length,
// a name, bytes and a checksum. acTL marks an animation.
func inspectPNG(data []byte) (container, error) {
	c := container{format: "png"}
	cfg, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return c, err
	}
	c.width, c.height = cfg.Width, cfg.Height
	c.cost = cfg.Width * cfg.Height * 4
	for i := 8; ; {
		if i+12 > len(data) {
			return c, errors.New("cut PNG: no IEND")
		}
		n := int(binary.BigEndian.Uint32(data[i:]))
		if n > len(data)-i-12 {
			return c, errors.New("cut PNG: a chunk runs past the end")
		}
		switch name := string(data[i+4 : i+8]); name {
		case "IHDR":
			if n > 8 && data[i+16] == 16 {
				c.cost *= 2
			}
		case "acTL":
			c.animated = true
		case "IEND":
			c.unclean = c.unclean || i+12 < len(data)
			return c, nil
		default:
			c.unclean = c.unclean || !keptChunk(name, data[i+8:i+8+n])
		}
		i += 12 + n
	}
}

// inspectWebP reads what RFC 9649 puts into the first chunk; WebP is always
// encoded anew, so nothing after it matters here.
func inspectWebP(data []byte) (container, error) {
	c := container{format: "webp"}
	if string(data[12:16]) == "VP8X" && len(data) > 20 && data[20]&0x02 != 0 {
		c.animated = true
	}
	cfg, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return c, fmt.Errorf("webp: %w", err)
	}
	c.width, c.height, c.cost = cfg.Width, cfg.Height, cfg.Width*cfg.Height*4
	return c, nil
}
