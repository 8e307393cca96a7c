package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/generation"
	"kinpict/internal/provenance"
)

type verifyCmd struct {
	File   string `arg:"" optional:"" help:"A JPEG or PNG."`
	JSON   bool   `help:"Print all that was found, as the API would answer."`
	Issuer bool   `help:"Print this installation's authority certificate, for validators that are to trust it."`
}

// Run ends with status 0 for a file that was signed here and not changed since.
func (c *verifyCmd) Run(s *session) error {
	own, err := app.Issuer(s.config)
	if err != nil {
		return explainSettings(err)
	}
	if c.Issuer {
		if own == nil {
			return &kinpict.Error{Code: kinpict.Unavailable, Message: "This installation has no key yet.", Hint: "Run kinpict serve once, or name its data folder with --data."}
		}
		_, err := s.out.Write(own.Authority())
		return err
	}
	if c.File == "" {
		return usageError{fmt.Errorf("name the file to look at")}
	}
	data, err := readFile(c.File, generation.MaxChecked+1)
	if err != nil {
		return usageError{err}
	}
	if len(data) > generation.MaxChecked {
		return usageError{fmt.Errorf("%s is larger than %d MiB", c.File, generation.MaxChecked>>20)}
	}
	r := own.Inspect(data)
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(app.Describe(r))
	} else {
		err = printReport(s.out, r)
	}
	if err == nil && !r.OK() {
		err = errNo
	}
	return err
}

func printReport(out io.Writer, r *provenance.Report) error {
	fmt.Fprintf(out, "%s\n%s\n", r.Headline(), r.Detail())
	if r.State == provenance.Intact && r.Signer == provenance.Others && r.Issuer == app.OneOff {
		fmt.Fprintln(out, "kinpict generate signs with such a one-off key where it finds no data folder. With the folder named by --data it signs as that installation.")
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("signed by", signedBy(r.Signer, r.Issuer))
	line("what it is", provenance.SourceWords(r.Source))
	line("source type", r.Source)
	if r.Note != r.Source {
		line("unsigned note", r.Note)
	}
	line("made", when(r.At))
	line("with", r.Software)
	line("steps", strings.Join(r.Steps(), ", "))
	for _, f := range r.Former {
		line("built on", fmt.Sprintf("%s, by %s, %s", f.Software, signedBy(f.Signer, f.Issuer), f.State))
	}
	return w.Flush()
}

func signedBy(s provenance.Signer, name string) string {
	switch s {
	case provenance.Ours:
		return name + " (this installation)"
	case provenance.Others:
		return fmt.Sprintf("somebody who goes by %q", name)
	}
	return ""
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
