package scenario

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"kinpict"
)

// Bounds of a scenario's texts, in bytes, and of its lists.
const (
	maxTitle   = 60
	maxSummary = 200
	maxPrompt  = 1000
	maxTip     = 200
	maxList    = 8
	maxFile    = 128 << 10
	maxSample  = 512 << 10
)

//go:embed data
var builtin embed.FS

// A Set is scenarios in the order they are offered.
type Set struct {
	all     []*Scenario
	samples map[string][]byte
}

// Builtin returns the scenarios that come with the product.
var Builtin = sync.OnceValue(func() *Set {
	data, err := fs.Sub(builtin, "data")
	if err == nil {
		var s *Set
		if s, err = Load(data); err == nil {
			return s
		}
	}
	panic("scenario: " + err.Error())
})

// Load reads every folder of dir that holds a scenario.yaml. The folder's name
// is the scenario's id. Fields nobody knows and values out of bounds are
// errors, all of them reported together.
func Load(dir fs.FS) (*Set, error) {
	files, err := fs.Glob(dir, "*/scenario.yaml")
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("no scenarios: want folders with a scenario.yaml")
	}
	set := &Set{samples: map[string][]byte{}}
	var errs []error
	for _, name := range files {
		id := strings.TrimSuffix(name, "/scenario.yaml")
		s, sample, err := load(dir, id)
		if err != nil {
			errs = append(errs, fmt.Errorf("scenario %s: %w", id, err))
			continue
		}
		set.all = append(set.all, s)
		set.samples[id] = sample
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(set.all, func(a, b *Scenario) int {
		if a.Order != b.Order {
			return a.Order - b.Order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return set, nil
}

func load(dir fs.FS, id string) (*Scenario, []byte, error) {
	b, err := read(dir, id+"/scenario.yaml", maxFile)
	if err != nil {
		return nil, nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	s := &Scenario{}
	if err := d.Decode(s); err != nil {
		return nil, nil, err
	}
	if s.Pace == "" {
		s.Pace = Framed
	}
	if s.Phrase == "" {
		s.Phrase = strings.ToLower(s.Title)
	}
	for code, w := range s.Languages {
		if w.Phrase == "" {
			w.Phrase = w.Title
			s.Languages[code] = w
		}
	}
	if s.ID != id {
		return nil, nil, fmt.Errorf("id %q is not the folder's name", s.ID)
	}
	if err := s.Check(); err != nil {
		return nil, nil, err
	}
	if s.Sample == "" {
		return s, nil, nil
	}
	sample, err := read(dir, id+"/"+s.Sample, maxSample)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the sample picture %s is not beside it; leave sample out if there is none", s.Sample)
	}
	return s, sample, err
}

func read(dir fs.FS, name string, most int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is larger than %d KiB", name, most>>10)
	}
	return b, err
}

var (
	idForm     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	sampleForm = regexp.MustCompile(`^[a-z0-9-]+\.(jpg|webp|png)$`)
	codeForm   = regexp.MustCompile(`^[a-z]{2,3}$`)
	seasons    = []string{"any", "spring", "summer", "autumn", "winter"}
)

// Check reports everything that makes a scenario unfit to be offered. What is
// under layout is the engine's to check.
func (s *Scenario) Check() error {
	var errs []error
	bad := func(ok bool, format string, a ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, a...))
		}
	}
	text := func(name, v string, most int) {
		bad(strings.TrimSpace(v) != "" && len(v) <= most, "%s is empty or longer than %d bytes", name, most)
	}
	bad(idForm.MatchString(s.ID) && len(s.ID) <= 40, "id %q is not lower-case words joined by hyphens", s.ID)
	bad(s.Version >= 1, "version %d is below 1", s.Version)
	words := func(of string, w Words) {
		text(of+"title", w.Title, maxTitle)
		text(of+"phrase", w.Phrase, maxTitle)
		bad(!strings.ContainsAny(w.Phrase, ".\"\n"), "%sphrase %q does not fit into a sentence", of, w.Phrase)
		text(of+"summary", w.Summary, maxSummary)
		for name, list := range map[string][]string{"tips": w.Tips, "examples": w.Examples} {
			bad(len(list) <= maxList, "%s%s has more than %d lines", of, name, maxList)
			for _, v := range list {
				text("a line of "+of+name, v, maxTip)
			}
		}
	}
	words("", Words{s.Title, s.Phrase, s.Summary, s.Tips, s.Examples})
	for code, w := range s.Languages {
		bad(codeForm.MatchString(code), "language %q is not a code of two or three small letters", code)
		bad(code != "en", "the words in English stand above, not under languages")
		words(code+": ", w)
		bad(len(w.Tips) == len(s.Tips), "%s: there are %d tips, want %d as in English", code, len(w.Tips), len(s.Tips))
		bad(len(w.Examples) == len(s.Examples), "%s: there are %d examples, want %d as in English", code, len(w.Examples), len(s.Examples))
	}
	text("prompt", s.Prompt, maxPrompt)
	bad(slices.Contains(seasons, s.Season), "season %q is not one of %s", s.Season, strings.Join(seasons, ", "))
	bad(s.Pace == Framed || s.Pace == Painted, "pace %q is not %s or %s", s.Pace, Framed, Painted)
	bad(s.MinPhotos >= 1 && s.MinPhotos <= s.MaxPhotos && s.MaxPhotos <= kinpict.MaxPhotos,
		"min_photos %d and max_photos %d are not in order within 1..%d", s.MinPhotos, s.MaxPhotos, kinpict.MaxPhotos)
	bad(len(s.Aspects) > 0 && len(s.Aspects) <= maxList, "there are %d aspects, want 1 to %d", len(s.Aspects), maxList)
	for i, a := range s.Aspects {
		_, _, err := a.Ratio()
		bad(err == nil && !slices.Contains(s.Aspects[:i], a), "aspect %q is not width:height, or stands twice", a)
	}
	bad(s.Sample == "" || sampleForm.MatchString(s.Sample), "sample %q is not the name of a JPEG, WebP or PNG file beside it", s.Sample)
	return errors.Join(errs...)
}

// All returns the scenarios in the order they are offered. The slice is the
// caller's, the scenarios are shared and must not be changed.
func (s *Set) All() []*Scenario { return slices.Clone(s.all) }

// Phrases are what completes "Make it …" for every scenario, in every language.
func (s *Set) Phrases() []string {
	var out []string
	for _, sc := range s.all {
		out = append(out, sc.Phrase)
		for _, code := range slices.Sorted(maps.Keys(sc.Languages)) {
			out = append(out, sc.Languages[code].Phrase)
		}
	}
	return out
}

// Scenario returns the scenario with that id: Invalid when none is named,
// NotFound for an unknown one, in both cases naming those there are.
func (s *Set) Scenario(id string) (*Scenario, error) {
	ids := make([]string, len(s.all))
	for i, c := range s.all {
		if c.ID == id {
			return c, nil
		}
		ids[i] = c.ID
	}
	e := &kinpict.Error{Code: kinpict.NotFound, Message: fmt.Sprintf("There is no scenario %q.", id),
		Hint: "Choose one of: " + strings.Join(ids, ", ") + "."}
	if id == "" {
		e.Code, e.Message = kinpict.Invalid, "No scenario was chosen."
	}
	return nil, e
}

// Sample returns the sample picture of a scenario and its content type;
// NotFound when there is none.
func (s *Set) Sample(id string) (data []byte, contentType string, err error) {
	c, err := s.Scenario(id)
	if err != nil {
		return nil, "", err
	}
	if data = s.samples[id]; len(data) == 0 {
		return nil, "", &kinpict.Error{Code: kinpict.NotFound, Message: fmt.Sprintf("The scenario %q has no sample picture.", id)}
	}
	switch ext := c.Sample[strings.LastIndexByte(c.Sample, '.')+1:]; ext {
	case "jpg":
		contentType = "image/jpeg"
	default:
		contentType = "image/" + ext
	}
	return data, contentType, nil
}
