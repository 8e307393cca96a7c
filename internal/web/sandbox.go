package web

import (
	"fmt"
	"net/http"
	"strings"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

// SandboxView feeds sandbox.html, which stands for a page of another site and
// shares nothing with ours.
type SandboxView struct {
	Lang, Dir string
	Title     string
	ID, Path  string
	Price     kinpict.Money
	State     string
	Note      string
	Return    string
	Outcomes  []Outcome

	say *lang.Printer
}

func (v SandboxView) language() *lang.Printer { return v.say }

// An Outcome is what the sandbox's buttons do.
type Outcome struct {
	Value, Text string
	Main        bool
}

var outcomes = map[string]string{
	"paid": lang.N("Pay"), "declined": lang.N("Decline"), "delayed": lang.N("Pay later"), "duplicate": lang.N("Pay, and tell the shop twice"), "refund": lang.N("Refund"),
	"partial_refund": lang.N("Refund a part"), "refund_failed": lang.N("Have the last refund fail"), "fraud_warning": lang.N("Warn of fraud"), "inquiry": lang.N("Ask about it"),
	"inquiry_closed": lang.N("Close the question"), "dispute_prevented": lang.N("Settle a dispute before it begins"), "dispute": lang.N("Dispute"),
	"dispute_won": lang.N("Close the dispute for the shop"), "dispute_lost": lang.N("Close the dispute for the payer"),
}

// sandboxStates are what a session says of itself, in words.
var sandboxStates = map[string]string{
	"open": lang.N("open"), "processing": lang.N("on its way"), "paid": lang.N("paid"), "expired": lang.N("expired"), "failed": lang.N("failed"),
	"refunded": lang.N("refunded"), "partially_refunded": lang.N("refunded in part"), "disputed": lang.N("disputed"),
}

// sandboxPage stands for a page of another company: no session, no cookie, none
// of our looks. It speaks what the browser asks for.
func (s *Site) sandboxPage(w http.ResponseWriter, r *http.Request) error {
	return s.sandbox(w, r, http.StatusOK, "")
}

func (s *Site) sandbox(w http.ResponseWriter, r *http.Request, status int, note string) error {
	p, err := s.Sandbox.Session(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.send(w, r, status, "sandbox", sandboxView(s.Languages.Match(r.Header.Get("Accept-Language")), p, r.URL.Path, note))
}

// goods says what is bought as the page's language does. The provider was told in English.
func goods(say *lang.Printer, title string) string {
	var credits, extra kinpict.Credits
	if _, err := fmt.Sscanf(title, "%d credits and %d extra", &credits, &extra); err == nil {
		return say.Say("%d credits and %d extra", credits, extra)
	}
	if _, err := fmt.Sscanf(title, "%d credits", &credits); err == nil {
		return say.Credits(credits)
	}
	return title
}

func sandboxView(say *lang.Printer, p *billing.SandboxSession, path, note string) SandboxView {
	view := SandboxView{say: say, Lang: say.Code, Dir: say.Dir, Title: goods(say, p.Title), ID: p.ID, Path: path, State: p.Status, Note: note, Return: p.ReturnURL,
		Price: kinpict.Money{Amount: p.Price.Amount + p.Tax, Currency: p.Price.Currency}}
	if words := sandboxStates[p.Status]; words != "" {
		view.State = say.Told(words)
	}
	for i, o := range p.Outcomes {
		text := say.Told(outcomes[o])
		if outcomes[o] == "" {
			text = strings.ReplaceAll(o, "_", " ")
		}
		view.Outcomes = append(view.Outcomes, Outcome{o, text, i == 0 && p.Status != billing.Paid})
	}
	return view
}

func (s *Site) sandboxPress(w http.ResponseWriter, r *http.Request) error {
	id, outcome := r.PathValue("id"), r.FormValue("outcome")
	say := s.Languages.Match(r.Header.Get("Accept-Language"))
	if err := s.Sandbox.Outcome(r.Context(), id, outcome); err != nil {
		e, ok := as(err)
		if !ok || e.Code == kinpict.NotFound {
			return err
		}
		return s.sandbox(w, r, httpd.Means(e.Code).Status, say.Told(e.Message))
	}
	switch outcome {
	case "paid", "delayed", "duplicate":
		p, err := s.Sandbox.Session(r.Context(), id)
		if err != nil {
			return err
		}
		http.Redirect(w, r, p.ReturnURL, http.StatusSeeOther)
		return nil
	case "declined":
		return s.sandbox(w, r, http.StatusOK, say.Say("The card was declined. Try again, or go back to the shop."))
	}
	return s.sandbox(w, r, http.StatusOK, say.Say("Done. The shop has been told."))
}
