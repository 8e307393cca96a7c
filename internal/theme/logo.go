package theme

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// Bounds of a logo. It is on every page, and shown 32 pixels high.
const (
	maxSVG      = 64 << 10  // bytes
	maxPNG      = 256 << 10 // bytes
	minLogoSide = 32        // pixels of a PNG
	maxLogoSide = 2048
	maxLogoWide = 8 // times as wide as it is high
)

// A Logo is a picture in place of the mark.
type Logo struct {
	Name          string // of the asset: logo.svg or logo.png
	Type          string
	Data          []byte
	Width, Height int // in CSS pixels, for the shape alone
}

// loadLogo reads an SVG or PNG and refuses what does not belong on every page.
func loadLogo(file string) (*Logo, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPNG+1))
	if err != nil {
		return nil, err
	}
	l := &Logo{Data: data}
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		l.Name, l.Type = "logo.png", "image/png"
		err = l.readPNG()
	} else {
		l.Name, l.Type = "logo.svg", "image/svg+xml"
		err = l.readSVG()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if l.Width > maxLogoWide*l.Height || l.Height > 2*l.Width {
		return nil, fmt.Errorf("%s: %d x %d is no shape for a header; at most %d times as wide as high, and twice as high as wide", file, l.Width, l.Height, maxLogoWide)
	}
	return l, nil
}

// Sizes is what a manifest says of its size.
func (l *Logo) Sizes() string {
	if l.Type == "image/svg+xml" {
		return "any"
	}
	return fmt.Sprintf("%dx%d", l.Width, l.Height)
}

// Wordmark reports whether the logo is so wide that it must hold the name itself.
func (l *Logo) Wordmark() bool { return l.Width > 2*l.Height }

func (l *Logo) readPNG() error {
	if len(l.Data) > maxPNG {
		return fmt.Errorf("is larger than %d KiB; 256 pixels of height are plenty", maxPNG>>10)
	}
	c, err := png.DecodeConfig(bytes.NewReader(l.Data))
	if err != nil {
		return fmt.Errorf("is no PNG that can be read: %w", err)
	}
	if l.Width, l.Height = c.Width, c.Height; min(c.Width, c.Height) < minLogoSide || max(c.Width, c.Height) > maxLogoSide {
		return fmt.Errorf("is %d x %d pixels; each side must be %d to %d", c.Width, c.Height, minLogoSide, maxLogoSide)
	}
	// The size is known to be small, so the whole of it may be decoded.
	if _, err := png.Decode(bytes.NewReader(l.Data)); err != nil {
		return fmt.Errorf("is a damaged PNG: %w", err)
	}
	return nil
}

// readSVG wants a drawing: it is only ever served as a file with a policy that
// runs nothing, and one that would run or fetch something is a mistake.
func (l *Logo) readSVG() error {
	if len(l.Data) > maxSVG {
		return fmt.Errorf("is larger than %d KiB; save it as plain SVG, without what the program keeps for itself", maxSVG>>10)
	}
	dec := xml.NewDecoder(bytes.NewReader(l.Data))
	root := true
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("is neither a PNG nor an SVG that can be read: %w", err)
		}
		if d, ok := t.(xml.Directive); ok && bytes.Contains(d, []byte("ENTITY")) {
			return errors.New("declares entities; save it as plain SVG")
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		name := strings.ToLower(e.Name.Local)
		if root {
			if name != "svg" {
				return fmt.Errorf("is neither a PNG nor an SVG: it begins with <%s>", e.Name.Local)
			}
			l.measure(e.Attr)
			root = false
		}
		if name == "script" || name == "foreignobject" {
			return fmt.Errorf("holds a <%s>, which has no place in a logo", e.Name.Local)
		}
		for _, a := range e.Attr {
			attr := strings.ToLower(a.Name.Local)
			if strings.HasPrefix(attr, "on") {
				return fmt.Errorf("holds a script in %s", a.Name.Local)
			}
			if attr == "href" && !strings.HasPrefix(a.Value, "#") && !strings.HasPrefix(a.Value, "data:image/") {
				return fmt.Errorf("refers to %q; a logo must hold all it shows", a.Value)
			}
		}
	}
	if root {
		return errors.New("is neither a PNG nor an SVG")
	}
	if l.Width == 0 || l.Height == 0 {
		return errors.New("says neither width and height nor a viewBox, so its shape is not known")
	}
	return nil
}

// measure takes the shape from the viewBox, or from width and height.
func (l *Logo) measure(attrs []xml.Attr) {
	size := func(s string) float64 {
		n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "px"), 64)
		if err != nil || !(n > 0) || n > 1e6 {
			return 0
		}
		return n
	}
	var w, h float64
	for _, a := range attrs {
		switch a.Name.Local {
		case "width":
			w = size(a.Value)
		case "height":
			h = size(a.Value)
		}
	}
	for _, a := range attrs {
		if box := strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == ',' }); a.Name.Local == "viewBox" && len(box) == 4 {
			w, h = size(box[2]), size(box[3])
		}
	}
	if w > 0 && h > 0 {
		l.Height = 320
		l.Width = max(1, int(math.Round(320*w/h)))
	}
}
