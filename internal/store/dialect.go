package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A dialect is every difference between the databases that a statement feels.
type dialect struct {
	name       string
	migrations string // folder below migrations
	forUpdate  string // locks the rows a SELECT returns
	skipLocked string // the same, passing over rows somebody else holds
	snapshot   sql.IsolationLevel
	// unavailable: the database cannot answer now, another try may.
	unavailable func(error) bool
	// again: the transaction lost a race and may simply be run once more.
	again func(error) bool
}

var sqliteDialect = dialect{
	name:       "sqlite",
	migrations: "sqlite",
	snapshot:   sql.LevelDefault,
	unavailable: func(err error) bool {
		var e *sqlite.Error
		if errors.As(err, &e) {
			switch e.Code() & 0xff {
			case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
				sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY:
				return true
			}
		}
		return errors.Is(err, errClosed)
	},
	again: func(err error) bool {
		var e *sqlite.Error
		return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED)
	},
}

var postgresDialect = dialect{
	name:       "postgres",
	migrations: "postgres",
	forUpdate:  " FOR UPDATE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	snapshot:   sql.LevelRepeatableRead,
	unavailable: func(err error) bool {
		if s := sqlState(err); s != "" {
			// 08 connection, 53 resources, 57P operator intervention, 40 rollback, 55P03 lock timeout
			return strings.HasPrefix(s, "08") || strings.HasPrefix(s, "53") || strings.HasPrefix(s, "57P") ||
				strings.HasPrefix(s, "40") || s == "55P03"
		}
		var ne net.Error
		var ce *pgconn.ConnectError
		return errors.As(err, &ne) || errors.As(err, &ce) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
			pgconn.SafeToRetry(err) || errors.Is(err, errClosed)
	},
	again: func(err error) bool {
		s := sqlState(err)
		return s == "40001" || s == "40P01" || s == "55P03"
	},
}

// sqlState is PostgreSQL's five-character error code, or "".
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
