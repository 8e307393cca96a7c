package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/api"
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/people"
	"kinpict/internal/photo"
	"kinpict/internal/store"
	"kinpict/internal/theme"
	"kinpict/internal/web"
)

// serveHTTP answers on the settings' address until ctx ends. ready is told the
// address, which the settings may leave to the machine with port 0.
func (a *App) serveHTTP(ctx context.Context, ready func(net.Addr)) error {
	h, err := a.Handler()
	if err != nil {
		return err
	}
	ln, err := Listen(a.Config.Listen)
	if err != nil {
		return err
	}
	a.Config.Listen = ln.Addr().String()
	ready(ln.Addr())
	return httpd.Serve(ctx, ln, h, a.Log)
}

// Listen takes an address of this machine; Unavailable, in words, when it cannot be had.
func Listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "Something else is using " + addr + " already.", Hint: "Choose another with --listen, such as --listen localhost:8081."}
	case err != nil:
		return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "Kinpict cannot listen on " + addr + ".", Hint: "Choose another with --listen, such as --listen localhost:8081. " + err.Error()}
	}
	return ln, nil
}

// Handler is every route of the public listener behind its edge.
func (a *App) Handler() (http.Handler, error) {
	public, err := url.Parse(a.Config.PublicURL)
	if err != nil {
		return nil, err
	}
	edge := &httpd.Edge{
		Public:  public,
		Log:     a.Log,
		Now:     time.Now,
		NewID:   func() string { return a.ids.New("req_") },
		Proxies: a.Config.ProxyPrefixes(),
		Exempt:  []string{"POST /webhooks/{provider}", "POST " + sandbox.Path + "{id}"},
	}
	identity := &httpd.Identity{
		Cookies: edge.Cookies(),
		Session: a.People.Session,
		Token:   a.People.Token,
		Device:  a.People.Guest,
		Network: a.People.Network,
		Area:    a.People.Area,
	}
	var bank web.Sandbox
	if a.Sandbox != nil {
		bank = a.Sandbox
	} else {
		edge.Checkout = []string{stripe.CheckoutHost}
	}
	archives := exports()
	site, err := web.New(web.Site{
		Studio:     a.Studio,
		Shop:       a.Shop,
		People:     a.People,
		Intake:     a.Intake,
		Support:    a.Support,
		Keeping:    a.Keeping,
		Exports:    archives,
		Scenarios:  a.Scenarios,
		Identity:   identity,
		IDs:        a.ids,
		Now:        a.now,
		Languages:  a.languages,
		Look:       a.changed(),
		Operator:   web.Operator{Name: a.Config.OperatorName, Address: a.Config.OperatorAddress, Contact: a.Config.OperatorContact},
		Generative: a.Engines.Info().Generative,
		Sandbox:    bank,
		Test:       a.Config.Sandbox(),
		PublicURL:  a.publicURL(),
		ShareURL:   a.shareURL,
		Outbox:     a.outbox(),
		KeepsMail:  a.keepsMail(),
	})
	if err != nil {
		return nil, err
	}
	desk, err := a.console(site, identity)
	if err != nil {
		return nil, err
	}
	edge.Rooms = []httpd.Room{desk.Room()}
	mux := http.NewServeMux()
	httpd.Health(mux, time.Now, a.DB.Probe, a.space.hint)
	(&api.API{
		Studio:    a.Studio,
		Shop:      a.Shop,
		Intake:    a.Intake,
		Support:   a.Support,
		Keeping:   a.Keeping,
		Exports:   archives,
		Identity:  identity,
		Scenarios: a.Scenarios,
		Languages: a.languages,
		Limits:    a.limits(),
		Sample:    func(id string) string { return a.publicURL() + site.Sample(id) },
		ShareURL:  a.shareURL,
	}).Routes(mux)
	site.Routes(mux)
	edge.Fail = site.Fail
	return edge.Wrap(mux), nil
}

// changed is the operator's theme if there is one: pages of ours need not be
// parsed again.
func (a *App) changed() *theme.Theme {
	if own, err := a.look.Messages(); own == nil && err == nil && !a.look.Changes() {
		return nil
	}
	return a.look
}

// limits are what the API publishes.
func (a *App) limits() client.Limits {
	l := photo.DefaultLimits()
	return client.Limits{
		Upload: client.UploadLimits{Types: photo.Types(), MaxBytes: int64(l.Bytes), MaxPixels: int64(l.Pixels), MaxSide: l.Side,
			MinSide: l.Short, MaxAspect: l.Aspect, MaxScans: l.Scans, MaxDecodeBytes: l.Decode, MaxSteps: l.Samples},
		Storage: client.StorageLimits{AccountBytes: intake.AccountQuota.Bytes, AccountFiles: int(intake.AccountQuota.Files), GuestBytes: intake.GuestQuota.Bytes, GuestFiles: int(intake.GuestQuota.Files)},
		Request: client.RequestLimits{MaxPhotos: kinpict.MaxPhotos, MaxInstruction: kinpict.MaxInstruction, MaxLabel: kinpict.MaxLabel},
		Rates: []client.RateLimit{
			{Name: "checks of marks", Limit: generation.NetworkChecks, Seconds: int(generation.CheckWindow / time.Second), Per: "network"},
			{Name: "canceled pictures, before the next is made", Limit: generation.CancelsAnHour, Seconds: int(store.CancelWindow / time.Second), Per: "account"},
			{Name: "unpaid requests put aside", Limit: generation.HoldsAnHour, Seconds: int(generation.HoldWindow / time.Second), Per: "account"},
			{Name: "guest drafts begun", Limit: intake.NetworkDrafts, Seconds: 86400, Per: "network"},
			{Name: "guest photos", Limit: int(intake.NetworkQuota.Files), Seconds: 86400, Per: "network"},
			{Name: "bytes of guest photos", Limit: int(intake.NetworkQuota.Bytes), Seconds: 86400, Per: "network"},
			{Name: "guest previews", Limit: generation.NetworkPreviews, Seconds: 86400, Per: "network"},
			{Name: "previews of new accounts", Limit: generation.NetworkNewcomers, Seconds: 86400, Per: "network"},
			{Name: "sign-in links", Limit: people.LinksPerAddress, Seconds: int(people.LinkWindow / time.Second), Per: "address"},
			{Name: "sign-in links", Limit: people.LinksPerAddressDay, Seconds: int(people.LinkDay / time.Second), Per: "address"},
			{Name: "sign-in links not opened", Limit: people.LinksPerNetwork, Seconds: int(people.LinkWindow / time.Second), Per: "network"},
			{Name: "sign-in links not opened", Limit: people.LinksPerNetworkDay, Seconds: int(people.LinkDay / time.Second), Per: "network"},
			{Name: "sign-in links to one address", Limit: people.LinksHere, Seconds: int(people.LinkWindow / time.Second), Per: "network"},
			{Name: "shared pictures opened", Limit: generation.NetworkLooks, Seconds: int(generation.LooksWindow / time.Second), Per: "network"},
			{Name: "unpaid checkouts", Limit: billing.OpenCheckouts, Seconds: 3600, Per: "account"},
			{Name: "checkouts", Limit: billing.NetworkCheckouts, Seconds: 3600, Per: "network"},
		},
	}
}

// publicURL is the site's address, without a slash at its end.
func (a *App) publicURL() string { return strings.TrimSuffix(a.Config.PublicURL, "/") }

// shareURL is the page of a private link.
func (a *App) shareURL(token string) string { return a.publicURL() + "/s/" + token }
