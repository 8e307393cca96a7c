package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/config"
	"kinpict/internal/store"
)

type serveCmd struct {
	Role    string `enum:"all,web,worker" default:"all" help:"What this process does: all, web or worker."`
	Migrate bool   `help:"Bring a PostgreSQL database to this version first. An embedded one always is."`
}

func (c *serveCmd) Run(s *session) (err error) {
	for _, name := range config.Strangers(os.Environ()) {
		fmt.Fprintf(s.errOut, "kinpict: %s is set, and there is no such setting.\nhint: kinpict help settings lists them.\n", name)
	}
	log := s.log(slog.LevelInfo)
	a, err := app.Open(s.ctx, s.config, log)
	if err != nil {
		return explainSettings(err)
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Ready(s.ctx, c.Migrate); err != nil {
		return err
	}
	waiting, err := a.Studio.HoldsWaiting(s.ctx)
	if err != nil {
		return err
	}
	return a.Serve(s.ctx, c.Role, func(addr net.Addr) {
		if addr == nil {
			fmt.Fprintln(s.out, "Kinpict works on what is queued. Stop it with Ctrl+C.")
			return
		}
		fmt.Fprintf(s.out, "Kinpict is at %s\n", s.config.PublicURL)
		if s.config.Sandbox() {
			fmt.Fprintln(s.out, "No real money moves.")
		}
		switch {
		case s.config.SMTPURL != "":
		case s.config.Local():
			fmt.Fprintf(s.out, "Mail, such as sign-in links, is at %s/outbox\n", s.config.PublicURL)
		default:
			fmt.Fprintln(s.out, "Mail, such as sign-in links, is kept and not sent. Read it with: kinpict mail list")
		}
		if s.config.Reached() && !s.named {
			fmt.Fprintf(s.errOut, "kinpict: Other machines may reach %s, but links in mails and the way back from a payment lead to %s.\nhint: Set KINPICT_PUBLIC_URL to the address people use.\n",
				addr, s.config.PublicURL)
		}
		if s.config.Live() && s.config.OperatorName == "" {
			fmt.Fprint(s.errOut, "kinpict: Real money moves, and no page says who takes it.\nhint: Set KINPICT_OPERATOR_NAME, KINPICT_OPERATOR_ADDRESS and KINPICT_OPERATOR_CONTACT: an imprint is the law in many countries.\n")
		}
		if s.config.SafetyHold == "on" || waiting > 0 {
			fmt.Fprintf(s.out, "Requests that wait for somebody to read their words: %d. See kinpict hold list.\n", waiting)
		}
	})
}

type migrateCmd struct{}

func (c *migrateCmd) Run(s *session) (err error) {
	a, err := app.Open(s.ctx, s.config, s.log(slog.LevelWarn))
	if err != nil {
		return explainSettings(err)
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	pending, err := a.DB.Pending(s.ctx)
	if err != nil {
		return err
	}
	if err := a.Ready(s.ctx, true); err != nil {
		return err
	}
	for _, name := range pending {
		fmt.Fprintln(s.out, "ran", name)
	}
	fmt.Fprintln(s.out, "The database is up to date.")
	return nil
}

type auditCmd struct {
	JSON    bool   `help:"Print findings as JSON lines."`
	Account string `placeholder:"EMAIL" help:"Prove one account's books only."`
}

func (c *auditCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		scope := store.Whole
		if c.Account != "" {
			acc, err := a.People.Account(s.ctx, c.Account)
			if err != nil {
				return err
			}
			scope.AccountID = acc.ID
		}
		found, err := prove(s, a, scope)
		if err != nil {
			return &kinpict.Error{Code: kinpict.Unavailable, Message: "The books could not be read.", Hint: err.Error()}
		}
		for _, f := range found {
			if c.JSON {
				b, err := json.Marshal(f)
				if err != nil {
					return err
				}
				fmt.Fprintln(s.out, string(b))
				continue
			}
			fmt.Fprintln(s.out, f)
		}
		if len(found) > 0 {
			return errNo
		}
		if !c.JSON {
			fmt.Fprintln(s.out, "The books balance.")
		}
		return nil
	})
}

// prove audits, and of the whole writes down for the console what came of it.
// That the note cannot be kept makes the proof no worse.
func prove(s *session, a *app.App, scope store.Scope) ([]store.Finding, error) {
	if scope != store.Whole {
		return a.DB.Audit(s.ctx, scope)
	}
	began := a.Office.Now()
	p, err := a.DB.Prove(s.ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Office.NoteAudit(s.ctx, actor(), began, p); err != nil {
		fmt.Fprintf(s.errOut, "the console will not know of this audit: %v\n", err)
	}
	return p.Findings, nil
}

type configCmd struct{}

func (c *configCmd) Run(s *session) error {
	for _, x := range s.config.Settings() {
		fmt.Fprintf(s.out, "%s=%s\n", x.Env, x.Value)
	}
	if err := s.config.Validate(); err != nil {
		return usageError{err}
	}
	return nil
}

type versionCmd struct{}

func (c *versionCmd) Run(s *session) error {
	version, revision := app.Version(), "unknown"
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, x := range b.Settings {
			if x.Key == "vcs.revision" {
				revision = x.Value
			}
		}
	}
	fmt.Fprintf(s.out, "kinpict %s, revision %s, %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
