package web

import "testing"

// Our own pages stand the trial operators' templates have to stand.
func TestEveryPageStandsItsTrial(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.try(languages); err != nil {
		t.Error(err)
	}
	for name := range views {
		if d.pages["en"][name] == nil {
			t.Errorf("there is no page %q", name)
		}
	}
}
