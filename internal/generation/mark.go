package generation

import "time"

// A Marker writes into a picture, where machines read it, what the picture is
// and where it comes from, and signs that.
type Marker interface {
	// Mark returns data, an image/jpeg or image/png, with its marks. The same
	// input gives the same bytes.
	Mark(data []byte, contentType string, about About) ([]byte, error)
}

// About is what is known of a file that is to be marked.
type About struct {
	// Generative: a trained model redrew people, so this is no mere arrangement
	// of photos.
	Generative bool
	// Preview: a guest's free sample.
	Preview bool
	// At is when the picture was made. Zero names no time, which keeps a file
	// that is made on demand the same each time.
	At time.Time
	// From is the marked file that data was made from, nil for a new picture.
	// Its marks are kept beside the new ones, and it decides Generative and
	// Preview.
	From []byte
	// Changes is what was done to From, in order.
	Changes []Change
}

// A Change is one step from a stored picture to a derived file.
type Change string

const (
	Converted Change = "converted" // another format
	Resized   Change = "resized"   // other pixels
)
