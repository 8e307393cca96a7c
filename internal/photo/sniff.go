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
	"on Android switch off the high efficiency format in the camera settings. " + accepted

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
	name, hint := "not a photo we can read", accepted
	if brand := isoBrand(data); brand != "" {
		switch brand {
		case "HEIC":
			return HEIC, nil
		case "film":
			return "", animated()
		case "AVIF":
			name, hint = "an AVIF picture, which cannot be read here", howToJPEG
		default:
			name = "a video"
		}
	}
	for _, k := range known {
		if bytes.HasPrefix(data, []byte(k.magic)) {
			name = k.name
		}
	}
	return "", fault(kinpict.UnsupportedMediaType, hint, "This file is %s.", name)
}

// known are files people send by mistake, named so that they see which.
var known = []struct{ magic, name string }{
	{"GIF8", "a GIF"},
	{"BM", "a BMP picture"},
	{"II*\x00", "a TIFF or raw camera picture"},
	{"MM\x00*", "a TIFF or raw camera picture"},
	{"8BPS", "a Photoshop document"},
	{"%PDF", "a PDF document"},
	{"%!PS", "a PostScript document"},
	{"PK\x03\x04", "an archive or office document"},
	{"\x1f\x8b", "a compressed file"},
	{"<svg", "an SVG drawing"},
	{"<?xml", "an XML or SVG document"},
	{"\x00\x00\x01\x00", "an icon"},
	{"\x7fELF", "a program"},
	{"MZ", "a program"},
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
