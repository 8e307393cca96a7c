package photo

import (
	"bytes"
	"encoding/binary"

	"kinpict"
)

// Media types that are accepted.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	WebP = "image/webp"
	HEIC = "image/heic"
)

// Types are they all, as published.
func Types() []string { return []string{JPEG, PNG, WebP, HEIC} }

const accepted = "Use a JPEG, PNG, WebP or HEIC photo."

const howToJPEG = "On an iPhone choose Settings, Camera, Formats, Most Compatible, or share the photo as JPEG; " +
	"on Android switch off the high efficiency format in the camera settings. Use a JPEG, PNG, WebP or HEIC photo."

// sniff decides by content alone what the file is. The name and the declared
// type of an upload are never asked.
func sniff(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return PNG, nil
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return WebP, nil
	}
	says, hint := "This file is not a photo we can read.", accepted
	if brand := isoBrand(data); brand != "" {
		switch brand {
		case "HEIC":
			return HEIC, nil
		case "film":
			return "", animated()
		case "AVIF":
			says, hint = "This file is an AVIF picture, which cannot be read here.", howToJPEG
		default:
			says = "This file is a video."
		}
	}
	for _, k := range known {
		if bytes.HasPrefix(data, []byte(k.magic)) {
			says = k.says
		}
	}
	return "", fault(kinpict.UnsupportedMediaType, hint, "%s", says)
}

// known are files people send by mistake, named so that they see which. Each has a
// sentence of its own, since a language bends the words around a name.
var known = []struct{ magic, says string }{
	{"GIF8", "This file is a GIF."},
	{"BM", "This file is a BMP picture."},
	{"II*\x00", "This file is a TIFF or raw camera picture."},
	{"MM\x00*", "This file is a TIFF or raw camera picture."},
	{"8BPS", "This file is a Photoshop document."},
	{"%PDF", "This file is a PDF document."},
	{"%!PS", "This file is a PostScript document."},
	{"PK\x03\x04", "This file is an archive or office document."},
	{"\x1f\x8b", "This file is a compressed file."},
	{"<svg", "This file is an SVG drawing."},
	{"<?xml", "This file is an XML or SVG document."},
	{"\x00\x00\x01\x00", "This file is an icon."},
	{"\x7fELF", "This file is a program."},
	{"MZ", "This file is a program."},
}

// isoBrand reads the file type box of an ISO base media file: "HEIC", "AVIF",
// "film" for a sequence of HEIC pictures without a still, another non-empty
// word for a video, or "" when it is no such file. Chat apps
// send HEIC under .jpg, so the box is the only thing to go by.
func isoBrand(data []byte) string {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return ""
	}
	end := min(int(binary.BigEndian.Uint32(data)), len(data), 256)
	heif, film := false, false
	for i := 8; i+4 <= end; i += 4 {
		switch string(data[i : i+4]) {
		case "avif", "avis":
			return "AVIF"
		case "heic", "heix", "heim", "heis", "mif1":
			heif = true
		case "hevc", "hevx", "hevm", "hevs", "msf1":
			film = true
		}
	}
	switch {
	case heif:
		return "HEIC"
	case film:
		return "film"
	}
	return "video"
}
