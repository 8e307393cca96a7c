package config

import (
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxOperator bounds each line about the operator, in characters.
const maxOperator = 100

// validateOperator finds an imprint that names nobody, or nobody who is reached.
func (c *Config) validateOperator(bad func(name, format string, a ...any)) {
	plain := func(name, s string, most int) {
		if utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, unicode.IsControl) {
			bad(name, "must be one line of up to %d characters", most)
		}
	}
	plain("OPERATOR_NAME", c.OperatorName, maxOperator)
	plain("OPERATOR_ADDRESS", c.OperatorAddress, 5*maxOperator)
	if strings.TrimSpace(c.OperatorName) == "" {
		if c.OperatorName+c.OperatorAddress+c.OperatorContact != "" {
			bad("OPERATOR_NAME", "is required beside an address or a contact of the operator")
		}
		return
	}
	if !reachable(c.OperatorContact) {
		bad("OPERATOR_CONTACT", "%q is neither a mail address such as hello@example.org nor an address such as https://example.org/contact", c.OperatorContact)
	}
}

// reachable reports whether s is a plain mail address or an https address.
func reachable(s string) bool {
	if strings.HasPrefix(s, "https://") {
		u, err := url.Parse(s)
		return err == nil && u.Hostname() != "" && u.User == nil
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && !strings.ContainsAny(s, "?&%\"")
}
