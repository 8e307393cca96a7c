package store

import (
	"database/sql"
	"maps"
	"slices"
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

// Figures are those since then. They read the rows of that time and no others,
// those that were delivered twice.
func (t *Tx) Figures(from time.Time) (*Figures, error) {
	f := &Figures{From: from}
	since := micros(from)
	days := map[int64]*DayOf{}
	day := func(n int64) *DayOf {
		if days[n] == nil {
			days[n] = &DayOf{Day: time.UnixMicro(n * oneDay).UTC()}
		}
		return days[n]
	}
	drawn, failing := map[string]int{}, map[kinpict.FailureCode]int{}
	err := t.each(func(r *sql.Rows) error {
		var n int64
		var engine string
		var delivered, previews, first int
		var spent kinpict.Credits
		if err := r.Scan(&n, &engine, &delivered, &previews, &first, &spent); err != nil {
			return err
		}
		f.Delivered, f.Previews, f.FirstTime = f.Delivered+delivered, f.Previews+previews, f.FirstTime+first
		day(n).Delivered += delivered
		day(n).Spent += spent
		drawn[engine] += delivered
		return nil
	}, `SELECT g.finished_at / $2, g.engine, count(*), count(CASE WHEN g.funding = 'preview' THEN 1 END),
			count(CASE WHEN g.attempts <= 1 AND coalesce(c.returned, 0) = 0 THEN 1 END), `+sumOf(`g.credits`)+`
		FROM generation g LEFT JOIN charge c ON c.id = g.id WHERE g.status = 'succeeded' AND g.finished_at >= $1 GROUP BY g.finished_at / $2, g.engine`, since, oneDay)
	if err != nil {
		return nil, err
	}
	if err := t.each(func(r *sql.Rows) error {
		var n int64
		var code kinpict.FailureCode
		var failed int
		if err := r.Scan(&n, &code, &failed); err != nil {
			return err
		}
		f.Failed += failed
		day(n).Failed += failed
		failing[code] += failed
		return nil
	}, `SELECT finished_at / $2, failure, count(*) FROM generation WHERE status = 'failed' AND finished_at >= $1 GROUP BY finished_at / $2, failure`, since, oneDay); err != nil {
		return nil, err
	}
	if err := t.each(func(r *sql.Rows) error {
		var n int64
		var sold kinpict.Credits
		err := r.Scan(&n, &sold)
		day(n).Sold += sold
		return err
	}, `SELECT paid_at / $2, `+sumOf(`credits`)+` FROM purchase WHERE paid_at >= $1 AND paid_at > 0 GROUP BY paid_at / $2`, since, oneDay); err != nil {
		return nil, err
	}
	for _, n := range slices.Sorted(maps.Keys(days)) {
		f.Days = append(f.Days, *days[n])
	}
	for _, e := range slices.Sorted(maps.Keys(drawn)) {
		f.Drawn = append(f.Drawn, Drawn{e, drawn[e]})
	}
	slices.SortStableFunc(f.Drawn, func(a, b Drawn) int { return b.Count - a.Count })
	for _, c := range slices.Sorted(maps.Keys(failing)) {
		f.Failing = append(f.Failing, Failing{c, failing[c]})
	}
	slices.SortStableFunc(f.Failing, func(a, b Failing) int { return b.Count - a.Count })
	return f, t.waits(since, f)
}

// tenth is how finely waits are told, in microseconds.
const tenth = int64(100 * time.Millisecond / time.Microsecond)

// waits adds how long the requests took that were delivered since then. They are
// counted by tenths of a second, which costs no sorting of them all.
func (t *Tx) waits(since int64, f *Figures) error {
	type column struct {
		tenths int64
		count  int
	}
	of, all := map[string][]column{}, map[int64]int{}
	err := t.each(func(r *sql.Rows) error {
		var quality string
		var c column
		err := r.Scan(&quality, &c.tenths, &c.count)
		of[quality] = append(of[quality], c)
		all[c.tenths] += c.count
		return err
	}, `SELECT quality, (finished_at - created_at) / $2, count(*) FROM generation WHERE status = 'succeeded' AND finished_at >= $1
		GROUP BY quality, (finished_at - created_at) / $2 ORDER BY 1, 2`, since, tenth)
	if err != nil {
		return err
	}
	wait := func(quality string, columns []column) Wait {
		w := Wait{Quality: quality}
		for _, c := range columns {
			w.Count += c.count
		}
		// The first of these that 95 of a hundred are not above.
		left := (w.Count*95 + 99) / 100
		for _, c := range columns {
			if left -= c.count; left <= 0 {
				w.P95 = time.Duration(max(0, c.tenths)*tenth) * time.Microsecond
				break
			}
		}
		return w
	}
	for _, q := range slices.Sorted(maps.Keys(of)) {
		f.Waits = append(f.Waits, wait(q, of[q]))
	}
	var columns []column
	for _, n := range slices.Sorted(maps.Keys(all)) {
		columns = append(columns, column{n, all[n]})
	}
	f.Wait = wait("", columns)
	return nil
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
