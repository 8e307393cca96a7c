package wording

import (
	_ "embed"
	"strings"
	"unicode"
)

//go:embed lookalikes.txt
var lookalikesFile string

// lookalikes are letters and signs that pass for a small Latin letter. Where the
// file names one twice the first line counts.
var lookalikes = readLookalikes(lookalikesFile)

func readLookalikes(file string) map[rune]rune {
	m := map[rune]rune{}
	for line := range strings.Lines(file) {
		latin, like, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || latin == "#" {
			continue
		}
		for _, r := range like {
			for _, r := range []rune{r, unicode.ToLower(r)} {
				if _, known := m[r]; !known && r >= 0x80 {
					m[r] = rune(latin[0])
				}
			}
		}
	}
	return m
}
