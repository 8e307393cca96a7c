package cli

import (
	"fmt"

	"kinpict"
	"kinpict/internal/app"
)

type accountRoleCmd struct {
	Email string `arg:"" help:"Whose account."`
	Role  string `arg:"" enum:"customer,support,operator" help:"customer, support or operator."`
}

func (c *accountRoleCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		if err := a.People.SetRole(s.ctx, actor(), c.Email, kinpict.AccountRole(c.Role)); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "%s is %s now.\n", c.Email, c.Role)
		return err
	})
}

type accountFactorCmd struct {
	Email string `arg:"" help:"Whose account: support's or an operator's."`
	Off   bool   `help:"Take the second factor away instead. The console stays shut until there is a new one."`
}

func (c *accountFactorCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		if c.Off {
			if err := a.People.EndFactor(s.ctx, actor(), c.Email); err != nil {
				return err
			}
			_, err := fmt.Fprintf(s.out, "%s has no second factor any more, and is in no console.\n", c.Email)
			return err
		}
		acc, err := a.People.Account(s.ctx, c.Email)
		if err != nil {
			return err
		}
		had, err := a.People.HasFactor(s.ctx, kinpict.Caller{AccountID: acc.ID})
		if err != nil {
			return err
		}
		e, err := a.People.EnrolFactor(s.ctx, actor(), c.Email)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s\n%s\n", e.Secret, e.URL)
		if had {
			fmt.Fprintf(s.errOut, "It takes the place of the second factor %s had, which opens nothing any more.\n", acc.Email)
		}
		_, err = fmt.Fprintln(s.errOut, "Type the first line into an authenticator app, or make a QR code of the second. They are not shown again.")
		return err
	})
}
