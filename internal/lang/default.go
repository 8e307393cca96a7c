package lang

import "sync"

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
