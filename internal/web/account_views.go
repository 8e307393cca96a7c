package web

import (
	"strconv"
	"time"

	"kinpict"
	"kinpict/internal/people"
)

// AccountView feeds account.html.
type AccountView struct {
	Page
	Faults
	Since     time.Time
	SignIns   []people.SignIn
	Tokens    []people.Token
	MaxTokens int
	Fresh     bool   // signed in just now, as making a token asks for
	Minutes   int    // how long that is
	Staff     bool   // who make no tokens here
	TokenName string // as it was typed
	Secret    string // of the token just made, shown this once
	Kept      []KeptLine
}

// Others is whether there are sign-ins beside the one of this browser.
func (v AccountView) Others() bool {
	for _, s := range v.SignIns {
		if !s.Here {
			return true
		}
	}
	return false
}

// A KeptLine is one thing we keep: how much of it, for how long, and where it is seen.
type KeptLine struct{ What, Much, Long, Link string }

// FarewellView feeds account-delete.html.
type FarewellView struct {
	Page
	Faults
	Kept    kinpict.Kept
	GivenUp kinpict.Credits
	Fresh   bool // the sign-in is young enough
	Held    bool // staff hold the account
	Minutes int
}

// LeftView feeds account-deleted.html.
type LeftView struct {
	Page
	kinpict.Deletion
	Went []KeptLine
}

// wholeNumber reads a number that our own form sent.
func wholeNumber(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, &kinpict.Error{Code: kinpict.Invalid, Message: "The form came without its numbers.", Hint: "Load the page again and press once more."}
	}
	return n, nil
}
