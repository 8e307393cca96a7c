package photo

import (
	"encoding/binary"

	"kinpict"
)

// readPNG walks over the chunks. None is inflated except the colour profile,
// and that only up to its limit; checksums are left to image/png.
func (h *Header) readPNG(data []byte, lim Limits) error {
	var depth, colour, interlace byte
	var alpha, pixels bool
	for p := 8; ; {
		if p+8 > len(data) {
			return truncated("png: no end chunk")
		}
		n := int64(binary.BigEndian.Uint32(data[p:]))
		kind := string(data[p+4 : p+8])
		if int64(p)+12+n > int64(len(data)) {
			return truncated("png: cut in chunk " + kind)
		}
		body := data[p+8 : p+8+int(n)]
		if (p == 8) != (kind == "IHDR") {
			return corrupt("png: IHDR is not the first chunk, or not alone")
		}
		p += 12 + int(n)
		switch kind {
		case "IHDR":
			if n != 13 {
				return corrupt("png: IHDR of wrong length")
			}
			w, ht := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w == 0 || ht == 0 || w > 1<<31-1 || ht > 1<<31-1 {
				return corrupt("png: a side of 0 pixels or more than 2^31-1")
			}
			h.Width, h.Height = int(w), int(ht)
			depth, colour, interlace = body[8], body[9], body[12]
			if !pngDepth(colour, depth) {
				return corrupt("png: no such colour type and depth")
			}
			if err := lim.checkSize(h.Width, h.Height); err != nil {
				return err
			}
		case "tRNS":
			alpha = true
		case "IDAT":
			pixels = true
		case "acTL":
			if n >= 4 && binary.BigEndian.Uint32(body) > 1 {
				return animated()
			}
		case "eXIf":
			h.readExif(body)
		case "iCCP":
			h.profile = inflateProfile(body)
		case "tEXt", "zTXt":
			h.Removed.Text = true
		case "iTXt":
			if len(body) > 17 && string(body[:17]) == "XML:com.adobe.xmp" {
				h.readXMP(body)
			} else {
				h.Removed.Text = true
			}
		case "IEND":
			if !pixels {
				return corrupt("png: no pixels")
			}
			h.Removed.Extra = p < len(data)
			h.Cost = int64(h.Width) * int64(h.Height) * pngPixel(colour, depth, alpha)
			if interlace != 0 {
				h.Cost *= 2 // seven passes hold every pixel once more
			}
			return nil
		}
	}
}

// pngDepth reports whether a colour type comes in a bit depth (PNG, table 11.1).
func pngDepth(colour, depth byte) bool {
	switch colour {
	case 0:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16
	case 3:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8
	case 2, 4, 6:
		return depth == 8 || depth == 16
	}
	return false
}

// pngPixel is how many bytes image/png holds for a pixel.
func pngPixel(colour, depth byte, alpha bool) int64 {
	switch {
	case colour == 3:
		return 1
	case colour == 0 && !alpha:
		return max(1, int64(depth)/8)
	case depth == 16:
		return 8
	}
	return 4
}

func animated() *kinpict.Error {
	return fault(kinpict.ImageAnimated, "Save one frame as a JPEG or PNG, then add that.", "This file is an animation, not a still photo.")
}
