package web

import "strings"

// An Operator is who runs the site, as far as they say. The zero one says
// nothing, and no page tells of it.
type Operator struct {
	Name    string
	Address string // its lines with ; between
	Contact string // a mail address or an https address
}

// Lines are the address as it stands on a letter.
func (o Operator) Lines() []string {
	var out []string
	for l := range strings.SplitSeq(o.Address, ";") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// Reach is where a press on the contact leads.
func (o Operator) Reach() string {
	if strings.HasPrefix(o.Contact, "https://") {
		return o.Contact
	}
	return "mailto:" + o.Contact
}
