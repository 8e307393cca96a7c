package web

import (
	"net/http"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
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
	return s.send(w, r, http.StatusOK, "verify", VerifyView{Page: v.titled(v.say().Say("Check a picture")), MaxMegabytes: generation.MaxChecked >> 20})
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
	view := VerifyView{Page: v.private(v.say().Say("Check a picture")), MaxMegabytes: generation.MaxChecked >> 20}
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
		view.Problems = []Problem{{"file", v.say().Told(e.Message)}}
	} else if err != nil {
		return err
	} else {
		view.Found = foundIn(v.say(), report)
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
func foundIn(say *lang.Printer, r *provenance.Report) *Found {
	f := &Found{Headline: say.Told(r.Headline()), Detail: say.Told(r.Detail()), Icon: "info"}
	switch {
	case r.OK():
		f.Icon, f.Tone = "check", "good"
	case r.State == provenance.Altered || r.State == provenance.Damaged:
		f.Icon, f.Tone = "alert", "bad"
	}
	if r.State == provenance.Altered {
		f.Detail = say.Say("What does not match: %s. Programs that save a picture again do this too, so it need not mean harm.", chain(say, "%s, %s", r.Parts()))
	}
	add := func(name, value string) {
		if value != "" {
			f.Facts = append(f.Facts, Fact{name, value})
		}
	}
	add(say.Say("Signed by"), signer(say, r.Signer, r.Issuer))
	add(say.Say("What it is"), say.Told(provenance.SourceWords(r.Source)))
	if r.Note != r.Source {
		add(say.Say("An unsigned note says"), say.Told(provenance.SourceWords(r.Note)))
	}
	if !r.At.IsZero() {
		add(say.Say("Made on"), say.Date(r.At))
	}
	add(say.Say("Made with"), r.Software)
	add(say.Say("What was done"), title(chain(say, lang.N("%s, then %s"), r.Steps())))
	for _, p := range r.Former {
		add(say.Say("Built on a picture"), say.Say(formerWords[p.State], p.Software, signer(say, p.Signer, p.Issuer)))
	}
	return f
}

// chain joins words with a format of two.
func chain(say *lang.Printer, format string, words []string) string {
	var out string
	for i, w := range words {
		if w = say.Told(w); i == 0 {
			out = w
		} else {
			out = say.Say(format, out, w)
		}
	}
	return out
}

func signer(say *lang.Printer, s provenance.Signer, name string) string {
	switch s {
	case provenance.Ours:
		return say.Say("this site, %s", name)
	case provenance.Others:
		return say.Say("somebody who goes by “%s”", name)
	}
	return say.Say("nobody")
}

// formerWords say with what a picture was made that another one was built on,
// and by whom it was signed.
var formerWords = map[provenance.State]string{
	provenance.Intact:   lang.N("%s, signed by %s"),
	provenance.Altered:  lang.N("%s, signed by %s. That signature does not hold."),
	provenance.Unproven: lang.N("%s, signed by %s. That signature cannot be checked here."),
}
