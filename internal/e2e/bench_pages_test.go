package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/store/storetest"
)

var (
	pagesFor  = flag.Duration("e2e.pages", 40*time.Second, "how long BenchmarkPages asks for pages on each database")
	pagesRate = flag.Int("e2e.pagerate", 50, "how many pages BenchmarkPages asks for a second")
)

// A reading is one page as a person asks for it.
type reading struct {
	name, url, cookies string
	says               string // words only the page itself has
	pid                int    // of whoever serves it
}

// cpu is what a process has spent so far. Other than a rate it hardly depends on
// what else the machine does.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	// proc(5): utime and stime are the 12th and 13th after the name in brackets.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / 100)
}

// fetch gets a page as a browser does and returns how long its body is on the way.
func (p *reading) fetch(ctx context.Context, c *http.Client) (int64, error) {
	resp, err := p.ask(ctx, c)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "gzip") {
		err = fmt.Errorf("%s: %s, encoding %q", p.name, resp.Status, resp.Header.Get("Content-Encoding"))
	}
	return n, err
}

func (p *reading) ask(ctx context.Context, c *http.Client) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	r.Header.Set("Accept-Language", "en-US,en;q=0.9")
	if p.cookies != "" {
		r.Header.Set("Cookie", p.cookies)
	}
	return c.Do(r)
}

// text is the page as it is shown.
func (p *reading) text(b *testing.B, c *http.Client) []byte {
	b.Helper()
	resp, err := p.ask(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		b.Fatalf("%s: %s: %v", p.name, resp.Status, err)
	}
	text, err := io.ReadAll(z)
	if err != nil || !bytes.Contains(text, []byte(p.says)) {
		b.Fatalf("%s: %s does not say %q: %v\n%s", p.name, resp.Status, p.says, err, text)
	}
	return text
}

// An owner is somebody who has used the product for a while.
type owner struct {
	*browser
	api *client.Client
	n   int
}

func (o *owner) must(what string, err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatalf("%s: %v", what, err)
	}
}

func (o *owner) key() string {
	o.n++
	return fmt.Sprint("pages-", o.n)
}

func (o *owner) accept(r client.Request) *client.Generation {
	o.t.Helper()
	g, err := o.api.Generate(context.Background(), o.key(), r)
	o.must("generate", err)
	return g
}

// What such a person has, besides two purchases.
const (
	ownCanceled = 150 // requests, each of which is two lines of the statement
	ownPictures = 30  // more than a page of them
)

// lived starts the real program and lets somebody use it for a while: first
// without workers, so that requests can be canceled, then as it is run.
func lived(b *testing.B, kind string) []reading {
	b.Helper()
	dbURL := ""
	if kind == "postgres" {
		dbURL = storetest.Durable(b)
	}
	engine := newPress(b)
	engine.quick = true
	p := install(b, kind, dbURL, engine.url)
	p.start("--role", "web")
	ann := newBrowser(b, p.url)
	ann.signIn("ann@example.org", "/create")
	o := &owner{browser: ann, api: ann.api()}
	for _, pack := range []string{"credits-80", "credits-280"} {
		buy, err := o.api.Buy(b.Context(), o.key(), client.Order{Pack: pack})
		o.must("buy", err)
		if p := o.send(buy.URL, "outcome", "paid"); p.status != http.StatusOK {
			b.Fatalf("pay: %d\n%s", p.status, p.text)
		}
	}
	r := client.Request{Quality: kinpict.Standard, Scenario: "gallery", Instruction: "Summer at the lake, everyone together."}
	for hue, label := range []string{"Ann", "Bob", "Rex"} {
		photo, err := o.api.AddPhoto(b.Context(), label+".jpg", photo(40*hue))
		o.must("add a photo", err)
		r.Photos = append(r.Photos, client.PhotoUse{ID: photo.ID, Role: "parent", Label: label})
	}
	for range ownCanceled {
		_, err := o.api.Cancel(b.Context(), o.accept(r).ID)
		o.must("cancel", err)
	}
	var made string
	for range ownPictures {
		made = o.accept(r).ID
	}
	p.stop()
	p.start()
	for g, err := range o.api.Watch(b.Context(), made) {
		o.must("watch", err)
		if g.Status == kinpict.Failed {
			b.Fatalf("the picture failed: %+v", g)
		}
	}
	at, err := url.Parse(p.url)
	o.must("address", err)
	var cookies []string
	for _, c := range o.http.Jar.Cookies(at) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	own := strings.Join(cookies, "; ")
	page := func(name, path, cookies, says string) reading {
		return reading{name, p.url + path, cookies, says, p.cmd.Process.Pid}
	}
	return []reading{
		page("home", "/", "", "Sign in"),
		page("home, signed in", "/", own, `href="/account"`),
		page("scenarios", "/scenarios", "", "/scenarios/gallery"),
		page("scenario", "/scenarios/gallery", "", "<h1"),
		page("pricing", "/pricing", "", "credits-280"),
		page("sign-in", "/sign-in", "", `id="email"`),
		page("verify", "/verify", "", `action="/verify"`),
		page("create, three photos", "/create?from="+made, own, "Summer at the lake"),
		page("generations", "/generations", own, made),
		page("one generation", "/generations/"+made, own, "Here you all are"),
		page("statement", "/credits", own, "cursor="),
		page("statement to print", "/credits?print=1", own, "Closing balance"),
		page("account", "/account", own, "ann@example.org"),
	}
}

// BenchmarkPages is what the site's pages take on the server, read from the real
// program in a process of its own.
//
// First at a steady rate, whether or not the answers keep up: a wait is counted
// from when a request was due, so that a slow page also counts against those who
// come behind it. A page of a bare handler is among them, which says what the
// machine does to any. Then as fast as eight readers can, beside a bare handler
// that sends a page as long.
func BenchmarkPages(b *testing.B) {
	bare := startPlain(b)
	rates := []string{fmt.Sprintf("%-10s %-22s %8s %8s %6s %9s %9s %8s %8s", "database", "page, 8 readers", "ours/s", "bare/s", "ratio", "ours CPU", "bare CPU", "ours B", "bare B")}
	for _, kind := range storetest.Kinds {
		pages := lived(b, kind)
		c, done := readers(64)
		for i := range pages {
			pages[i].text(b, c) // the first of each is nobody's wait
		}
		control := asLong(b, bare, &pages[0])
		control.name = "bare, as long as home"
		atRate(b, kind, c, append(slices.Clone(pages), *control))
		done()
		for _, p := range pages {
			if p.name != "home" && !strings.HasPrefix(p.name, "create") {
				continue
			}
			name, _, _ := strings.Cut(p.name, ",")
			rate := map[string]float64{}
			spent := map[string]float64{} // milliseconds a page
			sent := map[string]int64{}
			other := asLong(b, bare, &p)
			for _, x := range []struct {
				who  string
				page *reading
			}{{"ours", &p}, {"bare", other}} {
				b.Run(fmt.Sprintf("%s/%s/%s", kind, name, x.who), func(b *testing.B) {
					n, err := x.page.fetch(b.Context(), http.DefaultClient)
					if err != nil {
						b.Fatal(err)
					}
					sent[x.who] = n
					before := cpu(b, x.page.pid)
					rate[x.who] = drive(b, 8, func(ctx context.Context, c *http.Client, _ int) error {
						_, err := x.page.fetch(ctx, c)
						return err
					})
					spent[x.who] = (cpu(b, x.page.pid) - before).Seconds() * 1000 / float64(b.N)
				})
			}
			if rate["ours"] > 0 && rate["bare"] > 0 {
				rates = append(rates, fmt.Sprintf("%-10s %-22s %8.0f %8.0f %6.2f %6.2f ms %6.2f ms %8d %8d", kind, p.name,
					rate["ours"], rate["bare"], rate["ours"]/rate["bare"], spent["ours"], spent["bare"], sent["ours"], sent["bare"]))
			}
		}
	}
	if len(rates) > 1 {
		fmt.Printf("\n%s, pages a second\n%s\n\n", b.Name(), strings.Join(rates, "\n"))
	}
}

// readers is a client with that many connections, and how to close them.
func readers(n int) (*http.Client, func()) {
	transport := &http.Transport{MaxIdleConnsPerHost: n}
	return &http.Client{Transport: transport}, transport.CloseIdleConnections
}

// asLong is the bare page that is as long as one of ours before both are
// compressed.
func asLong(b *testing.B, bare *reading, p *reading) *reading {
	b.Helper()
	c, done := readers(1)
	defer done()
	of := func(rows int) *reading {
		return &reading{name: bare.name, url: fmt.Sprint(bare.url, "/", rows), pid: bare.pid}
	}
	want := len(p.text(b, c))
	return of(sort.Search(plainMost, func(n int) bool { return len(of(n).text(b, c)) >= want }))
}

// atRate asks for the pages in turn, in another order every round, and prints
// what each took.
func atRate(b *testing.B, kind string, c *http.Client, pages []reading) {
	b.Helper()
	pause := time.Second / time.Duration(*pagesRate)
	total := int(pagesFor.Seconds() * float64(*pagesRate))
	type took struct {
		page       int
		late, wait time.Duration
		bytes      int64
	}
	all := make([]took, total)
	rng := rand.New(rand.NewPCG(1, 2))
	var order []int
	for i := range all {
		if len(order) == 0 {
			order = rng.Perm(len(pages))
		}
		all[i].page, order = order[0], order[1:]
	}
	var wg sync.WaitGroup
	before := cpu(b, pages[0].pid)
	begun := time.Now()
	for i := range all {
		due := begun.Add(time.Duration(i) * pause)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			t := &all[i]
			t.late = time.Since(due)
			n, err := pages[t.page].fetch(b.Context(), c)
			if err != nil {
				b.Error(err)
			}
			t.wait, t.bytes = time.Since(due), n
		})
	}
	wg.Wait()
	ours := 0
	for _, t := range all {
		if pages[t.page].pid == pages[0].pid {
			ours++
		}
	}
	spent := (cpu(b, pages[0].pid) - before).Seconds() * 1000 / float64(ours)
	line := func(name string, of []took) string {
		waits := make([]time.Duration, len(of))
		for i, t := range of {
			waits[i] = t.wait
		}
		slices.Sort(waits)
		ms := func(i int) float64 { return float64(waits[min(i, len(waits)-1)].Microseconds()) / 1000 }
		return fmt.Sprintf("%-24s %6d %8d %8.1f %8.1f %8.1f", name, len(of), of[0].bytes, ms(len(of)/2), ms(len(of)*99/100), ms(len(of)-1))
	}
	table := []string{fmt.Sprintf("%-24s %6s %8s %8s %8s %8s", "page", "asked", "bytes", "p50 ms", "p99 ms", "worst")}
	for i, p := range pages {
		of := slices.DeleteFunc(slices.Clone(all), func(t took) bool { return t.page != i })
		if len(of) > 0 {
			table = append(table, line(p.name, of))
		}
	}
	table = append(table, line("all", all))
	late := slices.MaxFunc(all, func(a, b took) int { return int(a.late - b.late) }).late
	fmt.Printf("\n%s on %s, %d a second for %s, from when each was due (sent at most %.1f ms later), %.2f ms of CPU a page\n%s\n\n", b.Name(), kind, *pagesRate, *pagesFor,
		float64(late.Microseconds())/1000, spent, strings.Join(table, "\n"))
}
