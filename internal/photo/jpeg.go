package photo

import (
	"bytes"
	"encoding/binary"

	"kinpict"
)

// JPEG markers, ITU-T T.81 table B.1.
const (
	markerSOF0  = 0xc0
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP2  = 0xe2
	markerAPP13 = 0xed
	markerAPP14 = 0xee
	markerCOM   = 0xfe
)

// A component is one colour channel of a JPEG frame.
type component struct {
	id   byte
	h, v int   // sampling factors
	n    int64 // samples, padded to whole units of the frame
}

// frame is what a JPEG says before its first scan.
type frame struct {
	comps       []component
	progressive bool
	jfif, adobe bool
	transform   byte // of the Adobe marker
	profile     iccChunks
}

// readJPEG walks over every marker up to the end of the image, in the way
// image/jpeg will: bytes between segments are skipped, and so is scan data,
// in which a marker cannot occur.
func (h *Header) readJPEG(data []byte, lim Limits) error {
	var f frame
	for p := 2; ; {
		i := bytes.IndexByte(data[p:], 0xff)
		if i < 0 || p+i+1 >= len(data) {
			return truncated("jpeg: no end of image")
		}
		p += i + 1
		for p < len(data) && data[p] == 0xff {
			p++
		}
		if p == len(data) {
			return truncated("jpeg: no end of image")
		}
		m := data[p]
		p++
		if m == 0 || m >= markerRST0 && m <= markerRST7 {
			continue
		}
		if m == markerEOI {
			if h.Scans == 0 {
				return corrupt("jpeg: no scan")
			}
			h.Removed.Extra = p < len(data)
			h.profile = f.profile.join()
			return nil
		}
		if p+2 > len(data) {
			return truncated("jpeg: cut in a segment")
		}
		n := int(binary.BigEndian.Uint16(data[p:]))
		if n < 2 {
			return corrupt("jpeg: segment length below 2")
		}
		if p+n > len(data) {
			return truncated("jpeg: cut in a segment")
		}
		seg := data[p+2 : p+n]
		p += n
		if err := h.jpegSegment(&f, m, seg, lim); err != nil {
			return err
		}
	}
}

func (h *Header) jpegSegment(f *frame, m byte, seg []byte, lim Limits) error {
	switch {
	case m >= markerSOF0 && m <= markerSOF2:
		return h.jpegFrame(f, m, seg, lim)
	case m == markerDHT:
	case m > markerSOF2 && m <= markerSOF15:
		return unsupported("The photo uses lossless, hierarchical or arithmetic JPEG coding, which cannot be read here.")
	case m == markerSOS:
		return h.jpegScan(f, seg)
	case m == markerAPP0:
		f.jfif = bytes.HasPrefix(seg, []byte("JFIF\x00"))
	case m == markerAPP1:
		switch {
		case bytes.HasPrefix(seg, []byte(exifPrefix)):
			h.readExif(seg)
		case bytes.HasPrefix(seg, []byte("http://ns.adobe.com/")):
			h.readXMP(seg)
		}
	case m == markerAPP2:
		f.profile.add(seg)
	case m == markerAPP13:
		// Photoshop's resource 0x0404 is IPTC: by-line, caption, keywords.
		h.Removed.Names = h.Removed.Names || bytes.Contains(seg, []byte("8BIM\x04\x04"))
	case m == markerAPP14:
		if len(seg) >= 12 && string(seg[:5]) == "Adobe" {
			f.adobe, f.transform = true, seg[11]
		}
	case m == markerCOM:
		h.Removed.Text = true
	}
	return nil
}

func (h *Header) jpegFrame(f *frame, m byte, seg []byte, lim Limits) error {
	if f.comps != nil {
		return corrupt("jpeg: two frames")
	}
	if len(seg) < 6 || len(seg) != 6+3*int(seg[5]) {
		return corrupt("jpeg: frame header of wrong length")
	}
	if seg[0] != 8 {
		return unsupported("The photo uses JPEG with more than 8 bits a channel, which cannot be read here.")
	}
	h.Height = int(binary.BigEndian.Uint16(seg[1:]))
	h.Width = int(binary.BigEndian.Uint16(seg[3:]))
	if h.Width == 0 || h.Height == 0 {
		return corrupt("jpeg: a side of 0 pixels")
	}
	if n := seg[5]; n != 1 && n != 3 && n != 4 {
		return unsupported("The photo uses JPEG with an unusual number of channels, which cannot be read here.")
	}
	f.progressive = m == markerSOF2
	f.comps = make([]component, seg[5])
	for i := range f.comps {
		c := component{id: seg[6+3*i], h: int(seg[7+3*i] >> 4), v: int(seg[7+3*i] & 15)}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return corrupt("jpeg: sampling factor out of range")
		}
		if len(f.comps) == 1 {
			c.h, c.v = 1, 1 // one channel is never subsampled, T.81 A.2.2
		}
		f.comps[i] = c
	}
	if err := lim.checkSize(h.Width, h.Height); err != nil {
		return err
	}
	// As image/jpeg counts: whole units of the first channel's sampling.
	mx := int64((h.Width + 8*f.comps[0].h - 1) / (8 * f.comps[0].h))
	my := int64((h.Height + 8*f.comps[0].v - 1) / (8 * f.comps[0].v))
	for i := range f.comps {
		c := &f.comps[i]
		c.n = 64 * mx * my * int64(c.h) * int64(c.v)
		h.Cost += c.n
	}
	if f.progressive {
		h.Cost *= 5
	}
	return nil
}

func (h *Header) jpegScan(f *frame, seg []byte) error {
	if f.comps == nil {
		return corrupt("jpeg: scan before frame")
	}
	if len(seg) < 6 || len(seg) != 4+2*int(seg[0]) {
		return corrupt("jpeg: scan header of wrong length")
	}
	if h.Scans == 0 {
		h.Cost += f.copyCost(int64(h.Width) * int64(h.Height))
		if len(f.comps) == 4 && !f.adobe {
			return &kinpict.Error{Code: kinpict.UnsupportedEncoding,
				Message: "The photo has four channels and does not say which colours they are.",
				Hint:    "Open the photo on your device and save it as an ordinary JPEG or PNG."}
		}
	}
	h.Scans++
	for i := range int(seg[0]) {
		for _, c := range f.comps {
			if c.id == seg[1+2*i] {
				h.samples += c.n
			}
		}
	}
	return nil
}

// copyCost is the second copy image/jpeg makes of CMYK and RGB pictures.
func (f *frame) copyCost(pixels int64) int64 {
	c := f.comps
	switch {
	case len(c) == 4,
		len(c) == 3 && !f.jfif && f.adobe && f.transform == 0,
		len(c) == 3 && !f.jfif && c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B':
		return 4 * pixels
	}
	return 0
}
