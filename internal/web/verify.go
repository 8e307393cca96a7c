package web

import (
	"net/http"
	"strings"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/provenance"
)

// VerifyView feeds verify.html.
type VerifyView struct {
	Page
	Faults
	MaxMegabytes int
	Found        *Found // nil before a file was sent
}

// Found is what a file says about itself.
type Found struct {
	Headline, Detail string
	Icon, Tone       string
	Facts            []Fact
}

// A Fact is one line of what was found.
type Fact struct{ Name, Value string }

func (s *Site) verifyPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "verify", VerifyView{Page: v.titled("Check a picture"), MaxMegabytes: generation.MaxChecked >> 20})
}

// verify looks at one file and forgets it.
func (s *Site) verify(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	arrival, err := s.arrivals.Begin(v.caller.Counted())
	if err != nil {
		return err
	}
	defer arrival.End()
	release := func() {}
	defer func() { release() }()
	view := VerifyView{Page: v.private("Check a picture"), MaxMegabytes: generation.MaxChecked >> 20}
	report, err := s.Studio.CheckMarks(r.Context(), v.caller, func() ([]byte, error) {
		form, err := httpd.ReadForm(w, r, httpd.FormLimits{Files: 1, FileBytes: generation.MaxChecked, Fields: 4, Arrival: arrival})
		if err != nil {
			return nil, err
		}
		defer form.Close()
		if len(form.Files) == 0 || form.Files[0].Size == 0 {
			return nil, &kinpict.Error{Code: kinpict.FileEmpty, Message: "Choose the picture you want to check."}
		}
		leave, err := s.checks.Take(v.caller.Counted())
		if err != nil {
			return nil, err
		}
		release = leave
		return form.Files[0].Bytes()
	})
	status := http.StatusOK
	if e, ok := as(err); ok && (e.Code == kinpict.FileEmpty || e.Code == kinpict.FileTooLarge) {
		status = httpd.Means(e.Code).Status
		view.Problems = []Problem{{"file", e.Message}}
	} else if err != nil {
		return err
	} else {
		view.Found = foundIn(report)
	}
	return s.send(w, r, status, "verify", view)
}

// issuer is the certificate that others may trust to believe this installation.
func (s *Site) issuer(w http.ResponseWriter, r *http.Request) error {
	own := s.Studio.Issuer
	if own == nil {
		return &kinpict.Error{Code: kinpict.NotFound, Message: "Pictures are not signed here."}
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, err := w.Write(own.Authority())
	return err
}

// foundIn puts a report into the words of the page.
func foundIn(r *provenance.Report) *Found {
	f := &Found{Headline: r.Headline(), Detail: r.Detail(), Icon: "info"}
	switch {
	case r.OK():
		f.Icon, f.Tone = "check", "good"
	case r.State == provenance.Altered || r.State == provenance.Damaged:
		f.Icon, f.Tone = "alert", "bad"
	}
	add := func(name, value string) {
		if value != "" {
			f.Facts = append(f.Facts, Fact{name, value})
		}
	}
	add("Signed by", signerWords(r.Signer, r.Issuer))
	add("What it is", provenance.SourceWords(r.Source))
	if r.Note != r.Source {
		add("An unsigned note says", provenance.SourceWords(r.Note))
	}
	if !r.At.IsZero() {
		add("Made on", date(r.At))
	}
	add("Made with", r.Software)
	add("What was done", title(strings.Join(r.Steps(), ", then ")))
	for _, p := range r.Former {
		add("Built on a picture", p.Software+", "+signerWords(p.Signer, p.Issuer)+formerWords[p.State])
	}
	return f
}

func signerWords(s provenance.Signer, name string) string {
	switch s {
	case provenance.Ours:
		return "this site, " + name
	case provenance.Others:
		return "somebody who goes by “" + name + "”"
	}
	return ""
}

var formerWords = map[provenance.State]string{
	provenance.Altered:  ". That signature does not hold",
	provenance.Unproven: ". That signature cannot be checked here",
}
