package generation

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"kinpict"
	"kinpict/internal/wording"
)

// check refuses a request that no engine could fulfil or that asks for what is
// not made, and fills in the aspect. It costs nothing. Every way to a picture,
// paid, free, held or tried again, comes through here before anything is
// charged or held.
func (s *Studio) check(req *kinpict.Request) error {
	if err := s.shape(req); err != nil {
		return err
	}
	return allowed(req)
}

// allowed refuses words by the rules of package wording, naming the field and
// what was found in it.
func allowed(req *kinpict.Request) error {
	found, field := wording.Refused(req.Instruction), "instruction"
	for i, p := range req.Photos {
		if len(found) > 0 {
			break
		}
		found, field = wording.Refused(p.Label), fmt.Sprintf("photos[%d].label", i)
	}
	if len(found) == 0 {
		return nil
	}
	f := found[0]
	return &kinpict.Error{Code: kinpict.ContentNotAllowed, Message: f.Message, Hint: f.Help + " Nothing was charged.",
		Members: map[string]any{"errors": []map[string]string{{"field": field, "message": f.Message}}, "findings": found}}
}

// A Doubt is a part of a request that can be read two ways.
type Doubt struct {
	Field string
	kinpict.Finding
}

// Doubts are what a person has to read, where requests are held for that.
func Doubts(req kinpict.Request) []Doubt {
	var out []Doubt
	add := func(field, text string) {
		for _, f := range wording.Doubts(text) {
			out = append(out, Doubt{field, f})
		}
	}
	add("instruction", req.Instruction)
	for i, p := range req.Photos {
		add(fmt.Sprintf("photos[%d].label", i), p.Label)
	}
	return out
}

// shape refuses a request that no engine could fulfil.
func (s *Studio) shape(req *kinpict.Request) error {
	sc, err := s.Scenarios.Scenario(req.Scenario)
	if err != nil {
		return invalid("scenario", "Choose a scenario.", "The list is at /scenarios.")
	}
	if req.Aspect == "" {
		req.Aspect = sc.Aspects[0]
	}
	if !slices.Contains(sc.Aspects, req.Aspect) {
		return invalid("aspect", fmt.Sprintf("%s is not made in the shape %q.", sc.Title, req.Aspect), fmt.Sprintf("Choose one of %v.", sc.Aspects))
	}
	most := min(sc.MaxPhotos, kinpict.MaxPhotos)
	if n := len(req.Photos); n < max(sc.MinPhotos, 1) || n > most {
		return invalid("photos", fmt.Sprintf("%s takes %d to %d photos; there are %d.", sc.Title, max(sc.MinPhotos, 1), most, n), "Add or remove photos.")
	}
	seen := map[string]bool{}
	for i := range req.Photos {
		p := &req.Photos[i]
		if p.ID == "" || seen[p.ID] {
			return invalid("photos", "A photo has no id or stands twice.", "Name each photo once.")
		}
		seen[p.ID] = true
		if p.Role != "" && !slices.Contains(kinpict.Roles, p.Role) {
			return invalid("photos", fmt.Sprintf("%q is not a role.", p.Role), fmt.Sprintf("Choose one of %v.", kinpict.Roles))
		}
		if p.Label = plain(p.Label); len([]rune(p.Label)) > kinpict.MaxLabel {
			return invalid("photos", fmt.Sprintf("A name is longer than %d characters.", kinpict.MaxLabel), "A first name is enough.")
		}
	}
	if req.Instruction = plain(req.Instruction); len([]rune(req.Instruction)) > kinpict.MaxInstruction {
		return invalid("instruction", fmt.Sprintf("The instruction is longer than %d characters.", kinpict.MaxInstruction), "Say it in fewer words.")
	}
	return nil
}

// plain drops what cannot be seen and would only confuse an engine or a log.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s))
}

func invalid(field, message, hint string) error {
	return &kinpict.Error{Code: kinpict.Invalid, Message: message, Hint: hint,
		Members: map[string]any{"errors": []map[string]string{{"field": field, "message": message}}}}
}
