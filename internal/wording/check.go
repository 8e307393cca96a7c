package wording

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"kinpict"
)

// Most findings that are told at once; more would not be read.
const most = 8

// About is what is known of the request beside its words. The zero value knows
// nothing.
type About struct {
	// Generative: an image model draws the picture anew, so it can do what the
	// built-in studio cannot.
	Generative bool
	// Cast is the photos of the request.
	Cast []Member
	// Scenes is the phrases of all scenarios, which the prompt helper writes.
	Scenes []string
}

// A Member is one photo: who is marked as being in it, and how many faces were
// found.
type Member struct {
	Role  kinpict.Role
	Faces int
}

// Refused finds what may not be asked for. An empty answer says that the words
// pass.
func Refused(text string) []kinpict.Finding {
	if text == "" {
		return nil
	}
	list := tokens(text)
	return finish(refused(text, list, innocents(list, rules().innocent)))
}

// Check finds what may not be asked for, and else what the person should know:
// words that are unsure, that the engine cannot follow, that contradict the
// photos, or that are too long or too short to matter. Refusals come first.
func Check(text string, about About) []kinpict.Finding {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	list := tokens(text)
	innocent := innocents(list, rules().innocent)
	out := refused(text, list, innocent)
	if len(out) == 0 {
		out = find(rules().advice, text, list, innocent, kinpict.Advice)
		own := list
		if b := blank(text, about.Scenes); b != text {
			own = tokens(b)
		}
		if !about.Generative {
			out = append(out, find(rules().studio, text, own, innocents(own, rules().innocent), kinpict.Advice)...)
		}
		out = append(out, counts(text, own, about)...)
		out = append(out, titles(text, about)...)
	}
	return finish(out)
}

// Unsure is the code of what can be read two ways.
const Unsure = "unsure"

// Doubts finds every place that can be read two ways, in the order they stand.
// It does not look for what is refused.
func Doubts(text string) []kinpict.Finding {
	if text == "" {
		return nil
	}
	list := tokens(text)
	all := find(rules().advice, text, list, innocents(list, rules().innocent), kinpict.Advice)
	slices.SortStableFunc(all, func(a, b kinpict.Finding) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(len(b.Words), len(a.Words)))
	})
	out := all[:0]
	end := 0
	for _, f := range all {
		if f.Code != Unsure || len(out) == most || f.At < end {
			continue
		}
		end = f.At + utf8.RuneCountInString(f.Words)
		out = append(out, f)
	}
	return out
}

func refused(text string, list []token, innocent []bool) []kinpict.Finding {
	aside := innocents(list, rules().excused)
	for i, yes := range innocent {
		aside[i] = aside[i] || yes
	}
	return find(rules().refused, text, list, aside, kinpict.Refused)
}

// innocents marks the words that only look like a rule. What stands in a gap is
// not marked: it is judged for itself.
func innocents(list []token, x *index) []bool {
	marks := make([]bool, len(list))
	for i := range list {
		x.starts(&list[i], func(p *pattern) {
			p.from(0, list, i, nil, func(k int) { marks[k] = true })
		})
	}
	return marks
}

// near is how many words may stand between a child and what is said of it.
const near = 4

// childNear reports whether a child is named in the clause of a finding, close
// to it. A child elsewhere in the text must not make an accusation of it.
func childNear(list []token, i, end int) bool {
	for k := max(0, i-near-1); k < min(len(list), end+near+1); k++ {
		if list[k].clause < list[i].clause || list[k].clause > list[end-1].clause {
			continue
		}
		if slices.ContainsFunc(list[k].alts, func(a alt) bool { return rules().children[a.text] }) {
			return true
		}
	}
	return false
}

// A place is a rule in a sentence, told by the token it begins with.
type place struct {
	rule *rule
	from int
}

// excuses remembers what the sentences of a text excuse, so that each is read
// once for each rule.
type excuses map[place]bool

func (e excuses) excuse(r *rule, list []token, i int) bool {
	if r.unless == nil {
		return false
	}
	from := list[i].sentence
	key := place{r, from}
	yes, known := e[key]
	if known {
		return yes
	}
	for k := from; k < len(list) && list[k].sentence == from; k++ {
		r.unless.starts(&list[k], func(p *pattern) { yes = yes || p.match(list, k, nil) > k })
	}
	e[key] = yes
	return yes
}

func find(x *index, text string, list []token, aside []bool, severity string) []kinpict.Finding {
	r := []rune(text)
	excused := excuses{}
	var out []kinpict.Finding
	say := func(p *pattern, i, end int) {
		if p.rule.Clause && list[i].clause != list[end-1].clause || excused.excuse(p.rule, list, i) {
			return
		}
		from, to := list[i].start, list[end-1].end
		tell := p.rule
		if tell.child != nil && childNear(list, i, end) {
			tell = tell.child
		}
		out = append(out, kinpict.Finding{Code: tell.Code, Severity: severity, Words: string(r[from:to]), At: from, Message: tell.Message, Help: tell.Help})
	}
	for i := range list {
		t := &list[i]
		x.starts(t, func(p *pattern) {
			if end := p.match(list, i, aside); end > i {
				say(p, i, end)
			}
		})
		if (t.hidden || t.spaced) && !aside[i] {
			for _, p := range x.single {
				if p.covered(t) {
					say(p, i, i+1)
				}
			}
		}
	}
	return out
}

// finish puts refusals first and tells each thing once, where it stands first.
func finish(list []kinpict.Finding) []kinpict.Finding {
	slices.SortStableFunc(list, func(a, b kinpict.Finding) int {
		if a.Severity != b.Severity {
			return cmp.Compare(b.Severity, a.Severity) // "refused" before "advice"
		}
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Code, b.Code), cmp.Compare(len(b.Words), len(a.Words)))
	})
	seen := map[string]bool{}
	out := list[:0]
	for _, f := range list {
		if !seen[f.Code] && len(out) < most {
			seen[f.Code] = true
			out = append(out, f)
		}
	}
	return out
}
