package generation

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// What estimates are made of.
const (
	// FewestRuns is how many pictures must have come out before anything is said.
	FewestRuns = 5
	recentRuns = 500                 // looked at, the newest
	recentTime = 30 * 24 * time.Hour // older ones say nothing about today
	queueSeen  = 5000                // of those that wait; whoever stands behind them is counted one by one
	runsHold   = 5 * time.Second     // how long what was read of the past is used
	queueHolds = time.Second         // and of the queue
)

// An Estimate is how long a picture still takes, by what happened to others. Of
// the pictures it is based on, half took no longer than Low from start to
// finish, and nine in ten no longer than High; what has passed is taken off.
type Estimate struct {
	Low, High time.Duration
	// From is how many pictures it is based on; 0 means that nothing is known,
	// and then Low and High say nothing.
	From int
	// Ahead is how many are drawn before this one; 0 for one that does not wait.
	Ahead int
	// Late says that it has taken longer already than nine in ten did.
	Late bool
}

// Estimate says how long a generation still takes. It is based on pictures of
// the same quality, previews or paid for like this one, that came out in the last
// 30 days, by the engine that drew the last of them: of the same scenario if there are 5, or else of any scenario
// of the same pace. For one that waits the queue is added: the time a picture
// takes on average, for each one ahead, shared by those drawn at once. One that
// has ended has no estimate.
//
// What it reads is kept for a second or more, so asking often costs nothing.
func (s *Studio) Estimate(ctx context.Context, g *kinpict.Generation) (Estimate, error) {
	var e Estimate
	if g.Status.Done() {
		return e, nil
	}
	runs, line, err := s.paces.read(ctx, s)
	if err != nil {
		return e, err
	}
	if g.Status == kinpict.Queued {
		place, known := line.place[g.ID]
		if !known {
			// It came after the queue was read, or stands behind what was read.
			if place, err = s.Ahead(ctx, g.ID); err != nil {
				return e, err
			}
		}
		e.Ahead = place
	}
	like := s.alike(g, runs)
	if len(like) < FewestRuns {
		return e, nil
	}
	low, high := quantile(like, 0.5), quantile(like, 0.9)
	switch {
	case g.Status == kinpict.Running:
		gone := s.Now().Sub(g.StartedAt)
		e.Late = gone > high
		low, high = max(0, low-gone), max(0, high-gone)
	case line.drawn > 0:
		// Those ahead, and for the worst case the rest of what is being drawn.
		each := mean(runs) / time.Duration(line.drawn)
		low += time.Duration(e.Ahead) * each
		high += time.Duration(e.Ahead+1) * each
	case e.Ahead > 0:
		return e, nil // nobody draws, so nobody can say when the queue moves
	}
	e.Low, e.High, e.From = low, high, len(like)
	return e, nil
}

// alike are how long comparable pictures took, in order of time.
func (s *Studio) alike(g *kinpict.Generation, runs []store.Run) []time.Duration {
	pace := s.pace(g.Request.Scenario)
	for _, same := range []func(string) bool{
		func(scenario string) bool { return scenario == g.Request.Scenario },
		func(scenario string) bool { return s.pace(scenario) == pace },
	} {
		var took []time.Duration
		engine := ""
		for _, r := range runs {
			if r.Funding != g.Funding || r.Quality != g.Request.Quality || !same(r.Scenario) {
				continue
			}
			if engine == "" {
				engine = r.Engine // of the newest
			}
			if r.Engine == engine {
				took = append(took, r.Took)
			}
		}
		if len(took) >= FewestRuns {
			slices.Sort(took)
			return took
		}
	}
	return nil
}

// pace is a scenario's, or none for one that was taken out of the set.
func (s *Studio) pace(id string) string {
	sc, err := s.Scenarios.Scenario(id)
	if err != nil {
		return ""
	}
	return sc.Pace
}

// quantile is the nearest-rank quantile of sorted times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func mean(runs []store.Run) time.Duration {
	var sum time.Duration
	for _, r := range runs {
		sum += r.Took
	}
	return sum / time.Duration(len(runs))
}

// paces is what was read last of the past and of the queue. Its zero value is
// ready.
type paces struct {
	mu   sync.Mutex // guards the fields below, and lets one caller read for all
	past time.Time
	runs []store.Run
	seen time.Time
	line
}

// line is the queue: the place of each that waits, and how many are drawn at once.
type line struct {
	place map[string]int
	drawn int
}

func (p *paces) read(ctx context.Context, s *Studio) ([]store.Run, line, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := s.Now()
	if fresh(p.past, now, runsHold) && fresh(p.seen, now, queueHolds) {
		return p.runs, p.line, nil
	}
	err := s.DB.View(ctx, func(t *store.Tx) error {
		if !fresh(p.past, now, runsHold) {
			runs, err := t.RecentRuns(now.Add(-recentTime), recentRuns)
			if err != nil {
				return err
			}
			p.runs, p.past = runs, now
		}
		waiting, drawn, err := t.Queue(queueSeen)
		if err != nil {
			return err
		}
		// A new map: the one before is still read by whoever was given it.
		p.line = line{make(map[string]int, len(waiting)), drawn}
		for i, id := range waiting {
			p.place[id] = i
		}
		p.seen = now
		return nil
	})
	return p.runs, p.line, err
}

// fresh reports whether what was read then may be used now. A clock that was put
// back makes everything old.
func fresh(then, now time.Time, d time.Duration) bool {
	age := now.Sub(then)
	return age >= 0 && age < d
}
