package lang

import (
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"golang.org/x/text/currency"
	"golang.org/x/text/message"

	"kinpict"
)

// A Printer says things in one language. It may be used by many at once.
type Printer struct {
	Code string // as in <html lang>: "en"
	Name string // of the language, in itself
	Dir  string // "ltr" or "rtl"

	print   *message.Printer
	told    *recogniser
	pseudo  bool
	dates   locales.Translator
	decimal string
	money   func(amount, symbol string) string
}

// N marks a text that is kept in a table and said later, by Told.
func N(english string) string { return english }

// Say is a message with its arguments. Whole numbers are written as the language
// groups them; a number that chooses a plural form is handed in as such.
func (p *Printer) Say(english string, a ...any) string {
	return p.bracket(p.print.Sprintf(english, counted(a)...))
}

// counted hands amounts of credits in as numbers, because only a number chooses
// a plural form.
func counted(a []any) []any {
	for i, v := range a {
		if n, ok := v.(kinpict.Credits); ok {
			a[i] = int64(n)
		}
	}
	return a
}

// Rich is Say for a message that holds markup. The message is ours and trusted;
// arguments are text, and escaped, unless they are template.HTML.
func (p *Printer) Rich(english string, a ...any) template.HTML {
	safe := make([]any, len(a))
	for i, v := range a {
		switch v := v.(type) {
		case template.HTML:
			safe[i] = string(v)
		case string:
			safe[i] = template.HTMLEscapeString(v)
		case int, int64, kinpict.Credits:
			safe[i] = v
		default:
			safe[i] = template.HTMLEscapeString(fmt.Sprint(v))
		}
	}
	return template.HTML(p.Say(english, safe...))
}

// Told is a whole English text that comes from elsewhere, in this language: a
// message of the catalogue, or one that was formatted from it. What is not
// recognised is told as it is.
func (p *Printer) Told(english string) string {
	if p.pseudo {
		return p.bracket(english)
	}
	return p.told.say(p, english)
}

// Pseudo is English with every message between ⟦ and ⟧: what stands outside them
// on a page was not said through a catalogue.
func Pseudo() *Printer {
	p, err := newPrinter(0, []fs.FS{Embedded()})
	if err != nil {
		panic(err) // the catalogues are embedded
	}
	p.Code, p.pseudo = "en-XA", true
	return p
}

func (p *Printer) bracket(s string) string {
	if !p.pseudo {
		return s
	}
	return "⟦" + s + "⟧"
}

// Number writes n with the digits and groups of the language.
func (p *Printer) Number(n int64) string { return p.print.Sprintf("%d", n) }

// Credits is an amount with its word.
func (p *Printer) Credits(n kinpict.Credits) string { return p.Say("%d credits", int64(n)) }

// Signed writes a change with its sign, a true minus and not a hyphen.
func (p *Printer) Signed(n kinpict.Credits) string {
	switch {
	case n > 0:
		return p.sign("+") + p.Number(int64(n))
	case n < 0:
		return p.sign("\u2212") + p.Number(int64(-n))
	}
	return p.Number(0)
}

// sign is what stands before a number.
func (p *Printer) sign(s string) string {
	if p.Dir == "rtl" {
		return "\u200e" + s // else it would come to stand behind the number
	}
	return s
}

// symbols of currencies that have one everybody reads without their code.
var symbols = map[string]string{"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

// Symbol is the sign of a currency that everybody reads without its code, or "".
func Symbol(currency string) string { return symbols[currency] }

// Where a language writes the symbol of a currency (CLDR, standard pattern).
func before(amount, symbol string) string { return symbol + amount }
func after(amount, symbol string) string  { return amount + "\u00a0" + symbol }

// Money writes an amount in major units, without decimals that are zero.
func (p *Printer) Money(m kinpict.Money) string {
	code := strings.ToUpper(m.Currency)
	digits := 2
	if u, err := currency.ParseISO(code); err == nil {
		digits, _ = currency.Standard.Rounding(u)
	}
	unit, amount, minus := int64(math.Pow10(digits)), m.Amount, ""
	if amount < 0 {
		amount, minus = -amount, p.sign("\u2212")
	}
	s := p.Number(amount / unit)
	if rest := amount % unit; rest != 0 {
		s += p.decimal + fmt.Sprintf("%0*d", digits, rest)
	}
	if symbol := Symbol(m.Currency); symbol != "" {
		return minus + p.money(s, symbol)
	}
	return minus + after(s, code)
}

// Times are written in UTC, because the server cannot know where a person is.

// Date is a day: 2 January 2006.
func (p *Printer) Date(t time.Time) string { return p.dates.FmtDateLong(t.UTC()) }

// Month is a month and its year.
func (p *Printer) Month(t time.Time) string {
	return p.dates.MonthWide(t.UTC().Month()) + " " + t.UTC().Format("2006")
}

// Clock is a time of day: 15:04 UTC.
func (p *Printer) Clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// Moment is a day and a time of it.
func (p *Printer) Moment(t time.Time) string {
	return p.Say("%s, %s", p.dates.FmtDateMedium(t.UTC()), p.Clock(t))
}

// Days writes a time of whole days.
func (p *Printer) Days(d time.Duration) string { return p.Say("%d days", int(d.Hours()/24)) }
