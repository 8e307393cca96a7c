package keeping

import (
	"context"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

type accountOf struct {
	ID       string              `json:"id"`
	Email    string              `json:"email"`
	Role     kinpict.AccountRole `json:"role"`
	Status   string              `json:"status"`
	Language string              `json:"language,omitempty"`
	Since    time.Time           `json:"since"`
}

type signInOf struct {
	ID      string    `json:"id"`
	Browser string    `json:"browser,omitempty"`
	System  string    `json:"system,omitempty"`
	Begun   time.Time `json:"begun_at"`
	Seen    time.Time `json:"seen_at"`
	Ends    time.Time `json:"ends_at"`
}

type tokenOf struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Made time.Time `json:"made_at"`
	Used time.Time `json:"used_at,omitzero"`
}

// person writes who it is, where they are signed in, and what they confirmed.
func (a *archive) person(ctx context.Context) error {
	var sessions []store.Session
	var tokens []store.Token
	var kept *kinpict.Kept
	x := a.account
	if err := a.k.DB.View(ctx, func(tx *store.Tx) (err error) {
		if sessions, err = tx.Sessions(x.ID); err != nil {
			return err
		}
		if tokens, err = tx.Tokens(x.ID); err != nil {
			return err
		}
		kept, err = tx.Kept(x)
		return err
	}); err != nil {
		return err
	}
	if err := a.whole("account.json", map[string]any{"format": exportFormat, "made_at": a.at.UTC(), "kept": kept,
		"account": accountOf{ID: x.ID, Email: x.Email, Role: x.Role, Status: x.Status, Language: x.Language, Since: x.CreatedAt}}); err != nil {
		return err
	}
	if err := a.list("sign-ins.json", "sign_ins", func(put func(any) error) error {
		return all(sessions, func(s store.Session) error {
			ends := x.Role.SignInEnds(s.CreatedAt, s.LastSeenAt)
			if !a.at.Before(ends) {
				return nil // what is left of it opens nothing, and is swept
			}
			return put(signInOf{ID: s.ID, Browser: s.Browser, System: s.System, Begun: s.CreatedAt, Seen: s.LastSeenAt, Ends: ends})
		})
	}); err != nil {
		return err
	}
	if err := a.list("tokens.json", "tokens", func(put func(any) error) error {
		return all(tokens, func(k store.Token) error {
			return put(tokenOf{ID: k.ID, Name: k.Name, Made: k.CreatedAt, Used: k.LastUsedAt})
		})
	}); err != nil {
		return err
	}
	return a.list("consents.json", "consents", func(put func(any) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last store.Consent) ([]store.Consent, error) {
			return tx.Consents(x.ID, last, batch)
		}, func(c store.Consent) error { return put(c) })
	})
}
