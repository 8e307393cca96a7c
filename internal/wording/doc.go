// Package wording reads and writes the words of a request. Check finds what may
// not be asked for and what deserves advice, by the table in rules.yaml; Compose
// makes a clear instruction of a few choices. Both are pure: the same words give
// the same answer, and nothing is kept.
//
// Check looks through disguise (case, accents, letters of other scripts, digits
// for letters, letters set apart, characters that cannot be seen), and it takes
// the many innocent words out first that only look like a rule. It is the first
// of two nets. An image service has its own, and what that refuses returns the
// credits.
package wording
