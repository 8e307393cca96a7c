package store

import (
	"database/sql"
	"time"

	"kinpict"
)

// oneDay is a day in microseconds; days begin at midnight UTC.
const oneDay = int64(24 * time.Hour / time.Microsecond)

// A DayOf is what ended and what was paid on one day, UTC.
type DayOf struct {
	Day       time.Time
	Delivered int             // pictures, previews among them
	Failed    int             // requests whose credits went back
	Spent     kinpict.Credits // by pictures that were delivered
	Sold      kinpict.Credits // with packs that were paid
}

// A Wait is how long requests of a quality took, from being accepted to the
// picture, for 95 of a hundred.
type Wait struct {
	Quality string
	Count   int
	P95     time.Duration
}

// A Drawn is how many pictures an engine delivered.
type Drawn struct {
	Engine string
	Count  int
}

// A Failing is how many requests failed for one reason.
type Failing struct {
	Code  kinpict.FailureCode
	Count int
}

// Figures are what became of the requests that ended in a time, and what was paid
// in it. What was canceled counts as neither.
type Figures struct {
	From      time.Time
	Delivered int
	Previews  int // of Delivered
	FirstTime int // of Delivered: with one attempt, and nothing given back
	Failed    int
	Days      []DayOf // those on which something was, oldest first
	Waits     []Wait  // by quality
	Wait      Wait    // of all
	Drawn     []Drawn
	Failing   []Failing
}

// Figures are those since then. They read the rows of that time and no others.
func (t *Tx) Figures(from time.Time) (*Figures, error) {
	f := &Figures{From: from}
	since := micros(from)
	err := t.row(`SELECT count(*), count(CASE WHEN g.funding = 'preview' THEN 1 END), count(CASE WHEN g.attempts <= 1 AND coalesce(c.returned, 0) = 0 THEN 1 END)
		FROM generation g LEFT JOIN charge c ON c.id = g.id WHERE g.status = 'succeeded' AND g.finished_at >= $1`, since).Scan(&f.Delivered, &f.Previews, &f.FirstTime)
	if err != nil {
		return nil, err
	}
	if f.Days, err = t.daysSince(since); err != nil {
		return nil, err
	}
	for _, d := range f.Days {
		f.Failed += d.Failed
	}
	// The first of these that 95 of a hundred are not above.
	if err := t.each(func(r *sql.Rows) error {
		var w Wait
		var took int64
		err := r.Scan(&w.Quality, &w.Count, &took)
		if w.P95 = time.Duration(max(0, took)) * time.Microsecond; w.Quality == "" {
			f.Wait = w
		} else {
			f.Waits = append(f.Waits, w)
		}
		return err
	}, `SELECT quality, n, took FROM (SELECT quality, finished_at - created_at AS took, count(*) OVER (PARTITION BY quality) AS n,
				row_number() OVER (PARTITION BY quality ORDER BY finished_at - created_at) AS i FROM generation WHERE status = 'succeeded' AND finished_at >= $1) q
			WHERE i = (n * 95 + 99) / 100
		UNION ALL SELECT '', n, took FROM (SELECT finished_at - created_at AS took, count(*) OVER () AS n,
				row_number() OVER (ORDER BY finished_at - created_at) AS i FROM generation WHERE status = 'succeeded' AND finished_at >= $1) q
			WHERE i = (n * 95 + 99) / 100
		ORDER BY 1`, since); err != nil {
		return nil, err
	}
	if f.Drawn, err = list(t, func(r *sql.Rows) (d Drawn, err error) { err = r.Scan(&d.Engine, &d.Count); return d, err },
		`SELECT engine, count(*) FROM generation WHERE status = 'succeeded' AND finished_at >= $1 GROUP BY engine ORDER BY 2 DESC, 1`, since); err != nil {
		return nil, err
	}
	f.Failing, err = list(t, func(r *sql.Rows) (x Failing, err error) { err = r.Scan(&x.Code, &x.Count); return x, err },
		`SELECT failure, count(*) FROM generation WHERE status = 'failed' AND finished_at >= $1 GROUP BY failure ORDER BY 2 DESC, 1`, since)
	return f, err
}

// daysSince are the days since then on which something was, oldest first.
func (t *Tx) daysSince(since int64) ([]DayOf, error) {
	return list(t, func(r *sql.Rows) (d DayOf, err error) {
		var day int64
		err = r.Scan(&day, &d.Delivered, &d.Failed, &d.Spent, &d.Sold)
		d.Day = time.UnixMicro(day * oneDay).UTC()
		return d, err
	}, `SELECT day, CAST(sum(delivered) AS BIGINT), CAST(sum(failed) AS BIGINT), CAST(sum(spent) AS BIGINT), CAST(sum(sold) AS BIGINT) FROM (
			SELECT finished_at / $2 AS day, count(*) AS delivered, 0 AS failed, `+sumOf(`credits`)+` AS spent, 0 AS sold FROM generation WHERE status = 'succeeded' AND finished_at >= $1 GROUP BY finished_at / $2
			UNION ALL SELECT finished_at / $2, 0, count(*), 0, 0 FROM generation WHERE status = 'failed' AND finished_at >= $1 GROUP BY finished_at / $2
			UNION ALL SELECT paid_at / $2, 0, 0, 0, `+sumOf(`credits`)+` FROM purchase WHERE paid_at >= $1 AND paid_at > 0 GROUP BY paid_at / $2) d
		GROUP BY day ORDER BY day`, since, oneDay)
}

// CountOverdue is how many requests are past their time and not ended: a worker that
// lives ends them within a minute.
func (t *Tx) CountOverdue() (n int, err error) {
	err = t.row(`SELECT (SELECT count(*) FROM generation WHERE status = 'queued' AND deadline_at <= $1) + (SELECT count(*) FROM generation WHERE status = 'running' AND deadline_at <= $1 AND lease_until <= $1)`,
		t.now).Scan(&n)
	return n, err
}

// CountOpenReviews is how many reviews wait for an answer, and since when the
// first does.
func (t *Tx) CountOpenReviews() (n int, since time.Time, err error) {
	var at int64
	err = t.row(`SELECT count(*), coalesce(min(created_at), 0) FROM review WHERE status = 'open'`).Scan(&n, &at)
	return n, instant(at), err
}

// CreditsOwed is what all lots hold together.
func (t *Tx) CreditsOwed() (n kinpict.Credits, err error) {
	err = t.row(`SELECT ` + sumOf(`remaining`) + ` FROM lot`).Scan(&n)
	return n, err
}
