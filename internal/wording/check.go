package wording

import (
	"cmp"
	"slices"
	"strings"

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
	return finish(refused(text, list, innocents(list)))
}

// Check finds what may not be asked for, and else what the person should know:
// words that are unsure, that the engine cannot follow, that contradict the
// photos, or that are too long or too short to matter. Refusals come first.
func Check(text string, about About) []kinpict.Finding {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	list := tokens(text)
	innocent := innocents(list)
	out := refused(text, list, innocent)
	if len(out) == 0 {
		out = find(rules().advice, text, list, innocent, kinpict.Advice)
		if !about.Generative {
			own := tokens(blank(text))
			out = append(out, find(rules().studio, text, own, innocents(own), kinpict.Advice)...)
		}
		out = append(out, counts(text, about)...)
		out = append(out, titles(text, about)...)
	}
	return finish(out)
}

func refused(text string, list []token, innocent []bool) []kinpict.Finding {
	t := rules()
	out := find(t.refused, text, list, innocent, kinpict.Refused)
	child := slices.ContainsFunc(list, func(x token) bool {
		return slices.ContainsFunc(x.alts, func(a alt) bool { return t.children[a.text] })
	})
	if child {
		for i := range out {
			if with := t.byCode[out[i].Code].WithChild; with != "" {
				r := t.byCode[with]
				out[i].Code, out[i].Message, out[i].Help = r.Code, r.Message, r.Help
			}
		}
	}
	return out
}

// innocents marks the words that only look like a rule.
func innocents(list []token) []bool {
	marks := make([]bool, len(list))
	for i := range list {
		rules().innocent.starts(&list[i], func(p *pattern) {
			if end := p.match(list, i, nil); end > i {
				for k := i; k < end; k++ {
					marks[k] = true
				}
			}
		})
	}
	return marks
}

func find(x *index, text string, list []token, innocent []bool, severity string) []kinpict.Finding {
	r := []rune(text)
	var out []kinpict.Finding
	say := func(p *pattern, i, end int) {
		from, to := list[i].start, list[end-1].end
		out = append(out, kinpict.Finding{Code: p.rule.Code, Severity: severity, Words: string(r[from:to]), At: from, Message: p.rule.Message, Help: p.rule.Help})
	}
	for i := range list {
		t := &list[i]
		x.starts(t, func(p *pattern) {
			if end := p.match(list, i, innocent); end > i {
				say(p, i, end)
			}
		})
		if (t.hidden || t.spaced) && !innocent[i] {
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
