package photo

import "encoding/binary"

// readWebP walks over the RIFF chunks up to the end of the container.
func (h *Header) readWebP(data []byte, lim Limits) error {
	end := min(8+int64(binary.LittleEndian.Uint32(data[4:])), int64(len(data)))
	found := false
	alpha := int64(-1) // bytes of the alpha chunk
	for p := int64(12); p+8 <= end; {
		kind := string(data[p : p+4])
		n := int64(binary.LittleEndian.Uint32(data[p+4:]))
		if p+8+n > end {
			if found {
				break // the picture is whole, only what follows it is cut
			}
			if p+8+n > int64(len(data)) {
				return truncated("webp: cut in chunk " + kind)
			}
			return corrupt("webp: chunk longer than its container")
		}
		body := data[p+8 : p+8+n]
		p += 8 + n + n&1
		switch kind {
		case "VP8X":
			if n > 0 && body[0]&2 != 0 {
				return animated()
			}
		case "ANIM", "ANMF":
			return animated()
		case "ALPH":
			alpha = n
		case "VP8 ", "VP8L":
			if found {
				continue
			}
			found = true
			if err := h.webpFrame(kind, body, alpha, lim); err != nil {
				return err
			}
		case "EXIF":
			h.readExif(body)
		case "XMP ":
			h.readXMP(body)
		case "ICCP":
			if n <= maxProfile {
				h.profile = body
			}
		}
	}
	if !found {
		return truncated("webp: no picture")
	}
	h.Removed.Extra = h.Removed.Extra || end < int64(len(data))
	return nil
}

func (h *Header) webpFrame(kind string, body []byte, alpha int64, lim Limits) error {
	if kind == "VP8 " {
		// RFC 6386, 9.1: bit 0 clear for a key frame, then a start code.
		if len(body) < 10 || body[0]&1 != 0 || string(body[3:6]) != "\x9d\x01\x2a" {
			return corrupt("webp: no key frame")
		}
		h.Width = int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff)
		h.Height = int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff)
		h.video = true
	} else {
		if len(body) < 5 || body[0] != 0x2f {
			return corrupt("webp: no lossless signature")
		}
		bits := binary.LittleEndian.Uint32(body[1:])
		h.Width, h.Height = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	}
	if h.Width == 0 || h.Height == 0 {
		return corrupt("webp: a side of 0 pixels")
	}
	if err := lim.checkSize(h.Width, h.Height); err != nil {
		return err
	}
	px := int64(h.Width) * int64(h.Height)
	// Lossless data and alpha planes decode to 4 bytes a pixel, 7 with a packed
	// palette and the transforms, and up to 2,600 groups of Huffman trees of
	// 52 KB, which take at least a byte of the file for each 256 of theirs.
	trees := func(n int64) int64 { return min(256*n, 132*mib) }
	if kind == "VP8L" {
		h.Cost = 7*px + trees(int64(len(body)))
		return nil
	}
	h.Cost = 3 * (px + 32*int64(h.Width+h.Height) + 1024) / 2 // whole macroblocks
	if alpha >= 0 {
		h.Cost += 8*px + trees(alpha)
	}
	return nil
}
