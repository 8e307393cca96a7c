package wording

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kinpict"
)

// MaxTitle is how many characters between double quotes the studio takes as a
// title; longer ones are not read as one. LongTitle is from where on lettering
// gets small.
const (
	MaxTitle  = 80
	LongTitle = 40
)

// quoted is how the studio engine reads titles.
var quoted = regexp.MustCompile(`"([^"\n]*)"|“([^“”\n]*)”|„([^„“”\n]*)[“”]|«([^«»\n]*)»`)

// A quote is a text between double quotes and where it begins, in bytes.
type quote struct {
	text string
	at   int
}

// quotes are what stands in double quotes, which the built-in studio writes on
// the picture: the first is its title, the second the line below.
func quotes(text string) []quote {
	var out []quote
	for _, m := range quoted.FindAllStringSubmatchIndex(text, -1) {
		for k := 2; k < len(m); k += 2 {
			if m[k] >= 0 {
				if s := strings.TrimSpace(text[m[k]:m[k+1]]); s != "" {
					out = append(out, quote{s, m[k]})
				}
			}
		}
	}
	return out
}

// blank covers what is to be written on the picture, which asks for nothing,
// and what Compose wrote. Every word keeps its place.
func blank(text string, scenes []string) string {
	cover := func(s string) string { return strings.Repeat(" ", utf8.RuneCountInString(s)) }
	text = quoted.ReplaceAllStringFunc(text, cover)
	return strike(text, scenes, cover)
}

func advice(code, words string, at int, message, help string) kinpict.Finding {
	return kinpict.Finding{Code: code, Severity: kinpict.Advice, Words: words, At: at, Message: message, Help: help}
}

// titles says what the studio's rule of double quotes makes of a text.
func titles(text string, about About) []kinpict.Finding {
	if about.Generative {
		if n := len(strings.Fields(text)); n == 1 && utf8.RuneCountInString(strings.TrimSpace(text)) < 4 {
			return []kinpict.Finding{advice("too_short", "", 0, "This is too short to say anything.", "Say in a sentence what the picture should show, or leave it empty.")}
		}
		return nil
	}
	all := quotes(text)
	var out []kinpict.Finding
	place := func(q quote) int { return utf8.RuneCountInString(text[:q.at]) }
	if len(all) == 0 {
		if strings.Count(text, `"`)%2 == 1 {
			return []kinpict.Finding{advice("quote_open", `"`, utf8.RuneCountInString(text[:strings.Index(text, `"`)]),
				"A double quote is opened and not closed, so no title is found.", `Put one " before the title and one after it, on the same line.`)}
		}
		return []kinpict.Finding{advice("no_title", "", 0, "The built-in studio writes on the picture what stands in double quotes, and here nothing does.",
			`Put the title in double quotes, such as "Summer 2026". Without one the picture gets the scenario’s own.`)}
	}
	for i, q := range all {
		n := utf8.RuneCountInString(q.text)
		if i < 2 && n <= MaxTitle && strings.ContainsFunc(q.text, undrawn) {
			out = append(out, advice("letters_missing", q.text, place(q), "Emoji and letters other than Latin, Greek and Cyrillic are left out, because the fonts do not have them.",
				"Take them out yourself, so that the line reads as you mean it."))
		}
		switch {
		case n > MaxTitle:
			out = append(out, advice("title_too_long", q.text, place(q), fmt.Sprintf("This title has %d characters, and from %d on it is not written.", n, MaxTitle+1),
				fmt.Sprintf("Up to %d characters look best.", LongTitle)))
		case i == 0 && n > LongTitle:
			out = append(out, advice("title_long", q.text, place(q), "This title is long for a caption, so its letters get small.",
				fmt.Sprintf("Up to %d characters look best. A second text in double quotes goes below the title.", LongTitle)))
		case i == 2:
			out = append(out, advice("titles_many", q.text, place(q), "Only the first two texts in double quotes are written.", "Put the title first and the line below it second."))
		}
	}
	return out
}

// undrawn reports a character that no font of the studio has: a letter or digit of
// another script, or an emoji. Rare signs that a font may or may not have are not told.
func undrawn(r rune) bool {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common)
	case r >= 0x2600 && r < 0x2760, r >= 0x2764 && r < 0x2766, r >= 0x1f300 && r < 0x1fb00:
		return r != '☙' && (r < '☜' || r > '☞') && (r < '❛' || r > '❟')
	}
	return false
}

var numbers = map[string]int{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"zwei": 2, "drei": 3, "vier": 4, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8}

// nouns are what may be counted, by the role that counts the same.
var nouns = map[string]kinpict.Role{
	"grandparent": "grandparent", "grandparents": "grandparent", "grandmother": "grandparent", "grandmothers": "grandparent", "grandmas": "grandparent",
	"grandpas": "grandparent", "grosseltern": "grandparent", "parent": "parent", "parents": "parent", "eltern": "parent",
	"child": "child", "children": "child", "kid": "child", "kids": "child", "kinder": "child",
	"baby": "baby", "babies": "baby", "babys": "baby", "pet": "pet", "pets": "pet", "dog": "pet", "dogs": "pet", "cat": "pet", "cats": "pet", "hunde": "pet", "katzen": "pet",
}

// counts finds numbers of people that contradict one another or the photos, in
// the words that ask for something.
func counts(text string, list []token, about About) []kinpict.Finding {
	r := []rune(text)
	said := map[string]int{}
	heads := map[kinpict.Role]int{}
	for _, m := range about.Cast {
		heads[m.Role] += max(1, m.Faces)
	}
	for i := 0; i+1 < len(list); i++ {
		n, ok := numbers[reading(list[i])]
		if !ok {
			if n, _ = strconv.Atoi(list[i].bare); n < 1 || n > 20 {
				continue
			}
		}
		noun := reading(list[i+1])
		role, ok := nouns[noun]
		if !ok || list[i+1].stop {
			continue
		}
		words := string(r[list[i].start:list[i+1].end])
		if before, again := said[noun]; again && before != n {
			return []kinpict.Finding{advice("count_unclear", words, list[i].start, fmt.Sprintf("Once it says %d %s and once %d.", before, noun, n), "Keep the number that is right.")}
		}
		said[noun] = n
		if have := heads[role]; have > 0 && n > have && !slices.ContainsFunc(about.Cast, func(m Member) bool { return m.Role == "" || m.Role == "other" }) {
			return []kinpict.Finding{advice("count_unclear", words, list[i].start,
				fmt.Sprintf("It says %s, and your photos show %d marked so.", strings.ToLower(words), have), "Add a photo of who is missing, or change the number. Nobody is added who is not in a photo.")}
		}
	}
	return nil
}

// reading is the last of a word's spellings, in which an umlaut is written out.
func reading(t token) string {
	if len(t.alts) == 0 {
		return ""
	}
	s := t.bare
	for _, a := range t.alts {
		if len(a.text) > len(s) && a.next == t.alts[0].next {
			s = a.text
		}
	}
	return s
}
