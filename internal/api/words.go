package api

import (
	"net/http"
	"slices"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/wording"
)

// wordCalls help with a request before it is made. They charge nothing.
var wordCalls = []*operation{
	{
		method: "POST", path: root + "/generations/check", name: "checkGeneration",
		summary: "What would become of a request: its price, what is found in its words and photos, and what would make it better",
		who:     visitor, body: client.Request{},
		answers: []answer{{status: 200, says: "Forbidden words are findings here. Nothing is charged, held or kept.", body: client.Preflight{}}},
		serve:   (*API).checkGeneration,
	}, {
		method: "POST", path: root + "/instructions", name: "composeInstruction", summary: "Put a few choices into a clear instruction, and look it over",
		body:    client.Wish{},
		answers: []answer{{status: 200, says: "To be seen and edited by the person. Nothing is kept.", body: client.Instruction{}}},
		fails:   []kinpict.Code{kinpict.Forbidden},
		serve:   (*API).composeInstruction,
	},
}

func (a *API) checkGeneration(c *call) error {
	req, err := c.request()
	if err != nil {
		return err
	}
	p, err := a.Studio.Preflight(c.ctx(), c.caller, req)
	if err != nil {
		return err
	}
	out := client.Preflight{OK: p.OK, Credits: p.Credits, Available: p.Available, LeftAfter: p.LeftAfter, Shortfall: p.Shortfall, Held: p.Held, Pace: p.Pace,
		Instruction: client.Words{Findings: some(p.Findings)}, Photos: make([]client.SightedPhoto, len(p.Photos)), Advice: some(p.Advice)}
	for i, x := range p.Photos {
		out.Photos[i] = client.SightedPhoto{ID: x.ID, Checks: some(x.Checks), Findings: some(x.Findings)}
	}
	return c.send(http.StatusOK, out)
}

// some is a list that is written as [] where there is nothing in it.
func some[T any](list []T) []T { return slices.Concat([]T{}, list) }

func (a *API) composeInstruction(c *call) error {
	in, err := decode[client.Wish](c)
	if err != nil {
		return err
	}
	w := wording.Wish{Scenes: a.Scenarios.Phrases(), Season: in.Season, Clothing: in.Clothing, Mood: in.Mood, Title: in.Title, Words: in.Words}
	if in.Scenario != "" {
		sc, err := a.Scenarios.Scenario(in.Scenario)
		if err != nil {
			return invalid(client.FieldError{Field: "scenario", Message: "is not one of /api/v1/scenarios"})
		}
		w.Scene = sc.Phrase
	}
	for _, p := range in.Photos {
		w.Cast = append(w.Cast, wording.Member{Role: p.Role, Faces: p.People})
	}
	text := wording.Compose(w)
	return c.send(http.StatusOK, client.Instruction{Instruction: text,
		Findings: some(a.Studio.Findings(text, wording.About{Generative: a.Studio.Generative(), Cast: w.Cast, Scenes: w.Scenes}))})
}
