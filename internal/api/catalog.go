package api

import (
	"net/http"
	"slices"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
	"kinpict/internal/scenario"
)

func (a *API) catalog(c *call) error {
	book, err := a.Shop.Catalog(c.ctx())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, catalogOf(book))
}

func catalogOf(book *kinpict.Catalog) client.Catalog {
	out := client.Catalog{Version: book.Version, EffectiveAt: book.EffectiveAt, Guest: book.Guest,
		Qualities: make([]client.Rate, len(book.Qualities)), Packs: make([]client.Pack, len(book.Packs))}
	for i, r := range book.Qualities {
		out.Qualities[i] = client.Rate(r)
	}
	for i, p := range book.Packs {
		out.Packs[i] = client.Pack{ID: p.ID, Credits: p.Credits, Price: p.Prices[0], Prices: p.Prices, Supports: book.Supports(p.Credits)}
	}
	return out
}

// scenarios answers in the language the client prefers; a scenario that has no
// words in it comes in English.
func (a *API) scenarios(c *call) error {
	all, code := a.Scenarios.All(), a.Languages.For(c.r.Header.Get("Accept-Language")).Code
	if !slices.ContainsFunc(all, func(s *scenario.Scenario) bool { return s.In(code) != s }) {
		code = "en"
	}
	c.w.Header().Add("Vary", "Accept-Language")
	c.w.Header().Set("Content-Language", code)
	out := client.Scenarios{Items: make([]client.Scenario, len(all))}
	for i, s := range all {
		s = s.In(code)
		out.Items[i] = client.Scenario{ID: s.ID, Title: s.Title, Summary: s.Summary, Season: s.Season, Pace: s.Pace,
			MinPhotos: s.MinPhotos, MaxPhotos: min(s.MaxPhotos, kinpict.MaxPhotos), Aspects: s.Aspects, Sample: a.Sample(s.ID)}
	}
	return c.send(http.StatusOK, out)
}

func (a *API) limits(c *call) error {
	out := a.Limits
	out.Upload.MinBytesASecond = httpd.BodyRate
	out.Request = client.RequestLimits{MaxBytes: maxJSON, MaxPhotos: kinpict.MaxPhotos, MaxInstruction: kinpict.MaxInstruction, MaxLabel: kinpict.MaxLabel}
	out.Rates = append(slices.Clip(out.Rates),
		client.RateLimit{Name: "uploads", Limit: uploadsAtOnce, Per: "account, or network of a guest"},
		client.RateLimit{Name: "event streams", Limit: streamsAtOnce, Per: "account, or network of a guest"})
	return c.send(http.StatusOK, out)
}
