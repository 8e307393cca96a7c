package web

import (
	"regexp"

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
