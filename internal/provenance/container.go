package provenance

import (
	"bytes"
	"errors"
	"fmt"
)

// A span is a range of bytes of a file.
type span struct{ start, end int }

// carrier is a picture file taken apart: where its marks lie, and what is left
// without them.
type carrier struct {
	format string // jpeg, png
	store  []byte // the manifest store, nil where there is none
	spans  []span // where it lies
	tidy   bool   // the store lies as it is written here
	xmp    []byte
	head   []byte // up to where marks are put
	tail   []byte // after that, without marks
}

var (
	errFormat  = errors.New("neither JPEG nor PNG")
	errDamaged = errors.New("damaged file")
)

// open takes a file apart. It fails with errFormat, or with errDamaged where
// the file does not hold together.
func open(data []byte) (*carrier, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return openJPEG(data)
	case bytes.HasPrefix(data, []byte(pngMagic)):
		return openPNG(data)
	}
	return nil, errFormat
}

// build puts the file together with an XMP packet and a manifest store, and
// says where the store lies.
func (c *carrier) build(xmp, store []byte) ([]byte, span) {
	pack := packJPEG
	if c.format == "png" {
		pack = packPNG
	}
	x, s := pack(xmp, store)
	out := make([]byte, 0, len(c.head)+len(x)+len(s)+len(c.tail))
	out = append(append(out, c.head...), x...)
	at := span{len(out), len(out) + len(s)}
	return append(append(out, s...), c.tail...), at
}

func damaged(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errDamaged}, a...)...)
}
