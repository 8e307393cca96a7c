package api

import (
	"net/http"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/generation"
)

// heldCalls are requests that wait, and what staff decide about words.
var heldCalls = []*operation{
	{
		method: "GET", path: root + "/held-requests", name: "heldRequests", summary: "One's requests that wait, for credits or for a person",
		who:     account,
		answers: []answer{{status: 200, says: "All of them, oldest first.", body: client.WaitingRequests{}}},
		serve:   (*API).heldRequests,
	}, {
		method: "GET", path: root + "/held-requests/{id}", name: "heldRequest", summary: "One request that waits, or what became of it",
		who:     account,
		answers: []answer{{status: 200, says: "The request.", body: client.WaitingRequest{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).heldRequest,
	}, {
		method: "DELETE", path: root + "/held-requests/{id}", name: "withdrawHeldRequest", summary: "Take a request that waits back, with its words",
		who:     account,
		answers: []answer{{status: 204, says: "It waits no more. Nothing was taken."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).withdraw,
	}, {
		method: "GET", path: root + "/staff/holds", name: "staffHolds", summary: "Everybody's requests that staff read before anything is taken, for support and operators",
		who: staff, query: append([]parameter{{name: "state", says: "Only those; waiting without it.", enum: []string{"waiting", "approved", "refused"}}}, paging...),
		answers: []answer{{status: 200, says: "A page of them: the longest waiting first, or what was decided last.", body: client.StaffHolds{}}},
		fails:   []kinpict.Code{kinpict.Forbidden},
		serve:   (*API).staffHolds,
	}, {
		method: "GET", path: root + "/staff/holds/{id}", name: "staffHold", summary: "One of them: its words, never its photos, for support and operators",
		who:     staff,
		answers: []answer{{status: 200, says: "The request.", body: client.StaffHold{}}},
		fails:   []kinpict.Code{kinpict.Forbidden, kinpict.NotFound},
		serve:   (*API).staffHold,
	}, {
		method: "POST", path: root + "/staff/holds/{id}/approve", name: "approveHold", summary: "Let a request go on once its owner presses",
		who: staff, body: client.Verdict{}, optional: true,
		answers: []answer{{status: 200, says: "Decision and mail are one commit.", body: client.StaffHold{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).decideHold,
	}, {
		method: "POST", path: root + "/staff/holds/{id}/refuse", name: "refuseHold", summary: "Keep a request from going on",
		who: staff, body: client.Verdict{}, optional: true,
		answers: []answer{{status: 200, says: "Decision and mail are one commit.", body: client.StaffHold{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).decideHold,
	},
}

func (a *API) heldRequests(c *call) error {
	list, err := a.Studio.Waiting(c.ctx(), c.caller)
	if err != nil {
		return err
	}
	out := client.WaitingRequests{Items: []client.WaitingRequest{}}
	for _, h := range list {
		out.Items = append(out.Items, a.waitingOf(h))
	}
	return c.send(http.StatusOK, out)
}

func (a *API) heldRequest(c *call) error {
	h, err := a.Studio.Held(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, a.waitingOf(h))
}

func (a *API) withdraw(c *call) error {
	if err := a.Studio.Withdraw(c.ctx(), c.caller, c.id()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) staffHolds(c *call) error {
	cursor, limit, err := page(c.r)
	if err != nil {
		return err
	}
	state, err := choice(c.r.URL.Query().Get("state"), "state", "waiting", kinpict.HoldApproved, kinpict.HoldRefused)
	if err != nil {
		return err
	}
	if state == "waiting" {
		state = ""
	}
	list, err := a.Studio.Holds(c.ctx(), c.caller, state, cursor, limit+1)
	if err != nil {
		return err
	}
	out := client.StaffHolds{Items: []client.StaffHold{}}
	if out.Waiting, err = a.Studio.HoldsWaiting(c.ctx()); err != nil {
		return err
	}
	if len(list) > limit {
		list = list[:limit]
		out.NextCursor = list[limit-1].ID
	}
	for _, h := range list {
		out.Items = append(out.Items, staffHoldOf(h))
	}
	return c.send(http.StatusOK, out)
}

func (a *API) staffHold(c *call) error {
	h, err := a.Studio.Hold(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, staffHoldOf(h))
}

func (a *API) decideHold(c *call) error {
	in, err := decode[client.Verdict](c)
	if err != nil {
		return err
	}
	decision := kinpict.HoldApproved
	if c.op.name == "refuseHold" {
		decision = kinpict.HoldRefused
	}
	h, err := a.Studio.Decide(c.ctx(), c.caller, c.id(), decision, in.Note)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, staffHoldOf(h))
}

func (a *API) waitingOf(h *kinpict.HeldRequest) client.WaitingRequest {
	state := a.Studio.State(h)
	if h.GenerationID != "" {
		state = "gone_on"
	}
	out := client.WaitingRequest{ID: h.ID, State: state, ExpiresAt: h.ExpiresAt, URL: "/held/" + h.ID, Quality: h.Request.Quality,
		Scenario: h.Request.Scenario, Aspect: h.Request.Aspect, Instruction: h.Request.Instruction, Photos: make([]client.PhotoUse, len(h.Request.Photos)),
		Credits: h.Cost, CreatedAt: h.CreatedAt, DecidedAt: maybe(h.DecidedAt), Note: h.Note, Generation: h.GenerationID}
	for i, p := range h.Request.Photos {
		out.Photos[i] = client.PhotoUse(p)
	}
	return out
}

func staffHoldOf(h *kinpict.HeldRequest) client.StaffHold {
	out := client.StaffHold{ID: h.ID, Account: h.AccountID, State: "waiting", Scenario: h.Request.Scenario, Quality: h.Request.Quality, Aspect: h.Request.Aspect,
		Instruction: h.Request.Instruction, People: []client.HeldPerson{}, Doubts: []client.Doubt{}, Credits: h.Cost, CreatedAt: h.CreatedAt, ExpiresAt: h.ExpiresAt,
		DecidedAt: maybe(h.DecidedAt), DecidedBy: h.DecidedBy, Note: h.Note, Generation: h.GenerationID}
	switch {
	case h.GenerationID != "":
		out.State = "gone_on"
	case h.Decision != "":
		out.State = h.Decision
	}
	for _, p := range h.Request.Photos {
		out.People = append(out.People, client.HeldPerson{Role: p.Role, Label: p.Label})
	}
	for _, d := range generation.Doubts(h.Request) {
		out.Doubts = append(out.Doubts, client.Doubt{Field: d.Field, Finding: d.Finding})
	}
	return out
}
