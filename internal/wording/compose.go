package wording

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"kinpict"
)

// A Choice is one entry of a list of the prompt helper: its id, how it is
// offered, and how it reads in the instruction.
type Choice struct{ ID, Name, words string }

// The lists of the prompt helper, closed and in the order they are offered.
var (
	Seasons = []Choice{
		{"spring", "Spring", "spring, with fresh green and blossom"}, {"summer", "Summer", "summer, with warm bright light"},
		{"autumn", "Autumn", "autumn, with golden leaves"}, {"winter", "Winter", "winter, with clear cold light"}, {"holidays", "The holidays", "the holidays, with warm lights"},
	}
	Clothing = []Choice{
		{"own", "As in the photos", "what they wear in their photos"}, {"everyday", "Everyday clothes", "everyday clothes"}, {"festive", "Festive clothes", "festive clothes"},
		{"summery", "Light summer clothes", "light summer clothes"}, {"knitted", "Warm knitwear", "warm knitwear"}, {"matching", "Colours that match", "clothes in colours that go together"},
		{"traditional", "Traditional dress", "the traditional dress of the family"},
	}
	Moods = []Choice{
		{"calm", "Calm", "calm"}, {"cheerful", "Cheerful", "cheerful"}, {"warm", "Warm and close", "warm and close"}, {"festive", "Festive", "festive"},
		{"playful", "Playful", "playful"}, {"classic", "Classic portrait", "that of a classic portrait"},
	}
)

func words(list []Choice, id string) string {
	if i := slices.IndexFunc(list, func(c Choice) bool { return c.ID == id }); i >= 0 {
		return list[i].words
	}
	return ""
}

// IDs are what a list accepts, for messages and schemas.
func IDs(list []Choice) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.ID
	}
	return out
}

// A Wish is what the prompt helper makes an instruction of. Everything may be
// left out; ids that are not in the lists say nothing.
type Wish struct {
	Scene    string   // the scenario's phrase: "a portrait wall"
	Scenes   []string // those of all scenarios, to find what was written of another
	Cast     []Member
	Season   string
	Clothing string
	Mood     string
	Title    string // to be written on the picture
	Words    string // the person's own
}

// composed is the sentences that Compose can have written, but for those about
// the scene. A person's own, however alike they begin, are none of them.
var composed = sync.OnceValue(func() *regexp.Regexp {
	said := func(list []Choice) string {
		var out []string
		for _, c := range list {
			out = append(out, regexp.QuoteMeta(c.words))
		}
		return strings.Join(out, "|")
	}
	var one, many []string
	for _, nouns := range []map[string][2]string{plainRoles(), pets} {
		for _, n := range nouns {
			one, many = append(one, n[0]), append(many, n[1])
		}
	}
	person := `(?:` + strings.Join(one, "|") + `|(?:` + strings.Join(few[2:], "|") + `|[0-9]+) (?:` + strings.Join(many, "|") + `))`
	return regexp.MustCompile(`(?:The picture shows ` + person + `(?:, ` + person + `)*(?: and ` + person + `)?|The season is (?:` + said(Seasons) +
		`)|Everyone wears (?:` + said(Clothing) + `)|The mood is (?:` + said(Moods) + `))\.`)
})

func plainRoles() map[string][2]string {
	out := map[string][2]string{}
	for role, nouns := range roleNouns {
		out[string(role)] = nouns
	}
	return out
}

// placed is the sentence about a scene.
func placed(scene string) string { return sentence("Make it %s.", scene) }

// sentence is a sentence about what, without what would end it or be read as a title.
func sentence(format, what string) string {
	return fmt.Sprintf(format, strings.TrimRight(strings.NewReplacer(".", "", `"`, "'", "\n", " ").Replace(what), " "))
}

// strike puts with(s) in place of every sentence s that Compose can have written.
func strike(text string, scenes []string, with func(s string) string) string {
	for _, scene := range scenes {
		text = strings.ReplaceAll(text, placed(scene), with(placed(scene)))
	}
	return composed().ReplaceAllStringFunc(text, with)
}

// written is the title that Compose wrote before its sentences, and the rest.
func written(text string, scenes []string) (title, rest string) {
	m := headed.FindStringIndex(text)
	if m == nil {
		return "", text
	}
	title, rest = strings.TrimSpace(text[:m[1]]), text[m[1]:]
	if at := composed().FindStringIndex(rest); at != nil && at[0] == 0 {
		return title, rest
	}
	for _, scene := range scenes {
		if strings.HasPrefix(rest, placed(scene)) {
			return title, rest
		}
	}
	return "", text
}

var headed = regexp.MustCompile(`^"[^"\n]*" `)

// retitled is a text with another title where it holds one between its words.
func retitled(text, title string) (string, bool) {
	for _, m := range quoted.FindAllStringIndex(text, -1) {
		if len(quotes(text[m[0]:m[1]])) > 0 {
			return text[:m[0]] + title + text[m[1]:], true
		}
	}
	return text, false
}

// Compose makes a wish one instruction in plain sentences, at most
// kinpict.MaxInstruction characters: the title in double quotes, who is shown,
// the scene, season, clothes and mood, and then the person's own words as they
// are. Its own sentences give way before a word of the person does. What it
// wrote into Words before is replaced, so pressing twice is pressing once. A
// title is replaced only by another one, and then also where it stands among the
// person's words: two would be printed as title and subtitle.
func Compose(w Wish) string {
	scenes := w.Scenes
	if w.Scene != "" && !slices.Contains(scenes, w.Scene) {
		scenes = append(slices.Clone(scenes), w.Scene)
	}
	lead, rest := written(strings.TrimSpace(w.Words), scenes)
	own := strings.TrimSpace(squeeze(strike(rest, scenes, func(string) string { return "" })))
	title := lead
	if t := strings.TrimSpace(strings.NewReplacer(`"`, "'", "\n", " ", "“", "'", "”", "'").Replace(w.Title)); t != "" {
		title = `"` + cut(t, MaxTitle) + `"`
		if q := quotes(own); len(q) > 0 && q[0].text == strings.Trim(title, `"`) {
			title = ""
		} else if lead == "" {
			var found bool
			if own, found = retitled(own, title); found {
				title = ""
			}
		}
	}
	var lines []string
	add := func(format, what string) {
		if what != "" {
			lines = append(lines, sentence(format, what))
		}
	}
	add("The picture shows %s.", census(w.Cast, own))
	add("Make it %s.", w.Scene)
	add("The season is %s.", words(Seasons, w.Season))
	add("Everyone wears %s.", words(Clothing, w.Clothing))
	add("The mood is %s.", words(Moods, w.Mood))
	for {
		parts := slices.DeleteFunc([]string{title, strings.Join(lines, " "), own}, func(s string) bool { return s == "" })
		out := strings.Join(parts, " ")
		n := utf8.RuneCountInString(out)
		switch {
		case n <= kinpict.MaxInstruction:
			return out
		case len(lines) > 0:
			lines = lines[:len(lines)-1]
		default:
			return fit(title, own)
		}
	}
}

// fit cuts words that are too long, and keeps the titles in them.
func fit(title, own string) string {
	head := title
	if head == "" {
		if q := quotes(own); len(q) > 0 {
			head = `"` + cut(q[0].text, MaxTitle) + `"`
		}
	}
	room := kinpict.MaxInstruction - utf8.RuneCountInString(head) - 1
	if head == "" {
		return cut(own, kinpict.MaxInstruction)
	}
	short := cut(own, room)
	if title == "" && strings.Contains(short, head) {
		return cut(own, kinpict.MaxInstruction)
	}
	return head + " " + short
}

// cut ends a text after most characters, between two words where it can.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	s = string(r[:most])
	if i := strings.LastIndexAny(s, " \n"); i > len(s)/2 {
		s = s[:i]
	}
	return strings.TrimSpace(s)
}

var spaces = regexp.MustCompile(`[ \t]{2,}`)

func squeeze(s string) string { return spaces.ReplaceAllString(s, " ") }

var roleNouns = map[kinpict.Role][2]string{
	"grandparent": {"a grandparent", "grandparents"}, "parent": {"a parent", "parents"}, "child": {"a child", "children"}, "baby": {"a baby", "babies"},
	"partner": {"a partner", "partners"}, "sibling": {"a brother or sister", "brothers or sisters"}, "friend": {"a friend", "friends"}, "pet": {"a pet", "pets"},
	"other": {"another member of the family", "other members of the family"},
}

// pets are the animals a person may name, to say which one a pet is.
var pets = map[string][2]string{"dog": {"a dog", "dogs"}, "hund": {"a dog", "dogs"}, "puppy": {"a puppy", "puppies"}, "cat": {"a cat", "cats"}, "katze": {"a cat", "cats"},
	"kitten": {"a kitten", "kittens"}, "horse": {"a horse", "horses"}, "pferd": {"a horse", "horses"}, "rabbit": {"a rabbit", "rabbits"}, "hamster": {"a hamster", "hamsters"}}

var few = []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight"}

// census says who is in the photos: "two grandparents, a child and a dog".
// Photos without a role say nothing; where no photo has one, nor does census.
func census(cast []Member, own string) string {
	n := map[kinpict.Role]int{}
	for _, m := range cast {
		heads := 1
		if m.Role != "pet" {
			heads = max(1, m.Faces)
		}
		n[m.Role] += heads
	}
	var parts []string
	for _, role := range kinpict.Roles {
		noun := roleNouns[role]
		if role == "pet" {
			noun = species(own, noun)
		}
		switch k := n[role]; {
		case k == 0:
		case k == 1:
			parts = append(parts, noun[0])
		case k < len(few):
			parts = append(parts, few[k]+" "+noun[1])
		default:
			parts = append(parts, fmt.Sprintf("%d %s", k, noun[1]))
		}
	}
	if k := len(parts); k > 1 {
		return strings.Join(parts[:k-1], ", ") + " and " + parts[k-1]
	}
	return strings.Join(parts, "")
}

// species is the one animal that a person names, or noun where there is none or
// more than one.
func species(own string, noun [2]string) [2]string {
	found := 0
	for _, t := range tokens(own) {
		if p, ok := pets[t.bare]; ok && p != noun {
			noun = p
			found++
		}
	}
	if found > 1 {
		return roleNouns["pet"]
	}
	return noun
}
