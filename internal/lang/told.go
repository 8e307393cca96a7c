package lang

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A rule is a message that may have been formatted before it came here.
type rule struct {
	english string
	written string                // what English makes of it, where that is another form of it
	begin   string                // what stands before the first argument
	end     string                // and after the last one
	shape   func() *regexp.Regexp // made when a text first begins and ends so: most never do
	verbs   []string              // of each argument: "s" or "d"
}

// A recogniser finds the message an English text was made of.
type recogniser struct {
	exact   map[string]bool
	formats []rule
}

// unfinished are formats of the use cases that lack the beginning or the end of a
// sentence and are recognised all the same. Any other fragment is a page's own:
// "%s on %s" would be found in the words of half the people.
var unfinished = []string{
	"%s costs %d credits instead of %d", "%s is offered for %d credits", "%s is no longer offered; it cost %d credits",
	"pack %s is sold: %d credits for %s", "pack %s holds %d credits instead of %d", "pack %s costs %s instead of %s",
	"pack %s is no longer sold; it was %d credits for %s", "a guest gets %d previews instead of %d",
	"promo code %s",
	"%s is not made in the shape %q.", "%s takes %d to %d photos; there are %d.", "%s approved this request before.", "%s refused this request before.",
}

// recognisable reports whether texts that were formatted so are recognised. Texts
// with markup are said by pages alone.
func recognisable(format string) bool {
	begins := !strings.HasPrefix(format, "%s") && !strings.HasPrefix(format, "%v")
	ends := strings.HasSuffix(format, ".") || strings.HasSuffix(format, "?")
	return !strings.Contains(format, "<") && (begins && ends || slices.Contains(unfinished, format))
}

// verb is a verb of a format, with the number of its argument where it has one.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([-+# 0]*[0-9.]*)([a-zA-Z])|%%`)

func recognise(rules []rule) *recogniser {
	r := &recogniser{exact: map[string]bool{}}
	seen := map[[2]string]bool{} // catalogues laid over each other say some of them again
	for _, x := range rules {
		if x.written == "" {
			x.written = x.english
		}
		if !verb.MatchString(x.english) {
			r.exact[x.english] = true
			continue
		}
		if key := [2]string{x.english, x.written}; recognisable(x.english) && !seen[key] {
			seen[key] = true
			r.formats = append(r.formats, x.compile())
		}
	}
	// The most particular first: "%s is too small." would be found in much.
	slices.SortStableFunc(r.formats, func(a, b rule) int {
		return cmp.Compare(len(verb.ReplaceAllString(b.written, "")), len(verb.ReplaceAllString(a.written, "")))
	})
	return r
}

// shapes are what the verbs of use cases write.
var shapes = map[string]string{"d": `-?\d+`, "s": `.+?`, "q": `".*?"`, "f": `-?[\d.]+`}

func (x rule) compile() rule {
	var b strings.Builder
	b.WriteString("^")
	rest := x.written
	x.begin = rest
	for {
		at := verb.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		if rest == x.written {
			x.begin = rest[:at[0]]
		}
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		if rest[at[0]:at[1]] == "%%" {
			b.WriteString("%")
		} else {
			kind := rest[at[6]:at[7]]
			x.verbs = append(x.verbs, kind)
			b.WriteString("(" + cmp.Or(shapes[kind], shapes["s"]) + ")")
		}
		rest = rest[at[1]:]
	}
	x.end = rest
	b.WriteString(regexp.QuoteMeta(rest) + "$")
	x.shape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(b.String()) })
	return x
}

func (r *recogniser) say(p *Printer, english string) string {
	if english == "" || r.exact[english] {
		return p.sayExactly(english)
	}
	for _, x := range r.formats {
		if !strings.HasPrefix(english, x.begin) || !strings.HasSuffix(english, x.end) {
			continue // an expression costs a hundred times as much
		}
		found := x.shape().FindStringSubmatch(english)
		if found == nil {
			continue
		}
		args := make([]any, len(x.verbs))
		for i, word := range found[1:] {
			switch x.verbs[i] {
			case "d":
				n, err := strconv.ParseInt(word, 10, 64)
				if err != nil {
					return english
				}
				args[i] = n
			case "f":
				f, err := strconv.ParseFloat(word, 64)
				if err != nil {
					return english
				}
				args[i] = f
			case "q":
				s, err := strconv.Unquote(word)
				if err != nil {
					return english
				}
				args[i] = s
			default:
				args[i] = p.sayExactly(word)
			}
		}
		return p.Say(x.english, args...)
	}
	return english
}

// sayExactly says a text that is a message by itself.
func (p *Printer) sayExactly(s string) string {
	if p.told.exact[s] {
		return p.Say(s)
	}
	return s
}
