package console

import (
	"bytes"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/staff"
	"kinpict/internal/store"
)

type plain struct{}

func (plain) Asset(name string) string   { return "/a/0/" + name }
func (plain) Icon(string) template.HTML  { return `<svg class="ico" aria-hidden="true"></svg>` }
func (plain) Mark() template.HTML        { return `<svg aria-hidden="true"></svg>` }
func (plain) Brand() string              { return "Kinpict" }
func (plain) Theme(*http.Request) string { return "" }

func pages(t *testing.T) *Console {
	t.Helper()
	c, err := New(Console{Dress: plain{}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// hostile is what people write who want to be seen as markup.
const hostile = `"><img src=x onerror=alert(1)> & 'so' on`

// A specimen is a page in one state.
type specimen struct {
	page string
	view any
}

func specimens() map[string]specimen {
	p := func(title, path string) Page {
		return Page{Title: title, Path: path, Email: "ops@example.org", Role: kinpict.Operator, Test: true, In: true, Now: noon}
	}
	outside := p("Show your second factor", "/console")
	outside.In = false
	services := []Service{{Name: "openai", Generative: true, MaxPhotos: 8, Timeout: time.Minute, Condition: "paused", Failures: 3, Until: noon, Last: hostile},
		{Name: "studio", Preview: true, Only: true, MaxPhotos: 8, Timeout: time.Second, Condition: "ready", Ready: true}}
	overview := func(f *store.Figures, audit *store.AuditRun, reviews, holds, overdue, purchases int) *OverviewView {
		o := &staff.Overview{At: noon, From: noon.Truncate(24*time.Hour).AddDate(0, 0, -6), Days: 7, Figures: f, Owed: 41286, Audit: audit, Reviews: reviews, Holds: holds, Overdue: overdue}
		if reviews > 0 {
			o.Since = noon.Add(-5 * time.Minute)
		}
		v := &OverviewView{Page: p("Overview", "/console"), Overview: o, Periods: staff.Periods, Finished: f.Delivered + f.Failed, Calendar: o.Calendar(), Services: services, Drawn: map[string]int{"studio": 3}}
		v.chart()
		v.waiting(purchases)
		return v
	}
	busy := &store.Figures{Delivered: 158, Previews: 12, FirstTime: 154, Failed: 4, Days: []store.DayOf{{Day: noon.Truncate(24 * time.Hour), Delivered: 158, Failed: 4, Spent: 790, Sold: 1200}},
		Waits: []store.Wait{{Quality: "enhanced", Count: 8, P95: 151 * time.Second}, {Quality: "standard", Count: 150, P95: 44 * time.Second}}, Wait: store.Wait{Count: 158, P95: 112 * time.Second},
		Drawn: []store.Drawn{{Engine: "studio", Count: 158}}, Failing: []store.Failing{{Code: kinpict.FailedTimeout, Count: 4}}}
	proof := &store.Proof{Found: 1, Findings: []store.Finding{{Check: "A1", Subject: "acc_1/2", Message: hostile}}, Sums: []store.Sum{{Code: "earned", Entries: 2, Amount: -8}, {Code: "lot", Entries: 3, Amount: 8}}}
	clean := &store.AuditRun{ID: "aud_1", Actor: "command line: root", BeganAt: noon, EndedAt: noon, Proof: &store.Proof{Sums: proof.Sums}}
	bad := &store.AuditRun{ID: "aud_2", Actor: "acc_ops", BeganAt: noon, EndedAt: noon, Found: 1, Proof: proof}
	review := func(status string, acts ...kinpict.ReviewAct) *kinpict.Review {
		return &kinpict.Review{ID: "rev_1m8nsq8g6dbyjzsdk1cv4xrcctassp6ns56", AccountID: "acc_1", Status: status, Message: hostile, Generation: "gen_1", Purchase: "pur_1", Page: "/credits", SHA256: strings.Repeat("a", 64), CreatedAt: noon, Acts: acts}
	}
	held := func(decision string) *kinpict.HeldRequest {
		h := &kinpict.HeldRequest{ID: "hld_1", AccountID: "acc_1", Reason: kinpict.HeldForSafety, Cost: 4, CreatedAt: noon, ExpiresAt: noon, Decision: decision,
			Request: kinpict.Request{Quality: "standard", Scenario: "gallery", Instruction: "Grandpa and the coffin he built " + hostile, Photos: []kinpict.PhotoUse{{Role: "parent", Label: hostile}, {}}}}
		if decision != "" {
			h.DecidedBy, h.DecidedAt, h.Note = "acc_ops", noon, hostile
		}
		return h
	}
	hold := func(decision string) *HoldView {
		h := held(decision)
		return &HoldView{Page: p("Held request", "/console/holds/hld_1"), HeldRequest: h, State: holdState(h), People: []string{"parent " + hostile, ""}, Doubts: generation.Doubts(h.Request), Max: 500, Open: decision == ""}
	}
	row := func(status kinpict.Status, change func(*store.RequestRow)) *store.RequestRow {
		r := &store.RequestRow{ID: "gen_1m8nszykc5xs9fk9026ymvvrgx9e7gtj5m1", Funding: kinpict.FundedByCredits, Owner: "acc_1", Status: status, Quality: "standard", Scenario: "gallery", Aspect: "4:5", Credits: 4,
			Book: 1, Attempts: 1, Charge: "open", CreatedAt: noon, DeadlineAt: noon}
		if status.Done() {
			r.StartedAt, r.FinishedAt, r.ClosedAt, r.Charge, r.Closed = noon, noon.Add(time.Minute), noon.Add(time.Minute), "earned", ""
		}
		change(r)
		return r
	}
	lines := []kinpict.Transaction{{Kind: "charge", Amount: -4, AvailableAfter: 76, At: noon, Reason: hostile}, {Kind: "return", Amount: 4, AvailableAfter: 80, At: noon}}
	request := func(r *store.RequestRow) specimen {
		x := &staff.Request{RequestRow: r}
		if r.Charge != "" {
			x.Lines, x.Taken = lines, []store.Taken{{Lot: "lot_1", Kind: "paid", Source: "purchase pur_1", Amount: 4, Returned: r.Returned}}
		}
		return specimen{"request", requestView(p("Request", "/console/requests/gen_1"), x)}
	}
	failed := row(kinpict.Failed, func(r *store.RequestRow) {
		r.Failure, r.Charge, r.Closed, r.Returned, r.Attempts, r.RetryOf = kinpict.FailedTimeout, "returned", "timed_out", 4, 3, "gen_0"
	})
	preview := row(kinpict.Succeeded, func(r *store.RequestRow) {
		r.Funding, r.Owner, r.Credits, r.Charge, r.Engine, r.DeletedAt = kinpict.FundedByPreview, "gst_1", 0, "", "studio", noon
	})
	person := func(status, email string) *staff.Person {
		return &staff.Person{Account: &kinpict.Account{ID: "acc_1", Email: email, Role: kinpict.Support, Status: status, CreatedAt: noon}, Balance: kinpict.Balance{Available: 4, Debt: 2}}
	}
	full := person("active", "ann@example.org")
	full.Lots = []kinpict.Lot{{ID: "lot_1m8nsq8g6dbyjzsdk1cv4xrcctassp6ns56", Kind: "promo", Granted: 80, Remaining: 4, ExpiresAt: noon, Source: "promo X"}}
	full.Lines, full.More = lines, 7
	full.Purchases = []*store.Purchase{{Purchase: kinpict.Purchase{ID: "pur_1", Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"}, Provider: "sandbox", State: "partially_refunded", CreatedAt: noon}, Problem: hostile}}
	full.Reviews, full.Held, full.Requests = []*kinpict.Review{review("open")}, []*kinpict.HeldRequest{held(""), {ID: "hld_2", Reason: kinpict.HeldForCredits, CreatedAt: noon}}, []*store.RequestRow{failed, preview}
	reviewOf := func(r *kinpict.Review, change func(*ReviewView)) *ReviewView {
		v := &ReviewView{Page: p("Review", "/console/reviews/rev_1"), Review: r, Frozen: "{\n  \"a\": \"" + hostile + "\"\n}", Max: 2000, Answer: r.Status == "open", Closing: r.Status != "closed"}
		change(v)
		return v
	}
	none := func(*ReviewView) {}
	answered := kinpict.ReviewAct{Kind: kinpict.ActAnswer, Actor: "acc_ops", Text: hostile, Credits: 4, Reason: "sorry", At: noon}
	return map[string]specimen{
		"enter":             {"enter", EnterView{Page: outside, Factor: true, Back: "/console/queue"}},
		"enter, wrong":      {"enter", EnterView{Page: outside, Factor: true, Back: "/console", Fault: "This code is wrong.", Hint: "Wait."}},
		"enter, words lost": {"enter", EnterView{Page: outside, Factor: true, Back: "/console", Lost: true, Words: []Words{{"Your answer", hostile}}}},
		"enter, no factor":  {"enter", EnterView{Page: outside, Back: "/console"}},
		"error":             {"error", FailView{Page: outside, Status: 404, Message: "There is no such review here.", Hint: "Look.", Words: []Words{{"Your note", hostile}}}},
		"overview, nothing": {"overview", overview(&store.Figures{}, nil, 0, 0, 0, 0)},
		"overview, busy":    {"overview", overview(busy, clean, 1, 2, 1, 3)},
		"overview, bad":     {"overview", overview(busy, bad, 3, 1, 2, mostAttention)},
		"queue, nothing":    {"queue", &QueueView{Page: p("Queue", "/console/queue"), State: "open", States: []string{"open", "answered"}, HoldState: "waiting", HoldStates: []string{"waiting"}}},
		"queue": {"queue", &QueueView{Page: p("Queue", "/console/queue"), State: "open", States: []string{"open", "answered"}, HoldState: "waiting", HoldStates: []string{"waiting", "approved"}, Done: done["answered"],
			Reviews: []*kinpict.Review{review("open"), review("answered")}, More: "?reviews=open&before=rev_1", Holds: []HeldLine{heldLine(held("")), heldLine(held("approved"))}, MoreHolds: "?holds=waiting&after=hld_1"}},
		"review": {"review", reviewOf(review("open"), none)},
		"review, fault": {"review", reviewOf(review("open"), func(v *ReviewView) {
			v.Fault, v.Text, v.Credits, v.Why, v.Back = &Fault{"No.", "Why."}, hostile, "x", hostile, true
		})},
		"review, answered":   {"review", reviewOf(review("answered", answered), none)},
		"review, closed":     {"review", reviewOf(review("closed", answered, kinpict.ReviewAct{Kind: kinpict.ActClose, Actor: "acc_ops", Text: "Done.", At: noon}), none)},
		"review, one's own":  {"review", reviewOf(review("open"), func(v *ReviewView) { v.Own, v.Answer, v.Closing = true, false, false })},
		"review, left":       {"review", reviewOf(&kinpict.Review{ID: "rev_1", Status: "closed", CreatedAt: noon}, none)},
		"hold":               {"hold", hold("")},
		"hold, approved":     {"hold", hold("approved")},
		"hold, one's own":    {"hold", func() *HoldView { v := hold(""); v.Own, v.Open = true, false; return v }()},
		"requests":           {"requests", &RequestsView{Page: p("Requests", "/console/requests"), State: "all", Rows: []RequestLine{requestLine(&staff.Request{RequestRow: failed}), requestLine(&staff.Request{RequestRow: preview})}, More: "?state=all&after=gen_1"}},
		"requests, not one":  {"requests", &RequestsView{Page: p("Requests", "/console/requests"), State: "failed", Fault: &Fault{"None.", "Look."}, Asked: hostile}},
		"request, queued":    request(row(kinpict.Queued, func(r *store.RequestRow) { r.Attempts = 0 })),
		"request, delivered": request(row(kinpict.Succeeded, func(r *store.RequestRow) { r.Engine = "studio" })),
		"request, failed":    request(failed),
		"request, canceled":  request(row(kinpict.Canceled, func(r *store.RequestRow) { r.Charge, r.StartedAt = "returned", time.Time{} })),
		"request, preview":   request(preview),
		"people":             {"people", &PeopleView{Page: p("People", "/console/people")}},
		"people, not one":    {"people", &PeopleView{Page: p("People", "/console/people"), Fault: &Fault{"Nobody.", "Look."}, Typed: hostile}},
		"person":             {"person", personView(p("Person", "/console/people/acc_1"), full, "")},
		"person, shown":      {"person", personView(p("Person", "/console/people/acc_1"), full, "ann@example.org")},
		"person, left":       {"person", personView(p("Person", "/console/people/acc_1"), person("closed", ""), "")},
		"ledger, nothing":    {"ledger", ledgerView(p("Ledger", "/console/ledger"), staff.Books{})},
		"ledger, clean":      {"ledger", ledgerView(p("Ledger", "/console/ledger"), staff.Books{Owed: 8, Audit: clean})},
		"ledger, bad": {"ledger", func() *LedgerView {
			v := ledgerView(p("Ledger", "/console/ledger"), staff.Books{Owed: 8, Audit: bad, Running: bad})
			v.Done = true
			v.Fault = &Fault{"No.", ""}
			return v
		}()},
		"providers":       {"providers", &ProvidersView{Page: p("Providers", "/console/providers"), Services: services, Payments: Payments{Provider: "sandbox"}}},
		"providers, live": {"providers", &ProvidersView{Page: p("Providers", "/console/providers"), Services: services, Payments: Payments{Provider: "stripe", Live: true, Tax: true}}},
		"settings": {"settings", &SettingsView{Page: p("Settings", "/console/settings"), Settings: []Setting{{"KINPICT_LISTEN", hostile, "Where."}, {"KINPICT_CLOCK", "", "When."}},
			Books: []PriceBook{{Version: 2, From: noon, Coming: true, Announced: true, Previews: 1, Rates: kinpict.DefaultCatalog().Qualities, Packs: kinpict.DefaultCatalog().Packs, Changes: []string{"dearer"}}, {Version: 1, From: noon}}}},
		"trail":          {"trail", &TrailView{Page: p("Trail", "/console/trail"), Deeds: []staff.Deed{{At: noon, Actor: hostile, Kind: "credits given", Subject: "acc_1-2", Credits: 4}, {At: noon, Actor: "command", Kind: "price book applied", Subject: "price book 1"}}, More: "?after=x"}},
		"trail, nothing": {"trail", &TrailView{Page: p("Trail", "/console/trail")}},
	}
}

// void elements have no end tag (HTML standard, 13.1.2).
var (
	void    = strings.Fields("br col hr img input link meta")
	tags    = regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z0-9-]+(?:="[^"]*")?)*)\s*(/?)>`)
	ids     = regexp.MustCompile(`\sid="([^"]*)"`)
	points  = regexp.MustCompile(`\s(?:for|aria-labelledby|aria-describedby|popovertarget)="([^"]*)"`)
	visible = regexp.MustCompile(`<!doctype html>|<[^>]*>`)
)

func TestEveryPageInEveryStateIsSound(t *testing.T) {
	c := pages(t)
	seen := map[string]bool{}
	for name, s := range specimens() {
		seen[s.page] = true
		t.Run(name, func(t *testing.T) {
			b, err := c.render(s.page, s.view)
			if err != nil {
				t.Fatal(err)
			}
			page := string(b)
			var open []string
			for _, m := range tags.FindAllStringSubmatch(page, -1) {
				end, name, attrs := m[1] != "", m[2], m[3]
				switch {
				case end && (len(open) == 0 || open[len(open)-1] != name):
					t.Fatalf("</%s> closes %v", name, open)
				case end:
					open = open[:len(open)-1]
				case !slices.Contains(void, name) && m[4] == "":
					open = append(open, name)
				}
				if name == "script" || name == "style" || strings.Contains(attrs, " style=") || strings.Contains(attrs, " on") && strings.Contains(attrs, "onclick") {
					t.Errorf("the policy forbids <%s%s>", name, attrs)
				}
				if !end && (name == "select" || name == "textarea" || name == "input" && !regexp.MustCompile(`type="(hidden|checkbox)"`).MatchString(attrs)) {
					if id := ids.FindStringSubmatch(attrs); id == nil || !strings.Contains(page, `for="`+id[1]+`"`) {
						t.Errorf("a field has no label: <%s%s>", name, attrs)
					}
				}
			}
			if n, m := strings.Count(page, "<"), len(tags.FindAllString(page, -1)); len(open) > 0 || n != m+1 {
				t.Errorf("never closed: %v; %d of %d tags could not be read", open, n-m-1, n)
			}
			if n := strings.Count(page, "<h1"); n != 1 {
				t.Errorf("the page has %d first headings, want 1", n)
			}
			here := map[string]bool{}
			for _, m := range ids.FindAllStringSubmatch(page, -1) {
				if here[m[1]] {
					t.Errorf("the id %q stands twice", m[1])
				}
				here[m[1]] = true
			}
			for _, m := range points.FindAllStringSubmatch(page, -1) {
				for id := range strings.FieldsSeq(m[1]) {
					if !here[id] {
						t.Errorf("%s points at nothing", strings.TrimSpace(m[0]))
					}
				}
			}
			for _, bad := range []string{"ZgotmplZ", "<no value>", "%!", "<nil>", "<img src=x", "javascript:", "—", "TODO", "ann@example.org"} {
				if strings.Contains(page, bad) && !(bad == "ann@example.org" && name == "person, shown") {
					t.Errorf("the page holds %q", bad)
				}
			}
			if strings.Contains(visible.ReplaceAllString(page, " "), "!") {
				t.Error("the page shouts")
			}
		})
	}
	for name := range c.pages {
		if !seen[name] {
			t.Errorf("no state of the page %q is rendered here", name)
		}
	}
}

// What the style sheet may weigh on the way.
const mostStyle = 3 << 10

func TestTheStyleSheetIsSmall(t *testing.T) {
	var b bytes.Buffer
	z := brotli.NewWriterLevel(&b, brotli.BestCompression)
	z.Write(pages(t).sheet)
	z.Close()
	if b.Len() > mostStyle {
		t.Errorf("the style sheet is %d bytes, want at most %d", b.Len(), mostStyle)
	}
}

func TestAxesAreRound(t *testing.T) {
	for v, want := range map[float64]float64{0: 3, 1: 3, 3: 3, 4: 4, 7: 8, 10: 10, 11: 12, 99: 100, 101: 120, 158: 200, 1234: 1250, 100000: 100000} {
		if end, step := axis(v); end != want || end < v || step < 1 || end/step < 3 || end/step > 6 {
			t.Errorf("up to %g the axis ends at %g in steps of %g, want %g", v, end, step, want)
		}
	}
}

func TestSharesAreNeverRoundedUp(t *testing.T) {
	for _, c := range []struct {
		part, whole int
		want        string
	}{{0, 0, "–"}, {0, 5, "0.0%"}, {9999, 10000, "99.9%"}, {5, 5, "100.0%"}, {154, 162, "95.0%"}} {
		if got := percent(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d is %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestAddressesAreMasked(t *testing.T) {
	for in, want := range map[string]string{"ann@example.org": "a•••@•••.org", "zoë@x": "z•••@•••", "": "", "@x.org": ""} {
		if got := masked(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}
