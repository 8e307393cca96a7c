package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var errClosed = errors.New("store: closed")

// maxGroup is how many waiting updates share one commit. With 64 waiting
// clients about half arrive while the other half commits.
const maxGroup = 64

func (d *DB) openSQLite(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(d.cfg.URL), 0o700); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// SQLite gives its other files the mode of the first: nobody else may read them.
	f, err := os.OpenFile(d.cfg.URL, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// busy_timeout comes first: the others may already have to wait. secure_delete
	// writes zeros over what is deleted, or the words of somebody who left would
	// stay in free pages until they are needed.
	pragmas := []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16000)", "temp_store(MEMORY)", "secure_delete(1)"}
	dsn := func(more ...string) string {
		q := url.Values{"_pragma": append(pragmas[:len(pragmas):len(pragmas)], more...)}
		return "file:" + (&url.URL{Path: d.cfg.URL}).EscapedPath() + "?" + q.Encode()
	}
	d.dialect = sqliteDialect
	wdb, err := sql.Open("sqlite", dsn())
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	wdb.SetMaxOpenConns(1)
	c, err := wdb.Conn(ctx)
	if err != nil {
		wdb.Close()
		return d.explain(fmt.Errorf("store: open %s: %w", d.cfg.URL, err))
	}
	if d.pool, err = sql.Open("sqlite", dsn("query_only(1)")); err != nil {
		wdb.Close()
		return fmt.Errorf("store: %w", err)
	}
	n := d.cfg.Readers
	if n == 0 {
		n = 4
	}
	d.pool.SetMaxOpenConns(n)
	d.pool.SetMaxIdleConns(n)
	d.writer = &writer{db: d, pool: wdb, conn: c, stmts: map[string]*sql.Stmt{}, in: make(chan *job, maxGroup), done: make(chan struct{})}
	go d.writer.loop()
	return nil
}

// A writer owns the one connection that writes. Updates wait in a channel; each
// round takes all that wait, gives every one its own savepoint, so that one
// refusal does not undo its neighbours, and commits once. A lone update pays
// for one fsync and no timer.
type writer struct {
	db    *DB
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	in    chan *job
	mu    sync.RWMutex // guards shut against sends on in
	shut  bool
	done  chan struct{}
}

type job struct {
	ctx   context.Context
	fn    func(*Tx) error
	apart func() error // in place of fn: what no transaction may be open for
	err   error
	end   chan struct{}
}

func (w *writer) do(ctx context.Context, fn func(*Tx) error) error {
	return w.hand(&job{ctx: ctx, fn: fn, end: make(chan struct{})})
}

func (w *writer) hand(j *job) error {
	w.mu.RLock()
	if w.shut {
		w.mu.RUnlock()
		return errClosed
	}
	w.in <- j
	w.mu.RUnlock()
	// Not ctx.Done: the commit may already have happened, and the caller must know.
	<-j.end
	return j.err
}

func (w *writer) close() {
	w.mu.Lock()
	already := w.shut
	w.shut = true
	if !already {
		close(w.in)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*job, 0, maxGroup)
	for first := range w.in {
		if first.apart != nil {
			first.alone()
			continue
		}
		var apart *job
		group = append(group[:0], first)
	fill:
		for len(group) < maxGroup {
			select {
			case j, ok := <-w.in:
				if !ok {
					break fill
				}
				if j.apart != nil {
					apart = j
					break fill
				}
				group = append(group, j)
			default:
				break fill
			}
		}
		w.commit(group)
		for _, j := range group {
			close(j.end)
		}
		if apart != nil {
			apart.alone()
		}
	}
}

func (j *job) alone() {
	j.err = j.apart()
	close(j.end)
}

// end lets go of the connection once loop has ended, and leaves no log behind
// unless another process still reads it.
func (w *writer) end() error {
	_, err := w.scrub()
	return errors.Join(err, w.conn.Close(), w.pool.Close())
}

// scrubWait is how long readers of the log are waited for, in milliseconds. All
// writes wait as long.
const scrubWait = 200

// scrub moves the log into the database file and empties it. It reports false if
// somebody still reads what is in it.
func (w *writer) scrub() (done bool, err error) {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout(%d)", scrubWait)); err != nil {
		return false, err
	}
	var busy, pages, moved int
	err = w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	_, back := w.conn.ExecContext(ctx, "PRAGMA busy_timeout(5000)")
	return err == nil && busy == 0, errors.Join(err, back)
}

// Scrub takes out of the database's files what was deleted from its tables, and
// reports whether it did: false while somebody reads an older state of them. On
// PostgreSQL, whose own vacuum and log have their times, there is nothing to do.
func (d *DB) Scrub(context.Context) (done bool, err error) {
	if d.writer == nil {
		return true, nil
	}
	err = d.writer.hand(&job{end: make(chan struct{}), apart: func() (err error) {
		done, err = d.writer.scrub()
		return err
	}})
	return done, d.explain(err)
}

// commit runs a group in one transaction and leaves each job's outcome in it.
func (w *writer) commit(group []*job) {
	all := func(err error) {
		for _, j := range group {
			j.err = err
		}
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		all(err)
		return
	}
	for _, j := range group {
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		j.err = w.run(j, len(group) > 1)
		if w.lost(j.err) {
			// Such an error ends SQLite's transaction, and with it the whole group.
			w.broken(j.err, w.exec("ROLLBACK"))
			all(j.err)
			return
		}
	}
	if len(group) == 1 && group[0].err != nil {
		if err := w.exec("ROLLBACK"); err != nil {
			group[0].err = errors.Join(group[0].err, err)
		}
		return
	}
	if err := w.exec("COMMIT"); err != nil {
		w.broken(err, w.exec("ROLLBACK"))
		all(err)
	}
}

// broken reports an error after which the file cannot be trusted to take writes.
// A rollback that fails because SQLite did it already says nothing new.
func (w *writer) broken(err, rollback error) {
	if w.db.cfg.Broken != nil && (unsynced(err) || unsynced(rollback)) {
		w.db.cfg.Broken(errors.Join(err, rollback))
	}
}

// run executes one job, in a savepoint where neighbours must survive it.
func (w *writer) run(j *job, shared bool) (err error) {
	if shared {
		if err := w.exec("SAVEPOINT one"); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				if e := w.exec("ROLLBACK TO one"); e != nil {
					err = errors.Join(err, e)
					return
				}
			}
			if e := w.exec("RELEASE one"); e != nil {
				err = errors.Join(err, e)
			}
		}()
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store: update panicked: %v", p)
		}
	}()
	// Cancelling a statement would roll back everybody's work, so it is not passed on.
	return j.fn(&Tx{db: w.db, ctx: context.WithoutCancel(j.ctx), c: (*writerConn)(w), now: w.db.now()})
}

// lost reports whether SQLite may have rolled the transaction back by itself.
func (w *writer) lost(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}

// unsynced reports a failed sync. After it nobody knows what is on the disk; a
// full disk, in contrast, passes.
func unsynced(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_IOERR_FSYNC || e.Code() == sqlite3.SQLITE_IOERR_DIR_FSYNC)
}

func (w *writer) exec(query string) error {
	_, err := (*writerConn)(w).ExecContext(context.Background(), query)
	return err
}

// writerConn runs statements on the writer's connection, each prepared once.
type writerConn writer

func (c *writerConn) stmt(query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

func (c *writerConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (c *writerConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (c *writerConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := c.stmt(query)
	if err != nil {
		return c.conn.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}
