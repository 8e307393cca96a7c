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
// offered, and how it reads in the instruction, by language.
type Choice struct {
	ID, Name string
	words    map[string]string
}

func in(english, german string) map[string]string {
	return map[string]string{"en": english, "de": german}
}

// The lists of the prompt helper, closed and in the order they are offered.
var (
	Seasons = []Choice{
		{"spring", "Spring", in("spring, with fresh green and blossom", "der Frühling, mit frischem Grün und Blüten")},
		{"summer", "Summer", in("summer, with warm bright light", "der Sommer, mit warmem, hellem Licht")},
		{"autumn", "Autumn", in("autumn, with golden leaves", "der Herbst, mit goldenem Laub")},
		{"winter", "Winter", in("winter, with clear cold light", "der Winter, mit klarem, kaltem Licht")},
		{"holidays", "The holidays", in("the holidays, with warm lights", "die Weihnachtszeit, mit warmen Lichtern")},
	}
	Clothing = []Choice{
		{"own", "As in the photos", in("what they wear in their photos", "ihre Kleidung von den Fotos")},
		{"everyday", "Everyday clothes", in("everyday clothes", "Alltagskleidung")},
		{"festive", "Festive clothes", in("festive clothes", "festliche Kleidung")},
		{"summery", "Light summer clothes", in("light summer clothes", "leichte Sommerkleidung")},
		{"knitted", "Warm knitwear", in("warm knitwear", "warme Strickkleidung")},
		{"matching", "Colours that match", in("clothes in colours that go together", "Kleidung in Farben, die zusammenpassen")},
		{"traditional", "Traditional dress", in("the traditional dress of the family", "die Tracht der Familie")},
	}
	Moods = []Choice{
		{"calm", "Calm", in("calm", "ruhig")}, {"cheerful", "Cheerful", in("cheerful", "fröhlich")}, {"warm", "Warm and close", in("warm and close", "warm und innig")},
		{"festive", "Festive", in("festive", "festlich")}, {"playful", "Playful", in("playful", "verspielt")},
		{"classic", "Classic portrait", in("that of a classic portrait", "die eines klassischen Porträts")},
	}
)

func (t tongue) words(list []Choice, id string) string {
	if i := slices.IndexFunc(list, func(c Choice) bool { return c.ID == id }); i >= 0 {
		return list[i].words[t.code]
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
	Language string   // to write in, "en" or "de"; English where it is another
	Scene    string   // the scenario's phrase in that language: "a portrait wall"
	Scenes   []string // those of all scenarios in all languages, to find what was written of another
	Cast     []Member
	Season   string
	Clothing string
	Mood     string
	Title    string // to be written on the picture
	Words    string // the person's own
}

// composed is the sentences that Compose can have written in any language, but
// for those about the scene. A person's own, however alike they begin, are none
// of them.
var composed = sync.OnceValue(func() *regexp.Regexp {
	var all []string
	for _, t := range tongues {
		all = append(all, t.sentences())
	}
	return regexp.MustCompile("(?:" + strings.Join(all, "|") + ")")
})

// placed are the sentences about a scene.
func placed(scene string) []string {
	out := make([]string, len(tongues))
	for i, t := range tongues {
		out[i] = sentence(t.place, scene)
	}
	return out
}

// level takes out what would end a sentence or be read as a title. A replacer
// builds its tables when it is first used, so there is one.
var level = strings.NewReplacer(".", "", `"`, "'", "\n", " ")

// sentence is a sentence about what, without what would end it or be read as a title.
func sentence(format, what string) string {
	return fmt.Sprintf(format, strings.TrimRight(level.Replace(what), " "))
}

// strike puts with(s) in place of every sentence s that Compose can have written.
func strike(text string, scenes []string, with func(s string) string) string {
	for _, scene := range scenes {
		for _, s := range placed(scene) {
			text = strings.ReplaceAll(text, s, with(s))
		}
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
		if slices.ContainsFunc(placed(scene), func(s string) bool { return strings.HasPrefix(rest, s) }) {
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
	t := tongueOf(w.Language)
	add(t.shows, t.census(w.Cast, own))
	add(t.place, w.Scene)
	add(t.season, t.words(Seasons, w.Season))
	add(t.wears, t.words(Clothing, w.Clothing))
	add(t.mood, t.words(Moods, w.Mood))
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

// census says who is in the photos: "two grandparents, a child and a dog".
// Photos without a role say nothing; where no photo has one, nor does census.
func (t tongue) census(cast []Member, own string) string {
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
		noun := t.roles[role]
		if role == "pet" {
			noun = t.species(own)
		}
		switch k := n[role]; {
		case k == 0:
		case k == 1:
			parts = append(parts, noun[0])
		case k < len(t.few):
			parts = append(parts, t.few[k]+" "+noun[1])
		default:
			parts = append(parts, fmt.Sprintf("%d %s", k, noun[1]))
		}
	}
	if k := len(parts); k > 1 {
		return strings.Join(parts[:k-1], ", ") + t.and + parts[k-1]
	}
	return strings.Join(parts, "")
}

// species is the one animal that a person names, or any pet where there is none
// or more than one.
func (t tongue) species(own string) [2]string {
	kind := ""
	for _, w := range tokens(own) {
		if k := animals[w.bare]; k != "" && k != kind {
			if kind != "" {
				return t.roles["pet"]
			}
			kind = k
		}
	}
	if kind == "" {
		return t.roles["pet"]
	}
	return t.pets[kind]
}
