package wording

import (
	"regexp"
	"slices"
	"strings"

	"kinpict"
)

// A tongue is the language Compose writes in. Its sentences name what they are
// about in the case they put it: a German picture shows a dog as "einen Hund".
type tongue struct {
	code                              string
	shows, place, season, wears, mood string // formats
	and                               string
	few                               []string // numbers from zero on
	roles                             map[kinpict.Role][2]string
	pets                              map[string][2]string // by the kind of animal
}

// tongues are the languages there are. The first is for wishes that name another.
var tongues = []tongue{
	{
		code: "en", shows: "The picture shows %s.", place: "Make it %s.", season: "The season is %s.", wears: "Everyone wears %s.", mood: "The mood is %s.",
		and: " and ", few: []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight"},
		roles: map[kinpict.Role][2]string{
			"grandparent": {"a grandparent", "grandparents"}, "parent": {"a parent", "parents"}, "child": {"a child", "children"}, "baby": {"a baby", "babies"},
			"partner": {"a partner", "partners"}, "sibling": {"a brother or sister", "brothers or sisters"}, "friend": {"a friend", "friends"}, "pet": {"a pet", "pets"},
			"other": {"another member of the family", "other members of the family"},
		},
		pets: map[string][2]string{"dog": {"a dog", "dogs"}, "puppy": {"a puppy", "puppies"}, "cat": {"a cat", "cats"}, "kitten": {"a kitten", "kittens"},
			"horse": {"a horse", "horses"}, "rabbit": {"a rabbit", "rabbits"}, "hamster": {"a hamster", "hamsters"}},
	},
	{
		code: "de", shows: "Das Bild zeigt %s.", place: "Das Motiv ist %s.", season: "Die Jahreszeit ist %s.", wears: "Alle tragen %s.", mood: "Die Stimmung ist %s.",
		and: " und ", few: []string{"kein", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht"},
		roles: map[kinpict.Role][2]string{
			"grandparent": {"ein Großelternteil", "Großeltern"}, "parent": {"ein Elternteil", "Eltern"}, "child": {"ein Kind", "Kinder"}, "baby": {"ein Baby", "Babys"},
			"partner": {"eine Partnerin oder einen Partner", "Partnerinnen oder Partner"}, "sibling": {"einen Bruder oder eine Schwester", "Geschwister"},
			"friend": {"eine Freundin oder einen Freund", "Freundinnen oder Freunde"}, "pet": {"ein Haustier", "Haustiere"},
			"other": {"ein weiteres Familienmitglied", "weitere Familienmitglieder"},
		},
		pets: map[string][2]string{"dog": {"einen Hund", "Hunde"}, "puppy": {"einen Welpen", "Welpen"}, "cat": {"eine Katze", "Katzen"}, "kitten": {"ein Kätzchen", "Kätzchen"},
			"horse": {"ein Pferd", "Pferde"}, "rabbit": {"ein Kaninchen", "Kaninchen"}, "hamster": {"einen Hamster", "Hamster"}},
	},
}

// tongueOf is the language of a code, or the first.
func tongueOf(code string) tongue {
	if i := slices.IndexFunc(tongues, func(t tongue) bool { return t.code == code }); i >= 0 {
		return tongues[i]
	}
	return tongues[0]
}

// animals are the words by which a person says which animal a pet is.
var animals = map[string]string{"dog": "dog", "hund": "dog", "puppy": "puppy", "welpe": "puppy", "cat": "cat", "katze": "cat", "kitten": "kitten",
	"horse": "horse", "pferd": "horse", "rabbit": "rabbit", "kaninchen": "rabbit", "hamster": "hamster"}

// sentences is a pattern of every sentence that Compose can have written in the
// language, but for those about the scene.
func (t tongue) sentences() string {
	said := func(format string, list []Choice) string {
		var out []string
		for _, c := range list {
			out = append(out, regexp.QuoteMeta(c.words[t.code]))
		}
		return strings.Replace(regexp.QuoteMeta(format), "%s", "(?:"+strings.Join(out, "|")+")", 1)
	}
	var one, many []string
	nouns := func(n [2]string) {
		one, many = append(one, n[0]), append(many, n[1])
	}
	for _, n := range t.roles {
		nouns(n)
	}
	for _, n := range t.pets {
		nouns(n)
	}
	person := `(?:` + strings.Join(one, "|") + `|(?:` + strings.Join(t.few[2:], "|") + `|[0-9]+) (?:` + strings.Join(many, "|") + `))`
	cast := person + `(?:, ` + person + `)*(?:` + t.and + person + `)?`
	return strings.Join([]string{strings.Replace(regexp.QuoteMeta(t.shows), "%s", cast, 1),
		said(t.season, Seasons), said(t.wears, Clothing), said(t.mood, Moods)}, "|")
}
