package billing_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/billing/stripe"
	"kinpict/internal/billing/stripe/stripetest"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// A bank is where payments happen: the sandbox, or a stand-in for Stripe.
type bank interface {
	billing.Provider
	Outcome(ctx context.Context, session, outcome string) error
}

// stripeBank is the provider of Stripe with the stand-in it talks to.
type stripeBank struct {
	*stripe.Provider
	*stripetest.Bank
}

func (b stripeBank) Outcome(ctx context.Context, session, outcome string) error {
	return b.Do(ctx, session, outcome)
}

// A rig is a shop, the provider it sells through, and a person who buys.
type rig struct {
	*testing.T
	db    *store.DB
	clock *storetest.Clock
	shop  *billing.Shop
	bank  bank
	sand  *sandbox.Provider // the bank, unless it is Stripe's
	line  *line
	buyer kinpict.Caller
	log   *records
	inbox map[string]int // what lay there before
	n     int
}

// records is what the shop told its staff.
type records struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// A letter is a webhook under way.
type letter struct {
	header http.Header
	body   []byte
}

// A line lies between the shop and its provider. It breaks where a test says so:
// dead before or after the far end has acted, or with another answer.
type line struct {
	billing.Provider
	name   string // instead of the provider's
	mu     sync.Mutex
	opens  int
	made   map[string]bool // sessions at the provider
	asks   int
	asked  map[string]int             // by session
	before error                      // Open fails before anything happened
	after  error                      // Open fails after it happened
	order  func(*billing.Order)       // alters what is ordered
	answer func(*billing.State) error // alters what is answered, or fails
	drop   bool                       // webhooks do not arrive
	refund error                      // Refund fails before anything happened
	// noExpiry leaves sessions open that are to be ended.
	noExpiry bool
	letters  []letter // all that were sent
	deliver  func(letter) error
}

func (l *line) Name() string {
	if l.name != "" {
		return l.name
	}
	return l.Provider.Name()
}

func (l *line) Open(ctx context.Context, o billing.Order) (billing.Session, error) {
	l.mu.Lock()
	l.opens++
	before, after, order := l.before, l.after, l.order
	l.mu.Unlock()
	if before != nil {
		return billing.Session{}, before
	}
	if order != nil {
		order(&o)
	}
	s, err := l.Provider.Open(ctx, o)
	l.mu.Lock()
	l.made[s.ID] = true
	l.mu.Unlock()
	if after != nil {
		return billing.Session{}, after
	}
	return s, err
}

func (l *line) Refund(ctx context.Context, f billing.Refund) error {
	l.mu.Lock()
	err := l.refund
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.Provider.Refund(ctx, f)
}

func (l *line) Expire(ctx context.Context, session string) error {
	if l.noExpiry {
		return nil
	}
	return l.Provider.Expire(ctx, session)
}

func (l *line) Payment(ctx context.Context, ref string) (billing.State, error) {
	st, err := l.Provider.Payment(ctx, ref)
	l.mu.Lock()
	l.asks++
	l.asked[ref]++
	answer := l.answer
	l.mu.Unlock()
	if err == nil && answer != nil {
		err = answer(&st)
	}
	return st, err
}

// send is the provider's way to the shop.
func (l *line) send(_ context.Context, h http.Header, body []byte) error {
	x := letter{h, body}
	l.mu.Lock()
	l.letters = append(l.letters, x)
	drop := l.drop
	l.mu.Unlock()
	if drop {
		return nil
	}
	return l.deliver(x)
}

func (l *line) last() letter { return l.letters[len(l.letters)-1] }

// newRig is a rig with the named provider.
func newRig(t *testing.T, provider string, db *store.DB, clock *storetest.Clock) *rig {
	t.Helper()
	ids := kinpict.IDs{Now: clock.Now, Rand: rand.Reader}
	r := &rig{T: t, db: db, clock: clock, log: &records{}}
	r.sand = &sandbox.Provider{DB: db, IDs: ids, Now: clock.Now, Keys: [][]byte{sandbox.Key([]byte("secret"))}, PublicURL: "http://localhost:8080",
		Log: slog.New(slog.NewTextHandler(r.log, nil))}
	r.bank = r.sand
	var stand *stripetest.Bank
	if provider == stripe.Name {
		stand = stripetest.New(t, clock.Now)
		r.bank = stripeBank{stripe.New(stripe.Config{Key: stripetest.Key, Secrets: stand.Secrets, BaseURL: stand.URL, Now: clock.Now}), stand}
	}
	r.line = &line{Provider: r.bank, asked: map[string]int{}, made: map[string]bool{}, deliver: func(x letter) error { return r.post(x) }}
	r.sand.Deliver = r.line.send
	if stand != nil {
		stand.Deliver = r.line.send
	}
	r.shop = &billing.Shop{DB: db, IDs: ids, Now: clock.Now, Provider: r.line, PublicURL: "http://localhost:8080", Log: slog.New(slog.NewTextHandler(r.log, nil))}
	if err := db.Seed(context.Background(), kinpict.DefaultCatalog()); err != nil {
		t.Fatalf("seed: %v", err)
	}
	r.buyer = r.person("ann")
	r.inbox = r.events()
	return r
}

// cases runs f with a fresh rig for every case, on one database of every kind:
// making a database takes longer than most cases.
func cases[C any](t *testing.T, all []C, name func(C) string, f func(r *rig, c C)) {
	t.Helper()
	run := func(t *testing.T, provider string, db *store.DB, clock *storetest.Clock) {
		for _, c := range all {
			t.Run(name(c), func(t *testing.T) { f(newRig(t, provider, db, clock), c) })
		}
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) { run(t, sandbox.Name, db, clock) })
	t.Run("stripe", func(t *testing.T) {
		clock := storetest.NewClock()
		run(t, stripe.Name, storetest.New(t, "sqlite", clock), clock)
	})
}

// each runs f with a fresh rig for the sandbox on every kind of database, and
// for Stripe on one: what a provider does is the same on all.
func each(t *testing.T, f func(r *rig)) {
	t.Helper()
	eachSandbox(t, f)
	eachStripe(t, func(r *rig, _ *stripetest.Bank) { f(r) })
}

// eachStripe is each for what only the stand-in for Stripe can do.
func eachStripe(t *testing.T, f func(r *rig, stand *stripetest.Bank)) {
	t.Helper()
	t.Run("stripe", func(t *testing.T) {
		clock := storetest.NewClock()
		r := newRig(t, stripe.Name, storetest.New(t, "sqlite", clock), clock)
		f(r, r.bank.(stripeBank).Bank)
	})
}

// eachSandbox is each for what is about the sandbox's own words.
func eachSandbox(t *testing.T, f func(r *rig)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) { f(newRig(t, sandbox.Name, db, clock)) })
}

func (r *rig) update(f func(tx *store.Tx) error) {
	r.Helper()
	if err := r.db.Update(context.Background(), f); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) person(name string) kinpict.Caller {
	r.Helper()
	id := r.shop.IDs.New(kinpict.AccountPrefix)
	c := kinpict.Caller{AccountID: id, Email: name + "@" + id + ".example", Role: kinpict.Customer}
	r.update(func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: c.AccountID, Email: c.Email, Role: c.Role, Status: "active", CreatedAt: tx.Now()})
		return err
	})
	return c
}

// boss is a colleague who can agree to what is large, and returns their address.
func (r *rig) boss() string {
	r.Helper()
	r.update(func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: "acc_boss", Email: "boss@example.org", Role: kinpict.Operator, Status: "active", CreatedAt: tx.Now()})
		return err
	})
	return "boss@example.org"
}

// key is an intent with the words of a small API.
func (r *rig) key(k string) kinpict.Intent {
	return kinpict.Intent{Route: "POST /checkouts", Key: k, Hash: []byte("credits-80"), Answer: func(result any, err error) (int, []byte) {
		p := result.(*kinpict.Purchase)
		return http.StatusCreated, fmt.Appendf(nil, "%s %s %s", p.ID, p.State, p.URL)
	}}
}

func (r *rig) checkout(c kinpict.Caller, pack string) *kinpict.Purchase {
	r.Helper()
	r.n++
	o, err := r.shop.Checkout(context.Background(), c, r.key(fmt.Sprint("key-", r.n)), billing.Choice{Pack: pack})
	if err != nil {
		r.Fatalf("checkout: %v", err)
	}
	return o.Purchase
}

func (r *rig) outcome(p *kinpict.Purchase, outcomes ...string) {
	r.Helper()
	for _, o := range outcomes {
		if err := r.bank.Outcome(context.Background(), p.SessionID, o); err != nil {
			r.Fatalf("%s: %v", o, err)
		}
	}
}

func (r *rig) post(x letter) error {
	return r.shop.Webhook(context.Background(), r.bank.Name(), x.header, x.body)
}

func (r *rig) tick() {
	r.Helper()
	if err := r.shop.Tick(context.Background()); err != nil {
		r.Fatalf("tick: %v", err)
	}
}

func (r *rig) balance(c kinpict.Caller) kinpict.Balance {
	r.Helper()
	b, err := r.shop.Balance(context.Background(), c)
	if err != nil {
		r.Fatal(err)
	}
	return b
}

// wantCredits checks what the buyer holds and owes.
func (r *rig) wantCredits(when string, balance, debt kinpict.Credits) {
	r.Helper()
	if b := r.balance(r.buyer); b.Balance != balance || b.Debt != debt {
		r.Errorf("%s: %d credits and a debt of %d, want %d and %d", when, b.Balance, b.Debt, balance, debt)
	}
}

// stored is the purchase as it lies in the database, nobody being asked.
func (r *rig) stored(id string) *store.Purchase {
	r.Helper()
	var p *store.Purchase
	err := r.db.View(context.Background(), func(tx *store.Tx) (err error) {
		p, err = tx.Purchase(id)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return p
}

func (r *rig) wantState(when string, p *kinpict.Purchase, state string) {
	r.Helper()
	if q := r.stored(p.ID); q.State != state {
		r.Errorf("%s: the purchase is %s (%s), want %s", when, q.State, q.Problem, state)
	}
}

// grants counts the buyer's purchases in the statement.
func (r *rig) wantGrants(when string, want int) {
	r.Helper()
	lines, _, err := r.shop.Statement(context.Background(), r.buyer, billing.Filter{}, "", billing.MaxStatement)
	if err != nil {
		r.Fatal(err)
	}
	n := 0
	for _, l := range lines {
		if l.Kind == "purchase" {
			n++
		}
	}
	if n != want {
		r.Errorf("%s: %d grants, want %d", when, n, want)
	}
}

// events counts what lies in the inbox, by state.
func (r *rig) events() (n map[string]int) {
	r.Helper()
	err := r.db.View(context.Background(), func(tx *store.Tx) (err error) {
		n, err = tx.EventCounts(r.bank.Name())
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return n
}

// wantInbox checks what this rig brought into the inbox.
func (r *rig) wantInbox(when string, want map[string]int) {
	r.Helper()
	got := r.events()
	for state, n := range r.inbox {
		if got[state] -= n; got[state] == 0 {
			delete(got, state)
		}
	}
	if !maps.Equal(got, want) {
		r.Errorf("%s: the inbox holds %v, want %v", when, got, want)
	}
}

// spend accepts pictures for n credits in all, a multiple of 4, the way the
// tool does, and returns their ids.
func (r *rig) spend(n kinpict.Credits) []string {
	r.Helper()
	book, err := r.shop.Catalog(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	rate := book.Qualities[0].Credits
	if n%rate != 0 {
		r.Fatalf("%d credits do not pay for whole pictures of %d", n, rate)
	}
	var ids []string
	for range n / rate {
		g := &kinpict.Generation{ID: r.shop.IDs.New(kinpict.GenerationPrefix), Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "beach", Aspect: "4:5"},
			Credits: rate, CatalogUsed: book.Version, CreatedAt: r.clock.Now()}
		_, err := r.db.Accept(context.Background(), &store.Acceptance{AccountID: r.buyer.AccountID, Status: http.StatusAccepted, Answer: []byte{}, Generation: g,
			Intent: kinpict.Intent{Route: "POST /generations", Key: g.ID, Hash: []byte{1}}, Deadline: r.clock.Now().Add(30 * time.Minute)})
		if err != nil {
			r.Fatalf("spend %d: %v", n, err)
		}
		ids = append(ids, g.ID)
	}
	return ids
}

func wantCode(t *testing.T, what string, err error, code kinpict.Code) {
	t.Helper()
	if got := kinpict.CodeOf(err); got != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}
