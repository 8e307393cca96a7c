package store

import (
	"database/sql"
	"time"

	"kinpict"
)

// A Run is how long one picture took that came out, from its first claim to the
// commit that delivered it, tries that failed included.
type Run struct {
	Funding  kinpict.Funding
	Scenario string
	Quality  string
	Engine   string
	Took     time.Duration
}

// RecentRuns are pictures that came out since then, the newest first, at most limit.
func (t *Tx) RecentRuns(since time.Time, limit int) ([]Run, error) {
	var out []Run
	err := t.each(func(r *sql.Rows) error {
		var run Run
		var took int64
		err := r.Scan(&run.Funding, &run.Scenario, &run.Quality, &run.Engine, &took)
		run.Took = time.Duration(max(0, took)) * time.Microsecond
		out = append(out, run)
		return err
	}, `SELECT funding, scenario, quality, engine, finished_at - started_at FROM generation
		WHERE status = 'succeeded' AND finished_at > $1 AND started_at > 0 ORDER BY finished_at DESC LIMIT $2`, micros(since), limit)
	return out, err
}

// Queue is the generations that wait, in the order they are claimed, at most
// limit, and how many are being drawn by workers that live.
func (t *Tx) Queue(limit int) (waiting []string, drawn int, err error) {
	err = t.each(func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		waiting = append(waiting, id)
		return err
	}, `SELECT id FROM generation WHERE status = 'queued' ORDER BY not_before, id LIMIT $1`, limit)
	if err != nil {
		return nil, 0, err
	}
	err = t.row(`SELECT count(*) FROM generation WHERE status = 'running' AND lease_until > $1`, t.now).Scan(&drawn)
	return waiting, drawn, err
}
