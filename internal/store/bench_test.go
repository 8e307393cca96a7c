package store_test

import (
	"cmp"
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var (
	benchFor     = flag.Duration("bench.for", time.Second, "how long each run of the table lasts")
	benchRounds  = flag.Int("bench.rounds", 3, "how often each is run; the median counts")
	benchHistory = flag.Int("bench.history", 100_000, "past transactions of the largest step; 1000000 for the whole claim")
)

const benchAccounts = 2000

// A contender is one line of the table.
type contender struct {
	name    string
	clients int
	do      func(client, i int) error
	against string // the line it is divided by
	speeds  []float64
}

// BenchmarkLedger prints one table: accepts and balance reads through the store
// beside bare SQL that writes the same rows of the same tables, run alternately.
// It measures itself; b.N is not used.
func BenchmarkLedger(b *testing.B) {
	steps := []int{0}
	for n := 10_000; n <= *benchHistory; n *= 10 {
		steps = append(steps, n)
	}
	var out strings.Builder
	for _, kind := range storetest.Kinds {
		url := filepath.Join(b.TempDir(), "kinpict.db")
		if kind == "postgres" {
			url = storetest.Durable(b)
		}
		r := newRig(b, kind, url)
		for i, past := range steps {
			r.load(past)
			list := r.everything()
			if i > 0 {
				list = r.few()
			}
			fmt.Fprintf(&out, "\n%s, %d past transactions\n", kind, past)
			race(b, list)
			speed := map[string]float64{}
			for _, c := range list {
				slices.Sort(c.speeds)
				speed[c.name] = c.speeds[len(c.speeds)/2]
			}
			for _, c := range list {
				fmt.Fprintf(&out, "  %-46s %8.0f/s", c.name, speed[c.name])
				if c.against != "" {
					fmt.Fprintf(&out, "  %5.2f of %s", speed[c.name]/speed[c.against], c.against)
				}
				out.WriteByte('\n')
			}
		}
	}
	fmt.Println(out.String()) // b.Log would cut it
}

// race runs the contenders in turn, so that a busy moment hits them all.
func race(b *testing.B, list []*contender) {
	for range *benchRounds {
		for _, c := range list {
			var n atomic.Int64
			var wg sync.WaitGroup
			begin := time.Now()
			for client := range c.clients {
				wg.Go(func() {
					for i := 0; time.Since(begin) < *benchFor; i++ {
						if err := c.do(client, i); err != nil {
							b.Errorf("%s: %v", c.name, err)
							return
						}
						n.Add(1)
					}
				})
			}
			wg.Wait()
			c.speeds = append(c.speeds, float64(n.Load())/time.Since(begin).Seconds())
		}
	}
}

// A rig is a database with accounts of a million credits, the store on it, and
// a bare connection beside.
type rig struct {
	b     *testing.B
	kind  string
	db    *store.DB
	bare  *sql.DB
	next  atomic.Int64
	now   int64
	past  int
	stmts []*sql.Stmt
}

func newRig(b *testing.B, kind, url string) *rig {
	r := &rig{b: b, kind: kind}
	db, err := store.Open(ctx, store.Config{URL: url, Now: time.Now, Readers: 32})
	must(b, err)
	b.Cleanup(func() { db.Close() })
	r.db, r.now = db, time.Now().UnixMicro()
	must(b, db.Migrate(ctx))
	must(b, db.Seed(ctx, kinpict.DefaultCatalog()))
	if kind == "sqlite" {
		r.bare, err = sql.Open("sqlite", "file:"+url+"?_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)")
		r.bare.SetMaxOpenConns(1)
	} else {
		r.bare, err = sql.Open("pgx", url)
		r.bare.SetMaxOpenConns(32)
		r.bare.SetMaxIdleConns(32)
	}
	must(b, err)
	b.Cleanup(func() { r.bare.Close() })
	const count = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999) `
	for _, q := range []string{
		`INSERT INTO account (id, email, created_at, balance) ` + count + `SELECT 'acc_' || i, 'acc_' || i, 1, 1000000 FROM n`,
		`INSERT INTO lot (id, account_id, kind, priority, source_type, source_id, granted, remaining, effective_at, created_at) ` + count +
			`SELECT 'lot_' || i, 'acc_' || i, 'adjust', 30, 'adjustment', 'adj_' || i, 1000000, 1000000, 1, 1 FROM n`,
	} {
		_, err := db.Exec(ctx, q)
		must(b, err)
	}
	if kind == "sqlite" {
		for _, q := range bareSQLite {
			s, err := r.bare.Prepare(q)
			must(b, err)
			r.stmts = append(r.stmts, s)
		}
	}
	return r
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// load brings the history to n past charges, spread over the accounts, in
// numbers far above those the accounts use.
func (r *rig) load(n int) {
	if n == 0 {
		return
	}
	rows := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, r.past, n-1)
	r.past = n
	off, on := `PRAGMA foreign_keys = 0`, `PRAGMA foreign_keys = 1`
	if r.kind == "postgres" {
		off, on = `SET session_replication_role = replica`, `SET session_replication_role = origin`
	}
	c, err := r.bare.Conn(ctx)
	must(r.b, err)
	defer c.Close()
	for _, q := range []string{off,
		`INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, actor, reason, note, effective_at, recorded_at, balance_after, debt_after, hash) ` + rows +
			`SELECT 'acc_' || (i % 2000), 1000000 + i, 'charge', 'generation', 'gen_h' || (100000000 + i), 'x', '', '', 1, 1, 0, 0, ` + map[string]string{"sqlite": `x'00'`, "postgres": `'\x00'::bytea`}[r.kind] + ` FROM n`,
		`INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount) ` + rows + `SELECT 'acc_' || (i % 2000), 1000000 + i, 1, 'lot', 'lot_' || (i % 2000), -4 FROM n`,
		`INSERT INTO entry (account_id, account_seq, line, code, amount) ` + rows + `SELECT 'acc_' || (i % 2000), 1000000 + i, 2, 'deferred', 4 FROM n`,
		`INSERT INTO generation (id, funding, owner, status, quality, scenario, aspect, instruction, photos, seed, credits, catalog_version, not_before, deadline_at, created_at, image_key) ` + rows +
			`SELECT 'gen_h' || (100000000 + i), 'credits', 'acc_' || (i % 2000), 'succeeded', 'standard', 'beach', '4:5', '', '[]', 1, 4, 1, 1, 1, 1, 'k' FROM n`,
		`INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at, state) ` + rows + `SELECT 'gen_h' || (100000000 + i), 'acc_' || (i % 2000), 'standard', 1, 4, 1, 'earned' FROM n`,
		`INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) ` + rows + `SELECT 'gen_h' || (100000000 + i), 1, 'lot_' || (i % 2000), 4 FROM n`,
		on} {
		_, err := c.ExecContext(ctx, q)
		must(r.b, err)
	}
	_, err = c.ExecContext(ctx, `ANALYZE`)
	must(r.b, err)
}

func (r *rig) accept(account int) error {
	id := fmt.Sprintf("gen_%012d", r.next.Add(1))
	_, err := r.db.Accept(ctx, asking(fmt.Sprint("acc_", account), id, id))
	return err
}

func (r *rig) many(client, i int) error { return r.accept((client*101 + i*7) % benchAccounts) }
func (r *rig) hot(int, int) error       { return r.accept(0) }

func (r *rig) balance(client, i int) error {
	return r.db.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Balance(fmt.Sprint("acc_", (client*101+i*7)%benchAccounts))
		return err
	})
}

func (r *rig) everything() []*contender {
	if r.kind == "sqlite" {
		return []*contender{
			{name: "bare rows, one commit each", clients: 1, do: func(int, int) error { return r.bareBatch(1) }},
			{name: "bare rows, 64 in a commit (commits)", clients: 1, do: func(int, int) error { return r.bareBatch(64) }},
			{name: "accept, 1 client", clients: 1, do: r.many, against: "bare rows, one commit each"},
			{name: "accept, 64 waiting clients", clients: 64, do: r.many, against: "accept, 1 client"},
			{name: "balance, 4 clients", clients: 4, do: r.balance},
		}
	}
	var list []*contender
	for _, n := range []int{1, 8, 32} {
		limit := fmt.Sprintf("bare rows, %d", n)
		list = append(list, &contender{name: limit, clients: n, do: func(c, i int) error { return r.bareRows((c*101 + i*7) % benchAccounts) }},
			&contender{name: fmt.Sprintf("accept, %d", n), clients: n, do: r.many, against: limit})
	}
	return append(list,
		&contender{name: "bare rows, 32, one hot account", clients: 32, do: func(int, int) error { return r.bareRows(0) }},
		&contender{name: "accept, 32, one hot account", clients: 32, do: r.hot, against: "bare rows, 32, one hot account"},
		&contender{name: "balance, 32", clients: 32, do: r.balance})
}

func (r *rig) few() []*contender {
	n := cmp.Or(map[string]int{"sqlite": 64}[r.kind], 32)
	return []*contender{{name: fmt.Sprintf("accept, %d", n), clients: n, do: r.many}, {name: "balance, 4", clients: 4, do: r.balance}}
}

// bareCTE writes what one accept writes, in one statement that decides nothing
// but the balance and computes no hash.
const bareCTE = `WITH u AS (UPDATE account SET seq = seq + 1, balance = balance - 4, last_at = greatest($2, last_at + 1) WHERE id = $1 AND balance - debt >= 4 RETURNING seq, balance, debt, last_at),
	l AS (UPDATE lot SET remaining = remaining - 4, consumed = consumed + 4 WHERE id = $3 RETURNING id),
	i AS (INSERT INTO idem (owner, route, key, body_hash, status, ref, answer, created_at) VALUES ($1, 'POST /generations', $4, $5, 202, $4, '{}', $2)),
	t AS (INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, actor, reason, note, effective_at, recorded_at, balance_after, debt_after, hash)
		SELECT $1, seq, 'charge', 'generation', $4, $1, '', '', $2, last_at, balance, debt, $5 FROM u),
	e AS (INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount) SELECT $1, seq, 1, 'lot', $3, -4 FROM u UNION ALL SELECT $1, seq, 2, 'deferred', NULL, 4 FROM u),
	g AS (INSERT INTO generation (id, funding, owner, status, quality, scenario, aspect, instruction, photos, seed, credits, catalog_version, not_before, deadline_at, retry_of, created_at)
		VALUES ($4, 'credits', $1, 'queued', 'standard', 'beach', '4:5', 'at dusk', '[{"id":"pho_1","role":"child","label":"Zo"}]', 7, 4, 1, $2, $2, '', $2)),
	c AS (INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) VALUES ($4, $1, 'standard', 1, 4, $2)),
	a AS (INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) VALUES ($4, 1, $3, 4))
	SELECT seq FROM u`

func (r *rig) bareRows(account int) error {
	var seq int64
	return r.bare.QueryRow(bareCTE, fmt.Sprint("acc_", account), time.Now().UnixMicro(), fmt.Sprint("lot_", account),
		fmt.Sprintf("gen_%012d", r.next.Add(1)), make([]byte, 32)).Scan(&seq)
}

// bareSQLite is the same for SQLite; all take account, now, lot, id, hash and
// the transaction's number and ignore what they do not need.
var bareSQLite = []string{
	`UPDATE account SET seq = seq + 1, balance = balance - 4, last_at = max(?2, last_at + 1) WHERE id = ?1 AND balance - debt >= 4 RETURNING seq`,
	`UPDATE lot SET remaining = remaining - 4, consumed = consumed + 4 WHERE id = ?1`,
	`INSERT INTO idem (owner, route, key, body_hash, status, ref, answer, created_at) VALUES (?1, 'POST /generations', ?2, ?3, 202, ?2, x'7b7d', ?4)`,
	`INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, actor, reason, note, effective_at, recorded_at, balance_after, debt_after, hash)
		VALUES (?1, ?5, 'charge', 'generation', ?2, ?1, '', '', ?4, ?4, 0, 0, ?3)`,
	`INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount) VALUES (?1, ?2, 1, 'lot', ?3, -4), (?1, ?2, 2, 'deferred', NULL, 4)`,
	`INSERT INTO generation (id, funding, owner, status, quality, scenario, aspect, instruction, photos, seed, credits, catalog_version, not_before, deadline_at, retry_of, created_at)
		VALUES (?1, 'credits', ?2, 'queued', 'standard', 'beach', '4:5', 'at dusk', '[{"id":"pho_1","role":"child","label":"Zo"}]', 7, 4, 1, ?3, ?3, '', ?3)`,
	`INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) VALUES (?1, ?2, 'standard', 1, 4, ?3)`,
	`INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) VALUES (?1, 1, ?2, 4)`,
}

func (r *rig) bareBatch(n int) error {
	tx, err := r.bare.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for range n {
		k := r.next.Add(1)
		account, lot, id, now, hash := fmt.Sprint("acc_", k%benchAccounts), fmt.Sprint("lot_", k%benchAccounts), fmt.Sprintf("gen_%012d", k), time.Now().UnixMicro(), make([]byte, 32)
		var seq int64
		if err := tx.Stmt(r.stmts[0]).QueryRow(account, now).Scan(&seq); err != nil {
			return err
		}
		for i, args := range [][]any{{lot}, {account, id, hash, now}, {account, id, hash, now, seq}, {account, seq, lot}, {id, account, now}, {id, account, now}, {id, lot}} {
			if _, err := tx.Stmt(r.stmts[i+1]).Exec(args...); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}
