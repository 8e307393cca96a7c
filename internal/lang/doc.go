// Package lang says what people read, in their language: sentences with their
// plural forms, and numbers, dates and amounts of money as the language writes
// them.
//
// As in gettext, the English text is the name of a message. A page therefore
// reads in its own words, and the catalogue of English (messages/en) holds only
// what has plural forms. Every other language has a folder of its own; a test
// holds that German lacks nothing and that no entry is left over. A format takes
// the verbs of package fmt; another order of words numbers them: %[2]s.
//
// Sentences of the use cases reach people in English, and are kept so in the
// books: what became of a request is a fact, and not a translation of it.
// Printer.Told recognises them and says them in the reader's language
// (docs/adr/0011-sentences-are-recognised.md).
//
// Plural rules, digits and grouping are those of the Unicode CLDR, by
// golang.org/x/text; names of months and the order of a date come from
// github.com/go-playground/locales, generated from the same.
package lang
