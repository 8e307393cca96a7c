package cli

import (
	"fmt"
	"time"

	"kinpict/internal/app"
)

type mailListCmd struct {
	Number int    `short:"n" default:"5" help:"How many, 1 to 100."`
	State  string `placeholder:"STATE" help:"Only those that are waiting, sent, kept or failed."`
}

func (c *mailListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		mails, err := a.Post.List(s.ctx, c.State, min(max(c.Number, 1), 100))
		if err != nil {
			return err
		}
		if len(mails) == 0 {
			fmt.Fprintln(s.out, "There is none.")
		}
		for _, m := range mails {
			fmt.Fprintf(s.out, "ID: %s\nTo: %s\nDate: %s\nState: %s\n", m.ID, m.To, m.CreatedAt.Format(time.RFC3339), m.State)
			if m.Problem != "" {
				fmt.Fprintf(s.out, "Problem: %s\nAttempts: %d\n", m.Problem, m.Attempts)
			}
			fmt.Fprintf(s.out, "Subject: %s\n\n", m.Subject)
			if m.Body != "" {
				fmt.Fprintf(s.out, "%s\n\n", m.Body)
			}
		}
		return nil
	})
}

type mailRetryCmd struct {
	ID string `arg:"" help:"Which mail."`
}

func (c *mailRetryCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		if err := a.Post.Retry(s.ctx, c.ID); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s is sent again by the server that runs.\n", c.ID)
		return nil
	})
}
