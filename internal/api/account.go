package api

import (
	"net/http"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
)

// accountCalls are what a person may know and do about their own account.
var accountCalls = []*operation{
	{
		method: "GET", path: root + "/account", name: "account", summary: "Who asks, and how much is kept of them",
		who:     account,
		answers: []answer{{status: 200, says: "The account.", body: client.Account{}}},
		serve:   (*API).account,
	}, {
		method: "GET", path: root + "/account/export", name: "exportAccount", summary: "Everything kept of the person, in one archive",
		who: account,
		answers: []answer{{status: 200, says: "A zip archive: README.txt says what is in it, manifest.json lists every file with its SHA-256. It is sent as it is made; one that is cut short is no archive.",
			media: []string{"application/zip"}}},
		fails: []kinpict.Code{kinpict.RateLimited},
		serve: (*API).exportAccount,
	}, {
		method: "DELETE", path: root + "/account", name: "deleteAccount",
		summary: "Delete the account and everything kept of the person, at once and for ever; credits left are given up",
		who:     account, body: client.Farewell{},
		answers: []answer{{status: 200, says: "The receipt. Sessions, tokens and links are dead; the receipt is found again by its id.", body: client.Deletion{}}},
		fails:   []kinpict.Code{kinpict.SignInAgain, kinpict.Conflict},
		serve:   (*API).deleteAccount,
	}, {
		method: "GET", path: root + "/deletions/{id}", name: "deletion", summary: "The receipt of a deletion, for who knows its id",
		answers: []answer{{status: 200, says: "The receipt.", body: client.Deletion{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).deletion,
	},
}

func (a *API) account(c *call) error {
	who, kept, err := a.Keeping.Kept(c.ctx(), c.caller)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, client.Account{ID: who.ID, Email: who.Email, Role: string(who.Role), Language: who.Language, CreatedAt: who.CreatedAt, Kept: *kept})
}

func (a *API) exportAccount(c *call) error {
	h := c.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("X-Robots-Tag", "noindex")
	if c.r.Method == http.MethodHead {
		return nil
	}
	release, err := a.Exports.TakeNear(c.caller.Counted(), c.caller.Network)
	if err != nil {
		return err
	}
	defer release()
	e, err := a.Keeping.Export(c.ctx(), c.caller)
	if err != nil {
		return err
	}
	httpd.Attachment(h, "application/zip", e.Name)
	httpd.AtLeast(c.w)
	_, err = e.Write(c.ctx(), c.w)
	return err
}

func (a *API) deleteAccount(c *call) error {
	in, err := decode[client.Farewell](c)
	if err != nil {
		return err
	}
	d, err := a.Keeping.Delete(c.ctx(), c.caller, kinpict.Farewell{Address: in.Address, Credits: in.Credits})
	if err != nil {
		return err
	}
	if !c.caller.SignedInAt.IsZero() {
		a.Identity.Cookies.Clear(c.w, a.Identity.Cookies.Session())
	}
	c.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.send(http.StatusOK, deletionOf(d))
}

func (a *API) deletion(c *call) error {
	d, err := a.Keeping.Deletion(c.ctx(), c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, deletionOf(d))
}

func deletionOf(d *kinpict.Deletion) client.Deletion {
	return client.Deletion{ID: d.ID, DeletedAt: d.At, EmptiedAt: maybe(d.EmptiedAt), AskedBy: d.AskedBy, Gone: d.Gone, Returned: d.Returned, Forfeited: d.Forfeited}
}
