package photo

import (
	"bytes"
	"encoding/binary"
)

const exifPrefix = "Exif\x00\x00"

// Bounds of the Exif reader. Only the first directory is read; nothing in it
// points anywhere, so there is nothing to loop over.
const (
	maxExif    = 64 << 10
	maxEntries = 200
)

// Tags of the first directory (Exif 2.32, 4.6) and those Windows adds.
const (
	tagDescription = 0x010e
	tagMake        = 0x010f
	tagModel       = 0x0110
	tagOrientation = 0x0112
	tagDateTime    = 0x0132
	tagArtist      = 0x013b
	tagCopyright   = 0x8298
	tagExifIFD     = 0x8769
	tagGPSIFD      = 0x8825
	tagXPTitle     = 0x9c9b
	tagXPSubject   = 0x9c9f
)

// readExif takes the orientation from an Exif block and notes what else is in
// it. Nonsense is ignored: a broken block is no reason to refuse a photo.
func (h *Header) readExif(b []byte) {
	b = bytes.TrimPrefix(b, []byte(exifPrefix))
	if len(b) < 8 || len(b) > maxExif {
		return
	}
	var o binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		o = binary.LittleEndian
	case "MM\x00*":
		o = binary.BigEndian
	default:
		return
	}
	ifd := int64(o.Uint32(b[4:]))
	if ifd < 8 || ifd+2 > int64(len(b)) {
		return
	}
	n := min(int(o.Uint16(b[ifd:])), maxEntries)
	for e := b[ifd+2:]; n > 0 && len(e) >= 12; n, e = n-1, e[12:] {
		switch o.Uint16(e) {
		case tagOrientation:
			v := uint32(o.Uint16(e[8:]))
			if o.Uint16(e[2:]) == 4 { // LONG, against the standard, but seen
				v = o.Uint32(e[8:])
			}
			if v >= 1 && v <= 8 && h.Orientation == 1 {
				h.Orientation = int(v)
			}
		case tagGPSIFD:
			h.Removed.Location = true
		case tagMake, tagModel, tagDateTime, tagExifIFD:
			h.Removed.Camera = true
		case tagDescription, tagArtist, tagCopyright:
			h.Removed.Names = true
		default:
			if t := o.Uint16(e); t >= tagXPTitle && t <= tagXPSubject {
				h.Removed.Names = true
			}
		}
	}
}

// namesInXMP are properties that name or describe people.
var namesInXMP = []string{"dc:creator", "dc:title", "dc:description", "dc:subject", "dc:rights", "photoshop:", "Iptc4xmp", "mwg-rs:", "MP:Region", "PersonInImage"}

// readXMP notes what a packet is about. It is searched, never parsed.
func (h *Header) readXMP(b []byte) {
	b = b[:min(len(b), maxExif)]
	h.Removed.Text = true
	h.Removed.Location = h.Removed.Location || bytes.Contains(b, []byte("GPSLatitude"))
	for _, s := range namesInXMP {
		h.Removed.Names = h.Removed.Names || bytes.Contains(b, []byte(s))
	}
}
