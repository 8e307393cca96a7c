package kinpict

import (
	"net/url"
	"strings"
	"unicode"
)

// MaxPath is the longest local path that is kept to go on to, in bytes.
const MaxPath = 500

// LocalPath reports whether p leads to a page of this site and nowhere else.
// Browsers read a backslash as a slash and drop tabs and line breaks, so that
// "/\evil.example" and "/<tab>/evil.example" lead away as "//evil.example" does.
func LocalPath(p string) bool {
	strange := func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }
	if len(p) > MaxPath || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsFunc(p, strange) {
		return false
	}
	u, err := url.Parse(p)
	return err == nil && u.Scheme == "" && u.Host == ""
}
