package lang

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message/catalog"
)

// An Entry is one message of a catalogue.
type Entry struct {
	English string            // its name
	Text    string            // what is said, if there are no plural forms
	Forms   map[string]string // by plural category (zero, one, two, few, many, other) or exact number (=0)
	Arg     int               // which argument counts for Forms, from 1
	File    string
}

func newBuilder(tag language.Tag) *catalog.Builder {
	return catalog.NewBuilder(catalog.Fallback(tag))
}

// read returns the messages below the folder of a language, which may be missing.
func read(dir fs.FS, code string) ([]Entry, error) {
	files, err := fs.Glob(dir, code+"/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, f := range files {
		b, err := fs.ReadFile(dir, f)
		if err != nil {
			return nil, err
		}
		var nodes map[string]yaml.Node
		if err := yaml.Unmarshal(b, &nodes); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(f), err)
		}
		for _, english := range slices.Sorted(maps.Keys(nodes)) {
			e := Entry{English: english, Arg: 1, File: path.Base(f)}
			n := nodes[english]
			if n.Kind == yaml.ScalarNode {
				e.Text = n.Value
			} else if err := e.forms(&n); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", e.File, n.Line, err)
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func (e *Entry) forms(n *yaml.Node) error {
	var raw map[string]yaml.Node
	if err := n.Decode(&raw); err != nil {
		return err
	}
	e.Forms = map[string]string{}
	for k, v := range raw {
		if k == "arg" {
			if err := v.Decode(&e.Arg); err != nil {
				return err
			}
			continue
		}
		e.Forms[k] = v.Value
	}
	if e.Forms["other"] == "" {
		return errors.New("plural forms need one for other")
	}
	return nil
}

// order puts exact numbers before the categories, as a selection is read from its start.
var order = []string{"=0", "=1", "=2", "zero", "one", "two", "few", "many", "other"}

func (e Entry) set(b *catalog.Builder, tag language.Tag) error {
	if e.Forms == nil {
		return b.SetString(tag, e.English, e.Text)
	}
	var cases []any
	for _, k := range order {
		if text, ok := e.Forms[k]; ok {
			cases = append(cases, k, text)
		}
	}
	if len(cases) != 2*len(e.Forms) {
		return fmt.Errorf("plural forms are %s", strings.Join(order, ", "))
	}
	return b.Set(tag, e.English, plural.Selectf(e.Arg, "%d", cases...))
}
