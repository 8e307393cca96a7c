package e2e

import (
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/config"
)

// Somebody who works for the house comes in with the code of their app, answers
// a review, lets a held request go on, and reads every page, at a desk and on a
// phone, in light and dark.
func TestBrowserConsole(t *testing.T) {
	t.Parallel()
	s := newStack(t, "sqlite", func(c *config.Config) { ownEngine(c); c.SafetyHold = "on" })
	ann := s.rich("ann")
	made := s.finish(ann, s.make(ann, s.ask(ann, 0)).ID)
	req := s.ask(ann, 1)
	req.Instruction = "Grandpa and the coffin he built"
	if _, err := ann.Generate(s.Context(), s.key(), req); kinpict.CodeOf(err) != kinpict.HeldForReview {
		t.Fatalf("doubtful words: %v", err)
	}
	review, err := ann.FileReview(s.Context(), s.key(), client.Report{Message: "Four credits are missing.", Generation: made.ID})
	s.must(err)
	acc, err := s.app.People.Account(s.Context(), "ann@example.org")
	s.must(err)
	_, err = s.app.People.CreateAccount(s.Context(), "ops@example.org", kinpict.Operator)
	s.must(err)
	factor, err := s.app.People.EnrolFactor(s.Context(), "command line: root", "ops@example.org")
	s.must(err)

	b := s.tab()
	b.withAxe()
	b.visit("/console", 404)
	b.open("/sign-in")
	b.signInHere("ops@example.org")
	b.visit("/console", 401)
	b.inspect("the code")
	b.fill("code", s.digits(factor.Secret, 100))
	b.follow("Open the console")
	b.answered(422)
	b.reads("This code is wrong")
	b.inspect("a wrong code")
	b.fill("code", s.digits(factor.Secret, 0))
	b.follow("Open the console")
	b.at("/console")
	b.reads("Pictures delivered", "Needs a person", "1 review", "1 held request")
	b.inspect("the overview")

	b.open("/console/queue")
	b.reads("Four credits are missing.", "“coffin”")
	b.inspect("the queue")
	b.follow(`[href^="/console/reviews/"]`)
	b.inspect("a review")
	b.fill("text", "You are right, here they are.")
	b.fill("credits", "4")
	b.fill("reason", "the picture was not what it should be")
	b.follow("Answer the review")
	b.reads("The review is answered")
	b.follow(`[href^="/console/holds/"]`)
	b.reads("Grandpa and the coffin he built")
	b.inspect("a held request")
	b.fill("note", "A fine coffin.")
	b.follow("Let it go on")
	b.reads("The request may go on")

	b.size(390, 844)
	b.press(".menu-btn")
	b.until("the menu", `document.querySelector('#menu').matches(':popover-open')`)
	b.accessible("the menu", "document", everything)
	b.follow("#menu a[href='/console/ledger']")
	b.follow("Run the audit")
	b.reads("Clean", "Credits people hold")
	for _, path := range []string{"/console/ledger", "/console/requests", "/console/requests/" + made.ID, "/console/people", "/console/people/" + acc.ID, "/console/reviews/" + review.ID,
		"/console/providers", "/console/settings", "/console/trail"} {
		b.open(path)
		b.inspect(path)
	}
	b.visit("/console/requests?id=gen_none", 404)
	b.inspect("no such request")
	b.size(1280, 900)
	b.open("/console/people/" + acc.ID)
	b.follow("Show address")
	b.reads("ann@example.org", "stands in the trail")
	b.follow("Leave the console")
	b.visit("/console", 401)
	s.audit()
}
