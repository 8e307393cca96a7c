package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"kinpict"
	"kinpict/internal/lang"
)

// roleNames are who somebody is, as a choice and beside a photo.
var roleNames = map[kinpict.Role]string{
	"grandparent": lang.N("Grandparent"), "parent": lang.N("Parent"), "child": lang.N("Child"), "baby": lang.N("Baby"), "partner": lang.N("Partner"),
	"sibling": lang.N("Sibling"), "friend": lang.N("Friend"), "pet": lang.N("Pet"), "other": lang.N("Other"),
}

// number writes n with a comma before each group of three digits.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// credits is an amount with its word.
func credits(n kinpict.Credits) string {
	if n == 1 {
		return "1 credit"
	}
	return number(int64(n)) + " credits"
}

// signed writes a change with its sign, a true minus and not a hyphen.
func signed(n kinpict.Credits) string {
	switch {
	case n > 0:
		return "+" + number(int64(n))
	case n < 0:
		return "\u2212" + number(int64(-n))
	}
	return "0"
}

// symbols of currencies that have one everybody reads without their code.
var symbols = map[string]string{"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

// money writes an amount in major units, without decimals that are zero.
func money(m kinpict.Money) string {
	code := strings.ToUpper(m.Currency)
	digits := 2
	if u, err := currency.ParseISO(code); err == nil {
		digits, _ = currency.Standard.Rounding(u)
	}
	unit := int64(math.Pow10(digits))
	s := number(m.Amount / unit)
	if rest := m.Amount % unit; rest != 0 {
		s += fmt.Sprintf(".%0*d", digits, rest)
	}
	if sign, ok := symbols[m.Currency]; ok {
		return sign + s
	}
	return s + " " + code
}

// Times are written in UTC, because the server cannot know where a person is.
func date(t time.Time) string   { return t.UTC().Format("2 January 2006") }
func moment(t time.Time) string { return t.UTC().Format("2 Jan, 15:04 UTC") }
func clock(t time.Time) string  { return t.UTC().Format("15:04 UTC") }
func iso(t time.Time) string    { return t.UTC().Format(time.RFC3339) }

// title begins a word with a capital letter.
func title[S ~string](s S) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(string(s[:1])) + string(s[1:])
}

// lower begins a word with a small letter.
func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// short keeps of an id what tells it from its neighbours on one page.
func short(id string) string {
	prefix, rest, ok := strings.Cut(id, "_")
	if !ok || len(rest) <= 8 {
		return id
	}
	return prefix + "_…" + rest[len(rest)-6:]
}

// days writes a time of whole days.
func days(d time.Duration) string { return count(int(d.Hours()/24), "day", "days") }

// count names a number of things in words a sentence can hold.
func count(n int, one, many string) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	w := strconv.Itoa(n)
	if n < len(words) {
		w = words[n]
	}
	if n == 1 {
		return w + " " + one
	}
	return w + " " + many
}
