package lang

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A rule is a message that may have been formatted before it came here.
type rule struct {
	english string
	written string // what English makes of it, where that is another form of it
	shape   *regexp.Regexp
	verbs   []string // of each argument: "s" or "d"
}

// A recogniser finds the message an English text was made of.
type recogniser struct {
	exact   map[string]bool
	formats []rule
}

// verb is a verb of a format, with the number of its argument where it has one.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([-+# 0]*[0-9.]*)([a-zA-Z])|%%`)

func recognise(rules []rule) *recogniser {
	r := &recogniser{exact: map[string]bool{}}
	for _, x := range rules {
		if x.written == "" {
			x.written = x.english
		}
		if !verb.MatchString(x.english) {
			r.exact[x.english] = true
			continue
		}
		if !strings.Contains(x.english, "<") { // markup is said by pages alone
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
	for {
		at := verb.FindStringSubmatchIndex(rest)
		if at == nil {
			break
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
	b.WriteString(regexp.QuoteMeta(rest) + "$")
	x.shape = regexp.MustCompile(b.String())
	return x
}

func (r *recogniser) say(p *Printer, english string) string {
	if english == "" || r.exact[english] {
		return p.sayExactly(english)
	}
	for _, x := range r.formats {
		found := x.shape.FindStringSubmatch(english)
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
