package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinpict/internal/support"
)

// lived signs a person in who bought credits, had a picture fail, and bought again
// a month later.
func (h *house) lived() (ann *browser, picture string) {
	h.Helper()
	ann = h.browser()
	ann.signIn("ann@example.com")
	ann.buy("")
	picture = strings.TrimPrefix(ann.makes(1), "/generations/")
	if _, err := h.studio.Once(h.Context()); err != nil {
		h.Fatal(err)
	}
	h.clock.Advance(31 * 24 * time.Hour)
	ann.signIn("ann@example.com")
	ann.buy("")
	return ann, picture
}

// amounts are those of the lines on a page, in their order.
func (p page) amounts() string {
	var out []string
	for _, m := range regexp.MustCompile(`class="n (?:plus|minus)">([^<]+)<`).FindAllStringSubmatch(p.text, -1) {
		out = append(out, m[1])
	}
	return strings.Join(out, " ")
}

func TestAStatementIsNarrowedDownOnThePage(t *testing.T) {
	h := open(t)
	ann, picture := h.lived()
	page := ann.get("/credits").want(t, 200, `href="/generations/`+picture+`"`, "4 credits came back", "Bought, ")
	if got := page.amounts(); got != "+80 +4 −4 +80" {
		t.Errorf("the lines are %s", got)
	}
	lot := regexp.MustCompile(`reference=(lot_[0-9a-z]+)`).FindAllStringSubmatch(page.text, -1)
	oldest := lot[len(lot)-1][1]
	before := h.clock.Now().UTC().AddDate(0, 0, -31).Format(time.DateOnly)
	for _, c := range []struct {
		query, amounts, totals string
	}{
		{"show=bought", "+80 +80", "2 lines"},
		{"show=used", "−4", "1 line"},
		{"show=returned", "+4", "1 line"},
		{"show=refunds", "", ""},
		{"reference=" + picture, "+4 −4", "2 lines"},
		{"reference=" + oldest, "+4 −4 +80", "3 lines"},
		{"period=this-month", "+80", "1 line"},
		{"period=last-month", "+4 −4 +80", "3 lines"},
		{"from=" + before + "&to=" + before, "+4 −4 +80", "3 lines"},
		{"period=days&to=" + before + "&show=used", "−4", "1 line"},
		{"period=this-month&from=" + before, "+80", "1 line"}, // the menu counts
	} {
		p := ann.get("/credits?" + c.query)
		if got := p.amounts(); got != c.amounts {
			t.Errorf("%s: %q, want %q", c.query, got, c.amounts)
		}
		if c.amounts == "" {
			p.want(t, 200, "No lines here", "Show everything")
		} else {
			p.want(t, 200, c.totals, "on all pages", "Show everything")
		}
	}
	for query, field := range map[string]string{"from=yesterday": "from", "from=2026-02-02&to=2026-02-01": "to", "to=2026-13-01": "to"} {
		ann.get("/credits?"+query).want(t, 422, "Problem: Credits", `href="#`+field+`"`, `id="`+field+`-err"`)
	}
	ann.get("/credits?show=all").want(t, 422)
	ann.get("/credits?cursor=x").want(t, 422)
	ben := h.browser()
	h.clock.Advance(time.Second)
	ben.signIn("ben@example.com")
	if got := ben.get("/credits?reference=" + oldest).amounts(); got != "" {
		t.Errorf("somebody else sees the lines %s", got)
	}
}

func TestAStatementOnPaper(t *testing.T) {
	h := open(t)
	ann, _ := h.lived()
	sheet := ann.get("/credits?print=1").want(t, 200, "Statement of credits", "ann@example.com", "Opening balance", "<dd>0</dd>", "Closing balance", "<strong>160</strong>", "+164", "has this seal")
	if n := strings.Count(sheet.text, "<tr>"); n != 5 {
		t.Errorf("the sheet has %d rows, want its head and 4 lines", n)
	}
	ann.get("/credits?print=1&period=this-month").want(t, 200, "<dd>80</dd>", "<strong>160</strong>", "+80")
	ann.get("/credits?print=1&period=last-month").want(t, 200, "<dd>0</dd>", "<strong>80</strong>")
	used := ann.get("/credits?print=1&show=used").want(t, 200, "Used for pictures", "Together")
	if strings.Contains(used.text, "Opening balance") {
		t.Error("a sheet that leaves out lines has balances they do not explain")
	}
	ann.get("/credits?print=1&from=1999-01-01&to=1999-01-02").want(t, 200, "No lines in this period.")
	ann.get("/credits?print=1&from=x").want(t, 422)
	h.browser().get("/credits?print=1").to(t, "/sign-in?next=")
}

func TestAPersonSeesTheirBooksChecked(t *testing.T) {
	h := open(t)
	ann, _ := h.lived()
	seal := regexp.MustCompile(`[0-9a-f]{16}…`).FindString(ann.get("/credits/books").want(t, 200, "Check my books now").text)
	if seal == "" || !strings.Contains(ann.get("/credits").text, seal) {
		t.Errorf("the seal %q is not that of the statement", seal)
	}
	for range support.ChecksPerHour {
		ann.post("/credits/books", url.Values{}).want(t, 200, "Everything adds up", seal)
	}
	ann.post("/credits/books", url.Values{}).want(t, 429, "checked often", "in an hour", seal)
	h.browser().get("/credits/books").to(t, "/sign-in?next=")
	h.browser().post("/credits/books", url.Values{}).want(t, 401)
}
