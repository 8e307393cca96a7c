package people

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"

	"kinpict"
	"kinpict/internal/store"
)

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
func (p *People) Network(remote string) string { return p.place(remote, 32, 64) }

// Area is the same of the IPv6 /48, of which one customer of a provider may have
// all 65,536 networks. Of an IPv4 address it is "": its network says as much.
func (p *People) Area(remote string) string {
	if addr, ok := parse(remote); !ok || addr.Is4() {
		return ""
	}
	return p.place(remote, 32, 48)
}

func (p *People) place(remote string, v4, v6 int) string {
	prefix := "unknown"
	if addr, ok := parse(remote); ok {
		bits := v6
		if addr.Is4() {
			bits = v4
		}
		if net, err := addr.Prefix(bits); err == nil {
			prefix = net.String()
		}
	}
	key := p.derive(fmt.Sprintf("network %d", store.Day(p.Now())))
	return base64.RawURLEncoding.EncodeToString(sign(key, prefix)[:16])
}

func parse(remote string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		var ap netip.AddrPort
		ap, err = netip.ParseAddrPort(remote)
		addr = ap.Addr()
	}
	return addr.Unmap().WithZone(""), err == nil
}
