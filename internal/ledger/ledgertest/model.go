// Package ledgertest proves the ledger by comparison: a model that keeps one
// record for every single credit, and a random walk that leads a Subject and
// the model through the same operations and compares them after each. The
// model shares no arithmetic with package ledger: it moves credits one at a
// time and counts them.
package ledgertest

import "kinpict"

// grace repeats docs/ledger.md: what returns to a dead lot can be spent for
// seven days, in microseconds.
const grace = int64(7 * 24 * 3600 * 1e6)

// Where a credit is.
type place int

const (
	free place = iota
	used
	expired
	forfeited
	withdrawn
	takenBack
)

// A credit is one credit.
type credit struct {
	lot   *lot
	place place
}

// A lot is credits that came together. want is what the last reversal asked of
// it; what it can be asked for falls as credits expire or are given up.
type lot struct {
	id, kind, source string
	credits          []*credit
	want             int
	forgiven         int
	born             int64
	expires, grace   int64
}

// A charge is the credits it took, in the order of taking; those given back
// are dropped from the end.
type charge struct {
	id    string
	took  []*credit
	cost  int
	state string
}

// A model is the account the naive way.
type model struct {
	now     int64
	lots    []*lot
	charges map[string]*charge
	closed  bool
}

func newModel(now int64) *model { return &model{now: now, charges: map[string]*charge{}} }

func (l *lot) count(p place) int {
	n := 0
	for _, c := range l.credits {
		if c.place == p {
			n++
		}
	}
	return n
}

// move takes n credits of the lot from one place to another, one by one.
func (l *lot) move(n int, from, to place) int {
	moved := 0
	for _, c := range l.credits {
		if moved == n {
			break
		}
		if c.place == from {
			c.place = to
			moved++
		}
	}
	return moved
}

// target: nobody is asked for credits that expired, were given up or withdrawn.
func (l *lot) target() int {
	return min(l.want, len(l.credits)-l.count(expired)-l.count(forfeited)-l.count(withdrawn))
}

func (l *lot) debt() int { return l.target() - l.count(takenBack) - l.forgiven }

// settle brings the lot to rest: too much taken comes back, waived debt that
// is no longer asked for is no longer waived, what is free pays the debt.
func (l *lot) settle() {
	for l.count(takenBack) > l.target() {
		l.move(1, takenBack, free)
	}
	for l.forgiven > 0 && l.debt() < 0 {
		l.forgiven--
	}
	for l.debt() > 0 && l.count(free) > 0 {
		l.move(1, free, takenBack)
	}
}

func (l *lot) dies() int64 { return max(l.expires, l.grace) }

func (m *model) dead(l *lot) bool { return l.expires != 0 && l.dies() <= m.now }

var rank = map[string]int{kinpict.LotPromo: 1, kinpict.LotBonus: 2, kinpict.LotAdjust: 3, kinpict.LotPaid: 4}

// before is the spend order in words: kind, then the one that dies first, then
// the oldest, then the id.
func before(a, b *lot) bool {
	switch {
	case rank[a.kind] != rank[b.kind]:
		return rank[a.kind] < rank[b.kind]
	case (a.expires == 0) != (b.expires == 0):
		return a.expires != 0
	case a.expires != 0 && a.dies() != b.dies():
		return a.dies() < b.dies()
	case a.born != b.born:
		return a.born < b.born
	}
	return a.id < b.id
}

// first finds the lot to go to next among those that fit.
func (m *model) first(fits func(*lot) bool) *lot {
	var best *lot
	for _, l := range m.lots {
		if fits(l) && (best == nil || before(l, best)) {
			best = l
		}
	}
	return best
}

func (m *model) spendable() int {
	n := 0
	for _, l := range m.lots {
		if !m.dead(l) {
			n += l.count(free)
		}
		n -= l.debt()
	}
	return n
}

// next is one free credit of the lot spent first, or nil.
func (m *model) next() *credit {
	l := m.first(func(l *lot) bool { return !m.dead(l) && l.count(free) > 0 })
	if l == nil {
		return nil
	}
	for _, c := range l.credits {
		if c.place == free {
			return c
		}
	}
	return nil
}

func (m *model) grant(id, kind, source string, n int, expires int64) {
	l := &lot{id: id, kind: kind, source: source, born: m.now, expires: expires}
	for range n {
		l.credits = append(l.credits, &credit{lot: l})
	}
	m.lots = append(m.lots, l)
}

func (m *model) sweep() {
	for _, l := range m.lots {
		if m.dead(l) {
			l.move(l.count(free), free, expired)
			l.settle()
		}
	}
}

func (m *model) charge(id string, cost int) bool {
	if m.closed {
		return false
	}
	m.sweep()
	if m.spendable() < cost {
		return false
	}
	c := &charge{id: id, cost: cost, state: "open"}
	for range cost {
		one := m.next()
		one.place = used
		c.took = append(c.took, one)
	}
	m.charges[id] = c
	return true
}

// back returns the last n credits of the charge, one by one.
func (m *model) back(c *charge, n int) {
	for range n {
		one := c.took[len(c.took)-1]
		c.took = c.took[:len(c.took)-1]
		l := one.lot
		dead := m.dead(l)
		if dead {
			l.move(l.count(free), free, expired)
			l.settle()
		}
		one.place = free
		l.settle()
		if dead && l.count(free) > 0 {
			l.grace = m.now + grace
		}
	}
	m.giveUp()
}

// giveUp: a closed account keeps nothing, also not what comes back to it.
func (m *model) giveUp() {
	if !m.closed {
		return
	}
	for _, l := range m.lots {
		l.move(l.count(free), free, forfeited)
		l.settle()
	}
}

func (m *model) settleCharge(id string) bool {
	c := m.charges[id]
	if c.state != "open" {
		return false
	}
	c.state = "earned"
	return true
}

func (m *model) returnCharge(id string) bool {
	c := m.charges[id]
	if c.state != "open" {
		return false
	}
	c.state = "returned"
	m.back(c, len(c.took))
	return true
}

func (m *model) goodwill(id string, n int) bool {
	c := m.charges[id]
	if c.state != "earned" || n < 1 || n > len(c.took) {
		return false
	}
	m.back(c, n)
	return true
}

// reverse asks each lot of the source for as many of its credits as the part
// of the money that went back pays for, rounded down.
func (m *model) reverse(source string, reversed, amount int64) {
	for _, l := range m.lots {
		if l.source != source {
			continue
		}
		l.want = 0
		for l.want < len(l.credits) && int64(l.want+1)*amount <= int64(len(l.credits))*reversed {
			l.want++
		}
		l.settle()
	}
	m.giveUp()
}

func (m *model) take(n int) bool {
	have := 0
	for _, l := range m.lots {
		if !m.dead(l) {
			have += l.count(free)
		}
	}
	if have < n {
		return false // and nothing happened, no sweep either
	}
	m.sweep()
	for range n {
		one := m.next()
		one.place = withdrawn
		one.lot.settle()
	}
	return true
}

func (m *model) forgive(n int) int {
	done := 0
	for done < n {
		l := m.first(func(l *lot) bool { return l.debt() > 0 })
		if l == nil {
			break
		}
		l.forgiven++
		done++
	}
	return done
}

func (m *model) close() {
	m.closed = true
	m.giveUp()
}

func (m *model) state() State {
	s := State{Lots: map[string]Counts{}, Returned: map[string]kinpict.Credits{}, House: map[string]kinpict.Credits{}}
	house := func(code string, n int) { s.House[code] += kinpict.Credits(n) }
	for _, l := range m.lots {
		c := Counts{Remaining: l.count(free), Consumed: l.count(used), Expired: l.count(expired), Withdrawn: l.count(withdrawn),
			Forfeited: l.count(forfeited), Target: l.target(), Taken: l.count(takenBack), Forgiven: l.forgiven}
		s.Lots[l.id] = c
		s.Balance += kinpict.Credits(c.Remaining)
		s.Debt += kinpict.Credits(l.debt())
		house("lot", c.Remaining)
		house("debt", -l.debt())
		house("breakage", c.Expired)
		house("forfeited", c.Forfeited)
		house("reversed", c.Target)
		house("issued.adjust", c.Withdrawn-c.Forgiven)
		house(map[string]string{kinpict.LotPaid: "issued.paid", kinpict.LotAdjust: "issued.adjust", kinpict.LotPromo: "issued.promo", kinpict.LotBonus: "issued.promo"}[l.kind], -len(l.credits))
	}
	for _, c := range m.charges {
		s.Returned[c.id] = kinpict.Credits(c.cost - len(c.took))
		if c.state == "open" {
			house("deferred", len(c.took))
		} else {
			house("earned", len(c.took))
		}
	}
	s.Spendable = kinpict.Credits(m.spendable())
	return s
}
