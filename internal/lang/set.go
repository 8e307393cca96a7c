package lang

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar_AE"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed messages
var embedded embed.FS

// Embedded is the catalogues of the product, one folder a language.
func Embedded() fs.FS {
	dir, err := fs.Sub(embedded, "messages")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return dir
}

// A tongue is what a language needs beside its catalogue.
type tongue struct {
	code, name string
	tag        language.Tag
	dates      func() locales.Translator
	dir        string // of writing: ltr or rtl
	decimal    string // between whole units of money and the rest
	money      func(amount, symbol string) string
}

// known are the languages there are, the first one being what everything is
// written in. Arabic writes its digits as its readers in the Gulf and the Maghreb
// do, which are the ones the rest of a page has. It is not complete: it holds
// headings and navigation, and proves a layout from right to left.
var known = []tongue{
	{"en", "English", language.BritishEnglish, en_GB.New, "ltr", ".", before},
	{"de", "Deutsch", language.German, de.New, "ltr", ",", after},
	{"ar", "العربية", language.MustParse("ar-AE"), ar_AE.New, "rtl", ".", after},
}

// Known are the codes of the languages there are.
func Known() []string {
	var out []string
	for _, k := range known {
		out = append(out, k.code)
	}
	return out
}

// A Set is the languages a site is offered in.
type Set struct {
	printers []*Printer
	matcher  language.Matcher
}

// New reads the catalogues of the languages named, in the order of preference
// for somebody who reads none of them. No codes means all there are. Further
// catalogues are laid over the embedded ones, the last one winning.
func New(codes []string, over ...fs.FS) (*Set, error) {
	if len(codes) == 0 {
		codes = Known()
	}
	s := &Set{}
	var tags []language.Tag
	for _, code := range codes {
		i := slices.IndexFunc(known, func(k tongue) bool { return k.code == code })
		if i < 0 {
			return nil, fmt.Errorf("there is no language %q, only %v", code, Known())
		}
		if s.Find(code) != nil {
			return nil, fmt.Errorf("the language %q is named twice", code)
		}
		read := ours[i]
		if len(over) > 0 {
			read = func() (*Printer, error) { return newPrinter(i, append([]fs.FS{Embedded()}, over...)) }
		}
		p, err := read()
		if err != nil {
			return nil, err
		}
		s.printers, tags = append(s.printers, p), append(tags, known[i].tag)
	}
	s.matcher = language.NewMatcher(tags)
	return s, nil
}

// Find is the printer of a language, or nil where it is not offered.
func (s *Set) Find(code string) *Printer {
	for _, p := range s.printers {
		if p.Code == code {
			return p
		}
	}
	return nil
}

// Match is the printer of the language that an Accept-Language header prefers
// among those offered, else the first one. A header that cannot be read asks for
// nothing.
func (s *Set) Match(accept string) *Printer {
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return s.printers[0]
	}
	_, i, confidence := s.matcher.Match(tags...)
	if confidence == language.No {
		return s.printers[0]
	}
	return s.printers[i]
}

// All are the printers in their order.
func (s *Set) All() []*Printer { return s.printers }

func newPrinter(i int, dirs []fs.FS) (*Printer, error) {
	k := known[i]
	b := newBuilder(k.tag)
	var told []rule
	for _, dir := range dirs {
		list, err := read(dir, k.code)
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", k.code, err)
		}
		for _, e := range list {
			if err := e.set(b, k.tag); err != nil {
				return nil, fmt.Errorf("messages of %s: %q: %w", k.code, e.English, err)
			}
			told = append(told, rule{english: e.English})
		}
		plurals, err := read(dir, known[0].code)
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", known[0].code, err)
		}
		for _, e := range plurals {
			for form, written := range e.Forms {
				if form[0] != '=' {
					told = append(told, rule{english: e.English, written: written})
				}
			}
		}
	}
	return &Printer{Code: k.code, Name: k.name, Dir: k.dir, decimal: k.decimal, money: k.money, dates: k.dates(),
		print: message.NewPrinter(k.tag, message.Catalog(b)), told: recognise(told)}, nil
}
