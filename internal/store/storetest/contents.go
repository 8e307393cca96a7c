package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// Contents are all rows of all tables of the database at url, as text: what
// somebody finds who reads the file.
func Contents(t testing.TB, url string) map[string][]string {
	t.Helper()
	driver, names := "sqlite", `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if strings.HasPrefix(url, "postgres") {
		driver, names = "pgx", `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := map[string][]string{}
	for _, row := range query(t, db, names) {
		_, table, _ := strings.Cut(row, "=")
		out[table] = query(t, db, `SELECT * FROM `+table)
	}
	return out
}

// query returns rows as text, each column under its name.
func query(t testing.TB, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				if v = fmt.Sprintf("%x", b); utf8.Valid(b) {
					v = string(b)
				}
			}
			line = append(line, fmt.Sprintf("%s=%v", columns[i], v))
		}
		out = append(out, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
