package httpd

import (
	"net/http"
	"net/netip"
	"strings"
)

// client is the address of whoever sent r. X-Forwarded-For is read from the
// right, because everything left of the last trusted proxy is the client's own
// claim.
func (e *Edge) client(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a unix socket or a test
	}
	addr := ap.Addr().Unmap().WithZone("")
	if !e.trusted(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap().WithZone("")
		if !e.trusted(addr) {
			break
		}
	}
	return addr
}

func (e *Edge) trusted(a netip.Addr) bool {
	for _, p := range e.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
