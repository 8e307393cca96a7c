package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinpict/internal/web"
)

// makes has the browser send a picture of one photo and returns its page.
func (b *browser) makes(n uint8) string {
	b.Helper()
	b.upload("/create/photos", url.Values{}, snapshot(b.T, n)).to(b.T, "/create")
	f := b.get("/create").form(b.T)
	f.Set("do", "make")
	return b.upload("/create", f).to(b.T, "/generations/gen_")
}

// ask sends a request of a script's with headers of its own.
func (b *browser) ask(path string, header ...string) *http.Response {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute) // a stream that says nothing must not hang the test
	b.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", b.url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := b.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { res.Body.Close() })
	return res
}

// A live is what a page is told.
type live struct {
	State, Title, Announce string
	Step, Percent, Elapsed int
	Queued                 bool
	Said                   struct{ Sheet, Step, Place, Time string }
}

func TestAPageIsToldWhatChanges(t *testing.T) {
	h := open(t, func(s *web.Site) { s.TellEvery(time.Hour) })
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	first := ann.makes(1)
	h.clock.Advance(time.Second) // of two in the same moment either may be first
	second := ann.makes(2)
	h.clock.Advance(65 * time.Second)

	stream := ann.ask(second+"/progress", "Accept", "text/event-stream", "Accept-Language", "de")
	if kind := stream.Header.Get("Content-Type"); stream.StatusCode != http.StatusOK || kind != "text/event-stream" || stream.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the stream answers %d, %s", stream.StatusCode, kind)
	}
	lines := bufio.NewScanner(stream.Body)
	next := func() (l live) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &l); err != nil {
					t.Fatal(err)
				}
				return l
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return l
	}
	waits := next()
	if waits.State != "working" || !waits.Queued || waits.Elapsed != 65 || waits.Said.Place != "1 Bild ist vor deinem" ||
		waits.Said.Time != "Wie lange es dauert, können wir noch nicht sagen." {
		t.Errorf("behind another it says %+v", waits)
	}
	ann.post(first+"/cancel", nil).to(t, first)
	h.clock.Advance(2 * time.Second) // what is known of the queue is used for a moment
	if moved := next(); moved.Said.Place != "Als Nächstes dran" || moved.Title != "Als Nächstes dran" {
		t.Errorf("after the one ahead was canceled it says %+v", moved)
	}
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := next()
	for l.State == "working" {
		if l.Queued || l.Step == 0 || l.Percent == 0 {
			t.Errorf("while it is made it says %+v", l)
		}
		l = next()
	}
	if l.State != "failed" {
		t.Errorf("it ends with %+v", l)
	}
	if lines.Scan(); lines.Scan() {
		t.Errorf("after the end came %q", lines.Text())
	}
}

// What a hidden tab asks for now and then is what the stream tells, and nobody
// is told of another's picture.
func TestProgressIsToldToItsOwner(t *testing.T) {
	h := open(t)
	ann, bob := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	h.clock.Advance(time.Second) // the newest mail is bob's
	bob.signIn("bob@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	made := ann.makes(1)
	var l live
	res := ann.ask(made+"/progress", "Accept", "application/json")
	if err := json.NewDecoder(res.Body).Decode(&l); err != nil || l.State != "working" || l.Said.Step != "Waiting for its turn" {
		t.Errorf("once it says %+v (%v)", l, err)
	}
	for _, accept := range []string{"application/json", "text/event-stream"} {
		if res := bob.ask(made+"/progress", "Accept", accept); res.StatusCode != http.StatusNotFound {
			t.Errorf("another's picture is told to %s with %d", accept, res.StatusCode)
		}
	}
}

func TestTheWallTellsWhatIsOnItsWay(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	made := ann.makes(1)
	id := strings.TrimPrefix(made, "/generations/")
	ann.get("/generations").want(t, 200, "1 picture is on its way", `data-said="`+id+`"`, `<meta http-equiv="refresh"`)
	told := func() (now struct {
		State string
		Said  map[string]string
	}) {
		t.Helper()
		if err := json.NewDecoder(ann.ask("/generations", "Accept", "application/json").Body).Decode(&now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	if now := told(); now.State != "waiting" || now.Said[id] != "Waiting for its turn" {
		t.Errorf("the wall says %+v", now)
	}
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := told(); len(now.Said) != 0 {
		t.Errorf("of what is done it says %+v", now)
	}
	if text := ann.get("/generations").want(t, 200, "Did not come out. 4 credits returned.").text; strings.Contains(text, "refresh") {
		t.Error("a wall with nothing on its way asks again")
	}
}

func TestCancelingTooLateSaysSo(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	made := ann.makes(1)
	h.engine.drawing = func() {
		ann.get(ann.post(made+"/cancel", nil).to(t, made+"?late=1")).want(t, 200, "It is being made already.", "Step 3 of 5")
	}
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	ann.get(made).want(t, 200, "This one didn’t come out", "Your 4 credits are already back")
}

func TestAHeldRequestThatHasHadItsTime(t *testing.T) {
	h := open(t)
	ann, bob := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	h.clock.Advance(time.Second) // the newest mail is bob's
	bob.signIn("bob@example.com")
	ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	f := ann.get("/create").form(t)
	f.Set("do", "make")
	held := regexp.MustCompile(`/held/hld_[0-9a-z]+`).FindString(ann.upload("/create", f).want(t, 422).text)
	ann.get(held).want(t, 200, "Your picture is waiting", "You need 4 more credits")
	over := "it waited for 7 days and was let go"
	bob.get(held).want(t, 404, over)
	bob.post(held, nil).want(t, 404, over)
	h.clock.Advance(8 * 24 * time.Hour)
	ann.signIn("ann@example.com")
	ann.get(held).want(t, 404, over, "Nothing was taken for it")
	ann.post(held, nil).want(t, 404, over)
}

// Asking for a mail is for those who have an address, and can be taken back.
func TestAMailIsOfferedWhileAPictureIsMade(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.buy("").want(t, 200, "80 credits added")
	made := ann.makes(1)
	ann.get(made).want(t, 200, "Tell me by e-mail when it is done")
	ann.post(made+"/notify", nil).to(t, made)
	ann.get(made).want(t, 200, "We will write to <bdi>ann@example.com</bdi>.")
	ann.post(made+"/notify", url.Values{"on": {"0"}}).to(t, made)
	ann.get(made).want(t, 200, "Tell me by e-mail when it is done")
	if _, err := h.studio.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(ann.get(made).text, "Tell me by e-mail") {
		t.Error("a mail is offered for what has ended")
	}
}
