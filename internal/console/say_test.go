package console

import "testing"

func TestStaffSeeWhatCannotBeSeen(t *testing.T) {
	for text, want := range map[string]string{
		"Everybody by the sea":           "Everybody by the sea",
		"two\nlines":                     "two\nlines",
		"Ömür 家族 😀":                      "Ömür 家族 😀",
		"a \u202eevif ta\u202c b\u200bc": "a [U+202E]evif ta[U+202C] b[U+200B]c",
	} {
		if got := shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
