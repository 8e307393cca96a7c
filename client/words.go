package client

import (
	"context"
	"net/http"

	"kinpict"
)

// A Preflight is what is known of a request before anything is charged.
type Preflight struct {
	OK          bool            `json:"ok" doc:"It would be accepted now, as it is."`
	Credits     kinpict.Credits `json:"credits" doc:"What it would take."`
	Available   kinpict.Credits `json:"available"`
	LeftAfter   kinpict.Credits `json:"left_after" doc:"0 where it does not suffice."`
	Shortfall   kinpict.Credits `json:"shortfall"`
	Held        bool            `json:"held_for_review" doc:"A person would read the words before anything is taken; a free preview would be refused. It is not ok then."`
	Pace        string          `json:"pace" enum:"framed,painted" doc:"A painted picture takes several times as long as a framed one."`
	Instruction Words           `json:"instruction"`
	Photos      []SightedPhoto  `json:"photos"`
	Advice      []kinpict.Check `json:"advice" doc:"About the request as a whole. photo names the photo it is about. Advice stops nothing."`
}

// Words is what was found in a text.
type Words struct {
	Findings []kinpict.Finding `json:"findings"`
}

// A SightedPhoto is one photo of a request as its checks see it.
type SightedPhoto struct {
	ID       string            `json:"id"`
	Checks   []kinpict.Check   `json:"checks"`
	Findings []kinpict.Finding `json:"findings" doc:"About the name beside it."`
}

// A Wish is what an instruction is composed of. Everything may be left out.
type Wish struct {
	Scenario string      `json:"scenario,omitempty" max:"80"`
	Photos   []WishPhoto `json:"photos,omitempty" max:"8"`
	Season   string      `json:"season,omitempty" enum:"spring,summer,autumn,winter,holidays"`
	Clothing string      `json:"clothing,omitempty" enum:"own,everyday,festive,summery,knitted,matching,traditional"`
	Mood     string      `json:"mood,omitempty" enum:"calm,cheerful,warm,festive,playful,classic"`
	Title    string      `json:"title,omitempty" doc:"To be written on the picture." max:"80"`
	Words    string      `json:"words,omitempty" doc:"The person's own; sentences of an earlier answer in them are replaced." max:"1000"`
}

// A WishPhoto says who is in a photo.
type WishPhoto struct {
	Role   kinpict.Role `json:"role,omitempty" enum:"grandparent,parent,child,baby,partner,sibling,friend,pet,other"`
	People int          `json:"people,omitempty" doc:"How many it shows; 1 without it." min:"0" max:"100"`
}

// An Instruction is a text to be seen and edited before it is sent.
type Instruction struct {
	Instruction string            `json:"instruction"`
	Findings    []kinpict.Finding `json:"findings"`
}

// Check says what would become of a request. Nothing is charged or kept.
func (c *Client) Check(ctx context.Context, r Request) (*Preflight, error) {
	return call[Preflight](ctx, c, http.MethodPost, "/generations/check", "", r)
}

// Compose puts a wish into words. Nothing is charged or kept.
func (c *Client) Compose(ctx context.Context, w Wish) (*Instruction, error) {
	return call[Instruction](ctx, c, http.MethodPost, "/instructions", "", w)
}
