package wording

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A token is one word of a text as it can be read: alts holds every spelling it
// may stand for and the token that follows each.
type token struct {
	alts       []alt
	start, end int  // where it stands in the text, in characters
	stop       bool // a sentence or a line ends before it
	clause     int  // counts what stops and commas part
	sentence   int  // the token its sentence begins with
	spaced     bool // made of letters that were set apart
	hidden     bool // letters are covered by asterisks
	bare       string
}

type alt struct {
	text  string
	next  int
	known bool // some rule has it, so it is worth trying
}

func spelled(text string, next int) alt { return alt{text, next, rules().vocabulary.has(text)} }

// A glyph is one character of a text after folding. A character may become
// several glyphs, or none.
type glyph struct {
	r      rune
	at     int
	umlaut bool
}

func pairs(s string) map[rune]rune {
	m := map[rune]rune{}
	r := []rune(s)
	for i := 0; i+1 < len(r); i += 2 {
		m[r[i]] = r[i+1]
	}
	return m
}

// invisible reports letters that are drawn as nothing; unicode counts some of
// them as letters.
func invisible(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800:
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r)
}

// fold writes a text in small Latin letters without accents, one character at a
// time, so that every glyph knows where it stood.
func fold(text []rune) []glyph {
	out := make([]glyph, 0, len(text))
	for at, r := range text {
		switch {
		case r >= 0x1f1e6 && r <= 0x1f1ff: // letters of flags
			r += 'a' - 0x1f1e6
		case r >= 0x1f150 && r <= 0x1f169: // in black circles
			r += 'a' - 0x1f150
		case r >= 0x1f170 && r <= 0x1f189: // in black squares
			r += 'a' - 0x1f170
		}
		if r < 0x80 {
			out = append(out, glyph{r: unicode.ToLower(r), at: at})
			continue
		}
		if r == 'ß' || r == 'ẞ' {
			out = append(out, glyph{r: 's', at: at}, glyph{r: 's', at: at})
			continue
		}
		parts := norm.NFKD.String(string(r))
		if utf8.RuneCountInString(parts) > 6 {
			parts = string(r) // a sentence in one sign, such as a blessing, is no disguise
		}
		for _, d := range parts {
			if d == 0x308 && len(out) > 0 && strings.ContainsRune("aou", out[len(out)-1].r) {
				out[len(out)-1].umlaut = true
			}
			if invisible(d) {
				continue
			}
			d = unicode.ToLower(d)
			if l, ok := lookalikes[d]; ok {
				d = l
			}
			out = append(out, glyph{r: d, at: at})
		}
	}
	return out
}

// digits are the letters that digits and signs stand for inside a word. 1, ! and
// | are read both as i and as l.
var digits = pairs("0o3e4a5s7t8b9g@a$s1i!i|l")

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' || r == '$' || r == '!' || r == '|' || r == '*'
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' || r == '$' }

// tokens splits a text into words and finds all they may be read as.
func tokens(text string) []token {
	g := fold([]rune(text))
	var spans [][2]int
	for i := 0; i < len(g); {
		if !letter(g[i].r) {
			i++
			continue
		}
		j := i
		for j < len(g) && (letter(g[j].r) || inWord(g[j].r) && j+1 < len(g) && (letter(g[j+1].r) || g[j+1].r == '*')) {
			j++
		}
		spans = append(spans, [2]int{i, j})
		i = j
	}
	spans, owned := possessives(g, together(g, spans))
	out := make([]token, len(spans))
	last, clause, sentence := 0, 0, 0
	for k, s := range spans {
		part := g[s[0]:s[1]]
		t := token{start: part[0].at, end: part[len(part)-1].at + 1}
		comma := false
		for _, x := range g[last:s[0]] {
			t.stop = t.stop || strings.ContainsRune(".!?;\n", x.r)
			comma = comma || x.r == ','
		}
		if t.stop && k > 0 && g[last].r == '.' && rules().short[out[k-1].bare] {
			t.stop = strings.ContainsRune(plain(g[last+1:s[0]]), '\n')
		}
		if t.stop || comma {
			clause++
		}
		if t.stop {
			sentence = k
		}
		t.clause, t.sentence = clause, sentence
		last = s[1]
		var w []glyph
		for _, x := range part {
			if inWord(x.r) {
				w = append(w, x)
			} else {
				t.spaced = true
			}
		}
		t.bare = plain(w)
		t.hidden = strings.ContainsRune(t.bare, '*')
		for _, v := range readings(w) {
			t.alts = append(t.alts, spelled(v, k+1))
			if owned[k] {
				t.alts = append(t.alts, spelled(v+"s", k+1))
			}
		}
		if owned[k] {
			t.end = g[s[1]+1].at + 1
			last += 2
		}
		out[k] = t
	}
	chunks(g, spans, out)
	halves(g, spans, out)
	return out
}

// Most letters that pieces are put together to, and that are compared with the
// beginning of a word; what the rules look for is shorter.
const longest = 18

// Most signs or spaces that may stand between letters or pieces of one word.
const apart = 3

// together joins three or more single letters that are set apart, by up to three
// spaces or signs each, into one span: "n u d e", "n. u. d. e".
func together(g []glyph, spans [][2]int) [][2]int {
	single := func(s [2]int) bool { return s[1]-s[0] == 1 }
	var out [][2]int
	for i := 0; i < len(spans); {
		j := i
		for single(spans[i]) && j+1 < len(spans) && single(spans[j+1]) && spans[j+1][0]-spans[j][1] <= apart {
			j++
		}
		if j-i >= 2 {
			out = append(out, [2]int{spans[i][0], spans[j][1]})
		} else {
			out = append(out, spans[i:j+1]...)
		}
		i = j + 1
	}
	return out
}

// possessives takes "s" after an apostrophe out of the words, and says of which
// word it was: "my wife's head" reads as "my wife head" and as "my wifes head".
func possessives(g []glyph, spans [][2]int) ([][2]int, map[int]bool) {
	owned := map[int]bool{}
	var out [][2]int
	for i, s := range spans {
		if i > 0 && s[1]-s[0] == 1 && g[s[0]].r == 's' && s[0]-spans[i-1][1] == 1 && apostrophe(g[s[0]-1].r) && spans[i-1][1] == out[len(out)-1][1] {
			owned[len(out)-1] = true
			continue
		}
		out = append(out, s)
	}
	return out, owned
}

func apostrophe(r rune) bool { return strings.ContainsRune("'’‘`", r) }

// halves adds to a word what it is with the next one, or the next two, where
// that is a word nobody would part: "na ked". The data names them.
func halves(g []glyph, spans [][2]int, out []token) {
	split := rules().split
	for i := range out {
		w := g[spans[i][0]:spans[i][1]]
		for j := i + 1; j < len(out) && j <= i+2; j++ {
			if spans[j][0]-spans[j-1][1] > apart || len(w) > 12 {
				break
			}
			w = append(slices.Clone(w), g[spans[j][0]:spans[j][1]]...)
			for _, v := range readings(w) {
				if split[v] {
					out[i].alts = append(out[i].alts, spelled(v, j+1))
				}
			}
		}
	}
}

// chunks adds to the first of several words that a sign without a space joins
// what they are together: "na-ked" may be read as one word too.
func chunks(g []glyph, spans [][2]int, out []token) {
	for i := range out {
		w := slices.Clone(g[spans[i][0]:spans[i][1]])
		for j := i + 1; j < len(out) && j < i+6; j++ {
			gap := g[spans[j-1][1]:spans[j][0]]
			if n := len(gap); n < 1 || n > apart || slices.ContainsFunc(gap, func(x glyph) bool { return unicode.IsSpace(x.r) }) {
				break
			}
			w = append(w, g[spans[j][0]:spans[j][1]]...)
			if len(w) < 4 && strings.ContainsRune("&,'’", gap[0].r) {
				continue // "I'd photo" is no id photo
			}
			if len(w) > longest {
				break
			}
			for _, v := range readings(w) {
				if a := spelled(v, j+1); a.known {
					out[i].alts = append(out[i].alts, a)
				}
			}
		}
	}
}

func plain(w []glyph) string {
	var b strings.Builder
	for _, x := range w {
		if x.r != ' ' {
			b.WriteRune(x.r)
		}
	}
	return b.String()
}

// readings are the spellings a word may stand for: without accents, with the
// German e for an umlaut, with letters for digits, and with letters that were
// drawn out taken back.
func readings(w []glyph) []string {
	var b strings.Builder
	umlaut, digit, word := false, false, false
	for _, x := range w {
		b.WriteRune(x.r)
		if x.umlaut {
			b.WriteByte('e')
			umlaut = true
		}
		if _, ok := digits[x.r]; ok {
			digit = true
		} else {
			word = true
		}
	}
	out := []string{plain(w)}
	if umlaut {
		out = append(out, b.String())
	}
	if digit && word {
		for _, one := range "il" {
			out = append(out, strings.Map(func(r rune) rune {
				if r == '1' || r == '!' || r == '|' {
					return one
				}
				if l, ok := digits[r]; ok {
					return l
				}
				return r
			}, out[0]))
		}
	}
	for _, v := range out[:len(out):len(out)] {
		for _, keep := range []int{1, 2} {
			if s := shorten(v, keep); s != v {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// shorten cuts every letter that stands three times or more in a row to keep.
func shorten(s string, keep int) string {
	if !drawn(s) {
		return s
	}
	r := []rune(s)
	var out []rune
	for i := 0; i < len(r); {
		j := i
		for j < len(r) && r[j] == r[i] {
			j++
		}
		n := j - i
		if n >= 3 {
			n = keep
		}
		for range n {
			out = append(out, r[i])
		}
		i = j
	}
	return string(out)
}

// drawn reports whether a letter stands three times in a row.
func drawn(s string) bool {
	var before, last rune
	for _, r := range s {
		if r == last && r == before {
			return true
		}
		before, last = last, r
	}
	return false
}
