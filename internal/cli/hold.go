package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/generation"
)

// Requests whose words staff read before anything is taken.

type holdListCmd struct {
	State  string `enum:"waiting,approved,refused" default:"waiting" help:"waiting, approved or refused."`
	Number int    `short:"n" default:"50" help:"How many: the longest waiting first, or what was decided last."`
	JSON   bool   `help:"Print one JSON object a line."`
}

func (c *holdListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		state := c.State
		if state == "waiting" {
			state = ""
		}
		list, err := a.Studio.Holds(s.ctx, shell(), state, "", min(max(c.Number, 1), 1000))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		for _, h := range list {
			if c.JSON {
				if err := printJSON(s.out, holdLine(h)); err != nil {
					return err
				}
				continue
			}
			var words []string
			for _, d := range generation.Doubts(h.Request) {
				words = append(words, d.Words)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", h.ID, h.CreatedAt.Format(time.RFC3339), holdState(h), strings.Join(words, ", "))
		}
		if len(list) == 0 && !c.JSON {
			fmt.Fprintln(w, "There are none.")
		}
		return w.Flush()
	})
}

// holdLine is a held request for programs.
func holdLine(h *kinpict.HeldRequest) map[string]any {
	people := []map[string]any{}
	for _, p := range h.Request.Photos {
		people = append(people, map[string]any{"role": p.Role, "label": p.Label})
	}
	m := map[string]any{"id": h.ID, "account": h.AccountID, "state": holdState(h), "scenario": h.Request.Scenario, "instruction": h.Request.Instruction, "people": people,
		"created_at": h.CreatedAt, "expires_at": h.ExpiresAt}
	if h.Decision != "" {
		m["decided_by"], m["decided_at"], m["note"] = h.DecidedBy, h.DecidedAt, h.Note
	}
	return m
}

func holdState(h *kinpict.HeldRequest) string {
	switch {
	case h.GenerationID != "":
		return "gone on"
	case h.Decision != "":
		return h.Decision
	}
	return "waiting"
}

// holdAtHand says how a request is found at the command line.
func holdAtHand(err error) error {
	var e *kinpict.Error
	if errors.As(err, &e) && e.Code == kinpict.NotFound {
		return &kinpict.Error{Code: e.Code, Message: e.Message, Hint: e.Hint + " kinpict hold list shows those that wait."}
	}
	return err
}

type holdShowCmd struct {
	ID string `arg:"" help:"Which request."`
}

func (c *holdShowCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		h, err := a.Studio.Hold(s.ctx, shell(), c.ID)
		if err != nil {
			return holdAtHand(err)
		}
		return printHold(s.out, h)
	})
}

// printHold writes a request as staff read it: its words and who is in the
// photos, and nothing of the photos.
func printHold(out io.Writer, h *kinpict.HeldRequest) error {
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "request\t%s\nstate\t%s\naccount\t%s\nheld\t%s\nuntil\t%s\nscenario\t%s, %s\n", h.ID, holdState(h), h.AccountID, h.CreatedAt.Format(time.RFC3339),
		h.ExpiresAt.Format(time.RFC3339), h.Request.Scenario, h.Request.Quality)
	for i, p := range h.Request.Photos {
		fmt.Fprintf(t, "photo %d\t%s\n", i+1, strings.Join(strings.Fields(string(p.Role)+" "+p.Label), " "))
	}
	for _, d := range generation.Doubts(h.Request) {
		fmt.Fprintf(t, "to read\t%q in %s\n", d.Words, d.Field)
	}
	if h.GenerationID != "" {
		fmt.Fprintf(t, "became\t%s\n", h.GenerationID)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", h.Request.Instruction)
	if h.Decision != "" {
		fmt.Fprintf(out, "\n%s by %s, %s\n%s\n", h.Decision, h.DecidedBy, h.DecidedAt.Format(time.RFC3339), h.Note)
	}
	return nil
}

type holdApproveCmd struct {
	ID   string `arg:"" help:"Which request."`
	Note string `help:"A word to the person, up to 500 characters."`
}

func (c *holdApproveCmd) Run(s *session) error {
	return decideHold(s, c.ID, kinpict.HoldApproved, c.Note)
}

type holdRefuseCmd struct {
	ID   string `arg:"" help:"Which request."`
	Note string `help:"Why, up to 500 characters. The person reads it; without it they read standard words."`
}

func (c *holdRefuseCmd) Run(s *session) error {
	return decideHold(s, c.ID, kinpict.HoldRefused, c.Note)
}

func decideHold(s *session, id, decision, note string) error {
	return s.with(func(a *app.App) error {
		h, err := a.Studio.Decide(s.ctx, shell(), id, decision, note)
		if err != nil {
			return holdAtHand(err)
		}
		return printHold(s.out, h)
	})
}
