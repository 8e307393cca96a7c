package web

import (
	"errors"
	"net/http"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
	"kinpict/internal/people"
)

// account shows a person what we know of them and lets them decide about it.
func (s *Site) account(w http.ResponseWriter, r *http.Request) error {
	return s.accountAfter(w, r, http.StatusOK, func(*AccountView) {})
}

// accountAfter shows the account with what a press came to.
func (s *Site) accountAfter(w http.ResponseWriter, r *http.Request, status int, tell func(*AccountView)) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	a, kept, err := s.Keeping.Kept(ctx, v.caller)
	if err != nil {
		return err
	}
	here := s.Identity.Cookies.Value(r, s.Identity.Cookies.Session())
	signIns, err := s.People.SignIns(ctx, v.caller, here)
	if err != nil {
		return err
	}
	tokens, err := s.People.Tokens(ctx, v.caller)
	if err != nil {
		return err
	}
	say := v.say()
	view := AccountView{Page: v.private(say.Say("Your account")), Since: a.CreatedAt, SignIns: signIns, Tokens: tokens, MaxTokens: people.MaxTokens,
		Fresh: v.caller.Fresh(s.Now()), Minutes: int(kinpict.FreshSignIn.Minutes()), Staff: v.caller.Role != kinpict.Customer, Kept: keptLines(say, kept)}
	view.Path = "/account" // where the preferences lead back to, also from the answer to a press
	tell(&view)
	if len(view.Problems) > 0 {
		view.troubled()
	}
	return s.send(w, r, status, "account", view)
}

// keptLines are what is kept of a person, in numbers, and until when, from the
// very times that are applied.
func keptLines(say *lang.Printer, k *kinpict.Kept) []KeptLine {
	num := say.Number
	sized := func(n, bytes int64) string {
		if bytes == 0 {
			return num(n)
		}
		return say.Say("%s, together %s MB", num(n), num((bytes+999_999)/1_000_000))
	}
	used := say.Say("until you delete them, or with the account")
	return []KeptLine{
		{say.Say("Photos"), sized(k.Photos, k.PhotoBytes), say.Say("%s after their last use", say.Days(intake.AccountLife)), "/create"},
		{say.Say("Finished pictures"), sized(k.Pictures, k.PictureBytes), used, "/generations"},
		{say.Say("Requests with your words"), num(k.Requests), used, "/generations"},
		{say.Say("Drafts"), num(k.Drafts), say.Days(intake.AccountLife), "/create"},
		{say.Say("Requests that wait"), num(k.Held), say.Days(generation.KeepHeld), ""},
		{say.Say("Private links"), num(k.Shares), say.Say("until they end, and %s more so that you see them", say.Days(generation.KeepShares)), ""},
		{say.Say("Consents"), num(k.Consents), say.Say("with the account"), ""},
		{say.Say("Mail to you"), num(k.Mails), say.Days(people.KeepMail), ""},
		{say.Say("Reviews of your balance"), num(k.Reviews), say.Say("their words with the account"), "/help/balance"},
		{say.Say("Purchases"), num(k.Purchases), say.Say("as long as bookkeeping asks"), "/purchases"},
		{say.Say("Lines of the statement"), num(k.Lines), say.Say("as long as bookkeeping asks"), "/credits"},
	}
}

// done goes back to the account page, to the part that changed.
func done(w http.ResponseWriter, r *http.Request, part string) error {
	http.Redirect(w, r, "/account#"+part, http.StatusSeeOther)
	return nil
}

// ended takes what had ended already for done: the press wanted just that.
func ended(err error) error {
	if errors.Is(err, &kinpict.Error{Code: kinpict.NotFound}) {
		return nil
	}
	return err
}

func (s *Site) endSignIn(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	if err := ended(s.People.EndSignIn(r.Context(), c, r.PathValue("id"))); err != nil {
		return err
	}
	return done(w, r, "sign-ins")
}

func (s *Site) endOtherSignIns(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	here := s.Identity.Cookies.Value(r, s.Identity.Cookies.Session())
	if _, err := s.People.EndOtherSignIns(r.Context(), c, here); err != nil {
		return err
	}
	return done(w, r, "sign-ins")
}

// makeToken answers with the page itself, since a token is shown once and a
// redirect would have to carry it.
func (s *Site) makeToken(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	name := r.PostFormValue("name")
	secret, err := s.People.MakeToken(r.Context(), c, name)
	if e, ok := as(err); ok && (e.Code == kinpict.Invalid || e.Code == kinpict.Conflict || e.Code == kinpict.SignInAgain || e.Code == kinpict.Forbidden) {
		say := s.printer(r)
		return s.accountAfter(w, r, httpd.Means(e.Code).Status, func(a *AccountView) {
			a.TokenName, a.Problems = name, []Problem{problem(say, e, "token-name")}
		})
	}
	if err != nil {
		return err
	}
	return s.accountAfter(w, r, http.StatusCreated, func(a *AccountView) { a.Secret = secret })
}

func (s *Site) revokeToken(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	if err := ended(s.People.RevokeToken(r.Context(), c, r.PathValue("id"))); err != nil {
		return err
	}
	return done(w, r, "tokens")
}

// export sends everything kept of a person as it is read.
func (s *Site) export(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Identity.Caller(r)
	if err != nil {
		return err
	}
	if c.AccountID != "" && r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "application/zip")
		return nil
	}
	release, err := s.Exports.TakeNear(c.Counted(), c.Network)
	if err != nil {
		return err
	}
	defer release()
	e, err := s.Keeping.Export(r.Context(), c)
	if err != nil {
		return err
	}
	httpd.Attachment(w.Header(), "application/zip", e.Name)
	httpd.AtLeast(w)
	_, err = e.Write(r.Context(), w)
	return err
}

// farewell asks before an account is deleted, and says what goes, what stays
// and why.
func (s *Site) farewell(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	return s.ask(w, r, v, http.StatusOK, nil)
}

func (s *Site) ask(w http.ResponseWriter, r *http.Request, v *visit, status int, wrong []Problem) error {
	a, kept, err := s.Keeping.Kept(r.Context(), v.caller)
	if err != nil {
		return err
	}
	say := v.say()
	view := FarewellView{Page: v.private(say.Say("Delete your account")), Faults: Faults{wrong}, Kept: *kept, GivenUp: kept.GivenUp(),
		Fresh: s.Keeping.Fresh(v.caller), Held: a.Status != "active", Minutes: int(kinpict.FreshSignIn.Minutes())}
	if len(wrong) > 0 {
		view.troubled()
	}
	return s.send(w, r, status, "account-delete", view)
}

// leave deletes the account. Everything this browser keeps of the site goes with it.
func (s *Site) leave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	say := v.say()
	if r.PostFormValue("agree") != "yes" {
		return s.ask(w, r, v, http.StatusUnprocessableEntity, []Problem{{"agree", say.Say("Please confirm that you want this.")}})
	}
	given, err := wholeNumber(r.PostFormValue("credits"))
	if err != nil {
		return err
	}
	// The address proves nothing here: the page shows it. The fresh sign-in does.
	d, err := s.Keeping.Delete(r.Context(), v.caller, kinpict.Farewell{Address: v.caller.Email, Credits: kinpict.Credits(given)})
	if e, ok := as(err); ok && (e.Code == kinpict.SignInAgain || e.Code == kinpict.Conflict || e.Code == kinpict.Forbidden) {
		return s.ask(w, r, v, httpd.Means(e.Code).Status, []Problem{problem(say, e, "agree")})
	}
	if err != nil {
		return err
	}
	cookies := s.Identity.Cookies
	cookies.Clear(w, cookies.Session())
	cookies.Clear(w, cookies.Name(knownCookie))
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, "/account/deleted/"+d.ID, http.StatusSeeOther)
	return nil
}

// left is the receipt of a deletion. Its address is all it takes to see it, and
// it names nobody.
func (s *Site) left(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	d, err := s.Keeping.Deletion(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	say := v.say()
	return s.send(w, r, http.StatusOK, "account-deleted", LeftView{Page: v.private(say.Say("Your account is deleted")), Deletion: *d, Went: goneLines(say, &d.Gone)})
}

// goneLines are what went with an account, in numbers. What there was none of is
// left out.
func goneLines(say *lang.Printer, k *kinpict.Kept) []KeptLine {
	var out []KeptLine
	for _, l := range []struct {
		what string
		n    int64
	}{
		{say.Say("Photos"), k.Photos}, {say.Say("Finished pictures"), k.Pictures}, {say.Say("Requests with your words"), k.Requests}, {say.Say("Drafts"), k.Drafts},
		{say.Say("Requests that wait"), k.Held}, {say.Say("Private links"), k.Shares}, {say.Say("Consents"), k.Consents}, {say.Say("Mail to you"), k.Mails},
		{say.Say("Sign-ins"), k.SignIns}, {say.Say("API tokens"), k.Tokens}, {say.Say("Words in reviews"), k.Reviews},
	} {
		if l.n > 0 {
			out = append(out, KeptLine{What: l.what, Much: say.Number(l.n)})
		}
	}
	return out
}
