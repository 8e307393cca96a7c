package wording

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed rules.yaml
var rulesFile []byte

// A rule is one thing to find, and what to say about it.
type rule struct {
	Code      string   `yaml:"code"`
	WithChild string   `yaml:"with_child"` // the code of the rule it becomes where children are named
	Message   string   `yaml:"message"`
	Help      string   `yaml:"help"`
	Figures   bool     `yaml:"figures"` // each name of figures stands for $
	Words     []string `yaml:"words"`
}

// A table is all rules, ready to be looked up.
type table struct {
	children                          map[string]bool
	byCode                            map[string]*rule
	innocent, refused, advice, studio *index
}

// rules is the table that comes with the product. A mistake in it is found by
// the first test that runs.
var rules = sync.OnceValue(func() *table {
	t, err := read(rulesFile)
	if err != nil {
		panic("wording: " + err.Error())
	}
	return t
})

func read(data []byte) (*table, error) {
	var f struct {
		Classes  map[string][]string `yaml:"classes"`
		Innocent []string            `yaml:"innocent"`
		Refused  []*rule             `yaml:"refused"`
		Figures  []string            `yaml:"figures"`
		Advice   []*rule             `yaml:"advice"`
		Studio   []*rule             `yaml:"studio"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	t := &table{byCode: map[string]*rule{}, children: map[string]bool{}}
	for _, w := range f.Classes["child"] {
		t.children[spell(w)] = true
	}
	var err error
	l := &lexicon{f.Classes, map[string]*element{}}
	if t.innocent, err = l.compileAll([]*rule{{Words: f.Innocent}}, nil); err != nil {
		return nil, err
	}
	for _, r := range f.Refused {
		if t.byCode[r.Code] == nil {
			t.byCode[r.Code] = r
		}
	}
	for _, r := range f.Refused {
		if r.WithChild != "" && t.byCode[r.WithChild] == nil {
			return nil, fmt.Errorf("rule %s becomes %s, which is none", r.Code, r.WithChild)
		}
	}
	if t.refused, err = l.compileAll(f.Refused, f.Figures); err != nil {
		return nil, err
	}
	if t.advice, err = l.compileAll(f.Advice, f.Figures); err != nil {
		return nil, err
	}
	t.studio, err = l.compileAll(f.Studio, nil)
	return t, err
}

func (l *lexicon) compileAll(list []*rule, figures []string) (*index, error) {
	x := &index{exact: map[string][]*pattern{}, prefix: map[string][]*pattern{}, least: 99}
	for _, r := range list {
		for _, line := range r.Words {
			lines := []string{line}
			if r.Figures {
				lines = nil
				for _, name := range figures {
					lines = append(lines, strings.ReplaceAll(line, "$", name))
				}
			}
			for _, line := range lines {
				p, err := l.compile(line, r)
				if err != nil {
					return nil, fmt.Errorf("rule %s: %w", r.Code, err)
				}
				x.add(p)
			}
		}
	}
	return x, nil
}
