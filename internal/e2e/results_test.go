package e2e

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
)

// head asks for the head of an address, with a header.
func (b *browser) head(path, name, value string) page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodHead, b.address(path), nil)
	if err == nil && name != "" {
		r.Header.Set(name, value)
	}
	return b.do(r, err)
}

// value is what a page's field of that id holds.
func (p page) value(t testing.TB, id string) string {
	t.Helper()
	tag := regexp.MustCompile(`<input[^>]*\sid="?` + id + `[" ][^>]*>`).FindString(p.text)
	m := regexp.MustCompile(`\svalue="?([^">\s]+)`).FindStringSubmatch(tag)
	if m == nil {
		t.Fatalf("the page at %s has no field %s", p.path, id)
	}
	return html.UnescapeString(m[1])
}

// portrait is ann's finished picture with words that must not get out, and her browser.
func (s *stack) portrait() (*browser, *client.Client, *client.Generation) {
	s.Helper()
	ann := s.rich("ann")
	req := s.ask(ann, 0)
	req.Instruction = `At grandpa's lake <script>alert(1)</script>`
	req.Photos[0].Label = `"><img src=x>`
	made := s.finish(ann, s.make(ann, req).ID)
	b := s.guest()
	b.signIn("ann@example.org", "/")
	return b, ann, made
}

// What a person does with a picture, without a script: keeps it, shares it,
// ends the link, compares, deletes it. Each press twice.
func TestResultsWithoutScripts(t *testing.T) {
	each(t, func(s *stack) {
		b, _, made := s.portrait()
		at := "/generations/" + made.ID
		for range 2 {
			b.send(at+"/favourite", "on", "1").holds(s, "A favourite")
		}
		b.see("/generations?favourite=1").holds(s, "Favourite")
		for range 2 {
			b.send(at+"/favourite", "on", "0").holds(s, "Add to favourites")
		}
		b.see("/generations?favourite=1").holds(s, "No favourites yet")

		key := b.see(at).hidden(s, "key")
		first := b.send(at+"/shares", "key", key, "days", "7")
		if first.status != http.StatusCreated {
			s.Fatalf("making a link is answered %d", first.status)
		}
		link := first.value(s, "newlink")
		if again := b.send(at+"/shares", "key", key, "days", "7"); again.value(s, "newlink") != link || strings.Count(again.text, "/revoke") != 1 {
			s.Error("the same press made another link")
		}
		if strings.Contains(b.see(at).text, link[strings.LastIndex(link, "/"):]) {
			s.Error("the page tells the address again")
		}
		b.see(at).holds(s, "Not opened yet", "whoever has a private link")

		visitor := s.guest()
		p := visitor.see(link)
		for _, secret := range []string{"grandpa", "alert(1)", "img src=x", made.ID, "ann@example.org", made.Photos[0].ID, made.Image.SHA256} {
			if strings.Contains(p.text, secret) {
				s.Errorf("the shared page tells %q", secret)
			}
		}
		for k, v := range map[string]string{"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "private, no-store"} {
			if p.header.Get(k) != v {
				s.Errorf("the shared page's %s is %q, want %q", k, p.header.Get(k), v)
			}
		}
		if p.header.Get("Set-Cookie") != "" {
			s.Error("looking at a shared picture sets a cookie")
		}
		picture := visitor.see(link + "/picture")
		if picture.header.Get("Content-Type") != "image/jpeg" || picture.header.Get("Referrer-Policy") != "no-referrer" || picture.header.Get("Cache-Control") != "private, no-store" {
			s.Errorf("the shared picture's headers: %v", picture.header)
		}
		if int64(len(picture.text)) == made.Image.Bytes {
			s.Error("the link gives the original away")
		}
		if h := visitor.head(link, "", ""); h.status != http.StatusOK || h.text != "" {
			s.Errorf("its head is answered %d with %d bytes", h.status, len(h.text))
		}
		b.see(at).holds(s, "Opened once")

		compare := b.see(at + "/compare")
		compare.holds(s, "Made from")
		if strings.Contains(compare.text, "<img src=x>") || strings.Contains(b.see(at).text, "<script>alert") {
			s.Error("a label or the words are markup")
		}

		revoke := regexp.MustCompile(`/shares/shr_\w+/revoke`).FindString(b.see(at).text)
		for range 2 {
			b.send(revoke).holds(s, "Make a link")
		}
		never := s.dead(visitor, s.url+"/s/0123456789abcdefghjkmnpqrstvwxyz", "", "")
		tag := picture.header.Get("ETag")
		for _, path := range []string{link, link + "/picture"} {
			for _, h := range [][2]string{{"", ""}, {"Range", "bytes=0-9"}, {"If-None-Match", tag}, {"If-None-Match", "*"}} {
				if ended := s.dead(visitor, path, h[0], h[1]); ended != never {
					s.Errorf("a link that ended says %q, one that never was %q", ended, never)
				}
			}
		}

		b.see(at).holds(s, "This cannot be undone")
		for range 2 {
			b.send(at+"/delete").holds(s, "The picture is deleted")
		}
		for _, path := range []string{at, at + "/compare", "/create?from=" + made.ID} {
			if p := b.open(path); p.status != http.StatusNotFound {
				s.Errorf("GET %s after deleting: %d", path, p.status)
			}
		}
		credits := b.see("/credits")
		credits.holds(s, "The picture was deleted.")
		if strings.Contains(credits.text, `href="`+at) {
			s.Error("the statement leads to a picture that was deleted")
		}
		s.audit()
	})
}

// dead wants an address to be nowhere, for GET and HEAD, and returns its words.
func (s *stack) dead(b *browser, path, name, value string) string {
	s.Helper()
	if p := b.head(path, name, value); p.status != http.StatusNotFound {
		s.Errorf("HEAD %s with %s %q: %d", path, name, value, p.status)
	}
	r, err := http.NewRequest(http.MethodGet, b.address(path), nil)
	if err == nil && name != "" {
		r.Header.Set(name, value)
	}
	p := b.do(r, err)
	if p.status != http.StatusNotFound || p.header.Get("Referrer-Policy") != "no-referrer" {
		s.Errorf("GET %s with %s %q: %d, %q", path, name, value, p.status, p.header.Get("Referrer-Policy"))
	}
	return p.words()
}

func TestALinkDiesByItselfAndWithItsPicture(t *testing.T) {
	each(t, func(s *stack) {
		_, ann, made := s.portrait()
		week, err := ann.Share(s.Context(), "", made.ID, 7)
		if err != nil {
			s.Fatal(err)
		}
		month, err := ann.Share(s.Context(), "", made.ID, 30)
		if err != nil {
			s.Fatal(err)
		}
		visitor := s.guest()
		visitor.see(week.URL)
		s.pass(7 * 24 * time.Hour)
		s.dead(visitor, week.URL, "", "")
		visitor.see(month.URL)
		if err := ann.Delete(s.Context(), made.ID); err != nil {
			s.Fatal(err)
		}
		s.dead(visitor, month.URL, "", "")
		s.dead(visitor, month.URL+"/picture", "", "")
	})
}

// Another like it begins with the same photos, scenario and words, names what
// is gone, and takes nothing.
func TestMakeAnotherLikeThis(t *testing.T) {
	each(t, func(s *stack) {
		b, ann, made := s.portrait()
		before := s.statement(ann)
		page := b.see("/create?from=" + made.ID)
		page.holds(s, "At grandpa's lake")
		if !strings.Contains(page.text, made.Photos[0].ID) {
			s.Error("the photo is not on the page")
		}
		if err := ann.DeletePhoto(s.Context(), made.Photos[0].ID); err != nil {
			s.Fatal(err)
		}
		page = b.see("/create?from=" + made.ID)
		page.holds(s, "no longer kept: \"><img src=x>")
		if strings.Contains(page.text, "<img src=x>") {
			s.Error("the label is markup")
		}
		b.see("/generations/"+made.ID).holds(s, "no longer kept")
		s.fault("block", 1)
		failed := s.finish(ann, s.make(ann, s.ask(ann, 3)).ID)
		if failed.Status != kinpict.Failed {
			s.Fatalf("the picture is %s", failed.Status)
		}
		if p := b.see("/create?from=" + failed.ID); !strings.Contains(p.text, failed.Photos[0].ID) {
			s.Error("a failed picture's photos are not on the page")
		}
		if after := s.statement(ann); len(after) != len(before)+2 { // the failed one and its return
			s.Errorf("the statement had %d lines and has %d", len(before), len(after))
		}
		b.send("/generations/"+failed.ID+"/delete").holds(s, "The picture is deleted")
	})
}
