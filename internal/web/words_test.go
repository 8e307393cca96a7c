package web

import (
	"slices"
	"testing"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/wording"
)

func TestIDsAreShortOnAPage(t *testing.T) {
	for id, want := range map[string]string{"gen_0123456789abcdef": "gen_…abcdef", "gen_1": "gen_1", "x": "x"} {
		if got := short(id); got != want {
			t.Errorf("%s is shown as %q, want %q", id, got, want)
		}
	}
}

func TestWordsBeginWithACapital(t *testing.T) {
	for word, want := range map[string]string{"standard": "Standard", "übermalt": "Übermalt", "ébène": "Ébène", "فوق": "فوق", "日": "日", "": "", "4 photos": "4 photos"} {
		if got := title(word); got != want {
			t.Errorf("%q begins as %q, want %q", word, got, want)
		}
	}
}

func TestNumbersOfPacksComeFromTheCatalog(t *testing.T) {
	c := &kinpict.Catalog{Version: 7, Qualities: []kinpict.Rate{{ID: kinpict.Standard, Credits: 5}, {ID: kinpict.Enhanced, Credits: 11}},
		Packs: []kinpict.Pack{{ID: "a", Credits: 100, Prices: []kinpict.Money{{Amount: 1000, Currency: "eur"}}}, {ID: "b", Credits: 300, Prices: []kinpict.Money{{Amount: 3300, Currency: "eur"}}}}}
	got := packs(english, c, sale{}, func() string { return "k" }, "")
	if s := got[0].Supports; s[0].Count != 20 || s[1].Count != 9 {
		t.Errorf("100 credits support %v, want 20 and 9", s)
	}
	if got[0].Each != "about €0.50 a standard picture" {
		t.Errorf("a picture of the first pack costs %q", got[0].Each)
	}
	if !got[0].Best || got[1].Best {
		t.Error("the better price is the first pack's, and is not said to be")
	}
	r := rates(english, c, 7)
	if r[0].Left != 2 || r[0].Short != 0 || r[1].Short != 4 {
		t.Errorf("7 credits leave %d and lack %d, want 2 and 4", r[0].Left, r[1].Short)
	}
	c.Qualities = append(c.Qualities, kinpict.Rate{ID: "poster", Credits: 20})
	if r := rates(english, c, 7); r[0].Name != "Standard" || r[2].Name != "Poster" {
		t.Errorf("a third quality is called %q", r[2].Name)
	}
	if r := rates(english, c, -3); r[0].Short != 8 {
		t.Errorf("with 3 owed, %d are missing of 5, want 8", r[0].Short)
	}
}

func TestWaysBackStayOnTheSite(t *testing.T) {
	for _, ok := range []string{"/", "/create", "/held/hld_1?x=1#y"} {
		if local(ok) != ok {
			t.Errorf("%q is not gone back to", ok)
		}
	}
	for _, bad := range []string{"", "create", "//evil.example", "///evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", "javascript:alert(1)", "\\\\evil.example"} {
		if got := local(bad); got != "" {
			t.Errorf("%q leads to %q", bad, got)
		}
	}
}

// The helper's choices are kept by another package, under the names that are
// said here.
func TestEveryChoiceHasAName(t *testing.T) {
	for _, list := range [][]wording.Choice{wording.Seasons, wording.Clothing, wording.Moods} {
		for _, c := range list {
			if !slices.Contains(choiceNames, c.Name) {
				t.Errorf("%q is not said in other languages", c.Name)
			}
		}
	}
}

// A photo may be a copy of one from another picture: there is nothing to take
// out of the tool then.
func TestACopyIsToldBesideTheOther(t *testing.T) {
	say := lang.Pseudo()
	copied := kinpict.Photo{ID: "pho_b", Checks: []kinpict.Check{{Code: "near_duplicate", Severity: "info", Photo: "pho_a", Message: "This looks like another photo that you added.", Help: "One is enough."}}}
	for _, c := range []struct {
		name  string
		uses  []kinpict.PhotoUse
		notes int
	}{
		{"both are in the tool", []kinpict.PhotoUse{{ID: "pho_b"}, {ID: "pho_a"}}, 1},
		{"the other is elsewhere", []kinpict.PhotoUse{{ID: "pho_b"}, {ID: "pho_c"}}, 0},
	} {
		if got := cardsOf(say, c.uses, []kinpict.Photo{copied, {}})[0].Notes; len(got) != c.notes {
			t.Errorf("%s: %v, want %d notes", c.name, got, c.notes)
		}
	}
}
