package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"kinpict"
)

// putGeneration queues a request. A preview carries the guest it was given to.
func (t *Tx) putGeneration(g *kinpict.Generation, f kinpict.Funding, owner, guest string, deadline time.Time) error {
	photos, err := json.Marshal(g.Request.Photos)
	if err != nil {
		return err
	}
	var guestID any
	if guest != "" {
		guestID = guest
	}
	_, err = t.exec(`INSERT INTO generation (id, funding, owner, guest_id, status, quality, scenario, aspect, instruction, photos, seed, credits,
			catalog_version, not_before, deadline_at, retry_of, created_at)
		VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		g.ID, string(f), owner, guestID, g.Request.Quality, g.Request.Scenario, string(g.Request.Aspect), g.Request.Instruction, string(photos), g.Seed,
		g.Credits, g.CatalogUsed, t.now, deadline.UnixMicro(), g.RetryOf, micros(g.CreatedAt))
	return err
}

// PutPreview queues a guest's free preview. It costs nothing and can never be charged.
func (t *Tx) PutPreview(g *kinpict.Generation, owner, spentBy string, deadline time.Time) error {
	return t.putGeneration(g, kinpict.FundedByPreview, owner, spentBy, deadline)
}

const generationColumns = `g.id, g.funding, g.owner, coalesce(g.guest_id, ''), g.status, g.quality, g.scenario, g.aspect, g.instruction, g.photos, g.seed, g.credits,
	g.catalog_version, g.step, g.attempts, g.lease_owner, g.engine, g.failure, g.image_key, g.image_type, g.image_width, g.image_height,
	g.image_bytes, g.image_sha256, g.retry_of, g.created_at, g.started_at, g.finished_at, g.deadline_at, coalesce(c.returned, 0), g.favourite_at > 0, g.image_generative > 0, g.notify_at > 0`

const generationTables = ` FROM generation g LEFT JOIN charge c ON c.id = g.id `

func scanGeneration(row interface{ Scan(...any) error }) (*kinpict.Generation, error) {
	var g kinpict.Generation
	var im kinpict.Image
	var photos string
	var created, started, finished, deadline int64
	err := row.Scan(&g.ID, &g.Funding, &g.Owner, &g.Guest, &g.Status, &g.Request.Quality, &g.Request.Scenario, &g.Request.Aspect, &g.Request.Instruction, &photos,
		&g.Seed, &g.Credits, &g.CatalogUsed, &g.Step, &g.Attempts, &g.LeaseOwner, &g.Engine, &g.Failure, &im.Key, &im.ContentType, &im.Width, &im.Height,
		&im.Bytes, &im.SHA256, &g.RetryOf, &created, &started, &finished, &deadline, &g.Returned, &g.Favourite, &im.Generative, &g.Notify)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such picture here.", Hint: "Look at whose account you are in, and whether the address is whole."}
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(photos), &g.Request.Photos); err != nil {
		return nil, err
	}
	if im.Key != "" {
		g.Image = &im
	}
	g.CreatedAt, g.StartedAt, g.FinishedAt, g.DeadlineAt = instant(created), instant(started), instant(finished), instant(deadline)
	return &g, nil
}

// Generation returns one of the owner's generations, or NotFound, also for one
// that was deleted.
func (t *Tx) Generation(owner, id string) (*kinpict.Generation, error) {
	return scanGeneration(t.row(`SELECT `+generationColumns+generationTables+`WHERE g.id = $1 AND g.owner = $2 AND g.deleted_at = 0`, id, owner))
}

// Job returns a generation whoever owns it and even if it was deleted, for the workers.
func (t *Tx) Job(id string) (*kinpict.Generation, error) {
	return scanGeneration(t.row(`SELECT `+generationColumns+generationTables+`WHERE g.id = $1`, id))
}

// Generations lists the owner's generations, newest first, those before the id
// before ("" for the newest), at most limit.
func (t *Tx) Generations(owner, before string, limit int) ([]*kinpict.Generation, error) {
	return t.page(`1 = 1`, owner, before, limit)
}

// Ahead is how many generations wait before this one; 0 when it does not wait.
func (t *Tx) Ahead(id string) (int, error) {
	var n int
	err := t.row(`SELECT count(*) FROM generation o JOIN generation g ON g.id = $1
		WHERE g.status = 'queued' AND o.status = 'queued' AND (o.not_before < g.not_before OR o.not_before = g.not_before AND o.id < g.id)`, id).Scan(&n)
	return n, err
}

// A Fence names one attempt of one worker. Whoever holds an old one can change
// nothing: the row has moved on.
type Fence struct {
	ID      string
	Worker  string
	Attempt int
}

// Claim gives the worker the generation that has waited longest, until the
// lease ends, or nil if none waits. The attempt counts before any work, so a
// job that kills its worker cannot do so for ever. total bounds the time from
// the first claim.
func (t *Tx) Claim(worker string, lease, total time.Duration) (*kinpict.Generation, error) {
	var id string
	err := t.row(`UPDATE generation SET status = 'running', attempts = attempts + 1, lease_owner = $1, lease_until = $2, step = 'reading_photos',
			started_at = CASE WHEN started_at = 0 THEN $3 ELSE started_at END,
			deadline_at = CASE WHEN started_at = 0 AND deadline_at > $4 THEN $4 ELSE deadline_at END
		WHERE id = (SELECT id FROM generation WHERE status = 'queued' AND not_before <= $3 ORDER BY not_before, id LIMIT 1`+t.db.dialect.skipLocked+`)
		RETURNING id`, worker, t.now+lease.Microseconds(), t.now, t.now+total.Microseconds()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.Job(id)
}

const fenced = ` WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND status = 'running'`

// Beat prolongs the lease and reports whether the worker still holds it.
func (t *Tx) Beat(f Fence, lease time.Duration) (bool, error) {
	n, err := t.exec(`UPDATE generation SET lease_until = $4`+fenced, f.ID, f.Worker, f.Attempt, t.now+lease.Microseconds())
	return n == 1, err
}

// Step says what the worker is doing now.
func (t *Tx) Step(f Fence, step string) (bool, error) {
	n, err := t.exec(`UPDATE generation SET step = $4`+fenced, f.ID, f.Worker, f.Attempt, step)
	return n == 1, err
}

// Succeed ends the attempt with its picture and reports whether the fence held.
func (t *Tx) Succeed(f Fence, engine string, im *kinpict.Image) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'succeeded', engine = $4, image_key = $5, image_type = $6, image_width = $7, image_height = $8,
		image_bytes = $9, image_sha256 = $10, image_generative = CASE WHEN $12 THEN 1 ELSE 0 END, finished_at = $11, lease_owner = '', lease_until = 0`+fenced,
		f.ID, f.Worker, f.Attempt, engine, im.Key, im.ContentType, im.Width, im.Height, im.Bytes, im.SHA256, t.now, im.Generative)
	return n == 1, err
}

// Again puts the attempt back into the queue. spend counts an attempt that may
// have cost the operator money.
func (t *Tx) Again(f Fence, after time.Duration, spend int) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'queued', step = 'accepted', not_before = $4, spend = spend + $5, lease_owner = '', lease_until = 0`+fenced,
		f.ID, f.Worker, f.Attempt, t.now+after.Microseconds(), spend)
	return n == 1, err
}

// Fail ends the attempt and the generation and reports whether the fence held.
func (t *Tx) Fail(f Fence, why kinpict.FailureCode, spend int) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'failed', failure = $4, spend = spend + $5, finished_at = $6, lease_owner = '', lease_until = 0`+fenced,
		f.ID, f.Worker, f.Attempt, string(why), spend, t.now)
	return n == 1, err
}

// Expire fails a generation that nobody is working on although its time is up.
func (t *Tx) Expire(id string, why kinpict.FailureCode) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'failed', failure = $2, finished_at = $3, lease_owner = '', lease_until = 0
		WHERE id = $1 AND (status = 'queued' AND deadline_at <= $3 OR status = 'running' AND lease_until <= $3)`, id, string(why), t.now)
	return n == 1, err
}

// Cancel ends a generation that no worker has claimed and reports whether it did.
func (t *Tx) Cancel(owner, id string) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'canceled', finished_at = $3 WHERE id = $1 AND owner = $2 AND status = 'queued'`, id, owner, t.now)
	return n == 1, err
}

// Lost lists running generations whose worker let its lease run out, at most limit.
func (t *Tx) Lost(limit int) ([]*kinpict.Generation, error) {
	return t.jobs(`g.status = 'running' AND g.lease_until <= $1 ORDER BY g.lease_until LIMIT $2`, t.now, limit)
}

// Overdue lists queued generations past their deadline, at most limit.
func (t *Tx) Overdue(limit int) ([]*kinpict.Generation, error) {
	return t.jobs(`g.status = 'queued' AND g.deadline_at <= $1 LIMIT $2`, t.now, limit)
}

func (t *Tx) jobs(where string, args ...any) ([]*kinpict.Generation, error) {
	var out []*kinpict.Generation
	err := t.each(func(r *sql.Rows) error {
		g, err := scanGeneration(r)
		out = append(out, g)
		return err
	}, `SELECT `+generationColumns+generationTables+`WHERE `+where, args...)
	return out, err
}

// Release lets go of every lease, for a process that knows no other is alive.
func (t *Tx) Release() (int64, error) {
	return t.exec(`UPDATE generation SET lease_until = $1 WHERE status = 'running'`, t.now)
}

// Unclaim hands an attempt back as if it had not begun, when its worker stops.
func (t *Tx) Unclaim(f Fence) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'queued', step = 'accepted', attempts = attempts - 1, not_before = $4, lease_owner = '', lease_until = 0`+fenced,
		f.ID, f.Worker, f.Attempt, t.now)
	return n == 1, err
}

// Requeue lets another worker try a job whose worker let its lease run out.
func (t *Tx) Requeue(id string) (bool, error) {
	n, err := t.exec(`UPDATE generation SET status = 'queued', step = 'accepted', not_before = $2, spend = spend + 1, lease_owner = '', lease_until = 0
		WHERE id = $1 AND status = 'running' AND lease_until <= $2`, id, t.now)
	return n == 1, err
}

// PictureNamed reports whether the generation that a picture's key begins with
// was given that picture and still has it.
func (t *Tx) PictureNamed(key string) (bool, error) {
	parts := strings.SplitN(key, "/", 3)
	if len(parts) < 3 {
		return false, nil
	}
	var n int
	err := t.row(`SELECT count(*) FROM generation WHERE id = $1 AND image_key = $2 AND deleted_at = 0`, parts[1], key).Scan(&n)
	return n > 0, err
}
