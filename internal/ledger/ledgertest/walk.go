package ledgertest

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"kinpict"
)

// A Subject is what the walk is led through: one account at a time.
type Subject interface {
	// Open begins a new account; what follows is about it.
	Open(account string) error
	// Advance moves the clock on by us microseconds.
	Advance(us int64)
	// Grant gives n credits; expires is 0 for never. A bonus has the source of a
	// purchase; the payment of a purchase was amount minor units.
	Grant(lot, kind, source string, n kinpict.Credits, expires, amount int64) error
	Charge(id string, cost kinpict.Credits) (bool, error)
	Settle(charge string) (bool, error)
	Return(charge string) (bool, error)
	Goodwill(charge string, n kinpict.Credits) (bool, error)
	Reverse(source string, reversed, amount int64) error
	Take(id string, n kinpict.Credits) (bool, error)
	Forgive(id string, n kinpict.Credits) (kinpict.Credits, error)
	Sweep() error
	Close() error
	State() (State, error)
	// Audit proves the subject's books; the walk calls it now and then.
	Audit() error
}

// Counts are the counters of a lot.
type Counts struct{ Remaining, Consumed, Expired, Withdrawn, Forfeited, Target, Taken, Forgiven int }

// State is what is compared: caches, lots, and how much of each charge went back.
type State struct {
	Balance, Debt, Spendable kinpict.Credits
	Lots                     map[string]Counts
	Returned                 map[string]kinpict.Credits
	House                    map[string]kinpict.Credits // by code of entry; nil if the subject does not tell
}

var (
	seed  = flag.Uint64("ledger.seed", 0, "seed of the random walks; 0 takes a new one each run")
	steps = flag.Int("ledger.steps", 0, "steps of the random walks; 0 takes each test's own number")
)

// Options of a walk.
type Options struct {
	Steps int
	Start int64             // the subject's clock, microseconds
	Costs []kinpict.Credits // what a charge may cost
}

// Walk leads the subject and the model through random operations and fails the
// test at the first difference, with the seed and the last steps to it.
func Walk(t *testing.T, s Subject, o Options) {
	t.Helper()
	if *steps > 0 {
		o.Steps = *steps
	}
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	w := &walker{t: t, s: s, o: o, r: rand.New(rand.NewPCG(from, 1)), clock: o.Start}
	defer func() {
		if t.Failed() {
			t.Logf("-ledger.seed=%d -ledger.steps=%d; the last steps:\n%s", from, o.Steps, strings.Join(w.log, "\n"))
		}
	}()
	w.open()
	for i := range o.Steps {
		w.step()
		w.compare()
		if t.Failed() {
			return
		}
		if i%500 == 499 || i == o.Steps-1 {
			w.must(w.s.Sweep())
			w.m.sweep()
			w.compare()
			if err := s.Audit(); err != nil {
				t.Errorf("step %d: %v", i+1, err)
				return
			}
		}
	}
}

type walker struct {
	t           *testing.T
	s           Subject
	o           Options
	r           *rand.Rand
	m           *model
	clock       int64
	n           int // numbers things
	after       int // steps since the account was closed
	openCharges []string
	done        []string
	paid        []payment
	log         []string
}

type payment struct {
	source           string
	amount, reversed int64
	bonus            bool
}

func (w *walker) say(format string, a ...any) {
	w.log = append(w.log, fmt.Sprintf(format, a...))
	if len(w.log) > 40 {
		w.log = w.log[1:]
	}
}

func (w *walker) must(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Errorf("%v", err)
	}
}

func (w *walker) id(prefix string) string {
	w.n++
	return fmt.Sprintf("%s_%06d", prefix, w.n)
}

func (w *walker) open() {
	id := w.id("acc")
	w.say("open %s", id)
	w.m, w.openCharges, w.done, w.paid, w.after, w.log = newModel(w.clock), nil, nil, nil, 0, nil
	w.must(w.s.Open(id))
}

func (w *walker) pick(from []string) string { return from[w.r.IntN(len(from))] }

const (
	hour = int64(3600 * 1e6)
	day  = 24 * hour
)

func (w *walker) step() {
	if w.m.closed {
		if w.after++; w.after > 6 {
			w.open()
			return
		}
	}
	if len(w.m.lots) > 24 && !w.m.closed {
		w.close()
		return
	}
	switch n := w.r.IntN(100); {
	case n < 14:
		w.grant()
	case n < 44:
		id, cost := w.id("gen"), w.o.Costs[w.r.IntN(len(w.o.Costs))]
		w.say("charge %s of %d", id, cost)
		got, err := w.s.Charge(id, cost)
		w.must(err)
		if w.agree("charge", got, w.m.charge(id, int(cost))); got {
			w.openCharges = append(w.openCharges, id)
		}
	case n < 54:
		w.closeCharge("settle", w.s.Settle, w.m.settleCharge)
	case n < 66:
		w.closeCharge("return", w.s.Return, w.m.returnCharge)
	case n < 71:
		if len(w.done) > 0 {
			id, x := w.pick(w.done), 1+w.r.IntN(9)
			w.say("goodwill of %d on %s", x, id)
			got, err := w.s.Goodwill(id, kinpict.Credits(x))
			w.must(err)
			w.agree("goodwill", got, w.m.goodwill(id, x))
		}
	case n < 81:
		w.reverse()
	case n < 84:
		id, x := w.id("adj"), 1+w.r.IntN(12)
		w.say("take %d", x)
		got, err := w.s.Take(id, kinpict.Credits(x))
		w.must(err)
		w.agree("take", got, w.m.take(x))
	case n < 88:
		id, x := w.id("adj"), 1+w.r.IntN(20)
		w.say("forgive %d", x)
		got, err := w.s.Forgive(id, kinpict.Credits(x))
		w.must(err)
		if want := w.m.forgive(x); int(got) != want {
			w.t.Errorf("forgave %d, want %d", got, want)
		}
	case n < 91:
		w.say("sweep")
		w.must(w.s.Sweep())
		w.m.sweep()
	case n < 99:
		us := []int64{1, hour, day, 3 * day, 8 * day}[w.r.IntN(5)]
		w.say("%d h go by", us/hour)
		w.clock += us
		w.m.now += us
		w.s.Advance(us)
	case w.r.IntN(3) == 0:
		w.close()
	}
}

func (w *walker) agree(what string, got, want bool) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// closeCharge tries an open charge, or one closed before, which must do nothing.
func (w *walker) closeCharge(what string, subject func(string) (bool, error), model func(string) bool) {
	from := w.openCharges
	if len(from) == 0 || w.r.IntN(10) == 0 {
		from = w.done
	}
	if len(from) == 0 {
		return
	}
	id := w.pick(from)
	w.say("%s %s", what, id)
	got, err := subject(id)
	w.must(err)
	w.agree(what, got, model(id))
	if got {
		w.done = append(w.done, id)
		for i, o := range w.openCharges {
			if o == id {
				w.openCharges = append(w.openCharges[:i:i], w.openCharges[i+1:]...)
				break
			}
		}
	}
}

func (w *walker) grant() {
	if w.m.closed {
		return
	}
	id := w.id("lot")
	kind := []string{kinpict.LotPromo, kinpict.LotAdjust, kinpict.LotPaid, kinpict.LotPaid, kinpict.LotBonus}[w.r.IntN(5)]
	source, n := "src"+id, 1+w.r.IntN(40)
	var expires int64
	p := payment{source: source, amount: []int64{1, 7, 1200, 3500, 99999}[w.r.IntN(5)]}
	switch kind {
	case kinpict.LotPaid:
		w.paid = append(w.paid, p)
	case kinpict.LotBonus: // belongs to a purchase that nothing happened to
		at := -1
		for i, q := range w.paid {
			if !q.bonus && q.reversed == 0 {
				at = i
			}
		}
		if at < 0 {
			return
		}
		w.paid[at].bonus = true
		p = w.paid[at]
	}
	if kind != kinpict.LotPaid && w.r.IntN(3) > 0 {
		expires = w.clock + 1 + w.r.Int64N(20*day)
	}
	w.say("grant %s: %d %s of %s until %d", id, n, kind, p.source, expires)
	w.must(w.s.Grant(id, kind, p.source, kinpict.Credits(n), expires, p.amount))
	w.m.grant(id, kind, p.source, n, expires)
}

// reverse moves a payment to any state up or down, the same again included.
func (w *walker) reverse() {
	if len(w.paid) == 0 {
		return
	}
	p := &w.paid[w.r.IntN(len(w.paid))]
	switch w.r.IntN(5) {
	case 0:
		p.reversed = 0
	case 1:
		p.reversed = p.amount
	case 2, 3:
		p.reversed = w.r.Int64N(p.amount + 1)
	}
	w.say("reverse %d of %d of %s", p.reversed, p.amount, p.source)
	w.must(w.s.Reverse(p.source, p.reversed, p.amount))
	w.m.reverse(p.source, p.reversed, p.amount)
}

func (w *walker) close() {
	w.say("close")
	w.must(w.s.Close())
	w.m.close()
}

func (w *walker) compare() {
	w.t.Helper()
	got, err := w.s.State()
	w.must(err)
	want := w.m.state()
	if got.Balance != want.Balance || got.Debt != want.Debt || got.Spendable != want.Spendable {
		w.t.Errorf("balance %d, debt %d, spendable %d; want %d, %d, %d", got.Balance, got.Debt, got.Spendable, want.Balance, want.Debt, want.Spendable)
	}
	for id, c := range want.Lots {
		if got.Lots[id] != c {
			w.t.Errorf("lot %s: %+v, want %+v", id, got.Lots[id], c)
		}
	}
	if !maps.Equal(got.Returned, want.Returned) {
		w.t.Errorf("returned by charge: %v, want %v", got.Returned, want.Returned)
	}
	if got.House == nil {
		return
	}
	for code, n := range want.House {
		if got.House[code] != n {
			w.t.Errorf("the house's %s: %d, want %d", code, got.House[code], n)
		}
	}
}
