package ledgertest_test

import (
	"fmt"
	"testing"

	"kinpict"
	"kinpict/internal/ledger"
	"kinpict/internal/ledger/ledgertest"
)

const (
	start = int64(1_772_366_400_000_000)
	grace = int64(7 * 24 * 3600 * 1e6)
)

// arithmetic is package ledger without a database: lots in memory, and the
// entries of every operation added up.
type arithmetic struct {
	now     int64
	lots    []*ledger.Lot
	charges map[string]*charge
	house   map[string]kinpict.Credits
	closed  bool
	seq     int64
}

type charge struct {
	allocs   []ledger.Alloc
	state    string
	returned kinpict.Credits
}

func (a *arithmetic) Open(string) error {
	a.lots, a.charges, a.house, a.closed = nil, map[string]*charge{}, map[string]kinpict.Credits{}, false
	return nil
}

func (a *arithmetic) Advance(us int64) { a.now += us }

// do runs an operation and posts what it changed.
func (a *arithmetic) do(use string, op func() error, more ...ledger.Entry) error {
	before := make([]ledger.Lot, len(a.lots), len(a.lots)+1)
	for i, l := range a.lots {
		before[i] = *l
	}
	if err := op(); err != nil {
		return err
	}
	after := make([]ledger.Lot, len(a.lots))
	for i, l := range a.lots {
		if err := l.Check(); err != nil {
			return err
		}
		after[i] = *l
	}
	a.seq++
	x := ledger.Txn{Seq: a.seq, Entries: append(ledger.Entries(before[:len(after)], after, use), more...)}
	if len(x.Entries) == 0 {
		return nil
	}
	for _, e := range x.Entries {
		a.house[e.Code] += e.Amount
	}
	return x.Check()
}

// back is do for what may bring credits to a closed account, which keeps none.
func (a *arithmetic) back(use string, op func() error) error {
	if err := a.do(use, op); err != nil || !a.closed {
		return err
	}
	return a.Close()
}

func (a *arithmetic) Grant(id, kind, source string, n kinpict.Credits, expires, _ int64) error {
	p, _ := ledger.Priority(kind)
	return a.do("", func() error {
		a.lots = append(a.lots, &ledger.Lot{ID: id, Kind: kind, Priority: p, SourceID: source, Granted: n, Remaining: n, EffectiveAt: a.now, ExpiresAt: expires})
		return nil
	})
}

func (a *arithmetic) Sweep() error {
	return a.do("", func() error {
		for _, l := range a.lots {
			if !l.Live(a.now) {
				l.Expire()
			}
		}
		return nil
	})
}

func (a *arithmetic) spendable() (live, debt kinpict.Credits) {
	for _, l := range a.lots {
		if l.Live(a.now) {
			live += l.Remaining
		}
		debt += l.Debt()
	}
	return live, debt
}

func (a *arithmetic) Charge(id string, cost kinpict.Credits) (bool, error) {
	if a.closed {
		return false, nil
	}
	if err := a.Sweep(); err != nil {
		return false, err
	}
	if live, debt := a.spendable(); live-debt < cost {
		return false, nil
	}
	c := &charge{state: "open"}
	a.charges[id] = c
	return true, a.do(ledger.CodeDeferred, func() error {
		if c.allocs = ledger.Spend(a.lots, cost, a.now); c.allocs == nil {
			return fmt.Errorf("the lots do not cover %d", cost)
		}
		return nil
	})
}

func (a *arithmetic) Settle(id string) (bool, error) {
	c := a.charges[id]
	if c.state != "open" {
		return false, nil
	}
	c.state = "earned"
	var n kinpict.Credits
	for _, al := range c.allocs {
		n += al.Amount
	}
	return true, a.do("", func() error { return nil }, ledger.Entry{Code: ledger.CodeDeferred, Amount: -n}, ledger.Entry{Code: ledger.CodeEarned, Amount: n})
}

func (a *arithmetic) putBack(c *charge, n kinpict.Credits, use string) error {
	c.returned += n
	return a.back(use, func() error { return ledger.PutBack(a.lots, c.allocs, n, a.now, a.now+grace) })
}

func (c *charge) left() (n kinpict.Credits) {
	for _, al := range c.allocs {
		n += al.Amount - al.Returned
	}
	return n
}

func (a *arithmetic) Return(id string) (bool, error) {
	c := a.charges[id]
	if c.state != "open" {
		return false, nil
	}
	c.state = "returned"
	return true, a.putBack(c, c.left(), ledger.CodeDeferred)
}

func (a *arithmetic) Goodwill(id string, n kinpict.Credits) (bool, error) {
	c := a.charges[id]
	if c.state != "earned" || n > c.left() {
		return false, nil
	}
	return true, a.putBack(c, n, ledger.CodeEarned)
}

func (a *arithmetic) Reverse(source string, reversed, amount int64) error {
	return a.back("", func() error {
		for _, l := range a.lots {
			if l.SourceID == source {
				l.Retarget(ledger.Target(l.Granted, reversed, amount))
			}
		}
		return nil
	})
}

func (a *arithmetic) Take(_ string, n kinpict.Credits) (ok bool, err error) {
	if live, _ := a.spendable(); live < n {
		return false, nil
	}
	if err := a.Sweep(); err != nil {
		return false, err
	}
	err = a.do("", func() error { ok = ledger.Withdraw(a.lots, n, a.now); return nil })
	return ok, err
}

func (a *arithmetic) Forgive(_ string, n kinpict.Credits) (done kinpict.Credits, err error) {
	ledger.SpendOrder(a.lots)
	err = a.do("", func() error {
		for _, l := range a.lots {
			done += l.Forgive(n - done)
		}
		return nil
	})
	return done, err
}

func (a *arithmetic) Close() error {
	a.closed = true
	return a.do("", func() error {
		for _, l := range a.lots {
			l.Forfeit()
		}
		return nil
	})
}

func (a *arithmetic) State() (ledgertest.State, error) {
	s := ledgertest.State{Lots: map[string]ledgertest.Counts{}, Returned: map[string]kinpict.Credits{}, House: a.house}
	for _, l := range a.lots {
		s.Lots[l.ID] = ledgertest.Counts{Remaining: int(l.Remaining), Consumed: int(l.Consumed), Expired: int(l.Expired), Withdrawn: int(l.Withdrawn),
			Forfeited: int(l.Forfeited), Target: int(l.RevTarget), Taken: int(l.RevTaken), Forgiven: int(l.RevForgiven)}
		s.Balance += l.Remaining
	}
	live, debt := a.spendable()
	s.Debt, s.Spendable = debt, live-debt
	for id, c := range a.charges {
		s.Returned[id] = c.returned
	}
	return s, nil
}

func (a *arithmetic) Audit() error { return nil }

func TestArithmeticAgreesWithTheModel(t *testing.T) {
	ledgertest.Walk(t, &arithmetic{now: start}, ledgertest.Options{Steps: 100_000, Start: start, Costs: []kinpict.Credits{1, 3, 4, 9, 25}})
}
