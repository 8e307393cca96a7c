package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"

	"kinpict"
	"kinpict/internal/ledger"
)

// auditHistory walks every account's transactions in order and proves what only
// the order shows: numbers without gaps and balances that chain (A17), hashes
// that link and match the content (A18, A24), and lots spent in the legal order
// (A14).
func (t *Tx) auditHistory(scope Scope) ([]Finding, error) {
	var found []Finding
	lots := map[string]*ledger.Lot{}
	all, err := t.lots(`WHERE `+scoped(`{account_id}`, scope), scope.AccountID)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		lots[l.ID] = l
	}
	w := &walker{lots: lots, report: func(check, subject, format string, a ...any) {
		found = append(found, Finding{check, subject, fmt.Sprintf(format, a...)})
	}}
	err = t.each(func(r *sql.Rows) error {
		var x ledger.Txn
		var hash []byte
		var code, lot sql.NullString
		var amount sql.NullInt64
		if err := r.Scan(&x.AccountID, &x.Seq, &x.Kind, &x.RefType, &x.RefID, &x.Ordinal, &x.Actor, &x.Reason, &x.Note, &x.EffectiveAt, &x.RecordedAt,
			&x.BalanceAfter, &x.DebtAfter, &hash, &code, &lot, &amount); err != nil {
			return err
		}
		if w.x == nil || w.x.AccountID != x.AccountID || w.x.Seq != x.Seq {
			w.finish()
			w.x, w.hash = &x, hash
		}
		if code.Valid {
			w.x.Entries = append(w.x.Entries, ledger.Entry{Code: code.String, LotID: lot.String, Amount: kinpict.Credits(amount.Int64)})
		}
		return nil
	}, scoped(`SELECT t.account_id, t.account_seq, t.kind, t.ref_type, t.ref_id, t.ordinal, t.actor, t.reason, t.note, t.effective_at, t.recorded_at,
			t.balance_after, t.debt_after, t.hash, e.code, e.lot_id, e.amount
		FROM txn t LEFT JOIN entry e ON e.account_id = t.account_id AND e.account_seq = t.account_seq
		WHERE {t.account_id} ORDER BY t.account_id, t.account_seq, e.line`, scope), scope.AccountID)
	if err != nil {
		return found, err
	}
	w.finish()
	err = t.each(func(r *sql.Rows) error {
		var id string
		var seq, balance, debt int64
		if err := r.Scan(&id, &seq, &balance, &debt); err != nil {
			return err
		}
		end := w.ends[id]
		if end.seq != seq || int64(end.balance) != balance || int64(end.debt) != debt {
			w.report("A17", id, "stands at transaction %d with %d and a debt of %d, its history ends at %d with %d and %d", seq, balance, debt, end.seq, end.balance, end.debt)
		}
		return nil
	}, scoped(`SELECT id, seq, balance, debt FROM account WHERE {id}`, scope), scope.AccountID)
	return found, err
}

// A walker holds where one account's history has got to.
type walker struct {
	lots   map[string]*ledger.Lot // as they are now; Remaining is replayed in left
	report func(check, subject, format string, a ...any)
	x      *ledger.Txn
	hash   []byte

	account string
	at      end
	prev    []byte
	last    int64
	left    map[string]kinpict.Credits
	grace   map[string]int64
	ends    map[string]end
}

type end struct {
	seq           int64
	balance, debt kinpict.Credits
}

// finish judges the transaction whose entries are complete.
func (w *walker) finish() {
	x := w.x
	if x == nil {
		return
	}
	if w.ends == nil {
		w.ends = map[string]end{}
	}
	if x.AccountID != w.account {
		w.account, w.at, w.prev, w.last = x.AccountID, end{}, nil, 0
		w.left, w.grace = map[string]kinpict.Credits{}, map[string]int64{}
	}
	name := fmt.Sprintf("%s/%d", x.AccountID, x.Seq)
	if x.Seq != w.at.seq+1 {
		w.report("A17", name, "follows number %d", w.at.seq)
	}
	if x.RecordedAt <= w.last || x.EffectiveAt > x.RecordedAt {
		w.report("A17", name, "is dated before the one it follows, or takes effect after it was recorded")
	}
	if !bytes.Equal(x.Hash(w.prev), w.hash) {
		w.report("A18", name, "does not match its hash: it, its entries or what came before was changed")
	}
	if x.Kind == ledger.KindCharge {
		w.order(name, x)
	}
	next := w.at
	for _, e := range x.Entries {
		switch e.Code {
		case ledger.CodeLot:
			next.balance += e.Amount
			w.left[e.LotID] += e.Amount
		case ledger.CodeDebt:
			next.debt -= e.Amount
		}
		if l := w.lots[e.LotID]; l != nil && l.ExpiresAt != 0 && (x.Kind == ledger.KindReturn || x.Kind == ledger.KindGoodwill) {
			then := *l
			then.GraceUntil = w.grace[e.LotID]
			if !then.Live(x.EffectiveAt) {
				w.grace[e.LotID] = x.EffectiveAt + grace.Microseconds()
			}
		}
	}
	if x.BalanceAfter != next.balance || x.DebtAfter != next.debt {
		w.report("A17", name, "says %d and a debt of %d, its entries lead to %d and %d", x.BalanceAfter, x.DebtAfter, next.balance, next.debt)
	}
	next.seq = x.Seq
	w.at, w.prev, w.last = next, w.hash, x.RecordedAt
	w.ends[x.AccountID] = next
	w.x = nil
}

// order proves that a charge took from the lots that came first.
func (w *walker) order(name string, x *ledger.Txn) {
	var live []*ledger.Lot
	for id, n := range w.left {
		l := w.lots[id]
		if l == nil || n <= 0 {
			continue
		}
		then := *l
		then.Remaining, then.GraceUntil = n, w.grace[id]
		if then.Live(x.EffectiveAt) {
			live = append(live, &then)
		}
	}
	var cost kinpict.Credits
	var took []ledger.Alloc
	for _, e := range x.Entries {
		if e.Code == ledger.CodeLot {
			cost -= e.Amount
			took = append(took, ledger.Alloc{Seq: int64(len(took) + 1), LotID: e.LotID, Amount: -e.Amount})
		}
	}
	if want := ledger.Spend(live, cost, x.EffectiveAt); !slices.Equal(want, took) {
		w.report("A14", name, "took from the wrong lots: %v, not %v", took, want)
	}
}
