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
	if len(out) < 60 {
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

// What can be read two ways is never refused, and never passed over in silence.
func TestDoubtfulWordsAreAdvice(t *testing.T) {
	for _, text := range lines(t, "advise.txt") {
		got := Check(text, About{Generative: true})
		if len(got) == 0 {
			t.Errorf("%q passes without advice", text)
		}
		for _, f := range got {
			if f.Severity != kinpict.Advice {
				t.Errorf("%q is refused as %s for %q", text, f.Code, f.Words)
			}
		}
	}
}

// A person who means no harm must not read that they wanted something sexual
// with a child, only because a child stands somewhere in the same text.
func TestNobodyIsAccused(t *testing.T) {
	accusation := rules().byCode["minors"].Message
	for text, accuses := range map[string]bool{
		"make my daughter look sexy": true,
		"sexy schoolgirl":            true,
		"daughter in panties":        true,
		"12yo girl spread legs":      true,
		"our newborn without clothes, as in the sheepskin photo":                           false,
		"naked baby on the rug":                                                            false,
		"remove the clothes of the girl":                                                   false,
		"a sexy picture of my wife, the children are at home":                              false,
		"our kids, sexy wife and dog":                                                      false,
		"hot girls at the pool":                                                            false,
		"sexy saxophone. The kids dance":                                                   false,
		"an erotic dance of the parents for the dog and its kennel, far from our children": false,
	} {
		got := false
		for _, f := range Refused(text) {
			got = got || f.Message == accusation
		}
		if got != accuses {
			t.Errorf("%q: accused %v, want %v", text, got, accuses)
		}
	}
}

// Each of these is read as the word it disguises, and no letter of the table
// passes for two.
func TestLookalikes(t *testing.T) {
	for disguise, word := range map[string]string{
		"пaked": "naked", "ոaked": "naked", "ᏁᎪᏦᎬᎠ": "naked", "ᑎᑌᗪE": "nude", "ꓠꓴꓓꓰ": "nude", "nakǝd": "naked", "ŋaĸeđ": "naked", "ⓝⓤⓓⓔ": "nude",
	} {
		if got := tokens(disguise)[0].bare; got != word {
			t.Errorf("%q is read as %q, want %q", disguise, got, word)
		}
	}
	seen := map[rune]bool{}
	for line := range strings.Lines(lookalikesFile) {
		if _, like, _ := strings.Cut(strings.TrimSpace(line), " "); !strings.HasPrefix(line, "#") {
			for _, r := range like {
				if seen[r] {
					t.Errorf("%q stands there twice", r)
				}
				seen[r] = true
			}
		}
	}
}

// The context of one sentence does not excuse another, and what is innocent
// excuses only itself.
func TestContextEndsWithItsSentence(t *testing.T) {
	for text, code := range map[string]string{
		"Halloween costumes. The floor is covered in blood":        "violence",
		"Covered in blood. A joke with the Halloween costume":      "violence",
		"Grandma survived the Nazis. Dad in front of Hitler":       "hate",
		"naked trees and naked people":                             "nudity",
		"dad laughing at a joke. Kill my wife":                     "violence",
		"our dog Donald Trump. Put us next to Donald Trump":        "deepfake",
		"no passport look, a passport photo of my son":             "identity",
		"the wife, naked, trees":                                   "nudity",
		"kids at the biathlon. The child holds a gun to our faces": "weapons",
	} {
		if got := codes(Refused(text)); got != code {
			t.Errorf("%q is refused as %q, want %q", text, got, code)
		}
	}
}
