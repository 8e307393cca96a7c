package api

import (
	"net/http"

	"kinpict/client"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/provenance"
)

// checkMarks reads one file, says what it is, and forgets it.
func (a *API) checkMarks(c *call) error {
	var err error
	if c.caller, err = a.Identity.Caller(c.r); err != nil {
		return err
	}
	arrival, err := a.arrivals.Begin(c.caller.Counted())
	if err != nil {
		return err
	}
	defer arrival.End()
	release, turn := func() {}, func() {}
	defer func() { turn(); release() }()
	report, err := a.Studio.CheckMarks(c.ctx(), c.caller, func() ([]byte, error) {
		form, err := httpd.ReadForm(c.w, c.r, httpd.FormLimits{Files: 1, FileBytes: generation.MaxChecked, Arrival: arrival})
		if err != nil {
			return nil, err
		}
		defer form.Close()
		if len(form.Files) == 0 || form.Files[0].Field != "file" {
			return nil, invalid(client.FieldError{Field: "file", Message: "is required: one part of that name, with a file name"})
		}
		leave, err := a.uploads.Take(c.caller.Counted())
		if err != nil {
			return nil, err
		}
		release = leave
		if turn, err = take(c.ctx(), a.reads); err != nil {
			turn = func() {}
			return nil, err
		}
		return form.Files[0].Bytes()
	})
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, Marks(report))
}

// Marks puts a report into the API's words.
func Marks(r *provenance.Report) client.Marks {
	m := client.Marks{State: string(r.State), Signer: signer(r.Signer), Headline: r.Headline(), Detail: r.Detail(), Format: r.Format, Altered: list(r.Altered),
		Issuer: r.Issuer, Source: r.Source, Means: provenance.SourceWords(r.Source), Note: r.Note, Software: r.Software, MadeAt: maybe(r.At), Preview: r.Preview,
		Actions: list(r.Actions), Former: []client.FormerMark{}}
	for _, f := range r.Former {
		m.Former = append(m.Former, client.FormerMark{State: string(f.State), Signer: signer(f.Signer), Issuer: f.Issuer, Source: f.Source, Software: f.Software, MadeAt: maybe(f.At)})
	}
	return m
}

func signer(s provenance.Signer) string {
	if s == "" {
		return "nobody"
	}
	return string(s)
}

// list is never null in JSON.
func list(s []string) []string { return append([]string{}, s...) }
