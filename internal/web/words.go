package web

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kinpict"
	"kinpict/internal/lang"
)

// roleNames are who somebody is, as a choice and beside a photo.
var roleNames = map[kinpict.Role]string{
	"grandparent": lang.N("Grandparent"), "parent": lang.N("Parent"), "child": lang.N("Child"), "baby": lang.N("Baby"), "partner": lang.N("Partner"),
	"sibling": lang.N("Sibling"), "friend": lang.N("Friend"), "pet": lang.N("Pet"), "other": lang.N("Other"),
}

// iso is a time as attributes and scripts read it.
func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// title begins a word with a capital letter.
func title[S ~string](s S) string {
	if s == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(string(s))
	return string(unicode.ToTitle(first)) + string(s[n:])
}

// short keeps of an id what tells it from its neighbours on one page.
func short(id string) string {
	prefix, rest, ok := strings.Cut(id, "_")
	if !ok || len(rest) <= 8 {
		return id
	}
	return prefix + "_…" + rest[len(rest)-6:]
}
