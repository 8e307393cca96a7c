package wording

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kinpict"
	"kinpict/internal/engine/studio/lettering"
)

// What is told to be left out is left out by every font.
func TestUndrawnIsNotDrawn(t *testing.T) {
	told := 0
	for _, font := range []string{"serif", "serif-italic", "script", "sans", "roman"} {
		bare, _ := lettering.Set("a\U0010fffd", font, 20, 0) // no font has the last of private use
		for r := rune(0x80); r < 0x1fb00; r++ {
			if r > 0x3100 && r < 0x1f000 {
				r += 300 // one of many letters of a script stands for the others
			}
			if !undrawn(r) {
				continue
			}
			told++
			if l, _ := lettering.Set("a"+string(r), font, 20, 0); l.Width() != bare.Width() {
				t.Errorf("%s draws %c, %U", font, r, r)
			}
		}
	}
	if told < 1000 {
		t.Errorf("only %d letters were looked at", told)
	}
}

func codes(list []kinpict.Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Code)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAdvice(t *testing.T) {
	two := []Member{{"grandparent", 1}, {"grandparent", 1}, {"pet", 0}}
	for _, c := range []struct {
		text  string
		about About
		want  string
	}{
		{``, About{}, ""},
		{"  \n ", About{}, ""},
		{`"Summer 2026"`, About{}, ""},
		{`"Summer 2026" "Grandma and us"`, About{}, ""},
		{`„Sommer 2026“`, About{}, ""},
		{`Summer 2026`, About{}, "no_title"},
		{`Summer 2026`, About{Generative: true}, ""},
		{`ok`, About{Generative: true}, "too_short"},
		{`"Summer 2026`, About{}, "quote_open"},
		{`"` + strings.Repeat("long ", 9) + `"`, About{}, "title_long"},
		{`"` + strings.Repeat("long ", 20) + `"`, About{}, "title_too_long"},
		{`"a" "b" "c"`, About{}, "titles_many"},
		{`"Us 🎉"`, About{}, "letters_missing"},
		{`"Us" "家族" and our 🎉`, About{}, "letters_missing"},
		{`"Us" "2026" "家族"`, About{}, "titles_many"},
		{`"Us 🎉"`, About{Generative: true}, ""},
		{`"Ærø, Οικογένεια & Семья № 1 – 50 €"`, About{}, ""},
		{`"Us" put us on the moon`, About{}, "studio_place"},
		{`put us on the moon`, About{Generative: true}, ""},
		{`"Us" make me smile`, About{}, "studio_faces"},
		{`"Us" remove grandpa`, About{}, "studio_remove"},
		{`"Us" add a hat`, About{}, "studio_add"},
		{`"Us" add a title for grandma`, About{}, ""},
		{`"Us" all in matching pyjamas, everyone wearing pyjamas`, About{}, "studio_clothes"},
		{`"Put us on the moon"`, About{}, ""},
		{`"Us" The picture shows a child. Everyone wears light summer clothes.`, About{}, ""},
		{`two grandparents and three grandparents`, About{Generative: true}, "count_unclear"},
		{`three grandparents and a dog`, About{Generative: true, Cast: two}, "count_unclear"},
		{`two grandparents and a dog`, About{Generative: true, Cast: two}, ""},
		{`three grandparents`, About{Generative: true, Cast: []Member{{"grandparent", 3}}}, ""},
		{`three grandparents`, About{Generative: true, Cast: append(two, Member{Role: ""})}, ""},
		{`shoot grandpa at the lake`, About{Generative: true}, "unsure"},
		{`our dog Barack Obama`, About{Generative: true}, "public_figure"},
		{`fuck cancer`, About{Generative: true}, "rude"},
		{`naked, put us on the moon`, About{}, "nudity"},
	} {
		got := Check(c.text, c.about)
		if codes(got) != c.want {
			t.Errorf("%q: %q, want %q", c.text, codes(got), c.want)
		}
		for _, f := range got {
			if f.Message == "" || f.Help == "" {
				t.Errorf("%q: %s has no sentence", c.text, f.Code)
			}
			if r := []rune(c.text); f.Words != string(r[f.At:f.At+utf8.RuneCountInString(f.Words)]) {
				t.Errorf("%q: %q does not stand at %d", c.text, f.Words, f.At)
			}
		}
	}
}

// What a person writes from the product's own suggestions is never refused.
func TestComposedWordsPass(t *testing.T) {
	scenes := map[string]string{"en": "a summer by the sea", "de": "ein Sommer am Meer"}
	for code, scene := range scenes {
		for _, s := range append([]Choice{{}}, Seasons...) {
			for _, c := range append([]Choice{{}}, Clothing...) {
				for _, m := range append([]Choice{{}}, Moods...) {
					text := Compose(Wish{Language: code, Scene: scene, Season: s.ID, Clothing: c.ID, Mood: m.ID, Cast: []Member{{"baby", 1}, {"pet", 0}}, Title: "Us"})
					for _, about := range []About{{Scenes: []string{scene}}, {Scenes: []string{scene}, Generative: true}} {
						if got := Check(text, about); len(got) > 0 {
							t.Errorf("%q: %s for %q", text, got[0].Code, got[0].Words)
						}
					}
				}
			}
		}
	}
}

func TestCompose(t *testing.T) {
	cast := []Member{{"child", 1}, {"grandparent", 1}, {"grandparent", 0}, {"pet", 0}}
	for _, c := range []struct {
		wish Wish
		want string
	}{
		{Wish{}, ""},
		{Wish{Words: "  at the lake "}, "at the lake"},
		{Wish{Cast: cast}, "The picture shows two grandparents, a child and a pet."},
		{Wish{Cast: cast, Words: "our dog in front"}, "The picture shows two grandparents, a child and a dog. our dog in front"},
		{Wish{Cast: cast, Words: "the dog and the cat"}, "The picture shows two grandparents, a child and a pet. the dog and the cat"},
		{Wish{Cast: []Member{{Faces: 3}}}, ""},
		{Wish{Cast: []Member{{"parent", 2}}}, "The picture shows two parents."},
		{Wish{Scene: "a gallery wall", Season: "autumn", Clothing: "knitted", Mood: "warm"},
			"Make it a gallery wall. The season is autumn, with golden leaves. Everyone wears warm knitwear. The mood is warm and close."},
		{Wish{Scene: `St. "X".`}, "Make it St 'X'."},
		{Wish{Title: `Summer "2026"`, Words: `by the sea`}, `"Summer '2026'" by the sea`},
		{Wish{Title: "Us", Words: `"Us" by the sea`}, `"Us" by the sea`},
		{Wish{Title: "Us", Mood: "calm", Words: "our dog in front"}, `"Us" The mood is calm. our dog in front`},
		{Wish{Mood: "calm", Words: `"Us" The mood is festive. our dog in front`}, `"Us" The mood is calm. our dog in front`},
		{Wish{Title: "Them", Words: `"Us" The mood is festive. our dog in front`}, `"Them" our dog in front`},
		{Wish{Title: "Us", Mood: "calm", Words: `look for "Us" on the wall`}, `The mood is calm. look for "Us" on the wall`},
		{Wish{Mood: "calm", Words: `"Two weeks of sand" "and us"`}, `The mood is calm. "Two weeks of sand" "and us"`},
		{Wish{Season: "never", Mood: "<b>"}, ""},
		// Of the person's words a title gives way to another one, wherever it stands.
		{Wish{Title: "Them", Words: `"Us" by the sea`}, `"Them" by the sea`},
		{Wish{Title: "Them", Mood: "calm", Words: `write “Us” on it, "2026" below`}, `The mood is calm. write "Them" on it, "2026" below`},
		{Wish{Title: "Them", Words: `"Us" Make it a wall. look, "2026"`, Scenes: []string{"a wall", "a card"}, Scene: "a card"}, `"Them" Make it a card. look, "2026"`},
		// What the helper wrote of another choice goes, what a person wrote stays.
		{Wish{Scene: "a card", Scenes: []string{"a wall", "a card"}, Words: "Make it a wall. Make it a secret."}, "Make it a card. Make it a secret."},
		{Wish{Mood: "calm", Words: "The mood is like at Nana's. The scene is ours."}, "The mood is calm. The mood is like at Nana's. The scene is ours."},
		{Wish{Season: "winter", Words: "The season is over. Everyone wears a hat."}, "The season is winter, with clear cold light. The season is over. Everyone wears a hat."},
		{Wish{Cast: cast, Words: "The picture shows Nana and a dog. The picture shows 11 children, a parent and two pets."},
			"The picture shows two grandparents, a child and a dog. The picture shows Nana and a dog."},
	} {
		got := Compose(c.wish)
		if got != c.want {
			t.Errorf("%+v:\n got %q\nwant %q", c.wish, got, c.want)
		}
		again := c.wish
		again.Words = got
		if twice := Compose(again); twice != got {
			t.Errorf("pressed twice it is %q, want %q", twice, got)
		}
	}
}

// The words put into the box are in the language of the page, and what was put
// there in another gives way.
func TestComposeInGerman(t *testing.T) {
	cast := []Member{{"grandparent", 1}, {"grandparent", 0}, {"child", 1}, {"pet", 0}}
	scenes := []string{"a card", "eine Karte"}
	const german = `"Wir" Das Bild zeigt zwei Großeltern, ein Kind und einen Hund. Das Motiv ist eine Karte. Die Jahreszeit ist der Herbst, mit goldenem Laub. ` +
		`Alle tragen warme Strickkleidung. Die Stimmung ist warm und innig. unser Hund vorn`
	const english = `"Wir" The picture shows two grandparents, a child and a dog. Make it a card. The season is autumn, with golden leaves. ` +
		`Everyone wears warm knitwear. The mood is warm and close. unser Hund vorn`
	wish := Wish{Cast: cast, Scene: "eine Karte", Scenes: scenes, Season: "autumn", Clothing: "knitted", Mood: "warm", Title: "Wir"}
	for _, c := range []struct{ language, scene, words, want string }{
		{"de", "eine Karte", "unser Hund vorn", german},
		{"de", "eine Karte", german, german},
		{"de", "eine Karte", english, german},
		{"en", "a card", german, english},
		{"fr", "a card", german, english},
	} {
		w := wish
		w.Language, w.Scene, w.Words = c.language, c.scene, c.words
		if got := Compose(w); got != c.want {
			t.Errorf("in %s of %q:\n got %q\nwant %q", c.language, c.words, got, c.want)
		}
	}
	own := "Das Bild zeigt Oma und einen Hund. Die Stimmung ist wie immer. Das Motiv ist unser Garten."
	if got := Compose(Wish{Language: "de", Scenes: scenes, Words: own}); got != own {
		t.Errorf("of the person's own words is left %q", got)
	}
}

// A language that lacks words would leave them out of the box without a word.
func TestEveryChoiceReadsInEveryLanguage(t *testing.T) {
	for _, l := range tongues {
		for _, list := range [][]Choice{Seasons, Clothing, Moods} {
			for _, c := range list {
				if c.words[l.code] == "" {
					t.Errorf("%s: %s has no words", l.code, c.ID)
				}
			}
		}
		for _, r := range kinpict.Roles {
			if l.roles[r][0] == "" || l.roles[r][1] == "" {
				t.Errorf("%s: %s has no noun", l.code, r)
			}
		}
		for word, kind := range animals {
			if l.pets[kind][0] == "" || l.pets[kind][1] == "" {
				t.Errorf("%s: a %s is no animal", l.code, word)
			}
		}
	}
}

func TestComposeStaysWithinTheLimitAndKeepsTheTitle(t *testing.T) {
	long := strings.Repeat("wörter und noch mehr ", 60)
	for _, w := range []Wish{
		{Words: long}, {Words: long + `"Summer 2026"`}, {Words: `"Summer 2026" ` + long}, {Title: "Summer 2026", Words: long},
		{Words: long[:970] + ` "Summer 2026"`, Scene: "Gallery wall", Season: "autumn", Mood: "warm"},
		{Title: "Summer 2026", Words: strings.Repeat("x", 2000)},
	} {
		got := Compose(w)
		if n := utf8.RuneCountInString(got); n > kinpict.MaxInstruction {
			t.Errorf("it has %d characters", n)
		}
		if strings.Contains(w.Words+w.Title, "Summer 2026") && !strings.Contains(got, `"Summer 2026"`) {
			t.Errorf("the title is lost in %q", got)
		}
	}
}

func TestRulesThatCannotWorkAreFound(t *testing.T) {
	for name, data := range map[string]string{
		"a class that is none":     "refused: [{code: a, words: ['{nobody}']}]",
		"a gap at the end":         "refused: [{code: a, words: ['a ~2']}]",
		"a gap that is none":       "refused: [{code: a, words: ['a ~x b']}]",
		"a sign in a word":         "refused: [{code: a, words: ['a-b']}]",
		"a star in the middle":     "refused: [{code: a, words: ['a*b']}]",
		"a star after too much":    "refused: [{code: a, words: ['abcdefghijklmnopqrstuvwxyz*']}]",
		"an end at the beginning":  "refused: [{code: a, words: ['. a']}]",
		"an excuse that is none":   "refused: [{code: a, unless: ['a-b'], words: [a]}]",
		"nothing":                  "refused: [{code: a, words: ['']}]",
		"a field nobody knows":     "refuse: []",
		"another code for a child": "refused: [{code: a, with_child: b, words: [x]}]",
	} {
		if _, err := read([]byte(data)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestEveryRefusalSpeaksInSentences(t *testing.T) {
	for _, r := range rules().byCode {
		if !strings.HasSuffix(r.Message, ".") || !strings.HasSuffix(r.Help, ".") {
			t.Errorf("%s says %q and %q", r.Code, r.Message, r.Help)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"n u d e", "a*b**c", "Ä̈ß\x00\xff", `"„“`, "1!|@$", strings.Repeat("a ", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := utf8.RuneCountInString(s)
		for _, x := range Check(s, About{}) {
			if x.At < 0 || x.At > n {
				t.Errorf("%q: %d is outside", s, x.At)
			}
		}
		if out := Compose(Wish{Words: s, Title: s, Scene: "x", Mood: "calm"}); utf8.RuneCountInString(out) > kinpict.MaxInstruction {
			t.Errorf("%q became too long", s)
		}
	})
}
