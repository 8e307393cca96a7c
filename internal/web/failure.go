package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"time"

	"kinpict"
	"kinpict/internal/httpd"
	"kinpict/internal/lang"
)

// ErrorView feeds error.html: what happened, what is fine all the same, and what
// to do next, in that order.
type ErrorView struct {
	Page
	Status    int
	Code      kinpict.Code
	Heading   string
	Message   string
	Fine      string
	Hint      string
	Wait      string // when to try again, "" if nothing is known
	Reference string // what support finds the log by, for a fault of ours
	Words     []Words
	Action    Link
	Second    *Link
}

// A Link leads on from an error.
type Link struct{ URL, Text string }

// Words are a text that was sent and not kept, to be copied.
type Words struct{ Field, Label, Text string }

// A refusal is an error as its page needs it.
type refusal struct {
	err   *kinpict.Error
	again string // address of the page that failed, "" for a form
	back  string // where a form was sent from, "" if nobody said
	wait  int    // seconds, 0 if nothing is known
	words url.Values
}

// failures are the headings of error pages.
var failures = map[int]string{
	400: lang.N("This request could not be read"), 401: lang.N("Please sign in"), 402: lang.N("There are not enough credits"),
	403: lang.N("This is not open to you"), 404: lang.N("This page isn’t in the album"), 405: lang.N("This page cannot do that"),
	408: lang.N("That took too long to arrive"), 409: lang.N("Something changed in the meantime"), 413: lang.N("That was too large"),
	415: lang.N("That kind of file is not read here"), 422: lang.N("Something in this request is not right"), 429: lang.N("A little too fast"),
	500: lang.N("Something went wrong on our side"), 503: lang.N("Not available at the moment"),
}

// What is fine although a request failed. A fault of ours may have come after
// credits were taken, and then it is the watchdog that brings them back.
var (
	fineUntouched = lang.N("Nothing was changed, and nothing was taken.")
	fineKept      = lang.N("Nothing was taken. What you saved before is still there.")
	fineThere     = lang.N("Your pictures and your credits are where you left them.")
	fineReturns   = lang.N("Your pictures are safe. Credits of a picture that does not come out come back by themselves.")
)

var fine = map[int]string{404: fineThere, 413: fineKept, 429: fineKept, 503: fineKept, 500: fineReturns}

// texts are the fields whose loss would hurt, by their names in forms.
var texts = []Words{{Field: "instruction", Label: lang.N("Your words for the picture")}, {Field: "title", Label: lang.N("Title on the picture")},
	{Field: "message", Label: lang.N("Your message")}}

func errorView(p Page, f refusal) ErrorView {
	say, e := p.language(), f.err
	status := httpd.Means(e.Code).Status
	home := Link{"/", say.Say("Go home")}
	v := ErrorView{Page: p, Status: status, Code: e.Code, Heading: say.Told(failures[status]), Message: say.Told(e.Message), Hint: say.Told(e.Hint),
		Fine: say.Told(fineUntouched), Wait: wait(say, f.wait), Action: home}
	if text := fine[status]; text != "" {
		v.Fine = say.Told(text)
	}
	v.Title, v.Private = v.Heading, true
	switch {
	case status == 401:
		v.Action, v.Second = Link{"/sign-in?next=" + url.QueryEscape(p.Path), say.Say("Sign in")}, &home
	case status == 404:
		v.Second = &Link{"/scenarios", say.Say("See scenarios")}
	case f.again != "" && (status == 408 || status == 429 || status >= 500):
		v.Action, v.Second = Link{f.again, say.Say("Try again")}, &home
	case f.back == "/create":
		v.Action, v.Second = Link{"/create", say.Say("Back to your picture")}, &home
	case f.back != "":
		v.Action, v.Second = Link{f.back, say.Say("Go back")}, &home
	}
	if status == 500 {
		v.Reference, _ = e.Members["request_id"].(string)
		v.Message, v.Hint = say.Say("This page could not be shown. It is not your doing, and it is in our log."), say.Say("Try again in a moment. If it stays, tell us the reference below.")
		v.Second = &Link{"/help/balance", say.Say("Tell us")}
	}
	for _, w := range texts {
		if w.Text = f.words.Get(w.Field); w.Text != "" {
			w.Label = say.Told(w.Label)
			v.Words = append(v.Words, w)
		}
	}
	return v
}

// wait says when it is worth trying again. The numbers are rounded up, so that
// nobody is asked twice.
func wait(say *lang.Printer, seconds int) string {
	up := func(unit int) int { return (seconds + unit - 1) / unit }
	switch {
	case seconds <= 0:
		return ""
	case seconds <= 10:
		return say.Say("It should work again in about %d seconds.", seconds)
	case seconds < 90:
		return say.Say("It should work again in about %d seconds.", up(5)*5)
	case seconds < 90*60:
		return say.Say("It should work again in about %d minutes.", up(60))
	}
	return say.Say("It should work again in about %d hours.", up(3600))
}

// Fail answers an error with a page, and on the API's paths, which have no
// pages, with a problem document.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	if speaksJSON(r) {
		httpd.Problem(w, r, err)
		return
	}
	e := httpd.Explain(r, err)
	if e.Code == kinpict.Unauthenticated && r.Method == http.MethodGet {
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	status := httpd.Means(e.Code).Status
	httpd.FailureHeader(w.Header(), e)
	httpd.CloseUnread(w.Header(), r, status)
	w.Header().Del("WWW-Authenticate") // a page offers a link instead
	f := refusal{err: e}
	f.wait, _ = strconv.Atoi(w.Header().Get("Retry-After"))
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		f.again = r.URL.RequestURI()
	} else {
		f.back, f.words = sentFrom(r), r.Form
	}
	if err := s.send(w, r, status, "error", errorView(s.known(r), f)); err != nil {
		httpd.Log(r.Context()).Error("an error has no page", "err", err)
		bare(w, r, status, e)
	}
}

// knownTime is how long an error's page waits for what it would like to know.
const knownTime = 2 * time.Second

// known is a page with what can be found out about the visitor. It is for the
// time when other things are out of order: what is not known, or not soon,
// stays blank.
func (s *Site) known(r *http.Request) (p Page) {
	p = s.blank(r)
	ctx, cancel := context.WithTimeout(r.Context(), knownTime)
	defer cancel()
	defer func() {
		// What broke the page itself may break this as well. Or nothing did, and the
		// page is one that is not there: then nobody has heard of it yet.
		if broke := recover(); broke != nil {
			httpd.Log(r.Context()).Error("who asks cannot be told", "err", fmt.Errorf("panic: %v\n%s", broke, debug.Stack()))
		}
	}()
	if v, err := s.visit(r.WithContext(ctx)); err == nil {
		p = v.page
	}
	return p
}

// sentFrom is the page of ours a form was on, "" where the browser does not say.
func sentFrom(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return ""
	}
	return local(u.RequestURI())
}

// bare is an error without any template, for when the templates are what broke.
func bare(w http.ResponseWriter, r *http.Request, status int, e *kinpict.Error) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Del("Content-Encoding")
	h.Del("Content-Length")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	reference, _ := e.Members["request_id"].(string)
	fmt.Fprintf(w, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title><main><h1>%[1]s</h1><p>%s</p><p>%s</p><p>%s</p><p><a href=\"/\">Go home</a></p><p>%s</p></main></html>\n",
		html.EscapeString(failures[status]), html.EscapeString(e.Message), fineReturns, html.EscapeString(e.Hint), html.EscapeString(reference))
}
