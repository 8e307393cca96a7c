package people

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"kinpict"
	"kinpict/internal/store"
)

// NetworkPreviews is how many free previews one network may take a day.
// Households share addresses, so this is far above what a family needs.
const NetworkPreviews = 30

// Guest returns the guest a device cookie names. A cookie that is missing,
// forged or edited is a new guest, and newCookie is the one to set. Nothing is
// stored until the guest spends a preview or adds a photo.
func (p *People) Guest(cookie string) (c kinpict.Caller, newCookie string) {
	key := p.derive("guest cookie")
	mac := func(id string) string { return base64.RawURLEncoding.EncodeToString(sign(key, id)) }
	id, got, _ := strings.Cut(cookie, ".")
	if strings.HasPrefix(id, kinpict.GuestPrefix) && hmac.Equal([]byte(got), []byte(mac(id))) {
		return kinpict.Caller{GuestID: id}, ""
	}
	id = p.IDs.New(kinpict.GuestPrefix)
	return kinpict.Caller{GuestID: id}, id + "." + mac(id)
}

// Network is what budgets know of where a request came from: a hash of the IPv4
// address or the IPv6 /64, under a key that changes each day, so that days
// cannot be joined. remote is an address with or without a port; whatever is
// not one shares a single network.
func (p *People) Network(remote string) string {
	prefix := "unknown"
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		var ap netip.AddrPort
		ap, err = netip.ParseAddrPort(remote)
		addr = ap.Addr()
	}
	if err == nil {
		addr = addr.Unmap().WithZone("")
		bits := 64
		if addr.Is4() {
			bits = 32
		}
		if net, err := addr.Prefix(bits); err == nil {
			prefix = net.String()
		}
	}
	key := p.derive(fmt.Sprintf("network %d", store.Day(p.Now())))
	return base64.RawURLEncoding.EncodeToString(sign(key, prefix)[:16])
}

// Cookies of the site. Under https their names begin with __Host-, which
// browsers accept only from this very host; plain http on a developer's machine
// cannot have that.
func (p *People) cookie(name, value string, seconds int) *http.Cookie {
	if p.Secure {
		name = "__Host-" + name
	}
	if value == "" {
		seconds = -1
	}
	// Lax, not Strict: coming back from the checkout must not look signed out.
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: p.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// SessionCookie carries a session; an empty value removes it.
func (p *People) SessionCookie(value string) *http.Cookie {
	return p.cookie("kp_s", value, int(SessionLife.Seconds()))
}

// GuestCookie carries what Guest returned, for as long as browsers keep any.
func (p *People) GuestCookie(value string) *http.Cookie {
	return p.cookie("kp_g", value, 400*24*60*60)
}

// BrowserCookie carries what NewBrowser returned, for as long as a link lives.
func (p *People) BrowserCookie(value string) *http.Cookie {
	return p.cookie("kp_b", value, int(LinkLife.Seconds()))
}
