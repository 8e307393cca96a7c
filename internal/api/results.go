package api

import (
	"net/http"
	"net/url"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/print"
)

func (a *API) deleteGeneration(c *call) error {
	if err := a.Studio.Delete(c.ctx(), c.caller, c.id()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// favourite is on by PUT and off by DELETE.
func (a *API) favourite(c *call) error {
	if err := a.Studio.Favour(c.ctx(), c.caller, c.id(), c.op.method == http.MethodPut); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) share(c *call) error {
	in, err := decode[client.ShareOrder](c)
	if err != nil {
		return err
	}
	s, token, err := a.Studio.Share(c.ctx(), c.caller, c.key, c.id(), in.Days)
	if err != nil {
		return err
	}
	out := shareOf(s)
	out.URL = a.ShareURL(token)
	return c.send(http.StatusCreated, out)
}

func (a *API) shares(c *call) error {
	list, err := a.Studio.Shares(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	out := client.Shares{Items: make([]client.Share, len(list))}
	for i, s := range list {
		out.Items[i] = shareOf(s)
	}
	return c.send(http.StatusOK, out)
}

func shareOf(s *kinpict.Share) client.Share {
	return client.Share{ID: s.ID, Generation: s.Generation, Days: s.Days, Views: s.Views, CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt}
}

func (a *API) revokeShare(c *call) error {
	if _, err := a.Studio.Revoke(c.ctx(), c.caller, c.id()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) papers(c *call) error {
	fits, err := a.Studio.Papers(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	out := client.Papers{BleedMM: print.Bleed, Items: make([]client.Paper, len(fits))}
	for i, f := range fits {
		w, h := f.Size()
		out.Items[i] = client.Paper{ID: f.Paper.ID, Name: f.Paper.Name, WidthMM: w, HeightMM: h, Border: f.Matted, Cropped: f.Crop, DPI: f.DPI,
			Verdict: string(f.Verdict()), PrintReady: f.Ready(),
			URL: root + "/generations/" + url.PathEscape(c.id()) + "/print?paper=" + url.QueryEscape(f.Paper.ID)}
	}
	return c.send(http.StatusOK, out)
}
