package wording

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A pattern is what a rule looks for: words in a row. In the data a word is one
// or several spellings divided by |, with * before or after for more letters,
// {name} for a class of words, ~N for up to N words of any kind, and . for the end
// of the clause.
type pattern struct {
	rule     *rule
	elements []*element
}

type element struct {
	gap   int  // up to so many words; words is empty
	last  bool // the clause ends here
	words []string
	index map[string]bool // of words without *
}

var form = regexp.MustCompile(`^\*?[\p{Ll}0-9]+\*?$`)

// A lexicon is the classes of words, and the elements read so far: many lines
// share one.
type lexicon struct {
	classes map[string][]string
	known   map[string]*element
}

// compile reads one line of the data.
func (l *lexicon) compile(line string, r *rule) (*pattern, error) {
	p := &pattern{rule: r}
	for _, field := range strings.Fields(line) {
		e, err := l.element(field)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		p.elements = append(p.elements, e)
	}
	if n := len(p.elements); n == 0 || p.elements[0].gap > 0 || p.elements[n-1].gap > 0 || p.elements[0].last {
		return nil, fmt.Errorf("%q is empty, or begins or ends with a gap, or begins with an end", line)
	}
	return p, nil
}

func (l *lexicon) element(field string) (*element, error) {
	if e := l.known[field]; e != nil {
		return e, nil
	}
	e := &element{index: map[string]bool{}}
	l.known[field] = e
	if field == "." {
		e.last = true
		return e, nil
	}
	if n, ok := strings.CutPrefix(field, "~"); ok {
		var err error
		if e.gap, err = strconv.Atoi(n); err != nil || e.gap < 1 || e.gap > 9 {
			return nil, fmt.Errorf("%s is no gap of 1 to 9 words", field)
		}
		return e, nil
	}
	for _, w := range strings.Split(field, "|") {
		list := []string{w}
		if name, ok := strings.CutPrefix(w, "{"); ok {
			if list, ok = l.classes[strings.TrimSuffix(name, "}")]; !ok {
				return nil, fmt.Errorf("there is no class %s", w)
			}
		}
		for _, s := range list {
			if s = spell(s); !form.MatchString(s) {
				return nil, fmt.Errorf("%q is no word", s)
			}
			if len(strings.Trim(s, "*")) > longest && s[len(s)-1] == '*' {
				return nil, fmt.Errorf("%q has more than %d letters before its *", s, longest)
			}
			if strings.Contains(s, "*") {
				e.words = append(e.words, s)
			} else {
				e.index[s] = true
			}
		}
	}
	return e, nil
}

// spell writes a word of the data as readings does, an umlaut as its German pair.
func spell(s string) string {
	return strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(s))
}

func (e *element) matches(s string) bool {
	if e.index[s] {
		return true
	}
	for _, w := range e.words {
		if like(w, s) {
			return true
		}
	}
	return false
}

// like compares s with a spelling that may have * at its ends.
func like(w, s string) bool {
	head, open := strings.CutPrefix(w, "*")
	stem, more := strings.CutSuffix(head, "*")
	switch {
	case open && more:
		return strings.Contains(s, stem)
	case open:
		return strings.HasSuffix(s, stem)
	case more:
		return strings.HasPrefix(s, stem)
	}
	return s == w
}

// match tries the elements from token i on. It returns the token after the
// match, or -1. Tokens that are set aside do not match; where none are handed in
// the words must also stand in one clause.
func (p *pattern) match(list []token, i int, aside []bool) int {
	return p.from(0, list, i, aside, func(int) {})
}

func (p *pattern) from(k int, list []token, i int, aside []bool, took func(int)) int {
	if k == len(p.elements) {
		return i
	}
	e := p.elements[k]
	if e.last {
		if i < len(list) && list[i].clause == list[i-1].clause {
			return -1
		}
		return p.from(k+1, list, i, aside, took)
	}
	parted := func(i int) bool { return list[i].stop || aside == nil && list[i].clause != list[i-1].clause }
	if e.gap > 0 {
		for n := 0; n <= e.gap && i+n < len(list); n++ {
			if parted(i + n) {
				break // a sentence ends here, and with it what belongs together
			}
			if end := p.from(k+1, list, i+n, aside, took); end >= 0 {
				return end
			}
		}
		return -1
	}
	if i >= len(list) || k > 0 && parted(i) || aside != nil && aside[i] {
		return -1
	}
	for _, a := range list[i].alts {
		if a.known && e.matches(a.text) {
			if end := p.from(k+1, list, a.next, aside, took); end >= 0 {
				for n := i; n < a.next; n++ {
					took(n)
				}
				return end
			}
		}
	}
	return -1
}

// A vocabulary is all words of all rules, to see at once that a word is in none.
type vocabulary struct {
	exact, prefix map[string]bool
	inside        []string
	least         int
}

func (l *lexicon) vocabulary() *vocabulary {
	v := &vocabulary{map[string]bool{}, map[string]bool{}, nil, 99}
	for _, e := range l.known {
		maps.Copy(v.exact, e.index)
		for _, w := range e.words {
			if strings.HasPrefix(w, "*") {
				v.inside = append(v.inside, w)
				continue
			}
			stem := strings.TrimSuffix(w, "*")
			v.prefix[stem] = true
			v.least = min(v.least, len(stem))
		}
	}
	slices.Sort(v.inside)
	v.inside = slices.Compact(v.inside)
	return v
}

func (v *vocabulary) has(s string) bool {
	if v.exact[s] {
		return true
	}
	for n := v.least; n <= min(len(s), longest); n++ {
		if v.prefix[s[:n]] {
			return true
		}
	}
	return slices.ContainsFunc(v.inside, func(w string) bool { return like(w, s) })
}

// An index finds the patterns that may begin with a word.
type index struct {
	exact  map[string][]*pattern
	prefix map[string][]*pattern // by the letters before *
	inside []*pattern            // those that begin with *
	single []*pattern            // of one word, for words with covered or spaced letters
	least  int
}

func (x *index) add(p *pattern) {
	e := p.elements[0]
	for w := range e.index {
		x.exact[w] = append(x.exact[w], p)
	}
	within := false
	for _, w := range e.words {
		if strings.HasPrefix(w, "*") {
			within = true
			continue
		}
		stem := strings.TrimSuffix(w, "*")
		x.prefix[stem] = append(x.prefix[stem], p)
		x.least = min(x.least, len(stem))
	}
	if within {
		x.inside = append(x.inside, p)
	}
	if len(p.elements) == 1 {
		x.single = append(x.single, p)
	}
}

// starts calls try for every pattern that may begin at a token.
func (x *index) starts(t *token, try func(*pattern)) {
	any := false
	for _, a := range t.alts {
		if !a.known {
			continue
		}
		any = true
		for _, p := range x.exact[a.text] {
			try(p)
		}
		for n := x.least; n <= min(len(a.text), longest); n++ {
			for _, p := range x.prefix[a.text[:n]] {
				try(p)
			}
		}
	}
	if !any {
		return
	}
	for _, p := range x.inside {
		try(p)
	}
}

// covered reports whether a single word of the pattern fits a word whose letters
// are partly covered by asterisks, or one of at least four letters lies within
// letters that were set apart.
func (p *pattern) covered(t *token) bool {
	for w := range p.elements[0].index {
		if t.hidden && shows(t.bare, w) || t.spaced && len(w) >= 4 && strings.Contains(t.bare, w) {
			return true
		}
	}
	if t.spaced {
		for _, w := range p.elements[0].words {
			if stem := strings.Trim(w, "*"); len(stem) >= 4 && strings.Contains(t.bare, stem) {
				return true
			}
		}
	}
	return false
}

// shows reports whether masked is w with some, but not most, letters covered.
func shows(masked, w string) bool {
	if len(masked) != len(w) {
		return false
	}
	seen := 0
	for i := range len(w) {
		switch masked[i] {
		case w[i]:
			seen++
		case '*':
		default:
			return false
		}
	}
	return seen >= 2 && 2*seen >= len(w)
}
