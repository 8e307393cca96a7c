package studio

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
)

// The scenario printed in the manual is one that can be drawn, without a sample.
func TestTheManualsScenarioIsDrawn(t *testing.T) {
	manual, err := os.ReadFile("../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manual), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/scenarios.md has no example")
	}
	set, err := scenario.Load(fstest.MapFS{"plain/scenario.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set.All() {
		if err := Validate(s); err != nil {
			t.Fatal(err)
		}
		for _, a := range s.Aspects {
			m, _ := draw(t, &Engine{short: 128}, &engine.Job{Scenario: s, Quality: kinpict.Standard, Aspect: a, Seed: 1, Photos: drawn()[:2]})
			if b := m.Bounds(); min(b.Dx(), b.Dy()) != 128 {
				t.Errorf("%s: it is %v large", a, b.Size())
			}
		}
	}
}
