package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"kinpict/internal/config"
)

// help leaves the settings out: each is a flag of every command, and would bury
// the commands, and the few flags that are a command's own.
func help(options kong.HelpOptions, k *kong.Context) error {
	for _, f := range k.Model.Flags {
		if f.Group != nil {
			f.Hidden = true
		}
	}
	if err := kong.DefaultHelpPrinter(options, k); err != nil {
		return err
	}
	_, err := fmt.Fprintln(k.Stdout, "\nEvery setting is a flag too: kinpict help settings")
	return err
}

// printSettings lists the flags that every command has.
func printSettings(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, s := range (&config.Config{}).Settings() {
		fmt.Fprintf(w, "--%s\t%s\t%s\n", s.Flag, s.Env, s.Help)
	}
	w.Flush()
}
