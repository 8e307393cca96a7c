package provenance

import "strings"

// vocabulary is IPTC's list of digital source types.
const vocabulary = "http://cv.iptc.org/newscodes/digitalsourcetype/"

// Source types that are written. Captured: "mix or composite of several elements
// that are all captures of real life", which is what an arrangement of photos
// is; its borders and letters are no claim to be seen. Redrawn: captured
// elements changed or added to by a trained model.
const (
	Captured = vocabulary + "compositeCapture"
	Redrawn  = vocabulary + "compositeWithTrainedAlgorithmicMedia"
)

// sourceWords puts the terms into words; their last parts are the keys.
var sourceWords = map[string]string{
	"compositeCapture":                     "An arrangement of real photos. No image model redrew anything.",
	"compositeWithTrainedAlgorithmicMedia": "Made from real photos, with parts drawn by an image model.",
	"trainedAlgorithmicMedia":              "Drawn by an image model.",
	"compositeSynthetic":                   "Put together from several parts, some of them drawn by an image model.",
	"composite":                            "Put together from several parts, which may be real photos or drawn by an image model.",
	"algorithmicMedia":                     "Drawn by a program, without an image model.",
	"algorithmicallyEnhanced":              "A real photo, improved by a program.",
	"digitalCapture":                       "A real photo from a camera.",
	"computationalCapture":                 "A real photo that a camera put together from several shots.",
	"humanEdits":                           "A real photo, edited by a person.",
	"minorHumanEdits":                      "A real photo, lightly edited by a person.",
	"digitalCreation":                      "Drawn by a person on a computer.",
	"digitalArt":                           "Drawn by a person on a computer.",
	"negativeFilm":                         "A scan of a film negative.",
	"positiveFilm":                         "A scan of a slide.",
	"print":                                "A scan of a print.",
	"screenCapture":                        "A picture of a screen.",
}

// SourceWords says in a sentence what a digital source type means, "" for one
// that is not known.
func SourceWords(term string) string {
	return sourceWords[term[strings.LastIndexByte(term, '/')+1:]]
}

// trained reports whether a source type says that an image model took part.
func trained(term string) bool {
	switch term[strings.LastIndexByte(term, '/')+1:] {
	case "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic":
		return true
	}
	return false
}

// Actions of the C2PA vocabulary that are written.
const (
	created    = "c2pa.created"
	opened     = "c2pa.opened"
	Converted  = "c2pa.converted"  // another format
	Resized    = "c2pa.resized"    // other pixels
	Transcoded = "c2pa.transcoded" // encoded anew in the same format
)

// actionWords puts C2PA actions into words.
var actionWords = map[string]string{
	created:                  "made",
	opened:                   "opened",
	Converted:                "saved in another format",
	Resized:                  "changed in size",
	Transcoded:               "compressed anew",
	"c2pa.cropped":           "cropped",
	"c2pa.edited":            "edited",
	"c2pa.edited.metadata":   "labelled",
	"c2pa.color_adjustments": "adjusted in colour",
	"c2pa.filtered":          "filtered",
	"c2pa.placed":            "put together with another picture",
	"c2pa.published":         "published",
	"c2pa.watermarked":       "watermarked",
}

// previewNote is how a guest's preview is told apart, in words for people and,
// as previewKey in an action's parameters, for programs.
const (
	previewNote = "Free preview: smaller, and visibly marked as a preview."
	previewKey  = "org.kinpict.preview"
)
