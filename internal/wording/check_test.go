package wording

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"kinpict"
)

func lines(t *testing.T, file string) (out []string) {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if l := s.Text(); l != "" && !strings.HasPrefix(l, "# ") {
			out = append(out, l)
		}
	}
	if len(out) < 100 {
		t.Fatalf("%s holds %d lines", file, len(out))
	}
	return out
}

func TestForbiddenWordsAreRefused(t *testing.T) {
	for _, l := range lines(t, "refuse.txt") {
		code, text, ok := strings.Cut(l, " | ")
		if !ok {
			t.Fatalf("%q has no code", l)
		}
		got := Refused(text)
		if len(got) == 0 {
			t.Errorf("%q passes", text)
			continue
		}
		found := false
		for _, f := range got {
			found = found || f.Code == code
			if f.Severity != kinpict.Refused || f.Message == "" || f.Help == "" {
				t.Errorf("%q is refused without a sentence: %+v", text, f)
			}
			if r := []rune(text); f.Words != string(r[f.At:f.At+utf8.RuneCountInString(f.Words)]) {
				t.Errorf("%q: %q does not stand at %d", text, f.Words, f.At)
			}
		}
		if !found {
			t.Errorf("%q is refused as %s for %q, want %s", text, got[0].Code, got[0].Words, code)
		}
	}
}

func TestInnocentWordsPass(t *testing.T) {
	for _, text := range lines(t, "pass.txt") {
		for _, f := range Refused(text) {
			t.Errorf("%q is refused as %s for %q", text, f.Code, f.Words)
		}
	}
}
