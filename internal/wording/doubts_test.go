package wording

import (
	"reflect"
	"strings"
	"testing"

	"kinpict"
)

func TestDoubtsAreAllPlacesInTheirOrder(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		"Everyone at the lake":              nil,
		"Grandpa and the coffin he built":   {"coffin"},
		"A coffin, a swastika, two corpses": {"coffin", "swastika", "corpses"},
		"The coffin beside the coffin":      {"coffin", "coffin"},
		"c0ffin and C O F F I N":            {"c0ffin", "C O F F I N"},
		"Ein Sarg aus Schnee":               {"Sarg"},
		"Everyone naked":                    nil, // refused, not doubted
		"make the light without shadows":    nil,
	} {
		var got []string
		for _, f := range Doubts(text) {
			if f.Code != Unsure || f.Severity != kinpict.Advice || string([]rune(text)[f.At:f.At+len([]rune(f.Words))]) != f.Words {
				t.Errorf("%q: %+v", text, f)
			}
			got = append(got, f.Words)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if n := len(Doubts(strings.Repeat("coffin and ", 80))); n == 0 || n > 20 {
		t.Errorf("a wall of doubts has %d places", n)
	}
}
