// Package theme reads the layout part of a scenario: what the studio engine
// draws, as data. Everything is checked when it is read, so that a scenario of
// an operator's own fails with a sentence and not with an odd picture.
package theme

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"kinpict/internal/engine/studio/decor"
	"kinpict/internal/engine/studio/frame"
	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/tone"
)

// A Theme is how a scenario looks.
type Theme struct {
	// Colors has no meaning of its own: it is where a file may give its colours
	// names, as YAML anchors.
	Colors map[string]raster.Color          `yaml:"colors"`
	Grade  tone.Grade                       `yaml:"grade"`
	Styles map[string]*frame.Style          `yaml:"styles"`
	Photos layout.Plan                      `yaml:"photos"`
	Shapes map[string]*decor.Shape          `yaml:"shapes"`
	Layers []*decor.Layer                   `yaml:"layers"`
	Finish decor.Finish                     `yaml:"finish"`
	Text   struct{ Title, Subtitle string } `yaml:"text"`
}

// maxLayers bounds the work a page can be.
const maxLayers = 40

// Parse reads and checks a layout.
func Parse(n *yaml.Node) (*Theme, error) {
	// A node decodes leniently; only a decoder over bytes refuses unknown fields.
	b, err := yaml.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	t := &Theme{}
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	return t, nil
}

func (t *Theme) check() error {
	if err := t.Grade.Check(); err != nil {
		return err
	}
	if err := t.Photos.Check(); err != nil {
		return err
	}
	for _, name := range t.Photos.Styles {
		if t.Styles[name] == nil {
			return fmt.Errorf("photos: there is no style %q", name)
		}
	}
	for name, s := range t.Styles {
		if s == nil {
			return fmt.Errorf("style %s is empty", name)
		}
		if err := s.Check(); err != nil {
			return fmt.Errorf("style %s: %w", name, err)
		}
		if k := s.Sticker; k != nil {
			for _, other := range []string{k.Round, k.Group} {
				if o := t.Styles[other]; o == nil || o.Sticker != nil {
					return fmt.Errorf("style %s: style %q is none, or a sticker itself", name, other)
				}
			}
		}
		if s.Sticker != nil && t.Photos.Aspect > 0.95 {
			return fmt.Errorf("style %s: stickers want slots higher than wide, aspect is %g", name, t.Photos.Aspect)
		}
	}
	for name, s := range t.Shapes {
		if s == nil || s.Size < 1 || s.Size > 1000 || len(s.Fill) == 0 {
			return fmt.Errorf("shape %s wants a size in 1..1000 and a fill", name)
		}
	}
	if len(t.Layers) > maxLayers {
		return fmt.Errorf("%d layers are more than %d", len(t.Layers), maxLayers)
	}
	photos := 0
	for i, l := range t.Layers {
		if l == nil {
			return fmt.Errorf("layer %d is empty", i+1)
		}
		if l.Kind == decor.Photos {
			photos++
		}
		if err := l.Check(t.Shapes); err != nil {
			return fmt.Errorf("layer %d: %w", i+1, err)
		}
	}
	if photos != 1 {
		return fmt.Errorf("there are %d layers of kind photos, want 1", photos)
	}
	if f := t.Finish; f.Vignette < 0 || f.Vignette > 0.5 || f.Grain < 0 || f.Grain > 0.1 || f.Paper < 0 || f.Paper > 0.3 {
		return fmt.Errorf("finish: vignette is not in 0..0.5, grain not in 0..0.1 or paper not in 0..0.3")
	}
	return nil
}
