package openai

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for _, tt := range []struct {
		class string
		addrs string
		open  bool
	}{
		{"public", "1.1.1.1 8.8.8.8 93.184.216.34 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 2606:4700::1111 2a00:1450::1", true},
		{"this network", "0.0.0.0 0.1.2.3", false},
		{"loopback", "127.0.0.1 127.255.255.254 ::1", false},
		{"private", "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12::1", false},
		{"carrier NAT", "100.64.0.1 100.127.255.255", false},
		{"link local", "169.254.169.254 fe80::1 fe80::1%eth0", false},
		{"site local", "fec0::1", false},
		{"protocol", "192.0.0.1 192.88.99.1", false},
		{"documentation", "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1", false},
		{"benchmark", "198.18.0.1 198.19.255.255 2001:2::1", false},
		{"multicast", "224.0.0.1 239.255.255.255 ff02::1", false},
		{"reserved", "240.0.0.1 255.255.255.255 5f00::1 100::1 ::", false},
		{"mapped IPv4", "::ffff:127.0.0.1 ::ffff:8.8.8.8", false},
		{"compatible IPv4", "::127.0.0.1 ::10.0.0.1", false},
		{"translated IPv4", "64:ff9b::7f00:1 64:ff9b:1::a00:1", false},
		{"6to4", "2002:7f00:1:: 2002:a00:1::1", false},
		{"Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
		{"ISATAP", "2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1", false},
	} {
		for _, s := range strings.Fields(tt.addrs) {
			if err := public(netip.MustParseAddr(s)); (err == nil) != tt.open {
				t.Errorf("%s address %s: %v, want open %v", tt.class, s, err, tt.open)
			}
		}
	}
	if public(netip.Addr{}) == nil {
		t.Error("no address at all is open")
	}
}

func anyAddress(netip.Addr) error { return nil }

func TestFetch(t *testing.T) {
	var elsewhere atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/picture", func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Authorization"])+len(r.Header["Cookie"]) > 0 {
			t.Error("credentials went to a foreign address")
		}
		w.Write([]byte("bytes"))
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/inside", http.StatusFound) })
	mux.HandleFunc("/inside", func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for range 40 {
			if _, err := w.Write(bytes.Repeat([]byte("A"), 1<<20)); err != nil {
				return
			}
		}
	})
	srv := httptest.NewTLSServer(mux)
	defer srv.Close()
	f := newFetcherFor(anyAddress, func(tr *http.Transport) {
		tr.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	})
	for _, tt := range []struct{ address, says string }{
		{srv.URL + "/picture", ""},
		{srv.URL + "/away", "status 302"},
		{srv.URL + "/missing", "status 404"},
		{srv.URL + "/endless", "more than"},
		{strings.Replace(srv.URL, "https:", "http:", 1) + "/picture", "plain https"},
		{"https://user:password@example.com/x", "plain https"},
		{"file:///etc/passwd", "plain https"},
		{"https://", "plain https"},
		{"", "plain https"},
	} {
		data, err := f.get(t.Context(), tt.address)
		switch {
		case tt.says == "" && (err != nil || string(data) != "bytes"):
			t.Errorf("%s: %q, %v", tt.address, data, err)
		case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v, want %q", tt.address, err, tt.says)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("followed a redirect")
	}
}

// The guard looks at where the connection goes, whatever the name says. The
// certificate is trusted here, so that nothing else can stop the call.
func TestFetchNeverConnectsInside(t *testing.T) {
	var seen atomic.Int32
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer srv.Close()
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	f := newFetcherFor(public, func(tr *http.Transport) {
		tr.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		tr.TLSClientConfig.ServerName = "example.com" // the test certificate's
	})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "169.254.169.254"} {
		if _, err := f.get(t.Context(), "https://"+host+port+"/"); err == nil || !strings.Contains(err.Error(), "address refused") {
			t.Errorf("%s: got %v, want the address refused", host, err)
		}
	}
	if seen.Load() != 0 {
		t.Errorf("%d requests arrived inside", seen.Load())
	}
}
