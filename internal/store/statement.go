package store

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/ledger"
)

// Lots are the account's lots with something left, in spend order.
func (t *Tx) Lots(accountID string) ([]kinpict.Lot, error) {
	lots, err := t.lots(`WHERE account_id = $1 AND remaining > 0`, accountID)
	if err != nil {
		return nil, err
	}
	ledger.SpendOrder(lots)
	var out []kinpict.Lot
	for _, l := range lots {
		if l.Live(t.now) {
			out = append(out, lotOf(l))
		}
	}
	return out, nil
}

// EmptyLots are the account's lots with nothing left to spend, newest first, at
// most limit.
func (t *Tx) EmptyLots(accountID string, limit int) ([]kinpict.Lot, error) {
	lots, err := t.lots(`WHERE account_id = $1 AND (remaining = 0 OR expires_at <= $2 AND coalesce(grace_until, 0) <= $2)
		ORDER BY created_at DESC, id DESC LIMIT $3`, accountID, t.now, limit)
	var out []kinpict.Lot
	for _, l := range lots {
		out = append(out, lotOf(l))
	}
	return out, err
}

func lotOf(l *ledger.Lot) kinpict.Lot {
	return kinpict.Lot{ID: l.ID, Kind: l.Kind, Granted: l.Granted, Remaining: l.Remaining, ExpiresAt: instant(l.DiesAt()),
		Source: l.SourceType + " " + l.SourceID, CreatedAt: instant(l.CreatedAt), Used: l.Consumed, Expired: l.Expired, TakenBack: l.RevTaken,
		Withdrawn: l.Withdrawn, GivenUp: l.Forfeited, Owed: l.Debt()}
}

// Sought is which lines of an account's statement are wanted. What is empty
// leaves nothing out.
type Sought struct {
	AccountID   string
	Kinds       []string  // ledger.KindCharge …
	From, Until time.Time // recorded at From or later, and before Until
	Ref         string    // the generation, purchase or adjustment they are about
	Lot         string    // that changed this lot
	Before      int64     // their sequence number; 0: from the newest

	first, end int64 // the numbers From, Until and Lot leave, of which end is none; 0 until Bounded
}

// Bounded is q with its times looked up. Whoever asks twice about the same lines
// looks them up once.
func (t *Tx) Bounded(q Sought) (Sought, error) {
	if q.end != 0 {
		return q, nil
	}
	q.first, q.end = 1, 1<<62
	from := q.From
	if q.Lot != "" {
		// Nothing touched a lot before it came, which spares the lines before it.
		var born int64
		if err := t.row(`SELECT coalesce(max(created_at), 0) FROM lot WHERE id = $1 AND account_id = $2`, q.Lot, q.AccountID).Scan(&born); err != nil {
			return q, err
		}
		if b := instant(born); b.After(from) {
			from = b
		}
	}
	var err error
	if !from.IsZero() {
		if q.first, err = t.firstSeq(q.AccountID, from); err != nil {
			return q, err
		}
	}
	if !q.Until.IsZero() {
		q.end, err = t.firstSeq(q.AccountID, q.Until)
	}
	return q, err
}

// Statement lists the transactions that changed the person's credits, newest
// first, at most limit. A settled charge changes none and is not a line.
func (t *Tx) Statement(q Sought, limit int) ([]kinpict.Transaction, error) {
	where, args, err := t.seek(q)
	if err != nil {
		return nil, err
	}
	var out []kinpict.Transaction
	args = append(args, limit)
	err = t.each(func(r *sql.Rows) error {
		var x kinpict.Transaction
		var refType, refID, code string
		var at, lotAt int64
		var balance, amount kinpict.Credits
		var hash []byte
		var m kinpict.LotMove
		var sourceType, sourceID string
		if err := r.Scan(&x.Seq, &x.Kind, &refType, &refID, &x.Reason, &at, &balance, &x.DebtAfter, &hash, &x.Quality, &x.Scenario, &x.Deleted,
			&code, &amount, &m.Lot, &m.Kind, &sourceType, &sourceID, &lotAt, &m.Returned); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].Seq != x.Seq {
			x.ID = fmt.Sprintf("%s-%d", q.AccountID, x.Seq)
			x.At = instant(at)
			x.NetAfter = balance - x.DebtAfter
			x.AvailableAfter = max(0, x.NetAfter)
			x.Hash = hex.EncodeToString(hash)
			switch refType {
			case "generation":
				x.Generation = refID
			case "purchase":
				x.Purchase = refID
			}
			out = append(out, x)
		}
		last := &out[len(out)-1]
		last.Amount += amount
		if code == ledger.CodeLot {
			m.Amount, m.Source, m.LotAt = amount, sourceType+" "+sourceID, instant(lotAt)
			last.Moves = append(last.Moves, m)
		}
		return nil
	}, `SELECT t.account_seq, t.kind, t.ref_type, t.ref_id, t.reason, t.recorded_at, t.balance_after, t.debt_after, t.hash,
			coalesce(g.quality, ''), coalesce(g.scenario, ''), coalesce(g.deleted_at, 0) > 0,
			coalesce(e.code, ''), coalesce(e.amount, 0), coalesce(e.lot_id, ''),
			coalesce(l.kind, ''), coalesce(l.source_type, ''), coalesce(l.source_id, ''), coalesce(l.created_at, 0), coalesce(a.returned, 0)
		FROM (SELECT * FROM txn t WHERE `+where+fmt.Sprintf(` ORDER BY t.account_seq DESC LIMIT $%d) t`, len(args))+`
			LEFT JOIN entry e ON e.account_id = t.account_id AND e.account_seq = t.account_seq AND e.code IN ('lot', 'debt')
			LEFT JOIN lot l ON l.id = e.lot_id
			LEFT JOIN generation g ON t.ref_type = 'generation' AND g.id = t.ref_id
			LEFT JOIN charge_alloc a ON t.kind = 'charge' AND a.charge_id = t.ref_id AND a.lot_id = e.lot_id
		ORDER BY t.account_seq DESC, e.line`, args...)
	return out, err
}

// Totals sums at most limit of the lines Statement would list, the newest of
// them. Fewer lines than limit are all there are.
func (t *Tx) Totals(q Sought, limit int) (s kinpict.Totals, err error) {
	where, args, err := t.seek(q)
	if err != nil {
		return s, err
	}
	args = append(args, limit)
	err = t.row(`SELECT count(*), `+sumOf(`CASE WHEN amount > 0 THEN amount ELSE 0 END`)+`, `+sumOf(`CASE WHEN amount < 0 THEN -amount ELSE 0 END`)+`
		FROM (SELECT (SELECT `+sumOf(`e.amount`)+` FROM entry e WHERE e.account_id = t.account_id AND e.account_seq = t.account_seq AND e.code IN ('lot', 'debt')) AS amount
			FROM txn t WHERE `+where+fmt.Sprintf(` ORDER BY t.account_seq DESC LIMIT $%d) x`, len(args)), args...).Scan(&s.Lines, &s.In, &s.Out)
	return s, err
}

// NetAt is the account's lots minus its debt at an instant, by the last
// transaction recorded before it.
func (t *Tx) NetAt(accountID string, at time.Time) (kinpict.Credits, error) {
	seq, err := t.firstSeq(accountID, at)
	if err != nil || seq == 1 {
		return 0, err
	}
	var n kinpict.Credits
	err = t.row(`SELECT balance_after - debt_after FROM txn WHERE account_id = $1 AND account_seq = $2`, accountID, seq-1).Scan(&n)
	return n, err
}

// firstSeq is the number of the first transaction recorded at an instant or
// later, one more than the last where there is none. An account's transactions
// are numbered without a gap in the order of their times, so it is found by
// halving, and no index of times slows down every charge.
func (t *Tx) firstSeq(accountID string, at time.Time) (int64, error) {
	last, err := t.LastSeq(accountID)
	if err != nil {
		return 0, err
	}
	want := micros(at)
	n := sort.Search(int(last), func(i int) bool {
		var recorded int64
		if err == nil {
			err = t.row(`SELECT recorded_at FROM txn WHERE account_id = $1 AND account_seq = $2`, accountID, i+1).Scan(&recorded)
		}
		return recorded >= want
	})
	return int64(n) + 1, err
}

// seek is the condition for the lines q wants.
func (t *Tx) seek(q Sought) (where string, args []any, err error) {
	if q, err = t.Bounded(q); err != nil {
		return "", nil, err
	}
	before := q.end
	if q.Before != 0 {
		before = min(before, q.Before)
	}
	args = []any{q.AccountID, q.first, before}
	add := func(v string) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	account := `t.account_id`
	if q.Ref != "" {
		account += ` || ''` // or SQLite prefers to read the whole account to the few lines on one thing
	}
	where = account + ` = $1 AND t.account_seq >= $2 AND t.account_seq < $3 AND t.kind <> 'settle'`
	if len(q.Kinds) > 0 {
		var in []string
		for _, k := range q.Kinds {
			in = append(in, add(k))
		}
		where += ` AND t.kind IN (` + strings.Join(in, ", ") + `)`
	}
	if q.Ref != "" {
		where += ` AND t.ref_id = ` + add(q.Ref)
	}
	if q.Lot != "" {
		where += ` AND EXISTS (SELECT 1 FROM entry o WHERE o.account_id = t.account_id AND o.account_seq = t.account_seq AND o.lot_id = ` + add(q.Lot) + `)`
	}
	return where, args, nil
}

// Head is the account's last transaction: its number and its hash in hex, 0 and
// "" where there is none.
func (t *Tx) Head(accountID string) (seq int64, hash string, err error) {
	var sum []byte
	err = t.row(`SELECT a.seq, t.hash FROM account a LEFT JOIN txn t ON t.account_id = a.id AND t.account_seq = a.seq WHERE a.id = $1`, accountID).Scan(&seq, &sum)
	return seq, hex.EncodeToString(sum), err
}
