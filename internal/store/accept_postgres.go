package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"kinpict"
)

// Bounds of accepting together: how many requests share one statement, how many
// statements run at once in this process, and how long one may take. Two at once:
// one is worked on while the other is made durable. With four or eight the groups
// become smaller and the rate falls (BenchmarkLedger).
const (
	maxTogether = 32
	maxLeaders  = 2
	togetherFor = 30 * time.Second
)

// accepts lets requests that wait share one statement and so one commit, each
// decided on its own. Whoever comes while fewer than maxLeaders statements run
// leads one at once, so a lone request waits for nobody.
type accepts struct {
	mu      sync.Mutex // guards the two below
	waiting []*accepting
	leaders int
}

type accepting struct {
	a      *Acceptance
	replay *kinpict.Replay
	err    error
	done   chan struct{}
}

func (q *accepts) do(ctx context.Context, d *DB, a *Acceptance) (*kinpict.Replay, error) {
	j := &accepting{a: a, done: make(chan struct{})}
	q.mu.Lock()
	q.waiting = append(q.waiting, j)
	lead := q.leaders < maxLeaders
	if lead {
		q.leaders++
	}
	q.mu.Unlock()
	if lead {
		q.lead(ctx, d)
	}
	// Not ctx.Done: the commit may already have happened, and the caller must know.
	<-j.done
	return j.replay, j.err
}

// lead runs one statement for those who wait and passes the lead on if more came.
func (q *accepts) lead(ctx context.Context, d *DB) {
	q.mu.Lock()
	n := min(len(q.waiting), maxTogether)
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.mu.Unlock()
	if n > 0 {
		// The leader's caller may leave; the others must not suffer for it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), togetherFor)
		d.acceptTogether(ctx, group)
		cancel()
	}
	for _, j := range group {
		close(j.done)
	}
	q.mu.Lock()
	more := len(q.waiting) > 0
	if !more {
		q.leaders--
	}
	q.mu.Unlock()
	if more {
		go q.lead(context.WithoutCancel(ctx), d)
	}
}

// acceptTogether runs the group in one statement and, if that fails as a whole,
// each alone, so that nobody's fault is another's.
func (d *DB) acceptTogether(ctx context.Context, group []*accepting) {
	// Statements that take accounts in one order cannot wait for one another in a ring.
	slices.SortStableFunc(group, func(x, y *accepting) int { return cmp.Compare(x.a.AccountID, y.a.AccountID) })
	err := d.acceptAll(ctx, group)
	if err == nil {
		return
	}
	if len(group) == 1 {
		group[0].err = err
		return
	}
	// Side by side, so that one account whose row is held delays nobody else.
	var wg sync.WaitGroup
	for i, j := range group {
		j.replay, j.err = nil, nil
		wg.Go(func() {
			if err := d.acceptAll(ctx, group[i:i+1]); err != nil {
				j.err = err
			}
		})
	}
	wg.Wait()
}

const acceptAllSQL = `SELECT a.i, r.o_code, r.o_body_hash, r.o_status, r.o_ref, r.o_answer
	FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bigint[], $8::bigint[], $9::text[], $10::text[],
		$11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::text[], $18::bigint[], $19::text[])
		WITH ORDINALITY AS a(account, route, key, hash, status, answer, version, cost, id, quality, scenario, aspect, instruction, photos, seed, deadline,
			retry_of, created, held, i),
	LATERAL kp_accept(account, route, key, hash, status, answer, version, cost, $20, id, quality, scenario, aspect, instruction, photos, seed, deadline,
		retry_of, created, held) r`

// columns are the arguments of acceptAllSQL, one array each.
type columns struct {
	account, route, key, id, quality, scenario, aspect, instruction, photos, retryOf, held []string
	hash, answer                                                                           [][]byte
	status, version, cost, seed, deadline, created                                         []int64
}

func (c *columns) add(a *Acceptance) error {
	g := a.Generation
	photos, err := json.Marshal(g.Request.Photos)
	if err != nil {
		return err
	}
	answer := a.Answer
	if answer == nil {
		answer = []byte{}
	}
	c.account = append(c.account, a.AccountID)
	c.route = append(c.route, a.Intent.Route)
	c.key = append(c.key, a.Intent.Key)
	c.hash = append(c.hash, a.Intent.Hash)
	c.status = append(c.status, int64(a.Status))
	c.answer = append(c.answer, answer)
	c.version = append(c.version, g.CatalogUsed)
	c.cost = append(c.cost, int64(g.Credits))
	c.id = append(c.id, g.ID)
	c.quality = append(c.quality, g.Request.Quality)
	c.scenario = append(c.scenario, g.Request.Scenario)
	c.aspect = append(c.aspect, string(g.Request.Aspect))
	c.instruction = append(c.instruction, g.Request.Instruction)
	c.photos = append(c.photos, string(photos))
	c.seed = append(c.seed, g.Seed)
	c.deadline = append(c.deadline, a.Deadline.UnixMicro())
	c.retryOf = append(c.retryOf, g.RetryOf)
	c.created = append(c.created, micros(g.CreatedAt))
	c.held = append(c.held, a.Held)
	return nil
}

func (d *DB) acceptAll(ctx context.Context, group []*accepting) error {
	var c columns
	for _, j := range group {
		if err := c.add(j.a); err != nil {
			return err
		}
	}
	rows, err := d.pool.QueryContext(ctx, acceptAllSQL, c.account, c.route, c.key, c.hash, c.status, c.answer, c.version, c.cost, c.id, c.quality,
		c.scenario, c.aspect, c.instruction, c.photos, c.seed, c.deadline, c.retryOf, c.created, c.held, d.now())
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var i int
		var code string
		var hash, body []byte
		var status sql.NullInt64
		var ref sql.NullString
		if err := rows.Scan(&i, &code, &hash, &status, &ref, &body); err != nil {
			return err
		}
		n++
		j := group[i-1]
		switch code {
		case "new":
		case "replay":
			if !bytes.Equal(hash, j.a.Intent.Hash) {
				j.err = errKeyReused
				continue
			}
			j.replay = &kinpict.Replay{Status: int(status.Int64), Ref: ref.String, Body: body}
		case "short":
			j.err = ErrShort
		case "moved":
			j.err = ErrMoved
		case "expire":
			j.err = errExpire
		case "inactive":
			j.err = ErrInactive
		default:
			j.err = fmt.Errorf("store: kp_accept answered %q", code)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != len(group) {
		return errors.New("store: kp_accept left requests unanswered")
	}
	return nil
}
