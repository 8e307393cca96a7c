// Package api is the JSON API under /api/v1. Every call is one row of the
// table in operations.go; the routes, the checks of a request's form and
// openapi.json all come from that row, so none of them can disagree.
//
// What a call does is decided in the use-case packages. Here lie only the words
// of the protocol: who may knock, what a body must look like, and how an answer
// is written so that a repeated request gets the same bytes.
package api

import (
	"context"
	_ "embed"
	"net/http"
	"strings"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/billing"
	"kinpict/internal/generation"
	"kinpict/internal/httpd"
	"kinpict/internal/intake"
	"kinpict/internal/keeping"
	"kinpict/internal/lang"
	"kinpict/internal/scenario"
	"kinpict/internal/support"
)

//go:generate go test -run TestOpenAPI -update

//go:embed openapi.json
var openapi []byte

// Limits of the API itself. Requests that hold a connection or memory are
// counted by account, or by network for those who have none.
const (
	maxJSON       = 64 << 10
	maxWebhook    = 1 << 20
	maxKey        = 200 // characters of an Idempotency-Key
	uploadsAtOnce = 8
	streamsAtOnce = 20
	allUploads    = 64
	// Bodies under way may be more than what is worked on: a silent one costs
	// little, and must keep nobody out.
	allArriving    = 512
	arrivingAtOnce = 64
	allStreams     = 2000
	// reading bounds the uploads that lie in memory at once.
	reading = 8
	beat    = 15 * time.Second // between two signs of life of a stream
)

// An API answers the calls. Its fields are set once, before Routes.
type API struct {
	Studio    *generation.Studio
	Shop      *billing.Shop
	Intake    *intake.Intake
	Support   *support.Desk
	Keeping   *keeping.Keeper
	Exports   *httpd.Slots // places for those who take everything with them, shared with the site
	Identity  *httpd.Identity
	Scenarios *scenario.Set
	// Languages are those the site is offered in; nil means all there are.
	Languages *lang.Set
	// Sample is the address of a scenario's sample picture.
	Sample func(scenario string) string
	// Limits are what GET /limits publishes; the API's own are added to them.
	Limits client.Limits
	// ShareURL is the address of the page a private link leads to.
	ShareURL func(token string) string

	uploads, streams httpd.Slots
	statements       httpd.Slots
	arrivals         *httpd.Arrivals
	reads            chan struct{}
	beat             time.Duration
}

// Routes adds every call to mux.
func (a *API) Routes(mux *http.ServeMux) {
	a.arrivals = httpd.NewArrivals(allArriving, arrivingAtOnce, 1<<30, 320<<20)
	a.uploads = httpd.Slots{All: allUploads, Each: uploadsAtOnce}
	a.streams = httpd.Slots{All: allStreams, Each: streamsAtOnce}
	// A long statement takes seconds to read and to write.
	a.statements = httpd.Slots{All: 8, Each: 1}
	a.reads = make(chan struct{}, reading)
	a.beat = beat
	for _, op := range operations {
		mux.Handle(op.method+" "+op.path, a.handler(op))
	}
	mux.Handle(receiptKeysRoute, httpd.Handler(a.receiptKeys))
	mux.Handle("GET /openapi.json", httpd.Handler(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, err := w.Write(openapi)
		return err
	}))
}

// A call is one request on its way through an operation.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	op     *operation
	caller kinpict.Caller
	key    string
	body   []byte // canonical JSON, checked against the operation's schema
}

// handler does what all calls have in common, from the cheapest refusal to the
// dearest: nothing of a body is read for somebody who may not send it.
func (a *API) handler(op *operation) http.Handler {
	form := op.form()
	return httpd.Handler(func(w http.ResponseWriter, r *http.Request) (err error) {
		c := &call{w: w, r: r, op: op}
		switch op.who {
		case account, staff, visitor:
			c.caller, err = a.Identity.Caller(r)
		case guest:
			c.caller, err = a.Identity.CallerOrGuest(w, r)
		}
		if err != nil {
			return err
		}
		if op.who == staff && !c.caller.SignedInAt.IsZero() {
			return &kinpict.Error{Code: kinpict.Forbidden, Message: "This takes a token, not a sign-in on the site.",
				Hint: "Send one made at the command line as Authorization: Bearer, or use the console."}
		}
		if (op.who == account || op.who == staff) && c.caller.AccountID == "" || op.who == visitor && c.caller.Owner() == "" {
			return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "This needs a signed-in account.",
				Hint: "Send an API token as Authorization: Bearer, or sign in on the site."}
		}
		if !plausible(c.id()) {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "There is nothing with this id here.", Hint: "Check it for a typing mistake."}
		}
		if op.key || op.keyed() && len(r.Header.Values("Idempotency-Key")) > 0 {
			if c.key, err = idempotencyKey(r.Header); err != nil {
				return err
			}
		}
		if op.body != nil {
			if c.body, err = readJSON(w, r, op.optional); err != nil {
				return err
			}
			if c.body, err = form.canonical(c.body); err != nil {
				return err
			}
		}
		return op.serve(a, c)
	})
}

// plausible reports whether an id could be one of ours. What could not is kept
// from the databases, which do not all take the same bytes.
func plausible(id string) bool {
	return len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
}

// ctx is the request's context.
func (c *call) ctx() context.Context { return c.r.Context() }

// id is the {id} of the path.
func (c *call) id() string { return c.r.PathValue("id") }

// take waits for a place in a pool, or for the client to go away.
func take(ctx context.Context, pool chan struct{}) (release func(), err error) {
	select {
	case pool <- struct{}{}:
		return func() { <-pool }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
