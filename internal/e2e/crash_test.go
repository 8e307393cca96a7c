package e2e

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/engine/fake"
	"kinpict/internal/store/storetest"
)

// A crash is an installation with one customer, ann, of 80 credits, that is
// killed at a known point.
type crash struct {
	*process
	kind  string
	press *press
	ann   *client.Client
	books *sql.DB // a second connection to PostgreSQL, for holding locks; nil on SQLite
	shift time.Duration
}

func crashes(t *testing.T, kinds []string, role string, f func(c *crash)) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := &crash{kind: kind, press: newPress(t)}
			dbURL := ""
			if kind == "postgres" {
				dbURL = storetest.URL(t, kind)
				var err error
				if c.books, err = sql.Open("pgx", dbURL); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.books.Close() })
			}
			c.process = install(t, kind, dbURL, c.press.url)
			c.start("--role", role)
			c.run("account", "create", "ann@example.org")
			c.run("credits", "grant", "ann@example.org", "80", "--reason", "a test")
			c.ann = &client.Client{Base: c.url, Token: c.run("token", "create", "ann@example.org"), HTTP: newBrowser(t, c.url).http}
			f(c)
			if out := c.run("audit"); out != "The books balance." {
				t.Errorf("audit: %s", out)
			}
			c.stop()
		})
	}
}

// again kills what is left of the server and starts it on the same data.
func (c *crash) again(args ...string) {
	c.t.Helper()
	c.kill()
	if c.books != nil {
		c.shift += 31 * time.Second // past the dead worker's lease
		if err := setClock(c.clock(c.data()), c.shift); err != nil {
			c.t.Fatal(err)
		}
	}
	c.start(args...)
}

func (c *crash) request() client.Request {
	c.t.Helper()
	p, err := c.ann.AddPhoto(c.t.Context(), "photo.jpg", photo(0))
	if err != nil {
		c.t.Fatal(err)
	}
	return client.Request{Quality: kinpict.Standard, Scenario: "gallery", Photos: []client.PhotoUse{{ID: p.ID}}}
}

func (c *crash) make(key string, r client.Request) *client.Generation {
	c.t.Helper()
	g, err := c.ann.Generate(c.t.Context(), key, r)
	if err != nil {
		c.t.Fatal(err)
	}
	return g
}

// until follows a generation until it is as wanted.
func (c *crash) until(id string, wanted func(*client.Generation) bool) *client.Generation {
	c.t.Helper()
	for g, err := range c.ann.Watch(c.t.Context(), id) {
		if err != nil {
			c.t.Fatal(err)
		}
		if wanted(g) {
			return g
		}
	}
	c.t.Fatalf("%s ended otherwise", id)
	return nil
}

func done(g *client.Generation) bool { return g.Status.Done() }

// once checks that the one request there is ended as wanted and was paid once.
func (c *crash) once(g *client.Generation, status kinpict.Status, attempts int, left kinpict.Credits) {
	c.t.Helper()
	if g.Status != status || attempts > 0 && g.Attempts != attempts {
		c.t.Errorf("%s at attempt %d, want %s at %d (%+v)", g.Status, g.Attempts, status, attempts, g.Failure)
	}
	list, err := c.ann.Generations(c.t.Context(), "", 10)
	if err != nil || len(list.Items) != 1 {
		c.t.Errorf("%d generations, want 1 (%v)", len(list.Items), err)
	}
	b, err := c.ann.Credits(c.t.Context())
	if err != nil || b.Available != left {
		c.t.Errorf("%d credits left, want %d (%v)", b.Available, left, err)
	}
	lines, err := c.ann.Transactions(c.t.Context(), "", 100)
	if err != nil || count(lines.Items, "charge") != 1 || count(lines.Items, "return") > 1 {
		c.t.Errorf("the statement says %+v, %v", lines, err)
	}
	if status == kinpict.Succeeded {
		im, err := c.ann.Image(c.t.Context(), g.ID, 0, "")
		if err != nil {
			c.t.Errorf("the picture: %v", err)
			return
		}
		im.Close()
	}
}

// A3, A4: killed after the commit, with the answer lost or just received, before
// any worker took the job.
func TestKillAfterAccept(t *testing.T) {
	crashes(t, storetest.Kinds, "web", func(c *crash) {
		r := c.request()
		g := c.make("lost-answer", r)
		c.again("--role", "web")
		again := c.make("lost-answer", r)
		if again.ID != g.ID {
			c.t.Errorf("the same key made %s and then %s", g.ID, again.ID)
		}
		c.again()
		c.once(c.until(g.ID, done), kinpict.Succeeded, 1, 76)
	})
}

// G1: killed after the claim, before the engine was called. The photo is a pipe
// nobody writes to, so that the worker stands still at it.
func TestKillAfterClaim(t *testing.T) {
	crashes(t, storetest.Kinds, "all", func(c *crash) {
		r := c.request()
		found, err := filepath.Glob(filepath.Join(c.data(), "blobs", "photos", "*", r.Photos[0].ID+".jpg"))
		if err != nil || len(found) != 1 {
			c.t.Fatalf("photo files %v, %v", found, err)
		}
		aside := filepath.Join(c.t.TempDir(), "photo.jpg")
		if err := os.Rename(found[0], aside); err != nil {
			c.t.Fatal(err)
		}
		if err := syscall.Mkfifo(found[0], 0o600); err != nil {
			c.t.Fatal(err)
		}
		g := c.make("g1", r)
		c.until(g.ID, func(g *client.Generation) bool { return g.Status == kinpict.Running })
		c.kill()
		if err := os.Rename(aside, found[0]); err != nil {
			c.t.Fatal(err)
		}
		if n := c.press.Report().Count; n != 0 {
			c.t.Fatalf("the engine was called %d times before the kill", n)
		}
		c.again()
		c.once(c.until(g.ID, done), kinpict.Succeeded, 2, 76)
	})
}

// G2: killed while the engine works.
func TestKillWhileDrawing(t *testing.T) {
	crashes(t, storetest.Kinds, "all", func(c *crash) {
		c.press.Shut("g2")
		c.order(fake.Order{Mode: "gate", Arg: "g2", Times: 1})
		g := c.make("g2", c.request())
		if err := c.press.Waiting(c.t.Context(), "g2", 1); err != nil {
			c.t.Fatal(err)
		}
		c.kill()
		c.press.Open("g2")
		c.again()
		c.once(c.until(g.ID, done), kinpict.Succeeded, 2, 76)
		if n := c.press.Report().Count; n > 3 {
			c.t.Errorf("the engine was called %d times, want 3 at most", n)
		}
	})
}

func (c *crash) order(o fake.Order) {
	c.t.Helper()
	if err := c.press.Order(o); err != nil {
		c.t.Fatal(err)
	}
}

// G3: killed when the picture is being stored.
func TestKillWhileSaving(t *testing.T) {
	crashes(t, storetest.Kinds, "all", func(c *crash) {
		g := c.make("g3", c.request())
		c.until(g.ID, func(g *client.Generation) bool { return g.Progress.Step == "saving" || g.Status.Done() })
		c.again()
		c.once(c.until(g.ID, done), kinpict.Succeeded, 0, 76)
	})
}

var onPostgres = []string{"postgres"}

// G4: killed after the picture was stored, inside the commit that delivers it:
// the commit waits for a row that somebody holds.
func TestKillInsideDelivery(t *testing.T) {
	crashes(t, onPostgres, "all", func(c *crash) {
		g := c.gated("ok")
		c.held(`SELECT 1 FROM charge WHERE id = '`+g.ID+`' FOR UPDATE`, func() { c.press.Open("gate") })
		if found, _ := filepath.Glob(filepath.Join(c.data(), "blobs", "pictures", g.ID, "*")); len(found) != 1 {
			c.t.Fatalf("stored before the kill: %v, want one picture", found)
		}
		c.again()
		c.once(c.until(g.ID, done), kinpict.Succeeded, 2, 76)
	})
}

// R1, R2: killed inside the commit that fails the request and returns its
// credits: neither happened, so both happen later, once.
func TestKillInsideReturn(t *testing.T) {
	crashes(t, onPostgres, "all", func(c *crash) {
		g := c.gated("block")
		c.held(`SELECT 1 FROM charge WHERE id = '`+g.ID+`' FOR UPDATE`, func() { c.press.Open("gate") })
		if now, err := c.ann.Generation(context.Background(), g.ID); err == nil {
			c.t.Errorf("the killed server answers %+v", now)
		}
		c.order(fake.Order{Mode: "block"})
		c.again()
		g = c.until(g.ID, done)
		c.once(g, kinpict.Failed, 2, 80)
		if g.CreditsReturned != 4 {
			c.t.Errorf("%d credits returned, want 4", g.CreditsReturned)
		}
	})
}

// gated has a request wait at the engine's gate; once it is opened the engine
// answers as told.
func (c *crash) gated(then string) *client.Generation {
	c.t.Helper()
	c.press.after(then)
	g := c.make("gated", c.request())
	if err := c.press.Waiting(c.t.Context(), "gate", 1); err != nil {
		c.t.Fatal(err)
	}
	return g
}

// P1: killed after our purchase's row, before the provider has a session.
func TestKillBeforeTheProvidersSession(t *testing.T) {
	crashes(t, onPostgres, "all", func(c *crash) {
		bought := make(chan error, 1)
		c.held(`LOCK TABLE sandbox_session IN EXCLUSIVE MODE`, func() {
			go func() {
				_, err := c.ann.Buy(context.Background(), "p1", client.Order{Pack: "credits-80"})
				bought <- err
			}()
		})
		if err := <-bought; err == nil {
			c.t.Error("the killed server answered")
		}
		c.again()
		c.boughtOnce("p1")
	})
}

// P2: killed after the provider made its session, before we noted it.
func TestKillAfterTheProvidersSession(t *testing.T) {
	crashes(t, onPostgres, "all", func(c *crash) {
		bought := make(chan error, 1)
		first := c.hold(`LOCK TABLE sandbox_session IN EXCLUSIVE MODE`)
		go func() {
			_, err := c.ann.Buy(context.Background(), "p2", client.Order{Pack: "credits-80"})
			bought <- err
		}()
		c.blocked()
		// Our row is there; nobody may change it, but the provider may go on.
		c.held(`LOCK TABLE purchase IN EXCLUSIVE MODE`, func() {
			if err := first.Rollback(); err != nil {
				c.t.Fatal(err)
			}
			c.reads(`SELECT count(*) FROM sandbox_session`, 1)
		})
		if err := <-bought; err == nil {
			c.t.Error("the killed server answered")
		}
		c.again()
		c.boughtOnce("p2")
	})
}

// boughtOnce repeats a purchase after the kill: one row, one session, one grant.
func (c *crash) boughtOnce(key string) {
	c.t.Helper()
	o, err := c.ann.Buy(c.t.Context(), key, client.Order{Pack: "credits-80"})
	if err != nil {
		c.t.Fatalf("the same key after the kill: %v", err)
	}
	c.reads(`SELECT count(*) FROM purchase`, 1)
	c.reads(`SELECT count(*) FROM sandbox_session`, 1)
	b := newBrowser(c.t, c.url)
	b.send(o.URL, "outcome", "paid")
	b.send(o.URL, "outcome", "paid")
	credits, err := c.ann.Credits(c.t.Context())
	if err != nil || credits.Available != 160 {
		c.t.Errorf("%+v credits, want 160 (%v)", credits, err)
	}
}

// hold takes a lock on a connection of its own.
func (c *crash) hold(lock string) *sql.Tx {
	c.t.Helper()
	tx, err := c.books.BeginTx(context.Background(), nil)
	if err == nil {
		_, err = tx.ExecContext(context.Background(), lock)
	}
	if err != nil {
		c.t.Fatalf("%s: %v", lock, err)
	}
	return tx
}

// held takes a lock, does what makes the server run into it, kills the server
// there and lets the lock go.
func (c *crash) held(lock string, do func()) {
	c.t.Helper()
	tx := c.hold(lock)
	do()
	c.blocked()
	c.kill()
	if err := tx.Rollback(); err != nil {
		c.t.Fatal(err)
	}
}

// blocked returns when the server waits for a lock.
func (c *crash) blocked() {
	c.t.Helper()
	c.reads(`SELECT least(1, count(*)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`, 1)
}

// reads returns when the query's number is as wanted. Another process is at
// work, so there is no signal to wait for; PostgreSQL itself paces the asking.
func (c *crash) reads(query string, want int) {
	c.t.Helper()
	n := -1
	for range 1000 {
		if err := c.books.QueryRowContext(c.t.Context(), query).Scan(&n); err != nil {
			c.t.Fatal(err)
		}
		if n == want {
			return
		}
		if _, err := c.books.ExecContext(c.t.Context(), `SELECT pg_sleep(0.01)`); err != nil {
			c.t.Fatal(err)
		}
	}
	c.t.Fatalf("%s: %d, want %d", strings.TrimSpace(query), n, want)
}
