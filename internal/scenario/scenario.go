// Package scenario holds the occasions a picture can be made for. A scenario is
// data: one folder with scenario.yaml, and its sample picture. The first half of
// the file is what people and image models read, the second, under layout, is
// what the built-in engine draws.
package scenario

import (
	"go.yaml.in/yaml/v3"

	"kinpict"
)

// Paces of a scenario, which tell people how long the built-in engine takes: a
// framed picture is ready in seconds, a painted one takes several times as long.
const (
	Framed  = "framed"
	Painted = "painted"
)

// A Scenario is one occasion.
type Scenario struct {
	ID        string           `yaml:"id"`
	Version   int              `yaml:"version"`
	Order     int              `yaml:"order"` // place among the scenarios, the lowest first
	Title     string           `yaml:"title"`
	Phrase    string           `yaml:"phrase"` // completes "Make it …"; the title in small letters where the file says nothing
	Summary   string           `yaml:"summary"`
	Season    string           `yaml:"season"` // "any", "spring", "summer", "autumn", "winter"
	Pace      string           `yaml:"pace"`   // Framed or Painted; Framed where the file says nothing
	MinPhotos int              `yaml:"min_photos"`
	MaxPhotos int              `yaml:"max_photos"`
	Aspects   []kinpict.Aspect `yaml:"aspects"` // the first is the default
	// Prompt is the sentence an image model gets for the scene.
	Prompt string `yaml:"prompt"`
	// Tips are short pieces of advice for choosing photos.
	Tips []string `yaml:"tips"`
	// Examples are wordings a person may borrow as an instruction.
	Examples []string `yaml:"examples"`
	// Sample is the file name of the sample picture beside the scenario file.
	Sample string `yaml:"sample"`
	// Languages are its words in other languages, by the code of each.
	Languages map[string]Words `yaml:"languages"`
	// Layout is the built-in engine's part, parsed there.
	Layout yaml.Node `yaml:"layout"`
}

// Words are what people read of a scenario, in one language.
type Words struct {
	Title    string   `yaml:"title"`
	Phrase   string   `yaml:"phrase"` // the title where the file says nothing
	Summary  string   `yaml:"summary"`
	Tips     []string `yaml:"tips"`
	Examples []string `yaml:"examples"`
}

// In is the scenario as people read it in a language: a copy with the words of
// that language, or itself where it has none. What an image model reads stays
// as it is.
func (s *Scenario) In(code string) *Scenario {
	w, ok := s.Languages[code]
	if !ok {
		return s
	}
	c := *s
	c.Title, c.Phrase, c.Summary, c.Tips, c.Examples = w.Title, w.Phrase, w.Summary, w.Tips, w.Examples
	return &c
}
