package web

import (
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"kinpict"
)

// forwards begin the headers by which a proxy says for whom it asks.
var forwards = []string{"Forwarded", "X-Forwarded-", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-", "Fly-", "Via"}

// opensOutbox reports whether whoever sent r may read kept mail, with everybody's
// sign-in links in it: a browser on this machine that knows the site by one of
// this machine's own names. A name that somebody else leads here is how a page of
// theirs would read it, and a request past a proxy is anybody's; one that hides
// it speaks HTTP/1.0, as no browser does.
func (s *Site) opensOutbox(r *http.Request) bool {
	if s.Outbox == nil || !r.ProtoAtLeast(1, 1) {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || !ownName(r.Host) {
		return false
	}
	for name := range r.Header {
		for _, f := range forwards {
			if strings.HasPrefix(name, f) {
				return false
			}
		}
	}
	return true
}

// ownName reports whether a Host header names this machine and nothing else.
func ownName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

func (s *Site) outbox(w http.ResponseWriter, r *http.Request) error {
	if !s.opensOutbox(r) {
		return &kinpict.Error{Code: kinpict.NotFound, Message: "There is nothing at this address.", Hint: "Check it for a typing mistake."}
	}
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	mails, err := s.Outbox.List(r.Context(), "", 50)
	if err != nil {
		return err
	}
	view := OutboxView{Page: v.private(v.say().Say("Outbox"))}
	for _, m := range mails {
		view.Mails = append(view.Mails, Mail{To: m.To, Subject: m.Subject, At: m.CreatedAt, Body: pieces(m.Body)})
	}
	return s.send(w, r, http.StatusOK, "outbox", view)
}

// OutboxView feeds outbox.html.
type OutboxView struct {
	Page
	Mails []Mail
}

// A Mail is a message that was kept instead of sent.
type Mail struct {
	To, Subject string
	At          time.Time
	Body        []Piece
}

// A Piece is text, or an address that can be opened.
type Piece struct{ Text, URL string }

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
