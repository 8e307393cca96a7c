package lang

import (
	"io/fs"
	"sync"
)

// ours are the languages there are in the product's own words. Each is read when
// it is first asked for, and then serves the whole process.
var ours = func() []func() (*Printer, error) {
	out := make([]func() (*Printer, error), len(known))
	for i := range known {
		out[i] = sync.OnceValues(func() (*Printer, error) { return newPrinter(i, []fs.FS{Embedded()}) })
	}
	return out
}()

// English is the language everything is written in.
func English() *Printer {
	p, err := ours[0]()
	if err != nil {
		panic(err) // the catalogues are embedded
	}
	return p
}

// Default is every language there is, with the catalogues of the product.
var Default = sync.OnceValue(func() *Set {
	s, err := New(nil)
	if err != nil {
		panic(err) // the catalogues are embedded
	}
	return s
})

// For is the printer for somebody who reads a language, by its code, and for ""
// the first one. A nil set is Default.
func (s *Set) For(code string) *Printer {
	if s == nil {
		s = Default()
	}
	return s.Match(code)
}
