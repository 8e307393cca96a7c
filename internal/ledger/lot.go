// Package ledger is the arithmetic of credits: what happens to lots when they
// are spent, returned, expired, reversed or taken, and the double entry that
// follows from it. It does no I/O and holds no clock; internal/store locks the
// rows, calls it and writes what changed.
//
// The entries of a transaction are not written by hand for each operation: they
// are derived from how the lots differ before and after it (see Entries), so
// that they sum to zero by construction.
package ledger

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"kinpict"
)

// A Lot is credits that came from one place. All counters are whole credits and
// never negative; times are microseconds since 1970, 0 where there is none.
//
//	Granted = Remaining + Consumed + Expired + RevTaken + Forfeited + Withdrawn
//
// RevTarget is how much of the lot the payment provider took back. RevTaken of
// it came out of the lot, RevForgiven was waived by staff, the rest is the
// lot's Debt: credits already used whose payment is gone.
type Lot struct {
	ID          string
	AccountID   string
	Kind        string // kinpict.LotPaid …
	Priority    int64
	SourceType  string
	SourceID    string
	Granted     kinpict.Credits
	Remaining   kinpict.Credits
	Consumed    kinpict.Credits
	Expired     kinpict.Credits
	Withdrawn   kinpict.Credits
	Forfeited   kinpict.Credits
	RevTarget   kinpict.Credits
	RevTaken    kinpict.Credits
	RevForgiven kinpict.Credits
	EffectiveAt int64
	ExpiresAt   int64
	GraceUntil  int64
	CreatedAt   int64
}

// Priorities of the kinds: lower is spent first.
var priorities = map[string]int64{kinpict.LotPromo: 10, kinpict.LotBonus: 20, kinpict.LotAdjust: 30, kinpict.LotPaid: 40}

// Priority returns the spend priority of a kind of lot and whether there is such a kind.
func Priority(kind string) (int64, bool) {
	p, ok := priorities[kind]
	return p, ok
}

// Debt is what the lot still owes.
func (l *Lot) Debt() kinpict.Credits { return l.RevTarget - l.RevTaken - l.RevForgiven }

// DiesAt is the instant from which the lot can no longer be spent, 0 for never.
func (l *Lot) DiesAt() int64 {
	if l.ExpiresAt == 0 {
		return 0
	}
	return max(l.ExpiresAt, l.GraceUntil)
}

// Live reports whether the lot can still be spent at now. A lot that is there
// has begun: whoever waited for the account may hold a clock reading from
// before it came.
func (l *Lot) Live(now int64) bool {
	return l.ExpiresAt == 0 || now < l.DiesAt()
}

// Check reports the first rule of a lot that does not hold.
func (l *Lot) Check() error {
	for _, c := range []struct {
		ok  bool
		say string
	}{
		{l.Granted > 0, "grants nothing"},
		{min(l.Remaining, l.Consumed, l.Expired, l.Withdrawn, l.Forfeited, l.RevTaken, l.RevForgiven) >= 0, "has a negative counter"},
		{l.Granted == l.Remaining+l.Consumed+l.Expired+l.RevTaken+l.Forfeited+l.Withdrawn, "does not add up to what it granted"},
		{l.RevTaken+l.RevForgiven <= l.RevTarget, "lost more than was taken back"},
		{l.RevTarget <= l.ceiling(), "owes for credits that expired or were given up"},
		{l.Debt() == 0 || l.Remaining == 0, "has credits left beside a debt"},
		{l.Kind != kinpict.LotPaid || l.ExpiresAt == 0 && l.Expired == 0, "is paid and expires"},
	} {
		if !c.ok {
			return fmt.Errorf("lot %s %s", l.ID, c.say)
		}
	}
	return nil
}

// ceiling is the most a reversal may ask of the lot: nobody owes for credits
// that expired, were given up or were withdrawn.
func (l *Lot) ceiling() kinpict.Credits { return l.Granted - l.Expired - l.Forfeited - l.Withdrawn }

// SpendOrder sorts lots the way they are spent: priority, then the one that
// dies first, then the oldest.
func SpendOrder(lots []*Lot) {
	dies := func(l *Lot) int64 {
		if d := l.DiesAt(); d != 0 {
			return d
		}
		return math.MaxInt64
	}
	slices.SortFunc(lots, func(a, b *Lot) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(dies(a), dies(b)),
			cmp.Compare(a.EffectiveAt, b.EffectiveAt), cmp.Compare(a.ID, b.ID))
	})
}

// An Alloc is what a charge took from one lot, and how much of it went back.
type Alloc struct {
	Seq      int64
	LotID    string
	Amount   kinpict.Credits
	Returned kinpict.Credits
}

// Spend takes cost from the live lots in spend order and reports from which.
// It returns nil when they do not cover it, and then changes nothing.
func Spend(lots []*Lot, cost kinpict.Credits, now int64) []Alloc {
	var allocs []Alloc
	take(lots, cost, now, func(l *Lot, n kinpict.Credits) {
		l.Consumed += n
		allocs = append(allocs, Alloc{Seq: int64(len(allocs) + 1), LotID: l.ID, Amount: n})
	})
	return allocs
}

// Withdraw takes n from the live lots for the house, in spend order, and
// reports whether they covered it. If not, it changes nothing.
func Withdraw(lots []*Lot, n kinpict.Credits, now int64) bool {
	return take(lots, n, now, func(l *Lot, n kinpict.Credits) {
		l.Withdrawn += n
		l.Retarget(l.RevTarget)
	})
}

func take(lots []*Lot, n kinpict.Credits, now int64, from func(*Lot, kinpict.Credits)) bool {
	var have kinpict.Credits
	for _, l := range lots {
		if l.Live(now) {
			have += l.Remaining
		}
	}
	if have < n {
		return false
	}
	lots = slices.Clone(lots) // the caller's order is the caller's
	SpendOrder(lots)
	for _, l := range lots {
		if x := min(l.Remaining, n); x > 0 && l.Live(now) {
			l.Remaining -= x
			n -= x
			from(l, x)
		}
	}
	return true
}

// PutBack returns n credits of a charge to the lots they came from, in reverse
// order of taking. What comes back into a lot with a debt pays that first. A
// lot that died meanwhile first expires whatever else is in it; what comes back
// can then be spent until graceUntil, so that the return is worth something and
// expired credit is not revived. A lot that still lives keeps its own end, or
// asking and canceling would prolong it for ever. lots must hold every lot of
// allocs.
func PutBack(lots []*Lot, allocs []Alloc, n kinpict.Credits, now, graceUntil int64) error {
	for i := len(allocs) - 1; i >= 0 && n > 0; i-- {
		a := &allocs[i]
		x := min(a.Amount-a.Returned, n)
		if x == 0 {
			continue
		}
		at := slices.IndexFunc(lots, func(l *Lot) bool { return l.ID == a.LotID })
		if at < 0 {
			return fmt.Errorf("lot %s of an allocation is missing", a.LotID)
		}
		l := lots[at]
		dead := !l.Live(now)
		if dead {
			l.Expire()
		}
		a.Returned += x
		n -= x
		l.Consumed -= x
		l.Remaining += x
		l.drain()
		if dead && l.Remaining > 0 {
			l.GraceUntil = graceUntil
		}
	}
	if n > 0 {
		return fmt.Errorf("%d credits more than the charge took", n)
	}
	return nil
}

// Expire ends what remains in the lot.
func (l *Lot) Expire() {
	l.Expired += l.Remaining
	l.Remaining = 0
	l.Retarget(l.RevTarget)
}

// Forfeit gives up what remains, when an account is closed.
func (l *Lot) Forfeit() {
	l.Forfeited += l.Remaining
	l.Remaining = 0
	l.Retarget(l.RevTarget)
}

// Target is what a reversal of reversed out of amount (minor units) asks of a
// lot of granted credits: all of them when all was reversed, else rounded down.
func Target(granted kinpict.Credits, reversed, amount int64) kinpict.Credits {
	if reversed >= amount {
		return granted
	}
	return kinpict.Credits(int64(granted) * max(reversed, 0) / amount)
}

// Retarget says how much of the lot is taken back in all, from now on. The same
// target twice does nothing; a lower one gives back exactly the difference.
func (l *Lot) Retarget(target kinpict.Credits) {
	l.RevTarget = min(target, l.ceiling())
	if over := l.RevTaken - l.RevTarget; over > 0 {
		l.RevTaken -= over
		l.Remaining += over
	}
	l.RevForgiven = min(l.RevForgiven, l.RevTarget-l.RevTaken)
	l.drain()
}

// drain lets what remains pay the lot's own debt.
func (l *Lot) drain() {
	x := min(l.Remaining, l.Debt())
	l.Remaining -= x
	l.RevTaken += x
}

// Forgive waives up to n of the lot's debt and returns how much.
func (l *Lot) Forgive(n kinpict.Credits) kinpict.Credits {
	n = min(n, l.Debt())
	l.RevForgiven += n
	return n
}
