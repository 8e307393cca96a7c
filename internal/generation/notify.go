package generation

import (
	"context"
	"strings"

	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/store"
)

// Notify has the caller mailed once when a picture of theirs is done or its
// credits are back, or, with on false, not any more. language is the one they
// ask in, such as "de"; what their account says wins over it. Twice is as good
// as once. Nobody is mailed who did not ask, and nobody for what they canceled.
//
// The error is Unauthenticated for a guest, NotFound, or Conflict for a picture
// that has ended, or that is a guest's preview still.
func (s *Studio) Notify(ctx context.Context, c kinpict.Caller, id string, on bool, language string) error {
	if c.AccountID == "" {
		return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "Sign in to be told by e-mail.", Hint: "Your preview moves to your account with you."}
	}
	return s.DB.Update(ctx, func(t *store.Tx) error {
		g, err := owned(t, c, id)
		if err != nil {
			return err
		}
		done, err := t.Notify(c.AccountID, id, language, on)
		switch {
		case err != nil || done:
			return err
		case g.Owner != c.AccountID:
			return &kinpict.Error{Code: kinpict.Conflict, Message: "This preview belongs to no account yet, so there is no address to write to.",
				Hint: "Sign in once more in this browser: the preview moves to your account."}
		}
		return &kinpict.Error{Code: kinpict.Conflict, Message: "There is nothing left to wait for.", Hint: "Look at the picture's page."}
	})
}

// tell puts a mail into the outbox for who asked to be told of a generation that
// ended in this transaction, which happens once.
func (s *Studio) tell(t *store.Tx, id string) error {
	address, language, err := t.Awaited(id)
	if err != nil || address == "" {
		return err
	}
	g, err := t.Job(id)
	if err != nil {
		return err
	}
	subject, body := s.letter(g, s.Languages.For(language))
	return t.SendMail(store.Mail{ID: s.IDs.New(kinpict.MailPrefix), To: address, Subject: subject, Body: body})
}

// letter says how a generation ended. It names no photo and repeats none of the
// person's words: mail is read over shoulders.
func (s *Studio) letter(g *kinpict.Generation, say *lang.Printer) (subject, body string) {
	title := g.Request.Scenario
	if sc, err := s.Scenarios.Scenario(title); err == nil {
		title = sc.In(say.Code).Title
	}
	page := s.PublicURL + "/generations/" + g.ID
	asked := say.Say("You asked to be told about this one picture. There is nothing to unsubscribe from.")
	if g.Status == kinpict.Succeeded {
		return say.Say("Your picture is ready"),
			paragraphs(say.Say("Your picture is ready: %s.", title), page, say.Say("Sign in to see it, if you are asked to."), asked)
	}
	why := g.Failure.Explain()
	back := say.Say("Your free preview is given back, and you can use it again.")
	if g.Funding == kinpict.FundedByCredits {
		back = say.Say("Your %d credits are back already.", int64(g.Returned))
	}
	return say.Say("Your picture did not come out"),
		paragraphs(say.Say("This picture did not come out: %s.", title), say.Told(why.Message)+" "+say.Told(why.Advice), back,
			say.Say("Try again from the same photos and words here:"), page, asked)
}

func paragraphs(p ...string) string { return strings.Join(p, "\n\n") + "\n" }
