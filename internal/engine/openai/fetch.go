package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// maxFetch bounds a picture that is fetched; it is the bound of any picture.
const maxFetch = 20 << 20

// A fetcher gets a picture an answer points to. The address comes from outside,
// so it is https only, follows no redirect, uses no proxy and no credentials,
// and connects to public addresses only, judged after the name was resolved:
// a name that resolves differently the second time gains nothing.
type fetcher struct {
	client *http.Client
}

func newFetcher() *fetcher { return newFetcherFor(public, nil) }

// newFetcherFor is for tests, which have no public address to serve from.
func newFetcherFor(allowed func(netip.Addr) error, adapt func(*http.Transport)) *fetcher {
	d := &net.Dialer{
		Timeout: 10 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return allowed(ap.Addr())
		},
	}
	tr := &http.Transport{
		DialContext: d.DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if adapt != nil {
		adapt(tr)
	}
	return &fetcher{&http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// get returns the bytes behind address. Time is bounded by ctx.
func (f *fetcher) get(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("the address is not a plain https one") // without quoting it: it may carry a signature
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("the address makes no request")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // drop the address for the same reason
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxFetch+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFetch {
		return nil, fmt.Errorf("more than %d bytes", maxFetch)
	}
	return data, nil
}

// closed are the ranges of the IANA special-purpose registries (RFC 6890 and
// its updates) that are not the public internet, and the IPv6 ranges that carry
// an IPv4 address inside: 6to4, NAT64, Teredo, IPv4-compatible.
var closed = func() []netip.Prefix {
	var ps []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}()

// unicast6 is all of IPv6 that is assigned for public use. What lies outside
// (loopback, unique local, link local, multicast, ::ffff:0:0/96, 64:ff9b::/96)
// needs no row of its own.
var unicast6 = netip.MustParsePrefix("2000::/3")

// public fails on every address that is not plainly a public one.
func public(a netip.Addr) error {
	no := func(why string) error { return fmt.Errorf("address refused: %s", why) }
	if !a.IsValid() || a.Zone() != "" {
		return no("not an address, or one of a link")
	}
	if a.Is6() {
		if !unicast6.Contains(a) {
			return no("outside public IPv6")
		}
		// ISATAP (RFC 5214) keeps an IPv4 address behind this interface id.
		if b := a.As16(); b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe {
			return no("carries an IPv4 address")
		}
	}
	for _, p := range closed {
		if p.Contains(a) {
			return no("within " + p.String())
		}
	}
	return nil
}
