package lang

import (
	"strings"
	"testing"
)

// A site of another name says it in every language, and nothing else changes.
func TestRenamedSaysAnotherName(t *testing.T) {
	const other = "Müller & Söhne"
	over, err := Renamed("Kinpict", other)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := New(nil, over)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := read(Embedded(), "de")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, e := range texts {
		if e.Forms != nil || strings.Contains(e.English, "%") {
			continue
		}
		for _, code := range Known() {
			was, is := ours.Find(code).Say(e.English), theirs.Find(code).Say(e.English)
			if want := strings.ReplaceAll(was, "Kinpict", other); is != want {
				t.Errorf("%s: %q, want %q", code, is, want)
			}
			if was != is {
				named++
			}
		}
	}
	if named < 6 {
		t.Errorf("only %d messages name the product", named)
	}
	if got := theirs.Find("de").Say("%d credits", 1); got != ours.Find("de").Say("%d credits", 1) {
		t.Errorf("plural forms became %q", got)
	}
}
