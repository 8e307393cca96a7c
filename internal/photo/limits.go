package photo

import (
	"fmt"
	"math"
	"strconv"

	"kinpict"
)

// What every normalised photo looks like: JPEG of 8 bits, 4:2:0, without any
// marker that is not needed to decode it.
const (
	OutputSide = 4096 // longest side of the picture, pixels
	ThumbSide  = 480  // longest side of the thumbnail, pixels
	Quality    = 90   // JPEG quality of the picture

	thumbQuality = 80
)

const mib = 1 << 20

// Limits bound what one upload may cost. The zero value refuses everything;
// start from DefaultLimits.
type Limits struct {
	Bytes  int // of the file; 20 MiB
	Pixels int // width times height; 50,000,000, so that 48 MP phones pass
	Side   int // of the longer side, pixels; 16,384
	Short  int // at least, of the shorter side, pixels; 256
	Aspect int // longer side to shorter side, at most; 10

	// Decode is the memory a decoder would need, in bytes; 384 MiB. It is
	// computed from the header, see Header.Cost.
	Decode int64

	// Scans of a JPEG; 100. Real progressive files have about ten. Each scan
	// walks over the whole picture, however few bytes it takes in the file.
	Scans int

	// Samples visited over all scans of a JPEG; 1,000 million, a few seconds
	// at worst. The standard progressive script on 50 MP visits 400 million.
	Samples int64
}

// DefaultLimits are the published ones.
func DefaultLimits() Limits {
	return Limits{
		Bytes:   20 * mib,
		Pixels:  50_000_000,
		Side:    16_384,
		Short:   256,
		Aspect:  10,
		Decode:  384 * mib,
		Scans:   100,
		Samples: 1_000_000_000,
	}
}

// checkBytes refuses by the length of the file alone.
func (l Limits) checkBytes(n int) error {
	if n == 0 {
		return fault(kinpict.FileEmpty, "Choose the photo again; if it lies in a cloud folder, download it first.",
			"The file is empty.")
	}
	if n > l.Bytes {
		return fault(kinpict.FileTooLarge, "Save the photo smaller or with stronger compression, then add it again.",
			"The file has %s MiB, the limit is %s MiB.", above(float64(n)/mib), above(float64(l.Bytes)/mib))
	}
	return nil
}

// checkSize refuses by the size in pixels. Both sides are positive; they may
// be as large as a header can claim, so nothing is multiplied before it fits.
func (l Limits) checkSize(w, h int) error {
	long, short := int64(max(w, h)), int64(min(w, h))
	if short < int64(l.Short) {
		return fault(kinpict.ImageTooSmall, "Use the original photo rather than a thumbnail or a screenshot of it.",
			"The photo is %d x %d pixels, the shorter side must have at least %d.", w, h, l.Short)
	}
	if long > short*int64(l.Aspect) {
		return fault(kinpict.ImageAspect, "Crop the photo to the people in it.",
			"The photo is %d x %d pixels, %s times as long as wide; the limit is %d times.", w, h, above(float64(long)/float64(short)), l.Aspect)
	}
	const smaller = "Set the camera to a smaller size, or save the photo with fewer pixels."
	if px := float64(long) * float64(short); px > float64(l.Pixels) {
		return fault(kinpict.ImageTooManyPixels, smaller,
			"The photo has %s MP (%d x %d pixels), the limit is %s MP.", above(px/1e6), w, h, above(float64(l.Pixels)/1e6))
	}
	if long > int64(l.Side) {
		return fault(kinpict.ImageTooManyPixels, smaller,
			"The longer side of the photo has %d pixels, the limit is %d.", long, l.Side)
	}
	return nil
}

// checkWork refuses by what decoding would take.
func (l Limits) checkWork(h Header) error {
	if h.Cost > l.Decode {
		return fault(kinpict.ImageTooManyPixels, "Save the photo as an ordinary JPEG, or with fewer pixels.",
			"Decoding this photo of %s MP would take %s MiB of memory, the limit is %s MiB.",
			above(float64(h.Width)*float64(h.Height)/1e6), above(float64(h.Cost)/mib), above(float64(l.Decode)/mib))
	}
	if h.Scans > l.Scans {
		return fault(kinpict.ImageTooComplex, saveAnew,
			"The JPEG is stored in %d scans, the limit is %d.", h.Scans, l.Scans)
	}
	if h.samples > l.Samples {
		return fault(kinpict.ImageTooComplex, saveAnew,
			"Decoding this JPEG means %s million steps, the limit is %s million.", above(float64(h.samples)/1e6), above(float64(l.Samples)/1e6))
	}
	return nil
}

// fault words a refusal. An argument is a number or a whole sentence: other words
// in it would stay English in every language.
func fault(code kinpict.Code, hint, format string, a ...any) *kinpict.Error {
	return &kinpict.Error{Code: code, Message: fmt.Sprintf(format, a...), Hint: hint}
}

const saveAnew = "Open the photo on your device, save it as a new JPEG, then add that."

const sendAgain = "Add the original photo again. If it opens on your device, saving it there as a new JPEG helps."

// corrupt blames the file; why is for the log.
func corrupt(why string) *kinpict.Error {
	e := fault(kinpict.ImageCorrupt, sendAgain, "The photo is damaged and cannot be read.")
	e.Err = fmt.Errorf("photo: %s", why)
	return e
}

func truncated(why string) *kinpict.Error {
	e := fault(kinpict.ImageTruncated, sendAgain, "The file ends before the photo does; part of it is missing.")
	e.Err = fmt.Errorf("photo: %s", why)
	return e
}

// unsupported says as one sentence what the photo has that cannot be read here.
func unsupported(says string) *kinpict.Error {
	return fault(kinpict.UnsupportedEncoding, "Open the photo on your device and save it as an ordinary JPEG or PNG.", "%s", says)
}

// above writes v with at most two decimals, rounded up, so that a value just
// over a limit never reads like the limit itself.
func above(v float64) string {
	return strconv.FormatFloat(math.Ceil(v*100-1e-9)/100, 'f', -1, 64)
}
