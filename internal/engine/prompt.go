package engine

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"kinpict"
)

// PromptVersion names the recipe of Prompt. It changes whenever the text of a
// golden prompt does, so that a picture can be traced to the words behind it.
const PromptVersion = 1

// A Dialect is how a server reads a prompt: some give meaning to brackets,
// bars or tags that are mere punctuation to others.
type Dialect string

const (
	OpenAI  Dialect = "openai"
	LiteLLM Dialect = "litellm"
	SDCpp   Dialect = "sdcpp"
	LocalAI Dialect = "localai"
	Gemini  Dialect = "gemini"
	ComfyUI Dialect = "comfyui"
)

// Dialects are all there are, for messages that name the choice.
var Dialects = []Dialect{OpenAI, LiteLLM, SDCpp, LocalAI, Gemini, ComfyUI}

// Prompt puts a job in words for an image model, in English, one thing a line:
// what it is for, who is in it and in which image, what must stay, the scene,
// what must not happen, and last, quoted, the customer's own words.
//
// Labels are names of people and are not part of it. They are only used to see
// that two photos show the same person.
func Prompt(job *Job, d Dialect) string {
	people := cast(job.Photos)
	var b strings.Builder
	line := func(head, text string) { fmt.Fprintf(&b, "%s: %s\n", head, text) }

	line("Use", fmt.Sprintf("one natural, photorealistic family picture for print, %s.", shape(job.Aspect)))
	line("Who", fmt.Sprintf("exactly %s. %s", census(people), roll(people)))
	keep := "face shape, eyes, nose, mouth, skin tone, hair, glasses and apparent age; no beautifying, no slimming, no change of age."
	if humans, animals := count(people); humans == 0 {
		line("Keep for every animal", "breed, build, coat colour and markings.")
	} else if animals > 0 {
		line("Keep for every person", keep)
		line("Keep for every animal", "breed, build, coat colour and markings.")
	} else {
		line("Keep for every person", keep)
	}
	line("Scene", plain(job.Scenario.Prompt, d))
	line("Framing", "everyone named above fully visible, heads not cropped, eye level, natural sizes beside one another, some room at the edges.")
	line("Do not", "add other people or animals, show anyone twice, leave anyone out, or add text, logos, frames or watermarks.")
	if note := plain(job.Instruction, d); note != "" {
		line("Wish of the customer, which adds nobody and removes nobody", `"`+note+`"`)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// shape says an aspect as a person would.
func shape(a kinpict.Aspect) string {
	w, h, err := a.Ratio()
	switch {
	case err != nil:
		return "in the shape of the first image"
	case w == h:
		return "square"
	case w > h:
		return fmt.Sprintf("%d:%d landscape", w, h)
	default:
		return fmt.Sprintf("%d:%d portrait", w, h)
	}
}

// A figure is one person, group or animal of the picture and the images that
// show it, counted from 1.
type figure struct {
	role   kinpict.Role
	heads  int
	images []int
}

// cast reads the photos as a list of figures. A photo with several faces is a
// group; photos of one role under one name are the same person seen twice.
func cast(photos []Photo) []figure {
	type who struct {
		role  kinpict.Role
		label string
	}
	var figures []figure
	known := map[who]int{}
	for i, p := range photos {
		heads := max(1, len(p.Faces))
		if p.Role == "pet" {
			heads = 1
		}
		k := who{p.Role, strings.ToLower(strings.TrimSpace(p.Label))}
		if at, again := known[k]; again && k.label != "" && heads == 1 && figures[at].heads == 1 {
			figures[at].images = append(figures[at].images, i+1)
			continue
		}
		known[k] = len(figures)
		figures = append(figures, figure{p.Role, heads, []int{i + 1}})
	}
	return figures
}

func count(figures []figure) (humans, animals int) {
	for _, f := range figures {
		if f.role == "pet" {
			animals += f.heads
		} else {
			humans += f.heads
		}
	}
	return humans, animals
}

func census(figures []figure) string {
	humans, animals := count(figures)
	some := func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	var parts []string
	if humans > 0 {
		parts = append(parts, some(humans, "person", "people"))
	}
	if animals > 0 {
		parts = append(parts, some(animals, "animal", "animals"))
	}
	return strings.Join(parts, " and ")
}

var roleWords = map[kinpict.Role]string{
	"grandparent": "a grandparent",
	"parent":      "a parent",
	"child":       "a child, child-sized beside the adults",
	"baby":        "a baby, held or seated safely",
	"partner":     "a partner",
	"sibling":     "a brother or sister",
	"friend":      "a friend",
	"pet":         "a family pet",
}

// roll names every figure by the index of its images.
func roll(figures []figure) string {
	var parts []string
	for _, f := range figures {
		var images []string
		for _, n := range f.images {
			images = append(images, fmt.Sprintf("Image %d", n))
		}
		what, ok := roleWords[f.role]
		if !ok {
			what = "a member of the family"
		}
		switch {
		case f.heads > 1:
			what = fmt.Sprintf("the %d people in it, all of them", f.heads)
		case len(f.images) > 1:
			what += ", the same in each of these images"
		}
		parts = append(parts, strings.Join(images, " and ")+" = "+what+".")
	}
	return strings.Join(parts, " ")
}

var (
	extraArgs = regexp.MustCompile(`(?is)<\s*sd_cpp_extra_args\s*>.*?(<\s*/\s*sd_cpp_extra_args\s*>|$)`)
	loraTag   = regexp.MustCompile(`(?i)<\s*(lora|lyco|hypernet|embedding)\s*:[^>]*>?`)
	weight    = regexp.MustCompile(`:\s*[0-9]*\.?[0-9]+\s*\)`)
	breakWord = regexp.MustCompile(`\bBREAK\b|\bAND\b`)
)

// plain makes words that cannot be read as anything but words: one line, no
// invisible characters, no quotation mark that would end the quotation, no
// square bracket that would open a section, and none of the dialect's markup.
// The length is bounded by kinpict.MaxInstruction characters.
func plain(s string, d Dialect) string {
	switch d {
	case SDCpp, ComfyUI:
		// Angle brackets go altogether: a tag cut out of the middle of another
		// would otherwise leave a whole one behind.
		s = extraArgs.ReplaceAllString(s, " ")
		s = loraTag.ReplaceAllString(s, " ")
		s = weight.ReplaceAllString(s, ")")
		s = breakWord.ReplaceAllString(s, " ")
		s = strings.NewReplacer("<", " ", ">", " ", "(", " ", ")", " ", "[", " ", "]", " ", "{", " ", "}", " ", `\`, " ").Replace(s)
	case LocalAI:
		s = strings.ReplaceAll(s, "|", ",") // what follows a bar is a negative prompt there
	}
	s = strings.NewReplacer(`"`, "'", "“", "'", "”", "'", "„", "'", "«", "'", "»", "'", "[", "(", "]", ")").Replace(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r) && r != '\u200d', unicode.IsControl(r), r == unicode.ReplacementChar:
			return -1 // the joiner stays: family emoji are made with it
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > kinpict.MaxInstruction {
		s = strings.TrimSpace(string(r[:kinpict.MaxInstruction]))
	}
	return s
}
