package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"kinpict/internal/store"
)

var errNoPostgres = errors.New("no PostgreSQL on this machine; run `make deps` or install Debian's package postgresql")

// A server is a throwaway PostgreSQL on a unix socket, one for each test binary.
type server struct {
	dir  string
	cmd  *exec.Cmd
	pool *sql.DB
	n    atomic.Int64

	copying     sync.Mutex
	template    sync.Once
	templateErr error
}

var (
	serverOnce sync.Once
	theServer  *server
	serverErr  error
)

// running returns the test binary's server, started when first needed.
func running(t testing.TB) *server {
	t.Helper()
	serverOnce.Do(func() { theServer, serverErr = startServer(false) })
	if serverErr != nil {
		t.Fatalf("PostgreSQL: %v", serverErr)
	}
	return theServer
}

// postgresURL makes an empty database on the test binary's server.
func postgresURL(t testing.TB) string {
	t.Helper()
	return running(t).create(t, "template1")
}

// migratedURL makes a copy of a database that was migrated once.
func migratedURL(t testing.TB, clock *Clock) string {
	t.Helper()
	s := running(t)
	s.template.Do(func() {
		if _, s.templateErr = s.pool.Exec(`CREATE DATABASE migrated`); s.templateErr != nil {
			return
		}
		db, err := store.Open(context.Background(), store.Config{URL: s.url("migrated"), Now: clock.Now})
		if err == nil {
			err = errors.Join(db.Migrate(context.Background()), db.Close())
		}
		s.templateErr = err
	})
	if s.templateErr != nil {
		t.Fatalf("migrate a template: %v", s.templateErr)
	}
	return s.create(t, "migrated")
}

func (s *server) create(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", s.n.Add(1))
	// Copying a template is refused while another copy of it is made.
	s.copying.Lock()
	_, err := s.pool.Exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + template)
	s.copying.Unlock()
	if err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := s.pool.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return s.url(name)
}

// Durable starts a server that syncs as a production one does, for benchmarks
// and crash tests, and returns the URL of an empty database on it.
func Durable(t testing.TB) string {
	t.Helper()
	s, err := startServer(true)
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	t.Cleanup(s.stop)
	return s.url("postgres")
}

func (s *server) url(db string) string {
	return "postgres:///" + db + "?host=" + s.dir + "&user=postgres&sslmode=disable"
}

func postgresBinary(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	sort.Strings(found)
	if len(found) > 0 {
		return found[len(found)-1], nil
	}
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	return "", errNoPostgres
}

func startServer(durable bool) (*server, error) {
	initdb, err := postgresBinary("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := postgresBinary("postgres")
	if err != nil {
		return nil, err
	}
	sweepStale()
	dir, err := os.MkdirTemp("", "kpg") // short: the path of a unix socket holds 107 bytes
	if err != nil {
		return nil, err
	}
	// The server must die with the test binary, also when that is killed. The
	// signal follows the starting thread, so the thread is kept.
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, err
	}
	type result struct {
		s   *server
		err error
	}
	out := make(chan result)
	go func() {
		runtime.LockOSThread()
		s, err := launch(dir, initdb, postgres, attr, durable)
		out <- result{s, err}
		if err == nil {
			_ = s.cmd.Wait()
		}
	}()
	r := <-out
	if r.err != nil {
		return nil, errors.Join(r.err, os.RemoveAll(dir))
	}
	return r.s, nil
}

func launch(dir, initdb, postgres string, attr *syscall.SysProcAttr, durable bool) (*server, error) {
	c := exec.Command(initdb, "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	c.SysProcAttr, c.Dir = attr, dir
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	args := []string{"-D", dir + "/data", "-k", dir, "-h", "", "-c", "max_connections=200"}
	if durable {
		args = append(args, "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB")
	} else {
		args = append(args, "-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	log, err := os.Create(dir + "/log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &server{dir: dir, cmd: exec.Command(postgres, args...)}
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = attr, dir, log, log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if s.pool, err = sql.Open("pgx", s.url("postgres")); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		if err = s.pool.PingContext(context.Background()); err == nil {
			return s, nil
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(dir + "/log")
			s.stop()
			return nil, fmt.Errorf("postgres did not start: %w\n%s", err, text)
		}
		time.Sleep(10 * time.Millisecond) // another process starts: there is no signal to wait for
	}
}

func (s *server) stop() {
	s.pool.Close()
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = os.RemoveAll(s.dir)
}

// sweepStale deletes what servers of killed test binaries left behind: a folder
// without a living server, old enough not to be one that is just starting.
func sweepStale() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), "kpg*"))
	for _, dir := range dirs {
		if st, err := os.Stat(dir); err != nil || time.Since(st.ModTime()) < time.Minute {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
		if err == nil {
			first, _, _ := strings.Cut(string(text), "\n")
			if pid, err := strconv.Atoi(first); err == nil && syscall.Kill(pid, 0) == nil {
				continue
			}
		}
		_ = os.RemoveAll(dir)
	}
}
