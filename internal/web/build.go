package web

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/lang"
)

// homeView builds an example statement of the catalog in force, so that the
// first page, too, never shows a number that is not sold.
func homeView(p Page, c *kinpict.Catalog, scenes []Scene) HomeView {
	say := p.language()
	v := HomeView{Page: p, MaxPhotos: kinpict.MaxPhotos, Scenes: scenes[:min(6, len(scenes))], Rates: rates(say, c, 0)}
	v.Three = scenes[:min(3, len(scenes))]
	v.Example = example(say, c, scenes)
	return v
}

// example is a statement in which a picture failed.
func example(say *lang.Printer, c *kinpict.Catalog, scenes []Scene) []Entry {
	var out []Entry
	var after kinpict.Credits
	line := func(what, sub string, n kinpict.Credits, back bool) {
		after += n
		out = append(out, Entry{what, sub, n, after, back})
	}
	if len(c.Packs) > 0 {
		line(say.Say("%s bought", say.Credits(c.Packs[0].Credits)), say.Say("Example"), c.Packs[0].Credits, false)
	}
	for i, q := range c.Qualities {
		line(say.Say("%s picture", qualityName(say, q.ID)), scenes[i%len(scenes)].Title, -q.Credits, false)
	}
	if n := len(c.Qualities); n > 0 {
		line(say.Say("Returned automatically"), say.Say("The picture didn’t come out"), c.Qualities[n-1].Credits, true)
	}
	return out
}

// kinds are the lines of a statement in words.
var kinds = map[string]string{
	"purchase": "Credits bought", "promo": "Credits given", "bonus": "Extra credits", "adjust": "Adjusted by staff", "charge": "Picture accepted",
	"return": "Credits returned", "goodwill": "Credits given back", "expire": "Given credits expired",
	"reverse": "Payment taken back", "restore": "Payment restored", "forgive": "Owed credits forgiven",
	"take": "Taken by staff", "forfeit": "Credits given up",
}

var lotKinds = map[string]string{
	kinpict.LotPromo: "Given", kinpict.LotBonus: "Bonus", kinpict.LotAdjust: "Adjusted by staff", kinpict.LotPaid: "Bought",
}

func creditsView(p Page, b kinpict.Balance, c *kinpict.Catalog, lots []kinpict.Lot, lines []kinpict.Transaction, next string, now time.Time) CreditsView {
	v := CreditsView{Page: p, Debt: b.Debt, Next: next}
	v.Title, v.Private = "Credits", true
	if n := c.Supports(b.Available); b.Available > 0 {
		var parts []string
		for _, q := range c.Qualities {
			parts = append(parts, number(n[q.ID])+" "+lower(qualityName(p.language(), q.ID)))
		}
		v.Buys = "about " + strings.Join(parts, " or ") + " pictures"
	}
	for _, l := range lots {
		if l.Remaining == 0 || !l.ExpiresAt.IsZero() && !now.Before(l.ExpiresAt) {
			continue
		}
		v.Lots = append(v.Lots, lot(l))
	}
	for _, t := range lines {
		id := t.At.UTC().Format("2006-01")
		if n := len(v.Months); n == 0 || v.Months[n-1].ID != id {
			v.Months = append(v.Months, Month{ID: id, Name: t.At.UTC().Format("January 2006")})
		}
		m := &v.Months[len(v.Months)-1]
		m.Lines = append(m.Lines, line(t))
	}
	return v
}

func lot(l kinpict.Lot) Lot {
	v := Lot{Kind: lotKinds[l.Kind], Granted: l.Granted, Remaining: l.Remaining, At: l.CreatedAt, ExpiresAt: l.ExpiresAt}
	kind, id, _ := strings.Cut(l.Source, " ")
	if v.Ref = id; kind == "purchase" {
		v.Link = purchaseURL(id)
	}
	return v
}

func purchaseURL(id string) string { return "/checkout/return?id=" + url.QueryEscape(id) }

func line(t kinpict.Transaction) Line {
	l := Line{What: kinds[t.Kind], Sub: t.Reason, Amount: t.Amount, After: t.AvailableAfter, At: t.At, Return: t.Kind == "return", Ref: t.ID}
	if l.What == "" {
		l.What = "Changed"
	}
	switch {
	case t.Generation != "":
		l.Ref, l.Link = t.Generation, "/generations/"+t.Generation
	case t.Purchase != "":
		l.Ref, l.Link = t.Purchase, purchaseURL(t.Purchase)
	}
	if l.Return {
		// The reason is a code, kept for whoever reviews the books.
		l.Sub = returnReasons[t.Reason]
		if l.Sub == "" {
			l.Sub = "The picture didn’t come out, so the same credits came back."
		}
	}
	if t.Deleted {
		// There is nothing left to lead to.
		l.Link, l.Sub = "", strings.TrimSpace(l.Sub+" The picture was deleted.")
	}
	return l
}

// returnReasons are the reasons of returns that say more than that a picture
// failed, whose page says the rest.
var returnReasons = map[string]string{
	"canceled":                    "You canceled the picture, so the same credits came back.",
	string(kinpict.FailedTimeout): "It took longer than it should, so the same credits came back.",
}

var address = regexp.MustCompile(`https?://[^\s]+`)

// pieces splits a text where it holds addresses.
func pieces(s string) []Piece {
	var out []Piece
	end := 0
	for _, m := range address.FindAllStringIndex(s, -1) {
		out = append(out, Piece{Text: s[end:m[0]]}, Piece{Text: s[m[0]:m[1]], URL: s[m[0]:m[1]]})
		end = m[1]
	}
	return append(out, Piece{Text: s[end:]})
}
