package wording

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed rules.yaml
var rulesFile []byte

// A rule is one thing to find, and what to say about it.
type rule struct {
	Code      string `yaml:"code"`
	WithChild string `yaml:"with_child"` // the code of the rule it becomes where children are named
	Message   string `yaml:"message"`
	Help      string `yaml:"help"`
	// What is said instead where a child is named beside it; the message of
	// WithChild where it is empty.
	ChildMessage string   `yaml:"child_message"`
	ChildHelp    string   `yaml:"child_help"`
	Clause       bool     `yaml:"clause"`  // all its words stand in one clause
	Figures      bool     `yaml:"figures"` // each name of figures stands for $
	Unless       []string `yaml:"unless"`  // words of the same sentence that excuse it
	Words        []string `yaml:"words"`

	child  *rule // with ChildMessage, or the rule WithChild names
	unless *index
}

// A table is all rules, ready to be looked up.
type table struct {
	children, split, short  map[string]bool
	vocabulary              *vocabulary
	byCode                  map[string]*rule
	innocent, excused       *index // taken out first: altogether, or only of what is refused
	refused, advice, studio *index
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
		Split    []string            `yaml:"split"`
		Short    []string            `yaml:"abbreviations"`
		Innocent []string            `yaml:"innocent"`
		Excused  []string            `yaml:"excused"`
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
	t := &table{byCode: map[string]*rule{}, children: set(f.Classes["child"], f.Classes["child_near"]), split: set(f.Split), short: set(f.Short)}
	var err error
	l := &lexicon{f.Classes, map[string]*element{}}
	if t.innocent, err = l.compileAll([]*rule{{Words: f.Innocent}}, nil); err != nil {
		return nil, err
	}
	if t.excused, err = l.compileAll([]*rule{{Words: f.Excused, Figures: true}}, f.Figures); err != nil {
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
		if r.child = t.byCode[r.WithChild]; r.child != nil && r.ChildMessage != "" {
			r.child = &rule{Code: r.WithChild, Message: r.ChildMessage, Help: r.ChildHelp}
		}
	}
	if t.refused, err = l.compileAll(f.Refused, f.Figures); err != nil {
		return nil, err
	}
	if t.advice, err = l.compileAll(f.Advice, f.Figures); err != nil {
		return nil, err
	}
	if t.studio, err = l.compileAll(f.Studio, nil); err != nil {
		return nil, err
	}
	t.vocabulary = l.vocabulary()
	return t, nil
}

func set(lists ...[]string) map[string]bool {
	m := map[string]bool{}
	for _, w := range slices.Concat(lists...) {
		m[spell(w)] = true
	}
	return m
}

func (l *lexicon) compileAll(list []*rule, figures []string) (*index, error) {
	x := &index{exact: map[string][]*pattern{}, prefix: map[string][]*pattern{}, least: 99}
	for _, r := range list {
		if len(r.Unless) > 0 {
			var err error
			if r.unless, err = l.compileAll([]*rule{{Code: r.Code, Words: r.Unless}}, nil); err != nil {
				return nil, err
			}
		}
		for _, line := range r.Words {
			lines := []string{line}
			if r.Figures && strings.Contains(line, "$") {
				lines = nil
				for _, name := range figures {
					lines = append(lines, strings.ReplaceAll(line, "$", name))
					if glued := strings.ReplaceAll(name, " ", ""); glued != name {
						lines = append(lines, strings.ReplaceAll(line, "$", glued))
					}
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
