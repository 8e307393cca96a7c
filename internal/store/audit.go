package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A Finding is one thing in the books that is not as it must be. Check is its
// code, A1 to A33; docs/ledger.md says what each proves.
type Finding struct {
	Check   string `json:"check"`
	Subject string `json:"subject"`
	Message string `json:"message"`
}

func (f Finding) String() string { return fmt.Sprintf("%s %s: %s", f.Check, f.Subject, f.Message) }

// A Scope says whose books to prove.
type Scope struct {
	// AccountID limits the audit to one account; "" is everybody and the house.
	AccountID string
}

// Whole is every account and the house.
var Whole = Scope{}

// Slack an audit allows to work that is under way: the watchdog finds a dead
// worker's job within 60 seconds, the sweep runs with it, webhooks are retried,
// and files that cannot be removed at once are tried again.
const (
	jobSlack   = time.Minute
	sweepSlack = time.Hour
	inboxSlack = 15 * time.Minute
	emptySlack = 24 * time.Hour // files of a deleted account are gone by then
)

// Audit re-derives everything that is cached and reports what differs. It reads
// one snapshot and writes nothing, so it works beside a running server.
func (d *DB) Audit(ctx context.Context, scope Scope) ([]Finding, error) {
	var found []Finding
	err := d.View(ctx, func(t *Tx) (err error) {
		found, err = t.audit(scope)
		return err
	})
	return found, err
}

func (t *Tx) audit(scope Scope) ([]Finding, error) {
	var found []Finding
	for _, c := range checks {
		if scope != Whole && strings.Contains(c.query, "{whole}") {
			continue
		}
		args := append([]any{scope.AccountID}, c.args(t.now)...)
		err := t.each(func(r *sql.Rows) error {
			f := Finding{Check: c.id}
			if err := r.Scan(&f.Subject, &f.Message); err != nil {
				return err
			}
			found = append(found, f)
			return nil
		}, scoped(c.query, scope), args...)
		if err != nil {
			return nil, fmt.Errorf("audit %s: %w", c.id, err)
		}
	}
	history, err := t.auditHistory(scope)
	if err != nil {
		return append(found, history...), err
	}
	reviews, err := t.auditReviews(scope)
	return append(append(found, history...), reviews...), err
}

// A check is a query for what is wrong: each row is a subject and a sentence.
// $1 is the account, "" for all, and is asked for by the marks of scoped; at adds
// times relative to now as $2, $3.
type check struct {
	id    string
	query string
	at    []time.Duration
}

func (c check) args(now int64) []any {
	out := make([]any, len(c.at))
	for i, d := range c.at {
		out[i] = now + d.Microseconds()
	}
	return out
}

// scoped is the query for everybody or for one account. Its marks are
//
//	{x.account_id}   the row is the account's; any other column as well
//	{x.charge}       the charge is the account's
//	{charge_id.of}   the same, of what hangs on a charge
//	{whole}          it is of no account, and not asked about one
//
// The condition is spelled out, not "for all or", because then no index is of
// use: who asks for the audit of one account would read everybody's books. What
// only another account's rows could tell is found by that account's audit. A
// charge has the id of its generation, whose owner has an index.
func scoped(query string, scope Scope) string {
	return scopeMarks.ReplaceAllStringFunc(query, func(mark string) string {
		column := mark[1 : len(mark)-1]
		if scope.AccountID == "" {
			return `$1 = ''`
		}
		if of, ok := strings.CutSuffix(column, ".of"); ok {
			return of + ` IN (SELECT id FROM generation WHERE owner = $1)`
		}
		if row, ok := strings.CutSuffix(column, "charge"); ok {
			return row + `account_id = $1 AND ` + row + `id IN (SELECT id FROM generation WHERE owner = $1)`
		}
		return column + ` = $1`
	})
}

var scopeMarks = regexp.MustCompile(`\{[a-z_.]+\}`)

// sumOf is a sum that is 0 for no rows and a whole number on both databases.
func sumOf(expr string) string { return `CAST(coalesce(sum(` + expr + `), 0) AS BIGINT)` }

var checks = []check{
	{id: "A1", query: `SELECT t.account_id || '/' || t.account_seq, 'has ' || count(e.line) || ' entries that sum to ' || ` + sumOf(`e.amount`) + `
		FROM txn t LEFT JOIN entry e ON e.account_id = t.account_id AND e.account_seq = t.account_seq
		WHERE {t.account_id} GROUP BY t.account_id, t.account_seq HAVING count(e.line) < 2 OR sum(e.amount) <> 0`},
	{id: "A2", query: `SELECT l.id, 'has ' || l.remaining || ' left, its entries say ' || coalesce(e.s, 0)
		FROM lot l LEFT JOIN (SELECT lot_id, ` + sumOf(`amount`) + ` AS s FROM entry WHERE code = 'lot' AND {account_id} GROUP BY lot_id) e ON e.lot_id = l.id
		WHERE {l.account_id} AND l.remaining <> coalesce(e.s, 0)`},
	{id: "A2", query: `SELECT e.account_id || '/' || e.account_seq, 'posts to a lot that is not the account''s: ' || e.lot_id
		FROM entry e LEFT JOIN lot l ON l.id = e.lot_id AND l.account_id = e.account_id
		WHERE {e.account_id} AND e.code = 'lot' AND l.id IS NULL`},
	{id: "A3", query: `SELECT id, 'does not add up to the ' || granted || ' it granted' FROM lot
		WHERE {account_id} AND granted <> remaining + consumed + expired + rev_taken + forfeited + withdrawn`},
	{id: "A3", query: `SELECT l.id, 'says ' || l.consumed || ' were used, charges say ' || coalesce(a.s, 0)
		FROM lot l LEFT JOIN (SELECT lot_id, ` + sumOf(`amount - returned`) + ` AS s FROM charge_alloc WHERE {charge_id.of} GROUP BY lot_id) a ON a.lot_id = l.id
		WHERE {l.account_id} AND l.consumed <> coalesce(a.s, 0)`},
	{id: "A4", query: `SELECT a.id, 'shows ' || a.balance || ' credits, its lots hold ' || coalesce(l.s, 0)
		FROM account a LEFT JOIN (SELECT account_id, ` + sumOf(`remaining`) + ` AS s FROM lot WHERE {account_id} GROUP BY account_id) l ON l.account_id = a.id
		WHERE {a.id} AND a.balance <> coalesce(l.s, 0)`},
	{id: "A4", query: `SELECT a.id, 'shows a debt of ' || a.debt || ', its lots owe ' || coalesce(l.s, 0) || ' and its entries say ' || coalesce(e.s, 0)
		FROM account a LEFT JOIN (SELECT account_id, ` + sumOf(`rev_target - rev_taken - rev_forgiven`) + ` AS s FROM lot WHERE {account_id} GROUP BY account_id) l ON l.account_id = a.id
			LEFT JOIN (SELECT account_id, ` + sumOf(`-amount`) + ` AS s FROM entry WHERE code = 'debt' AND {account_id} GROUP BY account_id) e ON e.account_id = a.id
		WHERE {a.id} AND (a.debt <> coalesce(l.s, 0) OR a.debt <> coalesce(e.s, 0))`},
	{id: "A5", query: `SELECT id, 'holds ' || remaining || ' credits beside a debt' FROM lot
		WHERE {account_id} AND remaining > 0 AND rev_target > rev_taken + rev_forgiven`},
	{id: "A5b", query: `SELECT id, 'owes more than was used of it' FROM lot
		WHERE {account_id} AND rev_target - rev_taken - rev_forgiven > consumed`},
	{id: "A5c", query: `SELECT c.id, 'gave back to an earlier lot before a later one' FROM charge c
		JOIN charge_alloc x ON x.charge_id = c.id JOIN charge_alloc y ON y.charge_id = c.id AND y.seq > x.seq
		WHERE {c.charge} AND x.returned > 0 AND y.returned < y.amount`},
	{id: "A6", query: `SELECT c.id, 'of ' || c.amount || ' (' || c.returned || ' returned) has allocations of ' || coalesce(a.s, 0) || ' (' || coalesce(a.r, 0) || ')'
		FROM charge c LEFT JOIN (SELECT charge_id, ` + sumOf(`amount`) + ` AS s, ` + sumOf(`returned`) + ` AS r FROM charge_alloc WHERE {charge_id.of} GROUP BY charge_id) a ON a.charge_id = c.id
		WHERE {c.charge} AND (c.amount <> coalesce(a.s, 0) OR c.returned <> coalesce(a.r, 0))`},
	{id: "A7", query: `SELECT c.id, 'is ' || c.state || ' and has ' || coalesce(x.charges, 0) || ' charge, ' || coalesce(x.settles, 0) || ' settle and ' || coalesce(x.returns, 0) || ' return transactions'
		FROM charge c LEFT JOIN (SELECT ref_id, sum(CASE WHEN kind = 'charge' THEN 1 ELSE 0 END) AS charges, sum(CASE WHEN kind = 'settle' THEN 1 ELSE 0 END) AS settles,
				sum(CASE WHEN kind = 'return' THEN 1 ELSE 0 END) AS returns FROM txn WHERE ref_type = 'generation' AND {account_id} GROUP BY ref_id) x ON x.ref_id = c.id
		WHERE {c.charge} AND NOT (coalesce(x.charges, 0) = 1
			AND coalesce(x.settles, 0) = CASE WHEN c.state = 'earned' THEN 1 ELSE 0 END AND coalesce(x.returns, 0) = CASE WHEN c.state = 'returned' THEN 1 ELSE 0 END)`},
	{id: "A8", query: `SELECT a.id, 'has ' || coalesce(e.s, 0) || ' credits deferred and open charges of ' || coalesce(c.s, 0)
		FROM account a LEFT JOIN (SELECT account_id, ` + sumOf(`amount`) + ` AS s FROM entry WHERE code = 'deferred' AND {account_id} GROUP BY account_id) e ON e.account_id = a.id
			LEFT JOIN (SELECT account_id, ` + sumOf(`amount - returned`) + ` AS s FROM charge WHERE state = 'open' AND {charge} GROUP BY account_id) c ON c.account_id = a.id
		WHERE {a.id} AND coalesce(e.s, 0) <> coalesce(c.s, 0)`},
	{id: "A8", query: `SELECT id, 'is ' || status || ' past its deadline' FROM generation
		WHERE {owner} AND status IN ('queued', 'running') AND deadline_at < $2 AND lease_until < $2`, at: []time.Duration{-jobSlack}},
	{id: "A9", query: `SELECT g.id, 'is ' || g.status || ' for ' || g.credits || ' credits, its charge is ' || coalesce(c.state || ' of ' || c.amount, 'missing')
		FROM generation g LEFT JOIN charge c ON c.id = g.id
		WHERE {g.owner} AND g.funding = 'credits' AND (c.id IS NULL OR c.amount <> g.credits OR c.account_id <> g.owner OR c.state <>
			CASE g.status WHEN 'succeeded' THEN 'earned' WHEN 'failed' THEN 'returned' WHEN 'canceled' THEN 'returned' ELSE 'open' END)`},
	{id: "A10", query: `SELECT a.id, 'earned ' || coalesce(e.s, 0) || ' by its entries and ' || coalesce(c.s, 0) || ' by its charges'
		FROM account a LEFT JOIN (SELECT account_id, ` + sumOf(`amount`) + ` AS s FROM entry WHERE code = 'earned' AND {account_id} GROUP BY account_id) e ON e.account_id = a.id
			LEFT JOIN (SELECT account_id, ` + sumOf(`amount - returned`) + ` AS s FROM charge WHERE state = 'earned' AND {charge} GROUP BY account_id) c ON c.account_id = a.id
		WHERE {a.id} AND coalesce(e.s, 0) <> coalesce(c.s, 0)`},
	{id: "A11", query: `SELECT l.id, 'is paid for by no purchase that matches' FROM lot l
		LEFT JOIN purchase p ON p.id = l.source_id AND p.account_id = l.account_id AND p.credits = l.granted AND p.state IN ('paid', 'refunded', 'partially_refunded', 'disputed')
		WHERE {l.account_id} AND l.kind = 'paid' AND (l.source_type <> 'purchase' OR p.id IS NULL)`},
	{id: "A11", query: `SELECT p.id, 'is ' || p.state || ' and granted nothing' FROM purchase p
		LEFT JOIN lot l ON l.source_type = 'purchase' AND l.source_id = p.id AND l.kind = 'paid'
		WHERE {p.account_id} AND p.state IN ('paid', 'refunded', 'partially_refunded', 'disputed') AND l.id IS NULL`},
	{id: "A12", query: `SELECT l.id, 'has ' || l.rev_target || ' credits taken back, its payment says otherwise'
		FROM (SELECT l.*, CASE WHEN p.refunded + p.disputed >= p.amount + p.tax THEN l.granted ELSE l.granted * (p.refunded + p.disputed) / (p.amount + p.tax) END AS want
			FROM lot l JOIN purchase p ON l.source_type = 'purchase' AND l.source_id = p.id) l
		WHERE {l.account_id} AND l.rev_target <>
			CASE WHEN l.want > l.granted - l.expired - l.forfeited - l.withdrawn THEN l.granted - l.expired - l.forfeited - l.withdrawn ELSE l.want END`},
	{id: "A12", query: `SELECT a.id, 'has ' || coalesce(e.s, 0) || ' reversed by its entries and ' || coalesce(l.s, 0) || ' by its lots'
		FROM account a LEFT JOIN (SELECT account_id, ` + sumOf(`amount`) + ` AS s FROM entry WHERE code = 'reversed' AND {account_id} GROUP BY account_id) e ON e.account_id = a.id
			LEFT JOIN (SELECT account_id, ` + sumOf(`rev_target`) + ` AS s FROM lot WHERE {account_id} GROUP BY account_id) l ON l.account_id = a.id
		WHERE {a.id} AND coalesce(e.s, 0) <> coalesce(l.s, 0)`},
	{id: "A13", query: `SELECT id, 'is paid and expires' FROM lot WHERE {account_id} AND kind = 'paid' AND (expires_at IS NOT NULL OR expired > 0)`},
	{id: "A13", query: `SELECT id, 'died and still holds ' || remaining FROM lot
		WHERE {account_id} AND remaining > 0 AND expires_at < $2 AND coalesce(grace_until, 0) < $2`, at: []time.Duration{-sweepSlack}},
	{id: "A13", query: `SELECT a.id, 'would miss the next lot to die' FROM account a
		JOIN (SELECT account_id, min(CASE WHEN coalesce(grace_until, 0) > expires_at THEN grace_until ELSE expires_at END) AS at FROM lot
			WHERE remaining > 0 AND expires_at IS NOT NULL AND {account_id} GROUP BY account_id) l ON l.account_id = a.id
		WHERE {a.id} AND (a.next_expiry_at IS NULL OR a.next_expiry_at > l.at)`},
	{id: "A15", query: `SELECT c.id, 'took ' || c.amount || ' credits by price book ' || c.catalog_version || ', which was not in force or says ' || coalesce(CAST(r.credits AS TEXT), 'nothing')
		FROM charge c LEFT JOIN rate r ON r.catalog_version = c.catalog_version AND r.quality = c.quality LEFT JOIN catalog k ON k.version = c.catalog_version
		WHERE {c.charge} AND (r.credits IS NULL OR r.credits <> c.amount OR k.effective_at > c.accepted_at
			OR EXISTS (SELECT 1 FROM catalog n WHERE n.effective_at <= c.accepted_at - 1000000 AND n.created_at <= c.accepted_at - 1000000
				AND (n.effective_at > k.effective_at OR n.effective_at = k.effective_at AND n.version > k.version)))`},
	{id: "A16", query: `SELECT 'price book ' || k.version, 'has no rates or began before it was made' FROM catalog k
		WHERE ($1 = '' OR 1 = 1) AND (k.effective_at < k.created_at OR NOT EXISTS (SELECT 1 FROM rate r WHERE r.catalog_version = k.version))`},
	{id: "A19", query: `SELECT i.owner || ' ' || i.route || ' ' || i.key, 'answered ' || i.status || ' with ' || i.ref || ', which is not there' FROM idem i
		WHERE {i.owner} AND (i.ref LIKE 'gen%' AND NOT EXISTS (SELECT 1 FROM generation g WHERE g.id = i.ref)
			OR i.ref LIKE 'hld%' AND NOT EXISTS (SELECT 1 FROM held_request h WHERE h.id = i.ref)
			OR i.ref LIKE 'rev%' AND NOT EXISTS (SELECT 1 FROM review r WHERE r.id = i.ref)
			OR i.ref LIKE 'pur%' AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.id = i.ref))`},
	{id: "A20", query: `SELECT provider || ' ' || event_id, 'has waited in the inbox since it came' FROM provider_event
		WHERE {whole} AND state = 'received' AND received_at < $2`, at: []time.Duration{-inboxSlack}},
	{id: "A21", query: `SELECT subject, message FROM payment_finding
		WHERE ($1 = '' OR subject IN (SELECT id FROM purchase WHERE account_id = $1 UNION SELECT payment_id FROM purchase WHERE account_id = $1)) AND kind NOT IN ('double', 'failed')`},
	{id: "A22", query: `SELECT m.code, 'says it was used ' || m.used || ' times, ' || coalesce(p.n, 0) || ' purchases count' FROM promo m
			LEFT JOIN (SELECT promo, count(*) AS n FROM purchase WHERE promo_counted = 1 GROUP BY promo) p ON p.promo = m.code
		WHERE {whole} AND m.used <> coalesce(p.n, 0)`},
	{id: "A22", query: `SELECT p.id, 'has the promo code ' || p.promo || ' and is ' || CASE WHEN p.promo_counted = 1 THEN 'counted' ELSE 'not counted' END || ' while ' || p.state FROM purchase p
		WHERE {p.account_id} AND (p.promo = '' AND (p.promo_counted <> 0 OR p.discount <> 0 OR p.bonus <> 0)
			OR p.promo <> '' AND (p.promo_counted <> CASE WHEN p.state IN ('expired', 'failed') THEN 0 ELSE 1 END OR NOT EXISTS (SELECT 1 FROM promo m WHERE m.code = p.promo)))`},
	{id: "A22", query: `SELECT p.id, 'promised ' || p.bonus || ' extra credits and gave ' || coalesce(l.s, 0) FROM purchase p
			LEFT JOIN (SELECT source_id, ` + sumOf(`granted`) + ` AS s FROM lot WHERE source_type = 'purchase' AND kind = 'bonus' AND {account_id} GROUP BY source_id) l ON l.source_id = p.id
		WHERE {p.account_id} AND coalesce(l.s, 0) <> CASE WHEN p.state IN ('paid', 'refunded', 'partially_refunded', 'disputed') THEN p.bonus ELSE 0 END`},
	{id: "A23", query: `SELECT account_id || '/' || account_seq, kind || ' without an actor or a reason' FROM txn
		WHERE {account_id} AND kind IN ('adjust', 'take', 'goodwill', 'forgive', 'promo', 'forfeit') AND (actor = '' OR reason = '')`},
	{id: "A26", query: `SELECT id, 'is closed and holds ' || balance || ' credits' FROM account WHERE {id} AND status = 'closed' AND balance > 0`},
	{id: "A26", query: `SELECT d.account_id, 'was deleted and is named still, or has words, files or a way in' FROM deletion d JOIN account a ON a.id = d.account_id
		WHERE {d.account_id} AND d.deleted_at < $2 AND (a.status <> 'closed' OR a.email IS NOT NULL OR d.emptied_at = 0
			OR EXISTS (SELECT 1 FROM session s WHERE s.account_id = a.id) OR EXISTS (SELECT 1 FROM api_token k WHERE k.account_id = a.id)
			OR EXISTS (SELECT 1 FROM photo f WHERE f.owner = a.id) OR EXISTS (SELECT 1 FROM draft w WHERE w.owner = a.id) OR EXISTS (SELECT 1 FROM consent w WHERE w.owner = a.id)
			OR EXISTS (SELECT 1 FROM held_request h WHERE h.account_id = a.id) OR EXISTS (SELECT 1 FROM review r WHERE r.account_id = a.id AND r.erased_at = 0)
			OR EXISTS (SELECT 1 FROM generation g WHERE g.owner = a.id AND (g.deleted_at = 0 OR g.instruction <> '' OR g.photos <> '[]')))`, at: []time.Duration{-emptySlack}},
	{id: "A27", query: `SELECT g.id, 'is a free preview and touches credits' FROM generation g LEFT JOIN charge c ON c.id = g.id
		WHERE {g.owner} AND g.funding = 'preview' AND (c.id IS NOT NULL OR g.credits <> 0
			OR EXISTS (SELECT 1 FROM txn t WHERE t.ref_id = g.id AND t.ref_type = 'generation'))`},
	{id: "A31", query: `SELECT g.id, 'was deleted and is ' || g.status || ', or still has words, photos or a link' FROM generation g
		WHERE {g.owner} AND g.deleted_at > 0 AND (g.status IN ('queued', 'running') OR g.instruction <> '' OR g.photos <> '[]' OR g.favourite_at > 0
			OR EXISTS (SELECT 1 FROM share s WHERE s.generation_id = g.id) OR EXISTS (SELECT 1 FROM held_request h WHERE h.account_id = g.owner AND h.generation_id = g.id AND h.request <> '{}'))`},
	{id: "A31", query: `SELECT id, 'was deleted and its picture is still not removed' FROM generation
		WHERE {owner} AND deleted_at > 0 AND deleted_at < $2 AND image_key <> '' AND image_key <> 'removed'`, at: []time.Duration{-sweepSlack}},
	{id: "A30", query: `SELECT id, 'is a sandbox purchase in live mode' FROM purchase WHERE {account_id} AND provider = 'sandbox' AND livemode <> 0`},
	{id: "A32", query: `SELECT r.id, 'says that ' || a.credits || ' credits were given, the books say ' || coalesce(x.s, 0)
		FROM review_act a JOIN review r ON r.id = a.review_id
			LEFT JOIN (SELECT e.account_id, e.account_seq, ` + sumOf(`e.amount`) + ` AS s FROM entry e JOIN txn t ON t.account_id = e.account_id AND t.account_seq = e.account_seq
				WHERE e.code IN ('lot', 'debt') AND t.kind IN ('adjust', 'goodwill') AND {e.account_id} GROUP BY e.account_id, e.account_seq) x
				ON x.account_id = r.account_id AND x.account_seq = a.account_seq
		WHERE {r.account_id} AND a.credits <> coalesce(x.s, 0)`},
	{id: "A32", query: `SELECT id, 'is ' || status || ' and nobody did that' FROM review r
		WHERE {account_id} AND status <> 'open' AND NOT EXISTS (SELECT 1 FROM review_act a
			WHERE a.review_id = r.id AND (r.status = 'answered' AND a.kind = 'answer' OR r.status = 'closed' AND a.kind = 'close'))`},
	{id: "A33", query: `SELECT id, 'was ' || CASE WHEN withdrawn_at > 0 THEN 'taken back' ELSE 'refused' END || ' and became ' || generation_id FROM held_request
		WHERE {account_id} AND generation_id IS NOT NULL AND (decision = 'refused' OR withdrawn_at > 0)`},
}
