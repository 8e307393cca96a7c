package web

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"kinpict"
)

// void elements have no end tag (HTML standard, 13.1.2).
var void = strings.Fields("area base br col embed hr img input link meta source track wbr")

var tags = regexp.MustCompile(`<(/?)([a-z][a-z0-9-]*)((?:\s+[a-zA-Z0-9-]+(?:="[^"]*")?)*)\s*(/?)>`)

func TestEveryPageInEveryStateIsSound(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for name, s := range specimens(d) {
		seen[s.page] = true
		t.Run(name, func(t *testing.T) {
			b, err := d.render(s.page, s.view)
			if err != nil {
				t.Fatal(err)
			}
			page := string(b)
			checkTags(t, page)
			if n := strings.Count(page, "<h1"); n != 1 {
				t.Errorf("the page has %d first headings, want 1", n)
			}
			ids := map[string]bool{}
			for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
				if ids[m[1]] {
					t.Errorf("the id %q stands twice", m[1])
				}
				ids[m[1]] = true
			}
			for _, m := range regexp.MustCompile(`\s(?:for|form|href|aria-labelledby|aria-describedby|popovertarget)="(#?)([a-z][^"/ ]*(?: [^"/]*)?)"`).FindAllStringSubmatch(page, -1) {
				if strings.Contains(m[0], "href=") && m[1] == "" {
					continue
				}
				for id := range strings.FieldsSeq(m[2]) {
					if !ids[id] {
						t.Errorf("%s points at nothing", strings.TrimSpace(m[0]))
					}
				}
			}
			for _, bad := range []string{"ZgotmplZ", "<no value>", "%!", "<nil>", " style=", "<style", "onclick", "javascript:", "—", "TODO"} {
				if strings.Contains(page, bad) {
					t.Errorf("the page holds %q", bad)
				}
			}
			text := regexp.MustCompile(`<!doctype html>|<[^>]*>`).ReplaceAllString(page, " ")
			if strings.Contains(text, "!") {
				t.Error("the page shouts")
			}
			if s.page != "sandbox" && !strings.Contains(page, "no real money moves") {
				t.Error("the page does not say that no real money moves")
			}
		})
	}
	for name := range d.pages["en"] {
		if !seen[name] {
			t.Errorf("no state of the page %q is rendered here", name)
		}
	}
}

// checkTags reports tags that do not close, scripts that are not files, and
// fields without a name for those who cannot see them.
func checkTags(t *testing.T, page string) {
	t.Helper()
	var open []string
	inTemplate := 0
	for _, m := range tags.FindAllStringSubmatch(page, -1) {
		end, name, attrs := m[1] != "", m[2], m[3]
		if name == "template" {
			if end {
				inTemplate--
			} else {
				inTemplate++
			}
		}
		switch {
		case end && (len(open) == 0 || open[len(open)-1] != name):
			t.Fatalf("</%s> closes %v", name, open)
		case end:
			open = open[:len(open)-1]
		case !slices.Contains(void, name) && m[4] == "":
			open = append(open, name)
		}
		if name == "script" && !end && !strings.Contains(attrs, " src=") {
			t.Error("a script stands in the page")
		}
		if name == "img" && !strings.Contains(attrs, "alt") && inTemplate == 0 {
			t.Errorf("a picture has no alternative text: %s", attrs)
		}
		field := name == "select" || name == "textarea" || name == "input" && !regexp.MustCompile(`type="(hidden|radio|checkbox|range)"`).MatchString(attrs)
		if field && !end && inTemplate == 0 {
			id := regexp.MustCompile(`\sid="([^"]*)"`).FindStringSubmatch(attrs)
			if id == nil || !strings.Contains(page, `for="`+id[1]+`"`) {
				t.Errorf("a field has no label: <%s%s>", name, attrs)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("never closed: %v", open)
	}
	if n, m := strings.Count(page, "<"), len(tags.FindAllString(page, -1)); n != m+1 { // the doctype
		t.Errorf("%d of %d tags could not be read", n-m-1, n)
	}
}

// An id is too long for a phone, and leads nowhere by itself.
func TestLotsLeadToThePaymentThatBroughtThem(t *testing.T) {
	lots := creditsView(Page{}, kinpict.Balance{}, kinpict.DefaultCatalog(), []kinpict.Lot{
		{Kind: kinpict.LotPaid, Remaining: 1, Source: "purchase pur_1"}, {Kind: kinpict.LotAdjust, Remaining: 1, Source: "adjustment adj_2"},
	}, nil).Lots
	if l := lots[0]; l.Ref != "pur_1" || l.Link != "/purchases/pur_1" {
		t.Errorf("bought credits name %q and lead to %q", l.Ref, l.Link)
	}
	if l := lots[1]; l.Ref != "adj_2" || l.Link != "" {
		t.Errorf("credits of an adjustment name %q and lead to %q", l.Ref, l.Link)
	}
}
