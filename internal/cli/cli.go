// Package cli is the command line: what `kinpict` understands, in words a
// person can act on. Exit status 0 is done, 1 it ran and the answer is no, 2
// wrong use or it could not run. An error is one sentence on stderr, with a hint
// where something helps.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/config"
)

// commands is the whole command line.
type commands struct {
	Config config.Config `embed:"" group:"Settings:"`
	File   string        `name:"config" type:"path" placeholder:"FILE" help:"YAML file of settings, named as the flags."`

	Serve   serveCmd   `cmd:"" help:"Run the site, the API and the workers in one process."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this version."`
	Audit   auditCmd   `cmd:"" help:"Prove the books; one finding a line."`
	Catalog struct {
		Show  catalogShowCmd  `cmd:"" help:"Print the price book in force."`
		Apply catalogApplyCmd `cmd:"" help:"Put a new price book into force, now or later."`
		List  catalogListCmd  `cmd:"" help:"List every price book, those to come included."`

		Withdraw catalogWithdrawCmd `cmd:"" help:"Keep a scheduled price book from coming into force."`
	} `cmd:"" help:"The price book: rates, packs, guest limit."`
	Account struct {
		Create accountCreateCmd `cmd:"" help:"Make an account."`
		Show   accountShowCmd   `cmd:"" help:"Show an account, its balance and its last transactions."`
		Export accountExportCmd `cmd:"" help:"Write everything kept of a person into one archive."`
		Delete accountDeleteCmd `cmd:"" help:"Delete an account and everything kept of the person, for ever."`
		Role   accountRoleCmd   `cmd:"" help:"Make an account a customer's, support's or an operator's."`

		SecondFactor accountFactorCmd `cmd:"" help:"Make the second factor that opens the console, and print it once."`
	} `cmd:"" help:"Accounts."`
	Token struct {
		Create tokenCreateCmd `cmd:"" help:"Make an API token and print it, once."`
	} `cmd:"" help:"API tokens."`
	Mail struct {
		List  mailListCmd  `cmd:"" default:"withargs" help:"Print mail, newest first: what was kept here, such as sign-in links, and what became of the rest."`
		Retry mailRetryCmd `cmd:"" help:"Send a mail after all that was given up."`
	} `cmd:"" help:"Mail to people."`
	Credits struct {
		Grant creditsGrantCmd `cmd:"" help:"Give credits, with a reason."`
		Take  creditsTakeCmd  `cmd:"" help:"Take credits, with a reason."`
	} `cmd:"" help:"Adjustments by staff."`
	Promo struct {
		Create promoCreateCmd `cmd:"" help:"Make a promo code: --percent, --amount with --currency, or --bonus."`
		List   promoListCmd   `cmd:"" help:"List every promo code and how often it was used."`
		End    promoEndCmd    `cmd:"" help:"End a promo code now."`
	} `cmd:"" help:"Promo codes."`
	Purchase struct {
		List purchaseListCmd `cmd:"" help:"List purchases, newest first; those that need a look with --attention."`
		Show purchaseShowCmd `cmd:"" help:"Show a purchase, its refunds, disputes and what does not agree."`
	} `cmd:"" help:"What people bought."`
	Refund    refundCmd    `cmd:"" help:"Send money of a purchase back, with a reason; its credits go back with it."`
	Evidence  evidenceCmd  `cmd:"" help:"Bundle what a bank may ask about a purchase."`
	Reconcile reconcileCmd `cmd:"" help:"Compare payments with the provider both ways and repair what differs."`
	Review    struct {
		List   reviewListCmd   `cmd:"" help:"List reviews of balances, newest first."`
		Show   reviewShowCmd   `cmd:"" help:"Show a review, what was done about it, and the evidence."`
		Answer reviewAnswerCmd `cmd:"" help:"Answer a review, with credits if they are due."`
		Close  reviewCloseCmd  `cmd:"" help:"Close a review, with a reason."`
	} `cmd:"" help:"What people say does not look right."`
	Hold struct {
		List    holdListCmd    `cmd:"" help:"List requests that wait for somebody to read their words, or that were decided."`
		Show    holdShowCmd    `cmd:"" help:"Show the words of a request and who is in its photos, never the photos."`
		Approve holdApproveCmd `cmd:"" help:"Let a request go on; its owner is told and presses once more."`
		Refuse  holdRefuseCmd  `cmd:"" help:"Keep a request from going on; its owner is told."`
	} `cmd:"" help:"Words that staff read before anything is taken (--safety-hold)."`
	VerifyReceipt verifyReceiptCmd `cmd:"" help:"Check a signed receipt offline: 0 genuine, 1 altered or of an unknown signer."`
	ReceiptKeys   receiptKeysCmd   `cmd:"" help:"Print the public keys that receipts are checked with."`
	Generate      generateCmd      `cmd:"" help:"Make one picture from the shell: no server, no credits."`
	Verify        verifyCmd        `cmd:"" help:"Say what a picture file is and whether it was changed: 0 made here and intact, 1 not so."`
	Engine        struct {
		List  engineListCmd  `cmd:"" help:"List the configured engines, their limits and health."`
		Check engineCheckCmd `cmd:"" help:"Ask each engine whether it could draw now."`
	} `cmd:"" help:"Image engines."`
	FakeEngine fakeEngineCmd `cmd:"" help:"Run a stand-in image engine that speaks the OpenAI Images protocol, with faults on demand."`
	Settings   configCmd     `cmd:"" name:"config" help:"Print the effective settings, secrets hidden."`
	Version    versionCmd    `cmd:"" help:"Print version and build."`
}

// A session is what a command runs with.
type session struct {
	ctx         context.Context
	config      *config.Config
	named       bool // somebody set the public URL
	in          io.Reader
	out, errOut io.Writer
}

// errNo ends a command with status 1 and says nothing more.
var errNo = errors.New("no")

// A usageError is a wrong use of a command.
type usageError struct{ error }

// exit unwinds kong's own way of ending after --help.
type exit int

// Main runs the command line and returns the exit status.
func Main(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (status int) {
	var c commands
	options := []kong.Option{kong.Name("kinpict"), kong.Description("Family photos from your own photos, with honest credits."),
		kong.Writers(out, errOut), kong.Exit(func(n int) { panic(exit(n)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}), kong.Help(help)}
	defer func() {
		if p := recover(); p != nil {
			n, ok := p.(exit)
			if !ok {
				panic(p)
			}
			status = int(n)
		}
	}()
	if file := fileOf(args); file != "" {
		r, err := fromFile(file)
		if err != nil {
			return fail(errOut, usageError{err})
		}
		options = append(options, kong.Resolvers(r))
	}
	parser, err := kong.New(&c, options...)
	if err != nil {
		panic(err) // the command line is wrong as it is written
	}
	if len(args) == 2 && args[0] == "help" && args[1] == "settings" {
		printSettings(out)
		return 0
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		return misused(errOut, err)
	}
	named := given(k, "public-url")
	if !named {
		c.Config.FollowListen()
	}
	return fail(errOut, k.Run(&session{ctx: ctx, config: &c.Config, named: named, in: in, out: out, errOut: errOut}))
}

// misused says what of the command line cannot be, and where it is explained.
func misused(w io.Writer, err error) int {
	said, hint := err.Error(), "kinpict help lists the commands"
	var gone *fs.PathError
	if errors.As(err, &gone) && errors.Is(err, fs.ErrNotExist) {
		said = "there is no file " + gone.Path
	}
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		hint = "kinpict help " + strings.TrimPrefix(p.Context.Selected().FullPath(), "kinpict ") + " explains it"
	}
	fmt.Fprintf(w, "kinpict: %s\nhint: %s\n", said, hint)
	return 2
}

// given reports whether a setting came from a flag, the environment or the file.
// What kong marks as set includes defaults.
func given(k *kong.Context, name string) bool {
	for _, p := range k.Path {
		if p.Flag != nil && p.Flag.Name == name {
			return true
		}
	}
	return slices.ContainsFunc(k.Flags(), func(f *kong.Flag) bool {
		if f.Name != name {
			return false
		}
		_, set := os.LookupEnv(f.Envs[0])
		return set
	})
}

// fail says what went wrong and returns the exit status for it.
func fail(w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, errNo) {
		return 1
	}
	var e *kinpict.Error
	var u usageError
	switch {
	case errors.As(err, &u):
		fmt.Fprintf(w, "kinpict: %v\n", u.error)
		return 2
	case errors.As(err, &e):
		fmt.Fprintf(w, "kinpict: %s\n", e.Message)
		if e.Hint != "" {
			fmt.Fprintf(w, "hint: %s\n", e.Hint)
		}
		if e.Code == kinpict.Unavailable || e.Code == kinpict.Internal {
			return 2
		}
		return 1
	}
	fmt.Fprintf(w, "kinpict: %v\n", err)
	return 2
}

// fileOf finds the settings file, which must be read before the rest is parsed.
func fileOf(args []string) string {
	for i, a := range args {
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
		if len(a) > 9 && a[:9] == "--config=" {
			return a[9:]
		}
	}
	return os.Getenv("KINPICT_CONFIG")
}

// fromFile resolves flags from a YAML file. A key that is no setting is an
// error, and the environment wins over the file.
func fromFile(path string) (kong.Resolver, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	known := map[string]string{}
	for _, s := range (&config.Config{}).Settings() {
		known[s.Flag] = s.Env
	}
	for k := range values {
		if _, ok := known[k]; !ok {
			return nil, fmt.Errorf("%s: %q is not a setting", path, k)
		}
	}
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		v, ok := values[flag.Name]
		if !ok {
			return nil, nil
		}
		if env := known[flag.Name]; env != "" {
			if _, set := os.LookupEnv(env); set {
				return nil, nil
			}
		}
		if reflect.ValueOf(v).Kind() == reflect.Map {
			return nil, fmt.Errorf("%s: %s is not a plain value", path, flag.Name)
		}
		return fmt.Sprint(v), nil
	}), nil
}

// open puts the product together for a command that works beside a server.
func (s *session) open() (*app.App, error) {
	a, err := app.Open(s.ctx, s.config, s.log(slog.LevelWarn))
	if err != nil {
		return nil, explainSettings(err)
	}
	if err := a.Ready(s.ctx, false); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// with runs f on an opened product and closes it.
func (s *session) with(f func(a *app.App) error) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	return errors.Join(f(a), a.Close())
}

func (s *session) log(level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if s.config.LogJSON {
		return slog.New(slog.NewJSONHandler(s.errOut, o))
	}
	return slog.New(slog.NewTextHandler(s.errOut, o))
}

// explainSettings marks problems with the settings as wrong use.
func explainSettings(err error) error {
	if kinpict.CodeOf(err) == kinpict.Internal {
		return usageError{err}
	}
	return err
}
